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
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import wrightomega

from sim.kit import draws
from sim.kit.arrays import FloatArray
from sim.kit.distribution import FORMS, MOST, Distribution, is_number, parse_distribution
from sim.kit.invalid import below, number, written
from sim.kit.parameters import build
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


@dataclass(frozen=True)
class Reserve:
    """How the reserve is set: drawn from `distribution`, or `share` of the value, or the best one under `law`."""

    distribution: Distribution | None = None
    share: float = 1.0
    law: Law | None = None

    def draw(self, value: FloatArray, seed: int, *identities: draws.Words) -> FloatArray:
        """Reserve (R, T) of each task; value (R, T) in dollars."""
        if self.distribution is not None:
            drawn = self.distribution.draw(seed, "reserve", *identities)
            return drawn if self.distribution.kind == "constant" else rounded(drawn)
        exact = value * self.share if self.law is None else self.law.critical(value)
        if self.law is None and self.share == 1.0:
            return exact
        found = rounded(exact)
        return np.where(exact <= value, np.minimum(found, value), found)


def parse_reserve(raw: Any) -> Reserve:
    """The reserve policy `raw` describes; raises ValueError saying what is allowed.

    >>> parse_reserve({"best_reserve": {"uniform": [0, 1]}}).law.critical(np.array(0.8)).item()
    0.4
    """
    match raw:
        case "value":
            return Reserve(share=1.0)
        case {"share_of_value": share} if len(raw) == 1 and is_number(share):
            return Reserve(share=float(share))
        case {"best_reserve": law} if len(raw) == 1:
            return Reserve(law=_law(law))
    try:
        return Reserve(parse_distribution(raw))
    except ValueError:
        allowed = f'"value", {{share_of_value = x}}, {{best_reserve = law of break-even prices}}, {FORMS}'
        raise ValueError(f"must be {allowed}; got {written(raw)}") from None


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
