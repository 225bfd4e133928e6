"""What the allocator learns of each agent: (init, step, read) triples of pure functions over state arrays.

A learner's state is a tuple of (..., n) arrays. `init` makes it, `step` folds in the outcomes of completed attempts
and returns a new state, `read` turns it into one field of `Standing`. Nothing is mutated, so a state read at one
clearing is never changed by a later completion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, Protocol

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from sim.kit.arrays import FloatArray, Status
from sim.kit.kinds import Registry

State = tuple[FloatArray, ...]

# Plain integers: looking up an enum member costs as much as the comparison it is for.
_NONE, _FAIL, _PASS = int(Status.NONE), int(Status.FAIL), int(Status.PASS)


class Outcome(NamedTuple):
    """What completed attempts showed. status (..., n) `Status` codes, NONE where nothing completed; cost (..., n)."""

    status: NDArray[Any]
    cost: FloatArray


class Learner(Protocol):
    """A field of `Standing` that changes as attempts complete. State arrays are (n_agents,) in a market."""

    def init(self, n_agents: int) -> State:
        """State before anything was seen."""

    def step(self, state: State, outcome: Outcome) -> State:
        """State after the outcomes; agents with status NONE keep theirs."""

    def read(self, state: State) -> FloatArray:
        """The field of `Standing`, (..., n)."""


@dataclass(frozen=True)
class LiveReputation:
    """Reputation of the live engine: start 1, +.06 on PASS, -.20 on FAIL, clamped to [.5, 1.25]; INFRA leaves it.

    It has no drift at success rate down / (up + down) = .769. Source: [AE].

    >>> rule = LiveReputation()
    >>> state = rule.init(3)
    >>> status = np.array([Status.PASS, Status.FAIL, Status.INFRA])
    >>> rule.read(rule.step(state, Outcome(status, np.zeros(3)))).tolist()
    [1.06, 0.8, 1.0]
    """

    start: Annotated[float, Ge(0)] = 1.0
    up: Annotated[float, Ge(0)] = 0.06
    down: Annotated[float, Ge(0)] = 0.20
    low: Annotated[float, Ge(0)] = 0.50
    high: Annotated[float, Ge(0)] = 1.25

    def init(self, n_agents: int) -> State:
        """Everybody at `start`."""
        return (np.full(n_agents, self.start),)

    def step(self, state: State, outcome: Outcome) -> State:
        """One step up for each PASS, one down for each FAIL, then the clamp."""
        passed, failed = outcome.status == _PASS, outcome.status == _FAIL
        moved = state[0] + np.where(passed, self.up, 0.0) - np.where(failed, self.down, 0.0)
        clamped = np.minimum(np.maximum(moved, self.low), self.high)
        return (np.where(passed | failed, clamped, state[0]),)

    def read(self, state: State) -> FloatArray:
        """The reputation itself."""
        return state[0]


@dataclass(frozen=True)
class ExponentialReputation:
    """Exponentially weighted mean of verified outcomes y: r <- r + weight (y - r); INFRA leaves it.

    An outcome counts half after ln .5 / ln(1 - weight) more of them. At a constant success rate q the mean is q and the
    variance weight q (1 - q) / (2 - weight) in the long run.

    >>> rule = ExponentialReputation(weight=0.25)
    >>> status = np.array([Status.PASS, Status.FAIL, Status.INFRA])
    >>> rule.read(rule.step(rule.init(3), Outcome(status, np.zeros(3)))).tolist()
    [1.0, 0.75, 1.0]
    """

    weight: Annotated[float, Gt(0), Le(1)]
    start: Annotated[float, Ge(0), Le(1)] = 1.0

    def init(self, n_agents: int) -> State:
        """Everybody at `start`."""
        return (np.full(n_agents, self.start),)

    def step(self, state: State, outcome: Outcome) -> State:
        """A step of `weight` towards 1 for each PASS, towards 0 for each FAIL."""
        passed, failed = outcome.status == _PASS, outcome.status == _FAIL
        moved = state[0] + self.weight * (np.where(passed, 1.0, 0.0) - state[0])
        return (np.where(passed | failed, moved, state[0]),)

    def read(self, state: State) -> FloatArray:
        """The mean itself."""
        return state[0]


@dataclass(frozen=True)
class BetaReputation:
    """Mean of a Beta posterior of the success rate, (a + S) / (a + b + N), from S passes in N verified outcomes.

    a, b: successes and failures the prior is worth. decay: what earlier outcomes are multiplied by at each new one of
    the same agent; 1 forgets nothing. INFRA leaves it.

    >>> rule = BetaReputation()
    >>> status = np.array([Status.PASS, Status.FAIL, Status.INFRA])
    >>> rule.read(rule.step(rule.init(3), Outcome(status, np.zeros(3)))).round(4).tolist()
    [0.6667, 0.3333, 0.5]
    """

    a: Annotated[float, Gt(0)] = 1.0
    b: Annotated[float, Gt(0)] = 1.0
    decay: Annotated[float, Gt(0), Le(1)] = 1.0

    def init(self, n_agents: int) -> State:
        """Passes and verified outcomes, none yet."""
        return np.zeros(n_agents), np.zeros(n_agents)

    def step(self, state: State, outcome: Outcome) -> State:
        """Count the outcomes, after the earlier ones have faded."""
        passed = outcome.status == _PASS
        verified = passed | (outcome.status == _FAIL)
        kept = np.where(verified, self.decay, 1.0)
        return state[0] * kept + np.where(passed, 1.0, 0.0), state[1] * kept + np.where(verified, 1.0, 0.0)

    def read(self, state: State) -> FloatArray:
        """The posterior mean."""
        return (self.a + state[0]) / (self.a + self.b + state[1])


@dataclass(frozen=True)
class RunningMeanCost:
    """Expected cost as the mean of the attempts seen so far, with a prior worth `weight` attempts at `prior` dollars.

    (weight prior + sum of costs) / (weight + attempts); every completed attempt counts, whatever its status.
    """

    prior: Annotated[float, Ge(0)]
    weight: Annotated[float, Ge(1e-9)] = 1.0

    def init(self, n_agents: int) -> State:
        """Sum of costs and number of attempts, the prior included."""
        return np.full(n_agents, self.prior * self.weight), np.full(n_agents, self.weight)

    def step(self, state: State, outcome: Outcome) -> State:
        """Add the completed attempts."""
        seen = outcome.status != _NONE
        return state[0] + np.where(seen, outcome.cost, 0.0), state[1] + np.where(seen, 1.0, 0.0)

    def read(self, state: State) -> FloatArray:
        """The mean."""
        return state[0] / state[1]


@dataclass(frozen=True)
class OwnStarts:
    """A reputation rule under which agents start apart. of: the rule with each agent's own start, alike otherwise."""

    of: tuple[Learner, ...]

    def init(self, n_agents: int) -> State:
        """Everybody at its own start; n_agents must be theirs."""
        if n_agents != len(self.of):
            raise ValueError(f"n_agents must be {len(self.of)}, one for each start; got {n_agents}")
        return tuple(np.concatenate(columns) for columns in zip(*(rule.init(1) for rule in self.of), strict=True))

    def step(self, state: State, outcome: Outcome) -> State:
        """The rule's step."""
        return self.of[0].step(state, outcome)

    def read(self, state: State) -> FloatArray:
        """The rule's reading."""
        return self.of[0].read(state)


