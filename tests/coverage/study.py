"""How often 95 % intervals hold the truth, by simulation: the table of docs/intervals.md.

Each row is a world, of so many tasks and replications, in which `DATASETS` runs are simulated, each with its own
intervals. The truth is the mean over all of them. `python -m tests.coverage.study` prints the table.

    synthetic    every replication has tasks of its own
    recorded     a table of tasks is drawn once a run; its replications share the tasks, and not lotteries and orders
    uncoupled    second score, or on a table a posted price that is drawn anew, against always one agent
    reputation   the live rule with a reputation that is learned, one task after the other
    capacity     an agent works on one task at a time

Coupled arms on a recorded table have no such interval: tests/coverage/replays.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference import CLUSTERS, By, Estimate, paired_difference, ratio
from analysis.quantities import quantity
from analysis.quantities.swept import values_of
from analysis.sweep_cells import Cells
from sim.experiment.job import play
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.kit.arrays import FloatArray
from sim.scenario.scenario import Scenario, resolve
from sim.world.world import World

DATASETS = 1000
_CELLS = 300_000  # tasks x replications that are played at once
RATE_RANGE = (0.03, 0.97)  # beyond, 20 trials of 0 or 1 allow no interval that always holds 90 %
CONTINUOUS = ("welfare", "cost", "payment", "welfare, paired")
SKEWED = "profit of one agent"  # rarely hired, costs far from normal: shown, and not judged
RATES = ("solve rate", "solve rate, paired", "success of the hired")
_OF_TABLE = ("present", "belief", "cost_belief", "ability", "success", "verified", "infra", "cost", "duration")


@dataclass(frozen=True)
class Case:
    """One row of the table. skill: logits added to every agent's ability, which sets the rates."""

    kind: str
    coupled: str
    tasks: int
    replications: int
    skill: float = 0.0

    @property
    def by(self) -> By:
        """Its clusters."""
        if self.kind == "recorded":
            return "task"
        return "replication" if self.coupled else "pair"


def scenario_of(case: Case, profile: str = "marketbench") -> Scenario:
    """The two arms."""
    knobs: dict[str, Any] = {"skill": case.skill, "hold": "calibration", "overconfidence": 0.0, "grid": "none"}
    raw: dict[str, Any] = {
        "question": "How often do the intervals hold the truth?",
        "seed": 20240,
        "replications": 1,
        "world": {
            "profile": profile,
            "parameters": "point",
            "sigma_u": 1.0,
            "tasks": case.tasks,
            "arrivals": {"every": 1},
            "order": "shuffled",
            "agents": {"*": knobs},
        },
        "tender": {"value": 1.0, "reserve": "value", "penalty": 0.0},
        "standing": {"expected_cost": "actual"},
        "arm": [
            {"name": "second score", "mechanism": {"second_score": {"score": "q(V-a)"}}},
            {"name": "always", "mechanism": {"always": {"agent": "gpt-5.2"}}},
        ],
    }
    if case.kind == "recorded":
        raw["arm"][0] |= {"mechanism": "posted_price", "tender": {"reserve": {"uniform": [0.0, 1.0]}}}
    if case.coupled == "capacity":
        raw["market"] = {"capacity": 1}
        raw["world"] |= {"duration": {"exponential": 3.0}}
    if case.coupled == "reputation":
        raw["arm"][0] |= {
            "mechanism": {"agent_economy": {"credits_per_dollar": 90.0}},
            "standing": {"reputation": "agent_economy"},
        }
    return resolve(Path("study.toml"), raw)


def world_of(case: Case, scenario: Scenario, datasets: range) -> World:
    """One World of all replications of these datasets."""
    settings, origin = scenario.arms[0].settings, scenario_origin(scenario)
    first, count = datasets.start * case.replications, len(datasets) * case.replications
    drawn = draw_world(settings.spec, origin, scenario.seed, count, first)
    if case.kind == "synthetic":
        return drawn
    tables = draw_world(settings.spec, origin, scenario.seed + 1, len(datasets), datasets.start)
    repeated = {name: np.repeat(getattr(tables, name), case.replications, axis=0) for name in _OF_TABLE}
    return replace(drawn, from_table=True, **repeated)


def played(case: Case, scenario: Scenario, datasets: range) -> tuple[Cells, Cells]:
    """What happened in both arms in these datasets."""
    world = world_of(case, scenario, datasets)
    one, other = (Cells(play(world, arm, "compiled")) for arm in scenario.arms)
    return one, other


