"""The parts of a market that are NumPy code of their own: what bidders, a rule and learners do with arrays.

A part is a function from arrays by name to arrays by name, (..., n), or (...) for numbers of the clearing; the names
are those of sim/compiled/hand.py. The loop calls it as compiled code, a check calls it as it stands.

    bid        policies over the rule's own truthful ask
    adapt      what policies that learn know after feedback
    clear      the mechanism
    read       what learners make of what they know
    learn      one step of all learners; what they know then
    unfilled   the reserve after a posting that hired nobody
    failed     the reserve after a failed attempt
    draw       what the World has not made yet of a posting: lotteries
    draw_lane  what it has not made yet of all tasks of a replication: beliefs
    draw_try   what it has not made yet of one try of one agent: outcome, cost, duration
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.agents.bidding import BidderState, see
from sim.agents.everybody import Bidders
from sim.agents.learning import Feedback, rivals
from sim.compiled.hand import FLOATS, TRUTHS, WHOLE
from sim.compiled.trace.graph import Kind
from sim.kit.arrays import Bids, Standing, Status, Tender
from sim.market.rules import Rules
from sim.standing.advisors import Lesson, Posted
from sim.standing.advisors.read_advice import read_advice
from sim.standing.reputation import Outcome
from sim.world.world import World

Arrays = Mapping[str, Any]
_NONE = int(Status.NONE)
_TENDER = ("value", "reserve", "penalty", "posting")
_AWARD = ("hired", "pay_success", "pay_failure", "by_tie", "turn", "budget", "fee")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(FLOATS, "f"),
    **dict.fromkeys(WHOLE, "i"),
    **dict.fromkeys(TRUTHS, "b"),
}


@dataclass(frozen=True)
class Part:
    """run: the function; given, made: the names it reads and gives, with their kinds. Some of `made` may be missing."""

    run: Callable[[Arrays], Arrays]
    given: Mapping[str, Kind]
    made: Mapping[str, Kind]


def parts_of(rules: Rules, world: World) -> dict[str, Part]:
    """The parts that these rules have."""
    every = learners_of(rules, world.n_agents)
    known = tuple(row for one in every if one.of == "bid" for row in one.rows)
    found = {"bid": _bid(rules, world.has("silent"), known), "clear": _clear(rules)}
    if rules.learners is not None:
        found["adapt"] = _adapt(rules, rules.learners, known)
    learners = [one for one in every if one.of != "bid"]
    if learners:
        found |= {"read": _read(learners, rules), "learn": _learn(learners)}
    if rules.escalation is not None and rules.postings > 1:
        found |= {"unfilled": _unfilled(rules), "failed": _failed(rules)}
    return found


def _part(run: Callable[[Arrays], Arrays], given: tuple[str, ...], made: tuple[str, ...]) -> Part:
    return Part(run, {name: _KINDS.get(name, "f") for name in given}, {name: _KINDS.get(name, "f") for name in made})


def _bid(rules: Rules, may_be_silent: bool, known: tuple[str, ...]) -> Part:
    """known: rows of what policies have learned."""
    learners = rules.learners
    memos = memo_rows(rules)
    draws = learners is not None and learners.draws

    def run(of: Arrays) -> Arrays:
        notice = see(rules.public, *(of[name] for name in _TENDER))
        tries, failures = of["tries"], of["failures"]
        excluded = None if learners is None else rules.excluded(tries, failures)
        state = BidderState(tries, failures, of["silent"] if may_be_silent else None, excluded)
        if learners is None:
            ask, claim = rules.bidder(of["belief"], of["cost_belief"], notice, state)
            return {"ask": ask, "claim": claim}
        luck = of["choice"] if draws else None
        learned = tuple(of[row] for row in known)
        made = learners.formed(of["belief"], of["cost_belief"], notice, state, learned, luck)
        return {"ask": made.ask, "claim": made.claim, **dict(zip(memos, made.memo, strict=True))}

    given = ("belief", "cost_belief", "tries", "failures", *_TENDER, *(("silent",) if may_be_silent else ()))
    return _part(run, (*given, *known, *(("choice",) if draws else ())), ("ask", "claim", *memos))


def _adapt(rules: Rules, learners: Bidders, known: tuple[str, ...]) -> Part:
    memos, asks_shown = memo_rows(rules), "asks" in rules.public

    def run(of: Arrays) -> Arrays:
        rival = np.full(np.shape(of["payment"]), np.nan)
        if asks_shown:
            notice = see(rules.public, *(of[name] for name in _TENDER))
            rival = np.where(of["informed"] & (of["status"] == _NONE), rivals(of["ask"], of["active"], notice), rival)
        feedback = Feedback(
            informed=of["informed"],
            status=of["status"],
            hired=of["hired"],
            payment=of["payment"],
            cost=of["cost"],
            rival=rival,
            memo=tuple(of[row] for row in memos),
        )
        after = learners.learn(tuple(of[row] for row in known), feedback)
        return dict(zip((f"next {row}" for row in known), after, strict=True))

    given = ("informed", "status", "hired", "payment", "cost", *(("ask", "active", *_TENDER) if asks_shown else ()))
    return _part(run, (*given, *known, *memos), tuple(f"next {row}" for row in known))


def memo_rows(rules: Rules) -> tuple[str, ...]:
    """Names of the rows that hold the memos of bids."""
    return () if rules.learners is None else tuple(f"memo {place}" for place in range(rules.learners.n_memos))


def _clear(rules: Rules) -> Part:
    rule = rules.mechanism
    called = inspect.unwrap(type(rule).__call__)  # what is around a plugin's rule looks at numbers

    def run(of: Arrays) -> Arrays:
        bids = rules.menus(Bids.trusted(ask=of["ask"], claim=of["claim"], active=of["active"]))
        tender = Tender.trusted(**{name: of[name] for name in _TENDER})
        standing = Standing.trusted(**{name: of[name] for name in ("reputation", "expected_cost", "advice")})
        award = called(rule, bids, tender, standing, of["lottery"])
        return {name: getattr(award, name) for name in _AWARD if getattr(award, name) is not None}

    given = ("ask", "claim", "active", *_TENDER, "reputation", "expected_cost", "advice", "lottery")
    return _part(run, given, _AWARD)


@dataclass(frozen=True)
class Learning:
    """A learner, and the names of the rows that hold what it knows, with what it knows at the start.

    of: what it gives, "bid" (all policies that learn), "reputation", "expected_cost" or "advice".
    """

    learner: Any
    of: str
    rows: tuple[str, ...]
    start: tuple[Any, ...]


def learners_of(rules: Rules, n_agents: int) -> list[Learning]:
    """Those that learn, policies first, the advisor last."""
    found, count = [], 0
    sources: tuple[tuple[str, Any], ...] = (
        ("bid", rules.learners),
        ("reputation", rules.reputation),
        ("expected_cost", rules.expected_cost.learner),
        ("advice", rules.advisor),
    )
    for name, learner in sources:
        if learner is None:
            continue
        start = tuple(learner.init(n_agents))
        rows = tuple(f"known {count + place}" for place in range(len(start)))
        found.append(Learning(learner, name, rows, start))
        count += len(start)
    return found


def _read(learners: list[Learning], rules: Rules) -> Part:
    explores = rules.advisor is not None and rules.advisor.explores

    def run(of: Arrays) -> Arrays:
        found = {}
        for one in learners:
            state = tuple(of[row] for row in one.rows)
            if one.of == "advice":
                posted = Posted(of["claim"], of["exploration"] if explores else None)
                found[one.of] = read_advice(one.learner, state, posted)
            else:
                found[one.of] = one.learner.read(state)
        return found

    rows = tuple(row for one in learners for row in one.rows)
    return _part(run, (*rows, "claim", "exploration"), tuple(one.of for one in learners))


def _learn(learners: list[Learning]) -> Part:
    def run(of: Arrays) -> Arrays:
        found: dict[str, Any] = {}
        for one in learners:
            state = tuple(of[row] for row in one.rows)
            seen = Lesson(of["status"], of["claimed"]) if one.of == "advice" else Outcome(of["status"], of["cost"])
            found |= zip((f"next {row}" for row in one.rows), one.learner.step(state, seen), strict=True)
        return found

    rows = tuple(row for one in learners for row in one.rows)
    return _part(run, (*rows, "status", "cost", "claimed"), tuple(f"next {row}" for row in rows))


def _unfilled(rules: Rules) -> Part:
    def run(of: Arrays) -> Arrays:
        raised = rules.escalation.after_unfilled(of["reserve"], of["first_reserve"], of["value"])  # type: ignore[union-attr]
        return {"raised": raised}

    return _part(run, ("reserve", "first_reserve", "value"), ("raised",))


def _failed(rules: Rules) -> Part:
    def run(of: Arrays) -> Arrays:
        values = of["reserve"], of["first_reserve"], of["task_failures"], of["value"]
        return {"raised": rules.escalation.after_failure(*values)}  # type: ignore[union-attr]

    return _part(run, ("reserve", "first_reserve", "task_failures", "value"), ("raised",))


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, NaN like NaN."""
    left, right = np.asarray(one), np.asarray(other)
    return bool(np.array_equal(left, np.broadcast_to(right, left.shape), equal_nan=left.dtype.kind == "f"))
