"""Reserve policies as a scenario writes them: a distribution, or a rule that follows the task's value V.

0.5, {uniform = [0, 1]}, ...          drawn, whatever the value (sim/kit/distribution.py)
"value", {share_of_value = x}         V, x V
{best_reserve = {uniform = [a, b]}}   the price at which a principal that expects break-even prices (the least price on
{best_reserve = {power = {low, high, shape}}}   success an agent accepts) of this law earns most, bidding being second
{best_reserve = {exponential = mean}}           price: psi(r) = V with psi(b) = b + F(b) / f(b), or the law's highest

What is computed (a draw, a share, a best reserve) is rounded to a billionth of a dollar, so that .57 of 100 is 57 and
an ask of 57 is within it; what is stated ("value", a number) is kept to the last digit. A share of at most 1 stays
within V.

psi of an exponential law is b + mean (exp(b / mean) - 1). With a uniform law on [0, b] the best reserve is V / 2. It
does not depend on the number of agents. Source: [Myerson1981]; see sim/mechanisms/reserve.py for what it assumes.

A reserve policy is a registered part with either or both of two roles: it sets the reserve of first postings
(`opening`, named in tender.reserve), or says how it rises on later ones (`after_unfilled` and `after_failure`, named in
tender.escalation.policy; the package's own, "factors", is in sim/market/escalation.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from scipy.special import wrightomega

from sim.kit import draws
from sim.kit.arrays import FloatArray, IntArray
from sim.kit.distribution import FORMS, MOST, Distribution, is_number, parse_distribution
from sim.kit.invalid import below, number, written
from sim.kit.kinds import Registry
from sim.kit.parameters import build, choose, names_one
from sim.mechanisms.virtual import CostLaw

_LAWS = "{uniform = [low, high]} with low < high, {power = {low, high, shape}} or {exponential = mean > 0}"


_GRID = 1e9  # steps to a dollar
_MOST_STEPS = 2.0**53  # beyond, floats are coarser than the grid


def rounded(dollars: FloatArray | float) -> FloatArray:
    """Dollars to the nearest billionth; where floats are coarser than that, as they are.

    >>> rounded(0.57 * 100), 0.57 * 100
    (np.float64(57.0), 56.99999999999999)
    """
    steps = np.asarray(dollars) * _GRID
    return np.where(np.abs(steps) < _MOST_STEPS, np.rint(steps) / _GRID, dollars)[()]


class Law(Protocol):
    """A law of break-even prices."""

    def critical(self, worth: FloatArray) -> FloatArray:
        """The greatest price with a virtual cost of at most `worth`."""


@dataclass(frozen=True)
class ExponentialLaw:
    """Break-even prices exponential with this mean."""

    mean: float

    def critical(self, worth: FloatArray) -> FloatArray:
        """The root of b + m (exp(b / m) - 1) = worth: with u = 1 + worth / m, b = m (u - w) where w + log w = u.

        >>> bool(np.isclose(ExponentialLaw(1.0).critical(np.array(0.5 + np.exp(0.5) - 1.0)), 0.5))
        True
        """
        over = 1.0 + worth / self.mean
        return np.asarray(self.mean * np.maximum(0.0, over - wrightomega(over)))


Dollars = float | np.float64 | FloatArray  # one task's, or many at once


class Opening(Protocol):
    """Sets the reserve of first postings."""

    def opening(self, value: FloatArray, uniform: FloatArray | None) -> FloatArray:
        """Dollars (...) from the tasks' values (...); uniform: a number in (0, 1) of each task's own.

        A policy whose class says `draws = False` is handed None instead.
        """


class Raising(Protocol):
    """Says how the reserve rises when a task is posted again. All are of one task, or of many at once, (...)."""

    def after_unfilled(self, reserve: Dollars, first: Dollars, value: Dollars) -> Dollars:
        """Dollars of the posting after one that nobody cleared. first: of the first posting. value: NaN if unstated."""

    def after_failure(self, reserve: Dollars, first: Dollars, failures: int | IntArray, value: Dollars) -> Dollars:
        """Dollars after the task's `failures`-th failed attempt."""


@dataclass(frozen=True)
class AtValue:
    """What a success is worth, to the last digit."""

    draws: ClassVar[bool] = False

    def opening(self, value: FloatArray, uniform: FloatArray | None) -> FloatArray:
        """The value."""
        return value