@dataclass(frozen=True)
class OneName:
    """A reputation rule under which several agents work under one name: what one does counts for all of them.

    together: places of the agents of each such name. Of agents whose attempts complete in one step the first counts.
    """

    rule: Learner
    together: tuple[tuple[int, ...], ...]

    def init(self, n_agents: int) -> State:
        """The rule's own, as the first of them starts."""
        return tuple(self._alike(array) for array in self.rule.init(n_agents))

    def step(self, state: State, outcome: Outcome) -> State:
        """The rule's step, after the outcomes of each name have become those of all its agents."""
        status = outcome.status.copy()
        for places in self.together:
            of = [slice(place, place + 1) for place in places]
            one = outcome.status[..., of[0]]
            for other in of[1:]:
                one = np.where(one == _NONE, outcome.status[..., other], one)
            for here in of:
                status[..., here] = one
        return self.rule.step(state, Outcome(status, outcome.cost))

    def read(self, state: State) -> FloatArray:
        """The rule's reading."""
        return self.rule.read(state)

    def _alike(self, array: FloatArray) -> FloatArray:
        found = array.copy()
        for first, *others in self.together:
            found[..., others] = array[..., first]
        return found


_METHODS = {"init": "n_agents", "step": "state, outcome", "read": "state"}
REPUTATIONS: Registry[str, type[Any]] = Registry(
    "reputation",
    "decorate a frozen dataclass with @register_reputation('name')",
    methods=_METHODS,
    own={"agent_economy": LiveReputation, "exponential": ExponentialReputation, "beta": BetaReputation},
)
COST_LEARNERS: Registry[str, type[Any]] = Registry(
    "cost_learner",
    "decorate a frozen dataclass with @register_cost_learner('name')",
    methods=_METHODS,
    own={"running_mean": RunningMeanCost},
)
