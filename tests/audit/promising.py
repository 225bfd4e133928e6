"""Rules that promise all five letters and break one of them, each keeping the other four; and one that breaks three.

own_ask      A    first score q(V - a): pays the ask, so that asking more pays; at the true ask nothing is earned,
                  whatever the claim
own_claim    Q    second score q(V - a): claiming 1 raises the price
admission    IR   the contingent contract, and a fee from everybody who bids: truth stays the best bid, but those
                  who are not hired lose
cheapest     E    second price: ranks by c / p, not by surplus
generous     D    the best set at VCG prices: pays more than V where several succeed
worst        IR, E, D   hires the bid worth least, for 10 V on success and a fine of 20 V on failure
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms import Mechanism, Promises, contract, select
from sim.mechanisms.base import Capabilities
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.price import SecondPrice
from sim.mechanisms.redundant import KRedundant
from sim.mechanisms.score import FirstScore, ScoreForm, SecondScore

EVERYTHING = Promises(True, True, True, True, True)
AT_TRUE_CLAIM = Promises(True, True, True, True, True, ask_at_true_claim=True)


@dataclass(frozen=True)
class OwnAsk(FirstScore):
    name: ClassVar[str] = "own_ask"
    score: ScoreForm = "q(V-a)"
    promises: ClassVar[Promises] = EVERYTHING  # type: ignore[assignment]

    @classmethod
    def examples(cls):  # type: ignore[no-untyped-def]
        return (cls(),)


@dataclass(frozen=True)
class OwnClaim(SecondScore):
    name: ClassVar[str] = "own_claim"
    score: ScoreForm = "q(V-a)"
    promises: ClassVar[Promises] = EVERYTHING  # type: ignore[assignment]

    @classmethod
    def examples(cls):  # type: ignore[no-untyped-def]
        return (cls(),)


@dataclass(frozen=True, kw_only=True)
class Admission(Contingent):
    name: ClassVar[str] = "admission"
    bond: float = field(default=np.inf)
    promises: ClassVar[Promises] = AT_TRUE_CLAIM  # type: ignore[assignment]

    @classmethod
    def examples(cls):  # type: ignore[no-untyped-def]
        return (cls(),)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        award = super().__call__(bids, tender, standing, lottery)
        fee = np.where(bids.active, 0.05 * np.asarray(tender.value)[..., None], 0.0)
        return Award.trusted(**{**vars(award), "fee": fee})


@dataclass(frozen=True)
class Cheapest(SecondPrice):
    name: ClassVar[str] = "cheapest"
    promises = Promises(True, True, True, True, True, claim_ignored=True)


@dataclass(frozen=True)
class Generous(KRedundant):
    name: ClassVar[str] = "generous"
    promises: ClassVar[Promises] = AT_TRUE_CLAIM  # type: ignore[assignment]

    @classmethod
    def examples(cls):  # type: ignore[no-untyped-def]
        return (cls(),)


@dataclass(frozen=True)
class Worst(Mechanism):
    name: ClassVar[str] = "worst"
    summary: ClassVar[str] = "the bid worth least, for ten times the value or a fine of twenty"
    promises: ClassVar[Promises] = Promises(False, False, True, True, True)
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value"}))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        value = np.asarray(tender.value)[..., None]
        ask = np.where(bids.active, bids.ask, 0.0)
        chosen = select(ask - bids.claim * value, bids.active, lottery)
        return contract(chosen.hired, 10.0 * value, -20.0 * value, chosen.by_tie)


BREAKERS: dict[str, tuple[Mechanism, str]] = {
    "own_ask": (OwnAsk(), "A"),
    "own_claim": (OwnClaim(), "Q"),
    "admission": (Admission(), "IR"),
    "cheapest": (Cheapest(), "E"),
    "generous": (Generous(), "D"),
}
