"""How the reserve rises when a task is posted again.

    unfilled                     R -> min(cap R0, unfilled_factor R)
    every `every`-th failure     R -> min(cap R0, failed_factor R)

R0 is the first posting's reserve. With `credits_per_dollar` the step is taken in whole credits, as the live engine
does [AE]: B -> min(cap B0, max(B + 1, round(factor B))), rounding halves to even; in dollars a raised reserve is
rounded to a billionth. A factor of 1 never raises.

Nor is a reserve raised above the task's value, where one is stated: a principal that pays more than a success is worth
loses by every one. `above_value` lifts that limit. Under the live rules the reserve is a bounty, which the engine
raises whatever a task is worth: where nothing is said, a market lifts the limit under rules with `announces_reserve`,
and only there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from sim.kit.arrays import IntArray
from sim.kit.distribution import MOST_TICKS
from sim.specs.reserve_price import RESERVES, Dollars, Raising, rounded
from sim.specs.tender import EscalationSettings


@dataclass(frozen=True)
class Escalation:
    """Factors and cap of the reserve on re-posting, of one task or of arrays of tasks.

    The defaults are the live engine's. Source: [AE].

    >>> live = Escalation(credits_per_dollar=90.0)
    >>> round(90 * live.after_unfilled(1.0, 1.0)), round(90 * live.after_failure(1.0, 1.0, failures=2))
    (103, 99)
    """

    unfilled_factor: Annotated[float, Ge(1)] = 1.15
    failed_factor: Annotated[float, Ge(1)] = 1.10
    every: Annotated[int, Ge(1), Le(MOST_TICKS)] = 2
    cap: Annotated[float, Ge(1)] = 2.0
    credits_per_dollar: Annotated[float, Gt(0)] | None = None
    above_value: bool | None = None

    def after_unfilled(self, reserve: Dollars, first: Dollars, value: Dollars = np.nan) -> Dollars:
        """Reserve of the posting after one that nobody cleared, in dollars.

        first: the first posting's reserve; value: the task's, NaN where none is stated.
        """
        return self._raise(reserve, first, self.unfilled_factor, value)

    def after_failure(
        self, reserve: Dollars, first: Dollars, failures: int | IntArray, value: Dollars = np.nan
    ) -> Dollars:
        """Reserve after the task's `failures`-th failed attempt; raised at every `every`-th, else unchanged."""
        due = (np.asarray(failures) > 0) & (np.asarray(failures) % self.every == 0)
        return np.where(due, self._raise(reserve, first, self.failed_factor, value), reserve)

    def _raise(self, reserve: Dollars, first: Dollars, factor: float, value: Dollars) -> Dollars:
        if factor == 1.0:
            return reserve
        raised = self._raised(reserve, first, factor)
        return raised if self.above_value else np.where(raised > value, np.maximum(reserve, value), raised)

    def _raised(self, reserve: Dollars, first: Dollars, factor: float) -> Dollars:
        if self.credits_per_dollar is None:
            return np.maximum(reserve, rounded(np.minimum(self.cap * first, factor * reserve)))
        bounty, limit = _whole(reserve * self.credits_per_dollar), _whole(self.cap * first * self.credits_per_dollar)
        raised = np.minimum(limit, np.maximum(bounty + 1.0, np.rint(factor * bounty)))
        return np.maximum(bounty, raised) / self.credits_per_dollar


RESERVES.add("factors", Escalation, own=True)


def escalation_of(stated: EscalationSettings | None) -> Raising | None:
    """How the reserve rises; None where it does not."""
    if stated is None or stated.policy is not None:
        return None if stated is None else stated.policy
    return Escalation(**{key: value for key, value in stated.model_dump().items() if key != "policy"})


def _whole(credits: Dollars) -> Dollars:
    """The whole number meant, where only the way through dollars moved it."""
    nearest = np.rint(credits)
    return np.where(np.abs(credits - nearest) < 1e-9, nearest, credits)
