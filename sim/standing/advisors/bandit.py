"""Bandit advisors: advice that explores. Claims change nothing.

    thompson   a draw from the Beta(1 + S, 1 + F) posterior, by inversion of the posting's own uniform [Thompson1933]
    ucb1       S / N + sqrt(2 ln t / N); agents without a verified outcome first [Auer2002]

S passes and F failures in the agent's N = S + F verified attempts, t those of all agents (in the task's family,
by_family). An outcome counts once its attempt has ended, so what is still running has taught nothing. Rewards are
successes: what an attempt costs is the router's to weigh. Paying the critical ask makes each round truthful in ask,
not the sequence of rounds [Babaioff2009].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.kit.arrays import FloatArray
from sim.kit.portable import log
from sim.standing.advisors.advisor import Counting, Posted
from sim.standing.reputation import State

UNTRIED = 2.0**20  # index of an agent without a verified outcome: above any that has one


@dataclass(frozen=True, kw_only=True)
class Thompson(Counting):
    """A draw from each agent's Beta(1 + S, 1 + F) posterior, new at every posting of every task.

    Source: [Thompson1933].
    """

    by_family: bool = False

    explores: ClassVar[bool] = True

    def read(self, state: State, posted: Posted) -> FloatArray:
        """The quantile of each posterior at the posting's uniform; raises ValueError where it comes with none."""
        if posted.uniform is None:
            raise ValueError("thompson: needs a uniform draw for each agent of a posting; got none")
        from scipy.special import betaincinv  # slow to load, and few markets need it

        return np.asarray(betaincinv(1.0 + state[0], 1.0 + (state[1] - state[0]), posted.uniform))


@dataclass(frozen=True, kw_only=True)
class UCB1(Counting):
    """mean + sqrt(2 ln t / N): an index, which may exceed 1, and `UNTRIED` where N = 0.

    An index cannot stand in for a probability of success, so only a rule that ranks by it and pays nothing by it takes
    it: the router. There a success is worth value x index, an agent's expected cost is what it is. Source: [Auer2002].

    >>> from sim.standing.advisors import Lesson
    >>> rule = UCB1()
    >>> state = rule.step(rule.init(2), Lesson(np.array([1, 0]), np.full(2, 0.5)))
    >>> rule.read(state, Posted(np.full(2, 0.5))).round(4).tolist()
    [2.1774, 1.1774]
    """

    by_family: bool = False

    index: ClassVar[bool] = True

    def read(self, state: State, posted: Posted) -> FloatArray:
        """The index."""
        tried = state[1] > 0
        count = np.where(tried, state[1], 1.0)
        total = np.add.accumulate(state[1], axis=-1)[..., -1:]
        bonus = np.sqrt(2.0 * log(np.maximum(total, 1.0)) / count)
        return np.where(tried, state[0] / count + bonus, UNTRIED)
