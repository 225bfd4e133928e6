"""A run of the public live engine [AE], event by event: rounds, greedy assignment, one task worked on at a time.

Three tasks of a bounty of 90 credits, three workers that bid the same in every round, an attempt that takes one round
of the engine and is followed by the next clearing. The engine counts bidding and working as rounds of their own, so
ours are held at every second tick and an attempt takes one. Between equal scores and reputations the engine looks at
the time a bid promises, the task and the worker's name, last first; no two workers ever tie here, and the lottery of
this World is that order of names all the same.

Every figure of the run stands in live_trace.csv and is compared with our ledger, and the other way round: what our
ledger holds must be in the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.bidding import BidderState
from sim.explain.round import ExplainedRound
from sim.kit.arrays import FloatArray, Notice
from sim.market.drawn import drawn_market
from sim.market.escalation import Escalation
from sim.market.processes import Market
from sim.market.rounds import assign_round, starting
from sim.market.rules import Rules
from sim.market.tape import Tape, unroll
from sim.mechanisms.live import AgentEconomy
from sim.standing.reputation import LiveReputation
from sim.standing.sources import ExpectedCost
from sim.world.world import World
from tests.market.live_trace import ENGINE, Event, events, expected, of_engine
from tests.market.play import Play
from tests.reference import Agent, Pair, agent_economy_score, greedy_pairs
from tests.scenes import scene
from tests.tried import tried
from tests.worlds import make_rules, make_world

WORKERS, TASKS = ("w1", "w2", "w3"), ("T1", "T2", "T3")
EVENTS = events(expected())


@dataclass(frozen=True)
class Scripted:
    """Asks its cost belief and claims its belief, every time."""

    def __call__(
        self, belief: FloatArray, cost_belief: FloatArray, notice: Notice, state: BidderState
    ) -> tuple[FloatArray, FloatArray]:
        return cost_belief, belief


def live_world(credit: float) -> World:
    """The run's World; a dollar is worth `credit` credits."""
    world = make_world(
        3,
        3,
        repeats=True,
        value=90 / credit,
        reserve=90 / credit,
        belief=[[0.60, 0.65, 0.85]] * 3,
        cost_belief=np.array([[25, 18, 45]] * 3) / credit,
        success=[[True, True, False], [True, False, False], [True, True, False]],
        infra=[[False] * 3, [False] * 3, [False, False, True]],
        cost=2.7 / credit,
    )
    names_last_first = np.broadcast_to(np.array([0.75, 0.5, 0.25]), (1, 3, 20, 3))
    return replace(world, agents=WORKERS, tasks=TASKS, lottery=names_last_first)


def live_rules(credit: float) -> Rules:
    """The engine's settings in the run."""
    return make_rules(
        AgentEconomy(credits_per_dollar=credit),
        bidder=Scripted(),
        bid_cost=0.168 / credit,
        bid_cost_per="round",
        expected_cost=ExpectedCost("fixed", 2.0 / credit),
        reputation=LiveReputation(),
        escalation=Escalation(credits_per_dollar=credit),
        postings=20,
        round=2,
        assignment="greedy",
        concurrency=1,
    )


@dataclass(frozen=True)
class Told:
    """The run as our market plays it, in credits."""

    credit: float

    @cached_property
    def play(self) -> Play:
        return Play(live_world(self.credit), live_rules(self.credit))

    def bids(self, tick: int, worker: str) -> dict[str, dict[str, Any]]:
        """The worker's bids of that round by task."""
        cleared = {(row["task"], row["posting"]): row["tick"] for row in self.play.clearings}
        return {
            TASKS[row["task"]]: row
            for row in self.play.bids
            if WORKERS[row["agent"]] == worker and cleared[row["task"], row["posting"]] == tick
        }

    def attempt(self, worker: str, task: str, **at: int) -> dict[str, Any]:
        """The one attempt of that worker at that task that started or finished at a tick."""
        (row,) = (
            row
            for row in self.play.attempts
            if (WORKERS[row["agent"]], TASKS[row["task"]]) == (worker, task)
            and all(row[key] == tick for key, tick in at.items())
        )
        return row

    def clearing(self, task: str, posting: int) -> dict[str, Any]:
        rows = self.play.clearings
        return next(row for row in rows if (TASKS[row["task"]], row["posting"]) == (task, posting))

    @cached_property
    def rounds(self) -> dict[int, ExplainedRound]:
        """Every round as the mechanism saw it, by its tick."""
        (allocator, source), tape = drawn_market(live_world(self.credit), live_rules(self.credit)), Tape()
        Market(allocator, source, 0, tape).run()
        block = unroll(tape, allocator)
        return {int(tick): ExplainedRound.of(allocator, block, at) for at, tick in enumerate(block.tick)}

    def pairs(self, tick: int) -> list[tuple[str, str]]:
        """(task, worker) that the mechanism assigns in that round, whatever there is room for."""
        case = self.rounds[tick]
        award = assign_round(case.rule, case.order, case.bids, case.tender, case.standing, case.lottery)
        return [(TASKS[case.tasks[row]], WORKERS[agent]) for row, agent in np.argwhere(award.hired).tolist()]


