"""Errors of what knowledge is worth on a recorded table, where claims are recalibrated by a record of that table.

Whom a market hires by recalibrated claims follows from the curves, and they from the other tasks: of another table
others would have been hired at every task, and an interval that takes the curves as given holds the truth in as few as
60 % of tables. So TABLES tables are drawn from the tasks of the table, with replacement, EACH replication of one with
halves of its own; curves are fitted anew and every market is played again.

    values    of a table, the mean over its replications, less the table's mean; to be laid around the estimate
    shrunk    to the variance that they would have with as many replications as the run has:
              var = var of tables - (1 / EACH - 1 / R) var within a table

Index convention: B tables, S replications of each, as in sim/world/redrawn_tables.py, which has these draws.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from analysis.resampled import LEAST_TASKS
from sim.kit import draws
from sim.kit.arrays import FloatArray, IntArray
from sim.world.redrawn_tables import drawn_tasks
from sim.world.world import World

TABLES, EACH = 200, 2


def can_be_redrawn(world: World) -> bool:
    """There are tasks enough."""
    return world.n_tasks >= LEAST_TASKS


@lru_cache(maxsize=2)
def redrawn(world: World, seed: int) -> World:
    """The World of EACH replications of TABLES tables, one table after the other.

    A task drawn twice stands twice, in the same half. Luck and records are those of the World's replications in turn.
    """
    drawn = np.repeat(drawn_tasks(seed, range(TABLES), world.n_tasks), EACH, axis=0)
    rows = (np.arange(len(drawn)) % world.n_replications)[:, None]
    taken = {name: array[rows, drawn] for name, array in world.arrays.items()}
    names, blank = tuple(f"slot {slot}" for slot in range(world.n_tasks)), ("",) * world.n_tasks
    half = {"half": _halves(world, seed, drawn)}
    return world.changed(**taken | half, tasks=names, family=blank, block=blank)


def _halves(world: World, seed: int, drawn: IntArray) -> IntArray:
    """(B S, T) which half each slot is in; the tasks that were drawn are halved, and slots of one are in one half."""
    words = draws.words_range(len(drawn)), draws.words_of(world.tasks)
    there = np.zeros((len(drawn), world.n_tasks), np.bool_)
    np.put_along_axis(there, drawn, True, axis=1)
    rank = np.where(there, draws.uniform(seed, "half", *words), np.inf).argsort(axis=1).argsort(axis=1)
    of_task = (rank >= there.sum(axis=1, keepdims=True) // 2).astype(np.int8)
    return np.asarray(np.take_along_axis(of_task, drawn, axis=1))


def around(estimate: FloatArray, of_auctions: FloatArray, replications: int) -> FloatArray:
    """(B,) values around the estimate (), from those of auctions (B S, T, m); see the module's head."""
    each = of_auctions.mean(axis=(1, 2)).reshape(TABLES, EACH)
    table, noise = each.mean(axis=1), each.var(axis=1, ddof=1).mean()
    spread = table.var(ddof=1)
    kept = max(0.0, spread - (1.0 / EACH - 1.0 / max(EACH, replications)) * noise)
    scale = np.sqrt(kept / spread) if spread > 0 else 0.0
    return np.asarray(estimate + scale * (table - table.mean()))
