"""The types every engine speaks, and `settle`, the one place where money moves.

Index convention: the last axis is agents (n); leading axes are whatever the caller batches. `...` below stands for
those leading axes. Money is in dollars, probabilities in [0, 1].

Public constructors check their arrays and make them read-only; engines build the same types through `trusted`,
which checks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.kit.errors import ArrayError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
MOST_PAID = 1e15  # dollars of one bid, award or fee, so that no sum of them can overflow


class Status(IntEnum):
    """What the verifier reports of one attempt.

    NONE: there was no attempt. INFRA: the system failed, not the agent. CANCELLED: it was ended since another one of
    its posting had succeeded.
    """

    NONE = -1
    FAIL = 0
    PASS = 1
    INFRA = 2
    CANCELLED = 3


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only view of `array`; the caller's own array stays writeable."""
    view = array.view()
    view.flags.writeable = False
    return view


def thin(array: NDArray[Any]) -> NDArray[Any]:
    """The array with every axis along which it is broadcast (stride 0) cut to length 1.

    >>> thin(np.broadcast_to(np.arange(3.0), (5, 3))).shape
    (1, 3)
    """
    return array[tuple(slice(0, 1) if stride == 0 and size else slice(None) for stride, size in _axes(array))]


def _axes(array: NDArray[Any]) -> list[tuple[int, int]]:
    return list(zip(array.strides, array.shape, strict=True))


def first_index(bad: BoolArray) -> tuple[int, ...]:
    """Index of the first True, as plain integers, for error messages."""
    return tuple(int(i) for i in np.argwhere(bad)[0])


def as_float(name: str, values: ArrayLike) -> FloatArray:
    """`values` as a float64 array; strings, booleans, objects and complex numbers are refused, not coerced."""
    raw = np.asarray(values)
    if raw.dtype.kind not in "fiu":
        raise ArrayError(f"{name} must be real numbers; got dtype {raw.dtype}")
    return raw.astype(np.float64)


def as_bool(name: str, values: ArrayLike) -> BoolArray:
    """`values` as a boolean array; anything but booleans is refused."""
    raw = np.asarray(values)
    if raw.dtype.kind != "b":
        raise ArrayError(f"{name} must be booleans; got dtype {raw.dtype}")
    return raw.copy()


def require(name: str, rule: str, array: NDArray[Any], good: BoolArray) -> None:
    """Raise `ArrayError` naming the first element of `array` where `good` is False."""
    if hasattr(good, "demand"):  # a symbol (sim/compiled/trace): refused where it is run and not true
        good.demand()
        return
    good = np.asarray(good)
    if not good.all():
        where = first_index(~np.broadcast_to(good, array.shape))
        raise ArrayError(f"{name} must {rule}; got {array[where].item()!r} at {where}")


class _Arrays:
    """Shared construction of the array types: a checked public path and an unchecked one for engines."""

    @classmethod
    def trusted(cls, **arrays: Any) -> Self:
        """Build without checks or copies. For engines, which already hold checked arrays."""
        self = object.__new__(cls)
        self.__dict__.update(arrays)
        return self

    def _set(self, **arrays: NDArray[Any]) -> None:
        for name, array in arrays.items():
            object.__setattr__(self, name, frozen(array))


@dataclass(frozen=True, eq=False)
class Menu(_Arrays):
    """Production plans: what each agent offers to do with each budget.

    budgets: (m,) dollars at which an attempt is stopped, ascending, the last may be infinite.
    claim, ask: (..., n, m) stated success probability, and dollars, of an attempt with that budget.
    """

    budgets: FloatArray
    claim: FloatArray
    ask: FloatArray

    def __post_init__(self) -> None:
        budgets, claim, ask = (as_float(f.name, getattr(self, f.name)) for f in fields(self))
        _same_shape(claim=claim, ask=ask)
        if budgets.ndim != 1 or budgets.shape != claim.shape[-1:] or len(budgets) == 0:
            raise ArrayError(f"shapes must agree, one budget for each plan, {claim.shape[-1:]}; got {budgets.shape}")
        require("budgets", "be >= 0 and ascend", budgets, (budgets >= 0) & (np.diff(budgets, prepend=-1.0) > 0))
        self._set(budgets=budgets, claim=claim, ask=ask)

    def __getitem__(self, index: Any) -> Menu:
        """The menus at an index of the leading axes."""
        return Menu.trusted(budgets=self.budgets, claim=self.claim[index], ask=self.ask[index])


