"""Distributions and arrivals: the laws they state, by their moments and at the ends of what may be written."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.kit import draws
from sim.kit.arrays import FloatArray
from sim.kit.distribution import Distribution, parse_arrivals, parse_distribution, parse_ticks
from tests.statistics import assert_mean

ROWS, TASKS = draws.words_range(500), draws.words_range(80)


def sample(raw: object, purpose: str) -> FloatArray:
    """Draws of the law, in one row."""
    drawn = parse_distribution(raw).draw(3, f"tests/{purpose}", ROWS, TASKS)
    assert drawn.shape == (500, 80)
    return drawn.ravel()


@pytest.mark.parametrize(
    ("raw", "mean", "variance", "third"),
    [
        ({"uniform": [0.5, 2.0]}, 1.25, 1.5**2 / 12, 0.0),
        ({"exponential": 3.0}, 3.0, 9.0, 2 * 27.0),
        ({"lognormal": {"mean": 2.0, "cv": 0.5}}, 2.0, 1.0, 8.0 * (3 * 0.25 + 0.25**2) * 0.25),
    ],
    ids=["uniform", "exponential", "lognormal"],
)
def test_draws_have_the_moments_of_their_law(raw: object, mean: float, variance: float, third: float) -> None:
    """Mean, variance and third central moment; that of a lognormal is mean^3 cv^4 (3 + cv^2)."""
    x = sample(raw, "moments")
    assert_mean(x, mean)
    assert_mean((x - mean) ** 2, variance)
    assert_mean((x - mean) ** 3, third)


def test_logarithm_of_a_lognormal_is_normal_with_the_variance_of_its_cv() -> None:
    logs, variance = np.log(sample({"lognormal": {"mean": 0.25, "cv": 1.5}}, "log")), math.log(1 + 1.5**2)
    assert_mean(logs, math.log(0.25) - variance / 2)
    assert_mean((logs - math.log(0.25) + variance / 2) ** 2, variance)


def test_uniform_stays_between_its_ends_and_ticks_are_rounded() -> None:
    x = sample({"uniform": [0.5, 2.0]}, "ends")
    assert 0.5 < x.min() < 0.501 < 1.999 < x.max() < 2.0
    ticks = parse_ticks({"uniform": [0.5, 2.0]}).draw_ticks(3, "tests/ends", ROWS, TASKS).ravel()
    assert ticks.dtype == np.int64
    np.testing.assert_array_equal(ticks, np.rint(x))


def test_constants_are_what_they_say_at_every_identity() -> None:
    assert parse_distribution(0.75).draw(3, "tests/c", ROWS, TASKS[:7]).tolist() == [[0.75] * 7] * 500
    ticks = parse_ticks(4.0).draw_ticks(3, "tests/c", ROWS[:2], TASKS[:3])
    assert (ticks.dtype, ticks.tolist()) == (np.int64, [[4, 4, 4]] * 2)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (0, Distribution("constant", 0.0)),
        (1e12, Distribution("constant", 1e12)),
        ({"uniform": [2, 2]}, Distribution("uniform", 2.0, 2.0)),
        ({"uniform": [0, 1e12]}, Distribution("uniform", 0.0, 1e12)),
        ({"lognormal": {"mean": 1e12, "cv": 100}}, Distribution("lognormal", 1e12, 100.0)),
        ({"lognormal": {"mean": 0.5, "cv": 0}}, Distribution("lognormal", 0.5, 0.0)),
        ({"exponential": 0.0}, Distribution("exponential", 0.0)),
    ],
)
def test_ends_of_what_may_be_written_are_allowed(raw: object, found: Distribution) -> None:
    assert parse_distribution(raw) == found


WRONG = [
    -1e-9,
    1e12 + 1,
    True,
    math.nan,
    "0.5",
    {},
    {"uniform": [1.0, 0.5]},
    {"uniform": [-1.0, 0.5]},
    {"uniform": [0.0, 2e12]},
    {"uniform": [0.0, 0.5, 1.0]},
    {"uniform": [0.0, 0.5], "exponential": 1.0},
    {"lognormal": {"mean": 0.0, "cv": 0.5}},
    {"lognormal": {"mean": 1.0, "cv": 100.5}},
    {"lognormal": {"mean": 1.0}},
    {"lognormal": {"mean": 1.0, "cv": 0.5, "sd": 1.0}},
    {"lognormal": {"mean": 1.0, "cv": 0.5}, "uniform": [0, 1]},
    {"exponential": -1.0},
    {"exponential": 1.0, "uniform": [0, 1]},
    {"normal": [0, 1]},
]


@pytest.mark.parametrize("raw", WRONG, ids=str)
def test_what_is_no_distribution_is_refused_with_what_is_allowed(raw: object) -> None:
    with pytest.raises(ValueError, match=r"must be a number from 0 to 1e12, \{uniform = \[low, high\]\}, .*; got "):
        parse_distribution(raw)


@pytest.mark.parametrize("raw", [2.5, 1e9 + 1, {"uniform": [0, 2e9]}, {"exponential": 2e9}, *WRONG], ids=str)
def test_ticks_are_whole_and_end_sooner(raw: object) -> None:
    with pytest.raises(ValueError, match=r"must be a whole number of ticks from 0 to 1e9, .*; got "):
        parse_ticks(raw)


def test_tasks_arrive_together_or_one_after_another_in_their_order() -> None:
    places = np.array([[0, 1, 2], [2, 0, 1]])
    assert parse_arrivals("together").draw(3, ROWS[:2], places).tolist() == [[0, 0, 0]] * 2
    assert parse_arrivals({"every": 5}).draw(3, ROWS[:2], places).tolist() == [[0, 5, 10], [10, 0, 5]]


@pytest.mark.parametrize("raw", [{"every": 0}, {"every": 10**9}, {"poisson": 1e-6}, {"poisson": 1e12}], ids=str)
def test_ends_of_arrivals_are_allowed(raw: dict[str, float]) -> None:
    law = parse_arrivals(raw)
    assert (law.every, law.rate) == (raw.get("every"), raw.get("poisson"))


def test_poisson_arrivals_come_at_their_rate_whatever_the_order_of_tasks() -> None:
    """The k-th task comes after k gaps of mean 1 / rate, cut to whole ticks, which takes half a tick."""
    law, in_order = parse_arrivals({"poisson": 0.005}), np.tile(np.arange(80), (500, 1))
    ticks = law.draw(3, ROWS, in_order)
    assert ticks.dtype == np.int64
    assert (np.diff(ticks, axis=1) >= 0).all()
    assert_mean(ticks[:, 0] + 0.5, 200.0)
    assert_mean(ticks[:, -1] + 0.5, 80 * 200.0)
    assert_mean((ticks[:, 9] + 0.5 - 2000.0) ** 2, 10 * 200.0**2)
    np.testing.assert_array_equal(law.draw(3, ROWS, in_order[:, ::-1]), ticks[:, ::-1])


@pytest.mark.parametrize(
    "raw",
    ["one by one", {"every": 1.5}, {"every": -1}, {"every": 2e9}, {"every": 1, "poisson": 1.0}, {"poisson": 1e-7}, 3],
    ids=str,
)
def test_what_is_no_arrival_is_refused_with_what_is_allowed(raw: object) -> None:
    with pytest.raises(ValueError, match=r'must be "together", \{every = whole ticks from 0 to 1e9\} or .*; got '):
        parse_arrivals(raw)