MARKETS = {credit: Told(credit) for credit in (1.0, 90.0)}
each_credit = pytest.mark.parametrize("told", MARKETS.values(), ids=[f"{c:g} credits a dollar" for c in MARKETS])


def close(amount: float) -> Any:
    return pytest.approx(amount, abs=1e-9)


@each_credit
def test_run_comes_to_what_the_live_engine_came_to(told: Told) -> None:
    play, balance = told.play, dict.fromkeys(WORKERS, 0.0)
    for row in play.attempts:
        balance[WORKERS[row["agent"]]] += (row["payment"] - row["cost"]) * told.credit
    for row in play.bids:
        balance[WORKERS[row["agent"]]] -= row["bid_cost"] * told.credit
    assert balance == {"w1": close(43.592), "w2": close(-16.108), "w3": close(-18.708)}
    worked = [(TASKS[t], WORKERS[i], start, status) for t, i, start, _, status in play.worked()]
    assert worked == [
        ("T1", "w2", 0, "PASS"),
        ("T2", "w2", 2, "FAIL"),
        ("T2", "w3", 4, "FAIL"),
        ("T2", "w2", 6, "FAIL"),
        ("T2", "w1", 8, "PASS"),
        ("T3", "w1", 10, "PASS"),
    ]
    assert [reserve * told.credit for reserve in play.reserves(1)] == [close(b) for b in (90, 90, 90, 99, 99)]
    assert [reserve * told.credit for reserve in play.reserves(2)] == [close(90)] * 6


@each_credit
def test_reputations_end_where_the_live_engines_end(told: Told) -> None:
    state = LiveReputation().init(3)
    for row in told.play.attempts:
        change = {"PASS": 0.06, "FAIL": -0.20}[row["status"]]
        state[0][row["agent"]] += change
    np.testing.assert_allclose(state[0], [1.12, 0.66, 0.80], rtol=0, atol=1e-12)


@pytest.mark.skipif(ENGINE is None, reason="the engine's own file is not here; its figures are, and are tested above")
def test_table_holds_the_figures_the_engine_wrote() -> None:
    assert ENGINE is not None
    assert expected() == of_engine(ENGINE)


@each_credit
def test_every_figure_of_the_live_engine_is_in_our_ledger(told: Told) -> None:
    for event in EVENTS:
        CHECKS[event.kind](told, event)


@each_credit
def test_our_ledger_holds_no_more_than_the_live_engine_did(told: Told) -> None:
    seen, play = Counter(event.kind for event in EVENTS), told.play
    assert set(seen) == set(CHECKS)
    assert len(play.attempts) == seen["started"] == seen["verified"] == seen["completed"] == 6
    assert len(told.rounds) == len({event.round for event in EVENTS if event.kind == "matched"}) == 6
    assert sum(row["bid_cost"] > 0 for row in play.bids) == sum("bid" in event.figures for event in EVENTS) == 18
    debits = Counter(reason for event in EVENTS if event.kind == "debited" for reason in event.figures)
    assert debits == {"bid": 18, "attempt": 6, "failure": sum(row["payment"] < 0 for row in play.attempts)}
    assert sum(row["payment"] > 0 for row in play.attempts) == seen["paid"] == 3
    raised = [row for row in play.clearings if row["posting"] and _raised(told, row)]
    assert len(raised) == seen["raised"] == 1
    for tick in told.rounds:
        matched = [(event.task, event.worker) for event in EVENTS if (event.kind, event.round) == ("matched", tick)]
        assert sorted(told.pairs(tick)) == sorted(matched)
        for worker in WORKERS:
            bids = [event.task for event in EVENTS if event[:3] == (tick, "bid", worker)]
            assert list(told.bids(tick, worker)) == bids


def _raised(told: Told, row: dict[str, Any]) -> bool:
    return bool(row["reserve"] != told.clearing(TASKS[row["task"]], row["posting"] - 1)["reserve"])


def _credits(told: Told, dollars: float, event: Event, figure: str) -> None:
    assert dollars * told.credit == close(float(event.figures[figure]))


def _registered(told: Told, event: Event) -> None:
    agent = WORKERS.index(event.worker)
    assert told.rounds[0].standing.reputation[0, agent] == float(event.figures["reputation"])
    assert float(event.figures["balance"]) == 0.0


def _posted(told: Told, event: Event) -> None:
    first = told.clearing(event.task, 0)
    _credits(told, first["reserve"], event, "bounty")
    assert first["posted"] == event.round


def _bid(told: Told, event: Event) -> None:
    own = told.bids(event.round, event.worker)[event.task]
    _credits(told, own["ask"], event, "ask")
    assert own["claim"] == float(event.figures["claim"])


def _debited(told: Told, event: Event) -> None:
    if "bid" in event.figures:
        charged = sum(row["bid_cost"] for row in told.bids(event.round, event.worker).values())
        _credits(told, charged, event, "bid")
        return
    row = told.attempt(event.worker, event.task, finish=event.round)
    (reason,) = event.figures
    _credits(told, {"attempt": row["cost"], "failure": -row["payment"]}[reason], event, reason)


