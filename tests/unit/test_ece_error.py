"""The error of ECE: folded variances against quadrature, invariances, the recorded table, what is undefined."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import calibration as cal
from analysis.ece_error import ece_error, folded_variance
from tests.unit.test_analysis_helpers import table_world

WORLD = table_world()
P, Y = WORLD.belief[0], WORLD.success[0, ..., 0]


def by_hand(claim, y, cluster):
    """The definition, with 400,000 draws of the gaps."""
    labels = np.unique(cluster)
    gap = np.array([((y - claim) * (cal.bin_of(claim) == b)).sum() for b in range(10)]) / len(claim)
    influence = np.zeros((len(labels), 10))
    for row, label in enumerate(labels):
        at = cluster == label
        inside = [((y[at] - claim[at]) * (cal.bin_of(claim[at]) == b)).sum() for b in range(10)]
        influence[row] = (np.array(inside) - at.sum() * gap) / len(claim)
    covariance = len(labels) / (len(labels) - 1) * influence.T @ influence
    centre = np.sign(gap) * np.sqrt(np.maximum(0, gap**2 - np.diagonal(covariance)))
    drawn = np.random.default_rng(1).multivariate_normal(centre, covariance, 400_000, check_valid="ignore")
    return np.abs(drawn).sum(axis=1).std()


@pytest.mark.parametrize("n_clusters", [50, 7])
def test_definition(n_clusters):
    stream = np.random.default_rng(n_clusters)
    claim = stream.integers(8, 21, 53) / 20
    y, cluster = stream.random(53) < claim - 0.1, stream.integers(0, n_clusters, 53)
    assert ece_error(claim, y, cluster) == pytest.approx(by_hand(claim, y, cluster), rel=0.006)


@pytest.mark.parametrize("correlation", [-1.0, -0.6, 0.0, 0.3, 1.0])
def test_folded_variance_of_two(correlation):
    """Against a fine grid over both normals."""
    z = np.linspace(-7, 7, 1401)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    first, second = 0.3 + 0.5 * z[:, None], -0.8 + 1.2 * (correlation * z[:, None] + np.sqrt(1 - correlation**2) * z)
    total, weight = np.abs(first) + np.abs(second), density[:, None] * density
    expected = (weight * total**2).sum() - (weight * total).sum() ** 2
    covariance = np.array([[0.25, 0.6 * correlation], [0.6 * correlation, 1.44]])
    assert folded_variance(np.array([0.3, -0.8]), covariance) == pytest.approx(expected, rel=1e-3)


def test_far_from_zero_nothing_folds():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    sign = np.array([1.0, -1.0])
    assert folded_variance(np.array([5.0, -7.0]), covariance) == pytest.approx(sign @ covariance @ sign, rel=1e-4)


def test_recorded_table():
    """The linearised errors are .040 to .045; with the table as the population ECE has sd .030 to .040 (bootstrap)."""
    found = [ece_error(P[:, i], Y[:, i], np.arange(93)) for i in range(6)]
    assert np.round(found, 4).tolist() == [0.0272, 0.0263, 0.0401, 0.0393, 0.0355, 0.0364]


def test_invariances():
    stream = np.random.default_rng(3)
    claim, task = stream.integers(0, 11, 40) / 10, np.repeat(np.arange(20), 2)
    y, weight = stream.random(40) < 0.6, stream.random(40)
    base = ece_error(claim, y, task, weight)
    order = stream.permutation(40)
    assert ece_error(claim[order], y[order], task[order], weight[order]) == pytest.approx(base)
    assert ece_error(claim, y, [f"task {k}" for k in task], 3 * weight) == pytest.approx(base)
    copies = np.repeat(np.arange(40), 2)
    assert ece_error(claim[copies], y[copies], task[copies], weight[copies]) == pytest.approx(base)
    unmade = np.append(claim, np.nan), np.append(y, True), np.append(task, 77), np.append(weight, 1.0)
    assert ece_error(*unmade) == pytest.approx(base)


def test_undefined_is_nan():
    assert np.isnan(ece_error([], np.zeros(0, np.bool_), []))
    assert np.isnan(ece_error([np.nan, 0.5], [True, True], [0, 1]))
    assert np.isnan(ece_error([0.2, 0.9], [True, False], [4, 4]))
    assert np.isnan(ece_error([1.0] * 20, [True] * 20, range(20)))


def test_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape; got \(2,\), \(2,\), \(1,\)"):
        ece_error([0.2, 0.9], [True, False], [0])
