"""The budget of a live run: what a send may cost is set aside before it is made, so that the ceiling holds.

    spent + reserved <= ceiling

A send that finds too little waits while others are under way, since most cost less than was set aside for them; it is
refused once spent + need passes the ceiling. Those that wait are served in turn. Used within one event loop.
"""

from __future__ import annotations

import asyncio
import math

from sim.kit.errors import RunError

_DUST = 1e-9  # dollars: what sums of floats may differ by


class BudgetSpent(RunError):  # noqa: N818  # its name in live runs
    """What is left of the budget does not cover the next send."""


class Purse:
    """ceiling, spent, reserved and peak, the largest spent + reserved that there was: dollars."""

    def __init__(self, ceiling: float, spent: float = 0.0) -> None:
        if not (math.isfinite(ceiling) and ceiling >= 0):
            raise ValueError(f"budget_usd must be dollars >= 0; got {ceiling!r}")
        self.ceiling, self.spent, self.peak = ceiling, spent, spent
        self._reserves: list[float] = []
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @property
    def reserved(self) -> float:
        """Set aside for sends that are under way."""
        return math.fsum(self._reserves)

    async def reserve(self, need: float) -> None:
        """Set `need` aside, as soon as it is there; raises BudgetSpent where it cannot be."""
        async with self._turn:
            while not self._covers(self.spent + self.reserved + need):
                if not self._covers(self.spent + need):
                    raise BudgetSpent(self._refusal(need))
                self._freed.clear()
                await self._freed.wait()
            self._reserves.append(need)
            self.peak = max(self.peak, self.spent + self.reserved)

    def settle(self, need: float, usd: float) -> None:
        """The send for which `need` was set aside has cost `usd`."""
        self._reserves.remove(need)
        self.spent += usd
        self.peak = max(self.peak, self.spent + self.reserved)
        self._freed.set()

    def _covers(self, usd: float) -> bool:
        return usd <= self.ceiling + _DUST

    def _refusal(self, need: float) -> str:
        spent = (
            f"${self.spent:,.4f} of a budget of ${self.ceiling:,.4f} is spent and the next call may cost ${need:,.4f}"
        )
        return f"{spent}; all answers are kept: run again with a larger budget to go on"
