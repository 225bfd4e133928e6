"""Assignment of several tasks at once: known examples, truth under lying rivals, and what greedy gives up."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from sim.kit.arrays import Award, FloatArray
from sim.market.rounds import assign_round
from sim.mechanisms import lookup, names
from sim.mechanisms.assignment import AssignmentVCG
from sim.mechanisms.price import FirstPrice, SecondPrice
from sim.mechanisms.score import FirstScore, SecondScore
from tests.scenes import Scene, chance, random_scene, scene
from tests.tried import tried

VCG = AssignmentVCG()
EXAMPLE = np.array([[0.6, 0.7, 0.4], [0.46, 0.06, 0.28]])
HALVED = np.array([[1.0, 0.99], [0.99, 0.0]])


def sure(worth: ArrayLike, value: ArrayLike = 1.0) -> Scene:
    """Claims of 1, so that the ask is the value less the worth (m, n)."""
    w = np.asarray(worth, float)
    return scene(np.asarray(value)[..., None] - w, 1.0, value=value, reserve=value)


def greedy(rule: FirstScore | SecondScore, whole: Scene) -> Award:
    return assign_round(rule, "greedy", *whole)


def total(award: Award, worth: FloatArray) -> float:
    return float(worth[award.hired].sum())


def test_published_example() -> None:
    award = VCG.assign(*sure(EXAMPLE, [1.0, 0.8]))
    assert np.argwhere(award.hired).tolist() == [[0, 1], [1, 0]]
    assert award.pay_success[[0, 1], [1, 0]] == pytest.approx([0.58, 0.52], abs=1e-12)
    assert award.pay_failure[[0, 1], [1, 0]] == pytest.approx([-0.42, -0.28], abs=1e-12)


def test_greedy_can_halve_the_welfare() -> None:
    whole = sure(HALVED)
    assert total(greedy(FirstScore(), whole), HALVED) == 1.0
    assert total(VCG.assign(*whole), HALVED) == pytest.approx(1.98, abs=1e-12)


@pytest.mark.parametrize(("m", "n"), [(2, 2), (3, 5), (6, 4)])
def test_greedy_is_worth_at_least_half_and_never_more_than_the_best(m: int, n: int) -> None:
    shares = []
    for worth in chance(f"greedy/{m}/{n}", 100, m, n):
        whole = sure(worth)
        best = total(VCG.assign(*whole), worth)
        shares.append(total(greedy(FirstScore(), whole), worth) / best)
    assert 0.5 <= min(shares) < 1.0
    assert max(shares) <= 1.0 + 1e-12


def test_greedy_with_the_bar_of_each_task_is_manipulable() -> None:
    """Agent 0 is drawn to the contested task; asking for more there, it gets the one that nobody else wants."""
    worth = np.array([[1.0, 0.9], [0.8, -1.0]])
    truth = greedy(SecondScore(), sure(worth))
    lie = greedy(SecondScore(), sure(np.array([[0.0, 0.9], [0.8, -1.0]])))
    cost = 1.0 - worth
    gain = (lie.pay_success - np.where(lie.hired, cost, 0.0))[:, 0].sum()
    gain -= (truth.pay_success - np.where(truth.hired, cost, 0.0))[:, 0].sum()
    assert gain == pytest.approx(0.70, abs=1e-12)
    honest, other = (VCG.assign(*sure(w)) for w in (worth, np.array([[0.0, 0.9], [0.8, -1.0]])))
    assert gain_of(honest, np.ones(2), cost[:, 0]) == pytest.approx(0.8) == gain_of(other, np.ones(2), cost[:, 0])


def gain_of(award: Award, belief: FloatArray, cost: FloatArray) -> float:
    """Expected gain of agent 0 over the round; belief and cost (m,)."""
    hired = award.hired[:, 0]
    expected = belief * award.pay_success[:, 0] + (1 - belief) * award.pay_failure[:, 0] - cost
    return float(expected[hired].sum())


def table(m: int, values: st.SearchStrategy[float], n: int = 1) -> st.SearchStrategy[FloatArray]:
    row = st.lists(values, min_size=n, max_size=n)
    return st.lists(row, min_size=m, max_size=m).map(lambda rows: np.array(rows).reshape(m, n))


shares, money = st.floats(0.0, 1.0), st.floats(0.0, 1.5)


@st.composite
def rounds(draw: st.DrawFn) -> tuple[Scene, FloatArray, FloatArray]:
    """A round whose rivals bid anything; the type of agent 0 at each task: beliefs and costs (m,)."""
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    values = np.array(draw(st.lists(st.floats(0.25, 2.0), min_size=m, max_size=m)))
    reserves = values * draw(st.sampled_from([1.0, 0.75, 0.5]))
    whole = scene(
        draw(table(m, money, n)),
        draw(table(m, shares, n)),
        active=draw(table(m, st.sampled_from([1.0, 1.0, 0.0]), n)) > 0,
        value=values,
        reserve=reserves,
        lottery=draw(table(m, st.floats(0, 1, exclude_max=True), n)),
    )
    return whole, draw(table(m, shares))[:, 0], draw(table(m, money))[:, 0]


def bidding(whole: Scene, ask: FloatArray, claim: FloatArray) -> Scene:
    asks, claims, active = whole.bids.ask.copy(), whole.bids.claim.copy(), whole.bids.active.copy()
    asks[:, 0], claims[:, 0], active[:, 0] = ask, claim, True
    return whole.with_bids(ask=asks, claim=claims, active=active)


@tried(300)
@given(case=rounds(), data=st.data())
def test_truth_is_dominant_in_a_round_whatever_the_rivals_bid(case, data) -> None:  # type: ignore[no-untyped-def]
    whole, belief, cost = case
    m = len(belief)
    lie = data.draw(table(m, money))[:, 0], data.draw(table(m, shares))[:, 0]
    truth = gain_of(VCG.assign(*bidding(whole, cost, belief)), belief, cost)
    assert truth >= -1e-12
    assert gain_of(VCG.assign(*bidding(whole, *lie)), belief, cost) <= truth + 1e-12


@tried(200)
@given(case=rounds())
def test_principal_is_left_the_same_in_both_states_and_never_loses(case) -> None:  # type: ignore[no-untyped-def]
    whole = case[0]
    award = VCG.assign(*whole)
    value = np.broadcast_to(whole.tender.value[:, None], award.hired.shape)[award.hired]
    left = value - award.pay_success[award.hired]
    np.testing.assert_allclose(left, -award.pay_failure[award.hired], rtol=0, atol=1e-12)
    floor = np.broadcast_to((whole.tender.value - whole.tender.reserve)[:, None], award.hired.shape)[award.hired]
    assert (left >= floor - 1e-12).all()


@tried(200)
@given(case=rounds())
def test_gains_are_what_each_agent_adds_to_the_best_total(case) -> None:  # type: ignore[no-untyped-def]
    """V_t - d_i - cost at bids taken for true: W* - W*_{-i}, the totals by enumeration."""
    whole = case[0]
    award = VCG.assign(*whole)
    worth = whole.bids.claim * whole.tender.value[:, None] - whole.bids.ask
    floor = whole.tender.value - whole.tender.reserve
    for task, agent in np.argwhere(award.hired).tolist():
        gain = worth[task, agent] + award.pay_failure[task, agent]
        others = whole.bids.active.copy()
        others[:, agent] = False
        added = enumerated(worth, floor, whole.bids.active) - enumerated(worth, floor, others)
        assert gain == pytest.approx(added, abs=1e-12)


def enumerated(worth: FloatArray, floor: FloatArray, active: FloatArray) -> float:
    m, n = worth.shape
    totals = []
    for chosen in product([-1, *range(n)], repeat=m):
        taken = [i for i in chosen if i >= 0]
        if len(taken) == len(set(taken)) and all(i < 0 or active[t, i] for t, i in enumerate(chosen)):
            totals.append(sum(floor[t] if i < 0 else worth[t, i] for t, i in enumerate(chosen)))
    return float(max(totals))


def test_in_order_the_first_task_takes_the_cheapest_and_the_next_what_is_left() -> None:
    asks = scene([[0.2, 0.3, 0.5], [0.1, 0.4, 0.3]], 1.0)
    award = assign_round(FirstPrice(), "in_order", *asks)
    assert np.argwhere(award.hired).tolist() == [[0, 0], [1, 2]]
    assert award.pay_success[award.hired].tolist() == [0.2, 0.3]
    greedily = assign_round(FirstPrice(), "greedy", *asks)
    assert np.argwhere(greedily.hired).tolist() == [[0, 1], [1, 0]]


def test_price_of_a_round_is_set_by_those_still_free() -> None:
    asks = scene([[0.2, 0.3, 0.5], [0.1, 0.4, 0.3]], 1.0)
    award = assign_round(SecondPrice(), "greedy", *asks)
    assert award.pay_success[1, 0] == 0.3  # agent 2's ask on task 1
    assert award.pay_success[0, 1] == 0.5  # agent 2's on task 0: agent 0, cheaper, is taken


@pytest.mark.skipif("contingent" not in names(), reason="no contingent contract is registered")
def test_assignment_of_one_task_is_the_contingent_contract_without_a_limit() -> None:
    whole = random_scene((400,), 5, "assignment/contingent")
    expected = lookup("contingent")(bond=math.inf)(*whole)
    by_itself = VCG(*whole)
    together = [VCG.assign(*one_task(whole, at)) for at in range(400)]
    for name in ("hired", "pay_success", "pay_failure"):
        np.testing.assert_allclose(getattr(by_itself, name), getattr(expected, name), rtol=0, atol=1e-12)
        stacked = np.concatenate([getattr(award, name) for award in together])
        np.testing.assert_allclose(stacked, getattr(expected, name), rtol=0, atol=1e-12)


def one_task(whole: Scene, at: int) -> Scene:
    """The scene of one of its tasks, m = 1."""
    bids, tender, standing = (
        type(part)(**{name: column[at : at + 1] for name, column in vars(part).items()})  # type: ignore[arg-type]
        for part in (whole.bids, whole.tender, whole.standing)
    )
    return Scene(bids, tender, standing, whole.lottery[at : at + 1])  # type: ignore[arg-type]
