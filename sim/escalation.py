"""How the reserve rises when a task is posted again.

    unfilled                     R -> min(cap R0, unfilled_factor R)
    every `every`-th failure     R -> min(cap R0, failed_factor R)

R0 is the first posting's reserve. With `credits_per_dollar` the step is taken in whole credits, as the live engine
does [AE]: B -> min(cap B0, max(B + 1, round(factor B))), rounding halves to even. A factor of 1 never raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt


@dataclass(frozen=True)
class Escalation:
    """Factors and cap of the reserve on re-posting. The defaults are those of [AE], in dollars without rounding.

    >>> live = Escalation(credits_per_dollar=90.0)
    >>> round(90 * live.after_unfilled(1.0, 1.0)), round(90 * live.after_failure(1.0, 1.0, failures=2))
    (103, 99)
    """

    unfilled_factor: Annotated[float, Ge(1)] = 1.15
    failed_factor: Annotated[float, Ge(1)] = 1.10
    every: Annotated[int, Ge(1)] = 2
    cap: Annotated[float, Ge(1)] = 2.0
    credits_per_dollar: Annotated[float, Gt(0)] | None = None

    def after_unfilled(self, reserve: float, first: float) -> float:
        """Reserve of the posting after one that nobody cleared; first is the first posting's reserve, in dollars."""
        return self._raise(reserve, first, self.unfilled_factor)

    def after_failure(self, reserve: float, first: float, failures: int) -> float:
        """Reserve after the task's `failures`-th failed attempt; raised at every `every`-th, else unchanged."""
        if failures == 0 or failures % self.every:
            return reserve
        return self._raise(reserve, first, self.failed_factor)

    def _raise(self, reserve: float, first: float, factor: float) -> float:
        if factor == 1.0:
            return reserve
        if self.credits_per_dollar is None:
            return min(self.cap * first, factor * reserve)
        bounty, limit = (_whole(dollars * self.credits_per_dollar) for dollars in (reserve, self.cap * first))
        raised = min(limit, max(bounty + 1.0, float(round(factor * bounty))))
        return max(bounty, raised) / self.credits_per_dollar


def _whole(credits: float) -> float:
    """The whole number meant, where only the way through dollars moved it."""
    nearest = float(round(credits))
    return nearest if abs(credits - nearest) < 1e-9 else credits
