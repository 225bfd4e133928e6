"""Production plans: the menu against sampling and quadrature, and the rule against its definition."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from sim.agents.production import Plans, spent, stopped, ticks
from sim.kit.arrays import Bids, FloatArray, Menu
from sim.mechanisms import lookup
from sim.mechanisms.plans import ProductionPlans
from tests.scenes import Scene, award_bytes, chance, random_scene, scene
from tests.tried import tried

BUDGETS = (0.05, 0.1, 0.2, 0.4, math.inf)
BOTH = [ProductionPlans(payment="contingent"), ProductionPlans(payment="second_score")]
both = pytest.mark.parametrize("rule", BOTH, ids=lambda rule: rule.payment)


def with_menu(bids: Scene, plans: Plans) -> Scene:
    return bids.with_bids(menu=plans.menu(bids.bids.ask, bids.bids.claim))


@pytest.mark.parametrize(("cost", "sd", "budget"), list(product((0.05, 0.3), (0.3, 1.0, 2.0), (0.01, 0.1, 0.5))))
def test_a_plan_is_the_integral_over_a_lognormal_cost_with_that_mean(cost: float, sd: float, budget: float) -> None:
    law = stats.lognorm(sd, scale=cost * math.exp(-sd * sd / 2))
    assert law.mean() == pytest.approx(cost)
    plan = Plans((budget,), sd).at(np.array(cost), np.array(0.8), np.array(budget))
    assert plan.claim == pytest.approx(0.8 * law.cdf(budget), rel=1e-10)
    expected = integrate.quad(law.sf, 0, budget, epsabs=1e-13, limit=200)[0]  # E[min(C, b)]
    assert plan.ask == pytest.approx(expected, rel=1e-7)


def test_no_limit_is_the_bid_and_a_certain_cost_is_a_step() -> None:
    ask, claim = np.array([0.0, 0.1, 0.2, -0.1]), np.array([0.5, 0.6, 0.7, 0.8])
    whole = Plans((math.inf,), 1.0).menu(ask, claim)
    np.testing.assert_array_equal(whole.claim[:, 0], claim)
    np.testing.assert_array_equal(whole.ask[:, 0], ask)
    certain = Plans((0.1,), 0.0).menu(ask, claim)
    np.testing.assert_array_equal(certain.claim[:, 0], [0.5, 0.6, 0.0, 0.8])
    np.testing.assert_array_equal(certain.ask[:, 0], [0.0, 0.1, 0.1, -0.1])
    for sd in (1e-3, 1.0):
        free = Plans((0.1,), sd).menu(ask, claim)
        assert (free.claim[0, 0], free.ask[0, 0]) == (0.5, 0.0)
    np.testing.assert_allclose(Plans((0.15,), 1e-6).menu(ask, claim).claim[:, 0], [0.5, 0.6, 0.0, 0.8])


def test_more_money_never_lowers_the_chance_or_the_cost() -> None:
    ask, claim = chance("plans/ask", 200, 4), chance("plans/claim", 200, 4)
    menu = Plans(BUDGETS, 0.8).menu(ask, claim)
    assert (np.diff(menu.claim, axis=-1) >= 0).all()
    assert (np.diff(menu.ask, axis=-1) >= -1e-15).all()
    assert (menu.ask <= np.array(BUDGETS) + 1e-15).all()


def test_menus_are_the_same_bits_in_any_layout() -> None:
    ask, claim = chance("layout/ask", 37, 5), chance("layout/claim", 37, 5)
    plans = Plans(BUDGETS, 1.0)
    whole, turned = plans.menu(ask, claim), plans.menu(np.asfortranarray(ask), np.asfortranarray(claim))
    for row in range(37):
        alone = plans.menu(ask[row], claim[row])
        for name in ("claim", "ask"):
            assert getattr(whole, name)[row].tobytes() == getattr(alone, name).tobytes()
            assert np.ascontiguousarray(getattr(turned, name)[row]).tobytes() == getattr(alone, name).tobytes()


def test_what_becomes_of_a_try_with_a_budget() -> None:
    cost, budget = np.array([0.1, 0.2, 0.3, 0.3, 0.0]), np.array([0.2, 0.2, 0.2, np.nan, 0.0])
    assert stopped(cost, budget).tolist() == [False, False, True, False, False]
    assert spent(cost, budget).tolist() == [0.1, 0.2, 0.2, 0.3, 0.0]
    assert ticks(np.array([10, 10, 10, 10, 10]), cost, budget).tolist() == [10, 10, 7, 10, 10]


@both
def test_one_plan_without_a_limit_is_the_rule_without_a_menu(rule: ProductionPlans) -> None:
    bids = random_scene((300,), 5)
    award, plain = with_menu(bids, Plans((math.inf,), 1.0)).award(rule), bids.award(rule)
    for name in ("hired", "pay_success", "pay_failure", "by_tie"):
        np.testing.assert_array_equal(getattr(award, name), getattr(plain, name))


def test_without_a_menu_second_score_is_the_second_score_rule() -> None:
    """Asks of c against break-even asks c / q of second_score q(V - a), without a penalty."""
    p, c = chance("plain/p", 500, 4, low=0.05), chance("plain/c", 500, 4)
    value = chance("plain/value", 500, low=0.5, high=1.5)
    posted = {"value": value, "reserve": value * 0.8}
    award = scene(c, p, **posted).award(ProductionPlans(payment="second_score"))
    other = scene(c / p, p, **posted).award(lookup("second_score")(score="q(V-a)"))
    np.testing.assert_array_equal(award.hired, other.hired)
    np.testing.assert_allclose(award.pay_success, other.pay_success, rtol=0, atol=1e-9)


def naive(
    menus: list[list[tuple[float, float, float]]], active: list[bool], value: float, reserve: float, payment: str
) -> tuple[int, int, float, float] | None:
    """Agent, place of its plan, pay on success and on failure; menus: (budget, claim, ask) of each plan."""
    dearest = reserve if payment == "second_score" else math.inf  # price on success of a plan that may be chosen
    best = [
        max((q * value - a if a <= q * dearest else -math.inf, -j) for j, (_, q, a) in enumerate(menu))
        for menu in menus
    ]
    able = [i for i in range(len(menus)) if active[i] and best[i][0] >= value - reserve]
    if not able:
        return None
    winner = max(able, key=lambda i: (best[i][0], -i))
    bar = max([value - reserve] + [best[i][0] for i in able if i != winner])
    plan = -best[winner][1]
    if payment == "contingent":
        return winner, plan, value - bar, -bar
    return winner, plan, min(reserve, value - bar / menus[winner][plan][1]), 0.0


@both
@tried(200)
@given(data=st.data())
def test_rule_with_menus_equals_its_definition(rule: ProductionPlans, data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    eighths = st.integers(1, 8).map(lambda k: k / 8)
    menus = [
        [(0.25 * (j + 1), data.draw(eighths), data.draw(eighths) / 2) for j in range(m)] for _ in range(n)
    ]  # dyadic, so that equal scores are equal
    active = [data.draw(st.booleans()) for _ in range(n)]
    value, reserve = data.draw(eighths) * 2, data.draw(eighths) * 2
    column = np.array(menus)
    menu = Menu(column[0, :, 0], column[..., 1], column[..., 2])
    posted = scene(np.full(n, 9.0), 0.5, active=active, value=value, reserve=reserve).with_bids(menu=menu)
    award = posted.award(rule)
    expected = naive(menus, active, value, reserve, rule.payment)
    if expected is None:
        assert not award.hired.any()
        return
    winner, plan, success, failure = expected
    assert np.flatnonzero(award.hired).tolist() == [winner]
    assert award.budget is not None
    assert award.budget[winner] == menus[winner][plan][0]
    assert (award.pay_success[winner], award.pay_failure[winner]) == pytest.approx((success, failure), abs=1e-12)


def expected_utility(posted: Scene, rule: ProductionPlans, plans: Plans, p: FloatArray, c: FloatArray) -> FloatArray:
    """What each agent (..., n) expects of the budget it is hired with: its true plan there."""
    award = posted.award(rule)
    assert award.budget is not None
    plan = plans.at(c, p, award.budget)
    paid = plan.claim * award.pay_success + (1.0 - plan.claim) * award.pay_failure
    return np.where(award.hired, paid - plan.ask, 0.0)


def test_no_lie_about_claim_or_cost_pays_on_the_contingent_contract() -> None:
    """Rivals bid anything; the principal's payoff is bar in both states."""
    size, plans = 400, Plans(BUDGETS, 1.0)
    p, c = chance("menu/p", size, 3), chance("menu/c", size, 3, high=0.6)
    honest = scene(c, p)
    truth = expected_utility(with_menu(honest, plans), BOTH[0], plans, p, c)[:, 0]
    assert truth.min() >= -1e-12
    for share, claim in product((0.2, 0.7, 1.0, 1.5), (0.1, 0.5, 0.9, 1.0)):
        ask, claims = c.copy(), p.copy()
        ask[:, 0], claims[:, 0] = c[:, 0] * share, claim
        lie = expected_utility(with_menu(scene(ask, claims), plans), BOTH[0], plans, p, c)[:, 0]
        assert (lie - truth).max() <= 1e-9


