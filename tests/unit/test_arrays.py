"""Constructors refuse what breaks a rule, naming array, rule, value and place; `settle` pays by status."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from sim.kit.arrays import Award, Bids, Menu, Standing, Status, Tender, frozen, settle
from sim.kit.errors import ArrayError

NAN, INF = np.nan, np.inf
GOOD: dict[type, dict[str, Any]] = {
    Bids: {"ask": [0.3, 0.1], "claim": [0.9, 0.5], "active": [True, True]},
    Menu: {"budgets": [0.1, INF], "claim": [0.3, 0.5], "ask": [0.05, 0.2]},
    Tender: {"value": [1.0, NAN], "reserve": [1.0, 0.0], "penalty": [0.0, 2.0], "posting": [0, 3]},
    Standing: {"reputation": [1.0, 0.5], "expected_cost": [0.1, NAN], "advice": [NAN, 1.0]},
    Award: {"hired": [True, False], "pay_success": [0.4, 0.0], "pay_failure": [-0.5, 0.0], "by_tie": np.False_},
}
every_type = pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)


@pytest.mark.parametrize(
    ("kind", "name", "values", "message"),
    [
        (Bids, "ask", [0.3, INF], r"ask must be finite where active; got inf at \(1,\)"),
        (Bids, "ask", [NAN, 0.1], r"ask must be finite where active; got nan at \(0,\)"),
        (Bids, "claim", [0.9, 1.3], r"claim must lie in \[0, 1\]; got 1.3 at \(1,\)"),
        (Bids, "claim", [-0.1, 0.5], r"claim must lie in \[0, 1\]; got -0.1 at \(0,\)"),
        (Bids, "claim", [NAN, 0.5], r"claim must lie in \[0, 1\]; got nan at \(0,\)"),
        (Bids, "menu", [1, 2], r"menu must be a Menu; got list"),
        (Bids, "menu", Menu([0.1], [0.5], [0.1]), r"menu must have shape \(2,\) and budgets; got \(1,\)"),
        (Menu, "budgets", [0.2, 0.1], r"budgets must be >= 0 and ascend; got 0.1 at \(1,\)"),
        (Menu, "budgets", [0.1, 0.2, 0.3], r"shapes must agree, one budget for each plan, \(2,\); got \(3,\)"),
        (Menu, "ask", [0.1], r"shapes must agree; got claim \(2,\), ask \(1,\)"),
        (Tender, "value", [1.0, INF], r"value must be finite or NaN; got inf at \(1,\)"),
        (Tender, "reserve", [-0.5, 1.0], r"reserve must be finite and >= 0; got -0.5 at \(0,\)"),
        (Tender, "reserve", [1.0, NAN], r"reserve must be finite and >= 0; got nan at \(1,\)"),
        (Tender, "penalty", [0.0, -2.0], r"penalty must be finite and >= 0; got -2.0 at \(1,\)"),
        (Tender, "posting", [0, -1], r"posting must be >= 0; got -1 at \(1,\)"),
        (Tender, "posting", [0.0, 1.0], r"posting must be whole numbers; got dtype float64"),
        (Standing, "reputation", [1.0, -0.1], r"reputation must be finite and >= 0; got -0.1 at \(1,\)"),
        (Standing, "reputation", [NAN, 1.0], r"reputation must be finite and >= 0; got nan at \(0,\)"),
        (Standing, "expected_cost", [-1.0, 1.0], r"expected_cost must be >= 0 or NaN; got -1.0 at \(0,\)"),
        (Standing, "expected_cost", [INF, 1.0], r"expected_cost must be >= 0 or NaN; got inf at \(0,\)"),
        (Standing, "advice", [0.5, -0.5], r"advice must be >= 0 or NaN; got -0.5 at \(1,\)"),
        (Award, "pay_success", [INF, 0.0], r"pay_success must be finite; got inf at \(0,\)"),
        (Award, "pay_success", [1e308, 0.0], r"pay_success must be from -1e\+15 to 1e\+15; got 1e\+308 at \(0,\)"),
        (Award, "pay_failure", [-1e16, 0.0], r"pay_failure must be from -1e\+15 to 1e\+15; got -1e\+16 at \(0,\)"),
        (Award, "pay_success", [0.4, 0.2], r"pay_success must be 0 where not hired; got 0.2 at \(1,\)"),
        (Award, "pay_failure", [0.0, -0.2], r"pay_failure must be 0 where not hired; got -0.2 at \(1,\)"),
        (Award, "by_tie", [False, False], r"by_tie must have shape \(\); got \(2,\)"),
    ],
)
def test_bad_value_is_refused_by_name_rule_value_and_place(kind: type, name: str, values: Any, message: str) -> None:
    with pytest.raises(ArrayError, match=f"^{message}$"):
        kind(**GOOD[kind] | {name: values})


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, f.name) for kind in GOOD for f in fields(kind) if f.name != "menu"],
    ids=lambda x: getattr(x, "__name__", x),
)
@pytest.mark.parametrize("values", [["a", "b"], [1j, 2j], [None, None]], ids=["strings", "complex", "objects"])
def test_other_types_are_refused_not_coerced(kind: type, name: str, values: Any) -> None:
    with pytest.raises(ArrayError, match=f"^{name} must be (real numbers|booleans|whole numbers); got dtype"):
        kind(**GOOD[kind] | {name: values})


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        (Bids, "ask", [True, False]),
        (Bids, "active", [1, 0]),
        (Award, "hired", [1, 0]),
        (Award, "by_tie", 0),
        (Tender, "posting", [True, False]),
    ],
)
def test_booleans_and_numbers_are_not_mixed(kind: type, name: str, values: Any) -> None:
    with pytest.raises(ArrayError, match=f"^{name} must be"):
        kind(**GOOD[kind] | {name: values})


@every_type
def test_shapes_that_disagree_are_refused(kind: type) -> None:
    name = fields(kind)[1].name
    with pytest.raises(ArrayError, match=rf"shapes must agree; got .*{name} \(3,\)"):
        kind(**GOOD[kind] | {name: np.zeros(3)})


@every_type
def test_error_is_a_value_error_too(kind: type) -> None:
    with pytest.raises(ValueError, match="shapes must agree"):
        kind(**GOOD[kind] | {fields(kind)[0].name: np.zeros(3, np.asarray(GOOD[kind][fields(kind)[0].name]).dtype)})


@every_type
def test_good_arrays_are_copied_and_read_only(kind: type) -> None:
    given = {name: np.array(values) for name, values in GOOD[kind].items()}
    built = kind(**given)
    for name, mine in given.items():
        held = getattr(built, name)
        np.testing.assert_array_equal(held, mine)
        assert not np.shares_memory(held, mine)
        assert not held.flags.writeable
        assert mine.flags.writeable


@pytest.mark.parametrize(("ask", "claim"), [(NAN, NAN), (INF, 7.0), (-INF, -1.0)])
def test_inactive_bid_may_hold_anything(ask: float, claim: float) -> None:
    assert not Bids(ask=[ask], claim=[claim], active=[False]).active.any()


def test_index_of_a_bad_value_has_one_number_for_each_axis() -> None:
    claim = np.full((2, 3, 4), 0.5)
    claim[1, 0, 2] = -1.0
    with pytest.raises(ArrayError, match=r"got -1.0 at \(1, 0, 2\)"):
        Bids(ask=claim, claim=claim, active=np.ones((2, 3, 4), np.bool_))


@pytest.mark.parametrize("leading", [(), (0,), (3,), (2, 3)])
def test_no_agents_is_a_posting_too(leading: tuple[int, ...]) -> None:
    none = np.zeros((*leading, 0))
    assert Bids(ask=none, claim=none, active=none > 0).ask.shape == (*leading, 0)
    assert settle(Award(none > 0, none, none, np.zeros(leading, np.bool_)), none).shape == (*leading, 0)


def test_scalar_tender_is_one_posting() -> None:
    assert Tender(np.float64(1.0), np.float64(0.5), np.float64(0.0), np.int64(0)).reserve.shape == ()


def test_frozen_leaves_the_callers_array_writeable() -> None:
    mine = np.zeros(2)
    view = frozen(mine)
    mine[0] = 1.0
    assert view[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 2.0


@pytest.mark.parametrize(
    ("status", "payment"), [(Status.PASS, 0.4), (Status.FAIL, -0.5), (Status.INFRA, 0.0), (Status.NONE, 0.0)]
)
def test_settle_pays_by_status(status: Status, payment: float) -> None:
    award = Award([True], [0.4], [-0.5], np.False_)
    assert settle(award, np.array([status], np.int8)).tolist() == [payment]


def test_settle_is_elementwise() -> None:
    hired = np.ones((4, 3), np.bool_)
    success, failure = np.arange(12.0).reshape(4, 3), -np.arange(12.0).reshape(4, 3) / 8
    status = np.array([[s] * 3 for s in (Status.PASS, Status.FAIL, Status.INFRA, Status.NONE)], np.int8)
    whole = settle(Award(hired, success, failure, np.zeros(4, np.bool_)), status)
    np.testing.assert_array_equal(whole, [success[0], failure[1], [0, 0, 0], [0, 0, 0]])
    for b in range(4):
        row = Award(hired[b], success[b], failure[b], np.False_)
        np.testing.assert_array_equal(settle(row, status[b]), whole[b])


def test_settle_pays_nothing_to_those_not_hired_whatever_the_status() -> None:
    award = Award([False, False], [0.0, 0.0], [0.0, 0.0], np.False_)
    assert settle(award, np.array([Status.PASS, Status.FAIL], np.int8)).tolist() == [0.0, 0.0]


CONTRACT = {
    "hired": [True, False, True],
    "pay_success": [0.5, 0.0, 2.0],
    "pay_failure": [0.0, 0.0, -1.0],
    "by_tie": np.False_,
}


def test_award_keeps_turn_budget_and_fee_of_its_public_constructor() -> None:
    """Turn and budget may be anything where not hired; a fee stands there too."""
    given = {"turn": np.array([1, -7, 0]), "budget": np.array([0.25, -1.0, np.inf]), "fee": np.array([0.0, 0.125, 3.0])}
    award = Award(**CONTRACT, **given)
    for name, mine in given.items():
        held = getattr(award, name)
        np.testing.assert_array_equal(held, mine)
        assert not held.flags.writeable
        assert not np.shares_memory(held, mine)
    bare = Award(**CONTRACT)
    assert (bare.turn, bare.budget, bare.fee) == (None, None, None)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"turn": np.array([1, 0, -7])}, r"turn must be >= 0 where hired; got -7 at \(2,\)"),
        ({"turn": np.array([1.0, 0.0, 0.0])}, "turn must be whole numbers; got dtype float64"),
        ({"turn": np.array([1, 0])}, "shapes must agree"),
        ({"budget": [0.25, 0.0, -1.0]}, r"budget must be >= 0 where hired; got -1.0 at \(2,\)"),
        ({"budget": [0.25, 0.0, np.nan]}, r"budget must be >= 0 where hired; got nan at \(2,\)"),
        ({"budget": [0.25, 0.0]}, "shapes must agree"),
        ({"fee": [0.25, -0.5, 0.0]}, r"fee must be finite and >= 0; got -0.5 at \(1,\)"),
        ({"fee": [np.inf, 0.5, 0.0]}, r"fee must be finite and >= 0; got inf at \(0,\)"),
        ({"fee": [0.5, 0.5]}, "shapes must agree"),
    ],
)
def test_award_checks_turn_budget_and_fee(part: dict[str, Any], message: str) -> None:
    with pytest.raises(ArrayError, match=message):
        Award(**CONTRACT, **part)


def test_a_fee_is_no_part_of_what_work_is_paid() -> None:
    award = Award(**CONTRACT, fee=[0.25, 0.25, 0.25])
    assert settle(award, np.array([Status.PASS, Status.NONE, Status.FAIL], np.int8)).tolist() == [0.5, 0.0, -1.0]
