"""How the reserve rises on re-posting, in dollars and in the live engine's whole credits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.market.escalation import Escalation
from tests.reference import bounty_after_failure, bounty_after_no_fill
from tests.tried import tried

CREDITS = 90.0
reserves = st.floats(0.01, 10.0)


def test_unfilled_bounties_are_the_live_engines() -> None:
    rule, wrong = Escalation(credits_per_dollar=CREDITS), []
    for first in range(1, 301):
        bounty, reserve = first, first / CREDITS
        for _ in range(8):
            bounty, reserve = bounty_after_no_fill(bounty, first), rule.after_unfilled(reserve, first / CREDITS)
            if abs(reserve * CREDITS - bounty) > 1e-6:
                wrong.append((first, bounty, reserve * CREDITS))
                break
    assert wrong == [], "(first bounty, live engine's bounty, bounty here)"


def test_bounties_after_failures_are_the_live_engines() -> None:
    rule, wrong = Escalation(credits_per_dollar=CREDITS), []
    for first in range(1, 301):
        bounty, reserve = first, first / CREDITS
        for failures in range(1, 17):
            bounty = bounty_after_failure(bounty, first, failures)
            reserve = rule.after_failure(reserve, first / CREDITS, failures)
            if abs(reserve * CREDITS - bounty) > 1e-6:
                wrong.append((first, bounty, reserve * CREDITS))
                break
    assert wrong == [], "(first bounty, live engine's bounty, bounty here)"


@tried(100)
@given(reserve=reserves, raised=st.floats(1.0, 2.0))
def test_in_dollars_an_unfilled_reserve_rises_by_its_factor_up_to_the_cap(reserve: float, raised: float) -> None:
    exact = min(2.0 * reserve, 1.15 * (raised * reserve))
    assert Escalation().after_unfilled(raised * reserve, reserve) == max(raised * reserve, round(exact, 9))


@tried(100)
@given(reserve=reserves, failures=st.integers(0, 9), every=st.integers(1, 4))
def test_in_dollars_only_every_nth_failure_raises(reserve: float, failures: int, every: int) -> None:
    raised = failures > 0 and failures % every == 0
    expected = max(reserve, round(1.10 * reserve, 9)) if raised else reserve
    assert Escalation(every=every).after_failure(reserve, reserve, failures) == expected


@tried(100)
@given(
    first=reserves,
    raised=st.floats(1.0, 2.0),
    credit=st.sampled_from([None, 1.0, 64.0, 90.0]),
    factor=st.floats(1.0, 3.0),
    cap=st.floats(2.0, 4.0),
)
def test_reserve_never_falls_and_never_passes_the_cap(
    first: float, raised: float, credit: float | None, factor: float, cap: float
) -> None:
    rule = Escalation(unfilled_factor=factor, failed_factor=factor, every=1, cap=cap, credits_per_dollar=credit)
    reserve = raised * first
    for after in (rule.after_unfilled(reserve, first), rule.after_failure(reserve, first, 1)):
        assert reserve * (1 - 1e-12) <= after <= cap * first * (1 + 1e-12) + 5e-10


@pytest.mark.parametrize("credit", [None, CREDITS])
def test_factors_of_one_never_raise(credit: float | None) -> None:
    rule = Escalation(unfilled_factor=1.0, failed_factor=1.0, every=1, credits_per_dollar=credit)
    assert rule.after_unfilled(0.7, 0.7) == 0.7
    assert rule.after_failure(0.7, 0.7, 1) == 0.7


def test_a_cap_of_one_never_raises() -> None:
    assert Escalation(cap=1.0).after_unfilled(0.7, 0.7) == 0.7
