"""What the event market writes down while it runs, and the tables of the ledger made of it.

The market appends small tuples; scores and outcomes of bids are computed once for a whole block, from the same arrays
the mechanism saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import Award, Bids, FloatArray, IntArray, Standing, Tender
from sim.ledger.ledger import BESIDE
from sim.market.accounts import account_columns, hires
from sim.market.allocator import Allocator, Clearing
from sim.market.rows import (
    Barred,
    Cleared,
    Columns,
    Tried,
    attempt_columns,
    auction_counts,
    bid_columns,
    clearing_columns,
)
from sim.market.side_payments import side_payments
from sim.market.source import Outcome

_KINDS = {int: np.int64, bool: np.bool_, float: np.float64}
_PARTS = (("bids", Bids), ("tender", Tender), ("standing", Standing), ("award", Award))


class ClearingNote(NamedTuple):
    """One clearing. own: its place among the clearings that asked the mechanism themselves, -1: the opening's row."""

    replication: int
    task: int
    posting: int
    posted: int
    tick: int
    own: int


class AttemptNote(NamedTuple):
    """One attempt that ended, fields as in `sim.market.rows.Tried`. clearing: index of its clearing on the tape."""

    clearing: int
    agent: int
    nth: int
    start: int
    finish: int
    timed_out: bool
    payment: float
    outcome: Outcome


@dataclass
class Tape:
    """Everything one block of replications wrote down. closed: how each clearing's posting ended, by REASON index."""

    clearings: list[ClearingNote] = field(default_factory=list)
    attempts: list[AttemptNote] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    own: list[Clearing] = field(default_factory=list)
    barred: list[Barred] = field(default_factory=list)


def unroll(tape: Tape, allocator: Allocator) -> Cleared:
    """The tape's clearings as one batch."""
    note = np.array(tape.clearings, np.int64).reshape(-1, len(ClearingNote._fields))
    at = note[:, 0], note[:, 1]
    own = np.flatnonzero(note[:, 5] >= 0)
    gathered = _Gathered(tape, allocator.opening, at, own)
    parts = {name: gathered.part(name, kind) for name, kind in _PARTS}
    fees = gathered.fees()
    if fees is not None:
        parts["award"] = Award.trusted(**vars(parts["award"]) | {"fee": fees})
    parts["bids"] = allocator.rules.menus(parts["bids"])
    offers: dict[str, Any] = {
        name: gathered.rows("offers", name) for name in ("belief", "cost_belief", "bid_cost", "reason", "latency")
    }
    late = offers.pop("latency") > allocator.rules.window
    return Cleared(
        replication=note[:, 0],
        task=note[:, 1],
        posting=note[:, 2],
        posted=note[:, 3],
        tick=note[:, 4],
        owner=allocator.tasks.owner[at],
        late=late,
        barred=_barred(tape, late.shape, own),
        advising=_advising(tape, len(late), own),
        unasked=None if allocator.tasks.unasked is None else allocator.tasks.unasked[at],
        **offers,
        **parts,
    )


@dataclass(frozen=True)
class _Gathered:
    """Rows of the opening at `at`, and of the clearings that asked themselves at `own`."""

    tape: Tape
    opening: Clearing | None
    at: tuple[IntArray, IntArray]
    own: IntArray

    def rows(self, part: str, name: str) -> NDArray[Any]:
        """(C, ...) one array of a part of the clearings."""
        stacked = [getattr(getattr(clearing, part), name) for clearing in self.tape.own]
        if self.opening is None:
            return np.stack(stacked)
        whole: NDArray[Any] = np.ascontiguousarray(getattr(getattr(self.opening, part), name)[self.at])
        if stacked:
            whole[self.own] = np.stack(stacked)
        return whole

    def part(self, part: str, kind: Any) -> Any:
        """(C, ...) a whole part, but for menus and fees."""
        given = vars(getattr(self.tape.own[0] if self.opening is None else self.opening, part))
        names = [name for name, array in given.items() if isinstance(array, np.ndarray | np.generic) and name != "fee"]
        return kind.trusted(**{name: self.rows(part, name) for name in names})

    def fees(self) -> FloatArray | None:
        """(C, n) fees of the clearings; None where no award states any."""
        stated = [clearing.award.fee for clearing in self.tape.own]
        first = None if self.opening is None else self.opening.award.fee
        if first is None and all(fee is None for fee in stated):
            return None
        shape = self.rows("award", "hired").shape
        fees: FloatArray = np.zeros(shape) if first is None else np.array(first[self.at])
        for row, fee in zip(self.own, stated, strict=True):
            fees[row] = 0.0 if fee is None else fee
        return fees


