"""What sums say of an AUC, an ECE or a regret, beside what a run says of all rows, and how often intervals hold."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis import load
from analysis.benchmark import HALVES
from analysis.quantities import quantity
from analysis.quantities.declared import Label
from analysis.quantities.histogram import B, area, binned, of_pairs
from analysis.ranking import auc, own_components
from sim.kit.arrays import BoolArray, FloatArray
from tests.sweep.scenes import SYNTHETIC, plan_of, run, write
from tests.sweep.test_sums import tables_of_cell

ASKED = ["auc", "auc_others", "brier_reliability", "brier_resolution", "brier", "ece", "ece_null", "regret_fixed"]


def claims(stream: np.random.Generator, n: int, louder: float) -> tuple[FloatArray, BoolArray]:
    """Calibrated claims, then shifted by `louder` logits."""
    logit = stream.normal(1.0, 1.5, n)
    return 1 / (1 + np.exp(-logit - louder)), stream.random(n) < 1 / (1 + np.exp(-logit))


def sums_of(claim: FloatArray, success: BoolArray) -> FloatArray:
    one = Label(np.zeros((1, 1), np.int64), 1, False)
    return binned(claim, success, np.ones(len(claim)), np.zeros(len(claim), np.int64), one)[0]


@pytest.mark.parametrize("louder", [-3.0, 0.0, 3.0])
def test_an_auc_of_bins(louder: float) -> None:
    """It is off by a small part of its standard error, which itself is right to a hundredth."""
    for seed in range(20):
        claim, success = claims(np.random.default_rng(seed), 300, louder)
        sums = sums_of(claim, success)
        found = of_pairs(sums)
        exact = auc(claim, success)
        assert abs(float(area(sums)) - exact) < 0.1 * found.se
        one = np.ones((300, 1), np.bool_)
        influence = own_components(claim[:, None], success[:, None], one)[1]
        assert found.se == pytest.approx(np.sqrt(300 / 299 * (influence**2).sum()), rel=0.02)
        assert found.low < exact < found.high
        assert found.clusters == 300


def test_an_auc_of_hundredths_is_exact() -> None:
    claim, success = claims(np.random.default_rng(4), 500, 1.0)
    claim = np.round(claim, 2)
    assert float(area(sums_of(claim, success))) == pytest.approx(auc(claim, success), abs=1e-12)
    assert len(sums_of(claim, success)) == 4 * B


@pytest.fixture(scope="module", params=["drawn", "drawn, two panels", "point, two panels"])
def compared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Rows of a sweep, `run_` what a run says; 60 replications of 12 tasks, of one population or of one each."""
    folder = tmp_path_factory.mktemp("statistics")
    scenario = SYNTHETIC.replace("replications = 16", "replications = 60").replace("tasks = 7\nbid", "tasks = 12\nbid")
    if "two panels" not in request.param:
        scenario = scenario.replace("sigma_u = [0.0, 2.3]", "sigma_u = 2.3")
    if "drawn" in request.param:
        scenario = scenario.replace('parameters = "point"', 'parameters = "bootstrap"')
    sweep = f'[sweep]\nquantities = {json.dumps(ASKED)}\n"tender.penalty" = [1.0]\n'
    place = run(plan_of(write(folder, scenario, sweep)), folder / "o")
    _, tables = tables_of_cell(place, 0, folder / "cell")
    table = load(place)
    asked = table["metric"].isin(ASKED) & ((table["agent"] != "") | (table["metric"] == "regret_fixed"))
    rows = table[asked].to_dict("records")
    for row in rows:
        of = tables["agents"].loc[(row["arm"], row["agent"])] if row["agent"] else tables["summary"].loc[row["arm"]]
        for part in ("value", "se", "se_mc", "low", "high", "clusters"):
            row[f"run_{part}"] = of[row["metric"] if part == "value" else f"{row['metric']}_{part}"]
    return pd.DataFrame(rows).set_index("metric")


@pytest.mark.slow
def test_values_are_those_of_a_run(compared: pd.DataFrame) -> None:
    off = (compared["value"] - compared["run_value"]).abs()
    assert off["regret_fixed"].max() < 1e-12
    assert off["ece"].max() < 1e-12
    for metric in ("auc", "auc_others"):
        assert (off[metric] / compared.loc[metric, "run_se"]).max() < 0.1
    assert off["ece_null"].max() < 1e-4
    reliability, resolution = (compared.loc[f"brier_{part}"] for part in ("reliability", "resolution"))
    assert (reliability["value"] - reliability["run_value"]).abs().max() < 5e-3
    apart = [(reliability[name].to_numpy() - resolution[name].to_numpy()) for name in ("value", "run_value")]
    np.testing.assert_allclose(*apart, atol=1e-3)


@pytest.mark.parametrize("dollar", [1.0, 2.0**40])
def test_a_regret_of_sums_in_any_currency(dollar: float) -> None:
    """In each half of each halving two agents earn 3 and one earns 1; two auctions had a welfare of 4."""
    value = quantity("regret_fixed", "arm").how.value  # type: ignore[union-attr]
    gains = np.tile([3.0, 1.0, 3.0], 2 * HALVES)
    assert value(np.array([*gains * dollar, 4.0 * dollar, 2.0])) == dollar
    gains[0] = np.nan
    assert np.isnan(value(np.array([*gains * dollar, 4.0 * dollar, 2.0])))


@pytest.mark.slow
def test_errors_are_those_of_a_run_on_average(compared: pd.DataFrame) -> None:
    """Twenty groups know an error to a sixth; over agents and arms it is right."""
    for metric in ("auc", "auc_others", "ece", "regret_fixed"):
        own = compared.loc[metric]
        ratio = np.sqrt((own["se"] ** 2).mean() / (own["run_se"] ** 2).mean())
        assert 0.75 < ratio < 1.35, (metric, ratio)
        assert set(own["clusters"]) <= {20, own["run_clusters"].max()}
    assert compared.loc["ece", ["low", "high"]].isna().all(axis=None)


@pytest.mark.slow
def test_intervals_of_an_auc_hold_it() -> None:
    """95 % by pairs: 400 tables of 100 claims, against 100,000 claims."""
    large = claims(np.random.default_rng(99), 100_000, 1.0)
    truth = auc(*large)
    held = []
    for seed in range(400):
        found = of_pairs(sums_of(*claims(np.random.default_rng(seed), 100, 1.0)))
        held.append(found.low <= truth <= found.high)
    assert 0.92 <= np.mean(held) <= 0.98
