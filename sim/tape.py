"""What a market writes down while it runs, and the ledger columns made of it afterwards.

The market appends small tuples; scores, outcomes and payments are computed once for the whole block, from the same
arrays the mechanism saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.allocator import Allocator, Clearing
from sim.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Status, Tender, settle
from sim.ledger import OUTCOME
from sim.plans import spent, stopped
from sim.rules import Rules

Columns = dict[str, NDArray[Any]]

_TOLD = ("won", "lost", "late", "busy", "excluded", "abstained", "exited", "no bond", "withdrawn", "bid limit")
_WON, _LOST, _LATE, _BUSY, _EXCLUDED, _ABSTAINED, _EXITED, _NO_BOND, _WITHDRAWN, _LIMITED = map(OUTCOME.index, _TOLD)


class Barred(NamedTuple):
    """Why agents could not win at clearings, beside late and busy bids, (..., n) each.

    excluded: for what happened at this task; exited: their wealth had run out; no_bond: they could not post the bond
    of the contract they would have won; withdrawn: the tender was, for want of budget; limited: they had bid on as many
    other tasks of the round as they may.
    """

    excluded: BoolArray
    exited: BoolArray
    no_bond: BoolArray
    withdrawn: BoolArray
    limited: BoolArray

    @classmethod
    def nobody(cls, shape: tuple[int, ...]) -> Self:
        """All could win."""
        return cls(*(np.zeros(shape, np.bool_) for _ in cls._fields))

    @property
    def bid_not_made(self) -> BoolArray:
        """(..., n): no bid was asked for."""
        return self.excluded | self.exited | self.withdrawn | self.limited


class ClearingNote(NamedTuple):
    """One clearing. own: its place among the clearings that asked the mechanism themselves, -1: the opening's row."""

    replication: int
    task: int
    posting: int
    posted: int
    tick: int
    own: int


class AttemptNote(NamedTuple):
    """One attempt. clearing: index of its clearing on the tape."""

    clearing: int
    agent: int
    turn: int
    start: int
    finish: int
    timed_out: bool


@dataclass
class Tape:
    """Everything one block of replications wrote down. closed: how each clearing's posting ended, by REASON index."""

    clearings: list[ClearingNote] = field(default_factory=list)
    attempts: list[AttemptNote] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    own: list[Clearing] = field(default_factory=list)
    barred: list[Barred] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Block:
    """A tape unrolled: all clearings of a block as one batch, (C, ...), and where each came from."""

    note: IntArray  # (C, 6) columns of ClearingNote
    clearing: Clearing
    barred: Barred

    @property
    def made(self) -> BoolArray:
        """(C, n) bids that were made, which cost what a bid costs."""
        return self.clearing.willing & ~self.barred.bid_not_made


def unroll(tape: Tape, allocator: Allocator) -> Block:
    """The tape's clearings as one batch."""
    note = np.array(tape.clearings, np.int64).reshape(-1, len(ClearingNote._fields))
    at = note[:, 0], note[:, 1]
    own = np.flatnonzero(note[:, 5] >= 0)
    opening = allocator.opening

    of = partial(getattr, opening)

    def rows(name: str, part: str) -> NDArray[Any]:
        gathered: NDArray[Any] = np.ascontiguousarray(getattr(of(part), name)[at])
        if len(own):
            gathered[own] = np.stack([getattr(getattr(clearing, part), name) for clearing in tape.own])
        return gathered

    willing = opening.willing[at]
    barred = Barred.nobody(willing.shape)
    if len(own):
        willing[own] = np.stack([clearing.willing for clearing in tape.own])
        kept = allocator.rules.bankroll is not None or allocator.rules.budgets is not None
        for name in Barred._fields if kept else ("excluded", "limited"):
            getattr(barred, name)[own] = np.stack([getattr(one, name) for one in tape.barred])
    parts = {
        part: kind.trusted(
            **{
                name: rows(name, part)
                for name, array in vars(of(part)).items()
                if isinstance(array, np.ndarray) and name != "fee"
            }
        )
        for part, kind in (("bids", Bids), ("tender", Tender), ("standing", Standing), ("award", Award))
    }
    fees = _fees(tape, opening.award, at, own)
    if fees is not None:
        parts["award"] = Award.trusted(**vars(parts["award"]) | {"fee": fees})
    parts["bids"] = allocator.rules.menus(parts["bids"])  # type: ignore[arg-type]
    return Block(note, Clearing(willing=willing, **parts), barred)  # type: ignore[arg-type]


