"""Adds up the parts of quantities over the replications of each job.

Index convention: B jobs played together, R replications of them all, T tasks, q numbers of a quantity, Q of all of
them. Parts are (q, R, T), columns (Q, B) or, by task, (Q, B, T).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference import By
from analysis.moments import Moments
from analysis.quantities.swept import Sides
from sim.kit.arrays import BoolArray, FloatArray, IntArray

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
        noise = _moments(self.parts, self.rates, jobs, lambda side: side.sum(axis=2))
        main = noise
        if "pair" in self.bys:
            at = [place for place, by in enumerate(self.bys) if by == "pair"]
            parts, rates = [self.parts[place] for place in at], [self.rates[place] for place in at]
            main = _moments(parts, rates, jobs, lambda side: side)
            if len(at) < len(self.bys):
                main = _put(noise, main, np.repeat([by == "pair" for by in self.bys], sizes), jobs)
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


def _put(all_of_them: Moments, some: Moments, where: BoolArray, jobs: int) -> Moments:
    """The rows `where` (Q,) replaced; rows are (Q, B)."""
    order = np.arange(len(where) * jobs).reshape(-1, jobs)
    order[where] = order.size + np.arange(int(where.sum()) * jobs).reshape(-1, jobs)
    return Moments.joined([all_of_them, some]).rows(order.ravel())


def _moments(
    parts: Sequence[Sides], rates: Sequence[bool], jobs: int, clusters: Callable[[FloatArray], FloatArray]
) -> Moments:
    """Of all rows of the parts, in their order, and of every job (Q B,); those with the same den everywhere are added
    up together, and so are the others. clusters: (q, R, T) -> (q, ...), those of a job side by side."""
    made: list[Moments] = []
    order: list[IntArray] = []
    sizes = [len(num) for num, _ in parts]
    first = np.cumsum([0, *sizes])

    def rows(place: int, side: int) -> FloatArray:
        return clusters(parts[place][side]).reshape(sizes[place] * jobs, -1)

    for same in (True, False):
        at = [place for place, (_, den) in enumerate(parts) if (den.strides[1:] == (0, 0)) == same]
        if not at:
            continue
        num = np.concatenate([rows(place, 0) for place in at])
        if same:
            cells = parts[0][0].shape[1] * parts[0][0].shape[2] // (jobs * num.shape[1])  # in a cluster
            den = np.repeat(np.concatenate([parts[place][1][:, 0, :1] * cells for place in at]), jobs, axis=0)
        else:
            den = np.concatenate([rows(place, 1) for place in at])
        rate = np.repeat([rates[place] for place in at], [sizes[place] * jobs for place in at])
        made.append(Moments.of(num, den, rate, jobs))
        order += [np.arange(first[place] * jobs, first[place + 1] * jobs) for place in at]
    return Moments.joined(made).rows(np.argsort(np.concatenate(order)))
