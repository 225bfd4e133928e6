"""Quality-weighted second score: the allocator's advice w stands where the claim stood, so asks alone are bid.

    score          w (V - a)
    hired          max score >= V - r with a <= r;  bar = max(V - r, best rival score)
    pay_success    min(r, V - bar / w)
    pay_failure    0

This is where recalibration belongs: whatever the advice, an agent that succeeds with probability p does best to ask its
break-even price, and a claim counts only through what an advisor makes of it. Efficient only where the advice is exact.
Under a contingent contract advice would not do it: there an agent asks c - (p - w) V, which puts its own belief back.

A penalty k > 0 is refused, as under second score q(V - a) and for the same reason: the welfare order would need the
score w (V - a) + (1 - w) k, under which an agent that is advised against wins by it, at a price of up to
V - (bar - (1 - w) k) / w, without bound as w falls.

An agent without advice (NaN), or with advice below one in a billion, is not hired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms.base import (
    Capabilities,
    Mechanism,
    Promises,
    Terms,
    best_rival,
    contract,
    refuse_penalty,
    select,
)
from sim.mechanisms.payment_text import IGNORED, LEAST_SURPLUS, paragraph, pays
from sim.mechanisms.registry import register
from sim.mechanisms.score import LEAST_CLAIM, critical_margin, margin


@register("hybrid")
@dataclass(frozen=True)
class Hybrid(Mechanism):
    """The best advice-weighted margin wins and is paid its critical ask. Sources: [Che1993], [Ramchurn2009]."""

    summary: ClassVar[str] = "best advice x (value - ask) at or above value - reserve, paid its critical ask"
    promises: ClassVar[Promises] = Promises(
        ask=True, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True
    )
    source: ClassVar[str] = "Che1993, Ramchurn2009"
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value", "advice"}), takes_penalty=False)

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        ask = np.where(bids.active, bids.ask, np.nan)  # an abstaining agent's ask is infinite
        return {"advice x (value - ask)": margin(standing.advice, ask, tender)}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.asarray(tender.value) - np.asarray(tender.reserve)

    def told_to_bidders(self) -> str:
        return paragraph(
            "price",
            f"Here score is advice * (value - ask). Here advice is what the principal itself thinks your chance is. "
            f"{LEAST_SURPLUS}",
            pays("min(reserve, value - bar / advice)", "0"),
            "That is the highest ask with which you would still be hired.",
            IGNORED,
        )

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        refuse_penalty(self.name, tender)
        scores, least = self.scores(bids, tender, standing), self.threshold(tender)[..., None]
        advised = standing.advice >= LEAST_CLAIM
        chosen = select(scores, bids.active & (scores >= least) & advised, lottery)
        bar = np.maximum(least, best_rival(chosen))
        price = critical_margin(chosen.hired, standing.advice, bar, tender)
        return contract(chosen.hired, price, np.zeros(1), chosen.by_tie)
