"""What each kind of self-knowledge is worth in an arm's market, in dollars: the arm played again in informed Worlds.

The kinds, and what includes what, are in analysis/informed.py; steps and shares in analysis/orders.py. The market is
played in every state of what agents may know, under the same luck, so that all differences are paired, auction by
auction. Index convention: as in `ArmData`, (R, T, m).

    welfare, surplus, utility     of an auction in a state, as in analysis/quantities/auctions.py
    step(kind)    mean over auctions of its step in the order shown
    share(kind)   mean over auctions of its mean step over all orders that the chains allow
    total         everything known less nothing known = sum of steps = sum of shares, exactly

Clusters are the coarsest of those of all these markets. On a recorded table everything is fitted and played again on
redrawn tables (analysis/redrawn_knowledge.py), from 50 tasks on, and below there are no intervals; but the total, and
the levels of nothing and everything known, hang on no record and have intervals over tasks. In a drawn World curves
follow from so many tasks that they are taken as given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from analysis.arm import ArmData
from analysis.clusters import coarsest
from analysis.differences import changed
from analysis.inference import CLUSTERS, REPLAYED, By, Estimate, mean, paired_difference
from analysis.informed import ORDER, chains, informed
from analysis.orders import State, in_order, known_at, path, shares, states, steps
from analysis.quantities.auctions import surplus, utility, welfare
from analysis.redrawn_knowledge import around, can_be_redrawn, redrawn
from analysis.resampled import with_error_of_difference
from sim.kit.arrays import FloatArray
from sim.world.world import World

MONEY: Mapping[str, Callable[[ArmData], FloatArray]] = {"welfare": welfare, "surplus": surplus, "utility": utility}


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What self-knowledge is worth in one arm's market.

    order: kinds in the order of the steps. levels: quantity -> state's estimate, nothing known first, one after each
    step. steps, shares: quantity -> kind -> estimate. totals: quantity -> everything less nothing. changed: kind ->
    share of auctions in which its step hires others. clusters: what they are, in words, of levels and totals; over: of
    steps and shares.
    """

    arm: ArmData
    order: tuple[str, ...]
    levels: Mapping[str, list[Estimate]]
    steps: Mapping[str, Mapping[str, Estimate]]
    shares: Mapping[str, Mapping[str, Estimate]]
    totals: Mapping[str, Estimate]
    changed: Mapping[str, float]
    clusters: str
    over: str


def value_of_knowledge(arm: ArmData) -> Knowledge:
    """The arm in every state; raises ValueError where it has no meaning, `why_no_knowledge` says why."""
    if why := why_no_knowledge(arm):
        raise ValueError(f"arm {arm.name!r}: {why}")
    held, played = chains(arm.world), _played(arm, arm.world)
    order, by = in_order(held, ORDER), coarsest(played.values()).by
    along = path(held, order)
    passed = [(0, 0), *(after for _, after in along.values())]
    again = _Again.of(arm, by)
    levels, totals = {}, {}
    stepped: dict[str, dict[str, Estimate]] = {}
    shared: dict[str, dict[str, Estimate]] = {}
    for name, of in MONEY.items():
        made = {state: of(one) for state, one in played.items()}
        other = {state: of(one) for state, one in again.played.items()}
        levels[name] = [mean(made[state], by if state in (passed[0], passed[-1]) else again.by) for state in passed]
        totals[name] = paired_difference(made[passed[-1]], made[passed[0]], by)
        for found, parts in ((stepped, partial(steps, held, order)), (shared, partial(shares, held))):
            found[name] = again.estimates(parts(made.__getitem__), parts(other.__getitem__) if other else {})
    moved = {kind: changed(played[after], played[before]) for kind, (before, after) in along.items()}
    return Knowledge(arm, order, levels, stepped, shared, totals, moved, CLUSTERS[by], again.over)


@dataclass(frozen=True, eq=False)
class _Again:
    """How steps and shares have their errors. by: their clusters; played: state -> the market on redrawn tables."""

    arm: ArmData
    by: By
    played: Mapping[State, ArmData]

    @classmethod
    def of(cls, arm: ArmData, by: By) -> Self:
        if not arm.world.from_table or by != "task":
            return cls(arm, by, {})
        if not can_be_redrawn(arm.world) or arm.in_world is None:
            return cls(arm, "none", {})
        other = redrawn(arm.world, arm.seed)
        return cls(arm, "none", _played(arm, other, arm.in_world(other)))

    @property
    def over(self) -> str:
        return REPLAYED if self.played else CLUSTERS[self.by]

    def estimates(self, parts: Mapping[str, FloatArray], again: Mapping[str, FloatArray]) -> dict[str, Estimate]:
        world, found = self.arm.world, {}
        for kind, part in parts.items():
            one = paired_difference(part, np.zeros(part.shape), self.by)
            if kind in again:
                values = around(one.value, again[kind], world.n_replications)
                one = with_error_of_difference(one, values, np.zeros(()), world.n_tasks, None, by_record=True)
            found[kind] = one
        return found


def _played(arm: ArmData, world: World, first: ArmData | None = None) -> dict[State, ArmData]:
    """The arm in `world` in every state. first: that in which nothing more is known; the arm as it was where None."""
    held, found = chains(world), {}
    for state in states(held):
        known = known_at(held, state)
        if not any(state) or arm.in_world is None:
            found[state] = first or arm
        else:
            found[state] = arm.in_world(informed(world, arm.seed, (known[0], known[1])))
    return found


def why_no_knowledge(arm: ArmData) -> str:
    """Why the value of self-knowledge has no meaning in this arm, "" where it has one."""
    rules, world = arm.rules, arm.world
    if rules is None or arm.in_world is None:
        return "its rules are not known, so that it cannot be played again"
    if world.live:
        return "its bids were asked for live; what better informed agents would have bid, nobody knows"
    if not rules.mechanism.capabilities.solicits_bids:
        return f"{rules.mechanism.name} asks nobody for bids: what agents know of themselves changes nothing"
    if rules.processes:
        return "its agents have processes of their own, which may make of a belief what they like"
    if rules.learners is not None and rules.learners.init(1):
        return "its agents learn how to bid, so that what they know beforehand is not what they bid by"
    if rules.card is not None:
        return "its agents read a card of their past in the market, which moves what they believe"
    return "" if world.knows("belief") else "the table holds no claims, so that nothing is known to be believed"
