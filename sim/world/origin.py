"""Where a scenario's agents come from: a recorded table, or a profile to draw from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sim.bundled import find_profile
from sim.kit.errors import ScenarioError
from sim.population.profile import Profile, read_profile
from sim.population.profile_draws import draws_beside, read_draws
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import WorldSpec
from sim.tables.table import Recorded, read_table
from sim.world.history import Base
from sim.world.recorded import recorded_base
from sim.world.synthetic import kept_agents, synthetic_base, task_names, turned_profile


class Origin(Protocol):
    """Makes the World of an arm; all arms of a scenario have the same agents and tasks."""

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the agents that take part."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks of a replication."""

    @property
    def n_tries(self) -> int:
        """Tries of one agent at one task that a table holds; 1 for a profile, which draws what is needed."""

    def base(self, spec: WorldSpec, seed: int, replications: int, first: int = 0) -> Base:
        """The World of arms with this spec before records: replications first, ..., first + replications - 1."""


@dataclass(frozen=True, eq=False)
class TableOrigin:
    """Agents and tasks of a recorded table."""

    recorded: Recorded
    agents: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the table's tasks."""
        return self.recorded.tasks

    @property
    def n_tries(self) -> int:
        """Trials recorded."""
        return int(self.recorded.success.shape[-1])

    def base(self, spec: WorldSpec, seed: int, replications: int, first: int = 0) -> Base:
        """The table with everything else drawn."""
        return recorded_base(self.recorded, spec, seed, replications, first)


@dataclass(frozen=True, eq=False)
class ProfileOrigin:
    """Agents of a profile, with as many tasks as the scenario asks for."""

    profile: Profile
    bootstrap: Sequence[Profile]
    agents: tuple[str, ...]
    tasks: tuple[str, ...]

    @property
    def n_tries(self) -> int:
        """1."""
        return 1

    def base(self, spec: WorldSpec, seed: int, replications: int, first: int = 0) -> Base:
        """A World drawn from the profile."""
        return synthetic_base(self.profile, self.bootstrap, spec, seed, replications, first)

    def check(self, world: WorldSettings) -> None:
        """Raise ScenarioError where the scenario's changes do not go with one of the profile's parameter draws."""
        for number, drawn in enumerate(self.bootstrap):
            try:
                turned_profile(drawn, world, self.agents)
            except ScenarioError as error:
                raise ScenarioError(f"parameter draw {number}: {error}") from None


def load_origin(world: WorldSettings, folder: Path) -> Origin:
    """The origin that [world] names, paths starting in `folder`; raises TableError or ScenarioError in one line."""
    if world.table is not None:
        recorded = read_table(folder / world.table, world.columns or {})
        return TableOrigin(recorded, tuple(world.agents) if isinstance(world.agents, list) else recorded.agents)
    path = find_profile(world.profile or "", folder)
    profile = read_profile(path)
    bootstrap = read_draws(draws_beside(path), profile) if world.parameters == "bootstrap" else []
    return ProfileOrigin(profile, bootstrap, kept_agents(profile, world), task_names(world.tasks or 0))


def input_files(world: WorldSettings, folder: Path) -> list[Path]:
    """The files that [world] reads, to be hashed and kept with a run."""
    if world.table is not None:
        return [folder / world.table]
    path = find_profile(world.profile or "", folder)
    return [path, *([draws_beside(path)] if world.parameters == "bootstrap" else [])]
