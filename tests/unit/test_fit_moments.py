"""Moments of a fit: against published ones and the plain definitions; the report and the figure they go into."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from analysis import calibration as cal
from analysis.figures import fit as fit_figure
from analysis.figures.save import save
from analysis.figures.sheets import sheet
from analysis.fit_moments import EVERYBODY, FITTED, N_TABLES, PER_AGENT, POOLED, moments, rms_z, table_moments
from analysis.fit_report import cannot_say, report
from sim.fitting.fit import Fitted, fit
from sim.mechanisms import lookup
from sim.population.population import draw_population
from sim.tables.table import Recorded
from tests.painted import look_of, painted
from tests.scenes import scene, truthful
from tests.theory.test_fit_recovery import TRUTH, table
from tests.unit.test_fit import marketbench, pick

# Observed / simulated (standard deviation of simulated tables; the published means are over 1,500 tables).
PUBLISHED = {
    "success": ((0.806, 0.774, 0.806, 0.806, 0.796, 0.753), (0.804, 0.770, 0.802, 0.802, 0.792, 0.748), 0.043),
    "mean_claim": ((0.765, 0.758, 0.929, 0.632, 0.663, 0.614), (0.761, 0.761, 0.929, 0.637, 0.662, 0.610), 0.012),
    "brier": ((0.156, 0.163, 0.184, 0.198, 0.184, 0.216), (0.148, 0.161, 0.173, 0.196, 0.186, 0.221), 0.021),
    "auc": ((0.697, 0.672, 0.603, 0.446, 0.528, 0.611), (0.695, 0.694, 0.607, 0.442, 0.534, 0.611), 0.069),
    "win_rate": ((0.285, 0.295, 0.846, 0.054, 0.049, 0.216), (0.294, 0.284, 0.835, 0.069, 0.041, 0.214), 0.021),
}
TOGETHER = {
    "brier": (0.1835, 0.181, 0.016),
    "ece": (0.1065, 0.108, 0.021),
    "outcome_phi": (0.581, 0.571, 0.064),
    "claim_correlation": (0.575, 0.642, 0.038),
    "none_solve": (0.086, 0.077, 0.03),
    "all_solve": (0.591, 0.597, 0.05),
}
THOUSANDTH = 6e-4


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return marketbench()


@pytest.fixture(scope="module")
def fitted(recorded: Recorded) -> Fitted:
    return fit(recorded, n_bootstrap=12)


@pytest.fixture(scope="module")
def found(recorded: Recorded, fitted: Fitted) -> pd.DataFrame:
    return moments(recorded, fitted.profile)


def column(found: pd.DataFrame, moment: str, name: str) -> list[float]:
    return found.loc[(found["moment"] == moment) & (found["agent"] != EVERYBODY), name].tolist()


def simulation_error(sd: float) -> float:
    """Four standard errors of the difference of two simulated means."""
    return 4 * sd * (1 / N_TABLES + 1 / 1500) ** 0.5 + THOUSANDTH


@pytest.mark.parametrize("name", PUBLISHED)
def test_moments_of_agents_are_the_published_ones(found, name):
    observed, simulated, sd = PUBLISHED[name]
    assert column(found, name, "observed") == pytest.approx(observed, abs=THOUSANDTH)
    assert column(found, name, "simulated") == pytest.approx(simulated, abs=simulation_error(sd))


def test_moments_of_all_agents_are_the_published_ones(found):
    pooled = found[found["agent"] == EVERYBODY].set_index("moment")
    for name, (observed, simulated, sd) in TOGETHER.items():
        assert pooled.loc[name, "observed"] == pytest.approx(observed, abs=THOUSANDTH)
        assert pooled.loc[name, "simulated"] == pytest.approx(simulated, abs=simulation_error(sd))


def test_the_fit_behaves_like_the_table(found):
    assert rms_z(found, FITTED) < rms_z(found) < 1.0
    assert found["z"].abs().max() < 3.0
    assert ((found["low"] <= found["simulated"]) & (found["simulated"] <= found["high"])).all()
    assert found.loc[found["in_sample"], "moment"].unique().tolist() == list(FITTED)


def test_table_moments_against_the_definitions():
    stream = np.random.default_rng(21)
    drawn = draw_population(TRUTH, 3, 2, 40)
    present = stream.random((40, 6)) < 0.8
    success = drawn.success[..., 0]
    cost = drawn.cost[..., 0]
    values = table_moments(drawn.claim, drawn.cost_belief, success, cost, present)
    for r in range(2):
        p, y = np.where(present, drawn.claim[r], np.nan), success[r]
        for i in range(6):
            own = present[:, i]
            assert values["success", "agent"][r, i] == pytest.approx(y[own, i].mean())
            assert values["mean_claim", "agent"][r, i] == pytest.approx(np.nanmean(p[:, i]))
            assert values["mean_cost", "agent"][r, i] == pytest.approx(cost[r, own, i].mean())
            assert values["brier", "agent"][r, i] == pytest.approx(cal.brier(p[:, i], y[:, i]))
            assert values["auc", "agent"][r, i] == pytest.approx(cal.auc(p[:, i], y[:, i]))
        assert values["brier", "pooled"][r, 0] == pytest.approx(cal.brier(p, y))
        assert values["ece", "pooled"][r, 0] == pytest.approx(cal.ece(p, y))
        frame = pd.DataFrame(np.where(present, y, np.nan))
        pairs = frame.corr().to_numpy()[np.tril_indices(6, -1)]
        assert values["outcome_phi", "pooled"][r, 0] == pytest.approx(pairs.mean())
        pairs = pd.DataFrame(p).corr().to_numpy()[np.tril_indices(6, -1)]
        assert values["claim_correlation", "pooled"][r, 0] == pytest.approx(pairs.mean())
        solved = [{bool(y[t, i]) for i in range(6) if present[t, i]} for t in range(40) if present[t].any()]
        assert values["none_solve", "pooled"][r, 0] == pytest.approx(np.mean([x == {False} for x in solved]))
        assert values["all_solve", "pooled"][r, 0] == pytest.approx(np.mean([x == {True} for x in solved]))


def test_win_rate_against_the_market_rule(recorded):
    """The share of 2,000 reserves at which `posted_price` hires the truthful agent."""
    rule, reserve = lookup("posted_price")(), (np.arange(2000) + 0.5) / 2000
    few = pick(recorded, slice(0, 93, 7))
    values = table_moments(
        few.belief[None], few.cost_belief[None], few.success[None, ..., 0], few.cost[None, ..., 0], few.present
    )
    for i in range(6):
        rates = []
        for belief, cost in zip(few.belief[:, i], few.cost_belief[:, i], strict=True):
            posted = scene(np.zeros((2000, 1)), 0.5, reserve=reserve, penalty=2.0)
            honest = truthful(rule, posted, belief, cost, np.full((2000, 1), True))
            rates.append(honest.award(rule).hired.mean())
        assert values["win_rate", "agent"][0, i] == pytest.approx(np.mean(rates), abs=1 / 2000)


def test_claims_of_nothing_and_constant_outcomes():
    claim, cost = np.full((1, 4, 2), 0.0), np.full((1, 4, 2), 0.1)
    success = np.ones((1, 4, 2), np.bool_)
    values = table_moments(claim, cost, success, cost, np.ones((4, 2), np.bool_))
    assert (values["win_rate", "agent"] == 0).all()
    assert np.isnan(values["auc", "agent"]).all()
    assert np.isnan(values["outcome_phi", "pooled"]).all()
    assert values["all_solve", "pooled"].item() == 1.0


def test_profile_and_table_must_agree(recorded, fitted):
    with pytest.raises(ValueError, match="same agents"):
        moments(pick(recorded, slice(None), slice(2)), fitted.profile)


def text_of(parts: list[object]) -> str:
    page = io.StringIO()
    console = Console(width=400, file=page)
    for part in parts:
        console.print(part)
    return page.getvalue()


def test_the_report_says_what_was_found_and_what_cannot_be(recorded, fitted, found):
    text = text_of(report(recorded, fitted, found))
    for words in (
        "93 tasks, 6 agents, 558 outcomes",
        "sigma_d = 4.221 ±",
        "81% of the latent variance is common",
        ".806 / ",
        "192.52, 192.61, 192.73, 192.76 at sigma_u 0, 1, 2.3, 3, flat",
        "first30 .472, next63 .942",
        "gamma is often at its limit",
    ):
        assert words in text
    assert all(agent in text for agent in recorded.agents)


def test_the_report_without_blocks_or_bootstrap(recorded):
    plain = fit(replace(recorded, block=("",) * 93), n_bootstrap=0)
    lines = cannot_say(replace(recorded, block=("",) * 93), plain)
    assert len(lines) == 2
    assert cannot_say(replace(recorded, block=("one",) * 93), plain) == lines
    assert "±" not in text_of(report(recorded, plain, moments(recorded, plain.profile, n_tables=20)))


def test_mean_cost_is_among_the_moments(recorded, found):
    assert column(found, "mean_cost", "observed") == pytest.approx(recorded.cost[..., 0].mean(axis=0).tolist())
    # A log-normal's mean is known to about sd / sqrt(93) in logarithms; the fit is within 2 of the table's own spread.
    assert max(abs(z) for z in column(found, "mean_cost", "z")) < 2.0


def test_all_trials_count_once_in_the_moments():
    """Three rows of two agents, one with a second trial: 3 of 4 against the first trials' 2 of 3."""
    claim = np.array([[0.2, 0.5], [0.4, 0.6], [0.8, 0.7]])
    success = np.array([[[0, 0], [1, 1]], [[1, 1], [0, 0]], [[1, 1], [1, 1]]], np.bool_)
    cost = np.array([[[1.0, 9.0], [2.0, 2.0]], [[3.0, 5.0], [4.0, 4.0]], [[6.0, 6.0], [7.0, 8.0]]])
    trials = np.array([[1, 1], [2, 1], [1, 1]])
    ones = np.ones((3, 2))
    plain = {"family": ("",) * 3, "block": ("",) * 3, "duration": None, "ability": np.nan * ones}
    small = Recorded(
        agents=("claude-opus-4.5", "gpt-5-mini"),
        tasks=("a", "b", "c"),
        present=ones > 0,
        belief=claim,
        cost_belief=0.1 * ones,
        success=success,
        cost=cost,
        trials=trials,
        **plain,
    )
    agents = {name: TRUTH.agents[name] for name in small.agents}
    found = moments(small, TRUTH.model_copy(update={"agents": agents}), n_tables=3)
    assert column(found, "success", "observed") == pytest.approx([3 / 4, 2 / 3])
    assert column(found, "mean_cost", "observed") == pytest.approx([(1 + 3 + 5 + 6) / 4, (2 + 4 + 7) / 3])
    assert column(found, "brier", "observed")[0] == pytest.approx((0.04 + 0.36 + 0.36 + 0.04) / 4)
    assert column(found, "auc", "observed")[0] == pytest.approx(1.0)


