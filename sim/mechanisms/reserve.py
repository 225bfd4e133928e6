"""Best reserves: rules of a principal that knows how costs are distributed, and wants money rather than welfare.

    rule                  an ask is            hired               pay_success / pay_failure
    best_reserve          a price on success   least psi(a) <= V   min(r, critical(V), second ask) / -k
    best_reserve_public   the cost of a try    most qV - psi(a)    critical(qV - bar) in both states

psi is the virtual cost of `sim.mechanisms.virtual`, critical its inverse; bar = max(0, V - r, best rival qV - psi(a)).
So nobody is hired who asks more than the law's high, and nobody is paid more than it or than the reserve r.
Source: [Myerson1981].

"Best reserve", and no more: where the success probability is private a type is two numbers, (p, c), and no rule is
known to be optimal. best_reserve maximises the principal's money where break-even prices are independent draws of the
law and say nothing about p; best_reserve_public where costs are, and every q is true and known to all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np

from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms.base import Capabilities, Mechanism, Need, Promises, Terms, best_rival, contract, select
from sim.mechanisms.payment_text import IGNORED, NEXT_ASK, SHARE, paragraph, pays, plain, plus, times
from sim.mechanisms.registry import register
from sim.mechanisms.virtual import CostLaw


@dataclass(frozen=True)
class _LawRule(CostLaw, Mechanism):
    """A rule that knows the law of what is asked."""

    source: ClassVar[str] = "Myerson1981"
    dollars: ClassVar[frozenset[str]] = frozenset({"low", "high"})

    def _told_inside(self, worth: str) -> str:
        """The formula of the greatest cost with that virtual cost, inside the law."""
        return f"{plus(times(self.shape, worth), self.low)} / {plain(self.shape + 1.0)}"


@register("best_reserve")
@dataclass(frozen=True)
class BestReserve(_LawRule):
    """Second price under the reserve that earns most where break-even prices follow the law.

    An ask is a price on success and the truthful ask, the break-even price, is dominant whether or not the law is
    right. With a uniform law on [0, high] the reserve is V / 2, whatever the number of agents.
    """

    summary: ClassVar[str] = "second price under the best reserve for a known law of break-even prices"
    promises: ClassVar[Promises] = Promises(
        ask=True, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True
    )
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value"}))

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(low=0.125, high=0.75, shape=2.0))

    def told_to_bidders(self) -> str:
        cap = f"min({plain(self.high)}, value, {self._told_inside('value')})"
        return paragraph(
            "price",
            f"The lowest ask is hired, if it is at most the reserve and at most cap. Here cap is {cap}.",
            pays("min(reserve, cap, next_ask)", "-penalty"),
            NEXT_ASK,
            IGNORED,
        )

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        value = np.broadcast_to(np.asarray(tender.value)[..., None], bids.ask.shape)
        return {"value": value, "-ask": -bids.ask, "-rent of cheaper types": -self.rent(bids.ask)}

    def threshold(self, tender: Tender) -> FloatArray:
        cap = self.virtual(np.minimum(self.high, np.asarray(tender.reserve)))
        return np.maximum(0.0, np.asarray(tender.value) - cap)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        value, reserve = np.asarray(tender.value)[..., None], np.asarray(tender.reserve)[..., None]
        able = bids.active & (self.scores(bids, tender, standing) >= self.threshold(tender)[..., None])
        chosen = select(-bids.ask, able, lottery)
        price = np.minimum(np.minimum(reserve, self.critical(value)), -best_rival(chosen))
        return contract(chosen.hired, price, 0.0 - np.asarray(tender.penalty)[..., None], chosen.by_tie)


@register("best_reserve_public")
@dataclass(frozen=True)
class BestReservePublic(_LawRule):
    """The greatest virtual surplus is hired and paid its critical cost for the attempt, whether or not it succeeds.

    An ask is the cost of an attempt and asking it is dominant. ability: where the public success probability q is
    read, the bidder's own "claim" (which then pays to inflate, unless somebody vouches for it) or the allocator's
    "advice" (which no bid can move).
    """

    ability: Literal["claim", "advice"] = "claim"

    summary: ClassVar[str] = "best virtual surplus under a known law of costs, paid its critical cost for the attempt"

    @property
    def capabilities(self) -> Capabilities:
        needs: frozenset[Need] = frozenset({"value", "advice"} if self.ability == "advice" else {"value"})
        return Capabilities(needs=needs, asks_for="cost")

    @property
    def promises(self) -> Promises:
        ignored = self.ability == "advice"
        return Promises(
            ask=True, claim=ignored, rational=True, efficient=False, no_deficit=False, claim_ignored=ignored
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(ability="claim"), cls(ability="advice"))

    def told_to_bidders(self) -> str:
        high, rent = plain(self.high), f"max(0, {plus('ask', -self.low)})"
        rent = rent if self.shape == 1 else f"{rent} / {plain(self.shape)}"
        chance = "advice" if self.ability == "advice" else "claim"
        pay = f"min({high}, worth, {self._told_inside('worth')})"
        known = "Here advice is what the principal itself thinks your chance is. " if chance == "advice" else ""
        claims = IGNORED if chance == "advice" else f"A higher claim raises your score and your pay. {SHARE}"
        return paragraph(
            "cost",
            f"Here score is {chance} * value - ask - {rent}. {known}Nobody is hired "
            f"who asks more than ${high}. The highest score is hired, if it is at least 0 and at least value - "
            "reserve. Here bar is the larger of these two and the best score of the others. "
            f"Here worth is {chance} * value - bar.",
            pays(pay, pay),
            "That is the highest ask with which you would still be hired.",
            claims,
        )

    def _worth(self, bids: Bids, tender: Tender, standing: Standing) -> FloatArray:
        chance = bids.claim if self.ability == "claim" else standing.advice
        return chance * np.asarray(tender.value)[..., None]

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        worth = self._worth(bids, tender, standing)
        return {f"{self.ability} x value": worth, "-ask": -bids.ask, "-rent of cheaper types": -self.rent(bids.ask)}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.maximum(0.0, np.asarray(tender.value) - np.asarray(tender.reserve))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        scores, least = self.scores(bids, tender, standing), self.threshold(tender)[..., None]
        chosen = select(scores, bids.active & (scores >= least), lottery)
        pay = self.critical(self._worth(bids, tender, standing) - np.maximum(least, best_rival(chosen)))
        return contract(chosen.hired, pay, pay, chosen.by_tie)
