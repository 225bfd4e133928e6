"""The self-history card: an agent that is told how it did on other tasks, and leans on it.

With success rate S, mean claim Q, mean cost C and mean cost belief B of the agent on the tasks of its card:

    claim         logit q' = logit q + weight (logit S - logit Q)
    cost belief   c' = c (C / B)^cost_weight

The card holds the tasks of the same replication, or the first `history` of them, but never the task it is read for, so
nothing of that task's outcome leaks. First tries count. At S = 0 or 1 the claim becomes 0 or 1: with three tasks on
the card that is the small-sample trap, in which three successes make an agent certain. A card without tasks, or whose
mean claim is 0 or 1, changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit, logit

from sim.arrays import BoolArray, FloatArray
from sim.settings import Card
from sim.world import World


def with_card(world: World, card: Card) -> World:
    """The World in which every agent has read its card."""
    counted = world.present
    if card.history is not None:
        counted = counted & (np.cumsum(counted, axis=1) <= card.history)
    success, claim, cost, cost_belief = (
        _mean_of_others(array, counted)
        for array in (world.delivered[..., 0], world.belief, world.cost[..., 0], world.cost_belief)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = card.weight * (logit(success) - logit(claim))
        belief = expit(logit(world.belief) + shift)
        ratio = (cost / cost_belief) ** card.cost_weight
    belief = np.where(np.isinf(shift), (shift > 0).astype(np.float64), belief)
    speaks = (card.weight > 0) & ~np.isnan(shift) & (claim > 0) & (claim < 1)
    scale = np.where(np.isfinite(ratio), ratio, 1.0)
    return replace(world, belief=np.where(speaks, belief, world.belief), cost_belief=world.cost_belief * scale)


def _mean_of_others(values: FloatArray | BoolArray, counted: BoolArray) -> FloatArray:
    """Mean over the counted tasks but the task itself, (R, T, n); NaN where there is none."""
    kept = np.where(counted, values, 0.0)
    count = counted.sum(axis=1, keepdims=True) - counted
    others = np.add.accumulate(kept, axis=1)[:, -1:] - kept
    mean = np.full(kept.shape, np.nan)
    np.divide(others, count, out=mean, where=count > 0)
    return mean