def best_plans(sd: float) -> tuple[FloatArray, FloatArray]:
    """Welfare (size,) at the truth with a menu, and of the best bid without one."""
    p, c, plans = chance("worth/p", 2000, 3), chance("worth/c", 2000, 3, high=0.6), Plans(BUDGETS, sd)
    best = with_menu(scene(c, p), plans).award(BOTH[0])
    assert best.budget is not None
    plan = plans.at(c, p, best.budget)
    return np.where(best.hired, plan.claim - plan.ask, 0.0).sum(axis=-1), np.maximum(0.0, (p - c).max(axis=-1))


def test_a_menu_is_worth_more_than_the_one_bid_where_costs_have_a_long_tail() -> None:
    """Stopping pays where what is still to come, E[C - b | C > b], exceeds q V: a long tail only. Never a loss."""
    gains = {}
    for sd in (0.5, 2.0):
        welfare, single = best_plans(sd)
        assert (welfare >= single - 1e-12).all()
        gains[sd] = (welfare - single).mean() / single.mean()
    assert gains[0.5] < 0.001
    assert gains[2.0] > 0.1


@both
def test_batch_with_menus_is_its_rows(rule: ProductionPlans) -> None:
    whole = with_menu(random_scene((40,), 5), Plans(BUDGETS, 0.7))
    batch = whole.award(rule)
    for row in range(40):
        bids, tender, standing = (
            type(part).trusted(**{name: column[row] for name, column in vars(part).items()}) for part in whole[:3]
        )
        alone = rule(bids, tender, standing, whole.lottery[row])
        assert award_bytes(alone) == award_bytes(type(batch).trusted(**{k: v[row] for k, v in vars(batch).items()}))


@both
def test_permuting_agents_with_menus_permutes_the_award(rule: ProductionPlans) -> None:
    bids, order = random_scene((100,), 5), [3, 0, 4, 2, 1]
    plans = Plans(BUDGETS, 0.7)
    award = with_menu(bids, plans).award(rule)
    moved = bids._replace(
        bids=Bids(bids.bids.ask[:, order], bids.bids.claim[:, order], bids.bids.active[:, order]),
        lottery=bids.lottery[:, order],
    )
    after = with_menu(moved, plans).award(rule)
    for name in ("hired", "pay_success", "pay_failure", "budget"):
        np.testing.assert_array_equal(getattr(after, name), getattr(award, name)[:, order])


def test_without_a_menu_the_contingent_payment_is_the_contingent_rule() -> None:
    bids = random_scene((500,), 5)
    award, other = bids.award(BOTH[0]), bids.award(lookup("contingent")(bond=math.inf))
    for name in ("hired", "pay_success", "pay_failure"):
        np.testing.assert_array_equal(getattr(award, name), getattr(other, name))
