"""How often paired differences between a rule that may hire several agents and one that hires one hold the truth.

Tables of tasks are drawn with replacement from the recorded ones of `marketbench_head_to_head`; each has REPLICATIONS
replications and the plain t interval over its tasks that runs print. The truth is the mean over the recorded tasks.
`python -m tests.coverage.several` prints the table of docs/intervals.md, with what Hall's transform would hold.

Index convention: values are (R, T), replications of the recorded tasks; each drawn task has replications of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.inference import Clustered, paired_difference
from analysis.intervals import skewed_t_interval
from analysis.quantities import quantity
from analysis.quantities.swept import values_of
from analysis.sweep_cells import Cells
from sim.experiment.job import play
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.kit.arrays import FloatArray
from sim.scenario.given import scenario_of

TABLES, REPLICATIONS, POOL = 1000, 5, 40
QUANTITIES = ("welfare", "payment", "cost")
RULES: dict[str, Any] = {
    "cascade": "cascade",
    "k_redundant": "k_redundant",
    "second_score q(V-a)": {"second_score": {"score": "q(V-a)"}},
}


def gaps() -> dict[tuple[str, str], FloatArray]:
    """(R, T) of the difference to second price, by rule and quantity."""
    scenario = scenario_of("marketbench_head_to_head", mechanisms=["second_price", *RULES.values()])
    origin = scenario_origin(scenario)
    found = []
    for arm in scenario.arms:
        world = draw_world(arm.settings.spec, origin, scenario.seed, POOL, 0)
        cells = Cells(play(world, arm, "market"))
        found.append({name: values_of(quantity(name, "arm"), cells)[0] for name in QUANTITIES})
    first, *others = found
    return {
        (rule, name): one[name] - first[name] for rule, one in zip(RULES, others, strict=True) for name in QUANTITIES
    }


def tables(gap: FloatArray, tasks: int, rng: np.random.Generator) -> FloatArray:
    """(tables, R, T) of tasks drawn with replacement, each with its own replications."""
    task = rng.integers(0, gap.shape[1], (TABLES, 1, tasks))
    return np.asarray(gap[rng.integers(0, len(gap), (TABLES, REPLICATIONS, tasks)), task])


def held(gap: FloatArray, tasks: int) -> tuple[float, float, float]:
    """Shares of the intervals that hold the truth, plain and corrected, and the skewness of the recorded tasks."""
    truth, plain, corrected = float(gap.mean()), [], []
    for table in tables(gap, tasks, np.random.default_rng(1)):
        found = paired_difference(table, np.zeros(table.shape), "task")
        clusters = Clustered.of(table.sum(axis=0), np.full(tasks, float(REPLICATIONS)))
        low, high = skewed_t_interval(clusters.value, clusters.se, clusters.clusters, clusters.skewness)
        plain.append(bool(found.low <= truth <= found.high))
        corrected.append(bool(low <= truth <= high))
    apart = gap.mean(axis=0) - truth
    return float(np.mean(plain)), float(np.mean(corrected)), float((apart**3).mean() / (apart**2).mean() ** 1.5)


def table(tasks: tuple[int, ...] = (20, 40, 93)) -> pd.DataFrame:
    """One row for each rule and number of tasks."""
    found, rows = gaps(), []
    for rule in RULES:
        for count in tasks:
            row: dict[str, Any] = {"rule": rule, "tasks": count}
            for name in QUANTITIES:
                row[name], row[f"{name}, corrected"], row[f"{name}, skewness"] = held(found[rule, name], count)
            rows.append(row)
    return pd.DataFrame(rows)


def markdown(found: pd.DataFrame) -> str:
    """The table as docs/intervals.md has it, in percent: as printed (corrected) skewness."""
    lines = [["against second price, rule", "tasks", *QUANTITIES], ["---"] * (2 + len(QUANTITIES))]
    for row in found.to_dict("records"):
        cells = [
            f"{100 * row[name]:.1f} ({100 * row[f'{name}, corrected']:.1f}) {row[f'{name}, skewness']:.1f}"
            for name in QUANTITIES
        ]
        lines.append([row["rule"], str(row["tasks"]), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(markdown(table()), flush=True)
