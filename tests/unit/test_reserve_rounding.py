"""A computed reserve is a round number of billionths of a dollar; a stated one is kept as it stands."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kit.arrays import FloatArray
from sim.kit.draws import words_range
from sim.market.escalation import Escalation
from sim.mechanisms import lookup
from sim.specs.reserve_price import parse_reserve, rounded
from tests.scenes import scene


def drawn(policy: object, value: FloatArray) -> FloatArray:
    return parse_reserve(policy).draw(value, 5, *(words_range(size) for size in value.shape))


def test_a_share_of_the_value_admits_the_ask_it_names() -> None:
    """.57 x 100 is 56.99999999999999 in floats."""
    reserve = drawn({"share_of_value": 0.57}, np.full((2, 3), 100.0))
    assert (reserve == 57.0).all()
    award = scene([57.0, 60.0], 0.9, value=100.0, reserve=reserve[0, 0]).award(lookup("first_price")())
    assert award.hired.tolist() == [True, False]


@pytest.mark.parametrize("share", [0.07, 0.29, 0.55, 0.57, 0.58])
@pytest.mark.parametrize("value", [1.0, 3.0, 100.0, 1000.0])
def test_a_share_in_cents_of_whole_dollars_is_exact(share: float, value: float) -> None:
    cents = round(share * 100) * round(value)
    assert drawn({"share_of_value": share}, np.array([[value]])).item() == cents / 100


@pytest.mark.parametrize("policy", [{"uniform": [0.25, 2.0]}, {"best_reserve": {"power": {"high": 3.0, "shape": 0.5}}}])
def test_what_is_drawn_or_computed_is_a_number_of_billionths(policy: dict[str, object]) -> None:
    value = np.linspace(0.3, 1.7, 35).reshape(5, 7) ** 3
    reserve = drawn(policy, value)
    np.testing.assert_array_equal(reserve, np.array([float(f"{x:.9f}") for x in reserve.ravel()]).reshape(5, 7))


def test_what_is_stated_is_kept_to_the_last_digit() -> None:
    value = np.array([[1 / 3, 2 / 3, 0.1 + 0.2]])
    assert (drawn("value", value) == value).all()
    assert (drawn({"share_of_value": 1}, value) == value).all()
    assert (drawn(25 / 90, value) == 25 / 90).all()


def test_a_share_of_at_most_1_stays_within_the_value() -> None:
    value = np.array([[0.9999999996, 1 / 3]])
    assert (drawn({"share_of_value": 1 - 1e-12}, value) <= value).all()


def test_beyond_what_floats_hold_nothing_is_rounded() -> None:
    dollars = np.array([2.0**40 + 0.3, 12345678.9])
    np.testing.assert_array_equal(rounded(dollars), dollars)


def test_a_raised_reserve_admits_the_ask_it_comes_to() -> None:
    """3 x 1.1 is 3.3000000000000003 and 57 x 1.15 is 65.55 less one bit, in floats."""
    rule = Escalation(unfilled_factor=1.15)
    assert rule.after_unfilled(57.0, 57.0) == 65.55
    assert rule.after_failure(np.array([3.0, 3.0]), 3.0, np.array([1, 2])).tolist() == [3.0, 3.3]
