"""Contingent contracts (fault-tolerant VCG): an ask is the cost of an attempt, and a failed agent forfeits its bond.

    score q V - a; hired: max score >= V - r; bar = max(V - r, best rival score); L the most an agent can be made to pay

    settlement     pay_success                              pay_failure
    L = inf        V - bar                                  -bar
    truncated      V - bar                                  -min(bar, L)
    compensated    V - bar - (1 - q) / q max(0, bar - L)    -min(bar, L)

Without a limit a hired agent (p, c) expects p V - c - bar whatever it claimed and is hired iff q V - a >= bar, so that
truth is dominant in both; the principal is left with bar in both states, and the agent bears all risk. An agent that
claims q and not p would ask c + (q - p) V, so the truthful ask is dominant at a true claim only.

With a limit, let s = p V - c and x = (1 - p) max(0, bar - L): the best lie is worth max(0, s - bar + x) under both
settlements, the truth s - bar + x (truncated) or s - bar (compensated) where s >= bar, else 0. At the truth all three
pay the same in expectation but for x, which only truncation gives away. Compensated at L = 0 is the second score
q (V - a) with asks c / p, where r <= V.

The tender's penalty plays no part. A claim below one in a billion is never hired where the settlement divides by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge
from pydantic import AllowInfNan

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Selection, Terms, best_rival, contract, select
from sim.mechanisms.payment_text import LEAST_SURPLUS, SHARE, paragraph, pays, plain
from sim.mechanisms.registry import register
from sim.mechanisms.score import LEAST_CLAIM


@register("contingent")
@dataclass(frozen=True, kw_only=True)
class Contingent(Mechanism):
    """The best expected surplus wins and is paid V less what its presence costs the others. Source: [PRST2008].

    bond: dollars L, the most a failure takes; inf: no limit, and both settlements are the same.
    settlement: who bears what the bond does not cover: "truncated" (the principal), "compensated" (the agent, by less
    pay on success, at the odds it claims).
    """

    bond: Annotated[float, Ge(0), AllowInfNan(True)]
    settlement: Literal["truncated", "compensated"] = "truncated"

    summary: ClassVar[str] = "best claim x value - cost, paid value - bar on success and -bar, up to a bond, on failure"
    source: ClassVar[str] = "PRST2008"
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value"}), asks_for="cost")
    dollars: ClassVar[frozenset[str]] = frozenset({"bond"})

    @property
    def promises(self) -> Promises:
        unlimited = self.bond == np.inf
        fair = self.settlement == "compensated"
        return Promises(
            ask=unlimited or fair,
            claim=unlimited,
            rational=True,
            efficient=True,
            no_deficit=True,
            ask_at_true_claim=unlimited or fair,
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(bond=np.inf), cls(bond=0.25), cls(bond=0.25, settlement="compensated"))

    def told_to_bidders(self) -> str:
        success, failure = "value - bar", "-bar"
        limit = "There is no limit to what a failure takes."
        if self.bond < np.inf:
            bond = plain(self.bond)
            failure = f"-min(bar, {bond})"
            limit = f"A failure takes at most the bond, ${bond}."
            if self.settlement == "compensated":
                success = f"value - bar - (1 - claim) / claim * max(0, bar - {bond})"
                limit += " What the bond does not cover is taken from the pay for success, at the odds that you claim."
        score = f"Here score is claim * value - ask. {LEAST_SURPLUS}"
        return paragraph("cost", score, pays(success, failure), limit, f"A higher claim raises your score. {SHARE}")

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        ask = np.where(bids.active, bids.ask, np.nan)  # an abstaining agent's ask is infinite
        return {"claim x value": bids.claim * np.asarray(tender.value)[..., None], "-ask": -ask}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.asarray(tender.value) - np.asarray(tender.reserve)

    def binding(self, bids: Bids, tender: Tender, standing: Standing, award: Award) -> BoolArray:
        """The hired with a bar above the bond, (..., n)."""
        scores, eligible = self._ranked(bids, tender, standing)
        chosen = Selection(award.hired, np.where(eligible, scores, -np.inf), award.by_tie)
        return award.hired & (self._bar(chosen, tender) > self.bond)

    def _ranked(self, bids: Bids, tender: Tender, standing: Standing) -> tuple[FloatArray, BoolArray]:
        scores = self.scores(bids, tender, standing)
        eligible = bids.active & (scores >= self.threshold(tender)[..., None])
        if self.settlement == "compensated" and self.bond < np.inf:
            eligible = eligible & (bids.claim >= LEAST_CLAIM)
        return scores, eligible

    def _bar(self, chosen: Selection, tender: Tender) -> FloatArray:
        """max(V - r, best rival score), (..., 1)."""
        return np.maximum(self.threshold(tender)[..., None], best_rival(chosen))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        scores, eligible = self._ranked(bids, tender, standing)
        chosen = select(scores, eligible, lottery)
        bar = self._bar(chosen, tender)
        success = np.asarray(tender.value)[..., None] - bar
        if self.settlement == "compensated":
            claim = np.where(chosen.hired & (bids.claim >= LEAST_CLAIM), bids.claim, 1.0)
            success = success - (1.0 - claim) / claim * np.maximum(0.0, bar - self.bond)
        return contract(chosen.hired, success, 0.0 - np.minimum(bar, self.bond), chosen.by_tie)
