"""What the loop works in, which markets of the same code and size use one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from sim.compiled.code import Code
from sim.compiled.hand import FIRST_AGENT
from sim.compiled.kernel.layout import Given, Hand, Lane, Market, Now, Part, Parts, Size
from sim.compiled.kernel.output import Counts, Seen
from sim.compiled.packed import Packed
from sim.compiled.pointer import Pointer, pointers
from sim.compiled.written import clearings_of, kept_rows

_NO_NUMBERS = np.zeros(1)
_MOST = 2**20  # bytes of a room that is kept for the next market
_ROOMS = 16


class Room:
    """Arrays in hand, of a replication and of a clearing, and the memory in which the loop finds all that it is given.

    Nothing in them outlives a replication, so that a room can be used again; `taken` hands it to one market at a time.
    """

    def __init__(self, code: Code, size: Size, *, waits: bool) -> None:
        self.hand, self.lane, self.now = _hand(code, size), _lane(code, size, waits=waits), _now(size.agents)
        parts, kept = Parts(*(_part(code, name) for name in Parts._fields)), kept_rows(code)
        self._own: dict[str, Any] = {"parts": parts, "kept": kept}
        self._own |= {"hand": self.hand, "lane": self.lane, "now": self.now}
        self._packed: Packed | None = None
        self.small = sum(one.array.nbytes for group in (self.hand, self.lane, self.now) for one in group) <= _MOST

    def given(self, **others: Any) -> Packed:
        """What the loop is given: this room and the other fields of `Given`; the next call overwrites it."""
        if self._packed is None:
            self._packed = Packed(Given(**self._own, **others))
        else:
            self._packed.put(**others)
        return self._packed


_LEFT: OrderedDict[Any, Room] = OrderedDict()


@contextmanager
def room_for(code: Code, size: Size, market: Market) -> Iterator[Room]:
    """A room of this size that no other market is in, for as long as the context lasts."""
    waits = market.learns or market.adapts or market.bankrolls or market.budgets
    key = code, size._replace(attempts=0, clearings=0, seen=0, counted=False), waits
    room = _LEFT.pop(key, None) or Room(code, size, waits=waits)
    yield room
    if room.small:
        _LEFT[key] = room
        if len(_LEFT) > _ROOMS:
            _LEFT.popitem(last=False)


def counts_of(shape: tuple[int, int]) -> Counts:
    """(R, T) zeros for each count."""
    none = {name: np.zeros(shape, np.int64) for name in Counts._fields if name != "fees"}
    return Counts(**none, fees=np.zeros(shape))


def seen_of(code: Code, size: Size) -> Seen:
    """Memory for what is in hand at the first clearings."""
    shapes = {kind: (size.seen, len(names), size.agents) for kind, names in code.rows.items()}
    return Seen(np.empty(shapes["f"]), np.empty(shapes["i"], np.int64), np.empty(shapes["b"], np.bool_))


@cache
def not_wanted() -> dict[str, Any]:
    """Pointers for what a market may not write: counts, clearings, and what is in hand at the first of these."""
    seen = Seen(np.empty(0), np.empty(0, np.int64), np.empty(0, np.bool_))
    none: dict[str, Any] = {"counts": counts_of((0, 0)), "clearings": clearings_of(0, 0, {}), "seen": seen}
    return {name: pointers(arrays) for name, arrays in none.items()}


def _part(code: Code, name: str) -> Part:
    called = code.called.get(name)
    return Part(0 if called is None else called.address, Pointer(code.numbers.get(name, _NO_NUMBERS)))


def _hand(code: Code, size: Size) -> Hand:
    others = np.zeros((size.families, size.states, size.agents))
    words = np.zeros(FIRST_AGENT + size.agents, np.uint64)
    made = code.hand("f", np.float64), code.hand("i", np.int64), code.hand("b", np.bool_), words, code.initial, others
    return Hand(*map(Pointer, made))


def _lane(code: Code, size: Size, *, waits: bool) -> Lane:
    t, n = size.tasks, size.agents
    some, each = (t, n) if waits else (1, 1), size.principals
    shapes: dict[str, tuple[Any, Any]] = {
        **dict.fromkeys(("tries", "failures"), ((t, n), np.int16)),
        "status": (some, np.int8),
        **dict.fromkeys(("cost", "claim", "payment", "bond", "most"), (some, np.float64)),
        "ranked": (some, np.int32),
        "memo": ((*some, size.memos + 1), np.float64),
        "reserve": (t, np.float64),
        "task_failures": (t, np.int64),
        "until": ((n, size.capacity), np.int64),
        "free": (n, np.int64),
        "waiting": (t + 1, np.int64),
        "ending": (t * n + 1 if waits else 1, np.int64),
        "marks": (3, np.int64),
        **dict.fromkeys(("balance", "held"), (n, np.float64)),
        "running": (n, np.int64),
        "exited": (n, np.bool_),
        **dict.fromkeys(("purse", "pledged"), (each, np.float64)),
        "contracts": (each, np.int64),
        "scratch": (code.bulk_rows * t * n + 1, np.float64),
    }
    return Lane(**{name: Pointer(np.zeros(shape, dtype)) for name, (shape, dtype) in shapes.items()})


def _now(n: int) -> Now:
    kinds = {
        "willing": np.bool_, "excluded": np.bool_, "no_bond": np.bool_, "hired": np.int64, "tried": np.bool_,
        "nth": np.int64, "start": np.int64, "finish": np.int64, "status": np.int64, "timed_out": np.bool_,
        "success": np.bool_, "score": np.float64, "cost": np.float64, "rank": np.int64,
    }  # fmt: skip
    return Now(**{name: Pointer(np.zeros(n, dtype)) for name, dtype in kinds.items()})
