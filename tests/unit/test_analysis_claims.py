"""Claims with their intervals: what counts as a pair under a card, what has no interval, what is printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis import claims
from analysis.arm import ArmData
from analysis.calibration import auc
from analysis.claims_table import pooled_claims
from analysis.quantities.of_run import agents
from analysis.report import arms_of
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.scenario.scenario import load_scenario
from tests.unit.test_analysis_helpers import posted_alone, table_world

SCENARIO = Path(__file__).parents[2] / "scenarios" / "marketbench_replay.toml"


def arm_with(card: str, folder: Path) -> ArmData:
    """The first arm of the recorded auction under a card, 20 replications."""
    changes = [f"bidders.card={card}"] if card else []
    done = load_scenario(SCENARIO, replications=20, overrides=changes)
    return arms_of(Run.open(execute(plan(done), folder / "o")))[0]


@pytest.mark.parametrize("card", ['{record="redrawn",tasks=92', '{record="split"'], ids=["redrawn", "split"])
def test_a_card_moves_no_auc(card: str, tmp_path: Path) -> None:
    """It is one shift for each agent and record: pairs within a record rank as they did."""
    arm = arm_with(f"{card},weight=1.0,cost_weight=0.16}}", tmp_path)
    found = agents(arm)
    assert found["auc"].value == pytest.approx(found["auc_before_card"].value, abs=1e-9)
    plain = [auc(arm.world.uncarded[0, :, i], arm.success[0, :, i]) for i in range(6)]
    expected = {"redrawn": plain, "split": found["auc_before_card"].value}["split" if "split" in card else "redrawn"]
    assert found["auc"].value == pytest.approx(expected, abs=1e-9)
    assert found["brier"].value.mean() < 0.1825  # the card calibrates


def test_pairs_under_a_split_are_of_one_half(tmp_path: Path) -> None:
    arm = arm_with('{record="split",weight=1.0,cost_weight=0.16}', tmp_path)
    half = arm.world.half
    assert half is not None
    wins = pairs = 0.0
    for r in range(20):
        for side in (0, 1):
            p, y = (array[r, half[r] == side, 3] for array in (arm.stated, arm.success))
            lead = np.subtract.outer(p[y], p[~y])
            wins += (lead > 0).sum() + (lead == 0).sum() / 2
            pairs += lead.size
    assert agents(arm)["auc"].value[3] == pytest.approx(wins / pairs)


def test_the_published_card_leaks(tmp_path: Path) -> None:
    found = agents(arm_with('{record="published",weight=1.0,cost_weight=0.16}', tmp_path))
    assert found["auc"].value == pytest.approx([0.581, 0.533, 0.386, 0.174, 0.480, 0.575], abs=2e-3)
    assert found["auc_before_card"].value == pytest.approx([0.697, 0.672, 0.603, 0.446, 0.528, 0.611], abs=6e-4)


def test_ece_has_an_error_and_no_interval() -> None:
    found = agents(posted_alone(table_world(3), 2.0))
    assert np.isnan([found["ece"].low, found["ece"].high]).all()
    assert found["ece"].se == pytest.approx([0.0272, 0.0263, 0.0401, 0.0393, 0.0355, 0.0364], abs=2e-4)
    assert (found["ece"].se_mc == 0).all()


def test_brier_is_reliability_less_resolution_plus_uncertainty() -> None:
    arm = posted_alone(table_world(2), 2.0)
    for found in (agents(arm), pooled_claims(arm)):
        reliability, resolution, uncertainty = (found[name].value for name in claims.PARTS)
        assert reliability - resolution + uncertainty == pytest.approx(found["brier"].value, abs=1e-12)


def test_the_null_of_all_claims_knows_that_agents_share_tasks() -> None:
    found = pooled_claims(posted_alone(table_world(2), 2.0))
    assert float(found["ece_null"].value) == pytest.approx(0.0445, abs=1e-3)  # .0365 if outcomes were independent
    assert 0.7 < float(found["residual_correlation"].value) < 0.95


def test_an_auc_of_few_failures_has_no_interval() -> None:
    arm = posted_alone(table_world(1), 2.0)
    seen = arm.observed
    few = seen.only(0)
    failures = np.flatnonzero(~few.success[0, :, 0, 0])
    success = few.success.copy()
    success[0, failures[2:], 0, 0] = True
    found = claims.own_auc(replace(few, success=success), "task", None)
    assert np.isfinite(found.value).all()
    assert np.isnan([found.low, found.high]).all()
