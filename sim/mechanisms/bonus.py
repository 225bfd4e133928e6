"""Bonus by a proper scoring rule: beside its price, the hired agent is paid kappa [m0 - (y - q)^2], y its outcome.

    rule                hired                           pay_success                              pay_failure
    fixed_price_bonus   highest claim among a <= r      r + kappa (m0 - (1 - q)^2)               -k + kappa (m0 - q^2)
    second_score_bonus  max q V - a >= V - r            q V - bar + kappa (m0 - (1 - q)^2)       -k + kappa (m0 - q^2)

A claim of q costs an agent kappa (p - q)^2 of bonus in expectation; at the truth the bonus is kappa (m0 - p (1 - p)),
which is kappa (p - 1/2)^2 for m0 = 1/4. As only the hired are paid it, being hired is still worth a lie:

    second score   best claim min(1, p + p V / (2 kappa)), gain p^2 V^2 / (4 kappa) inside and
                   V p (1 - p) - kappa (1 - p)^2 at the corner, for an agent that is hired in any case
    fixed price    an agent with rent p r - c + kappa (m0 - p (1 - p)) > 0 misreports to be hired at any kappa

The truthful ask is the break-even price net of the bonus, (c + k (1 - p) - kappa (m0 - p (1 - p))) / p, and may be
negative; it is dominant at a truthful claim. A claim below one in a billion is never hired, or an agent without a
chance would bid for the bonus on failing. With m0 = 0 the bonus never pays an agent; m0 > 0 is a subsidy, which the
principal may pay for a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Ge, Le

from sim.kit.arrays import Award, Bids, FloatArray, Notice, Standing, Tender
from sim.mechanisms.base import (
    Capabilities,
    Mechanism,
    Promises,
    Selection,
    Terms,
    best_rival,
    break_even_price,
    contract,
    select,
)
from sim.mechanisms.payment_text import LEAST_SURPLUS, SHARE, paragraph, pays, plain, times
from sim.mechanisms.registry import register
from sim.mechanisms.score import LEAST_CLAIM


@dataclass(frozen=True, kw_only=True)
class _BonusRule(Mechanism):
    """The bonus and the ask net of it. kappa: dollars; m0: what a claim's squared error is held against."""

    kappa: Annotated[float, Ge(0), Le(1e12)]
    m0: Annotated[float, Ge(0), Le(1)]

    dollars: ClassVar[frozenset[str]] = frozenset({"kappa"})

    @property
    def promises(self) -> Promises:
        paid = self.kappa > 0
        return Promises(
            ask=True,
            claim=False,
            rational=True,
            efficient=False,
            no_deficit=not paid or self.m0 == 0,
            ask_at_true_claim=paid,
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(kappa=0.0, m0=0.0), cls(kappa=1.0, m0=0.0), cls(kappa=1.0, m0=0.25))

    def _told_pays(self, price: str) -> str:
        """What is paid, and what a claim does."""
        if self.kappa == 0:
            return pays(price, "-penalty")
        won, lost = (
            f"{paid} {self._told_bonus(missed)}" for paid, missed in ((price, "(1 - claim)"), ("-penalty", "claim"))
        )
        return (
            f"{pays(won, lost)} The part with the square goes by your claim: by itself it is highest on average if you "
            "claim the chance that you believe in."
        )

    def _told_bonus(self, missed: str) -> str:
        """The bonus as a formula that follows another."""
        square = times(self.kappa, f"{missed}**2")
        return f"- {square}" if self.m0 == 0 else f"+ {times(self.kappa, f'({plain(self.m0)} - {missed}**2)')}"

    def bonus(self, claim: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Dollars of bonus on success and on failure, (..., n)."""
        missed = 1.0 - claim
        # Adding 0.0 turns the -0.0 of a kappa of 0 into 0.0, the same bits in a batch and in a row.
        return 0.0 + self.kappa * (self.m0 - missed * missed), 0.0 + self.kappa * (self.m0 - claim * claim)

    def truthful_ask(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice) -> FloatArray:
        """Price at which the agent breaks even, the bonus it expects at a truthful claim included."""
        expected = self.kappa * (self.m0 - belief * (1.0 - belief))
        return break_even_price(belief, cost_belief - expected, notice.penalty)

    def _pay(self, chosen: Selection, price: FloatArray, bids: Bids, tender: Tender) -> Award:
        won, lost = self.bonus(np.where(chosen.hired, bids.claim, 0.0))
        return contract(chosen.hired, price + won, lost - np.asarray(tender.penalty)[..., None], chosen.by_tie)


@register("fixed_price_bonus")
@dataclass(frozen=True, kw_only=True)
class FixedPriceBonus(_BonusRule):
    """The reserve is the price; the highest claim that accepts it wins. Sources: [Brier1950], [Savage1971]."""

    summary: ClassVar[str] = "highest claim among those who accept the reserve as price, plus a quadratic-score bonus"
    capabilities: ClassVar[Capabilities] = Capabilities(scores_dollars=False)
    source: ClassVar[str] = "Brier1950, Savage1971"

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        ask = np.where(bids.active, bids.ask, np.nan)  # an abstaining agent's ask is infinite
        return {"claim": bids.claim, "-1 if it declines": -(ask > np.asarray(tender.reserve)[..., None]).astype(float)}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.full(np.shape(tender.reserve), LEAST_CLAIM)

    def told_to_bidders(self) -> str:
        hired = "Among all who ask at most the reserve the highest claim is hired; a lower ask does not help."
        return paragraph("price", hired, self._told_pays("reserve"), SHARE)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        scores = self.scores(bids, tender, standing)
        chosen = select(scores, bids.active & (scores >= LEAST_CLAIM), lottery)
        return self._pay(chosen, np.asarray(tender.reserve)[..., None], bids, tender)


@register("second_score_bonus")
@dataclass(frozen=True, kw_only=True)
class SecondScoreBonus(_BonusRule):
    """Second score q V - a with the bonus. Sources: [Che1993], [Brier1950], [Savage1971]."""

    summary: ClassVar[str] = "second score of claim x value - ask, plus a quadratic-score bonus"
    source: ClassVar[str] = "Che1993, Brier1950, Savage1971"
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value"}))

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        ask = np.where(bids.active, bids.ask, np.nan)  # an abstaining agent's ask is infinite
        return {"claim x value": bids.claim * np.asarray(tender.value)[..., None], "-ask": -ask}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.asarray(tender.value) - np.asarray(tender.reserve)

    def told_to_bidders(self) -> str:
        score = f"Here score is claim * value - ask. {LEAST_SURPLUS}"
        return paragraph("price", score, self._told_pays("claim * value - bar"), SHARE)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        scores, least = self.scores(bids, tender, standing), self.threshold(tender)[..., None]
        chosen = select(scores, bids.active & (scores >= least) & (bids.claim >= LEAST_CLAIM), lottery)
        bar = np.maximum(least, best_rival(chosen))
        return self._pay(chosen, bids.claim * np.asarray(tender.value)[..., None] - bar, bids, tender)
