"""How often 95 % intervals hold the truth, by simulation: the table of docs/intervals.md.

Each row is a world, of so many tasks and replications, in which `DATASETS` runs are simulated, each with its own
intervals. The truth is the mean over all of them and as many more. `python -m tests.coverage.study` prints the table.

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
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference import CLUSTERS, By, Estimate, paired_difference, ratio
from analysis.sweep_cells import Cells
from sim.arrays import FloatArray
from sim.run import draw_world, scenario_origin
from sim.scenario import Scenario, resolve
from sim.sweep.job import play
from sim.world import World

DATASETS = 2000
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


def world_of(case: Case, scenario: Scenario, datasets: int) -> World:
    """One World of all replications of all datasets."""
    settings, origin = scenario.arms[0].settings, scenario_origin(scenario)
    drawn = draw_world(settings, origin, scenario.seed, datasets * case.replications)
    if case.kind == "synthetic":
        return drawn
    tables = draw_world(settings, origin, scenario.seed + 1, datasets)
    repeated = {name: np.repeat(getattr(tables, name), case.replications, axis=0) for name in _OF_TABLE}
    return replace(drawn, recorded=True, **repeated)


def counts(case: Case, datasets: int) -> tuple[Cells, Cells]:
    """What happened in both arms."""
    scenario = scenario_of(case)
    world = world_of(case, scenario, datasets)
    one, other = (Cells(play(world, arm, "replay")) for arm in scenario.arms)
    return one, other


def estimates(case: Case, one: Cells, other: Cells, rows: slice) -> dict[str, Estimate]:
    """What a run of these replications would print."""
    by, agent = case.by, -1
    own, base = one.auctions, other.auctions
    attempts, wins = (array[agent, rows] for array in (one.attempts, one.wins))
    found = {name: ratio(own[name][0, rows], 1.0, by) for name in ("welfare", "cost", "payment")}
    found["welfare, paired"] = paired_difference(own["welfare"][0, rows], base["welfare"][0, rows], by)
    found[SKEWED] = ratio(one.profit[agent, rows], 1.0, by)
    found["solve rate"] = ratio(own["solve_rate"][0, rows], 1.0, by, rate=True)
    found["solve rate, paired"] = paired_difference(
        own["solve_rate"][0, rows], base["solve_rate"][0, rows], by, rate=True
    )
    found["success of the hired"] = ratio(wins, attempts, by, rate=True)
    return found


def coverage(case: Case, datasets: int = DATASETS) -> dict[str, Any]:
    """The row of one case: coverage of each quantity, and the share of runs that print no interval."""
    one, other = counts(case, 2 * datasets)
    truth = estimates(replace(case, coupled=""), one, other, slice(None))
    held: dict[str, list[float]] = {name: [] for name in (*CONTINUOUS, SKEWED, *RATES)}
    for start in range(0, datasets * case.replications, case.replications):
        for name, found in estimates(case, one, other, slice(start, start + case.replications)).items():
            known = not np.isnan(found.low)
            held[name].append(float(found.low <= truth[name].value <= found.high) if known else np.nan)
    row: dict[str, Any] = {**vars(case), "clusters": case.by, "rate": float(truth["solve rate"].value)}
    return row | {name: _share(np.array(values)) for name, values in held.items()}


def _share(held: FloatArray) -> float:
    """Share of the intervals that hold the truth; NaN where there is none."""
    known = held[~np.isnan(held)]
    return float(known.mean()) if known.size else float("nan")


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
