"""Welfare and money in E1: n = 4, V = r = 1, p ~ U[.3, .95], c ~ U[0, .4], everybody truthful.

With 200,000 postings the standard error of a welfare is about .0004, of a paired difference a tenth of that: the
smallest named effect, .0010 between the two score forms, is read from the paired difference.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sim.mechanisms import lookup
from tests.scenes import chance, scene, utility
from tests.statistics import assert_mean, assert_rate
from tests.theory.world import E1_BELIEF, E1_COST, E1_SE, E1_SIZE, Truth, e1

RULES = {
    "ability oracle": ("route_by_advice", {}),
    "q(V-a)": ("second_score", {"score": "q(V-a)"}),
    "first q(V-a)": ("first_score", {"score": "q(V-a)"}),
    "qV-a": ("second_score", {"score": "qV-a"}),
    "P2": ("agent_economy_phase2", {}),
    "AE": ("agent_economy", {"rounded": False}),
    "lowest ask": ("second_price", {}),
    "posted": ("posted_price", {}),
    "contingent": ("contingent", {"bond": np.inf}),
    "compensated": ("contingent", {"bond": 0.25, "settlement": "compensated"}),
    "hybrid": ("hybrid", {}),
}


@cache
def truth(label: str) -> Truth:
    name, settings = RULES[label]
    reserve = chance("E1/reserve", E1_SIZE) if label == "posted" else 1.0
    return e1(lookup(name)(**settings), reserve)


@pytest.mark.parametrize(
    ("label", "welfare"),
    [
        ("ability oracle", 0.6545),
        ("q(V-a)", 0.6545),
        ("first q(V-a)", 0.6545),
        ("contingent", 0.6545),
        ("hybrid", 0.6545),
        ("qV-a", 0.6535),
        ("P2", 0.6505),
        ("AE", 0.6437),
        ("lowest ask", 0.5938),
        ("posted", 0.4468),
    ],
)
def test_welfare(label: str, welfare: float) -> None:
    assert_mean(truth(label).welfare, welfare, expected_se=E1_SE)


@pytest.mark.parametrize(
    ("better", "worse", "difference"),
    [("q(V-a)", "qV-a", 0.00102), ("qV-a", "P2", 0.00258), ("P2", "AE", 0.00685), ("AE", "lowest ask", 0.05016)],
)
def test_paired_difference_of_welfare(better: str, worse: str, difference: float) -> None:
    """Expected: 8 million draws of the scores written out in one line each, with a standard error below .00005."""
    assert_mean(truth(better).welfare - truth(worse).welfare, difference, expected_se=5e-5)


def test_surplus_score_hires_whom_the_ability_oracle_hires() -> None:
    np.testing.assert_array_equal(truth("q(V-a)").award.hired, truth("ability oracle").award.hired)


@pytest.mark.parametrize("label", [label for label in RULES if label != "ability oracle"])
def test_no_single_hire_rule_beats_the_ability_oracle_on_any_draw(label: str) -> None:
    assert (truth(label).welfare <= truth("ability oracle").welfare + 1e-12).all()


def test_outcome_oracle_welfare() -> None:
    success = (chance("E1/luck", E1_SIZE, 4) < E1_BELIEF).astype(np.float64)
    hired = scene(E1_COST, 0.5, advice=success, expected_cost=E1_COST).award(lookup("route_by_advice")()).hired
    assert_mean(np.where(hired, success - E1_COST, 0.0).sum(axis=-1), 0.8613, expected_se=E1_SE)


@pytest.mark.parametrize(("reserve", "welfare"), [(4 / 3, 0.1802), (1.0, 0.2069)])
def test_hiring_everybody_is_the_worst_rule_here(reserve: float, welfare: float) -> None:
    """1 - E[1 - p]^4 - 4 E[c] = .1802 where the reserve admits everybody; at r = 1 those with c / p > 1 stay out."""
    hired = scene(E1_COST / E1_BELIEF, E1_BELIEF, reserve=reserve).award(lookup("hire_all")()).hired
    solved = 1.0 - np.where(hired, 1.0 - E1_BELIEF, 1.0).prod(axis=-1)
    assert_mean(solved - np.where(hired, E1_COST, 0.0).sum(axis=-1), welfare, expected_se=E1_SE)


def test_posted_price_fills_a_known_share() -> None:
    assert_rate(truth("posted").award.hired.any(axis=-1), 0.8714, expected_se=E1_SE)


@pytest.mark.parametrize(
    ("label", "agents", "principal"),
    [
        ("posted", 0.1875, 0.2594),
        ("lowest ask", 0.0890, 0.5048),
        ("qV-a", 0.1644, 0.4891),
        ("q(V-a)", 0.1591, 0.4954),
        ("contingent", 0.1591, 0.4954),
        ("compensated", 0.1591, 0.4954),
    ],
)
def test_money(label: str, agents: float, principal: float) -> None:
    assert_mean(truth(label).agents, agents, expected_se=E1_SE)
    assert_mean(truth(label).principal, principal, expected_se=E1_SE)


@pytest.mark.parametrize("label", ["first q(V-a)", "P2", "AE"])
def test_first_score_rules_leave_truthful_agents_nothing(label: str) -> None:
    np.testing.assert_allclose(truth(label).agents, 0.0, rtol=0, atol=1e-12)


def test_surplus_second_score_pays_the_winner_its_lead_over_the_next_agent() -> None:
    """Interim utility is p V - c less the best rival's, or less 0: the payoff of every efficient truthful rule."""
    surplus = np.sort(E1_BELIEF - E1_COST, axis=-1)
    lead = np.maximum(surplus[:, -1], 0.0) - np.maximum(surplus[:, -2], 0.0)
    np.testing.assert_allclose(truth("q(V-a)").agents, lead, rtol=0, atol=1e-12)


