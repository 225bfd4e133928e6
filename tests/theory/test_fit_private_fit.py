"""sigma_u from repeated trials: its estimate, its interval, and the likelihood behind both."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, optimize
from scipy.special import expit

from sim.fitting.ability import AbilityFit
from sim.fitting.cases import cases_of
from sim.fitting.fit import Fitted, fit, log_likelihoods
from sim.fitting.private_fit import private_fit_interval
from sim.fitting.write import profile_text, write_fitted
from sim.kit.errors import TableError
from sim.population.profile import Profile, read_profile
from sim.population.profile_draws import draws_beside, read_draws
from sim.tables.table import Recorded
from tests.statistics import assert_mean, assert_rate
from tests.theory.test_fit_recovery import TRUTH, table, tables
from tests.unit.test_fit import marketbench

TRUE_SIGMA_U = 2.3
AS_IN_THE_STUDY = (76, 5)  # tasks, trials of an agent at a task


def live() -> Profile:
    """The live regime: alpha -1.09, sigma_d 1.0, sigma_u 2.3 for each of six agents."""
    return read_profile(Path(__file__).parents[2] / "scenarios" / "profiles" / "live.toml")


@cache
def repeated() -> Recorded:
    return table(live(), 4, *AS_IN_THE_STUDY)


@cache
def fitted() -> Fitted:
    return fit(repeated(), n_bootstrap=0)


@pytest.mark.slow
def test_one_table_tells_sigma_u():
    low, high = fitted().sigma_u_interval
    estimate = float(fitted().value["sigma_u"])
    assert low < estimate < high
    assert low < TRUE_SIGMA_U < high
    assert high - low < 1.5
    at_one, at_truth = log_likelihoods(repeated(), [1.0, TRUE_SIGMA_U])
    assert at_truth > at_one + 10.0  # the study's table: 27.7 nats
    assert fitted().log_likelihood >= at_truth
    assert fitted().profile.sigma_u == estimate


@pytest.mark.slow
def test_the_maximum_is_that_of_a_search_over_held_values():
    """Golden section over sigma_u, everything else at its best: no gradient by sigma_u."""
    found = optimize.minimize_scalar(
        lambda s: -log_likelihoods(repeated(), [s])[0], bounds=(0.5, 5.0), method="bounded", options={"xatol": 1e-4}
    )
    assert float(fitted().value["sigma_u"]) == pytest.approx(found.x, abs=1e-3)
    assert fitted().log_likelihood == pytest.approx(-found.fun, abs=1e-5)


@pytest.mark.slow
def test_the_ends_of_the_interval_lie_where_the_likelihood_has_fallen():
    ends = log_likelihoods(repeated(), fitted().sigma_u_interval)
    assert [fitted().log_likelihood - at for at in ends] == pytest.approx([1.92, 1.92], abs=0.02)


def test_gradient_by_sigma_u():
    likelihood = AbilityFit(cases_of(repeated()), None)
    tasks = np.random.default_rng(3).integers(0, 4, len(likelihood.pattern_of)).astype(np.float64)
    tasks = tasks[: likelihood.pattern_of.max() + 1]
    x = np.array([-1.0, -0.4, 0.3, -2.0, -1.5, 0.8, 1.2, 1.9])
    slope = optimize.approx_fprime(x, lambda at: likelihood.loss(at, tasks)[0], 1e-6)
    np.testing.assert_allclose(likelihood.loss(x, tasks)[1], slope, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("sigma_d", "sigma_u"), [(1.0, 2.3), (4.2, 1.0), (4.2, 0.0), (3.0, 5.0)])
def test_likelihood_of_repeats_against_adaptive_integration(sigma_d: float, sigma_u: float):
    """Two agents at one task, 4 of 5 and 1 of 3: E_d of the product over agents of E_u p^hits (1 - p)^misses."""
    alpha, hits, misses = (0.5, -1.5), (4, 1), (1, 2)

    def density(x: float) -> float:
        return math.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi)

    def outcomes(d: float, u: float, i: int) -> float:
        p = expit(alpha[i] + sigma_d * d + sigma_u * u)
        return float(p ** hits[i] * (1.0 - p) ** misses[i])

    def cell(d: float, i: int) -> float:
        return integrate.quad(lambda u: density(u) * outcomes(d, u, i), -9.0, 9.0, limit=200, epsabs=1e-12)[0]

    chance = integrate.quad(lambda d: density(d) * cell(d, 0) * cell(d, 1), -9.0, 9.0, limit=200, epsabs=1e-10)[0]
    cases = cases_of(repeated())
    one = replace(cases, hits=np.array([hits]), misses=np.array([misses]))
    loss = AbilityFit(one, sigma_u).loss(np.array([*alpha, sigma_d]), np.ones(1))[0]
    assert loss == pytest.approx(-math.log(chance), abs=1e-4)


def test_single_outcomes_leave_sigma_u_as_it_is_assumed():
    once = fit(marketbench(), n_bootstrap=0)
    assert (once.repeated, once.sigma_u_interval, once.profile.sigma_u) == (False, None, 1.0)
    stated = fit(marketbench(), n_bootstrap=0, sigma_u=2.3)
    assert (stated.sigma_u_interval, stated.profile.sigma_u) == (None, 2.3)


def test_a_stated_sigma_u_is_held_though_trials_repeat():
    held = fit(repeated(), n_bootstrap=0, sigma_u=1.0)
    assert (held.repeated, held.sigma_u_interval, held.profile.sigma_u) == (True, None, 1.0)
    assert held.log_likelihood == pytest.approx(log_likelihoods(repeated(), [1.0])[0])


@pytest.mark.slow
def test_some_repeats_identify_less_than_many():
    """Trials beyond the first at 20 tasks only: a wider interval, which may have no high end."""
    trials = np.where(np.arange(76)[:, None] < 20, repeated().trials, 1)
    few = fit(replace(repeated(), trials=trials), n_bootstrap=0)
    widths = [one.sigma_u_interval[1] - one.sigma_u_interval[0] for one in (few, fitted())]
    assert widths[0] > 1.5 * widths[1]


def test_trials_that_always_agree_with_themselves_have_no_finite_sigma_u():
    success = np.repeat(repeated().success[..., :1], 5, axis=-1)
    with pytest.raises(TableError, match=r"sigma_u, has no finite estimate; hold it \(--sigma-u\)"):
        fit(replace(repeated(), success=success), n_bootstrap=0)


def test_no_private_fit_puts_the_low_end_at_zero():
    plain = live().model_copy(update={"sigma_d": 2.0, "sigma_u": 0.0})
    found = fit(table(plain, 6, 90, 4), n_bootstrap=0)
    low, high = found.sigma_u_interval
    assert low == 0.0
    assert float(found.value["sigma_u"]) < high < 1.0


def test_a_start_without_spreads_finds_the_same_maximum():
    """At a spread of 0 the gradient by it is 0: a search from there must not stay."""
    likelihood, weight = AbilityFit(cases_of(repeated()), None), np.ones(76)
    best = likelihood.fit(weight)
    again = likelihood.fit(weight, best._replace(sigma_d=0.0, sigma_u=0.0))
    assert again.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-6)


@pytest.mark.slow
def test_an_interval_that_the_likelihood_does_not_close_has_no_high_end(monkeypatch):
    cases, weight = cases_of(repeated()), np.ones(76)
    best = AbilityFit(cases, None).fit(weight)
    monkeypatch.setattr("sim.fitting.private_fit.MOST_SIGMA_U", best.sigma_u + 0.05)
    assert private_fit_interval(cases, weight, best)[1] == math.inf


@pytest.mark.slow
def test_resamples_fit_sigma_u_anew_and_are_kept(tmp_path):
    some = fit(table(live(), 9, 40, 3), n_bootstrap=3, seed=2)
    drawn = some.draw["sigma_u"]
    assert len(set(drawn.tolist())) == 3
    assert float(some.se["sigma_u"]) == pytest.approx(np.std(drawn, ddof=1))
    path = tmp_path / "live.toml"
    write_fitted(some, path, table="t.csv", command="bidlab fit t.csv")
    low, high = some.sigma_u_interval
    assert f"95% interval {low:.2f} to {high:.2f}" in path.read_text()
    again = read_draws(draws_beside(path), read_profile(path))
    assert [one.sigma_u for one in again] == pytest.approx(drawn.tolist(), abs=1e-6)


def test_profile_says_why_sigma_u_was_held():
    once, often = (fit(one, n_bootstrap=0, sigma_u=1.0) for one in (marketbench(), repeated()))
    texts = [profile_text(one, table="t.csv", command="bidlab fit t.csv") for one in (once, often)]
    assert "one outcome per (task, agent) does not identify it" in texts[0]
    assert "held as asked, though repeated trials identify it" in texts[1]


def test_cells_without_an_outcome_teach_of_claims_alone():
    """A claim whose trials were all lost counts for m and slope; alpha is that of the other cells."""
    table_ = marketbench()
    lost = np.random.default_rng(7).random(table_.present.shape) < 0.1
    without = fit(replace(table_, trials=np.where(lost, 0, 1)), n_bootstrap=0)
    absent = fit(replace(table_, present=~lost, trials=np.where(lost, 0, 1)), n_bootstrap=0)
    np.testing.assert_allclose(without.value["alpha"], absent.value["alpha"], atol=1e-5)
    whole = fit(table_, n_bootstrap=0)
    np.testing.assert_array_equal(without.value["m"], whole.value["m"])


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "n_tables"), [(live(), 80), (TRUTH.with_sigma_u(TRUE_SIGMA_U), 60)])
def test_recovery(profile: Profile, n_tables: int):
    """Over simulated tables the estimate has no bias beyond .05 and the interval holds the truth in 95% of them."""
    fits = [fit(one, n_bootstrap=0) for one in tables(profile, 5, n_tables, *AS_IN_THE_STUDY)]
    estimate = np.array([float(one.value["sigma_u"]) for one in fits])
    ends = np.array([one.sigma_u_interval for one in fits])
    held = (ends[:, 0] <= TRUE_SIGMA_U) & (ends[:, 1] >= TRUE_SIGMA_U)
    assert_mean(estimate, TRUE_SIGMA_U)
    assert abs(estimate.mean() - TRUE_SIGMA_U) < 0.05 + 2.0 * estimate.std(ddof=1) / math.sqrt(n_tables)
    assert_rate(held, 0.95)
