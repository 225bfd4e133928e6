"""The World of a live run: everything but the agents is drawn, and what they did is filled in once it is known.

Latencies and durations follow the scenario's laws, so that order and awards hang on no network. Index convention as in
sim/world/world.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import Status
from sim.live.task_file import LiveTask
from sim.specs.world_spec import WorldSpec
from sim.tables.table import Recorded
from sim.world.history import Base
from sim.world.luck import most_tries
from sim.world.recorded import recorded_base
from sim.world.world import World


def live_base(
    tasks: Sequence[LiveTask], agents: tuple[str, ...], spec: WorldSpec, seed: int, replications: int, first: int = 0
) -> Base:
    """Replications first, first + 1, ... of a live World, before anybody was asked."""
    most = most_tries(spec.tender, True)  # any attempt may be lost
    shape = len(tasks), len(agents)
    unknown = np.full(shape, np.nan)
    nothing = np.zeros((*shape, most), np.bool_)
    recorded = Recorded(
        agents=agents,
        tasks=tuple(task.name for task in tasks),
        family=tuple(task.family for task in tasks),
        block=tuple(task.block for task in tasks),
        present=np.ones(shape, np.bool_),
        belief=unknown,
        cost_belief=unknown,
        ability=unknown,
        success=nothing,
        cost=np.full(nothing.shape, np.nan),
        duration=None,
        trials=np.full(shape, most),
        principal=_principals(tasks),
        value=np.array([task.value for task in tasks]),
    )
    world, histories = recorded_base(recorded, spec, seed, replications, first)
    none = np.zeros(world.shape_of("success"), np.bool_)
    return Base(world.changed(live=True, observed=none), histories)


def _principals(tasks: Sequence[LiveTask]) -> tuple[str, ...]:
    """The principal of each task; empty where no task names one."""
    named = tuple(task.principal for task in tasks)
    return named if any(named) else ()


def filled(world: World, attempts: Mapping[str, NDArray[Any]]) -> World:
    """The live World with the outcomes of these attempts: columns of the ledger's, with places for names."""
    at = tuple(np.asarray(attempts[name], np.int64) for name in ("replication", "task", "agent", "try"))
    shape = world.shape_of("success")
    found: dict[str, NDArray[Any]] = {
        name: np.zeros(shape, np.bool_) for name in ("success", "verified", "infra", "observed")
    }
    cost = np.full(shape, np.nan)
    status = np.asarray(attempts["status"])
    cost[at] = attempts["cost"]
    found["success"][at] = attempts["success"]
    found["verified"][at] = status == int(Status.PASS)
    found["infra"][at] = status == int(Status.INFRA)
    found["observed"][at] = (status == int(Status.PASS)) | (status == int(Status.FAIL))
    return world.changed(cost=cost, **found)
