"""The self-history card: an agent sees its own record, and adjusts to it.

With success rate S, mean claim Q, mean cost C and mean cost belief B of the agent over what its card holds:

    claim         logit q' = logit q + weight (logit S - logit Q)
    cost belief   c' = c (C / B)^cost_weight

    record = "redrawn", "split", "published"   made before the market opens: sim/standing/records.py says of which
                        tasks. S is of what was truly delivered, smoothed except as published
    record = "past"     the agent's own attempts in the running market that had ended, PASS or FAIL as verified, when
                        the posting went out; INFRA is no record. S is not smoothed: three successes make an agent
                        certain. Q and B are of what it believed at these attempts before any card moved it; `history`
                        keeps the first so many of them

A card is one shift in logits for each agent and record, so it moves all claims alike and none past another: it changes
calibration and leaves the ranking of an agent's tasks (AUC) as it was. The published card has a record for each task,
and does not. Beliefs of 0 and 1 stay. A card that is empty, or has a mean claim of 0 or 1, changes nothing. What own
failures at the task leave of a belief follows from the claim as the card moved it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.retry import after_each
from sim.kit.arrays import BoolArray, FloatArray, Status
from sim.kit.portable import expit, logit
from sim.specs.bidders import Card
from sim.standing.reputation import State
from sim.world.world import World

_FAIL, _PASS = int(Status.FAIL), int(Status.PASS)


class Means(NamedTuple):
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


class Move(NamedTuple):
    """What a card does, (..., n). shift: logits added to claims, NaN where it does nothing; scale: of cost beliefs."""

    shift: FloatArray
    scale: FloatArray


def move(card: Card, means: Means) -> Move:
    """What reading the card does; all arrays (..., n)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = card.weight * (logit(means.success) - logit(means.claim))
        ratio = (means.cost / means.cost_belief) ** card.cost_weight
    moved = (card.weight > 0) & (means.claim > 0) & (means.claim < 1)
    return Move(np.where(moved, shift, np.nan), np.where(np.isfinite(ratio), ratio, 1.0))


def lean(moves: Move, belief: FloatArray, cost_belief: FloatArray) -> Leaned:
    """What an agent believes once its card has moved it; all arrays (..., n)."""
    moved = ~np.isnan(moves.shift)
    free = moved & (belief > 0) & (belief < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        after = expit(logit(belief) + moves.shift)
    return Leaned(np.where(free, after, belief), cost_belief * moves.scale, moved)


def with_card(world: World, card: Card, means: Means, serve: Callable[[FloatArray], FloatArray]) -> World:
    """The World in which every agent has read its card before the market opens.

    means: of each record there is. serve: from that to (R, T, n), what the record that serves each task says.
    """
    moves = move(card, means)
    leaned = lean(Move(*map(serve, moves)), world.belief, world.cost_belief)
    later = world.retry_belief
    if later is not None and world.spread is not None:
        own = after_each(leaned.belief, world.spread, later.shape[-1])
        later = np.where(leaned.moved[..., None], own, later)
    return world.changed(
        uncarded=world.belief,
        belief=leaned.belief,
        cost_belief=leaned.cost_belief,
        retry_belief=later,
    )


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
        return tuple(np.zeros(n_agents) for _ in range(1 + len(Means._fields)))

    def step(self, state: State, seen: Attempted) -> State:
        """Add the attempts that count while there is room on the card."""
        counted = (seen.status == _PASS) | (seen.status == _FAIL)
        if self.card.history is not None:
            counted = counted & (state[0] < self.card.history)
        more = (1.0, seen.status == _PASS, seen.belief, seen.cost, seen.cost_belief)
        return tuple(held + np.where(counted, new, 0.0) for held, new in zip(state, more, strict=True))

    def read(self, state: State) -> Means:
        """The means."""
        count = np.where(state[0] > 0, state[0], np.nan)
        return Means(*(total / count for total in state[1:]))

    def lean(self, state: State, belief: FloatArray, cost_belief: FloatArray) -> Leaned:
        """What the agents believe after reading the card in this state."""
        return lean(move(self.card, self.read(state)), belief, cost_belief)
