"""Words that name draws, as symbols: what a formula of a World makes of them is a graph.

A formula (sim/world/formula.py) is called once with a symbol for each axis, and gives what it would give of one
replication, task, posting and try: a vector over agents, or a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sim.compiled.trace.graph import Node, UntraceableError
from sim.compiled.trace.traced import Traced, lifted
from sim.kit import draws
from sim.population.population import Piece
from sim.population.profile import Profile


class SymbolicWords:
    """The word of one axis, "r", "t", "p", "i" or "k", or of the task's family, "f". n_agents: along "i"."""

    def __init__(self, axis: str, n_agents: int) -> None:
        self.axis, self.n_agents = axis, n_agents

    def __len__(self) -> int:
        return self.n_agents if self.axis == "i" else 1

    def __getitem__(self, key: Any) -> Any:
        raise UntraceableError("words are picked")

    def uniform(self, seed: int, purpose: str, identities: Sequence[Any]) -> Traced:
        """The draw of that name; this is the first of the identities."""
        axes = [one.axis if isinstance(one, SymbolicWords) else None for one in identities]
        if axes[0] != "r" or None in axes:
            raise UntraceableError(f"draws for {purpose!r} that do not go by replication first")
        length = self.n_agents if "i" in axes else None
        return Traced(Node("uniform", (seed, purpose, "".join(map(str, axes[1:]))), "f", length))

    def piece(self, profile: Profile, seed: int, words: Sequence[SymbolicWords]) -> Piece:
        """The population of these words; this is the first of them."""
        return SymbolicPiece(profile, seed, words)


class SymbolicPiece(Piece):
    """The formulas of a population followed with symbols, of one task and one try."""

    def __init__(self, profile: Profile, seed: int, words: Sequence[Any]) -> None:
        """words: replication, task, agent, try."""
        self.profile, self.seed = profile, seed
        self.r, self.t, self.i, self.k = words
        self.agents = list(profile.agents.values())
        self._skill = self._overconfidence = 0.0  # type: ignore[assignment]

    def _normal(self, purpose: str, *identities: Any) -> Any:
        return draws.normal(self.seed, purpose, self.r, *identities)

    def _uniform(self, purpose: str, *identities: Any) -> Any:
        return self.r.uniform(self.seed, purpose, (self.r, *identities))  # type: ignore[attr-defined]

    def _over_agents(self, of_tasks: Any) -> Any:
        return of_tasks

    def _over_tries(self, of_agents: Any) -> Any:
        return of_agents

    def _of_agents(self, values: Iterable[float], *, tries: bool = False) -> Any:
        return lifted(np.array([list(values)]))

    def _on_grids(self, claim: Any) -> Any:
        grids = tuple(None if agent.grid is None else tuple(agent.grid) for agent in self.agents)
        if not any(grids):
            return claim
        node = claim.node
        return Traced(Node("on_grid", (node, grids), "f", node.length))

    def _family_fit(self) -> Any:
        return self._normal("family fit", SymbolicWords("f", len(self.i)), self.i)
