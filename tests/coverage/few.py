"""How often intervals hold the truth where a run says little.

    regret_fixed   the regret to the best fixed agent, with few tasks
    profit         of an agent that is rarely hired

Runs of `marketbench_population` with few tasks, each with its own intervals over (replication, task) pairs. The truth
of a profit is the mean over all runs. That of the regret is twofold: the mean over all runs of its size, which the
choice of the agent within each run biases, and the regret of all of them taken as one run.
`python -m tests.coverage.few` prints the tables of docs/intervals.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.benchmark import best_fixed
from analysis.inference import Estimate, mean, ratio
from analysis.quantities import quantity
from analysis.quantities.regrets import fixed_gain
from analysis.quantities.swept import values_of
from analysis.sweep_cells import Cells
from sim.experiment.job import play
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.scenario.given import scenario_of

RUNS = 1000
RULES: list[Any] = ["second_price", {"second_score": {"score": "qV-a"}}, "cascade"]
LEAST, RARE = 0.5, 0.1
SIZES = ((10, 2), (10, 5), (20, 5), (50, 5))


def cells_of(tasks: int, replications: int) -> dict[str, Cells]:
    """All runs of a size at once, by arm."""
    settings = {"world.tasks": tasks, "world.sigma_u": 1.0, "tender.penalty": 0.0}
    scenario = scenario_of("marketbench_population", settings=settings, mechanisms=RULES)
    world = draw_world(scenario.arms[0].settings.spec, scenario_origin(scenario), scenario.seed, RUNS * replications, 0)
    return {arm.name: Cells(play(world, arm, "compiled")) for arm in scenario.arms}


def runs(replications: int) -> list[slice]:
    """The replications of each run."""
    return [slice(at * replications, (at + 1) * replications) for at in range(RUNS)]


def held(found: list[Estimate], truth: float) -> float:
    """Share of the intervals that hold the truth, of those that there are."""
    known = [one for one in found if not np.isnan(one.low)]
    return float(np.mean([one.low <= truth <= one.high for one in known])) if known else float("nan")


def regrets(tasks: int, replications: int) -> list[dict[str, Any]]:
    """One row for each rule."""
    rows = []
    for arm, cells in cells_of(tasks, replications).items():
        gain, welfare = fixed_gain(cells), values_of(quantity("welfare", "arm"), cells)[0]
        names = cells.world.tasks
        of_run = [mean(best_fixed(gain[rows], names) - welfare[rows], "pair") for rows in runs(replications)]
        own = float(np.mean([one.value for one in of_run]))
        whole = float((best_fixed(gain, names) - welfare).mean())
        row = {"rule": arm, "tasks": tasks, "replications": replications, "own": held(of_run, own)}
        rows.append(row | {"whole": held(of_run, whole), "bias": own - whole})
    return rows


def profits(tasks: int, replications: int) -> list[dict[str, Any]]:
    """One row for each rule and agent; hired: attempts a run."""
    rows = []
    for arm, cells in cells_of(tasks, replications).items():
        attempts, profit = np.asarray(cells.attempts, np.float64), np.asarray(cells.profits())
        for agent, name in enumerate(cells.world.agents):
            of_run = [ratio(profit[agent, one], 1.0, "pair") for one in runs(replications)]
            known = float(np.mean([not np.isnan(one.low) for one in of_run]))
            row = {"rule": arm, "agent": name, "hired": attempts[agent].sum() / RUNS, "with": known}
            share = attempts[agent].sum() / attempts.sum()
            rows.append(row | {"share": share, "held": held(of_run, float(profit[agent].mean()))})
    return rows


def percent(share: float) -> str:
    """A share as docs/intervals.md has it."""
    return "-" if np.isnan(share) else f"{100 * share:.1f}"


def of_regrets() -> list[list[str]]:
    """The table of regrets, with its head."""
    lines = [["rule", "tasks", "replications", "mean of runs", "all runs as one", "bias"]]
    for row in (row for size in SIZES for row in regrets(*size)):
        cells = [row["rule"], str(row["tasks"]), str(row["replications"])]
        lines.append([*cells, percent(row["own"]), percent(row["whole"]), f"{round(row['bias'], 3) + 0.0:.3f}"])
    return lines


def of_profits() -> list[list[str]]:
    """The table of profits, of agents with RARE of the attempts or fewer and LEAST a run or more, with its head."""
    lines = [["rule", "agent", "tasks", "attempts a run", "share of attempts", "runs with one", "holds the truth"]]
    for tasks, replications in (SIZES[1], SIZES[3]):
        for row in profits(tasks, replications):
            if row["hired"] >= LEAST and row["share"] <= RARE:
                cells = [row["rule"], row["agent"], str(tasks), f"{row['hired']:.1f}", f"{row['share']:.3f}"]
                lines.append([*cells, percent(row["with"]), percent(row["held"])])
    return lines


def markdown(lines: list[list[str]]) -> str:
    """A table, from its head and rows."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], ["---"] * len(lines[0]), *lines[1:]])


if __name__ == "__main__":
    print(markdown(of_regrets()), markdown(of_profits()), sep="\n\n", flush=True)
