"""The steps of a fit, each against another way to compute it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize
from scipy.special import expit, logit, ndtr

from sim.fitting.cases import cases_of
from sim.fitting.claim_grid import cell_means, fit_claims
from sim.fitting.signals import cell_scores, covariances, one_factor
from tests.statistics import assert_mean
from tests.unit.test_fit import marketbench

RNG = np.random.default_rng


@pytest.mark.parametrize("agent", range(6))
def test_claims_against_a_search_without_gradient(agent):
    cases = cases_of(marketbench())
    count, border = cases.counts(np.ones(93), agent), cases.border[agent]

    def loss(x):
        chance = np.diff(np.concatenate([[0.0], ndtr((border - x[0]) / abs(x[1])), [1.0]]))
        return -(count @ np.log(np.maximum(chance, 1e-300)))

    found = fit_claims(count, border)
    searched = optimize.minimize(loss, [1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    assert found == pytest.approx((searched.x[0], abs(searched.x[1])), abs=1e-5)


def test_claims_of_a_known_normal():
    """Open cells at both ends: three quarters of the claims are 0 or 1, and m, lambda are found all the same."""
    grid = np.array([0.0, 0.5, 0.6, 1.0])
    border = logit((grid[1:] + grid[:-1]) / 2)
    errors = []
    for seed in range(40):
        x = 0.3 + 2.0 * RNG(seed).normal(size=4000)
        count = np.bincount(np.searchsorted(border, x), minlength=4).astype(np.float64)
        errors.append(np.array(fit_claims(count, border)) - (0.3, 2.0))
    assert_mean(np.array(errors)[:, 0], 0.0)
    assert_mean(np.array(errors)[:, 1], 0.0)


@pytest.mark.parametrize("shift", [0.0, 30.0, -30.0])
def test_claims_move_with_their_borders(shift):
    count, border = np.array([3.0, 50.0, 5.0, 0.0, 1.0]), np.array([-2.0, 1.0, 2.0, 4.0])
    m, slope = fit_claims(count, border)
    moved = fit_claims(count, 3.0 * border + shift)
    assert moved == pytest.approx((3.0 * m + shift, 3.0 * slope), rel=1e-6)


def test_means_of_cells_against_draws():
    count = np.array([2.0, 0.0, 5.0, 1.0])
    s = np.sort(RNG(1).normal(size=800_000))
    means = cell_means(count)
    for k, part in ((0, s[:200_000]), (2, s[200_000:700_000]), (3, s[700_000:])):
        assert_mean(part, means[k])
    assert means[1] == 0.0
    assert count @ means == pytest.approx(0.0, abs=1e-12)


def test_scores_have_mean_zero_and_rise_with_claims():
    recorded = marketbench()
    cases = cases_of(recorded)
    weight = RNG(2).integers(0, 4, 93).astype(np.float64)
    score, variance = cell_scores(cases, weight)
    np.testing.assert_allclose(weight @ score, 0.0, atol=1e-12)
    assert ((variance > 0.6) & (variance < 1.0)).all()
    for i in range(6):
        order = np.argsort(recorded.belief[weight > 0, i])
        assert (np.diff(score[weight > 0, i][order]) >= -1e-12).all()


def test_covariances_against_the_definition():
    stream = RNG(3)
    x, y = stream.normal(size=(2, 30, 3))
    present = stream.random((30, 3)) < 0.7
    weight = stream.integers(0, 3, 30)
    found, count = covariances(x, y, present, weight.astype(np.float64))
    for i in range(3):
        for j in range(3):
            rows = np.repeat(np.arange(30), weight * (present[:, i] & present[:, j]))
            assert count[i, j] == len(rows)
            assert found[i, j] == pytest.approx(np.cov(x[rows, i], y[rows, j], bias=True)[0, 1])


def test_one_factor_against_a_search():
    stream = RNG(5)
    target = stream.uniform(-0.2, 0.9, (5, 5))
    target = (target + target.T) / 2
    trust = np.where(np.eye(5, dtype=np.bool_), 0.0, 1.0)

    def loss(g):
        return float((trust * (np.outer(g, g) - target) ** 2).sum())

    most = np.array([0.9, 0.4, 0.9, 0.9, 0.9])
    found = one_factor(target, trust, most)
    starts = stream.uniform(-0.4, 0.4, (30, 5))
    best = min(optimize.minimize(loss, s, bounds=list(zip(-most, most, strict=True))).fun for s in starts)
    assert loss(found) == pytest.approx(best, abs=1e-6)
    assert (np.abs(found) <= most).all()
    assert found.sum() >= 0


def test_one_factor_of_opposite_cues():
    g = one_factor(np.array([[0.0, -0.36], [-0.36, 0.0]]), np.ones((2, 2)), np.ones(2))
    assert np.abs(g) == pytest.approx(0.6)
    assert g[0] * g[1] < 0
    nobody = one_factor(np.zeros((2, 2)), np.zeros((2, 2)), np.ones(2))
    assert (nobody == 0).all()


def test_logit_cells_are_those_of_the_grid():
    cases = cases_of(marketbench())
    grid, border = cases.grid[2], cases.border[2]
    assert grid.tolist() == [0.35, 0.45, 0.85, 0.9, 0.95, 0.98, 1.0]
    assert expit(border).tolist() == pytest.approx([0.4, 0.65, 0.875, 0.925, 0.965, 0.99])
