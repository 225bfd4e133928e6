"""Quantities of a principal that may do its tasks itself (sim/mechanisms/make_or_buy.py), and of thin markets.

    make    V p - c of its own hand at the task, by its ability p and its mean cost c over tries
    buy     V (1 - prod (1 - p)) - sum c of whom the rule would hire at the first posting, by what they bid, if
            everybody had been asked and had answered; 0: nobody
    loss    max(0, make, buy) - welfare

The loss is to the better of the two task by task. A principal that believes wrongly takes the worse of them, one that
compares payments counts as spent what sellers earn, and one that does not ask does not know the other. The award is of
one posting by itself, before anything is learned: slots and earlier failures are no part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from analysis.inference import Estimate, without_error
from analysis.quantities.auctions import staff, welfare
from analysis.quantities.declared import Label, Mean, Part, Quantity, Ratio, Statistic, by_group
from analysis.quantities.view import View
from sim.kit.arrays import Award, FloatArray
from sim.market.drawn import drawn_market
from sim.market.rules import Rules
from sim.mechanisms.around import without
from sim.world.world import World

if TYPE_CHECKING:
    from analysis.arm import ArmData


def _attempts(view: View, *, own: bool) -> FloatArray:
    """Of markets: there was an attempt of the principal's own, or of others."""
    attempts = np.asarray(view.to_world(view.attempts), np.float64)
    mine = np.isin(np.arange(attempts.shape[2]), staff(view))
    some = attempts[..., mine if own else ~mine].sum(axis=2, keepdims=True) > 0
    return np.asarray(view.of_world(some.astype(np.float64)))


def offered(world: World, rules: Rules) -> Award | None:
    """The award (R, T, n) of first postings had everybody been asked and it been taken; None where bids are learned."""
    allocator, _ = drawn_market(world.changed(silent=None), rules)
    seen = allocator.opening
    if seen is None or not rules.staff:
        return None
    bids = without(seen.bids, np.isin(np.arange(world.n_agents), rules.staff))
    return rules.mechanism(bids, seen.tender, seen.standing, world.lottery[:, :, 0])


def _loss(view: View) -> FloatArray:
    own, world, made = staff(view), view.world, welfare(view)
    award = None if view.rules is None or not own else offered(world, view.rules)
    if award is None:
        return np.full(np.shape(made), np.nan)
    cost = world.cost.mean(axis=3)
    make = (world.value[..., None] * world.ability[..., own] - cost[..., own]).max(axis=2)
    failing = np.where(award.hired, 1.0 - world.ability, 1.0).prod(axis=2)
    buy = world.value * (1.0 - failing) - np.where(award.hired, cost, 0.0).sum(axis=2)
    best = np.maximum(np.maximum(make, buy), 0.0)
    return np.asarray(view.of_world(best[..., None]) - made)


def _thin(view: View) -> FloatArray:
    arm = cast("ArmData", view)
    return (arm.per_auction(np.isfinite(arm.ask)) <= 1).astype(np.float64)


def thin_of(sums: FloatArray) -> FloatArray:
    """P(at most one bid) of agents that bid independently, from sums (..., n + 1): bids of each, and auctions.

    >>> thin_of(np.array([5.0, 5.0, 10.0])).tolist()
    0.75
    """
    auctions = sums[..., -1:]
    silent = 1.0 - np.divide(sums[..., :-1], auctions, out=np.full(sums[..., :-1].shape, np.nan), where=auctions > 0)
    total: FloatArray = silent.prod(axis=-1)
    for agent in range(silent.shape[-1]):
        total = total + (1.0 - silent[..., agent]) * np.delete(silent, agent, axis=-1).prod(axis=-1)
    return total


def _bids(view: View, groups: Label) -> FloatArray:
    """(G, 1, n + 1) as `thin_of` has them; NaN where agents are alone."""
    arm = cast("ArmData", view)
    made = np.isfinite(arm.ask).astype(np.float64)
    auctions = np.full((*made.shape[:2], 1), np.nan if arm.alone else 1.0)
    return by_group(np.concatenate([made, auctions], axis=2), groups)[:, None]


def _independent(arm: ArmData) -> Estimate:
    all_together = Label(np.zeros(arm.ask.shape[:2], np.int64), 1, False)
    return without_error(float(thin_of(_bids(arm, all_together)[0, 0])))


def _solved_of_filled(view: View) -> Part:
    solved = view.over_markets(np.asarray(view.solved, np.float64))
    return solved, view.over_markets(np.asarray(view.filled, np.float64))


def _mean(name: str, meaning: str, how: Mean, unit: str = "", needs: frozenset[str] = frozenset()) -> Quantity:
    return Quantity(name, "arm", unit, meaning, how, paired=True, needs=needs, swept=False, table=None)


MADE_OR_BOUGHT = (
    _mean(
        "made_rate",
        "auctions in which the principal's own hand made an attempt / auctions; 0 where it has none",
        Mean(lambda view: _attempts(view, own=True), rate=True),
    ),
    _mean(
        "bought_rate",
        "auctions in which another agent than the principal's own hand made an attempt / auctions",
        Mean(lambda view: _attempts(view, own=False), rate=True),
    ),
    _mean(
        "make_or_buy_loss",
        "dollars, max(0, V ability - mean c of the own hand, the same of whom the rule would hire by their bids) minus "
        "welfare / auctions; NaN where there is no own hand, an ability is unknown or bids are learned",
        Mean(_loss),
        unit="$",
    ),
    _mean(
        "thin_rate",
        "auctions with at most one bid at the first posting / auctions",
        Mean(_thin, rate=True),
        needs=frozenset({"bids"}),
    ),
    Quantity(
        "thin_if_independent",
        "arm",
        "",
        "thin_rate as it would be did agents bid independently, each as often as it does: of n that bid with chance r, "
        "n r (1 - r)^(n - 1) + (1 - r)^n; empty where agents are alone",
        Statistic(_independent, _bids, thin_of, estimated=False, never="it is a formula of how often each agent bids"),
        needs=frozenset({"bids"}),
        swept=False,
        table=None,
    ),
    Quantity(
        "filled_solve_rate",
        "arm",
        "",
        "auctions in which some attempt truly succeeded / auctions in which one was made",
        Ratio(_solved_of_filled, rate=True),
        swept=False,
        table=None,
    ),
)
