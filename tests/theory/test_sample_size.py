"""Tasks that tell two arms apart: published numbers, naive sums over all outcomes, and simulation."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from analysis.anytime_power import Stops
from analysis.e_process import REJECT, e_value
from analysis.mcnemar import mid_p
from analysis.paired_outcomes import of_counts
from analysis.power_table import PUBLISHED, RERUN_SD, power_table, tasks_interval
from analysis.sample_size import (
    approximate_t,
    connor,
    mid_p_power,
    mid_p_tasks,
    paired_t,
    t_power,
    unpaired_power,
    unpaired_rates,
    unpaired_t,
)

PAIRS = {265: (11 / 50, 6 / 50), 194: (6 / 50, 2 / 50)}  # tasks, by the shares of the published pairs
NOISE = 3.0


@pytest.mark.parametrize("tasks", PAIRS)
def test_the_published_pairs(tasks: int) -> None:
    assert math.ceil(connor(*PAIRS[tasks])) == tasks
    assert mid_p_power(tasks, *PAIRS[tasks]) == pytest.approx(0.80, abs=0.02)


def naive_power(n: int, b: float, c: float) -> float:
    """The chance of all counts of tasks that only the one, and only the other solves, where mid-p is at most .05."""
    found = 0.0
    for i, j in itertools.product(range(n + 1), repeat=2):
        if i + j <= n and float(mid_p(i, j)) <= 0.05:
            ways = math.comb(n, i) * math.comb(n - i, j)
            found += ways * b**i * c**j * (1 - b - c) ** (n - i - j)
    return found


@pytest.mark.parametrize(("n", "b", "c"), [(9, 0.7, 0.1), (14, 0.05, 0.6), (11, 0.9, 0.1), (5, 0.3, 0.2)])
def test_mid_p_power_is_the_sum_over_all_outcomes(n: int, b: float, c: float) -> None:
    assert mid_p_power(n, b, c) == pytest.approx(naive_power(n, b, c), abs=1e-12)
    assert mid_p_power(n, 0.0, 0.0) == 0.0


def naive_stop(n: int, share: float) -> float:
    """The chance of all orders of n discordant tasks in which the e-value reaches REJECT."""
    found = 0.0
    for order in itertools.product((0, 1), repeat=n):
        first = np.cumsum(order)
        if (e_value(first, np.arange(1, n + 1) - first) >= REJECT).any():
            found += share ** first[-1] * (1 - share) ** (n - first[-1])
    return found


@pytest.mark.parametrize(("n", "b", "c"), [(7, 0.3, 0.1), (10, 0.1, 0.4), (9, 0.6, 0.0)])
def test_stops_are_the_sum_over_all_orders(n: int, b: float, c: float) -> None:
    stops = Stops.of(b, c)
    assert stops.stopped[min(n, len(stops.stopped) - 1)] == pytest.approx(naive_stop(n, b / (b + c)), abs=1e-9)


def test_anytime_power_of_the_published_pairs() -> None:
    """By simulation 80 % by 518 and 343 tasks, mean stops 327 and 218."""
    for (b, c), horizon, mean in zip(PAIRS.values(), (518, 343), (327, 218), strict=True):
        stops = Stops.of(b, c)
        assert stops.by(horizon) == pytest.approx(0.80, abs=0.02)
        assert stops.mean == pytest.approx(mean, abs=12)
        least = int(stops.least(0.8))
        assert stops.by(least) >= 0.8 > stops.by(least - 1)


def test_it_raises_few_false_alarms() -> None:
    stops = Stops.of(0.08, 0.08)
    assert 0.02 < stops.by(4000) <= 0.05
    assert math.isinf(stops.mean)
    assert math.isinf(stops.least(0.8))


def test_unpaired_power_inverts_the_number_of_tasks() -> None:
    for p, q, power, alpha in ((0.58, 0.48, 0.8, 0.05), (0.3, 0.7, 0.9, 0.01)):
        assert float(unpaired_power(unpaired_rates(p, q, power, alpha), p, q, alpha)) == pytest.approx(power, abs=1e-3)


def test_t_needs_the_tabulated_numbers() -> None:
    """Two-sided 5 %, 80 %: d = .2, .5, .8 take 199, 34, 15 pairs, and 394, 64, 26 an arm without pairs."""
    assert [paired_t(d) for d in (0.2, 0.5, 0.8)] == [199, 34, 15]
    assert [unpaired_t(d) for d in (0.2, 0.5, 0.8)] == [394, 64, 26]
    for d in (0.1, -0.35, 0.9):
        assert abs(math.ceil(approximate_t(d)) - paired_t(d)) <= 1
        assert t_power(int(paired_t(d)), d) >= 0.8 > t_power(int(paired_t(d)) - 1, d)
    assert math.isnan(paired_t(math.nan))
    assert paired_t(1e-4) == pytest.approx((1.959964 + 0.841621) ** 2 * 1e8, rel=1e-6)
    assert unpaired_t(1e-4) == pytest.approx(2 * paired_t(1e-4), rel=1e-6)


def test_without_a_difference_no_number_is_enough() -> None:
    assert math.isinf(float(connor(0.2, 0.2)))
    assert math.isinf(float(unpaired_rates(0.5, 0.5)))
    assert math.isinf(paired_t(0.0))
    row = power_table([of_counts("even", 4, 4, 30)], ["solve_rate"], 0.8, 0.05).iloc[0]
    assert math.isinf(row["tasks"])
    assert np.isnan([row["tasks_low"], row["power_there"], row["anytime_tasks"]]).all()
    none = power_table([of_counts("none", 0, 0, 30, 12)], ["solve_rate"], 0.8, 0.05).iloc[0]
    assert math.isinf(none["tasks"])


@pytest.mark.parametrize(
    ("b", "c", "power"), [(0.94, 0.0, 0.8), (0.66, 0.34, 0.8), (1.0, 0.0, 0.999), (0.92, 0.08, 0.9)]
)
def test_as_many_tasks_as_are_named_are_enough(b: float, c: float, power: float) -> None:
    """Connor's number is not, of these."""
    tasks = int(mid_p_tasks(b, c, power))
    assert mid_p_power(math.ceil(connor(b, c, power)), b, c) < power <= mid_p_power(tasks, b, c)
    drawn = np.random.default_rng(13).multinomial(tasks, [b, c, max(0.0, 1 - b - c)], 20_000)
    rate = float((mid_p(drawn[:, 0], drawn[:, 1]) <= 0.05).mean())
    assert abs(rate - mid_p_power(tasks, b, c)) <= NOISE * math.sqrt(0.25 / 20_000)
    count = round(100 * b), round(100 * c)
    row = power_table([of_counts("few", *count, 100)], ["solve_rate"], power, 0.05).iloc[0]
    assert row["tasks"] == tasks
    assert row["tasks_low"] <= tasks <= row["tasks_high"]


