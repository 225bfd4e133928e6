"""Fits of tables without claims or cost beliefs: abilities and costs alone, the same as of the whole table."""

from __future__ import annotations

from pathlib import Path

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from sim.front.fit import Fit
from sim.kit.errors import RunError
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
