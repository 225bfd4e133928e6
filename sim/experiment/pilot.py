"""What a sweep would take: a few replications of a few cells are played and timed, and the rest is arithmetic."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from sim.experiment.batch import Batch
from sim.experiment.job import Reducer, Work, run_jobs
from sim.experiment.plan import LEAST_JOBS, Plan
from sim.experiment.sweep import work_of
from sim.kit.memory import gib

_CELLS = 3  # played: the first, the last and one between
_REPLICATIONS = 32
_PROCESS_BYTES = 250 * 2**20  # an interpreter with the libraries


def forecast(plan: Plan, reducer: Reducer, jobs: int) -> str:
    """What there is to do, and estimates of time, disk and memory on `jobs` processes; nothing is written."""
    count = plan.jobs_for(plan.scenario.replications)
    chosen = sorted({0, len(plan.cells) // 2, len(plan.cells) - 1})[:_CELLS]
    work = work_of(plan, reducer, jobs)
    part = replace(work, cells=tuple(work.cells[at] for at in chosen))
    few, some = 1, min(plan.block, _REPLICATIONS)
    _timed(part, few)  # what is made once is not counted
    (least, _, _), (most, sums, attempts) = _timed(part, few), _timed(part, some)
    slope = max(most - least, 0.0) / max(some - few, 1)
    per_job = (most + slope * (plan.block - some)) * len(plan.cells) / len(chosen)
    seconds = per_job * count / max(1, min(jobs, count))
    scale = len(plan.cells) / len(chosen)
    disk = count * (sums * scale + attempts * scale * plan.block / some)
    held = plan.block * min(work.together, -(-count // max(1, jobs))) * max(cell.bytes for cell in plan.cells)
    memory = jobs * (_PROCESS_BYTES + held)
    rounds = "" if plan.options.precision is None else f"; with --precision, at most {plan.most:,} replications"
    return (
        f"{plan.scenario.name}: {len(plan.cells):,} cell(s) x {len(plan.arms)} arm(s) x {plan.scenario.replications:,} "
        f"replication(s) in {count:,} job(s) of at most {plan.block:,} (aim: {LEAST_JOBS} or more){rounds}\n"
        f"{plan.auctions(plan.scenario.replications):,} auctions\n"
        f"estimate, from {some} replication(s) of {len(chosen)} cell(s) played now: {_duration(seconds)} on {jobs} "
        f"process(es), {disk / 2**20:,.1f} MiB on disk, {gib(memory)} of memory"
    )


def _timed(work: Work, count: int) -> tuple[float, int, int]:
    """Seconds, bytes of sums and bytes of attempts of a job of `count` replications."""
    begun = time.perf_counter()
    (done,) = run_jobs(work, Batch((0,), 0, count))
    return time.perf_counter() - begun, len(done.table), sum(map(len, done.attempts.values()))


def _duration(seconds: float) -> str:
    """Seconds in words.

    >>> _duration(0.4), _duration(150), _duration(9000)
    ('under a second', '2.5 minutes', '2.5 hours')
    """
    if seconds < 1:
        return "under a second"
    steps: Sequence[tuple[float, str]] = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))
    size, name = next((size, name) for size, name in steps if seconds >= size)
    return f"{seconds / size:.1f} {name}"
