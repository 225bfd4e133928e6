"""Worlds in which the tasks of a recorded table are drawn again, with replacement, as another table would have been.

Index convention: B tables, S replications of each, so R = B S replications; table b is replications b S, ..., and T
tasks are drawn for it from the T of the table. A task drawn twice stands twice: with the same claims, outcomes, costs,
value and reserve, and in the same half of a split, but with lotteries and a place in the order of its own. Records are
made anew from the tasks drawn.

    draws, by name    identity
    resampled task    (table, slot)
    half              (replication, task of the original table), the tasks that were drawn being halved

Source: [EfronTibshirani1993], with the rule as part of the statistic.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws
from sim.kit.arrays import FloatArray, IntArray
from sim.specs.world_spec import WorldSpec
from sim.world.history import Histories, with_records
from sim.world.origin import TableOrigin
from sim.world.recorded import without_records
from sim.world.world import World

# Luck of the place, not of the task.
_OF_SLOT = frozenset({"arrival", "lottery", "exploration", "choice", "latency", "silent"})


def resampled_world(origin: TableOrigin, spec: WorldSpec, seed: int, tables: range, replications: int) -> World:
    """The World of `replications` of each of these tables, one table after the other; tables are numbers from 0 on."""
    first, count = tables.start * replications, len(tables) * replications
    world, observed = without_records(origin.recorded, spec, seed, count, first)
    slots = draws.words_range(world.n_tasks)
    drawn = np.repeat(drawn_tasks(seed, tables, world.n_tasks), replications, axis=0)
    taken: dict[str, Any] = {}
    for one in fields(World):
        array = getattr(world, one.name)
        if isinstance(array, np.ndarray) and one.name not in _OF_SLOT:
            taken[one.name] = _at(array, drawn)
    names = tuple(f"slot {slot}" for slot in range(world.n_tasks))
    blank = ("",) * world.n_tasks
    again = world.changed(tasks=names, family=blank, block=blank, **taken)
    words = draws.words_range(count, first), slots
    original = draws.words_of(world.tasks)
    return with_records(again, Resampled(again, seed, words, _at(observed, drawn), drawn=drawn, names=original), spec)


def drawn_tasks(seed: int, tables: range, n_tasks: int) -> IntArray:
    """(B, T) the task in each slot of these tables."""
    words = draws.words_range(len(tables), tables.start), draws.words_range(n_tasks)
    return np.floor(draws.uniform(seed, "resampled task", *words) * n_tasks).astype(np.int64)


def _at(array: NDArray[Any], drawn: IntArray) -> NDArray[Any]:
    """The tasks drawn (R, T) of an array (R, T, ...)."""
    return np.asarray(array[np.arange(len(drawn))[:, None], drawn])


@dataclass(frozen=True, eq=False)
class Resampled(Histories):
    """Histories of redrawn tasks. drawn (R, T): the task of the original table in each slot; names: of those, (T,)."""

    drawn: IntArray = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    names: draws.Words = field(default_factory=lambda: draws.words_range(0))

    def chance(self, purpose: str) -> FloatArray:
        """(R, T): a uniform draw of this purpose for the task in each slot; slots of one task have the same."""
        return np.take_along_axis(draws.uniform(self.seed, purpose, self.words[0], self.names), self.drawn, axis=1)

    @cached_property
    def half(self) -> NDArray[np.int8]:
        """(R, T): which half of the tasks each slot is in; slots of one task are in one half."""
        chance = draws.uniform(self.seed, "half", self.words[0], self.names)
        there = np.zeros(chance.shape, np.bool_)
        np.put_along_axis(there, self.drawn, True, axis=1)
        rank = np.where(there, chance, np.inf).argsort(axis=1).argsort(axis=1)
        of_task = (rank >= there.sum(axis=1, keepdims=True) // 2).astype(np.int8)
        return np.take_along_axis(of_task, self.drawn, axis=1)
