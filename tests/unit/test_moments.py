"""Sums of clusters that add up find what the clusters themselves find, in any division into jobs."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

from analysis.cluster_sums import COUNT, add_up, arrays, loops, sums_of
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


def moments(num: np.ndarray, den: np.ndarray, rate: bool = False) -> Moments:
    """Of clusters (Q, G) of one job."""
    return Moments.of_sums(sums_of(num[:, None], np.broadcast_to(den, num.shape)[:, None], rate))


def same(found: Clustered, expected: Clustered) -> None:
    for name in ("value", "se", "skewness", "clusters", "single"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_one_job_and_several_find_what_the_clusters_find(kind: str) -> None:
    num, den = clusters(kind, 1)
    expected = Clustered.of(num.T, den.T)
    same(moments(num, den, True).clustered("pair"), expected)
    for cuts in ((5,), (1, 2, 20), tuple(range(1, G))):
        jobs = [moments(num[:, part], den[:, part], True) for part in np.split(np.arange(G), cuts)]
        same(reduce(Moments.plus, jobs).clustered("pair"), expected)
        same(reduce(Moments.plus, jobs[::-1]).clustered("pair"), expected)


def test_a_den_that_is_the_same_everywhere_may_be_given_once() -> None:
    num, den = clusters("alike", 2)
    short, long = moments(num, den[:, :1]), moments(num, den)
    for name in vars(long):
        np.testing.assert_allclose(getattr(short, name), getattr(long, name), rtol=1e-12, atol=1e-9, err_msg=name)


def test_many_clusters_are_summed_in_parts() -> None:
    draws = np.random.default_rng(3)
    num, den = draws.gamma(1.0, 1.0, (3, 40_000)), draws.integers(1, 3, (3, 40_000)).astype(float)
    same(moments(num, den).clustered("pair"), Clustered.of(num.T, den.T))


def test_only_rates_are_asked_whether_they_are_whole() -> None:
    num, den = clusters("whole", 4)
    assert moments(num, den, True).whole.all()
    assert not moments(num, den).whole.any()


def test_rows_and_jobs_are_summed_as_if_each_stood_alone() -> None:
    num, den = (side[:, :20].reshape(3, 4, 5) for side in clusters("unlike", 5))
    whole = sums_of(num, den, True)
    for row in range(3):
        for job in range(4):
            here = slice(row, row + 1), slice(job, job + 1)
            np.testing.assert_array_equal(whole[:, *here], sums_of(num[here], den[here], True))


@pytest.mark.parametrize("kind", [*KINDS, "nothing known", "one cluster"])
def test_compiled_loops_and_arrays_find_the_same(kind: str) -> None:
    num, den = clusters(kind if kind in KINDS else "unlike", 6)
    num = np.full(num.shape, np.nan) if kind == "nothing known" else num
    count = 1 if kind == "one cluster" else G
    num, den = np.ascontiguousarray(num[:, None, :count]), den[:, None, :count]
    found, expected = np.empty((COUNT, 3, 1)), np.empty((COUNT, 3, 1))
    for rate in (True, False):
        add_up()(num, den, rate, found)
        for of in (arrays, loops):
            of(num, den, rate, expected)
            np.testing.assert_array_equal(found, expected)
