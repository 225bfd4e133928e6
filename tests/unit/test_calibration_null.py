"""The ECE of calibrated agents that share tasks: enumeration, the series for pairs, the recorded table."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from analysis import calibration as cal
from analysis import calibration_null as null
from analysis.calibration_null import pooled_ece_null, simulated_null, task_correlation
from tests.unit.test_analysis_helpers import table_world

WORLD = table_world()
P, Y = WORLD.belief[0], WORLD.success[0, ..., 0]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


def exact_null(p, rho, weight):
    """Over all outcomes of a table with one row a task, its factor by Gauss-Hermite quadrature."""
    chance = ndtr((ndtri(p)[..., None] - np.sqrt(rho) * NODES) / np.sqrt(1 - rho))
    outcomes = list(product([False, True], repeat=p.shape[1]))
    rows = []
    for t in range(len(p)):
        of_row = [np.prod(np.where(np.array(y)[:, None], chance[t], 1 - chance[t]), axis=0) for y in outcomes]
        rows.append([float(x @ WEIGHTS / WEIGHTS.sum()) for x in of_row])
    total = 0.0
    for picked in product(range(len(outcomes)), repeat=len(p)):
        y = np.array([outcomes[k] for k in picked])
        total += np.prod([rows[t][k] for t, k in enumerate(picked)]) * cal.ece(
            p.ravel(), y.ravel(), weight=weight.ravel()
        )
    return total


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_enumeration(rho):
    p = np.array([[0.35, 0.6, 0.62], [0.65, 0.38, 0.9]])
    weight = np.array([[1.0, 0.5, 1.0], [0.25, 1.0, 1.0]])
    value, se = simulated_null(p, rho, np.arange(2), weight)
    assert se <= null.ENOUGH
    assert abs(value - exact_null(p, rho, weight)) < 4 * se


def test_independent_outcomes_have_the_exact_null():
    value, se = simulated_null(P, 0.0, np.arange(93), np.ones(P.shape))
    assert abs(value - cal.ece_null(P)) < 4 * se


def test_certain_claims_are_never_off():
    assert simulated_null(np.array([[0.0, 1.0]]), 0.6, np.arange(1), np.ones((1, 2)))[0] == 0.0


def test_rows_of_one_task_share_its_factor():
    """At rho near 1 two rows of one task succeed together, two tasks do not: E |sum of 2 gaps of 1/2| / 2."""
    p, one = np.full((2, 1), 0.5), np.ones((2, 1))
    together, se = simulated_null(p, 0.95, np.zeros(2, np.int64), one)
    apart, _ = simulated_null(p, 0.95, np.arange(2), one)
    assert abs(together - 0.5 * (1 / 2 + np.arcsin(0.95) / np.pi)) < 4 * se
    assert abs(apart - 0.25) < 4 * se


def test_recorded_table():
    value, rho = pooled_ece_null(P, Y)
    assert abs(value - 0.0445) < 4 * null.ENOUGH
    assert round(rho, 2) == 0.83
    assert value > cal.ece_null(P) + 0.005


@pytest.mark.parametrize(("a", "b", "rho"), [(0.0, 0.0, 0.7), (-0.4, 0.9, 0.3), (1.2, 0.5, 0.9)])
def test_series_is_the_covariance_of_two_outcomes(a, b, rho):
    one = np.ones((1, 2))
    _, terms = null._pair_means(np.array([[a, b]]), np.zeros((1, 2), np.bool_), np.arange(1), one)
    inner = [ndtr((x - np.sqrt(rho) * NODES) / np.sqrt(1 - rho)) for x in (a, b)]
    spread = np.sqrt(np.prod([ndtr(x) * ndtr(-x) for x in (a, b)]))
    expected = float(inner[0] * inner[1] @ WEIGHTS / WEIGHTS.sum() - ndtr(a) * ndtr(b))
    assert np.polynomial.polynomial.polyval(rho, terms) * spread == pytest.approx(expected, abs=2e-5)


def correlated(stream, claim, rho, shift):
    latent = np.sqrt(rho) * stream.normal(size=(len(claim), 1)) + np.sqrt(1 - rho) * stream.normal(size=claim.shape)
    return latent <= ndtri(claim) + shift


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8])
def test_correlation_is_recovered(rho):
    """Calibrated agents, and agents off by up to one probit either way: mean of 40 tables of 150 tasks within .05."""
    stream = np.random.default_rng(21)
    for shift in (np.zeros(4), np.linspace(-1, 1, 4)):
        found = []
        for _ in range(40):
            claim = np.clip(np.round(stream.beta(4, 2, (150, 4)), 2), 0.02, 0.98)
            y = correlated(stream, claim, rho, shift)
            found.append(task_correlation(claim, y, np.arange(150), np.ones(claim.shape)))
        assert np.mean(found) == pytest.approx(rho, abs=0.05)


def test_correlation_sees_pairs_of_agents_only():
    """An agent's trials of one task that always agree are no pair: two agents, dealt independently, 300 tasks x 3."""
    stream = np.random.default_rng(22)
    once = stream.random((300, 2)) < 0.6
    y, task = np.repeat(once, 3, axis=0), np.repeat(np.arange(300), 3)
    rho = task_correlation(np.full(y.shape, 0.6), y, task, np.full(y.shape, 1 / 3))
    assert rho < 0.2
    alone = task_correlation(np.full(once.shape, 0.6), once, np.arange(300), np.ones(once.shape))
    assert rho == pytest.approx(alone, abs=1e-9)


def test_what_tells_no_correlation():
    one = np.ones((3, 2))
    claim, task = np.full((3, 2), 0.5), np.arange(3)
    apart = np.array([[True, False], [False, True], [True, False]])
    assert task_correlation(claim, apart, task, one) == 0.0
    assert task_correlation(claim, np.repeat(apart[:, :1], 2, axis=1), task, one) == null.MOST
    assert np.isnan(task_correlation(claim, np.ones((3, 2), np.bool_), task, one))
    assert np.isnan(task_correlation(np.ones((3, 2)), apart, task, one))
    value, rho = pooled_ece_null(claim[:, :1], apart[:, :1])
    assert np.isnan(rho)
    assert abs(value - cal.ece_null(claim[:, :1])) < 4 * null.ENOUGH


def test_unmade_claims_and_refusals():
    nothing = np.full((2, 3), np.nan)
    assert np.isnan(pooled_ece_null(nothing, np.ones((2, 3), np.bool_))).all()
    p = P[:30].copy()
    p[:4, 2] = np.nan
    assert pooled_ece_null(p, Y[:30]) == pooled_ece_null(p, np.where(np.isnan(p), ~Y[:30], Y[:30]))
    with pytest.raises(ValueError, match=r"must be \(N, n\)"):
        pooled_ece_null([0.5], [True])


def test_claims_that_are_not_known_have_no_null_and_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table may hold no claims: the simulation would go on to its limit, for nothing."""

    def draw(*given: object) -> None:
        raise AssertionError("nothing is to be drawn")

    monkeypatch.setattr(null, "normal", draw)
    for claim in ([[np.nan], [np.nan]], [[0.5], [np.nan]]):
        assert np.isnan(simulated_null(np.array(claim), 0.0, np.arange(2), np.ones((2, 1)))).all()
