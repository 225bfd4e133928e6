"""What a task pays: a fixed price, or one by family that rises while too few of the family's tasks are solved.

    price_f = clip(base + gain (target - s_f), low, high)
    s_f    <- s_f + weight (share of the family's tasks solved in the generation - s_f),   s_f = target at first

so that the first price is `base`. A family without a task leaves its s_f. The form is [EV]'s; weight is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from sim.kit.arrays import FloatArray, IntArray
from sim.kit.distribution import MOST, is_number
from sim.kit.invalid import written
from sim.kit.parameters import build

_Dollars = Annotated[float, Ge(0), Le(MOST)]


@dataclass(frozen=True, kw_only=True)
class BountyPrice:
    """Parameters as above; gain: dollars per unit of solve rate."""

    base: _Dollars
    gain: _Dollars = 0.0
    target: Annotated[float, Ge(0), Le(1)] = 0.0
    low: _Dollars = 0.0
    high: Annotated[float, Gt(0), Le(MOST)] = MOST
    weight: Annotated[float, Gt(0), Le(1)] = 0.2

    def first(self, shape: tuple[int, ...]) -> FloatArray:
        """The solve rates that are remembered before the first generation."""
        return np.full(shape, self.target)

    def of(self, rate: FloatArray) -> FloatArray:
        """Prices at remembered solve rates."""
        return np.clip(self.base + self.gain * (self.target - rate), self.low, self.high)

    def learned(self, rate: FloatArray, solved: IntArray, posted: IntArray) -> FloatArray:
        """Solve rates remembered after a generation with so many tasks of each family, and so many solved."""
        share = solved / np.maximum(posted, 1)
        return np.where(posted > 0, rate + self.weight * (share - rate), rate)


def parse_price(raw: Any) -> BountyPrice:
    """A price as written; raises ValueError saying what is allowed."""
    if is_number(raw) and 0 < raw <= MOST:
        return BountyPrice(base=float(raw))
    if not isinstance(raw, dict):
        raise ValueError(f"must be dollars > 0 or {{base, gain, target, low, high, weight}}; got {written(raw)}")
    price = build(BountyPrice, raw)
    if price.low > price.high:
        raise ValueError(f"low must be at most high; got {written(raw)}")
    return price
