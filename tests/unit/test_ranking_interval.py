"""Intervals of AUC: the formula, degrees of freedom, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from analysis.ranking_interval import auc_interval, difference_interval, mean_of_others, share_interval


def by_hand(area, se, df, confidence=0.95):
    half = t.ppf((1 + confidence) / 2, df) * se / (area * (1 - area))
    ends = np.log(area / (1 - area)) + np.array([-half, half])
    return 1 / (1 + np.exp(-ends))


@pytest.mark.parametrize(
    ("n_success", "n_failure", "df"), [(14, 6, 10), (6, 14, 10), (10, 10, 18), (17, 3, 4), (19, 19, 19)]
)
def test_degrees_of_freedom(n_success, n_failure, df):
    assert auc_interval(0.7, 0.1, n_success, n_failure, 20) == pytest.approx(by_hand(0.7, 0.1, df))
    half = t.ppf(0.975, df) * 0.1
    assert difference_interval(0.02, 0.1, n_success, n_failure, 20) == pytest.approx((0.02 - half, 0.02 + half))


def test_confidence_and_arrays():
    low, high = auc_interval([0.6, 0.8], [0.05, 0.07], [60, 20], [33, 20], 93, confidence=0.9)
    for k, (area, se, df) in enumerate([(0.6, 0.05, 64), (0.8, 0.07, 38)]):
        assert (low[k], high[k]) == pytest.approx(by_hand(area, se, df, 0.9))
    assert share_interval(0.515, 0.04, 50) == pytest.approx(by_hand(0.515, 0.04, 49))


def test_the_ends_swap_with_the_outcomes():
    low, high = auc_interval(0.7, 0.1, 12, 8, 20)
    assert auc_interval(0.3, 0.1, 8, 12, 20) == pytest.approx((1 - high, 1 - low))


def test_no_interval():
    value = np.array([0.7, 0.7, 1.0, 0.0, 0.7, np.nan, 0.7])
    se = np.array([0.1, 0.1, 0.1, 0.1, 0.0, 0.1, np.nan])
    n_failure = np.array([2, 3, 9, 9, 9, 9, 9])
    low, high = auc_interval(value, se, 9, n_failure, 20)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True, True, True, True, True]
    low, high = difference_interval(value, se, 9, n_failure, 20)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, False, False, True, True, True]
    assert np.isnan(share_interval([0.5, 1.0, 0.5], [0.1, 0.1, 0.0], [2, 9, 9])).all()


def test_mean_of_others():
    assert mean_of_others([4, 6, 11]).tolist() == [8.5, 7.5, 5.0]
    assert np.isnan(mean_of_others([4])).all()