def test_the_report_says_whether_sigma_u_is_identified(recorded, fitted, found):
    once = text_of(report(recorded, fitted, found))
    assert "sigma_u = 1 (assumed, not identified)" in once
    assert "sigma_u is not identified" in once


def test_the_report_of_repeated_trials_gives_sigma_u_and_its_interval():
    often = table(TRUTH.with_sigma_u(2.3), 3, 60, 4)
    for sigma_u, words in ((None, "95% interval"), (1.0, "1 (held, though repeated trials identify it)")):
        plain = fit(often, sigma_u=sigma_u, n_bootstrap=0)
        text = text_of(report(often, plain, moments(often, plain.profile, n_tables=20)))
        assert words in text
        assert "not identified" not in text


def written(data, folder):
    return save(data, fit_figure.paint, lambda _, __: "n = 93 tasks", folder, "fit", look_of())


def test_the_figure(found):
    assert len(painted(fit_figure.paint, found).axes) == len(PER_AGENT) + 1
    assert len(found) == 6 * len(PER_AGENT) + len(POOLED)


@pytest.mark.slow
def test_the_figure_has_the_same_bytes(found, tmp_path, monkeypatch):
    monkeypatch.setitem(sheet("paper").settings, "savefig.dpi", 60)
    first, again = (written(found, tmp_path / name) for name in ("a", "b"))
    assert len(first) == 5
    assert [a.read_bytes() for a in first] == [b.read_bytes() for b in again]


@pytest.mark.slow
def test_the_figure_of_few_or_odd_agents(recorded, tmp_path, monkeypatch):
    monkeypatch.setitem(sheet("paper").settings, "savefig.dpi", 60)
    pair = pick(recorded, slice(None), slice(2))
    data = moments(pair, fit(pair, n_bootstrap=0).profile, n_tables=20)
    data.loc[0, "observed"] = 1.0
    data.loc[1, ["observed", "low", "high", "simulated"]] = np.nan
    written(data, tmp_path)
