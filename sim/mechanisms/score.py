"""Scoring auctions: the claim q and the ask a (a price on success) together make a score.

    score       S(a, q)           critical ask a*: S(a*, q) = bar
    "qV-a"      q V - a           q V - bar
    "q(V-a)"    q (V - a)         V - bar / q, at most r
    "qV/(a+ec)" q V / (a + ec)    q V / bar - ec

ec is what the allocator expects an attempt to cost. The highest score at or above a least one is hired; bar = max(least
score, best rival score). First score pays the ask, second score the critical ask; a failed agent pays k. At break-even
asks the second form equals p V - c, so it is the welfare order; the others are not. A claim below one in a billion
promises nothing and is never hired under the second form.

The least score is V - r for the two forms in dollars, and V / r for value per dollar: what a sure success at the
reserve is worth. So nobody is paid more than r on success: where r <= V by the score alone, and where r > V the second
form also turns away who asks more than r.

An ask of -ec or less costs nothing: its value per dollar is infinite. Infinite scores rank by claim x value.

The second form refuses a penalty k > 0. Asks then cover (1 - p) k / p, so the welfare order would need the score
q (V - a) + (1 - q) k, which credits a bidder with what it is to pay when it fails: a claim near 0 scores k at any ask,
and the critical ask V - (bar - (1 - q) k) / q grows without bound (at k = V / 2 a claim of .01 gains up to 27.7 V). A
cap at r would bound the gain, but low claims would win all the same, and honest agents with break-even prices above it
would be shut out, whatever their surplus. Nor can q (V - a) be kept: with k it is not the welfare order. Under "qV-a"
and value per dollar a lower claim scores less whatever k is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.mechanisms.base import (
    Capabilities,
    Mechanism,
    Promises,
    Selection,
    Terms,
    best_rival,
    contract,
    rank_of_infinite,
    refuse_penalty,
    select,
)
from sim.mechanisms.payment_text import LEAST_SURPLUS, SHARE, paragraph, pays
from sim.mechanisms.registry import register

ScoreForm = Literal["qV-a", "q(V-a)", "qV/(a+ec)"]

LEAST_CLAIM = 1e-9


@dataclass(frozen=True)
class _ScoreRule(Mechanism):
    """Score, threshold and selection that the first- and second-score rules share."""

    score: ScoreForm = "qV-a"

    @property
    def capabilities(self) -> Capabilities:
        ratio = self.score == "qV/(a+ec)"
        return Capabilities(
            needs=frozenset({"value", "expected_cost"} if ratio else {"value"}),
            scores_dollars=not ratio,
            takes_penalty=self.score != "q(V-a)",
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(score="qV-a"), cls(score="q(V-a)"), cls(score="qV/(a+ec)"))

    @property
    def _told_score(self) -> str:
        """Sentences for bidders on the score, on who is hired and on claims."""
        if self.score == "qV/(a+ec)":
            return (
                "Here score is claim * value / (ask + expected_cost). Here expected_cost is what the principal expects "
                "your attempt to cost. The highest score is hired, if it is at least value / reserve. "
                "Here bar is the larger of value / reserve and the best score of the others. "
                f"A higher claim raises your score. {SHARE}"
            )
        form = "claim * value - ask" if self.score == "qV-a" else "claim * (value - ask)"
        return f"Here score is {form}. {LEAST_SURPLUS} A higher claim raises your score. {SHARE}"

    @property
    def _told_failure(self) -> str:
        return "-penalty" if self.capabilities.takes_penalty else "0"

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        value = np.asarray(tender.value)[..., None]
        ask = np.where(bids.active, bids.ask, np.nan)  # an abstaining agent's ask is infinite
        if self.score == "qV-a":
            return {"claim x value": bids.claim * value, "-ask": -ask}
        if self.score == "qV/(a+ec)":
            ratio = value_per_dollar(bids.claim * value, ask + standing.expected_cost)
            return {"claim x value / (ask + expected cost)": ratio}
        return {"claim x (value - ask)": margin(bids.claim, ask, tender)}

    def precedence(self, bids: Bids, tender: Tender, standing: Standing) -> tuple[FloatArray, ...]:
        scores = self.scores(bids, tender, standing)
        return scores, rank_of_infinite(scores, bids, tender)

    def threshold(self, tender: Tender) -> FloatArray:
        value, reserve = np.asarray(tender.value), np.asarray(tender.reserve)
        if self.score == "qV/(a+ec)":
            # A task worth nothing is not worth hiring for, whatever the reserve.
            return np.where(value > 0, value_per_dollar(value, reserve), np.inf)
        return value - reserve

    def _select(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Selection:
        scores = self.scores(bids, tender, standing)
        eligible = bids.active & (scores >= self.threshold(tender)[..., None])
        if self.score == "q(V-a)":
            refuse_penalty(f"{self.name} with score q(V-a)", tender)
            eligible &= bids.claim >= LEAST_CLAIM
        return select(scores, eligible, lottery, rank_of_infinite(scores, bids, tender))


def margin(chance: FloatArray, ask: FloatArray, tender: Tender) -> FloatArray:
    """chance x (V - a), (..., n); -inf where the ask is above a reserve above V. Elsewhere V - r bars such asks."""
    value, reserve = np.asarray(tender.value)[..., None], np.asarray(tender.reserve)[..., None]
    return np.where((ask > reserve) & (reserve > value), -np.inf, chance * (value - ask))


def critical_margin(hired: BoolArray, chance: FloatArray, bar: FloatArray, tender: Tender) -> FloatArray:
    """The ask at which the hired agent's margin is `bar` (..., 1), at most the reserve: V - bar / chance, (..., n)."""
    value, reserve = np.asarray(tender.value)[..., None], np.asarray(tender.reserve)[..., None]
    return np.minimum(reserve, value - bar / np.where(hired, chance, 1.0))


