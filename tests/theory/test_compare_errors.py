"""How often intervals of comparisons hold the truth, and how often a family of them raises a false alarm."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.effect_size import paired_d, paired_d_interval
from analysis.inference import Estimate, mean, paired_difference
from analysis.intervals import holm
from analysis.mcnemar import exact_p, mid_p
from analysis.welch import welch

pytestmark = pytest.mark.slow
RUNS = 2000
NOISE = 3 * math.sqrt(0.05 * 0.95 / RUNS)


def of(values: np.ndarray) -> Estimate:
    return mean(values[None, :], "task")


@pytest.mark.parametrize(("d", "n"), [(0.0, 40), (0.3, 40), (0.5, 93), (1.5, 93)])
def test_intervals_of_d_hold_it(d: float, n: int) -> None:
    held, stream = 0, np.random.default_rng(21)
    for _ in range(RUNS):
        found = of(stream.normal(d, 1.0, n))
        low, high = paired_d_interval(paired_d(float(found.value), float(found.se), n), n)
        held += low <= d <= high
    assert held / RUNS == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("solved", "n"), [(0.1, 40), (0.1, 93), (0.3, 93)])
def test_intervals_of_d_hold_it_for_welfare_like_differences(solved: float, n: int) -> None:
    """Differences of a value of 1 dollar at some tasks, and of costs everywhere: far from normal, skewed."""
    stream = np.random.default_rng(22)

    def drawn(count: int) -> np.ndarray:
        who = stream.random(count)
        return 1.0 * (who < solved) - 1.0 * (who > 1 - solved / 3) - stream.lognormal(-2.5, 1.0, count)

    many = drawn(2_000_000)
    truth, held = many.mean() / many.std(), 0
    for _ in range(RUNS):
        found = of(drawn(n))
        low, high = paired_d_interval(paired_d(float(found.value), float(found.se), n), n)
        held += low <= truth <= high
    assert held / RUNS == pytest.approx(0.95, abs=0.02 + NOISE)


@pytest.mark.parametrize(("sizes", "spreads"), [((20, 50), (1.0, 3.0)), ((93, 12), (0.5, 2.0)), ((6, 40), (2.0, 0.3))])
def test_welch_holds_the_difference(sizes: tuple[int, int], spreads: tuple[float, float]) -> None:
    held, stream = 0, np.random.default_rng(23)
    for _ in range(RUNS):
        one, other = (of(stream.normal(0.0, sd, n)) for n, sd in zip(sizes, spreads, strict=True))
        found = welch(one, other)
        held += found.low <= 0.0 <= found.high
    assert held / RUNS == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("n_better", [0, 2])
def test_holm_keeps_the_error_of_a_family(n_better: int) -> None:
    """Six arms against one baseline, so that their differences are correlated; some of them truly better."""
    alarms, stream = 0, np.random.default_rng(24)
    for _ in range(RUNS):
        baseline, arms = stream.normal(0.0, 1.0, 40), stream.normal(0.0, 1.0, (6, 40))
        arms[:n_better] += 1.5
        p = [float(paired_difference(arm[None, :], baseline[None, :], "task").p) for arm in arms]
        alarms += bool((holm(p)[n_better:] <= 0.05).any())
    assert alarms / RUNS <= 0.05 + NOISE


@pytest.mark.parametrize(("discordant", "n"), [(0.34, 50), (0.16, 93), (0.5, 20)])
def test_mid_p_is_nearer_to_its_level_than_the_exact_test(discordant: float, n: int) -> None:
    drawn = np.random.default_rng(25).multinomial(n, [discordant / 2, discordant / 2, 1 - discordant], RUNS)
    mid = float((mid_p(drawn[:, 0], drawn[:, 1]) <= 0.05).mean())
    exact = float(np.mean([exact_p(a, b) <= 0.05 for a, b, _ in drawn.tolist()]))
    assert exact <= mid <= 0.05 + 0.006 + NOISE
    assert exact <= 0.05 + NOISE
