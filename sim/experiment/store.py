"""The jobs of a sweep on disk: one Parquet file each, written at once or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from sim.experiment.job import Done
from sim.experiment.job_file import read_info
from sim.experiment.parts import DamagedPartError, read_part
from sim.kit.at_once import write_at_once

JOBS, LEDGER = "jobs", "ledger"
KEPT = f"{JOBS}|{LEDGER}"  # what a sweep that goes on finds in its folder
_NAME = re.compile(r"job-(\d{6,})\.parquet")


def job_path(folder: Path, number: int) -> Path:
    """Where a job's sums are kept."""
    return folder / JOBS / f"job-{number:06d}.parquet"


def finished(folder: Path) -> list[int]:
    """Numbers of the jobs that are whole, in order."""
    jobs = folder / JOBS
    names = (_NAME.fullmatch(entry.name) for entry in jobs.iterdir()) if jobs.is_dir() else ()
    return sorted(int(name[1]) for name in names if name is not None)


def check_jobs(folder: Path, experiment: str, ledger: bool, say: Callable[[str], None]) -> dict[int, dict[str, str]]:
    """The finished jobs, each with the versions that made it. ledger: their attempts are kept too.

    A job that is damaged is removed, so that it is played again, and said. Raises RunError where a file is another
    job's or of another experiment.
    """
    found = {}
    for number in finished(folder):
        path = job_path(folder, number)
        try:
            _, found[number] = read_part(path, experiment, {"job": number})
            digests = read_info(path)["digests"] if ledger else {}
            for cell, arm in ((int(cell), arm) for cell, of in digests.items() for arm in range(len(of))):
                of = {"cell": cell, "arm": arm, "job": number}
                read_part(folder / LEDGER / ledger_name(cell, arm, number), experiment, of)
        except DamagedPartError as damage:
            found.pop(number, None)
            path.unlink()
            say(f"{damage}; job {number} is played again")
    return found


def ledger_name(cell: int, arm: int, job: int) -> str:
    """Name of the file of a job's attempts."""
    return f"cell-{cell:05d}.arm-{arm:03d}.job-{job:06d}.parquet"


def keep(folder: Path, done: Done) -> None:
    """Write a job; its ledger first, since a job counts as done once its sums are there."""
    for (cell, arm), content in done.attempts.items():
        _write(folder / LEDGER / ledger_name(cell, arm, done.number), content)
    _write(job_path(folder, done.number), done.table)


def tidy(folder: Path, jobs: int) -> None:
    """Remove what an interrupted write left behind, and every job from number `jobs` on."""
    for place in (folder / JOBS, folder / LEDGER):
        for entry in sorted(place.iterdir()) if place.is_dir() else ():
            number = re.search(r"job-(\d{6,})\.parquet$", entry.name)
            if number is None or int(number[1]) >= jobs:
                entry.unlink()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    write_at_once(path, content)