@dataclass(frozen=True, eq=False)
class Bids(_Arrays):
    """The bids in front of the allocator.

    ask: (..., n) dollars; what it means (price on success or cost of an attempt) is the mechanism's to say.
    claim: (..., n) stated success probability.
    active: (..., n) the bid counts. False: abstained, late, busy or excluded; ask and claim are then ignored.
    menu: a plan for each budget, for rules that take one; None: one plan without a limit.

    >>> Bids(ask=[0.3, 0.1], claim=[0.9, 0.5], active=[True, True]).ask.shape
    (2,)
    >>> Bids(ask=[0.3], claim=[1.3], active=[True])
    Traceback (most recent call last):
    sim.kit.errors.ArrayError: claim must lie in [0, 1]; got 1.3 at (0,)
    """

    ask: FloatArray
    claim: FloatArray
    active: BoolArray
    menu: Menu | None = None

    def __post_init__(self) -> None:
        ask, claim, active = as_float("ask", self.ask), as_float("claim", self.claim), as_bool("active", self.active)
        _same_shape(ask=ask, claim=claim, active=active)
        require("ask", "be finite where active", ask, np.isfinite(ask) | ~active)
        require("claim", "lie in [0, 1]", claim, ((claim >= 0) & (claim <= 1)) | ~active)
        self._set(ask=ask, claim=claim, active=active)
        if self.menu is None:
            object.__delattr__(self, "menu")  # among vars() is what there is, as with `trusted`
        elif not isinstance(self.menu, Menu):
            raise ArrayError(f"menu must be a Menu; got {type(self.menu).__name__}")
        elif self.menu.ask.shape[:-1] != ask.shape:
            raise ArrayError(f"menu must have shape {ask.shape} and budgets; got {self.menu.ask.shape}")


