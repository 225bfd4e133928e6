"""Beliefs after failures: the integral itself, the ordering it implies, and calibration among those that failed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit

from sim.agents.retry import at_try, parse_on_retry, posterior
from sim.population.beliefs import success_given_signal
from sim.population.population import draw_population
from sim.population.profile import Profile
from tests.statistics import assert_mean

COSTS = {"cost_belief": {"mean": -2.0, "sd": 0.5}, "cost": {"mean": -2.0, "sd": 0.5}}
SPREADS = [0.05, 1.0, 2.49, 4.34, 20.0]


def by_quadrature(q: float, v: float, f: int) -> float:
    """E[p (1 - p)^f] / E[(1 - p)^f] with logit p ~ N(mu, v^2), mu by bisection on E[p] = q."""

    def mean(power: int, misses: int, mu: float) -> float:
        def density(x: float) -> float:
            p = expit(mu + v * x)
            return p**power * expit(-mu - v * x) ** misses * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)

        return quad(density, -12, 12, limit=500, points=[-mu / v] if abs(mu) < 12 * v else None)[0]

    mu = brentq(lambda m: mean(1, 0, m) - q, -20 - 9 * v, 20 + 9 * v, xtol=1e-12)
    return mean(1, f, mu) / mean(0, f, mu)


@pytest.mark.parametrize("v", SPREADS)
@pytest.mark.parametrize("f", [1, 2, 5])
def test_posterior_is_the_integral(v: float, f: int) -> None:
    claims = np.array([0.001, 0.05, 0.3, 0.5, 0.8, 0.999])
    expected = [by_quadrature(q, v, f) for q in claims]
    assert posterior(claims, v, f) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("v", SPREADS)
def test_belief_falls_with_failures_and_rises_with_the_first_claim(v: float) -> None:
    claims = np.linspace(0.001, 0.999, 999)
    after = posterior(claims, v, np.arange(9)[:, None])
    assert (np.diff(after, axis=0) < 0).all()
    assert (np.diff(after, axis=1) > 0).all()


def test_certainty_stays_and_so_does_everything_where_nothing_is_unknown() -> None:
    for v in (0.01, 2.0, 20.0):
        assert posterior([0.0, 1.0], v, [[1], [7], [999]]).tolist() == [[0.0, 1.0]] * 3
    claims = np.linspace(0, 1, 101)
    assert np.array_equal(posterior(claims, 0.0, 3), claims)
    assert np.array_equal(posterior(claims, 3.0, 0), claims)
    assert np.array_equal(posterior(claims, 3.0, [[0], [1]])[0], claims)
    assert np.isnan(posterior(np.nan, 1.0, 1))


def test_extreme_claims_keep_their_order() -> None:
    claims = np.concatenate([[0.0, 5e-324, 1e-300, 1e-40], expit(np.linspace(-36, 36, 999)), [1.0 - 2.0**-53, 1.0]])
    for v in (0.05, 2.0, 20.0):
        after = posterior(claims, v, 2)
        assert ((after >= 0) & (after <= claims)).all()
        assert (np.diff(after) >= 0).all()


def test_each_element_has_its_own_spread_and_failures() -> None:
    claims, v, f = np.full((2, 3), 0.6), np.array([1.0, 2.0, 0.0]), np.array([[1, 0, 2], [2, 1, 1]])
    after = posterior(claims, v, f)
    for at in np.ndindex(2, 3):
        assert after[at] == posterior(0.6, v[at[1]], f[at])


def test_belief_at_a_try_beyond_the_failures_foreseen_is_the_last() -> None:
    belief, later = np.full(4, 0.9), np.tile([0.5, 0.25], (4, 1))
    assert at_try(belief, later, np.arange(4)).tolist() == [0.9, 0.5, 0.25, 0.25]
    assert at_try(belief, None, np.arange(4)) is belief
    each = 2, 1, 2  # two replications of one task and two agents
    assert at_try(belief.reshape(each), later.reshape(*each, 2), np.arange(4).reshape(each)).tolist() == [
        [[0.9, 0.5]],
        [[0.25, 0.25]],
    ]


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_calibrated_claims_stay_calibrated_after_failures(rho: float) -> None:
    """Of agents that claim P(success | signal) and failed f times, the share that then succeeds is the posterior."""
    agent = {"alpha": 0.4, "m": 0.0, "slope": 1.0, "rho": rho, **COSTS}
    profile = Profile.model_validate({"sigma_d": 1.0, "sigma_u": 2.0, "agents": {"a": agent}})
    drawn = draw_population(profile, seed=3, replications=40, n_tasks=2000, n_tries=4)
    claim = success_given_signal(0.4, profile.tau, profile.reach("a"), drawn.signal[..., 0])
    success = drawn.success[..., 0, :]
    for f in (0, 1, 2, 3):
        failed = ~success[..., :f].any(axis=-1)
        gap = success[..., f] - posterior(claim, profile.unknown("a"), f)
        assert_mean(gap[failed], 0.0)
        assert_mean((gap * (claim - claim.mean()))[failed], 0.0)


def test_what_a_scenario_asks_for() -> None:
    assert parse_on_retry(None) is None
    assert parse_on_retry("same") is None
    assert [getattr(parse_on_retry(raw), "spread", "-") for raw in ("update", {"update": {"spread": 2}})] == [None, 2.0]
