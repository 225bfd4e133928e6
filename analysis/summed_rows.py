"""Sums of ledger rows over postings and tries, as the arrays of `ArmData` (analysis/arm.py) hold them.

Index convention: as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.ledger_rows import Columns, cell_max, cell_of, cell_sum, counted_alone, lost_money, replication_of
from sim.kit.arrays import FloatArray, IntArray, frozen
from sim.ledger.ledger import ATTEMPT_DOLLARS, BESIDE, REASON, STATUS
from sim.world.world import World


def of_attempts(world: World, rows: Columns) -> dict[str, NDArray[Any]]:
    """Sums of attempts, (R, T, n) each, by field of `ArmData`."""
    at, shape = cell_of(rows, world), world.present.shape
    success, ask, status = rows["success"].astype(bool), rows["ask"], rows["status"]
    payment, cost, claim = rows["payment"], rows["cost"], rows["claim"]
    win, lose = rows["pay_success"], rows["pay_failure"]
    belief, cost_belief = rows["belief"], rows["cost_belief"]
    judged = (status != STATUS.index("INFRA")) & (status != STATUS.index("CANCELLED"))
    return {
        "attempts": cell_sum(at, shape, np.ones(len(status))).astype(np.int64),
        "wins": cell_sum(at, shape, success).astype(np.int64),
        "scores": np.full(shape, np.nan) if world.score is None else cell_max(at, shape, rows["score"]),
        "expected": cell_sum(at, shape, belief * win + (1 - belief) * lose - cost_belief),
        "published": cell_sum(at, shape, np.where(status == STATUS.index("PASS"), payment - ask, 0.0)),
        "losses": cell_sum(at, shape, lost_money(payment, cost)),
        "judged": cell_sum(at, shape, judged).astype(np.int64),
        "claim_gap": cell_sum(at, shape, np.where(judged, claim - success, 0.0)),
        "done": cell_sum(at, shape, judged & ~rows["timed_out"].astype(bool)).astype(np.int64),
    }


def charged_attempts(world: World, rows: Columns) -> dict[str, IntArray]:
    """(R, T, n) attempts with dollars beside payment and cost, by column of the ledger."""
    at, shape = cell_of(rows, world), world.present.shape
    return {name: frozen(cell_sum(at, shape, rows[name] > 0).astype(np.int64)) for name in BESIDE}


def dollars_of_attempts(world: World, rows: Columns, alone: bool) -> dict[str, FloatArray]:
    """(R, T, n) dollars by column of the ledger, and `cost_of_last`, of the one attempt of each auction that counts."""
    at, shape = cell_of(rows, world), world.present.shape
    auction = (at, shape) if alone else (at[:2], shape[:2])
    last = counted_alone(auction[0], auction[1], rows["status"] == STATUS.index("PASS"))
    columns = {name: rows[name] for name in ATTEMPT_DOLLARS} | {"cost_of_last": np.where(last, rows["cost"], 0.0)}
    none = np.broadcast_to(0.0, shape)
    return {name: frozen(cell_sum(at, shape, column)) if column.any() else none for name, column in columns.items()}


def of_bids(world: World, rows: Columns) -> dict[str, NDArray[Any]]:
    """What stands in bids, (R, T, n) each, by field of `ArmData`."""
    at, shape = cell_of(rows, world), world.present.shape
    first = rows["posting"] == 0
    cell = tuple(axis[first] for axis in at)
    held = {name: np.full(shape, np.nan) for name in ("ask", "claim", "belief", "cost_belief")}
    for name, array in held.items():
        array[cell] = rows[name][first]
    return {
        **held,
        "bid_cost": cell_sum(at, shape, rows["bid_cost"]),
        "fee": cell_sum(at, shape, rows["fee"]),
    }


def of_clearings(world: World, rows: Columns, alone: bool) -> dict[str, NDArray[Any]]:
    """What stands in clearings, (R, T, m) each, by field of `ArmData`. alone: each agent has a market of its own."""
    task = rows["task"].astype(np.int64)
    at = (replication_of(rows, world), task, rows["alone"].astype(np.int64) if alone else np.zeros_like(task))
    shape = (world.n_replications, world.n_tasks, world.n_agents if alone else 1)
    first = rows["posting"] == 0
    cell = tuple(axis[first] for axis in at)
    terms = {
        "value": np.broadcast_to(world.value[..., None], shape).copy(),
        "reserve": np.broadcast_to(world.reserve[..., None], shape).copy(),
        "penalty": np.full(shape, np.nan),
    }
    for name, array in terms.items():
        array[cell] = rows[name][first]
    no_budget = rows["closed"] == REASON.index("no budget")
    hires = rows["n_hired"] > 0
    return {
        **terms,
        "overhead": cell_sum(at, shape, rows["overhead"]),
        "no_budget": cell_sum(at, shape, no_budget) > 0,
        "n_awards": cell_sum(at, shape, hires).astype(np.int64),
        "n_ties": cell_sum(at, shape, hires & rows["by_tie"].astype(bool)).astype(np.int64),
    }
