"""principals.csv: how each principal of an arm fares, where there are several or one has a budget.

    spent        payments to agents less their penalties, of one replication, which is what a budget limits
    surplus      that of summary.csv, over the principal's auctions
    no budget    the task closed because what was left of the budget did not cover the reserve

Where agents are alone each of their markets has its own principals, with budgets of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from analysis.cells import CLUSTERS as WHAT
from analysis.cells import all_cells, described
from analysis.inference import CLUSTERS, Estimate, ratio
from analysis.quantities.auctions import surplus
from analysis.quantities.separating import separating
from sim.kit.arrays import BoolArray, FloatArray

_ESTIMATES = {
    "solve_rate": "its auctions in which some attempt truly succeeded / its auctions",
    "unfilled_rate": "its auctions in which no attempt was made / its auctions",
    "no_budget_rate": "its auctions that closed for want of budget / its auctions",
    "payment": "dollars paid to agents, net of penalties / its auctions",
    "surplus": "dollars of surplus, as in summary.csv / its auctions; NaN where no value is stated",
    "spent": "dollars paid to agents, net of penalties / replications, each market apart where agents are alone",
    "useful_rate": "its tasks that tell solvers apart (analysis/quantities/separating.py) / its tasks",
    "solver_average": "runs of all agents' tries at its tasks that pass / runs, mean over its tasks",
    "over_budget_rate": "replications in which it spent more than its budget, which only rules that promise more than "
    "the reserve, or hire several at it, can bring about / replications; NaN where it has no budget",
}
COLUMNS = {
    "arm": "name of the arm",
    "mechanism": "its mechanism",
    "principal": "name of the principal; empty where there is one without a name",
    "budget": "dollars it may spend in a replication; inf: no limit",
    "tasks": "its auctions: (replication, task, market)",
    "clusters": WHAT,
    **described(_ESTIMATES),
}


def applies(arm: ArmData) -> bool:
    """The arm has several principals, or a budget."""
    return len(arm.world.principals) > 1 or arm.budgets is not None


def principals(arm: ArmData) -> list[dict[str, Estimate]]:
    """Estimates () of each principal, by column."""
    budgets = arm.budgets or (np.inf,) * len(arm.world.principals)
    return [_principal(arm, arm.world.owner == place, budget) for place, budget in enumerate(budgets)]


def _principal(arm: ArmData, own: BoolArray, budget: float) -> dict[str, Estimate]:
    """own (R, T): its tasks."""
    by = arm.by
    mine = np.broadcast_to(own[..., None], arm.value.shape)
    payment = np.where(mine, arm.per_auction(arm.payment - arm.fee), 0.0)
    per_auction: dict[str, FloatArray | BoolArray] = {
        "solve_rate": arm.solved,
        "unfilled_rate": ~arm.filled,
        "no_budget_rate": arm.no_budget,
        "payment": payment,
        "surplus": surplus(arm),
    }
    auctions = mine.sum(axis=2)
    found = {
        name: ratio(np.where(mine, values, 0.0).sum(axis=2), auctions, by, rate=name.endswith("_rate"))
        for name, values in per_auction.items()
    }
    for name, known in separating(arm).items():
        counted = mine & ~np.isnan(known)
        num = np.where(counted, known, 0.0).sum(axis=2)
        found[name] = ratio(num, counted.sum(axis=2), by, rate=name.endswith("_rate"))
    each, spent = np.ones((len(own), 1)), payment.sum(axis=1)
    n_markets = spent.shape[1]
    over = (spent > budget + 1e-9).sum(axis=1, keepdims=True)
    limited = np.isfinite(budget)
    return found | {
        "spent": ratio(payment.sum(axis=2), each * n_markets / own.shape[1], by),
        "over_budget_rate": ratio(over * limited, each * n_markets * limited, by, rate=True),
    }


def principals_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """One row per (arm, principal) of the arms it applies to."""
    rows: list[dict[str, Any]] = []
    for arm in arms:
        if not applies(arm):
            continue
        for place, estimates in enumerate(principals(arm)):
            row: dict[str, Any] = {"arm": arm.name, "mechanism": arm.mechanism}
            row |= {"principal": arm.world.principals[place]}
            row |= {"budget": np.inf if arm.budgets is None else arm.budgets[place]}
            row |= {"tasks": int((arm.world.owner == place).sum()) * arm.value.shape[2]}
            rows.append(row | {"clusters": CLUSTERS[arm.by]} | all_cells(estimates))
    return pd.DataFrame(rows, columns=list(COLUMNS))
