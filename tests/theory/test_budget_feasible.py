"""Budget feasibility: the budget holds, payments are critical asks, and what the rule does not guarantee."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from sim.mechanisms import lookup
from tests import reference
from tests.reference import Agent, Task
from tests.scenes import chance, random_scene, scene, scene_of

VALUES = pytest.mark.parametrize("values", ["advice", "equal"])


@VALUES
def test_payments_stay_within_the_budget_and_cover_the_asks(values: str) -> None:
    whole = random_scene((4000,), 6, "budget")
    award = whole.award(lookup("budget_feasible")(values=values))
    assert award.hired.sum(axis=-1).max() >= 4
    assert (award.pay_success.sum(axis=-1) - whole.tender.reserve).max() <= 1e-12
    assert (award.pay_success - whole.bids.ask)[award.hired].min() >= -1e-12
    np.testing.assert_array_equal(award.pay_success, award.pay_failure)


@VALUES
def test_payment_is_the_largest_ask_that_is_still_taken(values: str) -> None:
    asks, advice = chance("critical share/ask", 60, 5, high=0.6), chance("critical share/advice", 60, 5, low=0.05)
    rule = partial(reference.budget_feasible, values=values)
    for row in range(60):
        agents = [Agent(float(a), advice=float(v)) for a, v in zip(asks[row], advice[row], strict=True)]
        award = scene_of(agents, Task(reserve=0.9)).award(lookup("budget_feasible")(values=values))
        for who in np.flatnonzero(award.hired).tolist():
            largest = reference.largest_winning_ask(rule, agents, Task(reserve=0.9), who)
            assert award.pay_success[who] == pytest.approx(largest, abs=1e-9)


def test_cheap_agent_worth_little_keeps_out_the_one_worth_everything() -> None:
    """So no share of the best value is guaranteed: here a tenth is bought where 1 could be."""
    award = scene([1.0, 0.01], 0.5, advice=[1.0, 0.1]).award(lookup("budget_feasible")())
    assert award.hired.tolist() == [False, True]


@pytest.mark.parametrize(("reserve", "hired", "by_tie"), [(1.0, 4, False), (0.7, 3, True), (0.1, 0, False)])
def test_luck_decides_who_of_equals_is_left_out(reserve: float, hired: int, by_tie: bool) -> None:
    award = scene([0.2] * 4, 0.5, advice=0.5, reserve=reserve, lottery=[0.4, 0.9, 0.1, 0.2]).award(
        lookup("budget_feasible")()
    )
    assert award.hired.sum() == hired
    assert bool(award.by_tie) is by_tie
    assert award.hired[1] == (hired == 4)


def test_luck_decides_where_only_the_small_one_of_two_equals_fits() -> None:
    """Both cost 1 per value; first the small one fits beside what is taken, the large one never does."""
    small_first = scene([0.5, 0.8], 0.5, advice=[0.5, 0.8], reserve=0.6, lottery=[0.1, 0.2])
    large_first = scene([0.5, 0.8], 0.5, advice=[0.5, 0.8], reserve=0.6, lottery=[0.2, 0.1])
    for posted, hired in ((small_first, [True, False]), (large_first, [False, False])):
        award = posted.award(lookup("budget_feasible")())
        assert award.hired.tolist() == hired
        assert award.by_tie


def test_luck_decides_where_one_of_two_equals_uses_up_the_budget() -> None:
    """.125 is taken; of two at .25 the first exactly fits, .25 x 2 = .5 x 1, and the second never does."""
    for lottery, hired in (([0.1, 0.2, 0.3], [True, True, False]), ([0.1, 0.3, 0.2], [True, False, True])):
        posted = scene([0.125, 0.25, 0.25], 0.5, reserve=0.5, lottery=lottery, advice=1.0)
        award = posted.award(lookup("budget_feasible")())
        assert award.hired.tolist() == hired
        assert award.by_tie
