"""A verifier that errs: with false pass a and false fail b an agent at p passes with v = p (1 - b) + (1 - p) a.

Payments follow what is verified, welfare what is true. All checks are by enumeration of truth and verdict, in E1.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.kit.arrays import Award, FloatArray, Status, settle
from sim.mechanisms import Mechanism, lookup
from tests.scenes import Scene, chance, registered, scene, truthful
from tests.theory.world import E1_BELIEF, E1_COST

SIZE = 4000
P, C = E1_BELIEF[:SIZE], E1_COST[:SIZE]
FALSE_PASS, FALSE_FAIL = 0.1, 0.2
V = P * (1.0 - FALSE_FAIL) + (1.0 - P) * FALSE_PASS
CONTINGENT = lookup("k_redundant")(at_most=1)
BOTH_STATES = ("best_reserve_public", "budget_feasible", "always", "route_by_advice")


def chances(true: bool, passed: bool) -> FloatArray:
    """Probability of this truth and this verdict, for each agent."""
    rate = FALSE_FAIL if true else 1.0 - FALSE_PASS
    return np.asarray((P if true else 1.0 - P) * (1.0 - rate if passed else rate))


def expected_payment(award: Award) -> FloatArray:
    """Over truth and verdict, through `settle`."""
    paid = np.zeros(P.shape)
    for true in (True, False):
        for passed in (True, False):
            status = np.where(award.hired, Status.PASS if passed else Status.FAIL, Status.NONE)
            paid += chances(true, passed) * settle(award, status)
    return paid


def posted(told: FloatArray, rule: Mechanism) -> Scene:
    """E1 where every agent takes `told` for its chance of being paid; the planner knows the same."""
    whole = scene(C, told, advice=told, expected_cost=C, lottery=chance("verify/lottery", *P.shape))
    return truthful(rule, whole, told, C, np.ones(P.shape, np.bool_))


def gain(award: Award) -> FloatArray:
    return np.asarray(expected_payment(award) - np.where(award.hired, C, 0.0))


def welfare(award: Award) -> FloatArray:
    """V = 1: true successes count."""
    solved = 1.0 - np.where(award.hired, 1.0 - P, 1.0).prod(axis=-1)
    return np.asarray(solved - np.where(award.hired, C, 0.0).sum(axis=-1))


@pytest.mark.parametrize("rule", registered().values(), ids=registered().keys())
def test_expected_payment_knows_only_the_chance_of_passing(rule: Mechanism) -> None:
    award = posted(V, rule).award(rule)
    expected = np.where(award.hired, V * award.pay_success + (1.0 - V) * award.pay_failure, 0.0)
    np.testing.assert_allclose(expected_payment(award), expected, rtol=0, atol=1e-12)


def truthful_rules(**promised: bool) -> pytest.MarkDecorator:
    kept = {
        k: r for k, r in registered().items() if all(getattr(r.promises, name) is is_ for name, is_ in promised.items())
    }
    return pytest.mark.parametrize("rule", kept.values(), ids=kept.keys())


@truthful_rules(rational=True)
def test_truth_about_passing_never_expects_a_loss(rule: Mechanism) -> None:
    assert gain(posted(V, rule).award(rule)).min() >= -1e-9


@truthful_rules(ask=True, claim=True)
def test_truth_about_passing_is_a_best_reply(rule: Mechanism) -> None:
    """Agent 0 against truthful rivals; telling the truth about ability instead is one of the lies."""
    honest = posted(V, rule)
    truth = gain(honest.award(rule))[:, 0]
    first = np.arange(P.shape[1]) == 0
    able = posted(P, rule).bids
    lies = [(able.ask, able.claim), (honest.bids.ask * 1.2, V), (honest.bids.ask * 0.8, V), (honest.bids.ask, P)]
    for ask, claim in lies:
        lie = honest.with_bids(
            ask=np.where(first, ask, honest.bids.ask), claim=np.where(first, claim, honest.bids.claim)
        )
        assert (gain(lie.award(rule))[:, 0] - truth).max() <= 1e-9


@pytest.mark.parametrize("name", ["second_price", "second_score", "first_price"])
def test_price_that_breaks_even_on_ability_loses(name: str) -> None:
    """Who asks c / p but is paid with probability v < p loses where its price is near its ask."""
    rule = lookup(name)()
    assert gain(posted(P, rule).award(rule)).min() < -0.05


@pytest.mark.parametrize("name", BOTH_STATES)
def test_pay_for_the_attempt_does_not_feel_the_verifier(name: str) -> None:
    rule = lookup(name).examples()[0]
    award = posted(P, rule).award(rule)
    assert award.hired.any()
    np.testing.assert_allclose(expected_payment(award), award.pay_success, rtol=0, atol=1e-12)


def test_contingent_leaves_the_principal_the_error() -> None:
    """The agent gains v V - c - bar; the principal expects bar + (p - v) V: bar in both states no longer."""
    award = posted(V, CONTINGENT).award(CONTINGENT)
    ranked = np.sort(V - C, axis=-1)
    bar = np.maximum(0.0, ranked[:, -2])[:, None]
    np.testing.assert_allclose(gain(award), np.where(award.hired, V - C - bar, 0.0), rtol=0, atol=1e-12)
    principal = np.where(award.hired, P, 0.0) - expected_payment(award)
    np.testing.assert_allclose(principal, np.where(award.hired, bar + P - V, 0.0), rtol=0, atol=1e-12)


def test_single_hire_ranks_as_if_the_value_were_smaller() -> None:
    """v V - c = a V + p (1 - a - b) V - c: costs weigh more than they should, and efficiency is lost."""
    best = np.maximum(0.0, (P - C).max(axis=-1))
    award = posted(V, CONTINGENT).award(CONTINGENT)
    chosen = (FALSE_PASS + P * (1.0 - FALSE_PASS - FALSE_FAIL) - C).argmax(axis=-1)
    np.testing.assert_array_equal(award.hired.argmax(axis=-1)[award.hired.any(axis=-1)], chosen[award.hired.any(-1)])
    lost = best - welfare(award)
    assert lost.min() >= -1e-12
    assert lost.max() > 0.05


def test_payments_spread_by_the_errors_restore_the_welfare_order() -> None:
    """V / (1 - a - b) between verdicts, - a V / (1 - a - b) in both: worth p V in expectation, whoever is hired.

    So the truth about ability is dominant again, and the best surplus is hired, where a + b < 1 are known.
    """
    scale = 1.0 / (1.0 - FALSE_PASS - FALSE_FAIL)
    award = posted(P, CONTINGENT).award(CONTINGENT)
    bar = -award.pay_failure
    shift = np.where(award.hired, -FALSE_PASS * scale, 0.0)
    repaired = Award(
        award.hired, np.where(award.hired, scale - bar, 0.0) + shift, award.pay_failure + shift, award.by_tie
    )
    expected = np.where(award.hired, P - C - bar, 0.0)
    np.testing.assert_allclose(gain(repaired), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(welfare(award), np.maximum(0.0, (P - C).max(axis=-1)), rtol=0, atol=1e-12)
    principal = np.where(award.hired, P, 0.0) - expected_payment(repaired)
    np.testing.assert_allclose(principal, bar, rtol=0, atol=1e-12)


def test_redundant_hiring_maximises_what_is_accepted_not_what_is_true() -> None:
    """V (1 - prod (1 - v)) - sum c: a false pass counts as solved, so the true welfare falls short of its best."""
    rule = lookup("k_redundant")()
    told_v, told_p = posted(V, rule).award(rule), posted(P, rule).award(rule)
    lost = welfare(told_p) - welfare(told_v)
    assert lost.min() >= -1e-12
    assert lost.max() > 0.05
