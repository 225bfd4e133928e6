"""The jobs of a sweep on disk: one Parquet file each, written at once or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sim.experiment.job import Done

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


def keep(folder: Path, done: Done) -> None:
    """Write a job; its ledger first, since a job counts as done once its sums are there."""
    for name, content in done.attempts.items():
        _write(folder / LEDGER / name, content)
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
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)