def _advising(tape: Tape, count: int, own: IntArray) -> FloatArray | float:
    """(C,) dollars that routers cost; 0 where none was asked."""
    paid = [clearing.offers.overhead for clearing in tape.own]
    if not any(paid):
        return 0.0
    found = np.zeros(count)
    found[own] = paid
    return found


def _barred(tape: Tape, shape: tuple[int, ...], own: IntArray) -> Barred:
    """(C, n) each; None for what barred nobody."""
    found: dict[str, Any] = {}
    for name in Barred._fields:
        if any(getattr(one, name) is not None for one in tape.barred):
            found[name] = np.zeros(shape, np.bool_)
            for row, one in zip(own, tape.barred, strict=True):
                where = getattr(one, name)
                found[name][row] = False if where is None else where
    return Barred(**found)


def tried(tape: Tape) -> Tried:
    """The tape's attempts, by clearing and then by agent."""
    arrays = _arrays(AttemptNote, tape.attempts)
    arrays |= _arrays(Outcome, [note.outcome for note in tape.attempts])
    order = np.lexsort((arrays["agent"], arrays["clearing"]))
    own = [note.outcome.beside for note in tape.attempts]
    stated = [name for name in BESIDE if any(name in one for one in own)]
    beside = {name: np.array([one.get(name, 0.0) for one in own], np.float64)[order] for name in stated}
    return Tried(**{name: array[order] for name, array in arrays.items()}, beside=beside)


def _arrays(kind: type[NamedTuple], rows: Sequence[tuple[Any, ...]]) -> dict[str, NDArray[Any]]:
    """The fields of these rows that hold plain values, one array each."""
    types = get_type_hints(kind)
    columns = zip(*rows, strict=True) if rows else ((),) * len(types)
    return {
        name: np.array(column, _KINDS[types[name]])
        for name, column in zip(types, columns, strict=True)
        if types[name] in _KINDS
    }


def whole_tables(tape: Tape, allocator: Allocator) -> dict[str, Columns]:
    """Columns of every table of the ledger."""
    rules, cleared = allocator.rules, unroll(tape, allocator)
    attempts = attempt_columns(tried(tape), cleared, rules)
    bids = {name: values.ravel() for name, values in bid_columns(cleared, rules).items()}
    clearings = clearing_columns(cleared, np.array(tape.closed, np.int8), rules)
    moved = account_columns(
        attempts,
        bids,
        clearings,
        hires(cleared, rules),
        cleared.n_agents,
        in_rounds=rules.market.round is not None,
        aside=side_payments(cleared, rules, lambda: (allocator.tasks.lottery, allocator.tasks.silent)),
        staff=rules.staff,
    )
    return {"attempts": attempts, "bids": bids, "clearings": clearings, "accounts": moved}


def _exits(cleared: Cleared) -> IntArray:
    """(C,) agents that left at each clearing."""
    gone = cleared.barred.exited
    if gone is None:
        return np.zeros(len(cleared), np.int64)
    left = gone.copy()
    goes_on = cleared.replication[1:] == cleared.replication[:-1]
    left[1:] &= ~(gone[:-1] & goes_on[:, None])
    return np.asarray(left.sum(axis=1))


def auction_columns(cleared: Cleared, allocator: Allocator) -> Columns:
    """Counts of what became of each task, one row per (replication, task) in that order.

    Those of `sim.market.rows.auction_counts`, and n_exits: agents found to have left, once each.
    """
    shape = allocator.tasks.shape
    at = np.ravel_multi_index((cleared.replication, cleared.task), shape)
    counted = auction_counts(cleared, allocator.rules) | {"n_exits": _exits(cleared)}
    replication, task = np.indices(shape).reshape(2, -1)
    sums = {name: np.bincount(at, row, int(np.prod(shape))) for name, row in counted.items()}
    counts = {name: row if name == "fees" else row.astype(np.int64) for name, row in sums.items()}
    return {"replication": replication, "task": task, **counts}