@pytest.mark.parametrize("label", ["contingent", "compensated", "hybrid"])
def test_payoff_equivalence_agent_by_agent(label: str) -> None:
    """All hire as the surplus second score and leave each agent, in expectation over its outcome, the same."""
    p, c = E1_BELIEF, E1_COST
    found, expected = truth(label).award, truth("q(V-a)").award
    np.testing.assert_array_equal(found.hired, expected.hired)
    np.testing.assert_allclose(utility(found, p, c), utility(expected, p, c), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("bond", "binds", "principal"),
    [(0.5, 0.498, 0.4875), (0.25, 0.957, 0.4513), (0.1, 0.998, 0.4209), (0.0, 1.0, 0.4001)],
)
def test_truncated_bonds_bind_and_cost_the_principal(bond: float, binds: float, principal: float) -> None:
    """Shares are of all postings: .9999 of them are filled. What the principal loses is E[(1 - p) (bar - L)+]."""
    rule = lookup("contingent")(bond=bond)
    market = e1(rule)
    assert_mean(market.principal, principal, expected_se=E1_SE)
    bound = rule.binding(*market.bids[:3], market.award).any(axis=-1)
    assert_rate(bound, binds, expected_se=5e-4)
    uncovered = np.where(market.award.hired, (1.0 - E1_BELIEF) * (-truth("contingent").award.pay_failure - bond), 0.0)
    given_away = np.maximum(0.0, uncovered).sum(axis=-1)
    np.testing.assert_allclose(truth("contingent").principal - market.principal, given_away, rtol=0, atol=1e-12)


def test_contingent_principal_is_left_with_the_bar_on_every_draw() -> None:
    award = truth("contingent").award
    surplus = np.sort(E1_BELIEF - E1_COST, axis=-1)
    bar = np.where(award.hired.any(axis=-1), np.maximum(surplus[:, -2], 0.0), 0.0)
    np.testing.assert_allclose(truth("contingent").principal, bar, rtol=0, atol=1e-12)
    np.testing.assert_allclose(-award.pay_failure.sum(axis=-1), bar, rtol=0, atol=1e-12)


def test_reposting_without_the_failed_to_the_lowest_break_even_price_is_the_pandora_order() -> None:
    """Excluded agents bid no longer. Welfare is E[max kappa]+ with kappa = V - c/p with probability p: .8011."""
    rule, index = lookup("second_price")(), 1.0 - E1_COST / E1_BELIEF
    active = np.ones((E1_SIZE, 4), np.bool_)
    unsolved, welfare = np.ones(E1_SIZE), np.zeros(E1_SIZE)
    for _ in range(4):
        hired = scene(E1_COST / E1_BELIEF, E1_BELIEF, active=active).award(rule).hired
        welfare += unsolved * np.where(hired, E1_BELIEF - E1_COST, 0.0).sum(axis=-1)
        unsolved *= np.where(hired, 1.0 - E1_BELIEF, 1.0).prod(axis=-1)
        active = active & ~hired
    assert_mean(welfare, 0.8011, expected_se=E1_SE)
    kappa = np.where(chance("E1/luck", E1_SIZE, 4) < E1_BELIEF, index, -np.inf).max(axis=-1)
    assert_mean(np.maximum(0.0, kappa) - welfare, 0.0)
