"""Regrets: what a benchmark would have made of an auction, minus its welfare.

    fixed     the best fixed agent: V y - c of the agent that is best on other tasks (analysis/benchmark.py)
    ability   max(0, best V ability - mean c over tries of those present)
    outcome   max(0, best V y - c of those present)

Benchmarks use the first try. In outcomes y is what was delivered: a success lost to the system is worth nothing. A
fixed agent who is absent from a task does nothing there. No bid cost or overhead is charged to a benchmark.

The regret to the best fixed agent is no mean, since the agent is chosen by all replications together. Its sums are, for
each of S halvings and each half, the gain of each agent, and those of welfare and auctions: 2 S n + 2 numbers. Where
agents are alone it is the agent itself, and two sums do: regret and auctions. Index convention: S halvings, G groups, n
agents; sums by task, on a recorded table, are gain (n), welfare and auctions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.benchmark import HALVES, TIE, best_fixed, half_splits, regret_spread, with_spread
from analysis.inference import Estimate, mean, skewness_of
from analysis.intervals import skewed_t_interval
from analysis.quantities.auctions import welfare
from analysis.quantities.declared import Context, Groups, Label, Mean, Quantity, Statistic, by_group
from analysis.quantities.view import View
from analysis.resampled import LEAST_TASKS
from sim.kit.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from analysis.arm import ArmData


def gain(view: View, chance: BoolArray | FloatArray, cost: FloatArray) -> FloatArray:
    """(R, T, n) dollars V x chance - cost."""
    return np.asarray(view.terms("value") * chance - cost)


def fixed_gain(view: View) -> FloatArray:
    """(R, T, n) dollars V y - c at the first try, 0 where the agent is absent."""
    world = view.world
    return np.where(world.present, gain(view, world.delivered[..., 0], world.cost[..., 0]), 0.0)


def regret_fixed(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: best fixed agent minus welfare; NaN with a single task."""
    found = fixed_gain(arm)
    return np.asarray((found if arm.alone else best_fixed(found, arm.world.tasks)[..., None]) - welfare(arm))


def regret_ability(view: View) -> FloatArray:
    """Of markets: max(0, max over present agents of V ability - mean cost over tries) minus welfare."""
    return _best(view, gain(view, view.world.ability, view.world.cost.mean(axis=3))) - welfare(view)


def regret_outcome(view: View) -> FloatArray:
    """Of markets: max(0, max over present agents of V y - c at the first try) minus welfare."""
    return _best(view, gain(view, view.world.delivered[..., 0], view.world.cost[..., 0])) - welfare(view)


def _best(view: View, found: FloatArray) -> FloatArray:
    """Of markets: the best gain among the present agents, or 0; NaN where one of them is unknown."""
    here = np.where(view.world.present, found, 0.0)
    return view.of_world(np.maximum(here, 0.0) if view.alone else here.max(axis=2, keepdims=True, initial=0.0))


def _of_run(arm: ArmData) -> Estimate:
    found = mean(regret_fixed(arm), arm.by)
    if not arm.world.from_table or arm.alone or np.isnan(found.value):
        return found
    own = welfare(arm)[..., 0].mean(axis=0)
    if arm.by == "none":
        if arm.replays is None:
            return found
        own = arm.replays["welfare"]
    spread = regret_spread(fixed_gain(arm).mean(axis=0), own, arm.world.tasks, arm.seed)
    return with_spread(found, spread, arm.world.n_tasks)


def _sums(view: View, groups: Label) -> FloatArray:
    """(G, 1, k) sums, as the head of the module says."""
    found, made = fixed_gain(view), view.to_world(welfare(view))
    if view.world.n_tasks < 2 and not view.alone:
        found = np.full(found.shape, np.nan)
    if view.alone:
        parts = [(found - made).sum(axis=2, keepdims=True), np.full((*made.shape[:2], 1), float(found.shape[2]))]
    elif groups.by_task:
        parts = [found, made, np.ones(made.shape)]
    else:
        halves = (mine for half in half_splits(view.world.tasks) for mine in (half, ~half))
        parts = [*(np.where(mine[:, None], found, 0.0) for mine in halves), made, np.ones(made.shape)]
    return by_group(np.concatenate(parts, axis=2), groups)[:, None]


def _value(sums: FloatArray) -> FloatArray:
    """Best fixed agent minus welfare, from sums (..., k)."""
    num, den = _num_den(sums, sums)
    return np.asarray(np.divide(num, den, out=np.full(num.shape, np.nan), where=den > 0))


def _num_den(sums: FloatArray, chosen_by: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Regrets and auctions (...) of sums, the agent of each half being the best by `chosen_by` on the other half."""
    if sums.shape[-1] == 2:
        return sums[..., 0], sums[..., 1]
    shape = HALVES, 2, -1
    own, by = (part[..., :-2].reshape(*part.shape[:-1], *shape) for part in (sums, chosen_by))
    other = by[..., ::-1, :]
    best = other >= other.max(axis=-1, keepdims=True) - TIE
    count = best.sum(axis=-1, keepdims=True)  # 0 where a gain is unknown
    weight = np.divide(best, count, out=np.full(best.shape, np.nan), where=count > 0)
    benchmark = (own * weight).sum(axis=(-1, -2, -3)) / HALVES
    return benchmark - sums[..., -2], sums[..., -1]


def _error(groups: Groups, context: Context) -> float:
    """Standard error, the choice taken as given; on a table a bootstrap over tasks that chooses again."""
    if context.by == "task" and len(groups.total) != 2:
        own = groups.lost / groups.lost[:, -1:]  # means over replications, by task
        if len(own) < LEAST_TASKS:
            return float("nan")
        return regret_spread(own[:, :-2], own[:, -2], context.tasks, context.seed)
    influence = _influence(groups)
    return float(np.sqrt(len(influence) / (len(influence) - 1.0) * (influence**2).sum()))


def _influence(groups: Groups) -> FloatArray:
    """(G,) of each group on the regret."""
    num, den = _num_den(groups.lost, np.broadcast_to(groups.total, groups.lost.shape))
    return np.asarray((num - num.sum() / den.sum() * den) / den.sum())


def _interval(value: float, error: float, groups: Groups) -> tuple[float, float]:
    skewness = 0.0
    if groups.lost.shape[1] == len(groups.total):  # not of the choice from one table
        influence, same = _influence(groups), np.asarray(error == 0)
        squares, cubes = (np.asarray((influence**power).sum()) for power in (2, 3))
        skewness = float(skewness_of(squares, cubes, np.asarray(len(influence)), same))
    low, high = skewed_t_interval(value, error, len(groups.lost), skewness)
    return float(low), float(high)


def _regret(name: str, meaning: str, how: Mean | Statistic) -> Quantity:
    return Quantity(name, "arm", "$", f"dollars, {meaning}", how, swept=False)


REGRETS = (
    _regret(
        "regret_fixed",
        "V y - c at the first try of the agent best on a random half of the other tasks, mean over 20 halvings, minus "
        "welfare / auctions; no bid cost or overhead is charged to the benchmark; where agents are alone it is the "
        "agent itself",
        Statistic(_of_run, _sums, _value, _error, _interval, by_task=True),
    ),
    _regret(
        "regret_ability",
        "max(0, best V ability - mean c over tries of those present), minus welfare / auctions; NaN where an ability "
        "is unknown",
        Mean(regret_ability),
    ),
    _regret(
        "regret_outcome",
        "max(0, best V y - c at the first try of those present), minus welfare / auctions: a bound, since nobody knows "
        "outcomes beforehand",
        Mean(regret_outcome),
    ),
)
