"""Redundant hiring: enumeration, VCG rents, the limits k = 1 and k = n, and what short cuts lose."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.arrays import Award, BoolArray, FloatArray
from sim.kit.errors import ScenarioError
from sim.mechanisms import lookup
from tests import reference
from tests.reference import Agent, Task
from tests.scenes import award_bytes, chance, random_scene, scene, scene_of, utility
from tests.statistics import assert_mean
from tests.theory.world import E1_BELIEF, E1_COST, E1_SE, E1_SIZE
from tests.tried import tried

RULE = lookup("k_redundant")()


@cache
def e1() -> tuple[Award, FloatArray, FloatArray]:
    """E1 at the truth: award, welfare, what the agents gain together."""
    award = scene(E1_COST, E1_BELIEF, lottery=chance("E1/lottery", E1_SIZE, 4)).award(RULE)
    return award, surplus(award.hired), utility(award, E1_BELIEF, E1_COST).sum(axis=-1)


def surplus(hired: BoolArray) -> FloatArray:
    """W of each row of E1, V = 1."""
    missed = np.where(hired, 1.0 - E1_BELIEF, 1.0).prod(axis=-1)
    return np.asarray(1.0 - missed - np.where(hired, E1_COST, 0.0).sum(axis=-1))


def test_e1() -> None:
    award, welfare, rents = e1()
    assert_mean(welfare, 0.6862, expected_se=E1_SE)
    assert_mean(welfare - rents, 0.4990, expected_se=E1_SE)
    assert_mean(award.hired.sum(axis=-1), 1.51, expected_se=0.005 / 2)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("at_most", [None, 1, 2])
def test_rents_are_what_each_adds_given_the_rivals_reports(n: int, at_most: int | None) -> None:
    """Over its own outcome a truthful agent expects W* - W*_{-i} by enumeration, whatever its rivals report."""
    asks, claims = chance("vcg/ask", 60, n, high=0.5), chance("vcg/claim", 60, n)
    value, reserve = chance("vcg/value", 60, low=0.5, high=1.5), chance("vcg/reserve", 60, low=0.2, high=1.5)
    award = scene(asks, claims, value=value, reserve=reserve).award(lookup("k_redundant")(at_most=at_most))
    expected = utility(award, claims, asks)
    for row in range(60):
        agents = [Agent(float(a), float(q)) for a, q in zip(asks[row], claims[row], strict=True)]
        worth = {
            who: reference.joint_surplus(agents, who, value[row]) if who else value[row] - reserve[row]
            for who in reference.every_set(agents, at_most)
        }
        best = max(worth, key=lambda who: worth[who])
        assert tuple(np.flatnonzero(award.hired[row])) == best
        for i in range(n):
            without = max(w for who, w in worth.items() if i not in who)
            assert expected[row, i] == pytest.approx(worth[best] - without, abs=1e-12)


def test_one_at_most_is_the_contingent_contract() -> None:
    """argmax qV - a, paid V - bar on success and -bar on failure, bar = max(V - r, best rival)."""
    whole = random_scene((2000,), 4, "contingent")
    value, reserve = whole.tender.value, whole.tender.reserve
    scores = np.where(whole.bids.active, whole.bids.claim * value[:, None] - whole.bids.ask, -np.inf)
    award = whole.award(lookup("k_redundant")(at_most=1))
    ranked = np.sort(scores, axis=-1)
    hired = (scores == ranked[:, -1:]) & (scores >= (value - reserve)[:, None])
    bar = np.maximum(value - reserve, ranked[:, -2])[:, None]
    np.testing.assert_array_equal(award.hired, hired)
    np.testing.assert_allclose(award.pay_success, np.where(hired, value[:, None] - bar, 0.0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(award.pay_failure, np.where(hired, -bar, 0.0), rtol=0, atol=1e-12)
    contingent = whole.award(lookup("contingent")(bond=math.inf))
    np.testing.assert_array_equal(award.hired, contingent.hired)
    np.testing.assert_allclose(award.pay_success, contingent.pay_success, rtol=0, atol=1e-12)
    np.testing.assert_allclose(award.pay_failure, contingent.pay_failure, rtol=0, atol=1e-12)


def greedy(order: list[int], p: FloatArray, c: FloatArray) -> float:
    """Best welfare of a prefix of `order`."""
    missed, spent, best = 1.0, 0.0, 0.0
    for i in order:
        missed, spent = missed * (1.0 - p[i]), spent + c[i]
        best = max(best, 1.0 - missed - spent)
    return best


def adding(p: FloatArray, c: FloatArray) -> float:
    """Adds the agent that helps most while one helps."""
    missed, worth, left = 1.0, 0.0, set(range(len(p)))
    while left:
        gain, i = max((missed * p[i] - c[i], i) for i in left)
        if gain <= 0:
            break
        missed, worth, left = missed * (1.0 - p[i]), worth + gain, left - {i}
    return worth


def test_short_cuts_miss_the_best_set() -> None:
    """p ~ U[0, 1], c ~ U[0, .5]: adding greedily loses in a fortieth of the cases, a prefix by c / p in a fifth."""
    size = 4000
    p, c = chance("short cut/p", size, 5), chance("short cut/c", size, 5, high=0.5)
    best = scene(c, p).award(RULE)
    missed = np.where(best.hired, 1.0 - p, 1.0).prod(axis=-1)
    welfare = 1.0 - missed - np.where(best.hired, c, 0.0).sum(axis=-1)
    loss = {
        "adding": welfare - [adding(p[row], c[row]) for row in range(size)],
        "prefix": welfare - [greedy(np.argsort(c[row] / p[row]).tolist(), p[row], c[row]) for row in range(size)],
    }
    for lost in loss.values():
        assert lost.min() >= -1e-12
        assert (lost > 1e-9).mean() > 0.01
        assert lost.max() > 0.03
    assert (loss["prefix"] > 1e-9).mean() > (loss["adding"] > 1e-9).mean()


def test_principal_never_expects_to_lose_but_can() -> None:
    """Rents sum to at most W*, because what agents add falls with the set; where all succeed it may pay more than V."""
    award, welfare, rents = e1()
    assert (welfare - rents).min() >= -1e-12
    all_succeed = np.where(award.hired.any(axis=-1), 1.0, 0.0) - award.pay_success.sum(axis=-1)
    assert all_succeed.min() < -0.3


@tried(60)
@given(data=st.data())
def test_luck_decides_between_equal_sets_whatever_the_order_of_agents(data: st.DataObject) -> None:
    """Grids make ties common; permuting agents permutes the award; by_tie says that luck decides."""
    n = data.draw(st.integers(1, 5))
    grid = st.lists(st.integers(0, 4), min_size=n, max_size=n)
    asks, claims = np.array(data.draw(grid)) / 8, np.array(data.draw(grid)) / 4
    award, seen = None, set()
    for turn in range(12):
        luck = np.argsort(chance(f"luck/{turn}", n)) / n
        posted = scene(asks, claims, lottery=luck)
        award = posted.award(RULE)
        seen.add(award_bytes(award)[0])
        order = np.argsort(chance(f"order/{turn}", n))
        moved = scene(asks[order], claims[order], lottery=luck[order]).award(RULE)
        np.testing.assert_array_equal(moved.hired, award.hired[order])
        np.testing.assert_array_equal(moved.pay_success, award.pay_success[order])
        np.testing.assert_array_equal(moved.pay_failure, award.pay_failure[order])
        assert moved.by_tie == award.by_tie
    assert award is not None
    assert len(seen) == 1 or award.by_tie
    assert n > 2 or len(seen) > 1 or not award.by_tie


def test_thirteen_agents_are_refused_by_name() -> None:
    with pytest.raises(ScenarioError, match=r"k_redundant .* at most 12 agents; got 13"):
        scene([0.1] * 13, 0.5).award(RULE)
    with pytest.raises(ScenarioError, match=r"k_redundant .* at most 12 agents; got 13"):
        RULE.for_agents([f"a{i}" for i in range(13)])


def test_twelve_agents_in_a_few_postings() -> None:
    asks, claims = chance("twelve/ask", 3, 12, high=0.2), chance("twelve/claim", 3, 12, high=0.5)
    for row in range(3):
        agents = [Agent(float(a), float(q)) for a, q in zip(asks[row], claims[row], strict=True)]
        expected = reference.k_redundant(agents, Task())
        award = scene_of(agents, Task()).award(RULE)
        assert set(np.flatnonzero(award.hired).tolist()) == expected.hired
        np.testing.assert_allclose(award.pay_success, expected.pay_success, rtol=0, atol=1e-12)
