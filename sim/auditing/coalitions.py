"""Deviations of k agents and of m names, for one rule and agent: a ring, Sybils, and a shill of the principal.

All draws serve the ring and the shill; Sybils, who try pairs of bids for every type, take the first TYPES and DRAWS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.auditing.crowd import Gain
from sim.auditing.lies import Grid, Lies
from sim.auditing.problem import Problem, Types
from sim.auditing.rings import ring
from sim.auditing.shills import shill
from sim.auditing.sybils import Best, sybil
from sim.kit import draws
from sim.kit.arrays import FloatArray
from sim.kit.errors import RunError

TYPES, DRAWS = 100, 1000  # of Sybils, at most
GRID = Grid(9, 4)


@dataclass(frozen=True)
class Coalitions:
    """How many collude. ring: k agents; names: m of one agent."""

    ring: int = 2
    names: int = 2

    def __post_init__(self) -> None:
        for name, count in vars(self).items():
            if count < 2:
                raise RunError(f"{name} {count}: must be >= 2")

    def admit(self, agents: Sequence[str]) -> None:
        """Raise RunError where the ring is of more agents than there are."""
        if self.ring > len(agents):
            raise RunError(f"ring {self.ring}: must be from 2 to the {len(agents)} agents there are")

    def __str__(self) -> str:
        return (
            f"coalitions: rings of {self.ring}, the agent and those after it; {self.names} names; one shill; names and "
            f"shills bid {GRID}; Sybils over at most {TYPES} types and {DRAWS} draws"
        )


def coalition_cells(problem: Problem, tried: Coalitions, seed: int) -> dict[str, Any]:
    """What coalitions gain, as cells of the audit's table; none where the rule asks for no bids."""
    if not problem.rule.capabilities.solicits_bids:
        return {}
    most, size = problem.rule.capabilities.most_agents, problem.draws.ask.shape[1]
    cells: dict[str, Any] = {}
    if tried.ring <= size:
        found = ring(problem, tried.ring)
        cells = {"ring_utility": found.gain.base} | _cells("ring", found.gain) | _cells("fixed", found.fixed)
    room = np.inf if most is None else most - size
    lottery = draws.uniform(
        seed, "audit names", draws.words_range(len(problem.draws)), draws.words_range(tried.names - 1)
    )
    if tried.names - 1 <= room:
        cells |= _sybils(_few(problem), lottery[:DRAWS])
    if room >= 1:
        shilled = shill(problem, lottery[:, 0], GRID)
        if shilled is not None:
            cells["principal_money"] = shilled.blind.base
            cells |= _cells("shill", shilled.blind) | _cells("shill_seen", shilled.seen)
    return cells


def _few(problem: Problem) -> Problem:
    types: dict[str, Any] = {
        name: None if array is None else array[:TYPES] for name, array in vars(problem.types).items()
    }
    return replace(problem, types=Types(**types), draws=problem.draws.cut(slice(DRAWS)))


def _sybils(problem: Problem, lottery: FloatArray) -> dict[str, Any]:
    menu = Lies(GRID.asks, np.ones(GRID.n_asks)) if problem.rule.promises.claim_ignored else GRID.joint()
    found = sybil(problem, lottery, menu)
    return {
        "truth_utility": found.always.base,
        **_cells("copies", found.always),
        **_named("copies", found.copies),
        "one_name_utility": found.bids.interim.base,
        **_named("names", found.bids),
    }


def _named(name: str, found: Best) -> dict[str, Any]:
    return _cells(f"{name}_interim", found.interim) | _cells(f"{name}_ex_post", found.ex_post)


def _cells(name: str, found: Gain) -> dict[str, Any]:
    low, high = found.interval
    return {
        f"{name}_gain": found.mean,
        f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_se": found.high.se,
        f"{name}_share": found.share,
        f"{name}_share_se": found.share_se,
    }
