"""Ability, signal, claim: calibration and AUC against theory, simulation and the published fit."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import expit, ndtr

from analysis.calibration import auc as area_under
from analysis.calibration import auc_components
from sim.bundled import profiles
from sim.kit.arrays import BoolArray, FloatArray
from sim.population.beliefs import auc, auc_binormal, calibrated, success_given_signal, success_rate, to_grid
from sim.population.profile import read_profile
from tests.scenes import chance
from tests.statistics import assert_mean, assert_rate

LATENT = np.pi**2 / 3.0  # variance of a logistic variable
PROFILE = read_profile(profiles()["marketbench"])
# Agent -> m* and lambda* of the fitted table in the specification, two digits each.
TABLE = {
    "claude-opus-4.5": (1.57, 0.77),
    "claude-sonnet-4.5": (1.36, 0.80),
    "gemini-3-pro": (1.45, 0.40),
    "gpt-5.2": (1.42, -0.24),
    "gpt-5.2-pro": (1.34, 0.13),
    "gpt-5-mini": (1.13, 0.42),
}
# (alpha, tau, rho): from nearly even tasks to tasks of which most are certain.
AGENTS = [(1.0, 0.5, 0.6), (0.0, 1.0, 0.9), (2.0, 2.0, 0.6), (-1.0, 2.0, -0.4), (4.0, 4.0, 0.4), (2.0, 4.0, 0.9)]


class Drawn(NamedTuple):
    """Signals and outcomes of one agent, drawn from the definition; (N,) each."""

    s: FloatArray
    y: BoolArray


@cache
def drawn(alpha: float, tau: float, rho: float, n: int = 200_000) -> Drawn:
    stream = np.random.default_rng(1)
    z, e = stream.normal(size=(2, n))
    return Drawn(rho * z + np.sqrt(1.0 - rho * rho) * e, stream.random(n) < expit(alpha + tau * z))


@cache
def normal_grid(count: int = 4001) -> tuple[FloatArray, FloatArray]:
    """Equally spaced points and weights of a standard normal: as exact as floats for smooth functions."""
    x = np.linspace(-9.0, 9.0, count)
    w = np.exp(-x * x / 2.0)
    return x, w / w.sum()


@cache
def on_average(alpha: float, tau: float, rho: float) -> FloatArray:
    """P(success | s) on `normal_grid(801)`, by summation over what the signal leaves open."""
    s, _ = normal_grid(801)
    x, w = normal_grid(801)
    return np.asarray(expit(alpha + tau * (rho * s[:, None] + np.sqrt(1.0 - rho * rho) * x)) @ w)


def logistic_regression(s: FloatArray, y: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Maximum likelihood (m, slope) by Newton's method, and standard errors that allow for another true curve."""
    x, theta = np.stack([np.ones_like(s), s], axis=1), np.zeros(2)
    for _ in range(30):
        p = expit(x @ theta)
        bend = np.linalg.inv((x * (p * (1.0 - p))[:, None]).T @ x)
        theta = theta + bend @ (x.T @ (y - p))
    score = x * (y - expit(x @ theta))[:, None]
    return theta, np.sqrt(np.diag(bend @ (score.T @ score) @ bend))


@pytest.mark.parametrize(("alpha", "tau", "rho"), AGENTS)
def test_success_given_the_signal_is_the_integral(alpha: float, tau: float, rho: float) -> None:
    s, _ = normal_grid(801)
    found = success_given_signal(alpha, tau, rho * tau, s)
    np.testing.assert_allclose(found, on_average(alpha, tau, rho), atol=1e-6)


def test_signal_that_knows_all_leaves_the_ability_itself() -> None:
    s = np.linspace(-4.0, 4.0, 9)
    np.testing.assert_allclose(success_given_signal(0.7, 3.0, 3.0, s), expit(0.7 + 3.0 * s), rtol=1e-12)


def test_signal_that_knows_nothing_leaves_the_success_rate() -> None:
    s = np.linspace(-4.0, 4.0, 9)
    np.testing.assert_allclose(success_given_signal(0.7, 3.0, 0.0, s), success_rate(0.7, 3.0), rtol=1e-12)


