"""The self-history card: an agent that is told its own record, and leans on it.

With success rate S, mean claim Q, mean cost C and mean cost belief B of the agent over what its card holds:

    claim         logit q' = logit q + weight (logit S - logit Q)
    cost belief   c' = c (C / B)^cost_weight

    record = "others"   the tasks of the same replication but the one it is read for, so that nothing of that task's
                        outcome leaks; S is of what was truly delivered at first tries
    record = "past"     the agent's own attempts in the running market that had ended, PASS or FAIL as verified, when
                        the posting went out; INFRA is no record. Q and B are of what it believed at these attempts
                        before any card moved it

`history` keeps the first so many of them. At S = 0 or 1 the claim becomes 0 or 1: with three tasks on the card that is
the small-sample trap, in which three successes make an agent certain. A card that is empty, or whose mean claim is 0
or 1, changes nothing. What own failures at the task leave of a belief follows from the claim as the card moved it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from sim.arrays import BoolArray, FloatArray, Status
from sim.retry import after_each
from sim.settings import Card
from sim.standing import State
from sim.world import World

_FAIL, _PASS = int(Status.FAIL), int(Status.PASS)


class Record(NamedTuple):
    """What a card says, (..., n): success rate, mean claim, mean cost, mean cost belief; NaN where it is empty."""

    success: FloatArray
    claim: FloatArray
    cost: FloatArray
    cost_belief: FloatArray


class Leaned(NamedTuple):
    """Beliefs after a card, (..., n). moved: the card had a say in the belief."""

    belief: FloatArray
    cost_belief: FloatArray
    moved: BoolArray


def lean(card: Card, record: Record, belief: FloatArray, cost_belief: FloatArray) -> Leaned:
    """What an agent believes once it has read its record; all arrays (..., n)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = card.weight * (logit(record.success) - logit(record.claim))
        after = expit(logit(belief) + shift)
        ratio = (record.cost / record.cost_belief) ** card.cost_weight
    after = np.where(np.isinf(shift), (shift > 0).astype(np.float64), after)
    moved = (card.weight > 0) & ~np.isnan(shift) & (record.claim > 0) & (record.claim < 1)
    scale = np.where(np.isfinite(ratio), ratio, 1.0)
    return Leaned(np.where(moved, after, belief), cost_belief * scale, moved)


def with_card(world: World, card: Card) -> World:
    """The World in which every agent has read its card of the other tasks."""
    counted = world.present
    if card.history is not None:
        counted = counted & (np.cumsum(counted, axis=1) <= card.history)
    record = Record(
        *(
            _mean_of_others(array, counted)
            for array in (world.delivered[..., 0], world.belief, world.cost[..., 0], world.cost_belief)
        )
    )
    leaned = lean(card, record, world.belief, world.cost_belief)
    later = world.retry_belief
    if later is not None and world.spread is not None:
        own = after_each(leaned.belief, world.spread, later.shape[-1])
        later = np.where(leaned.moved[..., None], own, later)
    return replace(world, belief=leaned.belief, cost_belief=leaned.cost_belief, retry_belief=later)


def _mean_of_others(values: FloatArray | BoolArray, counted: BoolArray) -> FloatArray:
    """Mean over the counted tasks but the task itself, (R, T, n); NaN where there is none."""
    kept = np.where(counted, values, 0.0)
    count = counted.sum(axis=1, keepdims=True) - counted
    others = np.add.accumulate(kept, axis=1)[:, -1:] - kept
    mean = np.full(kept.shape, np.nan)
    np.divide(others, count, out=mean, where=count > 0)
    return mean


class Attempted(NamedTuple):
    """Completed attempts, (..., n): `Status` codes, NONE where nothing completed; belief and cost belief held at them.

    belief, cost_belief: those of the World, before any card.
    """

    status: NDArray[Any]
    belief: FloatArray
    cost: FloatArray
    cost_belief: FloatArray


@dataclass(frozen=True)
class PastCard:
    """The card of the past as an (init, step, read) triple. Its state: count and sums of the attempts, (n,) each.

    >>> past = PastCard(Card(record="past", weight=1.0, cost_weight=0.0))
    >>> seen = Attempted(np.array([Status.PASS, Status.INFRA]), np.full(2, 0.5), np.full(2, 0.3), np.full(2, 0.1))
    >>> past.read(past.step(past.init(2), seen)).success.tolist()
    [1.0, nan]
    """

    card: Card

    def init(self, n_agents: int) -> State:
        """Nothing seen."""
        return tuple(np.zeros(n_agents) for _ in range(1 + len(Record._fields)))

    def step(self, state: State, seen: Attempted) -> State:
        """Add the attempts that count while there is room on the card."""
        counted = (seen.status == _PASS) | (seen.status == _FAIL)
        if self.card.history is not None:
            counted = counted & (state[0] < self.card.history)
        more = (1.0, seen.status == _PASS, seen.belief, seen.cost, seen.cost_belief)
        return tuple(held + np.where(counted, new, 0.0) for held, new in zip(state, more, strict=True))

    def read(self, state: State) -> Record:
        """The means."""
        count = np.where(state[0] > 0, state[0], np.nan)
        return Record(*(total / count for total in state[1:]))

    def lean(self, state: State, belief: FloatArray, cost_belief: FloatArray) -> Leaned:
        """What the agents believe after reading the card in this state."""
        return lean(self.card, self.read(state), belief, cost_belief)