def _fees(tape: Tape, opening: Award, at: tuple[IntArray, IntArray], own: IntArray) -> FloatArray | None:
    """(C, n) fees of the clearings; None where no award states any. own: the rows of those not of the opening."""
    stated = [clearing.award.fee for clearing in tape.own]
    if opening.fee is None and all(fee is None for fee in stated):
        return None
    fees: FloatArray = np.zeros(opening.hired[at].shape) if opening.fee is None else np.array(opening.fee[at])
    for row, fee in zip(own, stated, strict=True):
        fees[row] = 0.0 if fee is None else fee
    return fees


def attempt_columns(tape: Tape, block: Block, allocator: Allocator) -> Columns:
    """Columns of the attempts table; codes for names."""
    world, rules = allocator.world, allocator.rules
    notes = np.array(tape.attempts, np.int64).reshape(-1, len(AttemptNote._fields))
    clearing, agent, turn = notes[:, 0], notes[:, 1], notes[:, 2]
    order = np.lexsort((agent, clearing))
    notes, clearing, agent, turn = notes[order], clearing[order], agent[order], turn[order]
    at = block.note[clearing, 0], block.note[clearing, 1], agent, np.minimum(turn, world.n_tries - 1)
    timed_out = notes[:, 5].astype(np.bool_)
    bids, award = block.clearing.bids, block.clearing.award
    budget = np.full(len(agent), np.nan) if award.budget is None else award.budget[clearing, agent]
    ended = stopped(world.cost[at], budget)
    status = np.where(world.verified[at] & ~ended, Status.PASS, Status.FAIL)
    status = np.where(world.infra[at], Status.INFRA, status)
    status = np.where(timed_out, rules.timeout, status)
    all_status = np.full(award.hired.shape, Status.NONE, np.int8)
    all_status[clearing, agent] = status
    return {
        "replication": block.note[clearing, 0],
        "task": block.note[clearing, 1],
        "posting": block.note[clearing, 2],
        "agent": agent,
        "try": turn,
        "turn": np.zeros(len(agent), np.int64) if award.turn is None else award.turn[clearing, agent],
        "start": notes[:, 3],
        "finish": notes[:, 4],
        "status": status,
        "timed_out": timed_out,
        "success": world.success[at] & ~world.infra[at] & ~timed_out & ~ended,
        **hired_for(rules, bids.ask[clearing, agent], bids.claim[clearing, agent], budget),
        "pay_success": award.pay_success[clearing, agent],
        "pay_failure": award.pay_failure[clearing, agent],
        "budget": np.where(np.isfinite(budget), budget, np.nan),
        "payment": settle(award, all_status)[clearing, agent],
        "cost": spent(world.cost[at], budget),
    }


def charged_bids(block: Block, made: BoolArray, rules: Rules) -> BoolArray:
    """Which of the bids made (C, n) cost what a bid costs: all, or each agent's first of a round."""
    if rules.bid_cost_per == "bid" or not len(made):
        return made
    replication, tick = block.note[:, 0], block.note[:, 4]
    begins = np.append(True, (np.diff(replication) != 0) | (np.diff(tick) != 0))
    so_far = np.cumsum(made, axis=0)
    before: IntArray = (so_far - made)[begins][np.cumsum(begins) - 1]
    first: BoolArray = made & (so_far - before == 1)
    return first


def hired_for(rules: Rules, ask: FloatArray, claim: FloatArray, budget: FloatArray) -> Columns:
    """Ask and claim (A,) of what an agent was hired for: its bid, or the plan at its budget (A,)."""
    if rules.plans is None:
        return {"ask": ask, "claim": claim}
    plan = rules.plans.at(ask, claim, budget)
    return {"ask": plan.ask, "claim": plan.claim}


