"""Score auctions: the welfare order, the critical ask, payoff equivalence, and the value of claiming 1."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from sim.mechanisms import lookup
from tests import reference
from tests.reference import Agent, Task
from tests.scenes import chance, random_scene, scene, scene_of, truthful, utility

SIZE = 2000
FORMS = pytest.mark.parametrize("form", ["qV-a", "q(V-a)"])


@pytest.mark.parametrize("name", ["first_score", "second_score"])
def test_general_form_equals_expected_surplus_at_break_even_asks(name) -> None:
    """q (V - a) = p V - c when q = p and a = c / p."""
    rule = lookup(name)(score="q(V-a)")
    p, c = chance("scores/p", SIZE, 4, low=0.05), chance("scores/c", SIZE, 4)
    value = chance("scores/V", SIZE, low=0.5, high=2.0)
    honest = truthful(rule, scene(p, p, value=value, reserve=value * 0.875), p, c, p > 0)
    np.testing.assert_allclose(rule.scores(*honest[:3]), p * value[:, None] - c, rtol=0, atol=1e-12)


@FORMS
@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_second_score_pays_the_brute_force_critical_ask(form, penalty) -> None:
    asks, claims = chance("critical/ask", 60, 3, high=0.6), chance("critical/claim", 60, 3, low=0.1)
    definition = partial(reference.first_score, form=form)
    for row in range(60):
        agents = [Agent(float(a), float(q)) for a, q in zip(asks[row], claims[row], strict=True)]
        task = Task(1.0, 0.9, 0.0 if form == "q(V-a)" else penalty)
        award = scene_of(agents, task).award(lookup("second_score")(score=form))
        for who in np.flatnonzero(award.hired).tolist():
            largest = reference.largest_winning_ask(definition, agents, task, who)
            assert award.pay_success[who] == pytest.approx(largest, abs=1e-9)


@FORMS
@pytest.mark.parametrize("nudge", [-1e-9, 1e-9])
def test_second_score_winner_still_wins_just_below_its_pay_and_loses_just_above(form, nudge) -> None:
    rule = lookup("second_score")(score=form)
    whole = random_scene((SIZE,), 4, "nudge")
    award = whole.award(rule)
    moved = whole.with_bids(ask=np.where(award.hired, award.pay_success + nudge, whole.bids.ask)).award(rule)
    still = (moved.hired & award.hired)[award.hired]
    # A nudge of 1e-9 in the ask moves the score by the claim times as much: claims below 1e-3 are left out.
    clear = whole.bids.claim[award.hired] > 1e-3
    assert (still == (nudge < 0))[clear].all()


@FORMS
def test_second_score_ask_is_dominant_at_any_claim(form) -> None:
    """Against arbitrary rivals and whatever the agent claims, no ask beats the break-even price."""
    rule = lookup("second_score")(score=form)
    rivals = random_scene((SIZE,), 4, "any claim")
    first = np.broadcast_to(np.arange(4) == 0, (SIZE, 4))
    p, c = chance("any claim/p", SIZE, 1, low=0.05), chance("any claim/c", SIZE, 1)
    honest = truthful(rule, rivals, p, c, first).with_bids(claim=rivals.bids.claim)
    truth = utility(honest.award(rule), p, c)[:, 0]
    for ask in np.linspace(0.0, 2.0, 21):
        lie = honest.with_bids(ask=np.where(first, ask, honest.bids.ask))
        assert (utility(lie.award(rule), p, c)[:, 0] - truth).max() <= 1e-9


@FORMS
def test_claiming_one_keeps_the_winner_and_never_lowers_its_price(form) -> None:
    rule = lookup("second_score")(score=form)
    whole = random_scene((SIZE,), 4, "boast")
    within = np.minimum(whole.tender.reserve, whole.tender.value)
    whole = whole._replace(tender=replace(whole.tender, reserve=within, penalty=np.zeros(SIZE)))
    before = whole.award(rule)
    after = whole.with_bids(claim=np.where(before.hired, 1.0, whole.bids.claim)).award(rule)
    assert (after.hired == before.hired).all()
    assert (after.pay_success - before.pay_success).min() >= -1e-12


@pytest.mark.parametrize("name", ["first_score", "second_score"])
def test_claim_of_zero_is_never_hired(name) -> None:
    """Where the reserve exceeds the value, a score of 0 is above the least one."""
    assert not scene([0.0], 0.0, value=0.5).award(lookup(name)(score="q(V-a)")).hired.any()


@pytest.mark.parametrize("posting", [{}, {"reserve": 1.2}], ids=["plain", "reserve above value"])
@pytest.mark.parametrize("claim", [1e-9, 1e-310])
def test_vanishing_claim_is_promised_finite_money(claim, posting) -> None:
    """The critical ask divides by the claim; an award must be finite."""
    award = scene([0.1], claim, **posting).award(lookup("second_score")(score="q(V-a)"))
    assert np.isfinite(award.pay_success).all()


@FORMS
@pytest.mark.parametrize("name", ["first_score", "second_score"])
def test_nobody_at_claim_one_is_paid_more_than_the_reserve(name, form) -> None:
    whole = random_scene((SIZE,), 3, "reserve")
    award = whole.with_bids(claim=np.ones((SIZE, 3))).award(lookup(name)(score=form))
    assert (award.pay_success <= whole.tender.reserve[:, None] + 1e-12).all()