@dataclass(frozen=True)
class ShareOfValue:
    """A share of what a success is worth."""

    share: float

    draws: ClassVar[bool] = False

    def opening(self, value: FloatArray, uniform: FloatArray | None) -> FloatArray:
        """share x value."""
        return value * self.share


@dataclass(frozen=True)
class BestUnder:
    """What earns the principal most where break-even prices follow a law.

    Source: [Myerson1981].
    """

    law: Law

    draws: ClassVar[bool] = False

    def opening(self, value: FloatArray, uniform: FloatArray | None) -> FloatArray:
        """The greatest price with a virtual cost of at most the value."""
        return self.law.critical(value)


def _check(name: str, policy: Any) -> None:
    has = [hasattr(policy, method) for method in ("after_unfilled", "after_failure")]
    if any(has) and not all(has):
        raise TypeError(f"reserve_policy {name!r} must define both after_unfilled and after_failure, or neither")


RESERVES: Registry[str, type[Any]] = Registry(
    "reserve_policy",
    "decorate a frozen dataclass with @register_reserve_policy('name')",
    methods={
        "opening": "value, uniform",
        "after_unfilled": "reserve, first, value",
        "after_failure": "reserve, first, failures, value",
    },
    any_of=True,
    check=_check,
    own={"value": AtValue, "share_of_value": ShareOfValue, "best_reserve": BestUnder},
)


@dataclass(frozen=True)
class Reserve:
    """How the reserve is set: drawn from `distribution`, or by a `policy` that follows the value."""

    distribution: Distribution | None = None
    policy: Opening | None = None

    def draw(self, value: FloatArray, seed: int, *identities: draws.Words) -> FloatArray:
        """Reserve (R, T) of each task; value (R, T) in dollars."""
        if self.distribution is not None:
            drawn = self.distribution.draw(seed, "reserve", *identities)
            return drawn if self.distribution.kind == "constant" else rounded(drawn)
        policy = AtValue() if self.policy is None else self.policy
        uniform = draws.uniform(seed, "reserve", *identities) if getattr(policy, "draws", True) else None
        exact = policy.opening(value, uniform)
        if isinstance(policy, AtValue):
            return exact
        found = rounded(exact)
        return np.where(exact <= value, np.minimum(found, value), found)


def parse_reserve(raw: Any) -> Reserve:
    """The reserve policy `raw` describes; raises ValueError saying what is allowed.

    >>> parse_reserve({"best_reserve": {"uniform": [0, 1]}}).policy.opening(np.array(0.8), None).item()
    0.4
    """
    match raw:
        case "value":
            return Reserve(policy=AtValue())
        case {"share_of_value": share} if len(raw) == 1 and is_number(share):
            return Reserve(policy=AtValue() if share == 1 else ShareOfValue(float(share)))
        case {"best_reserve": law} if len(raw) == 1:
            return Reserve(policy=BestUnder(_law(law)))
    if names_one(raw, RESERVES.added()):
        return Reserve(policy=_with(raw, "opening"))
    try:
        return Reserve(parse_distribution(raw))
    except ValueError:
        added = [name for name in RESERVES.added() if hasattr(RESERVES[name], "opening")]
        own = '"value", {share_of_value = x}, {best_reserve = law of break-even prices}'
        allowed = ", ".join([own, *added, FORMS])
        raise ValueError(f"must be {allowed}; got {written(raw)}") from None


def parse_raising(raw: Any) -> Raising:
    """The policy `raw` names for postings after the first; raises ValueError saying what is allowed."""
    found: Raising = _with(raw, "after_unfilled")
    return found


def _with(raw: Any, method: str) -> Any:
    """The policy that `raw` names among those that define `method`."""
    return choose(raw, {name: policy for name, policy in RESERVES.items() if hasattr(policy, method)})


def _law(raw: Any) -> Law:
    match raw:
        case {"uniform": [low, high]} if len(raw) == 1 and is_number(low) and is_number(high) and low < high:
            return CostLaw(float(low), float(high))
        case {"power": dict(parameters)} if len(raw) == 1:
            try:
                return build(CostLaw, parameters)
            except ValueError as error:
                raise ValueError(below("best_reserve.power.", error)) from None
        case {"exponential": mean} if len(raw) == 1 and is_number(mean) and mean > 0:
            return ExponentialLaw(float(mean))
    raise ValueError(f"best_reserve must be {_LAWS}, dollars up to {number(MOST)}; got {written(raw)}")
