"""Runs a scenario into a folder.

Everything that can be wrong is checked before the first byte is written. Work goes into `DIR.partial`, where each
finished arm is kept: a run that was killed goes on from there when the same command is given again. The folder takes
its name only when it is whole.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.bankroll import bankrolls
from sim.bidding import check_named
from sim.engine import Engine, choose, play, play_alone
from sim.errors import RunError, ScenarioError
from sim.experiment.folder import check_folder, open_partial, partial_of, take_name
from sim.experiment.format import FORMAT
from sim.experiment.run import Given, Run, Worlds, arm_rules, run_info, scenario_origin
from sim.experiment.run_memory import check_memory
from sim.ledger import SCHEMAS, Ledger, arrow_table, categories, read_arrow, write_table
from sim.origin import Origin
from sim.principals import principal_names
from sim.scenario.scenario import Arm, Scenario
from sim.world import World

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, int], None]  # arm, auctions done since the last call
_KEPT = r"arm-\d+\.[a-z]+\.parquet"  # what a run that goes on finds in its folder
_PACKAGES = ("bidlab", "simpy", "numpy", "scipy", "pandas", "pyarrow", "matplotlib", "pydantic")


@dataclass(frozen=True)
class Plan:
    """A scenario that was found sound: its origin, and what identifies the run."""

    scenario: Scenario
    origin: Origin
    digest: str
    engines: Mapping[str, Engine]  # arm -> the engine that plays it
    plugins: Mapping[str, str] = field(default_factory=dict)

    @property
    def info(self) -> dict[str, Any]:
        """What run.json says."""
        return {
            "format": FORMAT,
            "hash": self.digest,
            "seed": self.scenario.seed,
            "engine": dict(self.engines),
            "plugins": dict(self.plugins),
            "versions": versions(),
            "agents": list(self.origin.agents),
            "tasks": list(self.origin.tasks),
            "scenario": self.scenario.resolved,
        }

    @property
    def principals(self) -> list[str]:
        """Names of the principals of all arms."""
        return list(dict.fromkeys(name for arm in self.scenario.arms for name in principal_names(arm.settings.tender)))

    def n_auctions(self, arm: Arm) -> int:
        """Tasks the arm auctions off, each agent's own market counted apart."""
        markets = len(self.origin.agents) if arm.settings.market.alone else 1
        return self.scenario.replications * len(self.origin.tasks) * markets


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide what a run gives."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def plan(scenario: Scenario, plugins: Mapping[str, str] | None = None, engine: str = "auto") -> Plan:
    """Check everything about the scenario that can be checked without running it. engine: as `sim.engine` names them.

    Raises ScenarioError, TableError or RunError in one line.
    """
    engines = {arm.name: choose(engine, arm.settings.terms) for arm in scenario.arms}
    n_tasks = scenario.arms[0].settings.world.tasks
    if n_tasks is not None:
        check_memory(scenario, n_tasks, 1, 1)  # before as many names are made
    origin = scenario_origin(scenario)
    check_memory(scenario, len(origin.tasks), len(origin.agents), origin.n_tries)
    check_arms(scenario, origin)
    return Plan(scenario, origin, scenario.digest(plugins), engines, plugins or {})


def check_arms(scenario: Scenario, origin: Origin) -> None:
    """Raise ScenarioError where the World or the rules of an arm cannot be made."""
    worlds = Worlds(scenario, origin, replications=1)
    for arm in scenario.arms:
        try:
            for market in _markets(arm, worlds.of(arm)):
                arm_rules(arm, market)
        except ScenarioError as error:
            raise ScenarioError(f"{scenario.name}: arm {arm.name!r}: {error}") from None


def _markets(arm: Arm, world: World) -> list[World]:
    """The Worlds the arm plays in; raises ScenarioError where it names an agent that is in none of them."""
    if not arm.settings.market.alone:
        return [world]
    bidders = arm.settings.bidders
    check_named(bidders.agents, world.agents)
    bankrolls(bidders.bankroll, world.agents)
    return [world.only(agent) for agent in range(world.n_agents)]


