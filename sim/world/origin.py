"""Where a scenario's agents come from: a recorded table, a profile to draw from, or respondents that are asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from sim.bundled import find_profile
from sim.importing.imported import Imported, import_results
from sim.importing.mapping import ImportSpec
from sim.importing.table_bytes import csv_bytes
from sim.kit.errors import ScenarioError, closest
from sim.live.respondents import Respondents, read_respondents
from sim.live.task_file import LiveTask, read_tasks
from sim.live.who_bids import bidders
from sim.population.profile import Profile, read_profile
from sim.population.profile_draws import draws_beside, read_draws
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import WorldSpec
from sim.tables.table import Recorded, found_columns, read_sheet, read_table
from sim.world import importers as _importers  # noqa: F401 -- it registers the formats
from sim.world.history import Base
from sim.world.live_world import live_base
from sim.world.organisations import with_organisations
from sim.world.recorded import check_graded, recorded_base
from sim.world.second_names import everybody
from sim.world.synthetic import kept_agents, synthetic_base, task_names, turned_profile

IMPORTED, IMPORT_REPORT = "imported.csv", "imported.json"  # where a run keeps imported results


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
    """Agents and tasks of a recorded table. left_out: of results that were imported, what the table does not hold."""

    recorded: Recorded
    agents: tuple[str, ...]
    left_out: tuple[str, ...] = ()

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
        base = synthetic_base(self.profile, self.bootstrap, spec, seed, replications, first)
        named = spec.world.names is not None or spec.world.shill is not None  # whose agents come with the records
        if not named and base.world.agents != self.agents:
            raise ScenarioError(
                "world.organisations: all arms have the same agents; state the same organisations, in the same order, "
                f"in each arm: {', '.join(self.agents)}; got {', '.join(base.world.agents)}"
            )
        return base

    def check(self, world: WorldSettings) -> None:
        """Raise ScenarioError where the scenario's changes do not go with one of the profile's parameter draws."""
        for number, drawn in enumerate(self.bootstrap):
            try:
                turned_profile(drawn, world, kept_agents(self.profile, world))
            except ScenarioError as error:
                raise ScenarioError(f"parameter draw {number}: {error}") from None


@dataclass(frozen=True, eq=False)
class LiveOrigin:
    """Respondents, and the tasks they are asked about."""

    respondents: Respondents
    live_tasks: tuple[LiveTask, ...]
    agents: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks."""
        return tuple(task.name for task in self.live_tasks)

    @property
    def n_tries(self) -> int:
        """1: tries are made as they are asked for."""
        return 1

    def base(self, spec: WorldSpec, seed: int, replications: int, first: int = 0) -> Base:
        """A World in which nothing of the agents is known; everything else is drawn."""
        return live_base(self.live_tasks, self.agents, spec, seed, replications, first)


def load_origin(world: WorldSettings, folder: Path, routers: Collection[str] = ()) -> Origin:
    """The origin that [world] names, paths starting in `folder`; raises TableError or ScenarioError in one line.

    routers: respondents that give advice, and do not bid unless world.agents says so.
    """
    if world.live is not None:
        return _live(read_respondents(folder / world.live), world, routers)
    if world.table is not None:
        recorded, left_out = _recorded(world.table, world, folder)
        check_graded(recorded, world)
        agents = tuple(world.agents) if isinstance(world.agents, list) else recorded.agents
        return TableOrigin(recorded, everybody(agents, world), left_out)
    path = find_profile(world.profile or "", folder)
    profile = read_profile(path)
    bootstrap = read_draws(draws_beside(path), profile) if world.parameters == "bootstrap" else []
    agents = with_organisations(everybody(kept_agents(profile, world), world), world)
    return ProfileOrigin(profile, bootstrap, agents, task_names(world.tasks or 0))


def _live(respondents: Respondents, world: WorldSettings, routers: Collection[str]) -> LiveOrigin:
    if respondents.tasks is None:
        raise ScenarioError(f"{respondents.path}: tasks is missing: name the file of the tasks")
    tasks = read_tasks(respondents.tasks, respondents.file.verify)
    agents = tuple(world.agents) if isinstance(world.agents, list) else bidders(respondents, tasks, routers)
    if not agents:
        raise ScenarioError(f"{respondents.path}: no agent is left beside routers and judges: who is to bid?")
    for name in agents:
        if name not in respondents.agents or agents.count(name) > 1:
            what = (
                f"{name!r} twice" if agents.count(name) > 1 else f"no agent {name!r}{closest(name, respondents.names)}"
            )
            raise ScenarioError(f"world.agents: {what}; the respondents are {', '.join(respondents.names)}")
    return LiveOrigin(respondents, tasks, agents)


def _recorded(table: str | ImportSpec, world: WorldSettings, folder: Path) -> tuple[Recorded, tuple[str, ...]]:
    """The table, and what of imported results is not in it."""
    if isinstance(table, str):
        return read_table(folder / table, world.columns or {}), ()
    made = _imported(table, folder)
    sheet = made.sheet
    scored = {"score": "score"} if "score" in made.columns else {}
    columns = found_columns(sheet, scored, "with world.table.columns.{} = ...")
    return read_sheet(sheet, columns), tuple(made.report.left_out)


def _imported(table: ImportSpec, folder: Path) -> Imported:
    try:
        return import_results(table, folder)
    except ScenarioError as error:
        raise ScenarioError(*(f"world.table.{line}" for line in error.args)) from None


class Input(NamedTuple):
    """What [world] reads, as a run keeps it: under which name, and its bytes. path: of the file that holds them."""

    name: str
    content: Callable[[], bytes]
    path: Path | None = None


def inputs(world: WorldSettings, folder: Path) -> list[Input]:
    """What [world] reads, to be hashed and kept with a run.

    Results that are imported are kept as the table they became, with the SHA-256 of every file of theirs beside it.
    """
    if world.live is not None:
        return [_of_file(path) for path in read_respondents(folder / world.live).files]
    if isinstance(world.table, ImportSpec):
        made = _imported(world.table, folder)
        report = json.dumps(made.report.as_json(), indent=1, ensure_ascii=False) + "\n"
        return [Input(IMPORTED, lambda: csv_bytes(made)), Input(IMPORT_REPORT, report.encode)]
    if world.table is not None:
        path = folder / world.table
        beside = path.with_name(IMPORT_REPORT)
        return [_of_file(path), *([_of_file(beside)] if path.name == IMPORTED and beside.is_file() else [])]
    path = find_profile(world.profile or "", folder)
    return [_of_file(path), *([_of_file(draws_beside(path))] if world.parameters == "bootstrap" else [])]


def _of_file(path: Path) -> Input:
    return Input(path.name, path.read_bytes, path)
