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
from typing import Any

import numpy as np

from sim.accounts import recode
from sim.bankroll import bankrolls
from sim.bidding import check_named
from sim.engine import Engine, choose, play, play_alone
from sim.errors import RunError, ScenarioError
from sim.folder import check_folder, open_partial, partial_of, take_name
from sim.ledger import SCHEMAS, arrow_table, categories, read_arrow, write_table
from sim.market.agent import processes_of
from sim.origin import Origin
from sim.principals import principal_names
from sim.run import arm_rules, arm_world, scenario_origin
from sim.run_memory import check_memory
from sim.scenario import Arm, Scenario
from sim.world import World

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
    engines = {arm.name: choose(engine, arm.settings) for arm in scenario.arms}
    n_tasks = scenario.arms[0].settings.world.tasks
    if n_tasks is not None:
        check_memory(scenario, n_tasks, 1, 1)  # before as many names are made
    origin = scenario_origin(scenario)
    check_memory(scenario, len(origin.tasks), len(origin.agents), origin.n_tries)
    check_arms(scenario, origin)
    return Plan(scenario, origin, scenario.digest(plugins), engines, plugins or {})


def check_arms(scenario: Scenario, origin: Origin) -> None:
    """Raise ScenarioError where the World or the rules of an arm cannot be made."""
    for arm in scenario.arms:
        try:
            world = arm_world(scenario, arm, origin, replications=1)
            for market in _markets(arm, world):
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
    processes_of(bidders.process, world.agents)
    return [world.only(agent) for agent in range(world.n_agents)]


def execute(
    plan: Plan,
    folder: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    finish: Callable[[Path], None] | None = None,
) -> Path:
    """Run the plan and put its results into `folder`; returns it.

    finish: called with the folder being made once the ledger is whole, to add what is computed from it.
    Raises RunError where the folder holds something else or cannot be written.
    """
    check_folder(folder, plan.info, force)
    partial = partial_of(folder)
    clock: dict[str, Any] = {"started": time.time(), "seconds": {}}
    try:
        open_partial(partial, plan.info, plan.scenario.inputs, _KEPT)
        for place, arm in enumerate(plan.scenario.arms):
            begun = time.perf_counter()
            resumed = _run_arm(plan, place, arm, partial, progress)
            clock["seconds"][arm.name] = "kept from an earlier start" if resumed else time.perf_counter() - begun
        _join(partial, len(plan.scenario.arms))
        if finish is not None:
            finish(partial)
        clock["finished"] = time.time()
        (partial / "clock.json").write_text(json.dumps(clock, indent=2) + "\n")
        take_name(folder, partial)
    except OSError as error:
        raise RunError(f"--out {folder}: cannot be written: {error.strerror or error}") from None
    return folder


def _arm_files(partial: Path, place: int) -> dict[str, Path]:
    return {name: partial / f"arm-{place:04d}.{name}.parquet" for name in SCHEMAS}


def _run_arm(plan: Plan, place: int, arm: Arm, partial: Path, progress: Progress | None) -> bool:
    """Run one arm and keep its tables; True where they were there already."""
    files = _arm_files(partial, place)
    if all(path.is_file() for path in files.values()):
        if progress is not None:
            progress(arm.name, plan.n_auctions(arm))
        return True
    world = arm_world(plan.scenario, arm, plan.origin)
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
    everybody = range(world.n_agents)
    for party in ("from", "to"):
        tables["accounts"][party] = recode(tables["accounts"][party], everybody, world.n_agents, own)
    for name, columns in tables.items():
        columns["arm"] = np.full(len(columns["task"]), place)
        unfinished = files[name].with_suffix(".tmp")
        write_table(arrow_table(name, columns, names), unfinished)
        unfinished.replace(files[name])
    return False


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
