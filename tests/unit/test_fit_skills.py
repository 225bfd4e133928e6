"""Fits of tables without claims or cost beliefs: abilities and costs alone, the same as of the whole table."""

from __future__ import annotations

from pathlib import Path

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from sim.front.fit import Fit
from sim.kit.errors import RunError, TableError
from tests.cli.command import bidlab
from tests.unit.test_fit import COLUMNS, SCENARIOS

RECORDED = pd.read_csv(SCENARIOS / "data" / "marketbench_forecasts.csv")
BARE = RECORDED.drop(columns=["claim", "tokens_forecast", "usd_per_token"])


@pytest.fixture(scope="module")
def fits() -> tuple[Fit, Fit]:
    return bl.fit(RECORDED, COLUMNS, resamples=3), bl.fit(BARE, resamples=3)


def test_skills_and_costs_are_those_of_the_whole_table(fits: tuple[Fit, Fit]) -> None:
    whole, bare = fits
    assert bare.found.lacks == "claims or cost beliefs"
    names = ["alpha", "cost_mean", "cost_sd"]
    pd.testing.assert_frame_equal(bare.estimates[["agent", *names]], whole.estimates[["agent", *names]])
    assert bare.found.value["sigma_d"] == whole.found.value["sigma_d"]
    assert np.isfinite(bare.estimates["alpha_se"]).all()


def test_no_population_is_made(fits: tuple[Fit, Fit], tmp_path: Path) -> None:
    bare = fits[1]
    for ask in (lambda: bare.profile, lambda: bare.write(tmp_path / "p.toml")):
        with pytest.raises(RunError, match="the table has no claims or cost beliefs"):
            ask()
    assert bare.moments is None
    assert "alpha" in repr(bare)


def test_the_command_says_so(tmp_path: Path) -> None:
    BARE.drop(columns="cost_usd").to_csv(tmp_path / "t.csv", index=False)
    said = bidlab("fit", tmp_path / "t.csv", "--resamples", "2")
    assert (said.code, said.err) == (0, "")
    assert "the table has no claims, cost beliefs or costs: abilities" in said.out
    assert "claude-opus-4.5" in said.out
    assert "cost, mean" not in said.out
    said = bidlab("fit", tmp_path / "t.csv", "--out", tmp_path / "p.toml")
    assert said.code == 2
    assert "a profile draws claims and costs" in said.err


def test_repeated_trials_still_tell_the_spread_of_fit() -> None:
    rng = np.random.default_rng(2)
    ability = 1 / (1 + np.exp(-rng.normal(0.0, 1.5, (40, 3))))
    rows = [
        {"agent": f"a{i}", "task": f"t{t}", "trial": k, "success": int(rng.random() < ability[t, i])}
        for t in range(40)
        for i in range(3)
        for k in range(5)
    ]
    found = bl.fit(pd.DataFrame(rows), resamples=2).found
    low, high = found.sigma_u_interval
    assert low < 1.5 < high
    held = bl.fit(pd.DataFrame(rows), resamples=2, sigma_u=1.0).found
    assert held.sigma_u_interval is None
    assert held.value["sigma_u"] == 1.0


def test_scores_are_fitted_by_a_mark(tmp_path: Path) -> None:
    """They give what successes of the same trials give; lost attempts are left out of both."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame([(f"a{i}", f"t{t}", rng.random()) for t in range(30) for i in range(3)])
    rows.columns = pd.Index(["agent", "task", "grade"])
    rows.loc[4, "grade"] = np.nan
    passed = rows.assign(success=(rows["grade"] >= 0.7).where(rows["grade"].notna()).astype(float)).drop(
        columns="grade"
    )
    graded = bl.fit(rows, {"score": "grade"}, mark=0.7, resamples=2)
    assert graded.found.n_outcomes == 89
    pd.testing.assert_frame_equal(graded.estimates, bl.fit(passed, resamples=2).estimates)
    rows.to_csv(tmp_path / "g.csv", index=False)
    passed.to_csv(tmp_path / "p.csv", index=False)
    of_scores = bidlab("fit", tmp_path / "g.csv", "--column", "score=grade", "--mark", "0.7", "--resamples", "2")
    assert of_scores.code == 0, of_scores.err
    assert of_scores.out == bidlab("fit", tmp_path / "p.csv", "--resamples", "2").out


@pytest.mark.parametrize(
    ("columns", "mark", "text"),
    [
        ({"score": "grade"}, None, "mark must be stated with a column of scores: the least that is a success"),
        ({"success": "won"}, 0.5, "mark has no meaning without a column of scores"),
        ({"score": "grade"}, 0.0, r"mark:? must be .*0.*1; got 0"),
        ({"score": "grade"}, 1.5, r"mark:? must be .*0.*1; got 1.5"),
    ],
)
def test_scores_and_a_mark_go_together(tmp_path: Path, columns: dict[str, str], mark: float | None, text: str) -> None:
    rows = pd.DataFrame({"agent": ["a", "b"] * 2, "task": ["s", "s", "t", "t"], "grade": [0.4, 0.9, 0.8, 0.2]})
    rows["won"] = [0, 1, 1, 0]
    for ask in (bl.fit, bl.frontier):
        with pytest.raises((TableError, RunError), match=text):
            ask(rows, columns, mark=mark)
    rows.to_csv(tmp_path / "t.csv", index=False)
    stated = [f"{ours}={theirs}" for ours, theirs in columns.items()]
    for command in ("fit", "frontier"):
        said = bidlab(
            command, tmp_path / "t.csv", "--column", *stated, *([] if mark is None else ["--mark", str(mark)])
        )
        assert said.code == 2
        assert "--mark" in said.err
        assert "Traceback" not in said.err
