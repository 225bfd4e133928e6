"""Budget-feasible procurement: as much value as a budget buys, from agents that name their cost of an attempt.

Values v_i are public and add up: `values` says whether they are the advice (expected successes, each worth as much as
the next) or equal. The budget B is the tender's reserve.

    order       by c_i / v_i, equal ones by lottery
    hired       S, taken from the front of the order while c_i <= B v_i / (sum of v up to i)
    pay         min(B v_i / sum_S v, v_i c_f / v_f) in both states, f the first that was not taken

The payment is the greatest ask with which i would still have been taken, and payments sum to at most B. Alone this
rule has no share of the best value guaranteed: one agent worth everything, who costs the whole budget, loses to a
cheap one worth little. Source: [Singer2010].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.kit.shortcut import shortcut
from sim.mechanisms.base import Capabilities, Mechanism, Need, Promises, Terms, contract
from sim.mechanisms.payment_text import IGNORED, paragraph, pays
from sim.mechanisms.registry import register

LEAST_VALUE = 1e-9


class _Taken(NamedTuple):
    """hired (..., n); total (..., 1): value of S; dearest (..., 1): c / v of the first not taken, infinite if none."""

    hired: BoolArray
    total: FloatArray
    dearest: FloatArray


@register("budget_feasible")
@dataclass(frozen=True)
class BudgetFeasible(Mechanism):
    """Hires by cost per value while each fits its share of the budget, and pays critical costs. Source: [Singer2010].

    values: "advice", or "equal" (then it hires as many as it can). An advice below one in a billion is worth nothing
    and is not hired.
    """

    values: Literal["advice", "equal"] = "advice"

    summary: ClassVar[str] = "cheapest per value while it fits its share of a budget (the reserve), paid critical costs"
    promises: ClassVar[Promises] = Promises(
        ask=True, claim=True, rational=True, efficient=False, no_deficit=False, claim_ignored=True
    )
    source: ClassVar[str] = "Singer2010"

    @property
    def capabilities(self) -> Capabilities:
        needs: frozenset[Need] = frozenset({"advice"} if self.values == "advice" else set())
        return Capabilities(needs=needs, asks_for="cost", hires_several=True)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(values="advice"), cls(values="equal"))

    def told_to_bidders(self) -> str:
        weight = (
            "1 for every agent" if self.values == "equal" else "what the principal itself thinks an agent's chance is"
        )
        return paragraph(
            "cost",
            "The reserve is a budget for several agents. They are hired in the order of ask / weight, the lowest "
            "first, as long as each ask is at most reserve * weight / (the weights so far, its own included). "
            f"Here weight is {weight}. Here hired_weight is the sum of the weights of all who are hired. Here "
            "next_ratio is the ask / weight of the first who is not.",
            pays(*["min(reserve * weight / hired_weight, weight * next_ratio)"] * 2),
            IGNORED,
        )

    def told_names(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Terms:
        hired = self(bids, tender, standing, lottery).hired
        weight = standing.advice if self.values == "advice" else np.ones(bids.ask.shape)
        able = bids.active & ~hired & (weight >= LEAST_VALUE)
        ratio = np.where(able, bids.ask / np.where(able, weight, 1.0), np.inf)
        total = np.where(hired, weight, 0.0).sum(axis=-1, keepdims=True)
        least = np.minimum.reduce(ratio, axis=-1, keepdims=True, initial=np.inf)
        return {
            "weight": weight,
            "hired_weight": np.broadcast_to(total, weight.shape),
            "next_ratio": np.broadcast_to(least, weight.shape),
        }

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        worth = standing.advice if self.values == "advice" else np.ones(bids.ask.shape)
        able = bids.active & (worth >= LEAST_VALUE)
        value, ask = np.where(able, worth, 1.0), np.where(able, bids.ask, np.inf)
        budget, density = np.asarray(tender.reserve)[..., None], ask / value
        taken = _take(ask, value, density, budget, np.lexsort((lottery, density), axis=-1))
        pay = np.minimum(budget * value / np.where(taken.total > 0, taken.total, 1.0), value * taken.dearest)
        return contract(taken.hired, pay, pay, _by_tie(taken, ask, value, density, budget))


def _take(ask: FloatArray, value: FloatArray, density: FloatArray, budget: FloatArray, order: IntArray) -> _Taken:
    hired = np.zeros(ask.shape, np.bool_)
    total, dearest = np.zeros(budget.shape), np.full(budget.shape, np.inf)
    going = np.ones(budget.shape, np.bool_)
    for place in range(ask.shape[-1]):
        who = order[..., place, None]
        cost, worth = np.take_along_axis(ask, who, axis=-1), np.take_along_axis(value, who, axis=-1)
        fits = going & (cost * (total + worth) <= budget * worth)
        dearest = np.where(going & ~fits, np.take_along_axis(density, who, axis=-1), dearest)
        total = np.where(fits, total + worth, total)
        np.put_along_axis(hired, who, fits, axis=-1)
        going = fits
    return _Taken(hired, total, dearest)


def _by_tie(taken: _Taken, ask: FloatArray, value: FloatArray, density: FloatArray, budget: FloatArray) -> BoolArray:
    """Another lottery could have taken others: the first not taken has equals, and one of them fits before it."""
    equal = (density == taken.dearest) & np.isfinite(taken.dearest)
    several = np.add.reduce(equal, axis=-1, dtype=np.int64) > 1
    if shortcut(~several.any()):
        return np.zeros(several.shape, np.bool_)
    before = np.zeros(budget.shape)
    for i in range(ask.shape[-1]):
        before = before + np.where(taken.hired & ~equal, value, 0.0)[..., i, None]
    fits = equal & (np.where(equal, ask, 0.0) * (before + value) <= budget * value)
    return np.asarray(several & np.logical_or.reduce(fits, axis=-1))
