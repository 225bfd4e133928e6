"""Rows of a ledger as places in the arrays of an arm, and sums over them.

Index convention: a cell is (replication, task, agent), or (replication, task, market).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sim.kit.arrays import FloatArray, IntArray
from sim.kit.errors import ArrayError
from sim.world.world import World


def codes(rows: pd.DataFrame, column: str, names: tuple[str, ...]) -> IntArray:
    """Position of each row's name in `names`; the category's own codes where its order is the World's."""
    values = rows[column]
    if len(values) == 0:
        return np.zeros(0, np.int64)
    if isinstance(values.dtype, pd.CategoricalDtype) and tuple(values.cat.categories) == names:
        codes = values.cat.codes.to_numpy().astype(np.int64)
    else:
        codes = pd.Index(names).get_indexer(pd.Index(values)).astype(np.int64)
    if (codes < 0).any():
        raise ArrayError(f"{column} must be one of the World's; got {values.iloc[int(np.argmin(codes))]!r}")
    return codes


def replication_of(rows: pd.DataFrame, world: World) -> IntArray:
    """Number of each row's replication; raises ArrayError where the World has none of it."""
    replication = rows["replication"].to_numpy().astype(np.int64)
    if len(replication) and not 0 <= replication.min() <= replication.max() < world.n_replications:
        raise ArrayError(f"replication must lie in [0, {world.n_replications}); got up to {replication.max()}")
    return replication


def cell_of(rows: pd.DataFrame, world: World) -> tuple[IntArray, IntArray, IntArray]:
    """(replication, task, agent) of each row."""
    return replication_of(rows, world), codes(rows, "task", world.tasks), codes(rows, "agent", world.agents)


def cell_sum(at: tuple[IntArray, ...], shape: tuple[int, ...], values: ArrayLike) -> FloatArray:
    """Sum of `values` over the rows of each cell."""
    flat = np.ravel_multi_index(at, shape) if len(at[0]) else at[0]
    sums = np.bincount(flat, np.asarray(values, np.float64), minlength=int(np.prod(shape)))
    return np.asarray(sums.reshape(shape), np.float64)
