"""Virtual costs: what buying from an agent costs a buyer that knows how costs are distributed.

    law       F(c) = ((c - low) / (high - low))^shape on [low, high]; shape 1 is uniform, below 1 most costs are low
    rent      F(c) / f(c): 0 below low, (c - low) / shape, infinite above high
    psi(c)    c + F(c) / f(c)
    inverse   v below low, (shape v + low) / (shape + 1), at most high

psi rises with c whatever the shape: the law is regular. Source: [Myerson1981], for a buyer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from sim.kit.arrays import FloatArray

Dollars = Annotated[float, Ge(0), Le(1e12)]
Shape = Annotated[float, Ge(1e-3), Le(1e3)]


@dataclass(frozen=True)
class CostLaw:
    """Power law of costs on [low, high] dollars; raises ValueError where low is not below high."""

    low: Dollars = 0.0
    high: Dollars = 1.0
    shape: Shape = 1.0

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low: must be below high ({self.high}); got {self.low}")

    def rent(self, cost: FloatArray) -> FloatArray:
        """F(c) / f(c), same shape as `cost`: what hiring an agent at c as well leaves to each cheaper type."""
        return np.where(cost > self.high, np.inf, np.maximum(0.0, cost - self.low) / self.shape)

    def virtual(self, cost: FloatArray) -> FloatArray:
        """psi(c), same shape as `cost`.

        >>> CostLaw(high=2.0).virtual(np.array([0.25, 1.0, 3.0])).tolist()
        [0.5, 2.0, inf]
        """
        return cost + self.rent(cost)

    def critical(self, worth: FloatArray) -> FloatArray:
        """The greatest cost with psi at most `worth`, same shape as `worth`.

        >>> CostLaw().critical(np.array([0.5, 1.0, 5.0])).tolist()
        [0.25, 0.5, 1.0]
        """
        inside = (self.shape * worth + self.low) / (self.shape + 1.0)
        return np.minimum(self.high, np.where(worth > self.low, inside, worth))
