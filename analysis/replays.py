"""Plays an arm on redrawn tables (analysis/resampled.py): what its swept quantities are on each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.quantities import Mean, Quantity, Ratio, quantities
from analysis.quantities.declared import Level
from analysis.quantities.swept import part_of
from analysis.resampled import LEAST_TASKS, REPLICATIONS, TABLES, Values
from analysis.sweep_cells import Cells
from sim.experiment.engine import choose
from sim.experiment.job import play
from sim.kit.arrays import FloatArray
from sim.scenario.scenario import Arm
from sim.world.origin import TableOrigin
from sim.world.redrawn_tables import resampled_world

_CELLS = 2_000_000  # (replication, task, agent) at a time


def can_be_replayed(arm: Arm, origin: TableOrigin) -> bool:
    """There are tasks enough, and an advisor that learns by families has nothing to tell apart."""
    advisor = arm.settings.standing.advice.advisor
    by_family = advisor is not None and advisor.by_family and len(set(origin.recorded.family)) > 1
    return len(origin.tasks) >= LEAST_TASKS and not by_family


def replays(
    arm: Arm, origin: TableOrigin, seed: int, replications: int, tick: Callable[[int], None] | None = None
) -> Values:
    """What the arm does on each of TABLES redrawn tables. tick: called with the number of tables done."""
    each = min(replications, REPLICATIONS)
    size = max(1, _CELLS // (each * len(origin.tasks) * len(origin.agents)))
    engine = choose("auto", arm.settings.terms)
    parts: list[Values] = []
    for start in range(0, TABLES, size):
        tables = range(start, min(TABLES, start + size))
        world = resampled_world(origin, arm.settings.spec, seed, tables, each)
        parts.append(_values(Cells(play(world, arm, engine)), len(tables)))
        if tick is not None:
            tick(len(tables))
    return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}


def _values(cells: Cells, tables: int) -> Values:
    found: dict[str, FloatArray] = {}
    for level in ("agent", "arm"):  # of two of the same name, that of the arm
        found |= {each.name: _of_tables(each, cells, tables) for each in replayed(level)}
    return found


def replayed(level: Level) -> list[Quantity]:
    """The quantities that follow from the attempts alone, and so from redrawn tables."""
    return [
        each
        for each in quantities(level)
        if each.swept and not each.needs and not each.claims and isinstance(each.how, Mean | Ratio)
    ]


def _of_tables(of: Quantity, cells: Cells, tables: int) -> FloatArray:
    """(B,) of an arm, (n, B) of its agents."""
    num, den = part_of(of, cells)
    sides = (np.broadcast_to(side, num.shape).reshape(len(num), tables, -1).sum(axis=2) for side in (num, den))
    top, bottom = sides
    value = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return np.asarray(value if of.level == "agent" else value[0])