@pytest.mark.parametrize(("alpha", "tau"), [(0.0, 4.0), (1.0, 0.5), (-2.0, 2.0), (4.01, 4.34)])
def test_success_rate(alpha: float, tau: float) -> None:
    assert_rate(drawn(alpha, tau, 0.0).y, success_rate(alpha, tau))
    assert success_rate(-alpha, tau) == pytest.approx(1.0 - success_rate(alpha, tau), abs=1e-12)


def test_success_rate_without_spread_is_the_ability() -> None:
    assert success_rate(1.3, 0.0) == pytest.approx(expit(1.3), rel=1e-12)


@pytest.mark.parametrize(("alpha", "tau", "rho"), AGENTS)
def test_calibrated_claims_meet_their_first_order_conditions(alpha: float, tau: float, rho: float) -> None:
    """E[y - claim] = 0 and E[s (y - claim)] = 0."""
    s, w = normal_grid(801)
    m, slope = calibrated(alpha, tau, rho * tau)
    gap = on_average(alpha, tau, rho) - expit(m + slope * s)
    assert w @ gap == pytest.approx(0.0, abs=1e-6)
    assert w @ (gap * s) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("alpha", "tau", "rho"), AGENTS)
def test_calibrated_is_the_logistic_regression_on_the_signal(alpha: float, tau: float, rho: float) -> None:
    found, se = logistic_regression(*drawn(alpha, tau, rho))
    assert (np.abs(found - calibrated(alpha, tau, rho * tau)) <= 4.0 * se).all()


@pytest.mark.parametrize("name", TABLE)
def test_calibrated_claims_of_the_fitted_agents(name: str) -> None:
    found = calibrated(PROFILE.agents[name].alpha, PROFILE.tau, PROFILE.reach(name))
    assert tuple(found) == pytest.approx(TABLE[name], abs=0.02)


def test_signal_that_knows_nothing_has_no_slope() -> None:
    m, slope = calibrated(1.0, 2.0, 0.0)
    assert slope == pytest.approx(0.0, abs=1e-9)
    assert expit(m) == pytest.approx(success_rate(1.0, 2.0), abs=1e-9)


def test_calibrated_claims_turn_with_the_sign_of_the_signal() -> None:
    m, slope = calibrated(1.0, 2.0, 1.2)
    assert calibrated(1.0, 2.0, -1.2) == pytest.approx((m, -slope), abs=1e-8)
    assert calibrated(-1.0, 2.0, 1.2) == pytest.approx((-m, slope), abs=1e-8)


