"""Small sweeps: a synthetic world with a panel, and a recorded table."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from analysis.sweep_report import analysis_of
from sim.experiment.plan import Options, Plan, plan_sweep
from sim.experiment.sweep import execute_sweep
from sim.scenario.scenario import load_scenario
from tests.cli.command import HEADER, SCENARIO, lay_out
from tests.coarse import drawn_coarsely

SYNTHETIC = """\
question = "Does a penalty change who wins?"
seed = 3
replications = 16
baseline = "second price"

[world]
profile = "marketbench"
parameters = "point"
sigma_u = [0.0, 2.3]
tasks = 7
bid_cost = 0.001
agents = { "*" = { overconfidence = 0.0, overprecision = 0.0, grid = "none" } }

[tender]
value = 1.5
reserve = { share_of_value = 0.8 }
penalty = 0.0

[market]
overhead = 0.002

[standing]
expected_cost = { record = "redrawn", tasks = 7 }

[[arm]]
name = "second price"
mechanism = "second_price"

[[arm]]
name = "its own penalty"
mechanism = "second_price"
tender = { penalty = 0.5 }

[[arm]]
name = "always"
mechanism = { always = { agent = "gpt-5-mini" } }
"""
SWEEP = """
[sweep]
"world.agents.gemini-3-pro.overconfidence" = [-1.0, 2.0]
"tender.penalty" = [0.0, 1.0]
"""
RECORDED = SCENARIO.replace("replications = 2", "replications = 5").replace(
    "reserve = 0.8", "reserve = {uniform = [0, 1]}"
)


TABLE = HEADER + "".join(  # three agents on four tasks; names that sort otherwise than they stand
    f"{agent},t{task},{claim},{success},{cost},{belief}\n"
    for agent, claim, cost, belief, outcomes in (
        ("c", 0.9, 0.3, 0.25, "1011"),
        ("a", 0.6, 0.05, 0.0625, "0110"),
        ("b", 0.7, 0.11, 0.125, "1000"),
    )
    for task, success in zip((4, 1, 3, 2), outcomes, strict=True)
)


def write(folder: Path, scenario: str = SYNTHETIC, sweep: str = SWEEP) -> Path:
    """Write the scenario, and the recorded table beside it; returns the scenario's path."""
    return lay_out(folder, scenario + sweep, TABLE)


def plan_of(path: Path, *overrides: str, options: Options | None = None, **changes: Any) -> Plan:
    """The plan of a scenario. changes: seed, replications."""
    return plan_sweep(load_scenario(path, overrides=overrides, **changes), options)


def run(plan: Plan, folder: Path, *, figures: bool = False, **how: Any) -> Path:
    """Run the plan into `folder`, with the analysis of the command line. figures: draw them, coarsely."""
    with drawn_coarsely() if figures else mock.patch("analysis.figures.sweeps.draw_all"):
        return execute_sweep(plan, folder, analysis_of(plan), **how)
