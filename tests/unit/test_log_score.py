"""The log score: its definition, that it is proper, and that it is infinite where it says so."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.log_score import log_score, log_scores, surprise
from analysis.observed import Observed
from analysis.quantities import logarithmic
from analysis.quantities.declared import Context, Groups, Label

cells = st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.integers(1, 4)), min_size=1, max_size=25)


@settings(max_examples=30)
@given(cells)
def test_from_its_definition(sample):
    p, y, w = (np.array(x) for x in zip(*sample, strict=True))
    total = 0.0
    for claim, success, weight in zip(p / 10, y, w, strict=True):
        total -= weight * (math.log(claim) if success else math.log(1 - claim))
    assert log_score(p / 10, y, w) == pytest.approx(total / w.sum())


@settings(max_examples=50)
@given(st.integers(1, 99), st.integers(1, 99))
def test_the_truth_expects_least(truth, claim):
    p, q = truth / 100, claim / 100

    def expected(x):
        hit, miss = (float(surprise(np.array(x), np.array(happened))) for happened in (True, False))
        return p * hit + (1 - p) * miss

    entropy = -(p * math.log(p) + (1 - p) * math.log(1 - p))
    assert expected(p) == pytest.approx(entropy)
    assert expected(q) - expected(p) >= 2 * (p - q) ** 2 - 1e-12  # Pinsker's inequality


def test_a_certain_error_is_infinite_and_not_clipped():
    assert log_score([0.9, 1.0], [True, False]) == math.inf
    assert log_score([0.9, 0.0], [True, True]) == math.inf
    assert log_score([1.0, 0.0], [True, False]) == 0.0
    assert log_score([0.9, 1.0], [True, False], epsilon=0.01) == pytest.approx(-(math.log(0.9) + math.log(0.01)) / 2)


def test_no_claims():
    assert math.isnan(log_score([np.nan, 0.5], [True, True], weight=[1.0, 0.0]))


@pytest.mark.parametrize("epsilon", [0.0, 0.5, -0.1])
def test_bad_epsilon(epsilon):
    with pytest.raises(ValueError, match=r"epsilon must lie in \(0, .5\); got"):
        log_score([0.5], [True], epsilon=epsilon)


def test_bad_shapes():
    with pytest.raises(ValueError, match="must have one shape"):
        log_score([0.5, 0.5], [True])


def seen(claim, success):
    """(R, T, n) claims with one outcome each."""
    return Observed(claim, success[:, :, None], np.ones(success[:, :, None].shape, np.bool_), 1)


def drawn(replications=7, tasks=5, agents=3):
    stream = np.random.default_rng(4)
    claim = stream.integers(1, 20, (replications, tasks, agents)) / 20
    return seen(claim, stream.random(claim.shape) < claim)


def test_errors_by_pairs_are_those_of_a_mean():
    found, of = log_scores(drawn(), "pair"), drawn()
    each = surprise(of.claim, of.success[:, :, 0]).reshape(-1, 3)
    np.testing.assert_allclose(found.value, each.mean(axis=0))
    np.testing.assert_allclose(found.se, each.std(axis=0, ddof=1) / np.sqrt(35))


def test_sums_of_a_sweep_give_what_a_run_gives():
    of = drawn()
    label = Label(np.broadcast_to(np.arange(7)[:, None], (7, 5)), 7, False)
    sums = logarithmic.sums(of, label)
    by_replication, by_pair = (log_scores(of, by) for by in ("replication", "pair"))
    for agent in range(3):
        own = Groups(sums[:, agent].sum(axis=0), sums[:, agent])
        assert float(logarithmic.value(own.total)) == pytest.approx(by_pair.value[agent])
        error = logarithmic.error(own, Context("replication", (), 0))
        assert error == pytest.approx(by_replication.se[agent])
        pairs = logarithmic.of_pairs(own.total)
        assert (pairs.se, pairs.clusters) == (pytest.approx(by_pair.se[agent]), 35)
        assert (pairs.low, pairs.high) == pytest.approx((by_pair.low[agent], by_pair.high[agent]))
        ends = logarithmic.interval(float(by_replication.value[agent]), error, own)
        assert ends == pytest.approx((by_replication.low[agent], by_replication.high[agent]))


def test_an_infinite_one_has_no_interval_and_leaves_the_others_alone():
    of = drawn()
    claim = of.claim.copy()
    claim[2, 3, 1], of.success[2, 3, 0, 1] = 1.0, False
    wrong = Observed(claim, of.success, of.counted, 1)
    found, before = log_scores(wrong, "pair"), log_scores(drawn(), "pair")
    assert found.value[1] == math.inf
    assert np.isnan([found.se[1], found.low[1], found.high[1]]).all()
    np.testing.assert_allclose(found.value[[0, 2]], before.value[[0, 2]])
    assert float(log_scores(wrong, "task", pooled=True).value) == math.inf
    sums = logarithmic.sums(wrong, Label(np.zeros((7, 5), np.int64), 1, False))[0, 1]
    assert float(logarithmic.value(sums)) == math.inf
    assert math.isnan(logarithmic.of_pairs(sums).se)
    assert math.isnan(logarithmic.error(Groups(sums, sums[None]), Context("replication", (), 0)))
