"""Rows of a ledger as columns of numbers, as places in the arrays of an arm, and sums over them.

Index convention: a cell is (replication, task, agent), or (replication, task, market).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.errors import ArrayError
from sim.ledger.coded import coded
from sim.ledger.ledger import Ledger, categories
from sim.world.world import World

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Rows:
    """One arm's rows: the columns of its tables, a name as its place among those of `sim.ledger.ledger.categories`."""

    attempts: Columns
    bids: Columns
    clearings: Columns

    @classmethod
    def of(cls, ledger: Ledger, world: World) -> Self:
        """The rows of a ledger; raises ArrayError where its names are not the World's."""
        names = categories((), world.agents, world.tasks, world.principals)
        frames = {name: getattr(ledger, name) for name in ("attempts", "bids", "clearings")}
        return cls(**{name: coded(frame, names) for name, frame in frames.items()})


def replication_of(rows: Columns, world: World) -> IntArray:
    """Number of each row's replication; raises ArrayError where the World has none of it."""
    replication = rows["replication"].astype(np.int64)
    if len(replication) and not 0 <= replication.min() <= replication.max() < world.n_replications:
        raise ArrayError(f"replication must lie in [0, {world.n_replications}); got up to {replication.max()}")
    return replication


def cell_of(rows: Columns, world: World) -> tuple[IntArray, IntArray, IntArray]:
    """(replication, task, agent) of each row."""
    return replication_of(rows, world), rows["task"].astype(np.int64), rows["agent"].astype(np.int64)


def cell_sum(at: tuple[IntArray, ...], shape: tuple[int, ...], values: ArrayLike) -> FloatArray:
    """Sum of `values` over the rows of each cell."""
    flat = np.ravel_multi_index(at, shape) if len(at[0]) else at[0]
    sums = np.bincount(flat, np.asarray(values, np.float64), minlength=int(np.prod(shape)))
    return np.asarray(sums.reshape(shape), np.float64)


def cell_max(at: tuple[IntArray, ...], shape: tuple[int, ...], values: FloatArray) -> FloatArray:
    """The greatest of `values` >= 0 over the rows of each cell; 0 where there is none."""
    found = np.zeros(shape)
    np.maximum.at(found, at, values)
    return found


def counted_alone(at: tuple[IntArray, ...], shape: tuple[int, ...], passed: BoolArray) -> BoolArray:
    """(A,) the one row of each cell that passed, the last of them where several did; of none, the cell's last row.

    >>> at = (np.array([0, 0, 1, 1, 1]),)
    >>> counted_alone(at, (2,), np.array([False, False, True, True, False])).tolist()
    [False, True, False, True, False]
    """
    flat, place = np.ravel_multi_index(at, shape) if len(at[0]) else at[0], np.arange(len(passed))
    last, found = np.full(int(np.prod(shape)), -1), np.zeros(len(passed), np.bool_)
    last[flat] = place  # of equal places the later row stays
    last[flat[passed]] = place[passed]
    found[last[last >= 0]] = True
    return found


def lost_money(payment: FloatArray, cost: FloatArray) -> FloatArray:
    """(A,) 1 where an attempt was paid less than it cost, else 0; NaN where nobody knows what it cost."""
    return np.asarray(np.where(np.isnan(cost), np.nan, payment < cost))
