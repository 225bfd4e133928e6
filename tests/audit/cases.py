"""Problems small enough to be worked through one posting at a time, and rules made for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from sim.auditing.known import e1
from sim.auditing.problem import EXACT, Problem, Verifier
from sim.auditing.several import attack_tables
from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.mechanisms import Mechanism, Promises, contract, select
from sim.mechanisms.base import Capabilities

tables_attacked = cache(attack_tables)  # it takes a second or two, and is the same in every test of a rule


@dataclass(frozen=True)
class Cascade(Mechanism):
    """Everybody within the reserve tries in the order of asks, each paid its ask, and on failure pays a tenth."""

    name: ClassVar[str] = "cascade_of_the_tests"
    summary: ClassVar[str] = "in the order of asks"
    promises: ClassVar[Promises] = Promises(False, False, False, False, False)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        hired = bids.active & (bids.ask <= np.asarray(tender.reserve)[..., None])
        asks = np.where(hired, bids.ask, np.inf)
        turn = np.argsort(np.argsort(asks, axis=-1, kind="stable"), axis=-1, kind="stable")
        return Award(
            hired,
            np.where(hired, bids.ask, 0.0),
            np.where(hired, -0.1, 0.0),
            np.zeros(hired.shape[:-1], np.bool_),
            turn=turn,
        )


@dataclass(frozen=True)
class Together(Cascade):
    """The same, but all try at once."""

    name: ClassVar[str] = "together_of_the_tests"

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        award = super().__call__(bids, tender, standing, lottery)
        return Award(award.hired, award.pay_success, award.pay_failure, award.by_tie)


@dataclass(frozen=True)
class ByAdvice(Mechanism):
    """The best advice x (value - ask) is hired and paid its ask; claims change nothing; every bond binds."""

    name: ClassVar[str] = "by_advice_of_the_tests"
    summary: ClassVar[str] = "advice and ask"
    promises: ClassVar[Promises] = Promises(False, True, True, False, True, claim_ignored=True)
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value", "advice"}))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        score = standing.advice * (np.asarray(tender.value)[..., None] - bids.ask)
        chosen = select(score, bids.active & (score >= 0), lottery)
        return contract(chosen.hired, bids.ask, 0.0, chosen.by_tie)

    def binding(self, bids: Bids, tender: Tender, standing: Standing, award: Award) -> BoolArray:
        return np.ones(award.hired.shape, np.bool_)


def small(rule: Mechanism, types: int = 5, draws: int = 12, verifier: Verifier = EXACT) -> Problem:
    """E1 with few types and draws."""
    return e1(rule, types, draws, 8, 7, verifier)


def outcomes(chances: list[float]) -> list[tuple[float, tuple[bool, ...]]]:
    """Every outcome of independent attempts that can be, with its chance."""
    found: list[tuple[float, tuple[bool, ...]]] = [(1.0, ())]
    for p in chances:
        found = [(w * q, (*so_far, hit)) for w, so_far in found for q, hit in ((p, True), (1.0 - p, False)) if q]
    return found


def played(
    award: Award, ability: FloatArray, cost: FloatArray, value: float, verifier: Verifier
) -> dict[str, FloatArray]:
    """Expected utilities (n,), money of the principal and welfare of one posting, outcome by outcome."""
    turn, able, cost_of = None if award.turn is None else award.turn.tolist(), ability.tolist(), cost.tolist()
    if_passed, if_failed = award.pay_success.tolist(), award.pay_failure.tolist()
    order = sorted(np.flatnonzero(award.hired).tolist(), key=lambda i: 0 if turn is None else turn[i])
    utility, principal, welfare = [0.0] * len(able), 0.0, 0.0
    for chance, success in outcomes([able[i] for i in order]):
        for seen_chance, flips in outcomes([verifier.false_fail if hit else verifier.false_pass for hit in success]):
            w, solved = chance * seen_chance, False
            for i, hit, flip in zip(order, success, flips, strict=True):
                passed = hit != flip
                pay = if_passed[i] if passed else if_failed[i]
                utility[i] += w * (pay - cost_of[i])
                principal -= w * pay
                welfare -= w * cost_of[i]
                solved = solved or hit
                if turn is not None and passed:
                    break
            principal += w * value * solved
            welfare += w * value * solved
    return {"utility": np.array(utility), "principal": np.array(principal), "welfare": np.array(welfare)}
