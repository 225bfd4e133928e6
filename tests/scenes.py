"""Scenes: everything a mechanism is called with, built in one line. Last axis agents, as in the package."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Literal, NamedTuple, get_origin, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Notice, Standing, Tender
from sim.kit.draws import uniform, words_range
from sim.mechanisms import Mechanism, lookup, names
from tests.reference import Agent, Result, Task


class Scene(NamedTuple):
    """The four arguments of a mechanism."""

    bids: Bids
    tender: Tender
    standing: Standing
    lottery: FloatArray

    def award(self, rule: Mechanism) -> Award:
        """The rule's answer; without a penalty where the rule refuses one."""
        return rule(*self.played(rule))

    def played(self, rule: Mechanism) -> Scene:
        """The scene as the rule can take it: without a penalty where it refuses one."""
        if rule.capabilities.takes_penalty:
            return self
        bare = Tender.trusted(**vars(self.tender) | {"penalty": np.zeros_like(self.tender.penalty)})
        return self._replace(tender=bare)

    def with_bids(self, **changes: ArrayLike) -> Scene:
        """The same scene with some fields of the bids replaced."""
        return self._replace(bids=replace(self.bids, **changes))

    def notice(self, rule: Mechanism) -> Notice:
        """What bidders see: all but a sealed reserve."""
        t = self.played(rule).tender
        reserve = t.reserve if rule.capabilities.announces_reserve else np.full(t.reserve.shape, np.nan)
        return Notice(value=t.value, reserve=reserve, penalty=t.penalty, posting=t.posting)


def scene(
    ask: ArrayLike,
    claim: ArrayLike,
    *,
    active: ArrayLike | None = None,
    value: ArrayLike = 1.0,
    reserve: ArrayLike = 1.0,
    penalty: ArrayLike = 0.0,
    reputation: ArrayLike = 1.0,
    expected_cost: ArrayLike = 0.0,
    advice: ArrayLike = 0.5,
    lottery: ArrayLike | None = None,
) -> Scene:
    """Everything broadcasts against ask (..., n); by default all bid and the first agent has the lowest lottery."""
    ask = np.asarray(ask, np.float64)
    full, each = ask.shape, ask.shape[:-1]
    mask = np.ones(full, np.bool_) if active is None else np.broadcast_to(np.asarray(active, np.bool_), full)
    order = (np.arange(full[-1]) + 0.5) / max(1, full[-1]) if lottery is None else lottery
    bids = Bids(ask=ask, claim=_spread(claim, full), active=mask)
    tender = Tender(_spread(value, each), _spread(reserve, each), _spread(penalty, each), np.zeros(each, np.int64))
    standing = Standing(_spread(reputation, full), _spread(expected_cost, full), _spread(advice, full))
    return Scene(bids, tender, standing, _spread(order, full))


