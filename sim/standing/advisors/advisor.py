"""What an advisor is: an (init, step, read) triple of pure functions.

Index convention: ... what the caller batches, n agents. A state is a tuple of arrays (..., n) or, where an advisor
remembers single attempts, (..., n, memory). An advisor that learns by family is handed the state of one family at a
time: engines keep one state for each and pick the task's own.

Only verified outcomes teach: PASS and FAIL count, an attempt lost to the system (INFRA) leaves everything as it was.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import BoolArray, FloatArray, Status
from sim.standing.reputation import State

_FAIL, _PASS = int(Status.FAIL), int(Status.PASS)


class Lesson(NamedTuple):
    """Completed attempts, (..., n): `Status` codes, NONE where nothing completed; the claim of the bid that won."""

    status: NDArray[Any]
    claim: FloatArray


class Posted(NamedTuple):
    """A posting as an advisor sees it, (..., n): the claims bid, NaN where there is none; a uniform draw in (0, 1).

    uniform: independent of the lottery that breaks ties; None where the advisor does not explore.
    """

    claim: FloatArray
    uniform: FloatArray | None = None


class Advisor(Protocol):
    """Turns claims and verified outcomes into advice.

    explores: `read` needs a uniform draw. index: the advice is an optimistic index, which may exceed 1, and no
    probability. by_family: one state for each family of tasks. reads_claims: the advice depends on the claims bid, so
    that agents must be asked for bids.
    """

    explores: ClassVar[bool]
    index: ClassVar[bool]

    @property
    def by_family(self) -> bool:
        """It keeps one record for each family."""

    @property
    def reads_claims(self) -> bool:
        """Without bids there is no advice."""

    def init(self, n_agents: int) -> State:
        """State before anything was seen."""

    def step(self, state: State, seen: Lesson) -> State:
        """State after completed attempts; agents without a verified outcome keep theirs."""

    def read(self, state: State, posted: Posted) -> FloatArray:
        """Advice (..., n), or (n,) where it is the same for every posting; NaN where it needs a claim and has none."""


def verdicts(seen: Lesson) -> tuple[BoolArray, BoolArray]:
    """Masks (..., n): verified as a success; verified at all."""
    passed = seen.status == _PASS
    return passed, passed | (seen.status == _FAIL)


def inside(claim: FloatArray, eps: float) -> FloatArray:
    """Claims moved into [eps, 1 - eps], where logits are finite; NaN stays."""
    return np.minimum(np.maximum(claim, eps), 1.0 - eps)


class Counting:
    """Advisors that count, and read no claims. State: passes S and verified outcomes N of each agent, (..., n)."""

    explores: ClassVar[bool] = False
    index: ClassVar[bool] = False

    @property
    def reads_claims(self) -> bool:
        """No."""
        return False

    @property
    def by_family(self) -> bool:
        """No, unless an advisor has it as a parameter."""
        return False

    def init(self, n_agents: int) -> State:
        """S and N, none yet."""
        return np.zeros(n_agents), np.zeros(n_agents)

    def step(self, state: State, seen: Lesson) -> State:
        """Count the verified outcomes."""
        passed, verified = verdicts(seen)
        return state[0] + passed, state[1] + verified
