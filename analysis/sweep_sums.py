"""Adds up the parts of quantities over the replications of each job.

Index convention: B jobs played together, R replications of them all, T tasks, q numbers of a quantity, Q of all of
them. Parts are (q, R, T), columns (Q, B) or, by task, (Q, B, T).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.cluster_sums import sums_of
from analysis.inference import By
from analysis.moments import Moments
from analysis.quantities.swept import Sides
from sim.kit.arrays import BoolArray, FloatArray

BYS: tuple[By, ...] = ("task", "pair", "replication", "none")  # from fine to coarse


def by_job(apart: BoolArray, count: int, jobs: int) -> FloatArray:
    """(count, B) how many of the auctions (m, R, T) of each job these are, the same in every row."""
    found = apart.reshape(len(apart), jobs, -1).sum(axis=(0, 2))
    return np.broadcast_to(found.astype(np.float64), (count, jobs))


class Added(NamedTuple):
    """A part, added up. noise, main (15, q, B): as `Moments` has them; by_task: num and den (q, B, T), where kept."""

    by: By
    noise: FloatArray
    main: FloatArray
    by_task: tuple[FloatArray, ...]


def added_up(part: Sides, rate: bool, by: By, recorded: bool, jobs: int) -> Added:
    """The part over clusters, replications and, if recorded, tasks."""
    num, den = part
    noise = main = sums_of(_of_jobs(_over_tasks(num), jobs), _of_jobs(_over_tasks(den), jobs), rate)
    if by == "pair":
        main = sums_of(_of_jobs(num, jobs), _of_jobs(den, jobs), rate)
    by_task = [side.reshape(len(side), jobs, -1, side.shape[2]).sum(axis=2) for side in part if recorded]
    return Added(by, noise, main, tuple(by_task))


def columns_of(rows: Sequence[Added], jobs: int) -> dict[str, NDArray[Any]]:
    """The columns of all rows; nobody solved more or less."""
    noise = Moments.of_sums(np.concatenate([one.noise for one in rows], axis=1))
    main = Moments.of_sums(np.concatenate([one.main for one in rows], axis=1))
    columns = {
        name: values.reshape(-1, jobs) for name, values in (noise.columns("noise") | main.columns("main")).items()
    }
    places, sizes = np.array([BYS.index(one.by) for one in rows], np.int8), [one.noise.shape[1] for one in rows]
    none = np.zeros((sum(sizes), jobs))
    columns |= {"by": np.repeat(np.repeat(places, sizes)[:, None], jobs, axis=1), "more": none, "less": none}
    for place, name in enumerate(("task_num", "task_den")[: len(rows[0].by_task)]):
        columns[name] = np.concatenate([one.by_task[place] for one in rows])
    return columns


def _over_tasks(side: FloatArray) -> FloatArray:
    """(q, R) sums of (q, R, T)."""
    if side.strides[1:] == (0, 0):  # one number for all auctions
        return np.broadcast_to(side[:, :1, 0] * side.shape[2], side.shape[:2])
    return np.asarray(side.sum(axis=2))


def _of_jobs(side: FloatArray, jobs: int) -> FloatArray:
    """(q, B, ...) those of each job side by side."""
    return side.reshape(len(side), jobs, -1)
