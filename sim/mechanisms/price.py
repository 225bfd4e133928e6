"""Price rules: an ask is a price on success, the reserve r caps it, a failed agent pays the penalty k.

    rule          hired                        pay_success        pay_failure
    posted_price  lottery among a <= r         r                  -k
    first_price   min a <= r                   a                  -k
    second_price  min a <= r                   min(r, second a)   -k
    hire_all      everybody with a <= r        r                  -k

The truthful ask of each is the break-even price b = (c + k (1 - p)) / p; the claim changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms, best_rival, contract, lowest_lottery, select
from sim.mechanisms.payment_text import IGNORED, NEXT_ASK, paragraph, pays
from sim.mechanisms.registry import register


class _PriceRule(Mechanism):
    """Score of every price rule: the lower the ask the better, so that the least score hired is -reserve."""

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        return {"-ask": -bids.ask}

    def threshold(self, tender: Tender) -> FloatArray:
        return -np.asarray(tender.reserve)


@register("posted_price")
@dataclass(frozen=True)
class PostedPrice(Mechanism):
    """The reserve is posted as a price; a lottery picks among those who ask no more than it.

    With a random reserve this is the Becker-DeGroot-Marschak procedure. The choice among qualifiers must ignore the
    ask: "the lowest ask, paid the reserve" would reward shading. Sources: [BDM1964], [MB] (one agent at a time).
    """

    summary = "random reserve as a take-it-or-leave-it price, lottery among those who accept"
    promises = Promises(ask=True, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True)
    source = "BDM1964, MB"

    def told_to_bidders(self) -> str:
        return paragraph(
            "price",
            "Among all who ask at most the reserve one is drawn by lot and hired; a lower ask does not help.",
            pays("reserve", "-penalty"),
            IGNORED,
        )

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        reserve, penalty = np.asarray(tender.reserve)[..., None], np.asarray(tender.penalty)[..., None]
        hired = lowest_lottery(bids.active & (bids.ask <= reserve), lottery)
        return contract(hired, reserve, 0.0 - penalty, np.zeros(hired.shape[:-1], np.bool_))


@register("first_price")
@dataclass(frozen=True)
class FirstPrice(_PriceRule):
    """The lowest ask within the reserve wins and is paid what it asked. Source: [Vickrey1961].

    With n iid U[0, 1] break-even prices and reserve r the equilibrium bid is b + [(1-b)^n - (1-r)^n] / (n (1-b)^(n-1)).
    """

    summary = "lowest ask within the reserve, paid its ask"
    promises = Promises(ask=False, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True)
    source = "Vickrey1961"

    def told_to_bidders(self) -> str:
        return paragraph(
            "price",
            "The lowest ask is hired, if it is at most the reserve.",
            pays("ask", "-penalty"),
            IGNORED,
        )

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        reserve, penalty = np.asarray(tender.reserve)[..., None], np.asarray(tender.penalty)[..., None]
        chosen = select(-bids.ask, bids.active & (bids.ask <= reserve), lottery)
        return contract(chosen.hired, bids.ask, 0.0 - penalty, chosen.by_tie)


@register("second_price")
@dataclass(frozen=True)
class SecondPrice(_PriceRule):
    """The lowest ask within the reserve wins and is paid the second-lowest ask or the reserve. Source: [Vickrey1961].

    Dominant in the ask. Not efficient where beliefs differ: it ranks by c/p, not by p V - c.
    """

    summary = "lowest ask within the reserve, paid the lower of the next ask and the reserve"
    promises = Promises(ask=True, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True)
    source = "Vickrey1961"

    def told_to_bidders(self) -> str:
        return paragraph(
            "price",
            "The lowest ask is hired, if it is at most the reserve.",
            pays("min(reserve, next_ask)", "-penalty"),
            NEXT_ASK,
            IGNORED,
        )

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        reserve, penalty = np.asarray(tender.reserve)[..., None], np.asarray(tender.penalty)[..., None]
        chosen = select(-bids.ask, bids.active & (bids.ask <= reserve), lottery)
        price = np.minimum(reserve, -best_rival(chosen))
        return contract(chosen.hired, price, 0.0 - penalty, chosen.by_tie)


@register("hire_all")
@dataclass(frozen=True)
class HireAll(Mechanism):
    """Everybody who asks no more than the reserve is hired, each paid the reserve on success.

    Welfare at the truth is V (1 - prod(1 - p)) - sum c over those hired.
    """

    summary = "everybody within the reserve, each paid the reserve on success"
    promises = Promises(ask=True, claim=True, rational=True, efficient=False, no_deficit=False, claim_ignored=True)
    capabilities = Capabilities(hires_several=True)

    def told_to_bidders(self) -> str:
        return paragraph(
            "price",
            "Everybody who asks at most the reserve is hired, and all work at once.",
            pays("reserve", "-penalty"),
            IGNORED,
        )

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        reserve, penalty = np.asarray(tender.reserve)[..., None], np.asarray(tender.penalty)[..., None]
        hired = bids.active & (bids.ask <= reserve)
        return contract(hired, reserve, 0.0 - penalty, np.zeros(hired.shape[:-1], np.bool_))
