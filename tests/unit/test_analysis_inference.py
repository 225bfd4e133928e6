"""Standard errors: textbook cases, exact zeros, NaN where undefined, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, skew, t

from analysis import calibration as cal
from analysis.inference import linearised, mean, paired_difference, ratio
from analysis.intervals import skewed_t_interval, t_interval, tango


def test_a_mean_over_tasks_has_the_textbook_error():
    x = np.random.default_rng(1).normal(size=(1, 50))
    estimate = mean(x, by="task")
    assert estimate.value == pytest.approx(x.mean())
    assert estimate.se == pytest.approx(x.std(ddof=1) / np.sqrt(50))
    assert np.isnan(estimate.se_mc)


def test_clusters_recorded_and_synthetic():
    x = np.random.default_rng(2).normal(size=(7, 5, 3))
    recorded, synthetic, pairs = (mean(x, by) for by in ("task", "replication", "pair"))
    over_replications = x.mean(axis=(1, 2)).std(ddof=1) / np.sqrt(7)
    assert recorded.se == pytest.approx(x.mean(axis=(0, 2)).std(ddof=1) / np.sqrt(5))
    assert recorded.se_mc == synthetic.se_mc == synthetic.se == pytest.approx(over_replications)
    assert pairs.se == pytest.approx(x.mean(axis=2).std(ddof=1) / np.sqrt(35))
    assert [int(one.clusters) for one in (recorded, synthetic, pairs)] == [5, 7, 35]


def test_fewer_than_five_coupled_replications_have_no_interval():
    x = np.random.default_rng(7).normal(size=(5, 3))
    few, enough = mean(x[:4], "replication"), mean(x, "replication")
    assert np.isnan([few.se, few.low, few.high]).all()
    same(enough, skewed_t_interval(enough.value, enough.se, 5, skewness(x.mean(1))))


def same(found, interval):
    np.testing.assert_allclose((found.low, found.high), interval)


def skewness(values):
    return float(skew(values))  # the biased one: third moment / second moment ** 1.5


def test_levels_are_corrected_for_skewness_and_differences_are_not():
    """A mean over clusters, and a ratio by the influences of its clusters; empty clusters are none."""
    x = np.random.default_rng(8).exponential(size=(1, 30))
    level, difference = mean(x, "task"), paired_difference(x, np.zeros((1, 30)), "task")
    same(level, skewed_t_interval(x.mean(), level.se, 30, skewness(x[0])))
    same(difference, t_interval(x.mean(), level.se, 30))
    assert level.high - x.mean() > 1.1 * (x.mean() - level.low)
    den = np.array([[1.0, 2.0, 0.0, 1.0, 3.0, 1.0]])
    num = np.array([[0.2, 2.5, 0.0, 0.1, 1.0, 4.0]])
    found = ratio(num, den, "task")
    influence = (num - found.value * den)[den > 0]
    same(found, skewed_t_interval(found.value, found.se, 5, skewness(influence)))


def test_only_what_is_known_to_be_certain_has_an_interval_of_no_width():
    rate = mean(np.zeros((1, 20)), "task", rate=True)
    assert (rate.value, rate.se, rate.low) == (0.0, 0.0, 0.0)
    assert rate.high == pytest.approx(1.959964**2 / (20 + 1.959964**2))
    unknown, known = mean(np.zeros((1, 20)), "task"), mean(np.zeros((1, 20)), "task", exact=True)
    assert np.isnan([unknown.low, unknown.high]).all()
    assert (known.low, known.high) == (0.0, 0.0)


def test_no_clusters_no_error():
    found = mean(np.random.default_rng(9).random((3, 6)), "none")
    assert np.isnan([found.se, found.low, found.high]).all()
    assert not np.isnan([found.value, found.se_mc]).any()
    assert found.clusters == 0


def test_copies_of_a_trial_are_one_trial():
    y = np.random.default_rng(10).random((1, 30)) < 0.3
    once, copied = (mean(np.repeat(y, n, axis=0), "task", rate=True) for n in (1, 4))
    assert (once.low, once.high) == pytest.approx((copied.low, copied.high))


def test_paired_rates_have_tangos_interval():
    a, b = np.zeros((1, 20)), np.zeros((1, 20))
    a[0, :3], b[0, 3] = 1.0, 1.0
    found = paired_difference(a, b, "task", rate=True)
    assert (found.low, found.high) == pytest.approx([float(end) for end in tango(3 / 20, 1 / 20, 20)])
    assert found.p == pytest.approx(2 * norm.sf(2 / np.sqrt(4)))  # McNemar: (b - c)^2 / (b + c)
    none = paired_difference(a, a, "task", rate=True)
    assert none.se == 0.0
    assert none.high > 0.1 > none.value  # that no task differs here does not say that none can


def test_copies_have_no_simulation_noise_and_the_same_task_error():
    x = np.random.default_rng(3).normal(size=(1, 20))
    once, many = mean(x, by="task"), mean(np.repeat(x, 9, axis=0), by="task")
    assert many.se_mc == 0.0
    assert many.se == pytest.approx(once.se)


def test_ratio_counts_only_clusters_with_observations():
    num, den = np.zeros((1, 10)), np.zeros((1, 10))
    assert np.isnan([ratio(num, den, "task").value, ratio(num, den, "task").se]).all()
    num[0, 3] = den[0, 3] = 1.0
    alone = ratio(num, den, "task")
    assert alone.value == 1.0
    assert np.isnan(alone.se)


def test_paired_difference():
    stream = np.random.default_rng(4)
    luck = stream.normal(size=(1, 200, 1))
    a, b = luck + 0.1, luck + 0.01 * stream.normal(size=luck.shape)
    gap = paired_difference(a, b, by="task")
    assert gap.value == pytest.approx(mean(a, "task").value - mean(b, "task").value)
    assert gap.se < mean(a, "task").se / 20
    same = paired_difference(a, a, by="task")
    assert (same.value, same.se) == (0.0, 0.0)
    itself = paired_difference(a, a, by="task", exact=True)
    assert (itself.low, itself.high) == (0.0, 0.0)
    assert gap.p == pytest.approx(2 * t.sf(float(gap.value / gap.se), 199))
    with pytest.raises(ValueError, match="same auctions"):
        paired_difference(a, b[:, :3], by="task")


def test_auc_error_is_delongs():
    stream = np.random.default_rng(5)
    p, y = stream.integers(0, 9, 80) / 8, stream.random(80) < 0.6
    area, parts = cal.auc_components(p, y[:, None], np.ones((80, 1), np.bool_))
    kernel = (p[y][:, None] > p[~y]) + (p[y][:, None] == p[~y]) / 2
    v1, v0 = kernel.mean(axis=1) - area[0], kernel.mean(axis=0) - area[0]
    by_hand = np.sqrt((v1**2).sum() / len(v1) ** 2 + (v0**2).sum() / len(v0) ** 2) * np.sqrt(80 / 79)
    estimate = linearised(area, parts.reshape(1, 80, 1), np.ones((1, 80, 1), np.bool_), "task")
    assert estimate.se[0] == pytest.approx(by_hand)


def test_coverage_of_rates_ratios_and_auc():
    stream, hits, n_runs = np.random.default_rng(6), np.zeros(3), 600
    for _ in range(n_runs):
        difficulty = stream.normal(size=(1, 60, 1))
        y = difficulty + stream.normal(size=(1, 60, 4)) > 0
        den = stream.random((1, 60, 4)) < 0.7
        signal = difficulty[0, :, 0] + stream.normal(size=60)
        area, parts = cal.auc_components(signal, y[0, :, :1], np.ones((60, 1), np.bool_))
        estimates = [mean(y, "task"), ratio((y & den).sum(axis=2), den.sum(axis=2), "task")]
        estimates.append(linearised(area[0], parts.reshape(1, 60), np.ones((1, 60), np.bool_), "task"))
        truth = (0.5, 0.5, 0.5 + 2 / np.pi * np.arcsin(0.5 / np.sqrt(2)))
        hits += [e.low < true < e.high for e, true in zip(estimates, truth, strict=True)]
    assert (np.abs(hits / n_runs - 0.95) < 0.035).all(), hits / n_runs


def test_clusters_that_differ_by_rounding_alone_have_no_standard_error() -> None:
    claim = 0.6000000000000001
    num = np.array([[(claim - 1.0) * count for count in (1, 2, 3, 1, 2)]]).reshape(1, 5, 1)
    den = np.array([1.0, 2.0, 3.0, 1.0, 2.0]).reshape(1, 5, 1)
    assert ratio(num, den, "task").se.tolist() == [0.0]
    assert ratio(num + 1e-6 * den * np.arange(5).reshape(1, 5, 1), den, "task").se[0] > 0
