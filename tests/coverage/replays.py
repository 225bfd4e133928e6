"""How often intervals from replays on redrawn tables hold the truth (analysis/resampled.py).

Tables are drawn from the bundled population; on each a run of some replications gives an estimate with its interval.
The truth is the mean over all of them and as many more, since each is what another draw of tasks would have given.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.inference import paired_difference, ratio
from analysis.replays import replays
from analysis.resampled import with_error_of_difference, with_errors
from analysis.sweep_cells import Cells
from sim.experiment.engine import choose
from sim.experiment.job import play
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.kit.arrays import FloatArray
from sim.scenario.scenario import Arm, Scenario, resolve
from sim.tables.table import Recorded
from sim.world.origin import TableOrigin
from sim.world.world import World
from tests.coverage.study import of

AGENTS = ("claude-opus-4.5", "claude-sonnet-4.5", "gemini-3-pro", "gpt-5.2", "gpt-5.2-pro", "gpt-5-mini")
COST = {"record": "redrawn", "tasks": 92}
ARMS: dict[str, dict[str, Any]] = {
    "routed by a record, split": {
        "mechanism": "route_by_advice",
        "standing": {"advice": {"record": "split"}, "expected_cost": {"fixed": 0.1}},
    },
    "routed by a record, redrawn": {
        "mechanism": "route_by_advice",
        "standing": {"advice": {"record": "redrawn", "tasks": 92}, "expected_cost": {"fixed": 0.1}},
    },
    "reputation": {
        "mechanism": {"agent_economy": {"credits_per_dollar": 90.0}},
        "standing": {"reputation": "agent_economy", "expected_cost": {"fixed": 0.1}},
    },
    "capacity": {
        "mechanism": {"second_score": {"score": "q(V-a)"}},
        "market": {"capacity": 1},
        "standing": {"expected_cost": {"fixed": 0.1}},
    },
    "Thompson": {
        "mechanism": "route_by_advice",
        "standing": {"advice": "thompson", "expected_cost": {"fixed": 0.1}},
    },
}
METRICS = ("welfare", "cost", "payment", "solve_rate")
RATES = ("solve_rate",)


def scenario_of(arm: str, tasks: int, replications: int, **world: Any) -> Scenario:
    """The arm, and always one agent beside it."""
    knobs = {"*": {"overconfidence": 0.0, "grid": "none"}}
    raw: dict[str, Any] = {
        "question": "How often do the intervals hold the truth?",
        "seed": 20241,
        "replications": replications,
        "world": {"profile": "marketbench", "parameters": "point", "sigma_u": 1.0, "tasks": tasks, "agents": knobs}
        | {"arrivals": {"every": 1}, "order": "shuffled", "duration": {"exponential": 3.0}}
        | world,
        "tender": {"value": 1.0, "reserve": "value", "penalty": 0.0},
        "arm": [
            {"name": "arm", **ARMS[arm]},
            {
                "name": "always",
                "mechanism": {"always": {"agent": "gpt-5.2"}},
                "standing": {"expected_cost": {"fixed": 0.1}},
            },
        ],
    }
    return resolve(Path("study.toml"), raw)


def tables(drawn: World) -> list[Recorded]:
    """A recorded table of each replication of a drawn World."""
    return [
        Recorded(
            agents=drawn.agents,
            tasks=drawn.tasks,
            family=drawn.family,
            block=drawn.block,
            present=drawn.present[r],
            belief=drawn.belief[r],
            cost_belief=drawn.cost_belief[r],
            ability=drawn.ability[r],
            success=drawn.success[r],
            cost=drawn.cost[r],
            duration=None,
            trials=drawn.present[r].astype(np.int64),
        )
        for r in range(drawn.n_replications)
    ]


def run(arm: Arm, origin: TableOrigin, seed: int, replications: int) -> Cells:
    """The arm on a table."""
    world = draw_world(arm.settings.spec, origin, seed, replications)
    return Cells(play(world, arm, choose("auto", arm.settings.terms)))


def coverage(name: str, tasks: int, replications: int, datasets: int, **world: Any) -> Mapping[str, float]:
    """Coverage of each metric and of its paired difference, over tables."""
    scenario = scenario_of(name, tasks, replications, **world)
    drawn = draw_world(scenario.arms[1].settings.spec, scenario_origin(scenario), 7, 2 * datasets)
    values: dict[str, list[float]] = {}
    ends: dict[str, list[tuple[float, float]]] = {}
    for number, table in enumerate(tables(drawn)):
        origin = TableOrigin(table, table.agents)
        cells = [run(arm, origin, number, replications) for arm in scenario.arms]
        estimates = {m: ratio(of(cells[0], m)[0], 1.0, "none", rate=m in RATES) for m in METRICS}
        gaps = {m: paired_difference(of(cells[0], m)[0], of(cells[1], m)[0], "none", rate=m in RATES) for m in METRICS}
        for m in METRICS:
            values.setdefault(m, []).append(float(estimates[m].value))
            values.setdefault(f"{m}, paired", []).append(float(gaps[m].value))
        if number >= datasets:
            continue
        redrawn = [replays(arm, origin, number, replications) for arm in scenario.arms]
        found = with_errors(estimates, redrawn[0], tasks, RATES, by_record="record" in name)
        for m in METRICS:
            own, base = (of(one, m)[0] for one in cells)
            shares = (float((own > base).mean()), float((own < base).mean())) if m in RATES else None
            gap = with_error_of_difference(
                gaps[m], redrawn[0][m], redrawn[1][m], tasks, shares, by_record="record" in name
            )
            for key, one in ((m, found[m]), (f"{m}, paired", gap)):
                ends.setdefault(key, []).append((float(one.low), float(one.high)))
    return {key: _held(np.array(pairs), float(np.mean(values[key]))) for key, pairs in ends.items()}


def _held(ends: FloatArray, truth: float) -> float:
    known = ends[~np.isnan(ends).any(axis=1)]
    return float(((known[:, 0] <= truth) & (truth <= known[:, 1])).mean()) if len(known) else float("nan")