def execute(
    plan: Plan,
    folder: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    finish: Callable[[Run], None] | None = None,
) -> Path:
    """Run the plan and put its results into `folder`; returns it.

    finish: called with the run in the folder being made once the ledger is whole, to add what is computed from it.
    Raises RunError where the folder holds something else or cannot be written.
    """
    check_folder(folder, plan.info, force)
    partial = partial_of(folder)
    clock: dict[str, Any] = {"started": time.time(), "seconds": {}}
    worlds = Worlds(plan.scenario, plan.origin)
    try:
        open_partial(partial, plan.info, plan.scenario.inputs, _KEPT)
        for place, arm in enumerate(plan.scenario.arms):
            begun = time.perf_counter()
            resumed = _run_arm(plan, place, worlds, partial, progress)
            clock["seconds"][arm.name] = "kept from an earlier start" if resumed else time.perf_counter() - begun
        _join(partial, len(plan.scenario.arms))
        if finish is not None:
            finish(Run(partial, run_info(partial) or {}, plan.scenario, Given(worlds=worlds)))
        clock["finished"] = time.time()
        (partial / "clock.json").write_text(json.dumps(clock, indent=2) + "\n")
        take_name(folder, partial)
    except OSError as error:
        raise RunError(f"--out {folder}: cannot be written: {error.strerror or error}") from None
    return folder


def _arm_files(partial: Path, place: int) -> dict[str, Path]:
    return {name: partial / f"arm-{place:04d}.{name}.parquet" for name in SCHEMAS}


def in_memory(plan: Plan, progress: Progress | None = None) -> Run:
    """Run the plan and keep its ledger and Worlds in memory; nothing is written."""
    worlds = Worlds(plan.scenario, plan.origin)
    ledger = Ledger.of([arm_tables(plan, place, worlds, progress) for place in range(len(plan.scenario.arms))])
    return Run(None, json.loads(json.dumps(plan.info)), plan.scenario, Given(ledger, worlds))


def _run_arm(plan: Plan, place: int, worlds: Worlds, partial: Path, progress: Progress | None) -> bool:
    """Run one arm and keep its tables; True where they were there already."""
    arm, files = plan.scenario.arms[place], _arm_files(partial, place)
    if all(path.is_file() for path in files.values()):
        if progress is not None:
            progress(arm.name, plan.n_auctions(arm))
        return True
    for name, table in arm_tables(plan, place, worlds, progress).items():
        unfinished = files[name].with_suffix(".tmp")
        write_table(table, unfinished)
        unfinished.replace(files[name])
    return False


def arm_tables(plan: Plan, place: int, worlds: Worlds, progress: Progress | None = None) -> dict[str, pa.Table]:
    """Play arm number `place`; its rows of each table of the ledger."""
    arm = plan.scenario.arms[place]
    world = worlds.of(arm)
    tick = None if progress is None else (lambda done: progress(arm.name, done))
    engine = plan.engines[arm.name]
    if arm.settings.market.alone:
        tables = play_alone(engine, world, lambda alone: arm_rules(arm, alone), progress=tick)
    else:
        tables = play(engine, world, arm_rules(arm, world), progress=tick)
    principals = plan.principals
    names = categories([a.name for a in plan.scenario.arms], plan.origin.agents, plan.origin.tasks, principals)
    own = np.array([principals.index(name) for name in world.principals])
    tables["clearings"]["principal"] = own[tables["clearings"]["principal"]]
    for columns in tables.values():
        columns["arm"] = np.full(len(columns["task"]), place)
    return {name: arrow_table(name, columns, names) for name, columns in tables.items()}


def _join(partial: Path, n_arms: int) -> None:
    """One file per table out of one per arm and table."""
    parts = [_arm_files(partial, place) for place in range(n_arms)]
    for name in SCHEMAS:
        unfinished = partial / f"{name}.tmp"
        write_table(read_arrow([part[name] for part in parts]), unfinished)
        unfinished.replace(partial / f"{name}.parquet")
    for part in parts:
        for path in part.values():
            path.unlink()
