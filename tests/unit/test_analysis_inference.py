"""Standard errors: textbook cases, exact zeros, NaN where undefined, and coverage."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import calibration as cal
from analysis.inference import linearised, mean, paired_difference, ratio


def test_a_mean_over_tasks_has_the_textbook_error():
    x = np.random.default_rng(1).normal(size=(1, 50))
    estimate = mean(x, recorded=True)
    assert estimate.value == pytest.approx(x.mean())
    assert estimate.se == pytest.approx(x.std(ddof=1) / np.sqrt(50))
    assert np.isnan(estimate.se_mc)


def test_clusters_recorded_and_synthetic():
    x = np.random.default_rng(2).normal(size=(7, 5, 3))
    recorded, synthetic = mean(x, recorded=True), mean(x, recorded=False)
    over_replications = x.mean(axis=(1, 2)).std(ddof=1) / np.sqrt(7)
    assert recorded.se == pytest.approx(x.mean(axis=(0, 2)).std(ddof=1) / np.sqrt(5))
    assert recorded.se_mc == synthetic.se_mc == synthetic.se == pytest.approx(over_replications)


def test_copies_have_no_simulation_noise_and_the_same_task_error():
    x = np.random.default_rng(3).normal(size=(1, 20))
    once, many = mean(x, recorded=True), mean(np.repeat(x, 9, axis=0), recorded=True)
    assert many.se_mc == 0.0
    assert many.se == pytest.approx(once.se)


def test_ratio_counts_only_clusters_with_observations():
    num, den = np.zeros((1, 10)), np.zeros((1, 10))
    assert np.isnan([ratio(num, den, True).value, ratio(num, den, True).se]).all()
    num[0, 3] = den[0, 3] = 1.0
    alone = ratio(num, den, True)
    assert alone.value == 1.0
    assert np.isnan(alone.se)


def test_paired_difference():
    stream = np.random.default_rng(4)
    luck = stream.normal(size=(1, 200, 1))
    a, b = luck + 0.1, luck + 0.01 * stream.normal(size=luck.shape)
    gap = paired_difference(a, b, recorded=True)
    assert gap.value == pytest.approx(mean(a, True).value - mean(b, True).value)
    assert gap.se < mean(a, True).se / 20
    same = paired_difference(a, a, recorded=True)
    assert (same.value, same.se) == (0.0, 0.0)
    with pytest.raises(ValueError, match="same auctions"):
        paired_difference(a, b[:, :3], recorded=True)


def test_auc_error_is_delongs():
    stream = np.random.default_rng(5)
    p, y = stream.integers(0, 9, 80) / 8, stream.random(80) < 0.6
    area, parts = cal.auc_components(p, y[:, None], np.ones((80, 1), np.bool_))
    kernel = (p[y][:, None] > p[~y]) + (p[y][:, None] == p[~y]) / 2
    v1, v0 = kernel.mean(axis=1) - area[0], kernel.mean(axis=0) - area[0]
    by_hand = np.sqrt((v1**2).sum() / len(v1) ** 2 + (v0**2).sum() / len(v0) ** 2) * np.sqrt(80 / 79)
    estimate = linearised(area, parts.reshape(1, 80, 1), np.ones((1, 80, 1), np.bool_), True)
    assert estimate.se[0] == pytest.approx(by_hand)


def test_coverage_of_rates_ratios_and_auc():
    stream, hits, n_runs = np.random.default_rng(6), np.zeros(3), 600
    for _ in range(n_runs):
        difficulty = stream.normal(size=(1, 60, 1))
        y = difficulty + stream.normal(size=(1, 60, 4)) > 0
        den = stream.random((1, 60, 4)) < 0.7
        signal = difficulty[0, :, 0] + stream.normal(size=60)
        area, parts = cal.auc_components(signal, y[0, :, :1], np.ones((60, 1), np.bool_))
        estimates = [mean(y, True), ratio((y & den).sum(axis=2), den.sum(axis=2), True)]
        estimates.append(linearised(area[0], parts.reshape(1, 60), np.ones((1, 60), np.bool_), True))
        truth = (0.5, 0.5, 0.5 + 2 / np.pi * np.arcsin(0.5 / np.sqrt(2)))
        hits += [abs(e.value - t) < 1.96 * e.se for e, t in zip(estimates, truth, strict=True)]
    assert (np.abs(hits / n_runs - 0.95) < 0.035).all(), hits / n_runs
