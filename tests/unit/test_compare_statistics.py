"""McNemar's test, effect sizes and Welch's t against scipy, published numbers and naive sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nct, ttest_ind

from analysis.effect_size import hedges_g, paired_d, paired_d_interval
from analysis.inference import Estimate, mean
from analysis.mcnemar import exact_p, mid_p
from analysis.welch import welch


def naive_mid_p(a: int, b: int) -> float:
    """Chance of fewer than min(a, b) heads, and half of that of as many, in both tails."""
    n, k = a + b, min(a, b)
    chances = [math.comb(n, j) / 2**n for j in range(n + 1)]
    below, at = sum(chances[:k]), chances[k]
    return 1.0 - at / 2 if a == b and n else 1.0 if not n else 2 * below + at


@pytest.mark.parametrize(("a", "b", "p"), [(11, 6, 0.3323), (6, 2, 0.2891)])
def test_exact_p_of_the_published_pairs(a: int, b: int, p: float) -> None:
    assert exact_p(a, b) == exact_p(b, a) == pytest.approx(p, abs=5e-5)


def test_mid_p_is_half_of_the_chance_of_what_was_seen_less() -> None:
    pairs = [(a, b) for a in range(9) for b in range(7)]
    found = mid_p([a for a, _ in pairs], [b for _, b in pairs])
    assert found == pytest.approx([naive_mid_p(a, b) for a, b in pairs], abs=1e-12)
    assert all(p <= exact_p(a, b) for p, (a, b) in zip(found.tolist(), pairs, strict=True))


def of(values: np.ndarray) -> Estimate:
    """The mean over tasks of one replication."""
    return mean(values[None, :], "task")


def test_d_is_the_mean_over_the_spread_of_tasks() -> None:
    gaps = np.random.default_rng(3).normal(0.4, 1.3, 57)
    found = of(gaps)
    d = paired_d(float(found.value), float(found.se), 57)
    assert d == pytest.approx(gaps.mean() / gaps.std(ddof=1), rel=1e-12)
    low, high = paired_d_interval(d, 57)
    seen = d * math.sqrt(57)
    assert nct.sf(seen, 56, low * math.sqrt(57)) == pytest.approx(0.025, abs=1e-6)
    assert nct.cdf(seen, 56, high * math.sqrt(57)) == pytest.approx(0.025, abs=1e-6)
    assert math.isnan(paired_d(0.4, 0.0, 57))
    assert all(map(math.isnan, (*paired_d_interval(float("nan"), 9), *paired_d_interval(0.3, 39))))


def test_welch_is_that_of_scipy() -> None:
    stream = np.random.default_rng(5)
    one, other = stream.normal(1.0, 2.0, 23), stream.normal(0.2, 0.5, 8)
    found, theirs = welch(of(one), of(other)), ttest_ind(one, other, equal_var=False)
    assert (found.p, found.degrees) == pytest.approx((theirs.pvalue, theirs.df), rel=1e-9)
    ends = theirs.confidence_interval()
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), rel=1e-9)


def test_welch_without_spread_has_no_interval() -> None:
    same = of(np.full(9, 0.5))
    found = welch(same, of(np.full(4, 0.25)))
    assert found.value == 0.25
    assert all(math.isnan(part) for part in found[2:])
    assert not math.isnan(welch(same, of(np.arange(4.0))).p)
    assert math.isnan(welch(same, of(np.array([0.3]))).p)


def test_g_pools_the_spreads() -> None:
    stream = np.random.default_rng(6)
    one, other = stream.normal(1.0, 2.0, 12), stream.normal(0.0, 1.0, 31)
    pooled = math.sqrt((11 * one.var(ddof=1) + 30 * other.var(ddof=1)) / 41)
    errors = (one.std(ddof=1) / math.sqrt(12), other.std(ddof=1) / math.sqrt(31))
    gap = one.mean() - other.mean()
    assert hedges_g(gap, errors, (12, 31)) == pytest.approx((1 - 3 / (4 * 41 - 1)) * gap / pooled, rel=1e-12)
    assert math.isnan(hedges_g(gap, (0.0, 0.0), (12, 31)))
