"""Contingent contracts: who bears the risk, payoff equivalence, limited liability, and why advice does not mend them.

s = p V - c, x = (1 - p) max(0, bar - L). Rivals bid anything at all unless a test says they are truthful.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.kit.arrays import BoolArray, FloatArray, Status, settle
from sim.mechanisms import Mechanism, lookup
from sim.mechanisms.contingent import Contingent
from tests.scenes import Scene, chance, random_scene, scene, truthful, utility

SIZE, N = 2000, 4
FIRST: BoolArray = np.broadcast_to(np.arange(N) == 0, (SIZE, N))
UNLIMITED = Contingent(bond=np.inf)
BONDS = pytest.mark.parametrize("bond", [0.0, 0.1, 0.25, 0.5])
SETTLEMENTS = pytest.mark.parametrize("settlement", ["truncated", "compensated"])


def bar_of(whole: Scene) -> FloatArray:
    """max(V - r, best q V - a among the other agents whose bid counts), seen by agent 0, (SIZE,)."""
    score = np.where(whole.bids.active, whole.bids.claim * whole.tender.value[:, None] - whole.bids.ask, -np.inf)
    return np.maximum(whole.tender.value - whole.tender.reserve, score[:, 1:].max(axis=-1))


def within_value(whole: Scene) -> Scene:
    """The same with no reserve above the value."""
    return whole._replace(tender=replace(whole.tender, reserve=np.minimum(whole.tender.reserve, whole.tender.value)))


@SETTLEMENTS
@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL])
def test_without_a_limit_the_principal_is_left_with_the_bar_in_both_states(status, settlement) -> None:
    whole = random_scene((SIZE,), N, "contingent")
    award = whole.award(Contingent(bond=np.inf, settlement=settlement))
    mine = award.hired[:, 0]
    paid = settle(award, np.where(award.hired, status, Status.NONE)).sum(axis=-1)
    left = whole.tender.value * (status == Status.PASS) - paid
    assert mine.mean() > 0.1
    np.testing.assert_allclose(left[mine], bar_of(whole)[mine], rtol=0, atol=1e-12)


def test_without_a_limit_utility_does_not_depend_on_the_claim_while_hired() -> None:
    whole = random_scene((SIZE,), N, "contingent")
    p, c = chance("contingent/p", SIZE, 1), chance("contingent/c", SIZE, 1)
    lead = p[:, 0] * whole.tender.value - c[:, 0] - bar_of(whole)
    for claim in (0.0, 0.1, 0.5, 1.0):
        told = whole.with_bids(claim=np.where(FIRST, claim, whole.bids.claim)).award(UNLIMITED)
        mine = told.hired[:, 0]
        np.testing.assert_allclose(utility(told, p, c)[mine, 0], lead[mine], rtol=0, atol=1e-12)


def test_penalty_plays_no_part() -> None:
    whole = random_scene((SIZE,), N, "contingent")
    free = whole._replace(tender=replace(whole.tender, penalty=np.zeros(SIZE)))
    for rule in Contingent.examples():
        np.testing.assert_array_equal(whole.award(rule).pay_failure, free.award(rule).pay_failure)


def types(purpose: str) -> tuple[FloatArray, FloatArray]:
    return chance(f"{purpose}/p", SIZE, N, low=0.05), chance(f"{purpose}/c", SIZE, N, high=0.6)


def expected_payment(rule: Mechanism, p: FloatArray, c: FloatArray, value: FloatArray) -> FloatArray:
    """E[payment] of every agent at the truth, (SIZE, N)."""
    posted = scene(p, p, value=value, reserve=0.9 * value, lottery=chance("equivalence/lottery", SIZE, N))
    return utility(truthful(rule, posted, p, c, p > 0).award(rule), p, 0.0)


def test_payoff_equivalence_at_the_truth() -> None:
    """Surplus second score, contingent, and compensated at every bond promise each agent the same expectation."""
    p, c = types("equivalence")
    value = chance("equivalence/V", SIZE, low=0.5, high=2.0)
    paid = expected_payment(lookup("second_score")(score="q(V-a)"), p, c, value)
    assert (paid > 0).any(axis=-1).mean() > 0.5
    rules = [UNLIMITED, *(Contingent(bond=bond, settlement="compensated") for bond in (0.0, 0.1, 0.4, 2.0))]
    for rule in rules:
        np.testing.assert_allclose(expected_payment(rule, p, c, value), paid, rtol=0, atol=1e-12)


@BONDS
def test_truncation_gives_a_truthful_winner_x_more(bond) -> None:
    p, c = types("equivalence")
    value = chance("equivalence/V", SIZE, low=0.5, high=2.0)
    rule = Contingent(bond=bond)
    honest = truthful(rule, scene(p, p, value=value, reserve=0.9 * value), p, c, p > 0)
    plain, cut = honest.award(UNLIMITED), honest.award(rule)
    x = (1.0 - p) * np.maximum(0.0, -plain.pay_failure - bond)
    np.testing.assert_allclose(utility(cut, p, c), utility(plain, p, c) + x, rtol=0, atol=1e-12)


def test_compensated_without_a_bond_is_the_surplus_second_score() -> None:
    """Asks c under one, c / p under the other, field by field; claims down to .01, reserves up to the value."""
    whole = within_value(random_scene((SIZE,), N, "equal rules"))
    whole = whole._replace(tender=replace(whole.tender, penalty=np.zeros(SIZE)))
    whole = whole.with_bids(claim=np.maximum(whole.bids.claim, 0.01))
    price = whole.with_bids(ask=whole.bids.ask / whole.bids.claim)
    found = whole.award(Contingent(bond=0.0, settlement="compensated"))
    expected = price.award(lookup("second_score")(score="q(V-a)"))
    np.testing.assert_array_equal(found.hired, expected.hired)
    np.testing.assert_array_equal(found.by_tie, expected.by_tie)
    np.testing.assert_allclose(found.pay_failure, expected.pay_failure, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.pay_success, expected.pay_success, rtol=1e-12, atol=1e-12)


def test_both_settlements_are_the_same_without_a_limit() -> None:
    whole = random_scene((SIZE,), N, "same").with_bids(claim=np.round(chance("same/claim", SIZE, N), 1))
    truncated, compensated = (whole.award(Contingent(bond=np.inf, settlement=s)) for s in ("truncated", "compensated"))
    for name, column in vars(truncated).items():
        np.testing.assert_array_equal(column, getattr(compensated, name))


@SETTLEMENTS
@BONDS
def test_bond_binds_where_the_bar_exceeds_it(bond, settlement) -> None:
    whole, rule = random_scene((SIZE,), N, "binding"), Contingent(bond=bond, settlement=settlement)
    award = whole.award(rule)
    binds = rule.binding(*whole[:3], award)
    unlimited = whole.award(UNLIMITED)
    np.testing.assert_array_equal(binds, award.hired & (-unlimited.pay_failure > bond))
    assert not UNLIMITED.binding(*whole[:3], unlimited).any()
    assert binds.any()


def best_lie(rule: Mechanism, honest: Scene, p: FloatArray, c: FloatArray) -> FloatArray:
    """Most that agent 0 expects from any of a grid of claims, at the two asks next to where its award changes.

    A contract does not depend on the ask, which decides only whether the agent is hired: all asks are covered.
    """
    best = np.zeros(SIZE)
    value, bar = honest.tender.value, bar_of(honest)
    for claim in (1e-6, 0.05, 0.2, 0.5, 0.9, 1.0):
        ask = np.where(FIRST, (claim * value - bar - 1e-9)[:, None], honest.bids.ask)
        told = honest.with_bids(ask=ask, claim=np.where(FIRST, claim, honest.bids.claim))
        best = np.maximum(best, utility(told.award(rule), p, c)[:, 0])
    return best


@SETTLEMENTS
@BONDS
def test_best_lie_under_limited_liability_has_a_closed_form(bond, settlement) -> None:
    """max(0, s - bar + x), met with lying rivals; the truth s - bar + x (truncated) or s - bar where s >= bar."""
    rule = Contingent(bond=bond, settlement=settlement)
    p, c = chance("limited/p", SIZE, 1, low=0.05), chance("limited/c", SIZE, 1)
    rivals = within_value(random_scene((SIZE,), N, "limited"))
    honest = truthful(rule, rivals, p, c, FIRST)
    bar, surplus = bar_of(honest), p[:, 0] * rivals.tender.value - c[:, 0]
    x = (1.0 - p[:, 0]) * np.maximum(0.0, bar - bond)
    truth = np.where(surplus >= bar, surplus - bar + (x if settlement == "truncated" else 0.0), 0.0)
    np.testing.assert_allclose(utility(honest.award(rule), p, c)[:, 0], truth, rtol=0, atol=1e-9)
    best = np.maximum(best_lie(rule, honest, p, c), truth)
    np.testing.assert_allclose(best, np.maximum(0.0, surplus - bar + x), rtol=0, atol=1e-9)
    assert (best - truth <= (1.0 - p[:, 0]) * np.maximum(0.0, rivals.tender.value - bond) + 1e-9).all()
    assert (best - truth).max() > 0.05


def test_ranking_by_advice_moves_the_dominant_ask_and_restores_the_agents_own_belief() -> None:
    """A contract pays whatever the claim, so advice in its place only ranks: the best ask is c - (p - w) V.

    Asked so, w V - a = p V - c: the agent is hired exactly when its own belief says it should be. Asking c loses.
    """
    whole = random_scene((SIZE,), N, "advised")
    p, c = chance("advised/p", SIZE, 1), chance("advised/c", SIZE, 1)
    value, advice = whole.tender.value[:, None], whole.standing.advice
    ranked = whole.with_bids(claim=advice)

    def worth(ask: FloatArray) -> FloatArray:
        told = ranked.with_bids(ask=np.where(FIRST, ask, ranked.bids.ask), active=ranked.bids.active | FIRST)
        return utility(told.award(UNLIMITED), p, c)[:, 0]

    own = worth(c - (p - advice) * value)
    lead = p[:, 0] * whole.tender.value - c[:, 0] - bar_of(ranked)
    np.testing.assert_allclose(own, np.maximum(0.0, lead), rtol=0, atol=1e-9)
    for ask in np.linspace(-1.5, 2.0, 71):
        assert (worth(np.full((SIZE, 1), ask)) - own).max() <= 1e-9
    assert (own - worth(c)).max() > 0.5


def test_hybrid_keeps_the_break_even_ask_dominant_whatever_the_advice() -> None:
    rule, whole = lookup("hybrid")(), random_scene((SIZE,), N, "advised")
    p, c = chance("advised/p", SIZE, 1, low=0.05), chance("advised/c", SIZE, 1)
    honest = truthful(rule, whole, p, c, FIRST).with_bids(claim=whole.bids.claim)
    truth = utility(honest.award(rule), p, c)[:, 0]
    for ask in np.linspace(-0.5, 2.0, 51):
        lie = honest.with_bids(ask=np.where(FIRST, ask, honest.bids.ask))
        assert (utility(lie.award(rule), p, c)[:, 0] - truth).max() <= 1e-9


def test_hybrid_hires_nobody_without_advice() -> None:
    award = scene([0.1, 0.2], 0.9, advice=[np.nan, 0.8]).award(lookup("hybrid")())
    assert award.hired.tolist() == [False, True]
    assert award.pay_success[1] == pytest.approx(1.0)


def test_hybrid_with_exact_advice_is_the_surplus_second_score() -> None:
    whole = random_scene((SIZE,), N, "exact advice").with_bids(claim=chance("exact advice/advice", SIZE, N))
    found, expected = whole.award(lookup("hybrid")()), whole.award(lookup("second_score")(score="q(V-a)"))
    for name, column in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), column)
