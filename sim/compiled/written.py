"""Rows that the loop writes, with room for more, and the ledger's columns from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.compiled.code import Code
from sim.compiled.kernel.output import Attempts, Clearings, Counts, Kept
from sim.compiled.pointer import Pointer
from sim.compiled.reused import memory_of
from sim.compiled.trace.graph import Kind
from sim.kit.arrays import Award, Bids, Standing, Tender, thin
from sim.ledger.ledger import BESIDE
from sim.market.accounts import account_columns, hires
from sim.market.rows import (
    Barred,
    Cleared,
    Columns,
    at_budget,
    auction_counts,
    bid_columns,
    clearing_columns,
)
from sim.market.rules import Rules
from sim.market.side_payments import side_payments
from sim.market.simulate import Tables
from sim.market.source import ABSTAINED, BID
from sim.world.world import World

_LINE = 64  # bytes of the processor's cache that go together
_SHARE = 1.5  # rows of attempts a task, to begin with
_ATTEMPTS = {
    "replication": np.int32, "task": np.int32, "posting": np.int16, "agent": np.int32, "nth": np.int16,
    "turn": np.int64, "start": np.int64, "finish": np.int64, "status": np.int8, "timed_out": np.bool_,
    "success": np.bool_,
}  # fmt: skip
_CLEARINGS = {"closed": np.int8, "withdrawn": np.bool_, "by_tie": np.bool_}
_NUMBERS = ("value", "reserve", "penalty")
_BIDS = ("ask", "claim", "belief", "cost_belief")
_STANDING = ("reputation", "expected_cost", "advice")
_AWARD = ("hired", "pay_success", "pay_failure", "turn", "budget", "fee")


class Written:
    """Rows of attempts and, where the whole ledger is wanted, of clearings."""

    def __init__(self, world: World, code: Code, *, whole: bool) -> None:
        tasks = world.n_replications * world.n_tasks
        self._names = _shown(code)
        rows = int(_SHARE * tasks) + 16
        self.attempts = Attempts(*_columns(rows, [_ATTEMPTS.get(name, np.float64) for name in Attempts._fields]))
        self.clearings = clearings_of(rows, world.n_agents, self._names) if whole else None

    def grow(self, done: NDArray[np.int64]) -> None:
        """Twice the room, with what is written so far."""
        self.attempts = Attempts(*(_twice(array, int(done[1])) for array in self.attempts))
        if self.clearings is not None:
            self.clearings = Clearings(*(_twice(array, int(done[2])) for array in self.clearings))

    def tables(self, world: World, rules: Rules, counts: Counts | None, done: NDArray[np.int64]) -> Tables:
        """Columns of the ledger's tables, as `simulate` gives them."""
        rows = Attempts(*(array[: done[1]] for array in self.attempts))
        found: Tables = {"attempts": _attempts(rows, rules)}
        if counts is not None and counts.fees.size:
            replication, task = np.indices(counts.fees.shape).reshape(2, -1)
            found["auctions"] = {"replication": replication, "task": task}
            found["auctions"] |= {
                name if name == "fees" else f"n_{name}": array.reshape(-1) for name, array in counts._asdict().items()
            }
        if self.clearings is not None:
            whole = Clearings(*(array[: done[2]] for array in self.clearings))
            cleared, closed = self._cleared(world, rules, whole), whole.closed
            found["clearings"] = clearing_columns(cleared, closed, rules)
            found["bids"] = {name: values.reshape(-1) for name, values in bid_columns(cleared, rules).items()}
            if "auctions" in found:  # what names owe is read off all bids
                fees = auction_counts(cleared, rules)["fees"]
                at = cleared.replication * world.n_tasks + cleared.task
                found["auctions"]["fees"] = np.bincount(at, fees, len(found["auctions"]["fees"]))
            found["accounts"] = account_columns(
                found["attempts"], found["bids"], found["clearings"], hires(cleared, rules), world.n_agents,
                in_rounds=False, aside=side_payments(cleared, rules, lambda: (world.lottery, world.silent)),
                staff=rules.staff,
            )  # fmt: skip
        return found

    def _cleared(self, world: World, rules: Rules, rows: Clearings) -> Cleared:
        of = {name: rows.numbers[:, place] for place, name in enumerate(_NUMBERS)} | {"posting": rows.posting}
        for kind, array in zip(self._names, (rows.floats, rows.whole, rows.truths), strict=True):
            of |= {name: array[:, place] for place, name in enumerate(self._names[kind])}
        willing, excluded, exited, no_bond = (rows.barred[:, place] for place in range(4))
        accounted = rules.bankroll is not None
        at = rows.replication, rows.task
        late = world.latency[at] > rules.window if bool((thin(world.latency) > rules.window).any()) else None
        bids = rules.menus(Bids.trusted(**{name: of[name] for name in ("ask", "claim", "active")}))
        award = {name: of[name] for name in _AWARD if name in of} | {"by_tie": rows.by_tie}
        return Cleared(
            replication=rows.replication,
            task=rows.task,
            posting=rows.posting,
            posted=rows.tick - rules.window,
            tick=rows.tick,
            owner=world.owner[at],
            reason=np.where(willing, np.int8(BID), np.int8(ABSTAINED)),
            late=late,
            barred=Barred(
                excluded=excluded,
                exited=exited if accounted else None,
                no_bond=no_bond if accounted else None,
                withdrawn=rows.withdrawn[:, None] if rules.budgets is not None else None,
            ),
            belief=of["belief"],
            cost_belief=of["cost_belief"],
            bid_cost=np.broadcast_to(np.float64(rules.bid_cost), willing.shape),
            bids=bids,
            tender=Tender.trusted(**{name: of[name] for name in (*_NUMBERS, "posting")}),
            standing=Standing.trusted(**{name: of[name] for name in _STANDING}),
            award=Award.trusted(**award),
            unasked=None if world.unasked is None else world.unasked[at],
        )