@lru_cache(maxsize=16)
def of(cells: Cells, name: str) -> FloatArray:
    """(m, R, T) of a quantity of auctions."""
    return values_of(quantity(name, "arm"), cells)


def estimates(case: Case, one: Cells, other: Cells, rows: slice) -> dict[str, Estimate]:
    """What a run of these replications would print."""
    by, agent = case.by, -1
    attempts, wins = (array[agent, rows] for array in (one.attempts, one.wins))
    found = {name: ratio(of(one, name)[0, rows], 1.0, by) for name in ("welfare", "cost", "payment")}
    found["welfare, paired"] = paired_difference(of(one, "welfare")[0, rows], of(other, "welfare")[0, rows], by)
    found[SKEWED] = ratio(one.profits()[agent, rows], 1.0, by)
    found["solve rate"] = ratio(of(one, "solve_rate")[0, rows], 1.0, by, rate=True)
    found["solve rate, paired"] = paired_difference(
        of(one, "solve_rate")[0, rows], of(other, "solve_rate")[0, rows], by, rate=True
    )
    found["success of the hired"] = ratio(wins, attempts, by, rate=True)
    return found


def coverage(case: Case, datasets: int = DATASETS) -> dict[str, Any]:
    """The row of one case: coverage of each quantity; NaN where fewer than one run in two prints an interval."""
    scenario = scenario_of(case)
    at_once = max(1, _CELLS // (case.tasks * case.replications))
    found: dict[str, list[tuple[float, float, float, float]]] = {}
    for first in range(0, datasets, at_once):
        chunk = range(first, min(first + at_once, datasets))
        one, other = played(case, scenario, chunk)
        for at in range(len(chunk)):
            rows = slice(at * case.replications, (at + 1) * case.replications)
            attempts = float(one.attempts[-1, rows].sum())
            for name, of in estimates(case, one, other, rows).items():
                weight = attempts if name == "success of the hired" else 1.0
                found.setdefault(name, []).append((of.low, of.high, of.value, weight))
    truths = {name: _mean(np.array(values)) for name, values in found.items()}
    row: dict[str, Any] = {**vars(case), "clusters": case.by, "rate": truths["solve rate"]}
    return row | {name: _held(np.array(values), truths[name]) for name, values in found.items()}


def _mean(found: FloatArray) -> float:
    """The truth, by (low, high, value, weight) of all runs: for a ratio, sums over all of them."""
    known = found[found[:, 3] > 0]
    return float(np.average(known[:, 2], weights=known[:, 3])) if len(known) else float("nan")


def _held(found: FloatArray, truth: float) -> float:
    """Share of the intervals that hold the truth, among the runs that print one."""
    known = found[~np.isnan(found[:, 0])]
    return float(((known[:, 0] <= truth) & (truth <= known[:, 1])).mean()) if 2 * len(known) >= len(found) else np.nan


COUPLED = (("synthetic", ""), ("synthetic", "reputation"), ("synthetic", "capacity"), ("recorded", ""))


def cases() -> Iterator[Case]:
    """Worlds of the bundled population."""
    for kind, coupled in COUPLED:
        for tasks in (20, 50):
            for replications in (5, 10, 30):
                yield Case(kind, coupled, tasks, replications)


def rate_cases() -> Iterator[Case]:
    """A grid of rates, from rarely to nearly always solved; what is outside RATE_RANGE is not judged."""
    for kind, coupled in COUPLED:
        for skill in (-12.0, -9.0, -6.0, -3.0, 0.0, 2.5, 5.0):
            yield Case(kind, coupled, 20, 5, skill)


def table(chosen: Iterator[Case]) -> pd.DataFrame:
    """The rows of some cases."""
    return pd.DataFrame([coverage(case) for case in chosen])


def markdown(found: pd.DataFrame) -> str:
    """The table as docs/intervals.md has it, in percent."""
    shown = (*CONTINUOUS, SKEWED, *RATES)
    head = ["world", "coupled by", "tasks", "replications", "clusters", "solve rate", *shown]
    lines = [" | ".join(head), " | ".join(["---"] * len(head))]
    for row in found.to_dict("records"):
        cells = [row["kind"], row["coupled"] or "nothing", f"{row['tasks']}", f"{row['replications']}"]
        cells += [CLUSTERS[row["clusters"]], f"{row['rate']:.2f}"]
        lines.append(
            " | ".join([*cells, *("-" if np.isnan(row[name]) else f"{100 * row[name]:.1f}" for name in shown)])
        )
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    for chosen in (cases(), rate_cases()):
        print(markdown(table(chosen)), flush=True)
