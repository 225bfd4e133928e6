"""Evidence that may be looked at after every task: false alarms, power, and the published pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import beta
from scipy.stats import binom

from analysis.e_process import REJECT, e_value

ALARM = 0.05


def test_it_is_the_mean_likelihood_of_all_coins() -> None:
    for a, b in ((0, 0), (3, 1), (11, 6), (40, 2)):
        expected = beta(a + 0.5, b + 0.5) / beta(0.5, 0.5) * 2.0 ** (a + b)
        assert float(e_value(a, b)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [1, 5, 40, 300])
def test_under_a_fair_coin_its_expectation_is_one(n: int) -> None:
    first = np.arange(n + 1)
    assert math.fsum(binom.pmf(first, n, 0.5) * e_value(first, n - first)) == pytest.approx(1.0, abs=1e-9)


def ever_reached(share: float, discordant: float, tasks: int, runs: int) -> np.ndarray:
    """(runs,) first task at which the e-value reaches REJECT, looking after every one; tasks + 1: never."""
    rng = np.random.default_rng(16)
    drawn = rng.random((runs, tasks))
    first = np.cumsum(drawn < discordant * share, axis=1)
    second = np.cumsum((drawn >= discordant * share) & (drawn < discordant), axis=1)
    reached = e_value(first, second) >= REJECT
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, tasks + 1)


@pytest.mark.parametrize("discordant", [8 / 50, 17 / 50, 1.0])
def test_false_alarms_where_one_looks_after_every_task(discordant: float) -> None:
    stops = ever_reached(0.5, discordant, 1500, 2000)
    rate = float((stops <= 1500).mean())
    assert rate + 3 * math.sqrt(rate * (1 - rate) / 2000) <= ALARM


@pytest.mark.slow
def test_power_and_stops_are_the_published_ones() -> None:
    """Pairs of 11 against 6, and 6 against 2, of 50 tasks: 80 % by 518 and 343, mean stop 327 and 218."""
    for share, discordant, horizon, mean in ((11 / 17, 17 / 50, 518, 327), (6 / 8, 8 / 50, 343, 218)):
        stops = ever_reached(share, discordant, 4000, 8000)
        assert float((stops <= horizon).mean()) == pytest.approx(0.80, abs=0.02)
        assert float(stops.mean()) == pytest.approx(mean, abs=12)
