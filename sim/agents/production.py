"""Production plans: what an agent can do with how much money. A bid becomes a menu of budgets.

An attempt with budget b is stopped once it has cost b. An agent that claims q and expects a try to cost c if nothing
stops it believes that the cost C is lognormal with mean c and log-sd s, whether or not the try succeeds, so that

    F(b)        P(C <= b) = Phi(ln(b / c) / s + s / 2)
    claim       q F(b)
    ask         E[min(C, b)] = c Phi(ln(b / c) / s - s / 2) + b (1 - F(b))

The menu follows from what the bid says, lies included; without a limit (b infinite) it is the bid. At c <= 0, and at
s = 0, the cost is certain.

What becomes of an attempt with a budget, given the World's cost C of the try: C > b stops it, it costs b, fails unless
it is lost to the system, and takes b / C of its ticks, rounded up; else it goes as it would have gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, xlogy

from sim.kit.arrays import BoolArray, FloatArray, IntArray, Menu


class Plan(NamedTuple):
    """Claim and ask of one budget each, (...)."""

    claim: FloatArray
    ask: FloatArray


@dataclass(frozen=True)
class Plans:
    """The budgets agents are asked about, ascending, in dollars, the last may be infinite; cost_sd: log-sd s >= 0.

    >>> menu = Plans((0.1, 0.4, float("inf")), cost_sd=1.0).menu(np.array([0.2]), np.array([0.5]))
    >>> np.round(menu.claim, 3).tolist(), np.round(menu.ask, 3).tolist()
    ([[0.212, 0.442, 0.5]], [[0.081, 0.162, 0.2]])
    """

    budgets: tuple[float, ...]
    cost_sd: float

    def menu(self, ask: FloatArray, claim: FloatArray) -> Menu:
        """A plan for each budget, (..., n, m), from bids (..., n)."""
        budgets = np.array(self.budgets)
        plan = self.at(ask[..., None], claim[..., None], budgets)
        return Menu.trusted(budgets=budgets, claim=plan.claim, ask=plan.ask)

    def at(self, ask: FloatArray, claim: FloatArray, budget: FloatArray) -> Plan:
        """The plan of each bid at its budget; shapes broadcast."""
        limited = np.isfinite(budget)
        within, sure = ask <= budget, (ask <= 0) | (self.cost_sd == 0)
        spread = 1.0 if self.cost_sd == 0 else self.cost_sd
        with np.errstate(all="ignore"):  # what comes of certain costs and of no limit is not read
            # scipy's loops go one number at a time: the same bits in any memory layout
            away = xlogy(1.0, budget / ask) / spread
            done = ndtr(away + 0.5 * spread)
            spent = ask * ndtr(away - 0.5 * spread) + budget * (1.0 - done)
        done = np.where(sure, within | (ask <= 0), done)
        spent = np.where(sure, np.minimum(ask, budget), spent)
        return Plan(np.where(limited, claim * done, claim), np.where(limited, spent, ask))


def stopped(cost: ArrayLike, budget: ArrayLike) -> BoolArray:
    """The try would cost more than its budget; NaN is no budget."""
    return np.asarray(np.greater(cost, budget))


def spent(cost: ArrayLike, budget: ArrayLike) -> FloatArray:
    """What the attempt costs: min(C, b); NaN is no budget."""
    return np.asarray(np.fmin(cost, budget))


def ticks(duration: ArrayLike, cost: ArrayLike, budget: ArrayLike) -> IntArray:
    """How long the attempt takes: all its ticks, or b / C of them, rounded up, where it is stopped."""
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = np.ceil(np.asarray(duration) * (np.asarray(budget) / np.asarray(cost)))
    return np.where(stopped(cost, budget), cut, duration).astype(np.int64)
