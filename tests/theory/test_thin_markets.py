"""Thin markets and gates: closed forms against draws, and what may never rise, task by task."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise, product
from typing import Any

import bidlab as bl
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binomtest

from analysis.arm import ArmData
from analysis.quantities.made_or_bought import thin_of
from tests.statistics import assert_mean

WORLD: dict[str, Any] = {"parameters": "point", "tasks": 200, "arrivals": {"every": 1}}
TENDER: dict[str, Any] = {"value": 1.0, "reserve": "value", "penalty": 0.0}
ARM = {"name": "arm", "mechanism": "second_price"}
CALIBRATED = {"*": {"overconfidence": 0.0, "overprecision": 0.0}}


def thin(n: int, r: float) -> float:
    """P(at most one of n answers)."""
    return n * r * (1.0 - r) ** (n - 1) + (1.0 - r) ** n


def played(world: dict[str, Any], replications: int = 10, **sections: dict[str, Any]) -> ArmData:
    stated = {"world": {**WORLD, **world}, "tender": TENDER, **sections}
    about = {"question": "?", "source": "MB", "seed": 31, "replications": replications}
    (arm,) = bl.run({**about, **stated, "arm": [ARM]}).arms()
    return arm


@cache
def answering(rate: float, *, fallback: bool = False) -> ArmData:
    put_in = {"bidders": {"fallback": {"ask": 0.5, "claim": 0.6}}} if fallback else {}
    return played({"profile": "marketbench", "nonresponse": 1.0 - rate}, **put_in)


@pytest.mark.parametrize(("n", "r"), [(1, 0.3), (4, 0.3), (6, 0.75)])
def test_the_closed_form_is_the_sum_over_who_answers(n: int, r: float) -> None:
    total = 0.0
    for answers in product((0, 1), repeat=n):
        if sum(answers) <= 1:
            total += math.prod(r if one else 1.0 - r for one in answers)
    assert thin(n, r) == pytest.approx(total, abs=1e-12)
    assert float(thin_of(np.array([100.0 * r] * n + [100.0]))) == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("r", [0.3, 0.6])
def test_at_most_one_bid_as_often_as_the_closed_form_says(r: float) -> None:
    bids = np.isfinite(answering(r).ask).sum(axis=2)
    assert_mean(bids.ravel() <= 1, thin(6, r))


def test_a_bid_for_the_silent_fills_every_task_that_was_filled() -> None:
    for r in (0.1, 0.3, 0.6):
        assert (answering(r, fallback=True).filled >= answering(r).filled).all()
        assert np.isfinite(answering(r, fallback=True).ask).all()


def test_what_ten_of_twenty_four_rounds_say_of_the_rate() -> None:
    interval = binomtest(10, 24).proportion_ci(method="wilson")
    rates = [brentq(lambda r, p=p: thin(6, r) - p, 1e-9, 1.0 - 1e-9) for p in (interval.high, 10 / 24, interval.low)]
    np.testing.assert_allclose(rates, [0.22, 0.30, 0.39], atol=0.005)


def gated(private: bool, bond: float = 0.0, replications: int = 5, **sections: dict[str, Any]) -> ArmData:
    """The market of six agents with a bond, and what else is stated."""
    world = {"profile": "common_difficulty", "private_share": float(private), "agents": CALIBRATED}
    return played(world, replications, tender={**TENDER, "penalty": bond}, **sections)


@pytest.mark.parametrize("private", [pytest.param(False, marks=pytest.mark.slow), True])
def test_no_task_is_filled_for_a_higher_bond(private: bool) -> None:
    filled = [gated(private, bond=bond).filled for bond in (0.0, 0.3, 1.2)]
    for less, more in pairwise(filled):
        assert (less >= more).all()
        assert less.sum() > more.sum()


@pytest.mark.slow
def test_no_task_is_filled_for_a_higher_reputation() -> None:
    start = tuple(zip("abcdef", (0.5, 0.6, 0.7, 0.8, 0.9, 1.0), strict=True))
    filled = []
    for least in (0.5, 0.8, 1.0):
        reputation = {"agent_economy": {"start": dict(start), "up": 0.0, "down": 0.0}}
        filled.append(gated(True, standing={"reputation": reputation, "least_reputation": least}).filled)
    for less, more in pairwise(filled):
        assert (less >= more).all()
        assert less.sum() > more.sum()


def test_fewer_tasks_are_filled_for_a_longer_delay() -> None:
    world = {"profile": "common_difficulty", "private_share": 1.0, "agents": CALIBRATED}
    filled = [played(world, 5, market={"capacity": 1, "approval_delay": delay}).filled.mean() for delay in (0, 2, 8)]
    assert all(np.diff(filled) < -0.02)


PUBLISHED = {False: (0.053, 0.080, 0.102, 0.110), True: (0.220, 0.218, 0.207, 0.189)}


@pytest.mark.slow
@pytest.mark.parametrize("private", [False, True])
def test_welfare_under_bonds_is_within_a_hundredth_of_the_published(private: bool) -> None:
    """By abilities, so that no luck of outcomes is in it; the common world's winners claim .744 and succeed .580."""
    found = []
    for bond in (0.0, 0.2, 0.4, 0.6):
        arm = gated(private, bond, 60)
        gain = arm.attempts * (arm.world.ability - arm.world.cost[..., 0])
        found.append(gain.sum(axis=2).mean())
        if bond == 0.0 and not private:
            hired = arm.attempts > 0
            assert arm.claim[hired].mean() == pytest.approx(0.744, abs=0.01)
            assert arm.world.ability[hired].mean() == pytest.approx(0.580, abs=0.01)
    np.testing.assert_allclose(found, PUBLISHED[private], atol=0.01)
    assert (np.diff(found) < 0).all() if private else (np.diff(found) > 0).all()
