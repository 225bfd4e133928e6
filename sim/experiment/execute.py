"""Runs a scenario into a folder.

Everything that can be wrong is checked before the first byte is written. Work goes into `DIR.partial`, where each
finished arm is kept: a run that was killed goes on from there when the same command is given again. The folder takes
its name only when it is whole.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.engine import for_run, play, play_alone
from sim.experiment.folder import Say, making, say_who_made, warned, write_clock
from sim.experiment.parts import DamagedPartError, part_bytes, read_part
from sim.experiment.plan import Plan
from sim.experiment.run_folder import Given, Run, Worlds, arm_rules
from sim.experiment.stored import run_info
from sim.experiment.written_scenario import write_written
from sim.kit.at_once import replacing, write_at_once
from sim.kit.errors import RunError
from sim.ledger.ledger import SCHEMAS, Ledger, arrow_table, categories, joined, write_table
from sim.market.accounts import recode
from sim.market.rules import Rules
from sim.market.simulate import Tables
from sim.world.world import World

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, int], None]  # arm, auctions done since the last call
Asked = Callable[[World, Rules, Callable[[int], None] | None], Tables]  # plays a live arm
_KEPT = r"arm-\d+\.[a-z]+\.parquet"  # what a run that goes on finds in its folder


def execute(
    plan: Plan,
    folder: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    finish: Callable[[Run], None] | None = None,
    say: Say = warned,
    asked: Asked | None = None,
) -> Path:
    """Run the plan and put its results into `folder`; returns it.

    finish: called with the run in the folder being made once the ledger is whole, to add what is computed from it.
    say: is given a line for what was found damaged and is played again; absent, it is a warning. force: replace another
    run, or go on with what other versions began. asked: plays an arm of a live scenario. Raises RunError where the
    folder holds something else, another process works on it, or it cannot be written.
    """
    if plan.live and asked is None:
        raise RunError(f"{plan.scenario.name}: is live: play it with `bidlab live`, which takes a budget")
    clock: dict[str, Any] = {"started": time.time(), "seconds": {}}
    worlds = Worlds(plan.scenario, plan.origin)
    with making(folder, plan.info, plan.scenario.inputs, _KEPT, force, joined=True) as partial:
        for place, arm in enumerate(plan.scenario.arms):
            begun = time.perf_counter()
            resumed = _run_arm(plan, place, worlds, partial, progress, say, asked)
            clock["seconds"][arm.name] = "kept from an earlier start" if resumed else time.perf_counter() - begun
        _join(plan, partial)
        write_written(partial, plan.scenario)
        if finish is not None:
            finish(Run(partial, run_info(partial) or {}, plan.scenario, Given(worlds=worlds)))
        write_clock(partial, clock)
    return folder


def _arm_files(partial: Path, place: int) -> dict[str, Path]:
    return {name: partial / f"arm-{place:04d}.{name}.parquet" for name in SCHEMAS}


def in_memory(plan: Plan, progress: Progress | None = None) -> Run:
    """Run the plan and keep its ledger and Worlds in memory; nothing is written."""
    if plan.live:
        raise RunError(f"{plan.scenario.name}: is live: play it with `bidlab live`, which takes a budget")
    worlds = Worlds(plan.scenario, plan.origin)
    ledger = Ledger.of([arm_tables(plan, place, worlds, progress) for place in range(len(plan.scenario.arms))])
    return Run(None, json.loads(json.dumps(plan.info)), plan.scenario, Given(ledger, worlds))


def _run_arm(
    plan: Plan,
    place: int,
    worlds: Worlds,
    partial: Path,
    progress: Progress | None,
    say: Say,
    asked: Asked | None,
) -> bool:
    """Run one arm and keep its tables; True where they were there already and are whole."""
    arm, files = plan.scenario.arms[place], _arm_files(partial, place)
    if any(path.exists() for path in files.values()) and _whole(plan, place, partial, say):
        if progress is not None:
            progress(arm.name, plan.n_auctions(arm))
        return True
    for name, table in arm_tables(plan, place, worlds, progress, asked).items():
        write_at_once(files[name], part_bytes(table, plan.digest, _part(place, name)))
    return False


def _whole(plan: Plan, place: int, partial: Path, say: Say) -> bool:
    """The arm's parts are all there and as they were written; a damaged one is said."""
    files = _arm_files(partial, place)
    if not all(path.exists() for path in files.values()):
        return False
    try:
        for name, path in files.items():
            read_part(path, plan.digest, _part(place, name))
    except DamagedPartError as damage:
        say(f"{damage}; arm {plan.scenario.arms[place].name!r} is played again")
        return False
    return True


def _part(place: int, name: str) -> dict[str, int | str]:
    return {"arm": place, "table": name}


def arm_tables(
    plan: Plan, place: int, worlds: Worlds, progress: Progress | None = None, asked: Asked | None = None
) -> dict[str, pa.Table]:
    """Play arm number `place`; its rows of each table of the ledger."""
    arm = plan.scenario.arms[place]
    world = worlds.of(arm)
    tick = None if progress is None else (lambda done: progress(arm.name, done))
    engine = for_run(plan.engines[arm.name], world)
    if asked is not None:
        tables = asked(world, arm_rules(arm, world), tick)
    elif arm.settings.market.alone:
        tables = play_alone(engine, world, lambda alone: arm_rules(arm, alone), progress=tick)
    else:
        tables = play(engine, world, arm_rules(arm, world), progress=tick)
    principals = plan.principals
    names = categories([a.name for a in plan.scenario.arms], plan.origin.agents, plan.origin.tasks, principals)
    own = np.array([principals.index(name) for name in world.principals])
    tables["clearings"]["principal"] = own[tables["clearings"]["principal"]]
    for party in ("from", "to"):
        tables["accounts"][party] = recode(tables["accounts"][party], range(world.n_agents), world.n_agents, own)
    for columns in tables.values():
        columns["arm"] = np.full(len(columns["task"]), place)
    return {name: arrow_table(name, columns, names) for name, columns in tables.items()}


def _join(plan: Plan, partial: Path) -> None:
    """One file per table out of one per arm and table; run.json says who made which, where versions differ."""
    made: dict[str, dict[str, str]] = {}
    for name in SCHEMAS:
        tables = []
        for place, arm in enumerate(plan.scenario.arms):
            path = _arm_files(partial, place)[name]
            try:
                table, made[arm.name] = read_part(path, plan.digest, _part(place, name))
            except DamagedPartError as damage:
                raise RunError(f"{damage}; give the command again") from None
            tables.append(table)
        with replacing(partial / f"{name}.parquet") as unfinished:
            write_table(joined(tables), unfinished)
    say_who_made(partial, plan.info, made.items())
