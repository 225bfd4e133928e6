"""The calibration of a table: against published figures, loops, and the columns of a run."""

from __future__ import annotations

import math

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from analysis.calibration_table import ALL, COLUMNS
from analysis.calibration_view import calibration_views
from analysis.corp_error import parts_error
from analysis.ranking import auc, by_others_components, others_components
from sim.kit.errors import RunError, TableError
from sim.kit.terminal import Sheet
from tests.cli.command import bidlab, files, lay_out

PUBLISHED = {  # [MB]: Brier score and AUC within agent
    "claude-opus-4.5": (0.1557, 0.697),
    "claude-sonnet-4.5": (0.1627, 0.672),
    "gemini-3-pro": (0.1841, 0.603),
    "gpt-5.2": (0.1980, 0.446),
    "gpt-5.2-pro": (0.1840, 0.528),
    "gpt-5-mini": (0.2163, 0.611),
}


@pytest.fixture(scope="module")
def recorded():
    return bl.calibration("marketbench")


def test_published(recorded):
    frame = recorded.table.set_index("agent")
    assert list(recorded.table.columns) == list(COLUMNS)
    for agent, (brier, area) in PUBLISHED.items():
        assert (round(frame.loc[agent, "brier"], 4), round(frame.loc[agent, "auc"], 3)) == (brier, area)
    assert round(frame.loc[ALL, "brier"], 4) == 0.1835
    assert round(frame.loc[ALL, "ece"], 4) == 0.1065
    assert frame.loc[ALL, "comparative_auc"] == pytest.approx(0.515, abs=5e-4)
    assert frame.loc["claude-opus-4.5", "ece_null"] == pytest.approx(0.074, abs=5e-4)


def test_the_identity(recorded):
    frame = recorded.table
    parts = frame["reliability"] - frame["resolution"] + frame["uncertainty"]
    np.testing.assert_allclose(frame["brier"], parts, atol=1e-12)
    np.testing.assert_allclose(frame["bias"], frame["mean_claim"] - frame["success_rate"], atol=1e-12)


def test_as_the_columns_of_a_run(recorded):
    world = bl.World.recorded("marketbench", seed=1)
    played = bl.Market(world, bl.SecondPrice()).run()
    own = played.agents.set_index("agent")
    ours = recorded.table.set_index("agent").drop(index=ALL)
    names = ("success_rate", "mean_claim", "brier", "log_score", "ece", "ece_null", "auc", "auc_others")
    for name in (*names, "comparative_auc"):
        for part in ("", "_low", "_high", "_se"):
            np.testing.assert_allclose(ours[f"{name}{part}"], own[f"{name}{part}"], err_msg=f"{name}{part}")
    for ours_, theirs in (("reliability", "brier_reliability"), ("resolution", "brier_resolution")):
        np.testing.assert_allclose(ours[ours_], own[theirs])


def test_an_infinite_score_is_said(recorded):
    frame = recorded.table.set_index("agent")
    assert frame["certain_and_wrong"].to_dict()["gemini-3-pro"] == 1
    assert math.isinf(frame.loc["gemini-3-pro", "log_score"])
    assert math.isnan(frame.loc["gemini-3-pro", "log_score_low"])
    moved = bl.calibration("marketbench", epsilon=0.01).table.set_index("agent")
    assert np.isfinite(moved["log_score"]).all()
    pd.testing.assert_series_equal(moved["brier"], frame["brier"])


def scrambled(seed=3, n_tasks=11, n_agents=4):
    stream = np.random.default_rng(seed)
    claim = np.round(stream.random((n_tasks, n_agents)), 1)
    claim[stream.random(claim.shape) < 0.2] = np.nan
    return claim, stream.random(claim.shape) < 0.5, stream.random(claim.shape) < 0.9


def test_auc_by_others_is_that_of_others_turned_round():
    claim, success, present = scrambled()
    pairs = {}
    for j in range(4):
        for i in range(4):
            at = ~np.isnan(claim[:, j]) & present[:, i]
            pairs[j, i] = auc(claim[at, j], success[at, i])
    by_others, _ = by_others_components(claim, success, present)
    of_others, _ = others_components(claim, success, present)
    for one in range(4):
        others = [k for k in range(4) if k != one]
        assert by_others[one] == pytest.approx(np.nanmean([pairs[k, one] for k in others]))
        assert of_others[one] == pytest.approx(np.nanmean([pairs[one, k] for k in others]))