def value_per_dollar(worth: FloatArray, spent: FloatArray) -> FloatArray:
    """worth / spent; infinite where something is had for nothing or less, 0 where what is had is worth nothing.

    >>> value_per_dollar(np.array([0.8, 0.8, 0.0]), np.array([0.2, 0.0, 0.0])).tolist()
    [4.0, inf, 0.0]
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ratio = np.where(spent <= 0, np.inf, worth / spent)
    return np.where(worth > 0, ratio, np.where(np.isnan(worth), np.nan, 0.0))


@register("first_score")
@dataclass(frozen=True)
class FirstScore(_ScoreRule):
    """The best score wins and is paid its own ask. Sources: [Che1993], [AskerCantillon2008]."""

    summary: ClassVar[str] = "best score of claim and ask at or above the reserve's, paid its ask"
    source: ClassVar[str] = "Che1993, AskerCantillon2008"

    @property
    def promises(self) -> Promises:
        efficient = self.score == "q(V-a)"
        return Promises(ask=False, claim=False, rational=True, efficient=efficient, no_deficit=True)

    def told_to_bidders(self) -> str:
        return paragraph("price", self._told_score, pays("ask", self._told_failure))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        chosen = self._select(bids, tender, standing, lottery)
        return contract(chosen.hired, bids.ask, 0.0 - np.asarray(tender.penalty)[..., None], chosen.by_tie)


@register("second_score")
@dataclass(frozen=True)
class SecondScore(_ScoreRule):
    """The best score wins and is paid the critical ask, the highest with which it would still have won.

    Dominant in the ask whatever was claimed, not in the claim: claiming 1 raises both the score and the price.
    Sources: [Che1993], [AskerCantillon2008].
    """

    summary: ClassVar[str] = "best score of claim and ask at or above the reserve's, paid its critical ask"
    source: ClassVar[str] = "Che1993, AskerCantillon2008"

    @property
    def promises(self) -> Promises:
        efficient = self.score == "q(V-a)"
        return Promises(ask=True, claim=False, rational=True, efficient=efficient, no_deficit=True)

    def told_to_bidders(self) -> str:
        price = {
            "qV-a": "claim * value - bar",
            "q(V-a)": "min(reserve, value - bar / claim)",
            "qV/(a+ec)": "claim * value / bar - expected_cost",
        }[self.score]
        more = "That is the highest ask with which you would still be hired, so that a higher claim raises it too."
        return paragraph("price", self._told_score, pays(price, self._told_failure), more)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        chosen = self._select(bids, tender, standing, lottery)
        bar = np.maximum(self.threshold(tender)[..., None], best_rival(chosen))
        value, penalty = np.asarray(tender.value)[..., None], np.asarray(tender.penalty)[..., None]
        if self.score == "qV-a":
            critical = bids.claim * value - bar
        elif self.score == "qV/(a+ec)":
            critical = np.where(chosen.hired, bids.claim * value, 0.0) / bar - standing.expected_cost
        else:
            critical = critical_margin(chosen.hired, bids.claim, bar, tender)
        return contract(chosen.hired, critical, 0.0 - penalty, chosen.by_tie)
