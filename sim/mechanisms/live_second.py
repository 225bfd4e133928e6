"""The scores of the two live engines with second-score payment: what if they paid the critical ask?

    agent_economy_second_score
        score        rep q B - a - ec - (1 - q) (B / 2) clamp((rep - 0.5) / 0.75, 0, 1)
        FAIL takes   .1 B (1 + max(0, (q - .5) / .5))
    agent_economy_phase2_second_score
        score        q B - a - ec - (1 - q) .1 B (.5 + q)
        FAIL takes   .1 B (.5 + q)

Hired: the best score at or above 0 with a <= B. PASS pays the critical ask min(B, S(0, q) - bar), bar = max(0, best
rival score). Nothing is rounded to credits, and ties go to the lottery; the rules that the engines run are in live.py.

What a failure takes depends on the claim, so the truthful ask, which counts it at the truth, is dominant for an agent
that claims the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.kit.arrays import Bids, FloatArray, Notice, Standing, Tender
from sim.mechanisms.base import Capabilities, Promises, Terms
from sim.mechanisms.critical import CriticalScoreRule
from sim.mechanisms.live import AgentEconomy, AgentEconomyPhase2
from sim.mechanisms.registry import register


@dataclass(frozen=True)
class _LiveSecondScore(CriticalScoreRule):
    """Score and failure penalty of a live rule, without its roundings."""

    live: ClassVar[AgentEconomy | AgentEconomyPhase2]
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"expected_cost"}), announces_reserve=True)
    promises: ClassVar[Promises] = Promises(
        ask=True, claim=False, rational=True, efficient=False, no_deficit=True, ask_at_true_claim=True
    )

    def told_to_bidders(self) -> str:
        hired = "if it is at least 0 and the ask is at most the reserve. "
        bar = "Here bar is the larger of 0 and the best score of the others."
        return self.live.told_as("min(reserve, score + ask - bar)", f"{hired}{bar}")

    def score(self, ask: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        return self.live.scores(Bids.trusted(ask=ask, claim=claim), tender, standing)

    def critical_ask(self, bar: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        """S(0, q) - bar: the live scores fall by a dollar for each dollar asked."""
        return self.score(np.zeros(claim.shape), claim, tender, standing) - bar

    def failure_pay(self, claim: FloatArray, tender: Tender) -> FloatArray:
        return 0.0 - self.live.failure_penalty(claim, tender.reserve)

    def threshold(self, tender: Tender) -> FloatArray:
        return np.zeros(np.shape(tender.reserve))

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        above = bids.active & (bids.ask > np.asarray(tender.reserve)[..., None])
        return {**self.live.terms(bids, tender, standing), "above the bounty": np.where(above, -np.inf, 0.0)}

    def truthful_ask(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice) -> FloatArray:
        """Price at which the agent breaks even, its own failure penalty at a truthful claim included."""
        return self.live.truthful_ask(belief, cost_belief, notice)


@register("agent_economy_second_score")
@dataclass(frozen=True)
class AgentEconomySecondScore(_LiveSecondScore):
    """Second score on the score of agent-economy. Sources: [AE], [Che1993]."""

    summary: ClassVar[str] = "agent-economy's score without rounding, paid its critical ask"
    source: ClassVar[str] = "AE, Che1993"
    live: ClassVar[AgentEconomy] = AgentEconomy(rounded=False)


@register("agent_economy_phase2_second_score")
@dataclass(frozen=True)
class AgentEconomyPhase2SecondScore(_LiveSecondScore):
    """Second score on the score of the study's fork of agent-economy. Sources: [P2] (see [MB]), [Che1993]."""

    summary: ClassVar[str] = "the score of agent-economy's fork, paid its critical ask"
    source: ClassVar[str] = "P2, MB, Che1993"
    live: ClassVar[AgentEconomyPhase2] = AgentEconomyPhase2()