def _shown(code: Code) -> dict[Kind, list[str]]:
    """Names of the rows in hand that a clearing keeps whole."""
    shown = (*_BIDS, "active", *_STANDING, *(name for name in _AWARD if name in code.gives))
    return {kind: [name for name in names if name in shown] for kind, names in code.rows.items()}


def clearings_of(rows: int, n: int, names: Mapping[Kind, Sequence[str]]) -> Clearings:
    """Memory for so many clearings. n: agents; names: of the rows in hand that each keeps."""
    count = {kind: len(some) for kind, some in names.items()}
    places = ("replication", "task", "posting", "tick", "closed", "withdrawn", "by_tie")
    return Clearings(
        **{name: np.empty(rows, _CLEARINGS.get(name, np.int64)) for name in places},
        numbers=np.empty((rows, len(_NUMBERS))),
        floats=np.empty((rows, count.get("f", 0), n)),
        whole=np.empty((rows, count.get("i", 0), n), np.int64),
        truths=np.empty((rows, count.get("b", 0), n), np.bool_),
        barred=np.empty((rows, 4, n), np.bool_),
    )


def kept_rows(code: Code) -> Kept:
    """Which rows in hand a clearing keeps."""
    names = _shown(code)

    def places(kind: Any, wanted: Sequence[str]) -> Pointer:
        return Pointer(np.array([*map(code.rows[kind].index, wanted), 0], np.int64))

    return Kept(
        floats=places("f", names["f"]),
        whole=places("i", names["i"]),
        truths=places("b", names["b"]),
        numbers=places("f", _NUMBERS),
        n_floats=len(names["f"]),
        n_whole=len(names["i"]),
        n_truths=len(names["b"]),
        n_numbers=len(_NUMBERS),
    )


def _attempts(rows: Attempts, rules: Rules) -> Columns:
    budget = rows.budget
    believed = at_budget(rules, rows.cost_belief, rows.belief, budget)
    offered = at_budget(rules, rows.ask, rows.claim, budget)
    beside = dict.fromkeys(BESIDE, np.broadcast_to(np.float64(0.0), rows.cost.shape))
    columns = {"try" if name == "nth" else name: array for name, array in rows._asdict().items()}
    columns |= {"ask": offered[0], "claim": offered[1], "belief": believed[1], "cost_belief": believed[0]}
    return columns | {"budget": np.where(np.isfinite(budget), budget, np.nan), **beside}


def _columns(rows: int, kinds: Sequence[Any]) -> Iterator[NDArray[Any]]:
    """Columns in one piece of memory, which the system hands out in larger pages than many small ones."""
    sizes = [-(-rows * np.dtype(kind).itemsize // _LINE) * _LINE for kind in kinds]
    memory, first = memory_of(sum(sizes)), 0
    for kind, size in zip(kinds, sizes, strict=True):
        yield memory[first : first + size].view(kind)[:rows]
        first += size


def _twice(array: NDArray[Any], count: int) -> NDArray[Any]:
    more = np.empty((2 * len(array) + 16, *array.shape[1:]), array.dtype)
    more[:count] = array[:count]
    return more
