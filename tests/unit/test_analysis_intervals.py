"""Intervals: their definitions, brute force, exact coverage, and what has none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.intervals import (
    holm,
    paired_rate_interval,
    paired_rate_p,
    rate_interval,
    skewed_t_interval,
    t_interval,
    t_p,
    tango,
    wilson,
)

Z = 1.959963984540054


def test_t_has_the_degrees_of_freedom_of_its_clusters() -> None:
    low, high = t_interval([2.0, 2.0, 2.0], [0.5, 0.5, 0.0], [20, 2, 20])
    assert low[:2] == pytest.approx([2 - 0.5 * 2.0930240544, 2 - 0.5 * 12.7062047362])
    assert high[:2] == pytest.approx([2 + 0.5 * 2.0930240544, 2 + 0.5 * 12.7062047362])
    assert np.isnan([low[2], high[2]]).all()  # nothing varied: not an interval of no width
    assert np.isnan(t_interval(2.0, np.nan, 20)).all()
    assert t_p(1.0, 0.5, 8) == pytest.approx(stats.t.sf(2.0, 7) * 2)


def test_skewed_t_solves_its_own_equation() -> None:
    """At each end Hall's transform of (mean - end) / se is the quantile of t."""
    for skewness, n in ((1.5, 20), (-0.8, 5), (3.0, 40), (1e-5, 12)):
        for end, sign in zip(skewed_t_interval(2.0, 0.5, n, skewness), (1, -1), strict=True):
            x, root = (2.0 - float(end)) / 0.5, np.sqrt(n)
            f = x + skewness * x**2 / (3 * root) + skewness**2 * x**3 / (27 * n) + skewness / (6 * root)
            assert f == pytest.approx(sign * stats.t.ppf(0.975, n - 1), rel=1e-9)


def test_skewed_t_without_skewness_is_t_and_mirrors() -> None:
    for skewness in (0.0, 1e-12, np.nan):
        np.testing.assert_allclose(skewed_t_interval(2.0, 0.5, 9, skewness), t_interval(2.0, 0.5, 9))
    low, high = skewed_t_interval(2.0, 0.5, 9, 1.1)
    np.testing.assert_allclose(skewed_t_interval(-2.0, 0.5, 9, -1.1), (-high, -low))
    assert 2.0 - low < high - 2.0
    assert np.isnan(skewed_t_interval(2.0, [0.0, np.nan, 0.5], [9, 9, 1], 1.0)).all()


@pytest.mark.parametrize("n", [5, 20])
def test_skewed_t_covers_means_of_skewed_clusters(n: int) -> None:
    """20,000 samples of exponentials (skewness 2): t holds the truth in .88 and .92 of them, this in more."""
    x = np.random.default_rng(1).exponential(size=(20_000, n))
    centred = x - x.mean(axis=1, keepdims=True)
    skewness = (centred**3).mean(axis=1) / (centred**2).mean(axis=1) ** 1.5
    value, se = x.mean(axis=1), x.std(axis=1, ddof=1) / np.sqrt(n)
    plain, corrected = (
        float(((low <= 1.0) & (high >= 1.0)).mean())
        for low, high in (t_interval(value, se, n), skewed_t_interval(value, se, n, skewness))
    )
    assert plain < 0.93
    assert corrected > plain + 0.01
    assert corrected > 0.91


def test_wilson_solves_its_own_equation() -> None:
    """At each end the rate seen is z standard errors of that end away from it."""
    for rate, n in ((0.2, 15), (0.0, 20), (1.0, 7), (0.5, 4.5)):
        for end in wilson(rate, n):
            if 0 < end < 1:
                assert abs(rate - end) == pytest.approx(Z * np.sqrt(end * (1 - end) / n))
    assert np.isnan(wilson(0.5, 0)).all()


