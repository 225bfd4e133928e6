"""The rows of the ledger, written from what happened, for every engine.

An engine hands over what its clearings saw and answered (`Cleared`) and what became of the attempts they started
(`Tried`); nothing here reads a World. Index convention: C clearings, A attempts, n agents; arrays are (C, n) in any
memory order. Names are codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Status, Tender
from sim.ledger.ledger import BESIDE, OUTCOME
from sim.market.entry import entry_fees
from sim.market.overheads import overheads
from sim.market.rules import Rules
from sim.market.source import BID, answered

Columns = dict[str, NDArray[Any]]

_WORDS = ("won", "lost", "late", "busy", "excluded", "exited", "no bond", "withdrawn", "bid limit")
_WON, _LOST, _LATE, _BUSY, _EXCLUDED, _EXITED, _NO_BOND, _WITHDRAWN, _LIMITED = map(OUTCOME.index, _WORDS)

_OF_AWARD = "owes a fee of"


class Barred(NamedTuple):
    """Why agents could not win at clearings, beside late and busy bids, (..., n) each or what broadcasts; None: nobody.

    excluded: for what happened at this task; exited: their wealth had run out; no_bond: they could not post the bond
    of the contract they would have won; withdrawn: the tender was, for want of budget; limited: they had bid on as many
    other tasks of the round as they may.
    """

    excluded: BoolArray | None = None
    exited: BoolArray | None = None
    no_bond: BoolArray | None = None
    withdrawn: BoolArray | None = None
    limited: BoolArray | None = None

    @classmethod
    def nobody(cls, shape: tuple[int, ...]) -> Self:
        """All could win."""
        return cls(*(np.zeros(shape, np.bool_) for _ in cls._fields))

    def asked(self, willing: BoolArray) -> BoolArray:
        """(..., n): willing to bid, and asked for one."""
        for out in (self.excluded, self.exited, self.withdrawn, self.limited):
            willing = willing if out is None else willing & ~out
        return willing


@dataclass(frozen=True, eq=False)
class Cleared:
    """Clearings: when and of what, (C,); what was in front of the mechanism and what it answered, (C, n).

    reason: BID, or why no bid was formed (sim/market/source.py); late: it came after the window, None: none did.
    belief, cost_belief: behind the bids, NaN where unknown. bid_cost: dollars that answering costs. owner (C,): the
    principal's code. advising (C,): dollars that advice cost the allocator. unasked (C,): nobody but staff was
    asked for a bid; None: everybody was.
    """

    replication: IntArray
    task: IntArray
    posting: IntArray
    posted: IntArray
    tick: IntArray
    owner: IntArray
    reason: NDArray[np.int8]
    late: BoolArray | None
    barred: Barred
    belief: FloatArray
    cost_belief: FloatArray
    bid_cost: FloatArray
    bids: Bids
    tender: Tender
    standing: Standing
    award: Award
    advising: FloatArray | float = 0.0
    unasked: BoolArray | None = None

    def __len__(self) -> int:
        return len(self.tick)

    @property
    def made(self) -> BoolArray:
        """(C, n) bids that were made, and answers that are none, which cost what a bid costs."""
        return self.barred.asked(answered(self.reason))

    @property
    def n_agents(self) -> int:
        """n."""
        return int(self.reason.shape[1])


@dataclass(frozen=True, eq=False)
class Tried:
    """Attempts as they went, (A,) each. clearing: its row in `Cleared`; nth: the agent's tries at the task before.

    status: `Status` codes, as the verifier said; success: what truly happened; cost, payment: dollars. score: in
    [0, 1], NaN and None: 1 of PASS, else 0. beside: other dollars, by column (BESIDE); a column left out is 0.
    """

    clearing: IntArray
    agent: IntArray
    nth: IntArray
    start: IntArray
    finish: IntArray
    status: NDArray[Any]
    timed_out: BoolArray
    success: BoolArray
    cost: FloatArray
    payment: FloatArray
    score: FloatArray | None = None
    beside: Mapping[str, FloatArray] = field(default_factory=dict)


class Picked:
    """Picks one element a row and column out of arrays (C, n): by one flat index where the array is one piece."""

    def __init__(self, row: IntArray, column: IntArray) -> None:
        self._at = row, column
        self._flat: dict[tuple[int, int], IntArray] = {}

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """array[row, column]."""
        across, down = (1, len(array)) if array.flags.f_contiguous else (array.shape[1], 1)
        if not (array.flags.f_contiguous or array.flags.c_contiguous):
            return np.asarray(array[self._at])
        row, column = self._at
        if (across, down) not in self._flat:
            self._flat[across, down] = row * across + column * down
        return array.ravel(order="K").take(self._flat[across, down])


def _one(number: float, shape: tuple[int, ...]) -> NDArray[Any]:
    """The same number everywhere, held once."""
    return np.broadcast_to(np.asarray(number), shape)


def attempt_columns(tried: Tried, cleared: Cleared, rules: Rules) -> Columns:
    """Columns of the attempts table, in the order of the attempts."""
    bids, award, at = cleared.bids, cleared.award, Picked(tried.clearing, tried.agent)
    shape = tried.agent.shape
    budget = _one(np.nan, shape) if award.budget is None else at.of(award.budget)
    believed = at_budget(rules, at.of(cleared.cost_belief), at.of(cleared.belief), budget)
    offered = at_budget(rules, at.of(bids.ask), at.of(bids.claim), budget)
    return {
        "replication": cleared.replication.take(tried.clearing),
        "task": cleared.task.take(tried.clearing),
        "posting": cleared.posting.take(tried.clearing),
        "agent": tried.agent,
        "try": tried.nth,
        "turn": _one(0, shape) if award.turn is None else at.of(award.turn),
        "start": tried.start,
        "finish": tried.finish,
        "status": tried.status,
        "timed_out": tried.timed_out,
        "success": tried.success,
        "score": _scores(tried),
        "ask": offered[0],
        "claim": offered[1],
        "belief": believed[1],
        "cost_belief": believed[0],
        "pay_success": at.of(award.pay_success),
        "pay_failure": at.of(award.pay_failure),
        "budget": budget if award.budget is None else np.where(np.isfinite(budget), budget, np.nan),
        "payment": tried.payment,
        "cost": tried.cost,
        **{name: tried.beside.get(name, _one(0.0, shape)) for name in BESIDE},
    }


def _scores(tried: Tried) -> FloatArray:
    """(A,) what the verifier says that the work is worth."""
    passed = (tried.status == int(Status.PASS)).astype(np.float64)
    return passed if tried.score is None else np.where(np.isnan(tried.score), passed, tried.score)


def at_budget(rules: Rules, ask: FloatArray, claim: FloatArray, budget: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Dollars and probability (A,) of what an agent was hired for: its bid, or the plan at its budget (A,)."""
    if rules.plans is None:
        return ask, claim
    plan = rules.plans.at(ask, claim, budget)
    return plan.ask, plan.claim


