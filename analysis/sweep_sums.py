"""Adds up the parts of quantities over the replications of each job.

Index convention: B jobs played together, R replications of them all, T tasks, q numbers of a quantity, Q of all of
them. Parts are (q, R, T), columns (Q, B) or, by task, (Q, B, T).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference import By
from analysis.moments import Moments
from analysis.quantities.swept import Sides
from sim.kit.arrays import BoolArray, FloatArray

BYS: tuple[By, ...] = ("task", "pair", "replication", "none")  # from fine to coarse


def by_job(apart: BoolArray, count: int, jobs: int) -> FloatArray:
    """(count, B) how many of the auctions (m, R, T) of each job these are, the same in every row."""
    found = apart.reshape(len(apart), jobs, -1).sum(axis=(0, 2))
    return np.broadcast_to(found.astype(np.float64), (count, jobs))


class Kept:
    """Parts that are added up together. recorded: their sums by task are kept, too."""

    def __init__(self, recorded: bool, jobs: int) -> None:
        self.recorded, self.jobs = recorded, jobs
        self.parts: list[Sides] = []
        self.rates: list[bool] = []
        self.bys: list[By] = []

    def add(self, part: Sides, rate: bool, by: By) -> None:
        """One more part."""
        self.parts.append(part)
        self.rates.append(rate)
        self.bys.append(by)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns of all their rows; nobody solved more or less."""
        sizes, jobs = [len(num) for num, _ in self.parts], self.jobs
        rates = [np.full(size, rate) for size, rate in zip(sizes, self.rates, strict=True)]
        of_replications = [
            (_of_jobs(_over_tasks(num), jobs), _of_jobs(_over_tasks(den), jobs)) for num, den in self.parts
        ]
        noise = main = Moments.of_parts(of_replications, rates)
        if "pair" in self.bys:
            of_pairs = [(_of_jobs(num, jobs), _of_jobs(den, jobs)) for num, den in self.parts]
            wanted = zip(self.bys, of_pairs, of_replications, strict=True)
            main = Moments.of_parts([pairs if by == "pair" else others for by, pairs, others in wanted], rates)
        both = noise.columns("noise") | main.columns("main")
        columns = {name: values.reshape(-1, jobs) for name, values in both.items()}
        places, none = np.array([BYS.index(by) for by in self.bys], np.int8), np.zeros((sum(sizes), jobs))
        columns |= {"by": np.repeat(np.repeat(places, sizes)[:, None], jobs, axis=1), "more": none, "less": none}
        if self.recorded:
            for name, place in (("task_num", 0), ("task_den", 1)):
                sides = [part[place] for part in self.parts]
                shapes = [(len(side), jobs, -1, side.shape[2]) for side in sides]
                columns[name] = np.concatenate(
                    [side.reshape(shape).sum(axis=2) for side, shape in zip(sides, shapes, strict=True)]
                )
        return columns


def _over_tasks(side: FloatArray) -> FloatArray:
    """(q, R) sums of (q, R, T)."""
    if side.strides[1:] == (0, 0):  # one number for all auctions
        return np.broadcast_to(side[:, :1, 0] * side.shape[2], side.shape[:2])
    return np.asarray(side.sum(axis=2))


def _of_jobs(side: FloatArray, jobs: int) -> FloatArray:
    """(q, B, ...) those of each job side by side."""
    return side.reshape(len(side), jobs, -1)
