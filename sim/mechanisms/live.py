"""The clearing rules of two live engines, as first-score rules over a bounty B (the tender's reserve).

agent_economy [AE]:
    score        rep q B - a - ec - (1 - q) (B / 2) clamp((rep - 0.5) / 0.75, 0, 1), and must be > 0
    PASS pays    the ask (or the bounty)
    FAIL takes   base + round(base max(0, (q - .5) / .5)),  base = min(10, max(1, round(.1 B))), in credits

agent_economy_phase2 [P2]:
    score        q B - a - ec - (1 - q) .1 B (.5 + q), and must be > 0
    PASS pays    the ask
    FAIL takes   .1 B (.5 + q)

rep is the agent's reputation, ec what the allocator expects an attempt to cost. Both engines compute in credits and
round there; `credits_per_dollar` converts. A score must be > 0 before it is rounded; scores are compared after rounding
to six decimals of a credit; equal ones go to the higher reputation, then to the lottery. The bounty is public.

A score of up to a billionth of a credit counts as 0: on the way through dollars a score of exactly 0 credits moves by
the rounding of floats, some 1e-14 of a credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import Gt, Le

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Notice, Standing, Tender
from sim.mechanisms.base import (
    Capabilities,
    Mechanism,
    Promises,
    Terms,
    break_even_price,
    contract,
    lowest_lottery,
)
from sim.mechanisms.payment_text import SHARE, paragraph, pays, plain
from sim.mechanisms.registry import register

_NOTHING = 1e-9  # credits: what the conversion from dollars may make of a score of 0


@dataclass(frozen=True)
class _LiveRule(Mechanism):
    """Selection among scores > 0 by rounded score, then reputation, then lottery."""

    credits_per_dollar: Annotated[float, Gt(0), Le(1e12)] = 90.0

    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"expected_cost"}), announces_reserve=True)

    @property
    def told_formulas(self) -> tuple[str, str, str]:
        """The score and what a failure takes, as formulas, and a sentence on what these name."""
        raise TypeError(f"{type(self).__name__} defines no told_formulas")

    def told_as(self, price: str, hired: str = "if it is above 0.") -> str:
        """The paragraph of a rule with this score. price: what a success pays, as a formula. hired: on which terms."""
        score, penalty, named = self.told_formulas
        return paragraph(
            "price",
            f"The reserve is the bounty for the task. Here score is {score}. Here expected_cost is what the principal "
            f"expects your attempt to cost.{named} The highest score is hired, {hired}",
            pays(price, f"-{penalty}"),
            f"A higher claim raises your score, and what a failure takes. {SHARE}",
        )

    def threshold(self, tender: Tender) -> FloatArray:
        return np.zeros(np.shape(tender.reserve))

    def precedence(self, bids: Bids, tender: Tender, standing: Standing) -> tuple[FloatArray, ...]:
        """Scores in millionths of a credit, then reputations."""
        return self._rounded(self.scores(bids, tender, standing)), standing.reputation

    def _rounded(self, scores: FloatArray) -> FloatArray:
        return np.rint(scores * self.credits_per_dollar * 1e6)

    def _select(
        self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray
    ) -> tuple[BoolArray, BoolArray]:
        if bids.ask.shape[-1] == 0:
            return bids.active, np.zeros(bids.active.shape[:-1], np.bool_)
        scores = self.scores(bids, tender, standing)
        able = bids.active & (scores * self.credits_per_dollar > _NOTHING)
        masked = np.where(able, self._rounded(scores), -np.inf)
        tied = able & (masked == np.maximum.reduce(masked, axis=-1, keepdims=True))
        reputation = np.where(tied, standing.reputation, -np.inf)
        tied &= reputation == np.maximum.reduce(reputation, axis=-1, keepdims=True)
        return lowest_lottery(tied, lottery), np.add.reduce(tied, axis=-1, dtype=np.int64) > 1


@register("agent_economy")
@dataclass(frozen=True)
class AgentEconomy(_LiveRule):
    """Clearing rule of the public agent-economy engine. Source: [AE].

    pay: what a PASS pays, the agent's "ask" (individually rational; a reputation above 1 lets an ask above the value
    win) or the "bounty" (never a deficit; not rational, as an ask above the bounty may win). rounded: compute the
    failure penalty in whole credits, as the engine does; False leaves the roundings out (for work on the rule itself:
    the best joint lie claims exactly 1 only then, since a fine in whole credits is flat between its steps).
    """

    pay: Literal["ask", "bounty"] = "ask"
    rounded: bool = True

    summary: ClassVar[str] = "live agent-economy engine: reputation-weighted score, own ask, confidence penalty"
    source: ClassVar[str] = "AE"

    @property
    def promises(self) -> Promises:
        own = self.pay == "ask"
        return Promises(ask=False, claim=False, rational=own, efficient=False, no_deficit=not own)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(pay="ask"), cls(pay="bounty"))

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        bounty = np.asarray(tender.reserve)[..., None]
        trust = np.minimum(np.maximum((standing.reputation - 0.5) / 0.75, 0.0), 1.0)
        return {
            "reputation x claim x bounty": standing.reputation * bids.claim * bounty,
            "-ask": -bids.ask,
            "-expected cost": -standing.expected_cost,
            "-risk of failure": -((1.0 - bids.claim) * 0.5 * bounty * trust),
        }

    @property
    def told_formulas(self) -> tuple[str, str, str]:
        score = (
            "reputation * claim * reserve - ask - expected_cost"
            " - (1 - claim) * 0.5 * reserve * min(1, max(0, (reputation - 0.5) / 0.75))"
        )
        named = " Here reputation is your reputation in this market."
        over, rate = "max(0, (claim - 0.5) / 0.5)", plain(self.credits_per_dollar)
        if not self.rounded:
            return score, f"0.1 * reserve * (1 + {over})", named
        named += f" Here base is min(10, max(1, round(0.1 * reserve * {rate})))."
        return score, f"(base + round(base * {over})) / {rate}", named

    def told_to_bidders(self) -> str:
        return self.told_as("ask" if self.pay == "ask" else "reserve")

    def failure_penalty(self, claim: FloatArray, bounty: FloatArray) -> FloatArray:
        """Dollars a FAIL takes, (..., n); claim (..., n), bounty (...) in dollars."""
        in_credits = np.asarray(bounty)[..., None] * self.credits_per_dollar
        over = np.maximum(0.0, (claim - 0.5) / 0.5)
        if self.rounded:
            base = np.minimum(10.0, np.maximum(1.0, np.rint(0.1 * in_credits)))
            penalty: FloatArray = (base + np.rint(base * over)) / self.credits_per_dollar
        else:
            penalty = 0.1 * in_credits * (1.0 + over) / self.credits_per_dollar
        return penalty

    def truthful_ask(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice) -> FloatArray:
        """Price at which the agent breaks even, its own failure penalty at a truthful claim included."""
        owed = cost_belief + (1.0 - belief) * self.failure_penalty(belief, notice.reserve)
        return break_even_price(belief, owed, np.float64(0.0))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        hired, by_tie = self._select(bids, tender, standing, lottery)
        price = bids.ask if self.pay == "ask" else np.asarray(tender.reserve)[..., None]
        return contract(hired, price, -self.failure_penalty(bids.claim, tender.reserve), by_tie)


@register("agent_economy_phase2")
@dataclass(frozen=True)
class AgentEconomyPhase2(_LiveRule):
    """Clearing rule of the study's fork of agent-economy, without reputation. Source: [P2] (see [MB])."""

    summary: ClassVar[str] = "the MarketBench study's fork of agent-economy: own ask, penalty growing with the claim"
    promises: ClassVar[Promises] = Promises(ask=False, claim=False, rational=True, efficient=False, no_deficit=True)
    source: ClassVar[str] = "P2, MB"

    @property
    def told_formulas(self) -> tuple[str, str, str]:
        penalty = "0.1 * reserve * (0.5 + claim)"
        return f"claim * reserve - ask - expected_cost - (1 - claim) * {penalty}", penalty, ""

    def told_to_bidders(self) -> str:
        return self.told_as("ask")

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        bounty = np.asarray(tender.reserve)[..., None]
        return {
            "claim x bounty": bids.claim * bounty,
            "-ask": -bids.ask,
            "-expected cost": -standing.expected_cost,
            "-risk of failure": -((1.0 - bids.claim) * self.failure_penalty(bids.claim, tender.reserve)),
        }

    def failure_penalty(self, claim: FloatArray, bounty: FloatArray) -> FloatArray:
        """Dollars a FAIL takes, .1 B (.5 + q), (..., n); claim (..., n), bounty (...) in dollars."""
        return 0.1 * np.asarray(bounty)[..., None] * (0.5 + claim)

    def truthful_ask(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice) -> FloatArray:
        """Price at which the agent breaks even, its own failure penalty at a truthful claim included."""
        owed = cost_belief + (1.0 - belief) * self.failure_penalty(belief, notice.reserve)
        return break_even_price(belief, owed, np.float64(0.0))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        hired, by_tie = self._select(bids, tender, standing, lottery)
        return contract(hired, bids.ask, -self.failure_penalty(bids.claim, tender.reserve), by_tie)
