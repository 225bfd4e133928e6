"""Calibration against theory: the null of ECE, the AUC of Gaussian signals, and a permutation test that is exact."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import calibration as cal
from analysis.figures.who_knows import permutation_test


def test_ece_of_calibrated_claims_averages_to_its_null():
    stream = np.random.default_rng(1)
    p = stream.integers(0, 21, 93) / 20
    drawn = np.array([cal.ece(p, stream.random(93) < p) for _ in range(4000)])
    assert abs(drawn.mean() - cal.ece_null(p)) < 4 * drawn.std() / np.sqrt(4000)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.8])
def test_auc_of_a_gaussian_signal_at_even_odds(correlation):
    """AUC = 1/2 + (2/pi) asin(R / sqrt 2), R the correlation of signal and latent outcome."""
    stream, n = np.random.default_rng(2), 200_000
    signal = stream.normal(size=n)
    latent = correlation * signal + np.sqrt(1 - correlation**2) * stream.normal(size=n)
    expected = 0.5 + 2 / np.pi * np.arcsin(correlation / np.sqrt(2))
    area, parts = cal.auc_components(signal, (latent > 0)[:, None], np.ones((n, 1), np.bool_))
    assert abs(area[0] - expected) < 4 * np.sqrt((parts**2).sum())


def test_proper_score_is_best_at_the_truth():
    """E (p - y)^2 over y ~ Bernoulli(q) is q (1 - q) + (p - q)^2."""
    q = np.linspace(0, 1, 11)
    for truth in q:
        score = [truth * cal.brier([p], [True]) + (1 - truth) * cal.brier([p], [False]) for p in q]
        assert q[int(np.argmin(score))] == truth
        assert score == pytest.approx(truth * (1 - truth) + (q - truth) ** 2)


def test_knowing_only_the_task_cannot_route():
    """A signal of common difficulty has AUC well above 1/2 on one's own and on others' tasks, comparative AUC 1/2."""
    stream, n = np.random.default_rng(3), 20_000
    difficulty = stream.normal(size=(n, 1))
    claim = difficulty + stream.normal(size=(n, 3))
    y = difficulty + stream.normal(size=(n, 3)) > 0
    own, others = cal.auc(claim[:, 0], y[:, 0]), cal.auc_others(claim, y)
    assert own > 0.7
    assert others == pytest.approx(np.full(3, own), abs=0.01)
    assert cal.comparative_auc(claim, y)[1] == pytest.approx(0.5, abs=0.012)


@pytest.mark.slow
def test_permutation_p_values_are_uniform_when_claims_know_only_the_task():
    """400 experiments: the share of p <= .05, .2, .5 within 4 standard errors, per agent and pooled."""
    stream, n_runs = np.random.default_rng(4), 400
    p_value = np.empty((n_runs, 2))
    for run in range(n_runs):
        difficulty = stream.normal(size=(30, 1))
        claim = difficulty + stream.normal(size=(30, 4))
        y = 2 * difficulty + stream.normal(size=(30, 4)) > 0
        each, pooled = permutation_test(claim, y, 99, seed=run)
        p_value[run] = each[0], pooled
    for level in (0.05, 0.2, 0.5):
        share = (p_value <= level).mean(axis=0)
        assert (np.abs(share - level) < 4 * np.sqrt(level * (1 - level) / n_runs)).all(), (level, share)
