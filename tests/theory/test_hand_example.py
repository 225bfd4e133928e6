"""The hand example H: V = 1, p = (.9, .6, .5), c = (.30, .05, .20), so b = (.3333, .0833, .4000)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sim.kit.arrays import Award, Status, settle
from sim.mechanisms import break_even_price, lookup
from tests.scenes import scene
from tests.theory.world import H_BELIEF, H_COST, hand

NOBODY = None
ROUNDING = 5e-5  # the table states four decimals


def rule(name: str, **settings: object):
    return lookup(name)(**settings)


def contract(award: Award) -> tuple[int | None, float, float]:
    hired = np.flatnonzero(award.hired)
    assert len(hired) <= 1
    return (int(hired[0]) if len(hired) else NOBODY, float(award.pay_success.sum()), float(award.pay_failure.sum()))


def test_break_even_prices() -> None:
    np.testing.assert_allclose(break_even_price(H_BELIEF, H_COST, np.float64(0)), [1 / 3, 1 / 12, 0.4], rtol=1e-15)


@pytest.mark.parametrize(
    ("mechanism", "posting", "expected"),
    [
        (rule("posted_price"), {"reserve": 0.4}, (1, 0.4, 0.0)),
        (rule("first_price"), {}, (1, 0.0833, 0.0)),
        (rule("second_price"), {}, (1, 0.3333, 0.0)),
        (rule("second_price"), {"reserve": 0.2}, (1, 0.2, 0.0)),
        (rule("second_price"), {"reserve": 0.08}, (NOBODY, 0.0, 0.0)),
        (rule("first_score", score="qV-a"), {}, (0, 0.3333, 0.0)),
        (rule("first_score", score="q(V-a)"), {}, (0, 0.3333, 0.0)),
        (rule("second_score", score="qV-a"), {}, (0, 0.3833, 0.0)),
        (rule("second_score", score="q(V-a)"), {}, (0, 0.3889, 0.0)),
        (rule("second_score", score="qV/(a+ec)"), {}, (1, 0.2222, 0.0)),
        (rule("contingent", bond=np.inf), {}, (0, 0.45, -0.55)),
        (rule("contingent", bond=np.inf, settlement="compensated"), {}, (0, 0.45, -0.55)),
        (rule("contingent", bond=0.2), {}, (0, 0.45, -0.20)),
        (rule("contingent", bond=0.2, settlement="compensated"), {}, (0, 0.4111, -0.20)),
        (rule("contingent", bond=0.0, settlement="compensated"), {}, (0, 0.3889, 0.0)),
        (rule("hybrid"), {}, (0, 0.3889, 0.0)),
        (rule("agent_economy_phase2"), {}, (0, 0.3489, -0.14)),
        (rule("always", agent=1), {}, (1, 0.05, 0.05)),
        (rule("always", agent=1, pay="reserve"), {}, (1, 1.0, 0.0)),
        (rule("route_by_advice"), {}, (0, 0.30, 0.30)),
        (rule("route_by_advice", pay="reserve"), {}, (0, 1.0, 0.0)),
    ],
    ids=lambda x: x.name if hasattr(x, "name") else str(x),
)
def test_row_of_the_table(mechanism, posting, expected) -> None:
    hired, success, failure = contract(hand(mechanism, **posting).award)
    assert hired == expected[0]
    assert (success, failure) == pytest.approx(expected[1:], abs=ROUNDING)


SEVERAL = {
    "k_redundant": (rule("k_redundant"), {}, {0: (0.40, 0.0), 1: (0.10, 0.0)}),
    "k_redundant, one": (rule("k_redundant", at_most=1), {}, {0: (0.45, -0.55)}),
    "best_reserve": (rule("best_reserve"), {}, {1: (1 / 3, 0.0)}),
    "best_reserve, nobody cheap enough": (rule("best_reserve", low=0.05, high=0.08), {}, {}),
    "best_reserve_public": (rule("best_reserve_public"), {}, {1: (0.15, 0.15)}),
    "budget_feasible": (rule("budget_feasible"), {"reserve": 0.5}, {0: (0.30, 0.30), 1: (0.20, 0.20)}),
    "budget_feasible, equal values": (
        rule("budget_feasible", values="equal"),
        {"reserve": 0.4},
        {1: (0.20, 0.20), 2: (0.20, 0.20)},
    ),
}


@pytest.mark.parametrize(("mechanism", "posting", "contracts"), SEVERAL.values(), ids=SEVERAL.keys())
def test_everybody_who_is_hired(mechanism, posting, contracts) -> None:
    award = hand(mechanism, **posting).award
    assert np.flatnonzero(award.hired).tolist() == sorted(contracts)
    for agent, promised in contracts.items():
        assert (award.pay_success[agent], award.pay_failure[agent]) == pytest.approx(promised, abs=1e-12)


def test_phase2_break_even_asks() -> None:
    asks = hand(rule("agent_economy_phase2")).bids.bids.ask
    np.testing.assert_allclose(asks, [0.3489, 0.1567, 0.5], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    ("outcome", "best", "surplus"),
    [
        ((1, 1, 1), 1, 0.95),
        ((1, 0, 1), 2, 0.80),
        ((1, 0, 0), 0, 0.70),
        ((0, 0, 0), NOBODY, 0.0),
    ],
)
def test_outcome_oracle_hires_the_cheapest_success(outcome, best, surplus) -> None:
    award = hand(rule("route_by_advice"), advice=np.array(outcome, np.float64)).award
    assert contract(award)[0] == best
    assert np.where(award.hired, np.array(outcome) - H_COST, 0.0).sum() == pytest.approx(surplus, abs=1e-12)


def test_ability_oracle_reaches_the_best_expected_surplus() -> None:
    assert hand(rule("route_by_advice")).welfare == pytest.approx(0.60, abs=1e-12)


@pytest.mark.parametrize("name", ["first_score", "second_score"])
def test_value_less_ask_score_misorders_the_falsifier_pair(name: str) -> None:
    """p = .9, c = .29 (surplus .61) against p = .61, c = .005 (surplus .605): qV - a hires the second."""
    p, c = np.array([0.9, 0.61]), np.array([0.29, 0.005])
    bids = scene(c / p, p)
    assert contract(bids.award(rule(name, score="qV-a")))[0] == 1
    assert contract(bids.award(rule(name, score="q(V-a)")))[0] == 0


def expected_welfare_by_enumeration(hired, p, c, value: float = 1.0) -> float:
    """Welfare over all 2^n outcomes: a success is worth the value once, everybody hired spends its cost."""
    total = 0.0
    for outcome in product((0, 1), repeat=len(p)):
        chance = np.prod([q if y else 1 - q for y, q in zip(outcome, p, strict=True)])
        solved = any(y and h for y, h in zip(outcome, hired, strict=True))
        total += chance * (value * solved - sum(cost for cost, h in zip(c, hired, strict=True) if h))
    return total


def test_hire_all_welfare_by_enumeration() -> None:
    p, c = np.array([0.4, 0.6, 0.3]), np.array([0.05, 0.1, 0.02])
    hired = scene(c / p, p).award(rule("hire_all")).hired
    assert hired.all()
    assert expected_welfare_by_enumeration(hired, p, c) == pytest.approx(0.662, abs=1e-12)
    assert 1.0 - np.prod(1 - p) - c.sum() == pytest.approx(0.662, abs=1e-12)


def test_hire_all_pays_each_success_the_reserve() -> None:
    award = hand(rule("hire_all"), reserve=0.35).award
    assert award.hired.tolist() == [True, True, False]
    status = np.array([Status.PASS, Status.FAIL, Status.NONE], np.int8)
    assert settle(award, status).tolist() == [0.35, 0.0, 0.0]
