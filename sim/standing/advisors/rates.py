"""Advisors that count: success rates shrunk to a prior worth m attempts.

    base_rate   (m mu + S) / (m + N)      mu: one prior mean for every agent and task
    beta        (m q + S) / (m + N)       q: the agent's own claim on this task, or a fixed mean

S of N verified attempts of the agent (in the task's family, by_family) were passed. Both are means of a Beta posterior
with m prior attempts. With q its own claim the advice tends to the base rate as N grows, whatever the claims say:
level is corrected and discrimination lost, its spread over tasks shrinking by m / (m + N).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from sim.kit.arrays import FloatArray
from sim.standing.advisors.advisor import Counting, Lesson, Posted, verdicts
from sim.standing.reputation import State

Prior = Annotated[float, Gt(0), Le(1e9)]
Probability = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, kw_only=True)
class BaseRate(Counting):
    """(m mu + S) / (m + N), the same for every task. prior: m attempts; mean: mu.

    >>> rule = BaseRate(prior=2.0, mean=0.5)
    >>> seen = Lesson(np.array([1, 0, 2]), np.full(3, 0.9))
    >>> rule.read(rule.step(rule.init(3), seen), Posted(np.full(3, 0.9))).round(4).tolist()
    [0.6667, 0.3333, 0.5]
    """

    prior: Prior
    mean: Probability
    by_family: bool = False

    def read(self, state: State, posted: Posted) -> FloatArray:
        """The shrunken rate."""
        return (self.prior * self.mean + state[0]) / (self.prior + state[1])


@dataclass(frozen=True, kw_only=True)
class Beta:
    """(m q + S) / (m + N), q the agent's own claim, or `mean` where that is stated.

    prior: m attempts. decay: what earlier outcomes of an agent are multiplied by at each new one; 1 forgets nothing.

    >>> rule = Beta(prior=2.0)
    >>> state = rule.step(rule.init(2), Lesson(np.array([1, 0]), np.full(2, 0.5)))
    >>> rule.read(state, Posted(np.array([0.8, 0.8]))).round(4).tolist()
    [0.8667, 0.5333]
    """

    prior: Prior
    mean: Probability | None = None
    decay: Annotated[float, Gt(0), Le(1)] = 1.0
    by_family: bool = False

    explores: ClassVar[bool] = False
    index: ClassVar[bool] = False

    @property
    def reads_claims(self) -> bool:
        """Unless the prior has a mean of its own."""
        return self.mean is None

    def init(self, n_agents: int) -> State:
        """S and N, none yet."""
        return np.zeros(n_agents), np.zeros(n_agents)

    def step(self, state: State, seen: Lesson) -> State:
        """Count the verified outcomes, after the earlier ones have faded."""
        passed, verified = verdicts(seen)
        kept = np.where(verified, self.decay, 1.0)
        return state[0] * kept + passed, state[1] * kept + verified

    def read(self, state: State, posted: Posted) -> FloatArray:
        """The posterior mean."""
        expected = posted.claim if self.mean is None else np.float64(self.mean)
        return (self.prior * expected + state[0]) / (self.prior + state[1])