def test_what_pairing_saves() -> None:
    table = power_table(PUBLISHED, ["solve_rate"], 0.8, 0.05)
    assert table["saved_by_pairing"].tolist() == pytest.approx([0.33, 0.69], abs=0.005)
    assert table["tasks"].tolist() == [265, 194]
    assert table[["first", "second"]].to_numpy() == pytest.approx(np.array([[0.58, 0.48], [0.54, 0.46]]))
    assert table["rerun_sd"].iloc[0] == pytest.approx(math.sqrt(2) * 2.76 * math.sqrt(265 / 50))
    assert np.isinf(table["tasks_high"]).all()  # neither published difference is told from none


def test_two_reruns_differ_by_both_their_noise() -> None:
    """As in docs/paper.md: the sd of one run, and how often two are six passes apart."""
    page = (Path(__file__).parents[2] / "docs" / "paper.md").read_text(encoding="utf-8")
    one, apart = (float(re.findall(rf"two reruns \| {row}.* \| - \| ([.\d]+)", page)[0]) for row in ("sd", "share"))
    assert pytest.approx(one * math.sqrt(2)) == RERUN_SD
    assert 2 * norm.sf(5.5 / RERUN_SD) == pytest.approx(apart, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("tasks", PAIRS)
def test_simulated_power_of_mid_p(tasks: int) -> None:
    b, c = PAIRS[tasks]
    drawn = np.random.default_rng(11).multinomial(tasks, [b, c, 1 - b - c], 20_000)
    rate = float((mid_p(drawn[:, 0], drawn[:, 1]) <= 0.05).mean())
    assert rate == pytest.approx(0.80, abs=0.02)
    assert abs(rate - mid_p_power(tasks, b, c)) <= NOISE * math.sqrt(0.8 * 0.2 / 20_000)


@pytest.mark.slow
@pytest.mark.parametrize(("b", "c", "n"), [(0.25, 0.05, 93), (0.22, 0.12, 200), (0.12, 0.04, 93)])
def test_intervals_of_the_number_of_tasks_hold_it(b: float, c: float, n: int) -> None:
    """93 to 99 % of 1,000 runs, less three standard errors: the shares behind it are 0/1 of few discordant tasks."""
    truth, known, held = float(np.ceil(connor(b, c))), 0, 0
    stream = np.random.default_rng(12)
    for i, j, _ in stream.multinomial(n, [b, c, 1 - b - c], 1000).tolist():
        low, high = tasks_interval(of_counts("drawn", i, j, n), 0.8, 0.05)
        known += i != j
        held += low <= truth <= high
    noise = NOISE * math.sqrt(0.05 * 0.95 / known)
    assert 0.93 - noise <= held / known <= 0.99 + noise
