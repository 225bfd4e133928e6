"""Production plans: the allocator chooses an agent and the budget at which its attempt is stopped.

Each agent's bid is a menu of budgets b with a claim q(b) and an ask a(b), the expected cost of an attempt with that
budget. The best plan of all is hired,

    score of an agent   max over b of q(b) V - a(b)          hired where it is at least V - r

and with bar = max(V - r, best plan of the best rival) the contract on the plan chosen is

    payment          pay_success       pay_failure
    "contingent"     V - bar           -bar              Vickrey's: the truth about both is dominant [PRST2008]
    "second_score"   V - bar / q(b)    0                 truth is dominant in asks at true claims [Che1993]

Under "second_score" a plan with a price above r, a(b) > q(b) r, is left out and the price is at most r: this
matters only where r > V.

The smallest of equally good budgets is taken. A bid without a menu is one plan without a limit. Under "second_score" a
claim below one in a billion promises nothing and is never hired. The penalty plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np

from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms, best_rival, contract, select
from sim.mechanisms.payment_text import LEAST_SURPLUS, SHARE, paragraph, pays
from sim.mechanisms.registry import register
from sim.mechanisms.score import LEAST_CLAIM


class _Chosen(NamedTuple):
    """Each agent's own best plan, (..., n). budget: None where bids have no menu."""

    claim: FloatArray
    ask: FloatArray
    budget: FloatArray | None


@register("production_plans")
@dataclass(frozen=True)
class ProductionPlans(Mechanism):
    """The best plan of agent and budget is hired. Sources: [PRST2008], [Che1993]."""

    payment: Literal["contingent", "second_score"] = "contingent"

    summary: ClassVar[str] = "best plan of agent and budget at or above value - reserve; it is stopped at the budget"
    source: ClassVar[str] = "PRST2008, Che1993"
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value"}), asks_for="cost", takes_menu=True)

    @property
    def promises(self) -> Promises:
        dominant = self.payment == "contingent"
        return Promises(
            ask=True,
            claim=dominant,
            rational=True,
            efficient=True,
            no_deficit=True,
            ask_at_true_claim=True,
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(payment="contingent"), cls(payment="second_score"))

    def told_to_bidders(self) -> str:
        second = self.payment == "second_score"
        success = "min(reserve, value - bar / claim)" if second else "value - bar"
        return paragraph(
            "cost",
            "A plan is a budget in dollars at which the attempt is stopped, with a claim and an ask for that budget; a "
            f"bid without budgets is one plan. Here score is claim * value - ask. {LEAST_SURPLUS} Of a bidder's plans "
            "the one with the highest score counts.",
            "A plan whose ask is above claim * reserve does not count." if second else "",
            pays(success, "0" if second else "-bar"),
            f"A higher claim raises your score. {SHARE}",
        )

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        plan, value = self._best(bids, tender), np.asarray(tender.value)[..., None]
        return {"claim x value": plan.claim * value, "-ask": -plan.ask}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.asarray(tender.value) - np.asarray(tender.reserve)

    def _best(self, bids: Bids, tender: Tender) -> _Chosen:
        if bids.menu is None:
            return _Chosen(bids.claim, self._asked(bids.claim, np.where(bids.active, bids.ask, np.nan), tender), None)
        claim, ask = bids.menu.claim, np.where(bids.active[..., None], bids.menu.ask, np.nan)
        ask = self._asked(claim, ask, tender)
        score = claim * np.asarray(tender.value)[..., None, None] - ask
        best = np.argmax(np.where(bids.active[..., None], score, -np.inf), axis=-1)[..., None]
        plans = claim, ask, np.broadcast_to(bids.menu.budgets, claim.shape)
        claim, ask, budget = (np.take_along_axis(array, best, axis=-1)[..., 0] for array in plans)
        return _Chosen(claim, ask, budget)

    def _asked(self, claim: FloatArray, ask: FloatArray, tender: Tender) -> FloatArray:
        """The asks, infinite where "second_score" leaves the plan out as dearer than the reserve; (..., n) or more."""
        if self.payment == "contingent":
            return ask
        reserve = np.asarray(tender.reserve)
        reserve = reserve[(..., *(None,) * (ask.ndim - reserve.ndim))]
        return np.where(ask > claim * reserve, np.inf, ask)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        plan, value = self._best(bids, tender), np.asarray(tender.value)[..., None]
        score, least = plan.claim * value - plan.ask, self.threshold(tender)[..., None]
        eligible = bids.active & (score >= least)
        if self.payment == "second_score":
            eligible &= plan.claim >= LEAST_CLAIM
        chosen = select(score, eligible, lottery)
        bar = np.maximum(least, best_rival(chosen))
        if self.payment == "contingent":
            award = contract(chosen.hired, value - bar, 0.0 - bar, chosen.by_tie)
        else:
            claim = np.where(chosen.hired, plan.claim, 1.0)
            price = np.minimum(np.asarray(tender.reserve)[..., None], value - bar / claim)
            award = contract(chosen.hired, price, np.zeros(1), chosen.by_tie)
        return award if plan.budget is None else Award.trusted(**vars(award), budget=plan.budget)
