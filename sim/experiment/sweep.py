"""Runs a sweep into a folder: jobs in any order, results in the order of the jobs.

run.json, inputs/       what was run
jobs/                   one file for each job: sums that add up
ledger/                 the attempts, where asked for
manifest.json           every cell's parameters and hash
clock.json              everything that depends on the clock
sweep.csv, figures/...  what the analysis makes of the sums

Work goes into `DIR.partial`; what was killed there goes on when the same command is given again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment import store
from sim.experiment.folder import Say, check_folder, making, partial_of, say_who_made, warned, write_clock
from sim.experiment.job import CellWork, Reducer, Work
from sim.experiment.manifest import PARTIAL, write_manifest
from sim.experiment.plan import Plan
from sim.experiment.stored import run_info, write_checksums
from sim.experiment.versions import made_by
from sim.experiment.workers import HERE, Crew, workers_for
from sim.experiment.written_scenario import write_written
from sim.kit.at_once import write_at_once
from sim.kit.errors import RunError

Progress = Callable[[int, int], None]  # cells done since the last call, in all jobs; jobs known of


class InterruptedSweepError(KeyboardInterrupt):
    """Ctrl-C, with what was finished put where it can be read. Raised by `execute_sweep`."""

    def __init__(self, partial: Path, label: str) -> None:
        super().__init__(label)
        self.partial, self.label = partial, label


@dataclass(frozen=True, eq=False)
class Analysis:
    """What the sums are for, handed in by who knows how to analyse them.

    reducer: makes them. replications_needed: how many replications are needed in all, from the folder and the plan;
    no more than there are where the result is precise enough. finish: adds tables and figures; label is "" where the
    sweep is whole.
    """

    reducer: Reducer
    replications_needed: Callable[[Path, Plan], int]
    finish: Callable[[Path, Plan, str], None]


def work_of(plan: Plan, reducer: Reducer, processes: int = 1) -> Work:
    """What each of so many workers needs for any job of the plan."""
    cells = (CellWork(cell.number, cell.arms, cell.worlds, cell.origin) for cell in plan.cells)
    options, seed = plan.options, plan.scenario.seed
    together = 1 if options.ledger or reducer.alone else plan.together(len(reducer.about(plan.agents)), processes)
    return Work(tuple(cells), plan.baselines, seed, options.ledger, options.engine, reducer, plan.digest, together)


def execute_sweep(
    plan: Plan,
    folder: Path,
    analysis: Analysis,
    *,
    crew: Crew = HERE,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    say: Say = warned,
) -> Path:
    """Run the sweep and put its results into `folder`; returns it.

    crew: who does the jobs. resume: insist that there is something to go on from. force, say: as
    `sim.experiment.execute` takes them. Raises RunError where the folder holds something else, another process works
    on it, it cannot be written or, with `resume`, holds nothing to go on from; InterruptedSweepError at
    Ctrl-C.
    """
    check_folder(folder, plan.info, force)
    if resume:
        _check_resumable(folder, partial_of(folder), plan)
    clock: dict[str, Any] = {"started": time.time(), "jobs": crew.count, "scheduler": crew.scheduler, "seconds": {}}
    with making(folder, plan.info, plan.scenario.inputs, store.KEPT, force) as partial:
        try:
            store.check_jobs(partial, plan.digest, plan.options.ledger, say)
            total = _play(plan, partial, analysis, crew, progress, clock)
        except KeyboardInterrupt:
            raise _interrupted(plan, partial, analysis) from None
        store.tidy(partial, total)
        made = store.check_jobs(partial, plan.digest, False, say)
        if len(made) < total:
            raise RunError(
                f"--out {partial}: {total - len(made)} job(s) were damaged meanwhile; give the command again"
            )
        say_who_made(partial, plan.info, made.items())
        write_manifest(partial, plan, total, made_by(made.items()))
        write_written(partial, plan.scenario)
        analysis.finish(partial, plan, "")
        write_clock(partial, clock)
    return folder


def _check_resumable(folder: Path, partial: Path, plan: Plan) -> None:
    info = run_info(partial)
    if info is not None and info["hash"] == plan.digest:
        return
    whole = run_info(folder)
    if whole is not None and whole["hash"] == plan.digest:
        raise RunError(f"--resume: {folder} is whole; there is nothing to resume")
    raise RunError(f"--resume: {partial} holds no unfinished sweep of this scenario, seed and settings")


def _play(
    plan: Plan,
    partial: Path,
    analysis: Analysis,
    crew: Crew,
    progress: Progress | None,
    clock: dict[str, Any],
) -> int:
    """Do all jobs there are to do, in rounds where a precision is asked for; returns how many there are."""
    work, n_cells = work_of(plan, analysis.reducer, crew.count), len(plan.cells)
    needed, reported = plan.jobs_for(plan.scenario.replications), 0

    def tick(_: int) -> None:
        if progress is not None:
            progress(1, needed)

    with workers_for(work, crew, tick) as workers:
        while True:
            there = set(store.finished(partial))
            missing = [number for number in range(needed) if number not in there]
            if progress is not None:
                progress(n_cells * len(there & set(range(reported, needed))), needed)
            for done in workers.run([(number, *plan.job(number)) for number in missing]):
                store.keep(partial, done)
                clock["seconds"][f"job {done.number}"] = done.seconds
                if progress is not None and not crew.here:
                    progress(n_cells, needed)
            reported = needed
            if plan.options.precision is None:
                return needed
            more = plan.jobs_for(min(analysis.replications_needed(partial, plan), plan.most))
            if more <= needed:
                return needed
            needed = more


def _interrupted(plan: Plan, partial: Path, analysis: Analysis) -> InterruptedSweepError:
    """Leave what is finished readable, and say how much it is."""
    done = store.finished(partial)
    total = max(plan.jobs_for(plan.scenario.replications), 1 + max(done, default=0))
    label = f"partial: {len(done)} of {total} jobs"
    write_at_once(partial / PARTIAL, (json.dumps({"label": label, "jobs": done}, indent=2) + "\n").encode())
    if done:
        analysis.finish(partial, plan, label)
    write_checksums(partial)
    return InterruptedSweepError(partial, label)