def bid_columns(block: Block, allocator: Allocator) -> Columns:
    """Columns of the bids table, one row per clearing and agent; codes for names."""
    world, rules, clearing = allocator.world, allocator.rules, block.clearing
    bids, award = clearing.bids, clearing.award
    count, n = bids.ask.shape
    made, barred = block.made, block.barred
    late = world.latency[block.note[:, 0], block.note[:, 1]] > rules.window
    outcome = np.full((count, n), _BUSY, np.int8)
    outcome[late] = _LATE
    outcome[bids.active] = _LOST
    outcome[award.hired] = _WON
    outcome[barred.no_bond] = _NO_BOND
    outcome[barred.limited] = _LIMITED
    outcome[~clearing.willing] = _ABSTAINED
    outcome[barred.excluded] = _EXCLUDED
    outcome[barred.withdrawn] = _WITHDRAWN
    outcome[barred.exited] = _EXITED
    score = rules.mechanism.scores(bids, clearing.tender, clearing.standing)
    return {
        "replication": np.repeat(block.note[:, 0], n),
        "task": np.repeat(block.note[:, 1], n),
        "posting": np.repeat(block.note[:, 2], n),
        "agent": np.tile(np.arange(n), count),
        "ask": np.where(made, bids.ask, np.nan).ravel(),
        "claim": np.where(made, bids.claim, np.nan).ravel(),
        "score": np.where(bids.active, score, np.nan).ravel(),
        "outcome": outcome.ravel(),
        "bid_cost": np.where(charged_bids(block, made, rules), rules.bid_cost, 0.0).ravel(),
        "fee": np.zeros(count * n) if award.fee is None else award.fee.ravel(),
    }


def clearing_columns(tape: Tape, block: Block, allocator: Allocator) -> Columns:
    """Columns of the clearings table; codes for names."""
    tender, award = block.clearing.tender, block.clearing.award
    count = len(block.note)
    return {
        "replication": block.note[:, 0],
        "task": block.note[:, 1],
        "posting": block.note[:, 2],
        "principal": allocator.world.whose[block.note[:, 0], block.note[:, 1]],
        "posted": block.note[:, 3],
        "tick": block.note[:, 4],
        "value": tender.value,
        "reserve": tender.reserve,
        "penalty": tender.penalty,
        "n_active": block.clearing.bids.active.sum(axis=1),
        "n_hired": award.hired.sum(axis=1),
        "by_tie": award.by_tie,
        "overhead": np.full(count, allocator.rules.overhead),
        "closed": np.array(tape.closed, np.int8),
    }


def _exits(block: Block) -> IntArray:
    """(C,) agents that left at each clearing."""
    gone = block.barred.exited
    left = gone.copy()
    goes_on = block.note[1:, 0] == block.note[:-1, 0]
    left[1:] &= ~(gone[:-1] & goes_on[:, None])
    return np.asarray(left.sum(axis=1))


def auction_columns(block: Block, allocator: Allocator) -> Columns:
    """Counts of what became of each task, one row per (replication, task) in that order.

    n_clearings; n_bids: bids made that cost what a bid costs; n_awards: clearings that hired; n_ties: of those, the
    ones that the lottery decided between equal scores; n_exits: agents found to have left, once each; fees: dollars.
    """
    world, award = allocator.world, block.clearing.award
    fee = np.zeros(award.hired.shape) if award.fee is None else award.fee
    shape = world.n_replications, world.n_tasks
    at = np.ravel_multi_index((block.note[:, 0], block.note[:, 1]), shape)
    hires = award.hired.any(axis=1)
    counted = {
        "n_clearings": np.ones(len(at), np.int64),
        "n_bids": charged_bids(block, block.made, allocator.rules).sum(axis=1),
        "n_awards": hires,
        "n_ties": hires & award.by_tie,
        "n_exits": _exits(block),
    }
    replication, task = np.indices(shape).reshape(2, -1)
    sums = {name: np.bincount(at, row, int(np.prod(shape))).astype(np.int64) for name, row in counted.items()}
    fees = np.bincount(at, sum(fee.T, np.zeros(len(at))), int(np.prod(shape)))
    return {"replication": replication, "task": task, **sums, "fees": fees}
