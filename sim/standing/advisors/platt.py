"""Platt advisors: claims kept in their order, their level corrected by one number for each agent [Platt1999].

    advice = sigma(logit q + theta)

    platt_online   theta += eta (y - advice) at each verified outcome y, the advice as it would be just before
    platt_batch    theta refitted at each: the mean advice on the attempts remembered = their success rate

Claims of 0 and 1 have no logit: they are moved into [eps, 1 - eps], and so is the success rate that theta is fitted to.
eps is 1e-9 or more, for 1 - eps must be a number below 1.
A claim shifted by a constant number of logits gives the same batch advice, so a standing exaggeration is undone where a
single one is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, Lt

from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.portable import expit, logit
from sim.standing.advisors.advisor import Lesson, Posted, inside, verdicts
from sim.standing.reputation import State

Eps = Annotated[float, Ge(1e-9), Lt(0.5)]
_STEPS = 60  # Newton steps at most; some 6 are needed
_CLOSE = 1e-14  # error of a mean of probabilities that may be rounding


class _Shift:
    """Claims shifted by theta, the first array of the state, in logits. eps: claims are moved into [eps, 1 - eps]."""

    eps: Eps

    explores: ClassVar[bool] = False
    index: ClassVar[bool] = False

    @property
    def reads_claims(self) -> bool:
        """Yes."""
        return True

    def read(self, state: State, posted: Posted) -> FloatArray:
        """The claim shifted."""
        return np.asarray(expit(logit(inside(posted.claim, self.eps)) + state[0]))


@dataclass(frozen=True, kw_only=True)
class PlattOnline(_Shift):
    """theta follows the errors of the advice one by one. eta: logits per unit of error.

    >>> rule = PlattOnline(eta=0.5, eps=0.001)
    >>> state = rule.step(rule.init(2), Lesson(np.array([1, 0]), np.array([0.5, 0.5])))
    >>> state[0].tolist()
    [0.25, -0.25]
    """

    eta: Annotated[float, Gt(0), Le(100)]
    eps: Eps
    by_family: bool = False

    def init(self, n_agents: int) -> State:
        """theta = 0: claims are believed."""
        return (np.zeros(n_agents),)

    def step(self, state: State, seen: Lesson) -> State:
        """One step against each verified error."""
        passed, verified = verdicts(seen)
        claim = np.where(verified, seen.claim, 0.5)
        error = np.where(passed, 1.0, 0.0) - expit(logit(inside(claim, self.eps)) + state[0])
        return (state[0] + np.where(verified, self.eta * error, 0.0),)


@dataclass(frozen=True, kw_only=True)
class PlattBatch(_Shift):
    """theta fitted to the last `memory` verified attempts of the agent; before the first, claims are believed.

    >>> rule = PlattBatch(eps=0.001, memory=10)
    >>> state = rule.init(1)
    >>> for status in (1, 0):
    ...     state = rule.step(state, Lesson(np.array([status]), np.array([0.9])))
    >>> rule.read(state, Posted(np.array([0.9]))).round(12).tolist()
    [0.5]
    """

    eps: Eps
    memory: Annotated[int, Ge(1), Le(100_000)]
    by_family: bool = False

    def init(self, n_agents: int) -> State:
        """theta (n,); verified attempts so far (n,); logit claims and successes of those remembered (n, memory)."""
        past = n_agents, self.memory
        return np.zeros(n_agents), np.zeros(n_agents), np.zeros(past), np.zeros(past)

    def step(self, state: State, seen: Lesson) -> State:
        """Remember each verified attempt in the place of the oldest, and fit theta again."""
        passed, verified = verdicts(seen)
        theta, count, claims, outcomes = (array.copy() for array in state)
        who = np.nonzero(verified)
        place = (*who, count[who].astype(np.int64) % self.memory)
        claims[place], outcomes[place] = logit(inside(seen.claim[who], self.eps)), passed[who]
        count[who] += 1.0
        held = np.arange(self.memory) < count[who][:, None]
        theta[who] = fitted_shift(claims[who], outcomes[who], held, self.eps)
        return theta, count, claims, outcomes


def fitted_shift(logits: FloatArray, outcomes: FloatArray, held: BoolArray, eps: float) -> FloatArray:
    """theta (M,) at which the mean of sigma(logits + theta) over the held cells is their rate of success.

    logits, outcomes (0 or 1), held: (M, H), at least one cell held in each row. The rate is moved into [eps, 1 - eps].
    Newton's method inside a bracket, each row on its own.
    """
    count = np.add.reduce(held, axis=-1, dtype=np.int64).astype(np.float64)
    rate = inside(_sum(np.where(held, outcomes, 0.0)) / count, eps)
    goal = logit(rate)
    low = goal - np.max(np.where(held, logits, -np.inf), axis=-1, initial=-np.inf)
    high = goal - np.min(np.where(held, logits, np.inf), axis=-1, initial=np.inf)
    theta = 0.5 * (low + high)
    for _ in range(_STEPS):
        p = expit(logits + theta[:, None])
        error = _sum(np.where(held, p, 0.0)) / count - rate
        slope = _sum(np.where(held, p * (1.0 - p), 0.0)) / count
        low, high = np.where(error > 0, low, theta), np.where(error > 0, theta, high)
        moved = theta - error / slope
        moved = np.where((moved > low) & (moved < high), moved, 0.5 * (low + high))
        done = np.abs(error) <= _CLOSE
        if done.all():
            break
        theta = np.where(done, theta, moved)
    return np.asarray(theta)


def _sum(cells: FloatArray) -> FloatArray:
    """Sum (M,) along the last axis, one addition after the other, however the array lies in memory."""
    return np.asarray(np.add.accumulate(cells, axis=-1)[..., -1])