@pytest.mark.parametrize("tau", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize(("alpha", "rho"), [(0.0, 0.9), (2.0, 0.6)])
def test_calibrated_claims_mean_what_they_say(tau: float, alpha: float, rho: float) -> None:
    """In each tenth of the claims successes are as frequent as claimed.

    The true curve is not quite logistic, so a tenth may be off by up to .01; 20,000 claims show any more than that.
    """
    s, y = drawn(alpha, tau, rho)
    m, slope = calibrated(alpha, tau, rho * tau)
    claim = expit(m + slope * s)
    off = np.interp(s, normal_grid(801)[0], on_average(alpha, tau, rho)) - claim
    assert_mean(y - claim, 0.0)
    for tenth in np.array_split(np.argsort(s), 10):
        assert abs(off[tenth].mean()) < 0.01
        assert_mean((y - claim)[tenth], float(off[tenth].mean()))


def test_calibrated_claims_are_off_by_less_than_a_hundredth() -> None:
    """Root mean square distance of claim and success rate given the signal, where no logistic curve can fit."""
    s, w = normal_grid(801)
    for alpha, tau, rho in product((0.0, 2.0, 4.0), (0.5, 1.0, 2.0, 4.0), (0.3, 0.6, 0.9)):
        m, slope = calibrated(alpha, tau, rho * tau)
        assert np.sqrt(w @ (on_average(alpha, tau, rho) - expit(m + slope * s)) ** 2) < 0.008


@pytest.mark.parametrize("m", [-2.0, 0.0, 3.0])
@pytest.mark.parametrize("slope", [0.05, 0.5, 2.0])
def test_calibration_cannot_change_the_auc(m: float, slope: float) -> None:
    s, y = drawn(2.0, 2.0, 0.6)
    s, y = s[:20_000], y[:20_000]
    assert area_under(expit(m + slope * s), y) == area_under(expit(s), y)


def test_slope_below_zero_turns_the_auc_over() -> None:
    s, y = drawn(2.0, 2.0, 0.6)
    s, y = s[:20_000], y[:20_000]
    assert area_under(expit(1.0 - 0.5 * s), y) == pytest.approx(1.0 - area_under(s, y), abs=1e-12)


@pytest.mark.parametrize(("alpha", "tau", "rho"), AGENTS)
def test_auc_of_drawn_claims(alpha: float, tau: float, rho: float) -> None:
    s, y = drawn(alpha, tau, rho)
    area, parts = auc_components(s, y[:, None], np.ones((len(s), 1), np.bool_))
    assert abs(area[0] - auc(alpha, tau, rho * tau)) < 4.0 * np.sqrt((parts**2).sum())


def test_auc_of_a_signal_that_knows_nothing() -> None:
    assert auc(4.0, 4.34, 0.0) == pytest.approx(0.5, abs=1e-12)
    assert auc(1.0, 2.0, -1.2) == pytest.approx(1.0 - auc(1.0, 2.0, 1.2), abs=1e-9)


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("rho", [0.1, 0.3, 0.5, 0.75])
def test_auc_of_the_fitted_agents_in_closed_form(name: str, rho: float) -> None:
    """Two normals are good to .001 as long as signal and latent outcome correlate by .7 at most."""
    alpha, tau = PROFILE.agents[name].alpha, PROFILE.tau
    correlation = rho * tau / np.sqrt(tau**2 + LATENT)
    assert correlation < 0.7
    closed = auc_binormal(success_rate(alpha, tau), correlation)
    assert auc(alpha, tau, rho * tau) == pytest.approx(closed, abs=0.001)


def area_of_normal_latent(rate: float, correlation: float) -> float:
    """AUC by summation where P(success | s) = Phi((t + R s) / sqrt(1 - R^2)), t the quantile of the rate."""
    s, w = normal_grid()
    t = float(np.interp(rate, ndtr(s), s))
    p = ndtr((t + correlation * s) / np.sqrt(1.0 - correlation**2))
    hit, miss = w * p / (w @ p), w * (1.0 - p) / (w @ (1.0 - p))
    return float(hit @ (np.cumsum(miss) - miss / 2.0))


@pytest.mark.parametrize(
    ("correlation", "within"), [(0.2, 0.001), (0.4, 0.001), (-0.4, 0.001), (0.7, 0.001), (0.9, 0.012)]
)
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.65, 0.8])
def test_closed_form_against_a_normal_latent_outcome(rate: float, correlation: float, within: float) -> None:
    assert auc_binormal(rate, correlation) == pytest.approx(area_of_normal_latent(rate, correlation), abs=within)


@pytest.mark.parametrize(("correlation", "expected"), [(0.2, 0.599), (0.4, 0.698), (0.7, 0.849)])
def test_closed_form_at_four_in_five(correlation: float, expected: float) -> None:
    assert auc_binormal(0.8, correlation) == pytest.approx(expected, abs=0.001)


def test_grid_borders_lie_half_way_and_belong_above() -> None:
    grid = np.array([0.25, 0.5, 1.0])
    claim = np.array([0.0, 0.25, 0.374, 0.375, 0.5, 0.749, 0.75, 1.0])
    np.testing.assert_array_equal(to_grid(claim, grid), [0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 1.0, 1.0])


def test_grid_of_one_value() -> None:
    np.testing.assert_array_equal(to_grid(np.array([[0.0, 0.4], [0.9, 1.0]]), np.array([0.7])), np.full((2, 2), 0.7))


def test_claims_go_to_the_nearest_value_of_the_grid() -> None:
    grid = np.array([0.05, 0.18, 0.2, 0.62, 0.95, 1.0])
    claim = chance("beliefs/claim", 1000)
    nearest = grid[np.abs(claim[:, None] - grid).argmin(axis=1)]
    np.testing.assert_array_equal(to_grid(claim, grid), nearest)
    np.testing.assert_array_equal(to_grid(grid, grid), grid)
