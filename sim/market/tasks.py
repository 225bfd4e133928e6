"""What principals want done, and what the allocator knows before the market opens.

Index convention: R replications, T tasks, n agents, P postings, K tries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.draws import derived
from sim.market.rules import Rules
from sim.standing.sources import family_codes
from sim.world.world import World


@dataclass(frozen=True, eq=False)
class Tasks:
    """The tasks of a market.

    names (T,), agents (n,). arrival (R, T) ticks; value, reserve, penalty (R, T) dollars; owner (R, T): place of the
    principal. family (T,): places among n_families, 0 where advice is not by family. lottery, exploration (R, T, P, n),
    silent (R, T, n), unasked (R, T): as in `World`.
    """

    names: tuple[str, ...]
    agents: tuple[str, ...]
    arrival: IntArray
    value: FloatArray
    reserve: FloatArray
    penalty: FloatArray
    owner: IntArray
    family: IntArray
    n_families: int
    lottery: FloatArray
    exploration: FloatArray | None
    silent: BoolArray | None
    unasked: BoolArray | None

    @classmethod
    def of(cls, world: World, rules: Rules) -> Self:
        """Those of a World."""
        family, n_families = family_codes(world.family, by_family=rules.advisor is not None and rules.advisor.by_family)
        return cls(
            names=world.tasks,
            agents=world.agents,
            arrival=world.arrival,
            value=world.value,
            reserve=world.reserve,
            penalty=rules.penalty_in(world),
            owner=world.owner,
            family=family,
            n_families=n_families,
            lottery=world.lottery,
            exploration=world.exploration,
            silent=world.silent,
            unasked=world.unasked,
        )

    def luck(self, purpose: str, at: tuple[int, int], posting: int, agent: int) -> float:
        """A uniform draw of this purpose for an agent's attempt at a posting; the same under every mechanism."""
        return float(derived(self.lottery[(*at, posting, agent)], purpose))

    @property
    def shape(self) -> tuple[int, int]:
        """(R, T)."""
        return self.reserve.shape[0], self.reserve.shape[1]

    @property
    def n_agents(self) -> int:
        """n."""
        return len(self.agents)


@dataclass(frozen=True, eq=False)
class Known:
    """Expected cost and advice where they are not learned: (R, T, n), or (R, T, n, K) where of each try an oracle."""

    cost: NDArray[Any]
    advice: NDArray[Any]

    @classmethod
    def of(cls, world: World, rules: Rules) -> Self:
        """From the records, pilots and oracles that a World holds."""
        source, shape = rules.expected_cost, world.belief.shape
        cost = np.broadcast_to(np.float64(source.dollars), shape)
        if source.kind == "actual":
            cost = world.cost
        elif source.kind == "record" and world.record_cost is not None:
            cost = world.record_cost
        advice: NDArray[Any] | None = {
            "record": world.record_advice,
            "ability": world.ability,
            "planner": world.pilot,
        }.get(rules.advice or "")
        if rules.advice == "outcome":
            advice = world.delivered
        return cls(cost, np.broadcast_to(np.nan, shape) if advice is None else advice)

    def at(self, at: tuple[int, ...], tries: IntArray) -> tuple[FloatArray, FloatArray]:
        """Both (..., n) for agents with these many tries (..., n) at the task."""
        return _next(self.cost, at, tries), _next(self.advice, at, tries)


def _next(array: NDArray[Any], at: tuple[int, ...], tries: IntArray) -> FloatArray:
    here: NDArray[Any] = array[at]
    if here.ndim == tries.ndim:
        return here
    last = here.shape[-1] - 1
    chosen = np.take_along_axis(here, np.minimum(tries, last)[..., None], axis=-1)[..., 0]
    return np.asarray(chosen, np.float64)