def _spread(values: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    return np.broadcast_to(np.asarray(values, np.float64), shape)


def chance(purpose: str, *shape: int, low: float = 0.0, high: float = 1.0) -> FloatArray:
    """Uniform draws on (low, high) from the fixed stream of that purpose."""
    return low + (high - low) * uniform(0, f"tests/{purpose}", *(words_range(size) for size in shape))


def random_scene(leading: tuple[int, ...], n: int, purpose: str = "scene") -> Scene:
    """Generic bids (a fifth inactive), reserves on both sides of the value, a penalty in half of the postings."""
    shape = (*leading, n)
    value = chance(f"{purpose}/value", *leading, low=0.5, high=1.5)
    penalty = chance(f"{purpose}/penalty", *leading, low=-1.0)
    return scene(
        chance(f"{purpose}/ask", *shape),
        chance(f"{purpose}/claim", *shape),
        active=chance(f"{purpose}/active", *shape) < 0.8,
        value=value,
        reserve=value * chance(f"{purpose}/reserve", *leading, low=0.4, high=1.2),
        penalty=np.maximum(0.0, penalty),
        reputation=chance(f"{purpose}/reputation", *shape, low=0.5, high=1.25),
        expected_cost=chance(f"{purpose}/expected cost", *shape, high=0.3),
        advice=chance(f"{purpose}/advice", *shape),
        lottery=chance(f"{purpose}/lottery", *shape),
    )


def scene_of(agents: list[Agent], task: Task) -> Scene:
    """The same posting for the package as for `tests.reference`."""
    columns = {f.name: np.array([getattr(a, f.name) for a in agents]) for f in fields(Agent)}
    return scene(**columns, value=task.value, reserve=task.reserve, penalty=task.penalty)


def assert_award(award: Award, expected: Result) -> None:
    """One posting's award is the reference's, payments to 1e-12; the order of turns too, where it states one."""
    if expected.order is not None:
        turn = np.zeros(len(expected.pay_success)) if award.turn is None else award.turn
        assert sorted(expected.order, key=lambda i: turn[i]) == expected.order
    assert set(np.flatnonzero(award.hired).tolist()) == expected.hired
    np.testing.assert_allclose(award.pay_success, expected.pay_success, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(award.pay_failure, expected.pay_failure, rtol=1e-12, atol=1e-12)


def award_bytes(award: Award) -> list[tuple[tuple[int, ...], bytes]]:
    """Shapes and bits of an award, for comparisons that allow no rounding."""
    columns: list[NDArray[Any]] = [award.hired, award.pay_success, award.pay_failure, award.by_tie]
    columns += [column for column in (award.turn, award.budget, award.fee) if column is not None]
    return [(np.shape(column), np.ascontiguousarray(column).tobytes()) for column in columns]


def utility(award: Award, belief: ArrayLike, cost: ArrayLike) -> FloatArray:
    """p pay_success + (1 - p) pay_failure - c where hired, else 0, less the fee: integrated over its own outcome.

    Where the award names turns, belief is everybody's true p: what one may expect is weighed by the chance that nobody
    before it succeeds.
    """
    p = np.asarray(belief)
    expected = np.where(award.hired, p * award.pay_success + (1.0 - p) * award.pay_failure - cost, 0.0)
    if award.fee is not None:
        expected = expected - award.fee
    if award.turn is None:
        return expected
    before = award.hired[..., None, :] & (award.turn[..., None, :] < award.turn[..., :, None])
    fails = np.broadcast_to(1.0 - p, award.hired.shape)[..., None, :]
    return expected * np.where(before, fails, 1.0).prod(axis=-1)


def truthful(rule: Mechanism, rivals: Scene, belief: ArrayLike, cost: ArrayLike, who: BoolArray) -> Scene:
    """The scene with the agents in `who` bidding the truth; where the truthful ask is infinite they abstain."""
    p, c = _spread(belief, who.shape), _spread(cost, who.shape)
    ask = rule.truthful_ask(p, c, rivals.notice(rule))
    able = np.isfinite(ask)
    return rivals.with_bids(
        ask=np.where(who, np.where(able, ask, 0.0), rivals.bids.ask),
        claim=np.where(who, p, rivals.bids.claim),
        active=np.where(who, able, rivals.bids.active),
    )


def registered() -> dict[str, Mechanism]:
    """Every example of every registered rule, by a readable name."""
    return {_label(rule): rule for name in names() for rule in lookup(name).examples()}


def registered_with_switches() -> dict[str, Mechanism]:
    """`registered`, and each example with each of its switches (a bool or a choice of words) flipped."""
    rules = registered()
    for rule in list(rules.values()):
        hints = get_type_hints(type(rule))
        for f in fields(rule):  # type: ignore[arg-type]
            options: tuple[Any, ...] = ()
            if get_origin(hints[f.name]) is Literal:
                options = hints[f.name].__args__
            elif hints[f.name] is bool:
                options = (True, False)
            for option in options:
                other = replace(rule, **{f.name: option})  # type: ignore[type-var]
                rules.setdefault(_label(other), other)
    return rules


def _label(rule: Mechanism) -> str:
    settings = [str(getattr(rule, f.name)) for f in fields(rule)]  # type: ignore[arg-type]
    return "/".join([rule.name, *settings])
