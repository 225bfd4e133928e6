"""routers.csv: arms that hire by a record, beside what needs no record: one agent for all tasks, and one at random.

    best fixed   the agent with the greatest mean V y - c over all tasks of the World, chosen with hindsight: a bound
    random       every task goes to one of the agents present, all equally likely: the mean over them

Both at the first try, y what was delivered, without bid costs and overhead. Where no value is stated the best fixed
agent is the one that solves most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from analysis.cells import CLUSTERS as WHAT
from analysis.cells import all_cells, described
from analysis.quantities.of_run import summary
from sim.kit.arrays import FloatArray

COLUMNS = {
    "arm": "name of the arm",
    "record": "the record that it hires by (sim/standing/records.py)",
    "clusters": WHAT,
    **described(
        {
            "solve_rate": "auctions in which some attempt truly succeeded / auctions",
            "welfare": "dollars, surplus + utility / auctions; empty where no value is stated",
        }
    ),
    "best_fixed": "the agent that does best if it has every task, chosen with hindsight",
    "best_fixed_solve_rate": "its successes at the first try / tasks",
    "best_fixed_welfare": "dollars, its V y - c at the first try / tasks",
    "random_solve_rate": "mean success at the first try of the agents present, mean over tasks",
    "random_welfare": "dollars, mean V y - c at the first try of the agents present, mean over tasks",
}


def routers_table(arms: Sequence[tuple[ArmData, str]]) -> pd.DataFrame:
    """One row per arm that hires by a record; arms: each with the name of its record."""
    rows = [_row(arm, record) for arm, record in arms]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(arm: ArmData, record: str) -> dict[str, Any]:
    found = summary(arm)
    solved = np.where(arm.present, arm.world.delivered[..., 0], 0.0)
    gain = np.where(arm.present, arm.per_agent(arm.value) * solved - arm.world.cost[..., 0], 0.0)
    rate, welfare = solved.mean(axis=(0, 1)), gain.mean(axis=(0, 1))
    best = int(np.argmax(rate if np.isnan(welfare).any() else welfare))
    return {
        "arm": arm.name,
        "record": record,
        "clusters": arm.over,
        **all_cells({name: found[name] for name in ("solve_rate", "welfare")}),
        "best_fixed": arm.agents[best],
        "best_fixed_solve_rate": float(rate[best]),
        "best_fixed_welfare": float(welfare[best]),
        "random_solve_rate": _at_random(arm, solved),
        "random_welfare": _at_random(arm, gain),
    }


def _at_random(arm: ArmData, values: FloatArray) -> float:
    """Mean over tasks of the mean over the agents present; a task at which nobody is counts 0."""
    count = arm.present.sum(axis=2)
    each = np.divide(values.sum(axis=2), count, out=np.zeros(count.shape), where=count > 0)
    return float(each.mean())
