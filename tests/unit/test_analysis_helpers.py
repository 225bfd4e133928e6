"""Small Worlds and ledgers for the analysis tests, written from the definitions and not by an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from sim.ledger.ledger import ATTEMPTS, BIDS, CLEARINGS, Ledger, categories
from sim.world.world import World

TABLE = Path(__file__).parents[2] / "scenarios" / "data" / "marketbench_forecasts.csv"


def make_world(success: Any, from_table: bool = False, **fields: Any) -> World:
    """A World of success (R, T, n, K); whatever is not given is plain: value 1, reserve 1, belief .5, costs .1."""
    y = np.asarray(success, np.bool_)
    shape, per_task = y.shape[:3], y.shape[:2]
    defaults: dict[str, Any] = {
        "value": 1.0,
        "reserve": 1.0,
        "present": True,
        "belief": 0.5,
        "cost_belief": 0.1,
        "ability": np.nan,
        "verified": y,
        "infra": False,
        "cost": 0.1,
    } | fields
    axes = {"value": per_task, "reserve": per_task, "verified": y.shape, "infra": y.shape, "cost": y.shape}
    arrays = {k: np.broadcast_to(v, axes.get(k, shape)) for k, v in defaults.items()}
    return World(
        agents=tuple(f"agent {i}" for i in range(shape[2])),
        tasks=tuple(f"task {t}" for t in range(shape[1])),
        family=("",) * shape[1],
        block=("",) * shape[1],
        from_table=from_table,
        repeats=False,
        arrival=np.zeros(per_task, np.int64),
        latency=np.zeros(shape, np.int64),
        success=y,
        duration=np.zeros(y.shape, np.int64),
        lottery=np.full((*per_task, 1, shape[2]), 0.5),
        **arrays,
    )


def table_world(n_replications: int = 1, seed: int = 7) -> World:
    """The recorded table as a World, reserves uniform on [0, 1]."""
    frame = pd.read_csv(TABLE)
    agents, tasks = pd.unique(frame["agent"]), pd.unique(frame["task"])
    cells = frame.set_index(["task", "agent"]).reindex(pd.MultiIndex.from_product([tasks, agents]))
    shape = (len(tasks), len(agents))

    def wide(column: pd.Series) -> Any:
        return np.broadcast_to(column.to_numpy().reshape(shape), (n_replications, *shape))

    world = make_world(
        wide(cells["success"] == 1)[..., None],
        from_table=True,
        value=np.nan,
        reserve=np.random.default_rng(seed).random((n_replications, len(tasks))),
        belief=wide(cells["claim"]),
        cost_belief=wide(cells["tokens_forecast"] * cells["usd_per_token"]),
        cost=wide(cells["cost_usd"])[..., None],
    )
    object.__setattr__(world, "agents", tuple(agents))
    object.__setattr__(world, "tasks", tuple(tasks))
    return world


def frame(columns: dict[str, str], world: World, rows: dict[str, Any]) -> pd.DataFrame:
    """A ledger table; task and agent come as indices, columns not given are zeros, or the first of their names."""
    n = max((len(np.atleast_1d(v)) for v in rows.values()), default=0)
    table = {}
    for name, dtype in columns.items():
        values = rows.get(name, np.zeros(n, np.int64))
        if dtype == "category" and np.asarray(values).dtype.kind == "i":
            names = categories(["arm"], world.agents, world.tasks, world.principals)
            table[name] = pd.Series(pd.Categorical.from_codes(np.broadcast_to(values, n), names[name]))
        elif dtype == "category":
            table[name] = pd.Series(np.broadcast_to(values, n).astype(str)).astype("category")
        else:
            table[name] = pd.Series(np.broadcast_to(values, n).astype(dtype))
    return pd.DataFrame(table)


def break_even(world: World, penalty: float) -> Any:
    """The truthful ask under a price rule (R, T, n)."""
    return (world.cost_belief + penalty * (1 - world.belief)) / world.belief


def sold(world: World, hired: Any, alone: bool, ask: Any, penalty: float = 0.0, overhead: float = 0.0) -> Ledger:
    """The ledger in which every present agent bids once, `hired` (R, T, n) try once and are paid the reserve."""
    at = np.nonzero(np.asarray(hired) & world.present)
    y, reserve = world.success[..., 0][at], world.reserve[at[:2]]
    attempts = {
        "replication": at[0],
        "task": at[1],
        "agent": at[2],
        "success": y,
        "status": np.where(y, "PASS", "FAIL"),
        "ask": np.broadcast_to(ask, hired.shape)[at],
        "claim": world.belief[at],
        "belief": world.belief[at],
        "cost_belief": world.cost_belief[at],
        "pay_success": reserve,
        "pay_failure": np.full(len(y), -penalty),
        "payment": np.where(y, reserve, -penalty),
        "cost": world.cost[..., 0][at],
    }
    here = np.nonzero(world.present)
    bids = {
        "replication": here[0],
        "task": here[1],
        "agent": here[2],
        "ask": np.broadcast_to(ask, hired.shape)[here],
        "claim": world.belief[here],
        "belief": world.belief[here],
        "cost_belief": world.cost_belief[here],
    }
    awards = (np.asarray(hired) & world.present).astype(np.int64)
    awards = awards if alone else awards.sum(axis=2, keepdims=True)
    cells = np.indices(awards.shape).reshape(3, -1)
    clearings = {
        "replication": cells[0],
        "task": cells[1],
        "alone": cells[2] if alone else np.full(awards.size, world.n_agents),
        "value": world.value[cells[0], cells[1]],
        "reserve": world.reserve[cells[0], cells[1]],
        "penalty": np.full(awards.size, penalty),
        "n_hired": awards.ravel(),
        "overhead": np.full(awards.size, overhead),
    }
    return Ledger(frame(ATTEMPTS, world, attempts), frame(BIDS, world, bids), frame(CLEARINGS, world, clearings))


def posted_alone(world: World, penalty: float, name: str = "posted") -> ArmData:
    """The random-reserve auction on this World, each truthful agent alone."""
    ask = break_even(world, penalty)
    hired = ask <= world.reserve[..., None]
    return ArmData.build(name, "posted_price", world, sold(world, hired, True, ask, penalty), True, (0.0, 1.0))
