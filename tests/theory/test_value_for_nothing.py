"""Value per dollar where an attempt costs nothing: the score is infinite, and infinite scores rank by claim x value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sim.kit.arrays import FloatArray, Standing, Tender
from sim.market.rounds import assign_round
from sim.mechanisms import CriticalScoreRule, lookup
from sim.mechanisms.score import value_per_dollar
from tests.scenes import scene

FORM = "qV/(a+ec)"


@dataclass(frozen=True)
class PerDollar(CriticalScoreRule):
    """The same score as a rule of one's own, whose critical ask is found by bisection."""

    summary = "value per dollar"

    def score(self, ask: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        return value_per_dollar(claim * tender.value[..., None], ask + standing.expected_cost)


RULES = [lookup("first_score")(score=FORM), lookup("second_score")(score=FORM), PerDollar()]
every = pytest.mark.parametrize("rule", RULES, ids=["first", "second", "own"])


@every
def test_the_higher_claim_wins_whatever_the_lottery(rule) -> None:
    free = scene([0.0, 0.0, 0.1], [0.3, 0.8, 0.9], value=2.0, reserve=1.5, lottery=[0.1, 0.9, 0.5])
    award = free.award(rule)
    assert award.hired.tolist() == [False, True, False]
    assert not award.by_tie
    assert award.pay_success.tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-300)  # any ask above 0 would lose


@every
def test_equal_claims_are_left_to_the_lottery(rule) -> None:
    award = scene([0.0, 0.0, 0.0], [0.3, 0.8, 0.8], value=2.0, lottery=[0.1, 0.9, 0.5]).award(rule)
    assert award.hired.tolist() == [False, False, True]
    assert award.by_tie


@every
def test_finite_scores_tie_as_before(rule) -> None:
    """.3 / .15 = .8 / .4: neither the higher claim nor the lower ask decides."""
    award = scene([0.15, 0.4], [0.3, 0.8], value=2.0, lottery=[0.1, 0.9]).award(rule)
    assert award.hired.tolist() == [True, False]
    assert award.by_tie


def test_the_better_claim_for_nothing_may_ask_what_leaves_it_infinite() -> None:
    """Expected cost .2: the winner may ask -.2, the largest ask at which its score is still infinite."""
    posted = scene([-0.25, -0.5], [0.8, 0.3], value=2.0, expected_cost=0.2)
    for rule in RULES[1:]:
        assert posted.award(rule).pay_success.tolist() == pytest.approx([-0.2, 0.0])


@every
def test_greedy_rounds_take_the_greater_claim_x_value_first(rule) -> None:
    """One agent, free on both tasks: .4 x 3 before .8 x 1."""
    posted = scene([[0.0], [0.0]], [[0.8], [0.4]], value=[1.0, 3.0], reserve=[0.5, 2.0])
    award = assign_round(rule, "greedy", *posted)
    assert award.hired.tolist() == [[False], [True]]
    assert np.isinf(rule.scores(*posted[:3])).all()