def _matched(told: Told, event: Event) -> None:
    case, own = told.rounds[event.round], told.bids(event.round, event.worker)[event.task]
    at = case.tasks.index(TASKS.index(event.task)), WORKERS.index(event.worker)
    _credits(told, own["score"], event, "score")
    _credits(told, own["ask"], event, "ask")
    assert own["claim"] == float(event.figures["claim"])
    assert case.standing.reputation[at] == close(float(event.figures["reputation"]))
    _credits(told, case.standing.expected_cost[at], event, "expected cost")
    _credits(told, case.tender.reserve[at[0]], event, "bounty")
    at_risk = case.rule.terms(case.bids, case.tender, case.standing)["-risk of failure"][at]
    _credits(told, -at_risk / (1.0 - own["claim"]), event, "failure penalty")


def _started(told: Told, event: Event) -> None:
    row = told.attempt(event.worker, event.task, start=event.round)
    assert told.bids(event.round, event.worker)[event.task]["outcome"] == "won"
    _credits(told, row["pay_success"], event, "ask")


def _verified(told: Told, event: Event) -> None:
    assert told.attempt(event.worker, event.task, finish=event.round)["status"] == event.figures["status"]


def _completed(told: Told, event: Event) -> None:
    row = told.attempt(event.worker, event.task, finish=event.round)
    success = {"True": True, "False": False}[event.figures["success"]]
    clearing = told.clearing(event.task, row["posting"])
    _credits(told, clearing["reserve"], event, "bounty")
    _credits(told, told.bids(clearing["tick"], event.worker)[event.task]["score"], event, "score")
    assert (row["success"], clearing["closed"] == "solved") == (success, success)


def _paid(told: Told, event: Event) -> None:
    _credits(told, told.attempt(event.worker, event.task, finish=event.round)["payment"], event, "amount")


def _raises(told: Told, event: Event) -> None:
    found = [row for row in told.play.clearings if (TASKS[row["task"]], row["posted"]) == (event.task, event.round)]
    assert _raised(told, found[0])
    _credits(told, found[0]["reserve"], event, "bounty")


CHECKS: dict[str, Callable[[Told, Event], None]] = {
    "registered": _registered,
    "posted": _posted,
    "bid": _bid,
    "matched": _matched,
    "started": _started,
    "verified": _verified,
    "completed": _completed,
    "paid": _paid,
    "debited": _debited,
    "raised": _raises,
}


@tried(200)
@given(data=st.data())
def test_greedy_rounds_of_the_live_rule_are_its_sorted_pairs(data: st.DataObject) -> None:
    """Whole credits and few reputations, so that pairs often tie in score, and in reputation too."""
    m, n = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))

    def drawn(values: st.SearchStrategy[float]) -> list[list[float]]:
        return data.draw(st.lists(st.lists(values, min_size=n, max_size=n), min_size=m, max_size=m))

    asks, claims = drawn(st.integers(1, 5).map(lambda k: 10.0 * k)), drawn(st.sampled_from([0.4, 0.6, 0.8]))
    reputation = data.draw(st.lists(st.sampled_from([0.66, 1.0, 1.25]), min_size=n, max_size=n))
    lottery = drawn(st.floats(0, 1, exclude_max=True))
    bounty = data.draw(st.lists(st.sampled_from([60.0, 90.0]), min_size=m, max_size=m))
    whole = scene(asks, claims, reserve=bounty, reputation=reputation, expected_cost=2.0, lottery=lottery)
    award = assign_round(AgentEconomy(credits_per_dollar=1.0), "greedy", *whole)
    pairs = []
    for t in range(m):
        for i in range(n):
            agent = Agent(asks[t][i], claims[t][i], reputation=reputation[i], expected_cost=2.0)
            pairs.append(Pair(agent_economy_score(agent, bounty[t]), reputation[i], t, lottery[t][i], i))
    chosen = greedy_pairs([pair for pair in pairs if round(pair.score, 6) > 0])
    assert {tuple(at) for at in np.argwhere(award.hired).tolist()} == {(pair.task, pair.agent) for pair in chosen}
    for pair in chosen:
        assert award.pay_success[pair.task, pair.agent] == asks[pair.task][pair.agent]


def test_where_there_is_room_for_one_the_better_reputation_of_equal_scores_starts() -> None:
    """Both score 60 to six decimals: 80 - 20 at a reputation of 1, and 1.25 x 80 - 40."""
    whole = scene([[20.0, 79.0], [79.0, 40.0 + 1e-9]], 1.0, reserve=80.0, reputation=[1.0, 1.25])
    rule = AgentEconomy(credits_per_dollar=1.0)
    award = assign_round(rule, "greedy", *whole)
    assert award.hired.tolist() == [[True, False], [False, True]]
    assert starting(rule, "greedy", whole.bids, whole.tender, whole.standing, award, 1).tolist() == [False, True]
    assert starting(rule, "in_order", whole.bids, whole.tender, whole.standing, award, 1).tolist() == [True, False]
