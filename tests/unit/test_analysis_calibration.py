"""Calibration and discrimination: the recorded table's figures, naive loops, invariances and edge cases."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import calibration as cal
from tests.unit.test_analysis_helpers import table_world

WORLD = table_world()
P, Y = WORLD.belief[0], WORLD.success[0, ..., 0]
AGENTS = range(6)
pairs = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=30)


def split(sample):
    return np.array([p / 20 for p, _ in sample]), np.array([y for _, y in sample])


def test_recorded_table():
    assert np.round(Y.mean(axis=0), 4).tolist() == [0.8065, 0.7742, 0.8065, 0.8065, 0.7957, 0.7527]
    assert np.round(P.mean(axis=0), 4).tolist() == [0.7655, 0.7578, 0.9287, 0.6323, 0.6632, 0.6135]
    assert [round(cal.brier(P[:, i], Y[:, i]), 4) for i in AGENTS] == [0.1557, 0.1627, 0.1841, 0.1980, 0.1840, 0.2163]
    assert [round(cal.auc(P[:, i], Y[:, i]), 3) for i in AGENTS] == [0.697, 0.672, 0.603, 0.446, 0.528, 0.611]
    assert (round(Y.mean(), 4), round(P.mean(), 4), round(cal.brier(P, Y), 4)) == (0.7903, 0.7268, 0.1835)
    assert (round(Y[:30].mean(), 4), round(Y[30:].mean(), 4)) == (0.4722, 0.9418)
    cost = WORLD.cost[0, ..., 0]
    assert np.round(cost.mean(axis=0), 3).tolist() == [0.537, 0.478, 0.392, 0.197, 0.375, 0.032]
    overrun = WORLD.cost_belief[0] / cost
    assert np.round(np.median(overrun, axis=0), 3).tolist() == [0.406, 0.252, 0.025, 0.138, 0.905, 0.110]
    assert round(float(np.median(overrun)), 4) == 0.1929


def test_recorded_ece_needs_exact_edges():
    assert abs(cal.ece(P, Y) - 0.1065) < 5e-5
    assert int((np.abs(P * 10 - np.round(P * 10)) < 1e-9).sum()) == 73
    loose = np.digitize(P, np.linspace(0, 1, 11)[1:-1])
    assert (loose != cal.bin_of(P)).any()


def test_recorded_null_and_comparisons():
    assert round(cal.ece_null(P[:, 0]), 3) == 0.074
    assert abs(cal.ece_null(P) - 0.037) < 6e-4
    assert round(cal.comparative_auc(P, Y)[1], 3) == 0.515
    logit = np.log(np.clip(P, 0.01, 0.99) / (1 - np.clip(P, 0.01, 0.99)))
    assert round(cal.comparative_auc(logit - logit.mean(axis=0), Y)[1], 3) == 0.574
    own = np.mean([cal.auc(P[:, i], Y[:, i]) for i in AGENTS])
    assert round(own - cal.auc_others(P, Y).mean(), 3) == -0.002


@pytest.mark.parametrize("k", range(10))
def test_a_claim_on_an_edge_belongs_above_it(k):
    assert cal.bin_of([k / 10, float(f"0.{k}"), np.nextafter((k + 1) / 10, 0)]).tolist() == [k, k, k]


@given(pairs)
def test_naive_loops(sample):
    p, y = split(sample)
    assert cal.brier(p, y) == pytest.approx(sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(p))
    gap = [abs(sum(b - a for a, b in zip(p, y, strict=True) if min(int(a * 20) // 2, 9) == k)) for k in range(10)]
    assert cal.ece(p, y) == pytest.approx(sum(gap) / len(p))
    kernel = [(a > b) + (a == b) / 2 for a, b in product(p[y], p[~y])]
    assert cal.auc(p, y) == pytest.approx(np.mean(kernel) if kernel else np.nan, nan_ok=True)


@given(pairs)
def test_auc_sees_only_the_order_of_claims(sample):
    p, y = split(sample)
    area = cal.auc(p, y)
    assert cal.auc(p**3 / 2 + 0.1, y) == pytest.approx(area, nan_ok=True)
    assert cal.auc(1 - p, y) == pytest.approx(1 - area, nan_ok=True)
    assert cal.auc(p, ~y) == pytest.approx(1 - area, nan_ok=True)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_ece_null_is_the_mean_over_all_outcomes(claims):
    p = np.array(claims) / 20
    total = 0.0
    for outcome in product([False, True], repeat=len(p)):
        y = np.array(outcome)
        total += float(np.prod(np.where(y, p, 1 - p))) * cal.ece(p, y)
    assert cal.ece_null(p) == pytest.approx(total)


def test_normal_limit_of_the_null_joins_the_exact_one():
    p = np.linspace(0.71, 0.79, cal.EXACT_BIN)
    assert cal.ece_null(p) * p.size == pytest.approx(cal.ece_null(np.append(p, 1.0)) * (p.size + 1), rel=1e-3)
    wide = np.append(p, 0.75)
    assert cal.ece_null(wide) * wide.size == pytest.approx(cal.ece_null(p) * p.size, rel=1e-3)


def test_perfect_claims():
    y = np.array([True, False, True])
    assert (cal.ece(y * 1.0, y), cal.ece_null(y * 1.0), cal.brier(y * 1.0, y), cal.auc(y * 1.0, y)) == (0, 0, 0, 1)


def test_others_and_comparative_against_loops():
    stream = np.random.default_rng(3)
    p, y = stream.integers(0, 8, (40, 4)) / 8, stream.random((40, 4)) < 0.6
    present = stream.random((40, 4)) < 0.8
    p[~present] = np.nan
    for i in range(4):
        both = [present[:, i] & present[:, j] for j in range(4)]
        areas = [cal.auc(p[both[j], i], y[both[j], j]) for j in range(4) if j != i]
        assert cal.auc_others(p, y, present)[i] == pytest.approx(np.mean(areas))
    won = [[] for _ in range(4)]
    for t, i, j in product(range(40), range(4), range(4)):
        if present[t, i] and present[t, j] and y[t, i] and not y[t, j]:
            for k in (i, j):
                won[k].append((p[t, i] > p[t, j]) + (p[t, i] == p[t, j]) / 2)
    each, pooled = cal.comparative_auc(p, y, present)
    assert each == pytest.approx([np.mean(w) for w in won])
    assert pooled == pytest.approx(np.mean([x for w in won for x in w]))


def test_undefined_is_nan():
    nothing = np.full(3, np.nan)
    for value in (cal.brier(nothing, [True] * 3), cal.ece(nothing, [True] * 3), cal.ece_null(nothing)):
        assert np.isnan(value)
    assert np.isnan(cal.auc([0.2, 0.4], [True, True]))
    assert np.isnan(cal.auc([], np.zeros(0, np.bool_)))
    assert np.isnan(cal.auc_others([[0.5], [0.4]], [[True], [False]])).all()
    each, pooled = cal.comparative_auc([[0.5, 0.5]], [[True, True]])
    assert np.isnan(each).all()
    assert np.isnan(pooled)


def test_reliability_bins_and_wilson():
    from scipy.stats import binomtest

    bins = cal.reliability_bins(P[:, 0], Y[:, 0])
    assert int(bins.count.sum()) == 93
    for k in range(10):
        chosen = (P[:, 0] * 100 + 1e-9).astype(int) // 10 == k
        assert bins.count[k] == chosen.sum()
        if chosen.any():
            interval = binomtest(int(Y[chosen, 0].sum()), int(chosen.sum())).proportion_ci(method="wilson")
            assert (bins.lower[k], bins.upper[k]) == pytest.approx((interval.low, interval.high))
        else:
            assert np.isnan([bins.lower[k], bins.upper[k], bins.mean_claim[k], bins.success_rate[k]]).all()


@given(pairs)
def test_a_cell_of_several_trials_weighs_one(sample):
    """Cell k holds 1 + k % 3 trials that weigh 1 / their number; naive loops over the trials."""
    p, y = split(sample)
    trials = [
        (a, bool(b) ^ (t == 2), 1 / (1 + k % 3))
        for k, (a, b) in enumerate(zip(p, y, strict=True))
        for t in range(1 + k % 3)
    ]
    claim, success, weight = (np.array(x) for x in zip(*trials, strict=True))
    assert cal.brier(claim, success, weight) == pytest.approx(sum(w * (a - b) ** 2 for a, b, w in trials) / len(p))
    gap = [sum(w * (b - a) for a, b, w in trials if min(int(a * 20 + 0.5) // 2, 9) == k) for k in range(10)]
    assert cal.ece(claim, success, weight=weight) == pytest.approx(sum(map(abs, gap)) / len(p))
    signs = cal.ece_signs(claim, success, weight=weight)
    assert float(weight * signs @ (success - claim)) == pytest.approx(sum(map(abs, gap)))


def test_wilson_at_a_quantile_of_ones_own():
    from scipy.stats import norm, t

    rate, n = np.array([0.0, 0.3, 1.0]), np.array([4.0, 20.0, 7.5])
    assert np.array(cal.wilson(rate, n, quantile=norm.ppf(0.95))) == pytest.approx(np.array(cal.wilson(rate, n, 0.9)))
    quantile = t.ppf(0.975, n - 1)
    low, high = cal.wilson(rate, n, quantile=quantile)
    for k in range(3):
        for end in {low[k], high[k]} - {0.0, 1.0}:  # an end x solves |rate - x| = quantile sqrt(x (1 - x) / n)
            assert abs(rate[k] - end) == pytest.approx(quantile[k] * np.sqrt(end * (1 - end) / n[k]))
    assert np.isnan(cal.wilson(0.5, 4, quantile=np.nan)).all()


def test_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        cal.brier([0.5], [True, False])
    with pytest.raises(ValueError, match=r"must be \(N, n\)"):
        cal.auc_others([0.5], [True])
