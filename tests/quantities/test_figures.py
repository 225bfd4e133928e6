"""Figures of quantities that no sweep keeps unless one draws them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.figures.chart import check_figures
from analysis.sweep_report import asking
from sim.kit.errors import ScenarioError
from tests.sweep.scenes import SYNTHETIC, plan_of, run, write

KEY = "world.agents.gemini-3-pro.overconfidence"
SWEEP = f"""
[sweep]
"{KEY}" = [-1.0, 0.0, 2.0]
"tender.penalty" = [0.0, 1.0]

[[figure]]
kind = "lines"
x = "{KEY}"
y = ["auc:gemini-3-pro", "ece:gemini-3-pro", "regret_ability", "regret_fixed"]

[[figure]]
kind = "map"
x = "{KEY}"
vertical = "tender.penalty"
y = ["regret_outcome", "auc:gemini-3-pro"]
arms = ["second price"]

[[figure]]
kind = "calibration"
x = "{KEY}"
y = ["gemini-3-pro", "gpt-5-mini"]
arms = ["second price"]
where = {{ "tender.penalty" = 0.0 }}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("figures")
    scenario = SYNTHETIC.replace("replications = 16", "replications = 40")
    return run(plan_of(write(place, scenario, SWEEP)), place / "o", figures=True) / "figures"


@pytest.mark.slow
def test_lines_of_auc_ece_and_regrets(folder: Path) -> None:
    """A shift in logits moves no AUC, and any shift makes an ECE larger."""
    data = pd.read_csv(folder / "lines.csv")
    own = data[(data["arm"] == "second price") & (data["tender.penalty"] == 0.0)]
    own = own[own["panel"] == own["panel"].iloc[0]]
    areas, errors = (own[own["metric"] == name].set_index(KEY)["value"] for name in ("auc", "ece"))
    assert np.ptp(areas) < 0.005
    assert errors[0.0] < errors[-1.0]
    assert errors[0.0] < errors[2.0]
    assert own.loc[own["metric"] == "auc", "low"].notna().all()
    assert (folder / "lines.png").stat().st_size > 10_000
    assert (folder / "map_2.png").stat().st_size > 10_000


@pytest.mark.slow
def test_calibration_curves(folder: Path) -> None:
    """Success rates of the tenths, of all claims together the success rate; tenths of few claims are left out."""
    data = pd.read_csv(folder / "calibration_3.csv")
    own = data[data["agent"] == "gemini-3-pro"]
    assert set(own["metric"].str.rpartition("_of_tenth_")[0]) == {"mean_claim", "success_rate"}
    assert own["clusters"].min() >= 10
    rates = own[own["metric"].str.startswith("success_rate")]
    for level, rows in rates.groupby(KEY):
        mean = (rows["value"] * rows["clusters"]).sum() / rows["clusters"].sum()
        assert mean == pytest.approx(0.8, abs=0.12), level
    assert (folder / "calibration_3.png").stat().st_size > 10_000


def test_a_figure_asks_for_what_it_draws(tmp_path: Path) -> None:
    plan = asking(plan_of(write(tmp_path, SYNTHETIC, SWEEP)))
    assert {"auc", "ece", "regret_ability", "regret_fixed", "regret_outcome", "mean_claim_of_tenth_1"} <= set(
        plan.quantities
    )
    assert plan.digest != plan_of(tmp_path / "s.toml").digest  # jobs of the one are none of the other


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('y = ["gemini-3-pro", "gpt-5-mini"]', "y: unknown 'auc'"),
        ('arms = ["second price"]\nwhere', "has a line for each level of x"),
    ],
)
def test_calibrations_that_cannot_be_drawn(change: str, told: str, tmp_path: Path) -> None:
    other = 'y = ["auc"]' if change.startswith("y") else 'lines = "tender.penalty"\nwhere'
    with pytest.raises(ScenarioError, match=told):
        check_figures(plan_of(write(tmp_path, SYNTHETIC, SWEEP.replace(change, other))))
