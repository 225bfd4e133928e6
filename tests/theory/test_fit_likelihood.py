"""The likelihood of outcomes: quadrature against draws, its gradient, and what repeated trials add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize
from scipy.special import expit

from sim.fitting.ability import AbilityFit
from sim.fitting.cases import cases_of
from sim.fitting.fit import log_likelihoods
from tests.statistics import assert_rate
from tests.theory.test_fit_recovery import TRUTH, table
from tests.unit.test_fit import marketbench

ALPHA, SIGMA_D, SIGMA_U = np.array([2.0, -0.5, 4.0]), 3.0, 1.5


def every_pattern(n_trials: int) -> AbilityFit:
    """The likelihood of a table of three agents with one task for each pattern of successes."""
    recorded = marketbench()
    count = np.stack(np.meshgrid(*[np.arange(n_trials + 1)] * 3, indexing="ij"), -1).reshape(-1, 3)
    n_tasks = len(count)
    cases = cases_of(recorded)
    shaped = replace(
        cases, hits=count, misses=n_trials - count, present=np.ones((n_tasks, 3), np.bool_), agents=cases.agents[:3]
    )
    return AbilityFit(shaped, SIGMA_U)


@pytest.mark.parametrize("n_trials", [1, 2])
def test_quadrature_against_draws(n_trials):
    """The chance of each pattern of successes, from the likelihood and as a share of 400,000 tasks drawn."""
    likelihood, n = every_pattern(n_trials), 400_000
    stream = np.random.default_rng(11)
    ability = expit(ALPHA + SIGMA_D * stream.normal(size=(n, 1)) + SIGMA_U * stream.normal(size=(n, 3)))
    drawn = stream.binomial(n_trials, ability)
    x, total = np.append(ALPHA, SIGMA_D), 0.0
    ways = np.array([1.0, 2.0, 1.0]) if n_trials == 2 else np.ones(2)
    count = np.stack(np.meshgrid(*[np.arange(n_trials + 1)] * 3, indexing="ij"), -1).reshape(-1, 3)
    for place, pattern in enumerate(count):
        one = np.bincount([likelihood.pattern_of[place]], minlength=len(count)).astype(np.float64)
        chance = np.exp(-likelihood.loss(x, one)[0]) * ways[pattern].prod()
        total += chance
        assert_rate((drawn == pattern).all(axis=1), chance)
    assert total == pytest.approx(1.0, abs=1e-9)


def test_gradient():
    likelihood = every_pattern(2)
    tasks = np.random.default_rng(12).integers(0, 9, 27).astype(np.float64)
    x = np.append(ALPHA, SIGMA_D)
    slope = optimize.approx_fprime(x, lambda at: likelihood.loss(at, tasks)[0], 1e-6)
    np.testing.assert_allclose(likelihood.loss(x, tasks)[1], slope, rtol=1e-4, atol=1e-3)


def test_the_maximum_is_one():
    cases, weight = cases_of(marketbench()), np.ones(93)
    likelihood = AbilityFit(cases, 1.0)
    found = likelihood.fit(weight)
    far = found._replace(alpha=found.alpha * 0.2 + 3.0, sigma_d=9.0)
    again = likelihood.fit(weight, far)
    assert again.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(again.alpha, found.alpha, atol=1e-4)


def test_repeated_trials_identify_sigma_u():
    """One outcome a cell leaves the likelihood flat in sigma_u; four do not."""
    profile = TRUTH.with_sigma_u(2.3)
    spreads = [0.0, 1.0, 2.3, 4.0]
    once, often = (log_likelihoods(table(profile, 3, 300, n_trials), spreads) for n_trials in (1, 4))
    assert max(once) - min(once) < 1.92
    assert int(np.argmax(often)) == 2
    assert often[2] - max(often[1], often[3]) > 1.92