def bid_columns(cleared: Cleared, rules: Rules) -> Columns:
    """Columns of the bids table, (C, n) each."""
    bids, made = cleared.bids, cleared.made
    shape, costly = made.shape, bool(cleared.bid_cost.any())
    score = rules.mechanism.scores(bids, cleared.tender, cleared.standing)

    def each(per_clearing: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(per_clearing[:, None], shape)

    return {
        "replication": each(cleared.replication),
        "task": each(cleared.task),
        "posting": each(cleared.posting),
        "agent": np.broadcast_to(np.arange(shape[1]), shape),
        "ask": np.where(made, bids.ask, np.nan),
        "claim": np.where(made, bids.claim, np.nan),
        "belief": cleared.belief,
        "cost_belief": cleared.cost_belief,
        "score": np.where(bids.active, score, np.nan),
        "outcome": outcomes(cleared),
        "bid_cost": np.where(charged_bids(cleared, made, rules), cleared.bid_cost, 0.0) if costly else _one(0.0, shape),
        "fee": fees_of(cleared, rules),
    }


def fees_of(cleared: Cleared, rules: Rules) -> FloatArray:
    """(C, n) dollars: fees of the awards, and what names owe beside."""
    found = owed(cleared, rules)
    fee = found.pop(_OF_AWARD, _one(0.0, cleared.reason.shape))
    return fee + sum(found.values()) if found else fee


def owe_beside(rules: Rules) -> bool:
    """Names owe what no award states, and what is read off all bids before."""
    return rules.market.entry is not None


def owed(cleared: Cleared, rules: Rules) -> dict[str, FloatArray]:
    """(C, n) dollars that bids and names owe, by what is said of them; empty where they owe nothing."""
    found = {} if cleared.award.fee is None else {_OF_AWARD: cleared.award.fee}
    if rules.market.entry is None:
        return found
    reputation = np.broadcast_to(cleared.standing.reputation, cleared.reason.shape)
    counts = cleared.bids.active & (reputation >= (rules.standing.least_reputation or 0.0))
    return found | entry_fees(rules.market.entry, cleared.replication, counts, reputation)


def outcomes(cleared: Cleared) -> NDArray[np.int8]:
    """(C, n) what became of every bid, as a place in OUTCOME: the last of these that applies."""
    barred = cleared.barred
    found: NDArray[np.int8] = np.full_like(cleared.reason, _BUSY)
    for where, word in (
        (cleared.late, _LATE),
        (cleared.bids.active, _LOST),
        (cleared.award.hired, _WON),
        (barred.no_bond, _NO_BOND),
        (barred.limited, _LIMITED),
        (cleared.reason != BID, cleared.reason),
        (barred.excluded, _EXCLUDED),
        (barred.withdrawn, _WITHDRAWN),
        (barred.exited, _EXITED),
    ):
        if where is not None:
            np.copyto(found, np.asarray(word, np.int8), where=where)
    return found


def charged_bids(cleared: Cleared, made: BoolArray, rules: Rules) -> BoolArray:
    """Which of the bids made (C, n) cost what a bid costs: all, or each agent's first of a round."""
    if rules.bid_cost_per == "bid" or not len(made):
        return made
    replication, tick = cleared.replication, cleared.tick
    begins = np.append(True, (np.diff(replication) != 0) | (np.diff(tick) != 0))
    so_far = np.cumsum(made, axis=0)
    before: IntArray = (so_far - made)[begins][np.cumsum(begins) - 1]
    first: BoolArray = made & (so_far - before == 1)
    return first


def clearing_columns(cleared: Cleared, closed: NDArray[Any], rules: Rules) -> Columns:
    """Columns of the clearings table. closed (C,): how each posting ended, as a place in REASON."""
    tender, awards = cleared.tender, np.logical_or.reduce(cleared.award.hired, axis=1)
    overhead = overheads(rules, cleared.unasked, 1, awards, cleared.advising)
    return {
        "replication": cleared.replication,
        "task": cleared.task,
        "posting": cleared.posting,
        "alone": _one(cleared.n_agents, cleared.tick.shape),
        "principal": cleared.owner,
        "posted": cleared.posted,
        "tick": cleared.tick,
        "value": tender.value,
        "reserve": tender.reserve,
        "penalty": tender.penalty,
        "n_active": cleared.bids.active.sum(axis=1),
        "n_hired": cleared.award.hired.sum(axis=1),
        "by_tie": cleared.award.by_tie,
        "overhead": np.broadcast_to(overhead, cleared.tick.shape),
        "closed": closed,
    }


def auction_counts(cleared: Cleared, rules: Rules) -> Columns:
    """What each clearing adds to the counts of its auction, (C,) each.

    n_clearings; n_bids: bids made that cost what a bid costs; n_awards: clearings that hired; n_ties: of those, the
    ones that the lottery decided between equal scores; fees: dollars.
    """
    award = cleared.award
    hires = np.logical_or.reduce(award.hired, axis=1)
    none = np.zeros(len(cleared))
    return {
        "n_clearings": np.ones(len(cleared), np.int64),
        "n_bids": np.add.reduce(charged_bids(cleared, cleared.made, rules), axis=1, dtype=np.int64),
        "n_awards": hires,
        "n_ties": hires & award.by_tie,
        "fees": none if award.fee is None and not owe_beside(rules) else sum(fees_of(cleared, rules).T, none),
    }
