"""Sums of clusters that add up find what the clusters themselves find, in any division into jobs."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

from analysis.cluster_sums import COUNT, arrays, loops, sums
from analysis.inference import Clustered
from analysis.moments import Moments

G = 23
KINDS = ("alike", "unlike", "some empty", "none", "never varies", "whole")


def clusters(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """num and den (Q, G) of three quantities."""
    draws = np.random.default_rng(seed)
    num, den = draws.gamma(1.0, 2.0, (3, G)), np.full((3, G), 4.0)
    if kind in ("unlike", "some empty"):
        den = draws.integers(1 if kind == "unlike" else 0, 6, (3, G)).astype(float)
    if kind == "none":
        den = np.zeros((3, G))
    if kind == "never varies":
        num = np.full((3, G), 0.1)
    if kind == "whole":
        num = den * draws.integers(0, 2, (3, G))
    return np.where(den > 0, num, 0.0), den


def same(found: Clustered, expected: Clustered) -> None:
    for name in ("value", "se", "skewness", "clusters", "single"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_one_job_and_several_find_what_the_clusters_find(kind: str) -> None:
    num, den = clusters(kind, 1)
    expected, rate = Clustered.of(num.T, den.T), np.array([True, True, True])
    same(Moments.of(num, den, rate).clustered("pair"), expected)
    for cuts in ((5,), (1, 2, 20), tuple(range(1, G))):
        jobs = [Moments.of(num[:, part], den[:, part], rate) for part in np.split(np.arange(G), cuts)]
        same(reduce(Moments.plus, jobs).clustered("pair"), expected)
        same(reduce(Moments.plus, jobs[::-1]).clustered("pair"), expected)


def test_a_den_that_is_the_same_everywhere_may_be_given_once() -> None:
    num, den = clusters("alike", 2)
    rate = np.array([True, False, True])
    short, long = Moments.of(num, den[:, :1], rate), Moments.of(num, den, rate)
    for name in vars(long):
        np.testing.assert_allclose(getattr(short, name), getattr(long, name), rtol=1e-12, atol=1e-9, err_msg=name)


def test_many_clusters_are_summed_in_parts() -> None:
    draws = np.random.default_rng(3)
    num, den = draws.gamma(1.0, 1.0, (3, 40_000)), draws.integers(1, 3, (3, 40_000)).astype(float)
    same(Moments.of(num, den, np.zeros(3, np.bool_)).clustered("pair"), Clustered.of(num.T, den.T))


def test_only_rates_are_asked_whether_they_are_whole() -> None:
    num, den = clusters("whole", 4)
    assert Moments.of(num, den, np.array([True, False, True])).whole.tolist() == [True, False, True]


def test_parts_are_summed_as_if_each_stood_alone() -> None:
    num, den = clusters("unlike", 5)
    num, den = num[:, :20].reshape(3, 4, 5), den[:, :20].reshape(3, 4, 5)
    rates = [np.array([True]), np.array([False, True])]
    whole = Moments.of_parts([(num[:1], den[:1]), (num[1:], den[1:])], rates)
    for row, rate in enumerate([True, False, True]):
        for job in range(4):
            alone = Moments.of(num[row, job, None], den[row, job, None], np.array([rate]))
            for name in vars(whole):
                found = getattr(whole, name).reshape(3, 4)[row, job]
                np.testing.assert_array_equal(found, getattr(alone, name)[0], err_msg=name)


@pytest.mark.parametrize("kind", [*KINDS, "nothing known", "one cluster"])
def test_compiled_loops_and_arrays_find_the_same(kind: str) -> None:
    num, den = clusters(kind if kind in KINDS else "unlike", 6)
    num = np.full(num.shape, np.nan) if kind == "nothing known" else num
    count = 1 if kind == "one cluster" else G
    num, den = np.ascontiguousarray(num[:, None, :count]), den[:, None, :count]
    rate, found, expected = np.array([True, False, True]), np.empty((COUNT, 3, 1)), np.empty((COUNT, 3, 1))
    sums()(num, den, rate, found)
    arrays(num, den, rate, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    loops(num, den, rate, expected)
    np.testing.assert_array_equal(found, expected)