@dataclass(frozen=True, eq=False)
class Tender(_Arrays):
    """What one posting offers. Bidders see only the `Notice` made from it.

    value: (...) dollars a success is worth to the principal; NaN where the scenario states none.
    reserve: (...) the cap of a price rule, the bounty of the live rules. Escalation raises it, never `value`.
    penalty: (...) dollars k >= 0 the agent pays on failure under price rules.
    posting: (...) 0 for the first offering of a task, 1 for the second, ...
    """

    value: FloatArray
    reserve: FloatArray
    penalty: FloatArray
    posting: IntArray

    def __post_init__(self) -> None:
        value, reserve, penalty = (as_float(k, getattr(self, k)) for k in ("value", "reserve", "penalty"))
        posting = np.asarray(self.posting)
        if posting.dtype.kind not in "iu":
            raise ArrayError(f"posting must be whole numbers; got dtype {posting.dtype}")
        _same_shape(value=value, reserve=reserve, penalty=penalty, posting=posting)
        require("value", "be finite or NaN", value, ~np.isinf(value))
        require("reserve", "be finite and >= 0", reserve, np.isfinite(reserve) & (reserve >= 0))
        require("penalty", "be finite and >= 0", penalty, np.isfinite(penalty) & (penalty >= 0))
        require("posting", "be >= 0", posting, posting >= 0)
        self._set(value=value, reserve=reserve, penalty=penalty, posting=posting.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Notice(_Arrays):
    """The part of a tender that bidders see, shapes as in `Tender`; NaN where sealed."""

    value: FloatArray
    reserve: FloatArray
    penalty: FloatArray
    posting: IntArray


@dataclass(frozen=True, eq=False)
class Standing(_Arrays):
    """What the allocator knows of each agent, all (..., n).

    reputation: multiplier the live rules use; 1 where none is kept.
    expected_cost: dollars the allocator expects an attempt to cost; NaN where unknown.
    advice: a central planner's own estimate of each agent's ability, or an optimistic index, which may exceed 1; NaN
        where there is no planner.
    """

    reputation: FloatArray
    expected_cost: FloatArray
    advice: FloatArray

    def __post_init__(self) -> None:
        reputation, cost, advice = (as_float(f.name, getattr(self, f.name)) for f in fields(self))
        _same_shape(reputation=reputation, expected_cost=cost, advice=advice)
        require("reputation", "be finite and >= 0", reputation, np.isfinite(reputation) & (reputation >= 0))
        require("expected_cost", "be >= 0 or NaN", cost, np.isnan(cost) | (np.isfinite(cost) & (cost >= 0)))
        require("advice", "be >= 0 or NaN", advice, np.isnan(advice) | (np.isfinite(advice) & (advice >= 0)))
        self._set(reputation=reputation, expected_cost=cost, advice=advice)


@dataclass(frozen=True, eq=False)
class Award(_Arrays):
    """The contract promised at clearing.

    hired: (..., n) mask; hiring nobody, one or several agents is one case.
    pay_success, pay_failure: (..., n) dollars promised on success and on failure, 0 where not hired;
        pay_failure < 0 means the agent pays.
    by_tie: (...) the lottery decided between equal scores.
    turn: (..., n) who tries first among several hired: turn 0, then, if it fails, turn 1, ... until one passes; those
        without a turn are paid nothing. None: all try at once.
    budget: (..., n) dollars at which an attempt is stopped; None: it is not.
    fee: (..., n) dollars >= 0 that an agent owes the principal at the clearing, hired or not, whatever comes of the
        work: an entry fee, or what everybody pays in an all-pay auction. Only bids that count owe one. None: none does.
    """

    hired: BoolArray
    pay_success: FloatArray
    pay_failure: FloatArray
    by_tie: BoolArray
    turn: IntArray | None = None
    budget: FloatArray | None = None
    fee: FloatArray | None = None

    def __post_init__(self) -> None:
        hired = as_bool("hired", self.hired)
        success, failure = as_float("pay_success", self.pay_success), as_float("pay_failure", self.pay_failure)
        by_tie = as_bool("by_tie", self.by_tie)
        _same_shape(hired=hired, pay_success=success, pay_failure=failure)
        if by_tie.shape != hired.shape[:-1]:
            raise ArrayError(f"by_tie must have shape {hired.shape[:-1]}; got {by_tie.shape}")
        for name, pay in (("pay_success", success), ("pay_failure", failure)):
            require(name, "be finite", pay, np.isfinite(pay))
            require(name, f"be from -{MOST_PAID:g} to {MOST_PAID:g}", pay, np.abs(pay) <= MOST_PAID)
            require(name, "be 0 where not hired", pay, hired | (pay == 0))
        self._set(hired=hired, pay_success=success, pay_failure=failure, by_tie=by_tie)
        if self.turn is not None:
            turn = np.asarray(self.turn)
            if turn.dtype.kind not in "iu":
                raise ArrayError(f"turn must be whole numbers; got dtype {turn.dtype}")
            _same_shape(hired=hired, turn=turn)
            require("turn", "be >= 0 where hired", turn, (turn >= 0) | ~hired)
            self._set(turn=turn.astype(np.int64))
        if self.budget is not None:
            budget = as_float("budget", self.budget)
            _same_shape(hired=hired, budget=budget)
            require("budget", "be >= 0 where hired", budget, (budget >= 0) | ~hired)
            self._set(budget=budget)
        if self.fee is not None:
            fee = as_float("fee", self.fee)
            _same_shape(hired=hired, fee=fee)
            require_fee(fee)
            self._set(fee=fee)


def require_fee(fee: FloatArray) -> None:
    """Raise `ArrayError` where a fee is not a finite amount >= 0."""
    require("fee", "be finite and >= 0", fee, np.isfinite(fee) & (fee >= 0))
    require("fee", f"be at most {MOST_PAID:g}", fee, fee <= MOST_PAID)


def settle(award: Award, status: NDArray[np.int8], score: ArrayLike = np.nan) -> FloatArray:
    """Payment (..., n) in dollars for each agent: PASS pays pay_success, FAIL pay_failure, all others nothing.

    `status`: (..., n) `Status` codes as the verifier reports them. score: what the work is worth where that is graded,
    NaN where it is not; one between 0 and 1 pays its share of the way from pay_failure to pay_success. Every payment
    for work in bidlab comes from here; a fee is no part of it, since it is owed at the clearing whatever the status.

    >>> award = Award([True, False], [0.4, 0.0], [-0.5, 0.0], np.False_)
    >>> settle(award, np.array([Status.FAIL, Status.NONE], np.int8)).tolist()
    [-0.5, 0.0]
    """
    passed = np.where(status == Status.PASS, award.pay_success, 0.0)
    paid = np.where(status == Status.FAIL, award.pay_failure, passed)
    share = np.asarray(score, np.float64)
    partly = (share > 0) & (share < 1) & ((status == Status.PASS) | (status == Status.FAIL))
    return np.where(partly, award.pay_failure + share * (award.pay_success - award.pay_failure), paid)


def _same_shape(**arrays: NDArray[Any]) -> None:
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ArrayError("shapes must agree; got " + ", ".join(f"{k} {v}" for k, v in shapes.items()))