def test_intervals_of_rates_end_exactly_on_their_bounds() -> None:
    """Also where rounding would leave 6.9e-18 of nothing: an agent that was never hired may have a share of 0."""
    n = np.arange(1, 2001)
    assert (wilson(0.0, n)[0] == 0.0).all()
    assert (wilson(1.0, n)[1] == 1.0).all()
    for single in (True, False):
        assert (rate_interval(0.0, 0.0, n[1:], single)[0] == 0.0).all()
        assert (rate_interval(1.0, 0.0, n[1:], single)[1] == 1.0).all()
    assert (tango(1.0, 0.0, n)[1] == 1.0).all()
    assert (tango(0.0, 1.0, n)[0] == -1.0).all()
    assert np.isnan([*wilson(0.0, 0), *wilson(1.0, 0), *tango(1.0, 0.0, 0)]).all()
    low, high = wilson([0.01, 0.99], 50)
    assert 0.0 < low[0] < high[0] < 1.0
    assert 0.0 < low[1] < high[1] < 1.0


def test_tango_solves_its_own_equation() -> None:
    """The share q of pairs that only the second solves is the likeliest one at the difference that an end states."""

    def statistic(b: float, c: float, n: float, difference: float) -> float:
        def loss(q: float) -> float:
            other = 1 - 2 * q - difference
            return -(b * np.log(q + difference) + c * np.log(q) + (1 - b - c) * np.log(other))

        low, high = max(0.0, -difference), (1 - difference) / 2
        q = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
        return float((b - c - difference) / np.sqrt((2 * q + difference * (1 - difference)) / n))

    for b, c, n in ((0.3, 0.1, 20), (0.05, 0.15, 40), (0.25, 0.25, 12)):
        low, high = tango(b, c, n)
        assert statistic(b, c, n, float(low)) == pytest.approx(Z, abs=1e-4)
        assert statistic(b, c, n, float(high)) == pytest.approx(-Z, abs=1e-4)


def test_tango_is_symmetric_and_has_a_width_where_no_pair_differs() -> None:
    low, high = tango(0.3, 0.1, 20)
    mirrored = tango(0.1, 0.3, 20)
    assert (low, high) == pytest.approx((-mirrored[1], -mirrored[0]))
    n = 20
    assert tango(0.0, 0.0, n) == pytest.approx((-(Z**2) / (n + Z**2), Z**2 / (n + Z**2)))
    assert paired_rate_p(0.0, 0.0, 0.0, n, True) == 1.0


@pytest.mark.parametrize("n", [20, 50])
def test_exact_coverage_of_paired_rates(n: int) -> None:
    """Over all tables of n pairs, by their probabilities."""
    counts = np.array([(b, c) for b in range(n + 1) for c in range(n + 1 - b)])
    low, high = tango(counts[:, 0] / n, counts[:, 1] / n, n)
    found = []
    for only_first in (0.0, 0.03, 0.1, 0.25):
        for only_second in (0.0, 0.05, 0.2):
            shares = [only_first, only_second, 1 - only_first - only_second]
            weight = stats.multinomial.pmf(np.c_[counts, n - counts.sum(axis=1)], n, shares)
            gap = only_first - only_second
            found.append(weight[(low <= gap + 1e-12) & (gap - 1e-12 <= high)].sum())
    assert min(found) > 0.92
    assert 0.945 < np.mean(found) < 0.99


def test_effective_trials() -> None:
    """Where clusters hold several trials, the standard error says how many they are worth."""
    rate, n = 0.3, 40
    assert rate_interval(rate, np.nan, 0, True) == pytest.approx((np.nan, np.nan), nan_ok=True)
    assert rate_interval(rate, 0.1, n, True) == pytest.approx(wilson(rate, n))
    se = np.sqrt(rate * (1 - rate) / 200)
    assert rate_interval(rate, se, n, False) == pytest.approx(wilson(rate, 200, quantile=stats.t.ppf(0.975, n - 1)))
    assert rate_interval(0.0, 0.0, n, False) == pytest.approx(wilson(0.0, n, quantile=stats.t.ppf(0.975, n - 1)))
    b, c = 0.2, 0.1
    se = np.sqrt((b + c - (b - c) ** 2) / 77)
    assert paired_rate_interval(b, c, se, n, False) == pytest.approx(tango(b, c, 77, stats.t.ppf(0.975, n - 1)))


def test_holm_leaves_out_what_has_no_p() -> None:
    assert holm([0.01, np.nan, 0.04, 0.03]).tolist() == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)
    assert holm([]).tolist() == []