def test_influence_of_others_sums_to_nothing():
    _, influence = by_others_components(*scrambled())
    np.testing.assert_allclose(influence.sum(axis=0), 0.0, atol=1e-12)


def test_error_of_uncertainty_is_that_of_a_rate():
    stream = np.random.default_rng(2)
    claim, success = stream.random(80), stream.random(80) < 0.8
    found = parts_error(claim, success, np.arange(80), np.ones(80))
    rate = success.mean()
    assert found[2] == pytest.approx(abs(1 - 2 * rate) * success.std(ddof=1) / np.sqrt(80), rel=0.03)
    assert (found[:2] > 0).all()
    assert np.isnan(parts_error(claim, success, np.zeros(80), np.ones(80))).all()


def test_arrays():
    found = bl.calibration({"claim": [0.9, 0.4, 0.4], "success": [True, True, False]}).table
    assert list(found["agent"]) == ["agent"]
    assert found["auc"].tolist() == [0.75]
    assert found["auc_others"].isna().all()


def test_trials_with_claims_of_their_own():
    frame = pd.DataFrame(
        {
            "agent": ["a"] * 3 + ["b"] * 2,
            "task": ["s", "s", "t", "s", "t"],
            "claim": [0.2, 0.8, 0.6, 0.5, 0.5],
            "success": [0, 1, 1, 1, 0],
            "trial": [0, 1, 0, 0, 0],
        }
    )
    found = bl.calibration(frame).table.set_index("agent")
    assert found.loc["a", "claims"] == 3
    assert found.loc["a", "brier"] == pytest.approx((0.2**2 + 0.2**2 + 0.4**2) / 3)
    assert found.loc["a", "brier_clusters"] == 2
    assert found.loc["a", "auc"] == 1.0
    alike = bl.calibration(frame.assign(claim=0.5)).table.set_index("agent")
    assert alike.loc["a", "claims"] == 2


def test_an_arm_of_a_run(tmp_path):
    run = bl.run(lay_out(tmp_path), out=tmp_path / "run", figures=False)
    for source in (run, tmp_path / "run"):
        found = bl.calibration(source, arm="x").table.set_index("agent")
        np.testing.assert_allclose(found.loc[["a", "b"], "brier"], run.agents["brier"])


def test_bad_input(tmp_path):
    with pytest.raises(RunError, match="no array 'success'"):
        bl.calibration({"claim": [0.5]})
    with pytest.raises(RunError, match="one length; got claim 2, success 1"):
        bl.calibration({"claim": [0.5, 0.4], "success": [1]})
    with pytest.raises(TableError, match="no column for claim; say which in columns"):
        bl.calibration(pd.DataFrame({"agent": ["a"], "task": ["t"], "success": [1]}))
    with pytest.raises(RunError, match="arm: has no meaning of a table"):
        bl.calibration("marketbench", arm="x")
    with pytest.raises(RunError, match=r"epsilon: must be a number above 0 and below \.5"):
        bl.calibration("marketbench", epsilon=0.7)


@pytest.mark.slow
def test_command(tmp_path):
    lay_out(tmp_path)
    out = tmp_path / "out"
    said = bidlab("calibration", tmp_path / "t.csv", "--out", out)
    assert (said.code, said.err) == (0, "")
    assert "proper scores" in said.out
    ends = (".csv", ".pdf", ".png", ".column.pdf", ".column.png")
    assert files(out) == {"calibration.csv", *(f"reliability{end}" for end in ends)}
    for arguments, why in (
        (["--out", out], "calibration.csv is there"),
        (["--epsilon", "0.5"], "--epsilon 0.5: must be a number above 0 and below .5"),
        (["--arm", "x"], "--arm: has no meaning of a table"),
        (["--column", "claim=q"], "no column 'q'"),
    ):
        assert why in bidlab("calibration", tmp_path / "t.csv", *arguments).err


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit(recorded, width):
    for sheet in calibration_views(recorded.table, "head"):
        if isinstance(sheet, Sheet):
            assert max(map(len, sheet.lines(width))) <= width
