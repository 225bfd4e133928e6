"""A difference that no decision makes: the same on every task, so that its standard error is exactly 0."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import load
from analysis.differences import differences_table
from analysis.report import arms_of
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.scenario.scenario import load_scenario
from tests.cli.command import HEADER, WORLD, lay_out
from tests.sweep.scenes import plan_of, run

SCENARIO = (
    'question = "What does a stated cost of clearing do?"\nseed = 2\nreplications = 7\nbaseline = "base"\n'
    + WORLD
    + """
[tender]
value = 1.7
reserve = 1.3
penalty = 0.3

[[arm]]
name = "base"
mechanism = "second_price"

[[arm]]
name = "overhead 0.1"
mechanism = "second_price"
market = { overhead = 0.1 }

[[arm]]
name = "overhead 0.013"
mechanism = "second_price"
market = { overhead = 0.013 }

[[arm]]
name = "other rule"
mechanism = "hire_all"
"""
)
SWEEP = '\n[sweep]\n"world.bid_cost" = [0.0, 0.05]\n'
COST = (0.3, 0.07, 0.11, 0.23)


def table() -> str:
    """Four agents on eleven tasks, whose sums of money do not come out even."""
    lines = [
        f"a{i},t{task},{0.35 + 0.05 * ((task + 3 * i) % 12):.2f},{int((task * (i + 2)) % 3 > 0)},"
        f"{COST[i] * (1 + task / 7):.4f},{COST[i] * (1 + task / 9):.4f}"
        for task in range(11)
        for i in range(4)
    ]
    return HEADER + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def of_run(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Paired differences of a run, a row per arm."""
    folder = tmp_path_factory.mktemp("run")
    done = Run.open(execute(plan(load_scenario(lay_out(folder, SCENARIO, table()))), folder / "o"))
    baselines = {arm.name: done.scenario.baseline_of(arm) for arm in done.scenario.arms}
    return differences_table(arms_of(done), baselines).set_index("arm")


@pytest.fixture(scope="module")
def of_sweep(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Rows of a sweep's table that are no agent's."""
    folder = tmp_path_factory.mktemp("sweep")
    found = load(run(plan_of(lay_out(folder, SCENARIO + SWEEP, table())), folder / "o"))
    return found[found["agent"] == ""].set_index(["cell", "arm", "metric"])


@pytest.mark.parametrize("overhead", [0.1, 0.013])
@pytest.mark.parametrize("metric", ["welfare", "surplus", "payment", "solve_rate", "utility"])
def test_difference_that_no_decision_makes_is_certain(
    of_run: pd.DataFrame, of_sweep: pd.DataFrame, metric: str, overhead: float
) -> None:
    """Welfare and surplus differ by the cost of clearing, on every task; nothing else does."""
    arm, expected = f"overhead {overhead}", -overhead if metric in ("welfare", "surplus") else 0.0
    assert of_run.loc[arm, metric] == pytest.approx(expected, abs=1e-12)
    assert of_run.loc[arm, f"{metric}_se"] == 0.0
    for cell in (0, 1):
        swept = of_sweep.loc[(cell, arm, metric)]
        assert swept["difference"] == pytest.approx(expected, abs=1e-12)
        assert swept["difference_se"] == 0.0


@pytest.mark.parametrize("overhead", [0.1, 0.013])
def test_amount_that_is_stated_is_certain_in_itself_and_in_its_difference(
    of_sweep: pd.DataFrame, overhead: float
) -> None:
    """Every task is cleared once, by an arm with the overhead and by the baseline without."""
    for cell in (0, 1):
        swept = of_sweep.loc[(cell, f"overhead {overhead}", "overhead")]
        assert [swept["value"], swept["difference"]] == pytest.approx([overhead, overhead], abs=1e-12)
        assert [swept["se"], swept["difference_se"]] == [0.0, 0.0]


@pytest.mark.parametrize("metric", ["welfare", "payment", "utility"])
def test_difference_that_a_rule_makes_is_not(of_run: pd.DataFrame, of_sweep: pd.DataFrame, metric: str) -> None:
    assert of_run.loc["other rule", f"{metric}_se"] > 1e-3
    for cell in (0, 1):
        assert of_sweep.loc[(cell, "other rule", metric), "difference_se"] > 1e-3


@pytest.mark.parametrize("metric", ["welfare", "payment", "utility", "solve_rate"])
def test_arms_that_decide_alike_have_a_p_value_only_where_they_differ(
    of_run: pd.DataFrame, of_sweep: pd.DataFrame, metric: str
) -> None:
    """A run and a sweep say the same; what has no p is no member of Holm's family."""
    for arm in ("base", "overhead 0.1", "other rule"):
        differs = arm == "other rule"  # the cost of clearing is certain, and has no p either
        assert pd.notna(of_run.loc[arm, f"{metric}_p"]) == differs
        rows = of_sweep.xs((arm, metric), level=("arm", "metric"))
        assert rows["difference_p"].notna().eq(differs).all()
        assert rows["difference_p_holm"].notna().eq(differs).all()
        assert rows["difference_p"].iloc[0] == pytest.approx(of_run.loc[arm, f"{metric}_p"], nan_ok=True)
