"""Plays a World in compiled code and gives the columns of the ledger, as `simulate` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.compiled.checked import check_refused, compare
from sim.compiled.code import Code, code_of
from sim.compiled.hand import FIRST_AGENT
from sim.compiled.inputs import fields_of, market_of, size_of, too_late
from sim.compiled.kept import kernel
from sim.compiled.kernel.layout import (
    DONE,
    FULL,
    TOO_LATE,
    UNKNOWN_TRY,
    Given,
    Hand,
    Lane,
    Market,
    Now,
    Part,
    Parts,
    Size,
)
from sim.compiled.kernel.output import Counts, Seen
from sim.compiled.packed import Packed
from sim.compiled.pointer import Pointer
from sim.compiled.refusal import refusal
from sim.compiled.written import Written
from sim.kit.errors import MarketError
from sim.market.drawn import check_world
from sim.market.rules import Rules
from sim.market.simulate import Detail, Tables
from sim.world.world import World

_TASKS = 2**17  # of replications that are played before progress is told
_NO_NUMBERS = np.zeros(1)


def play_compiled(
    world: World, rules: Rules, *, detail: Detail = "all", progress: Callable[[int], None] | None = None
) -> Tables:
    """Play every replication; columns and arguments as `sim.market.simulate.simulate` has them.

    Raises UntraceableError where a part cannot be compiled, and MarketError where compiled code and the rules differ.
    """
    reason = refusal(rules.market, rules.card, rules.round, rules.processes, rules.advisor)
    if reason is not None:
        raise MarketError(f"the compiled engine cannot play this market: {reason}")
    check_world(world, rules)
    code = code_of(rules, world, whole=detail == "all")
    player = _Player(world, rules, code, detail)
    most = max(1, _TASKS // max(1, world.n_tasks))
    for start in range(0, world.n_replications, most):
        stop = min(start + most, world.n_replications)
        player.play(start, stop)
        if progress is not None:
            progress((stop - start) * world.n_tasks)
    return player.written.tables(world, rules, player.counts, player.done)


class _Player:
    def __init__(self, world: World, rules: Rules, code: Code, detail: Detail) -> None:
        self._world, self._rules, self._code = world, rules, code
        whole, counted = detail == "all", detail == "auctions"
        self._size = size_of(world, rules, code, seen=code.checked.left, counted=counted)
        self._market, self._fields = market_of(world, rules, code), fields_of(world, rules, code, self._size)
        self._hand, self._lane = _hand(code, self._size), _lane(self._size, self._market, code)
        self._now = _now(self._size.agents)
        shape = (world.n_replications, world.n_tasks) if counted else (0, 0)
        none = {name: np.zeros(shape, np.int64) for name in Counts._fields if name != "fees"}
        self.counts = Counts(**none, fees=np.zeros(shape))
        shapes = {kind: (self._size.seen, len(names), self._size.agents) for kind, names in code.rows.items()}
        self._seen = Seen(np.empty(shapes["f"]), np.empty(shapes["i"], np.int64), np.empty(shapes["b"], np.bool_))
        self.written = Written(world, code, whole=whole)
        self.done = np.zeros(5, np.int64)
        self._parts = Parts(*(_part(code, name) for name in Parts._fields))

    def play(self, start: int, stop: int) -> None:
        """Play replications start, ..., stop - 1, with room for all rows."""
        run, how = kernel(), FULL
        while how == FULL:
            attempts, clearings = self.written.attempts, self.written.clearings
            given = Given(
                parts=self._parts,
                size=self._size._replace(attempts=len(attempts.task), clearings=len(clearings.task)),
                market=self._market,
                world=self._fields,
                hand=self._hand,
                lane=self._lane,
                now=self._now,
                attempts=_pointers(attempts),
                kept=self.written.kept,
                clearings=_pointers(clearings),
                counts=_pointers(self.counts),
                seen=_pointers(self._seen),
                done=Pointer(self.done),
            )
            how = run(start, stop, Packed(given))
            start = int(self.done[0])
            if how == FULL:
                self.written.grow(self.done)
        if how == TOO_LATE:
            raise too_late(self._world, self._rules)
        if how == UNKNOWN_TRY:
            raise self._unknown_try()
        if how != DONE:
            n = self._size.agents
            arrays = (getattr(self._hand, name).array[:, :n] for name in ("floats", "whole", "truths"))
            check_refused(self._code, self._rules, [array[None] for array in arrays])
        self._compare()

    def _compare(self) -> None:
        """Give the first clearings to the rules as they stand; those of all earlier plays count."""
        count = int(self.done[3])
        compare(self._code, self._rules, self._seen, count)
        self.done[3] = 0
        self._code.checked.left -= count
        self._size = self._size._replace(seen=self._code.checked.left)

    def _unknown_try(self) -> MarketError:
        """The error of an agent that was hired more often than its tries are known."""
        known, n, task = self._world.n_tries, self._size.agents, int(self.done[4])
        tries = self._lane.tries.array[task]
        hired = self._hand.truths.array[self._code.rows["b"].index("hired"), :n]
        agent = int(np.flatnonzero(hired & (tries >= known))[0])
        return MarketError(f"try {tries[agent] + 1} of agent {agent} at task {task}: only {known} are known")


def _part(code: Code, name: str) -> Part:
    called = code.called.get(name)
    return Part(0 if called is None else called.address, Pointer(code.numbers.get(name, _NO_NUMBERS)))


def _pointers(arrays: Any) -> Any:
    return type(arrays)(*map(Pointer, arrays))


def _hand(code: Code, size: Size) -> Hand:
    others = np.zeros((size.families, size.states, size.agents))
    words = np.zeros(FIRST_AGENT + size.agents, np.uint64)
    words[FIRST_AGENT:] = code.drawing.steps("i", size.agents)
    made = code.hand("f", np.float64), code.hand("i", np.int64), code.hand("b", np.bool_), words, code.initial, others
    return Hand(*map(Pointer, made))


def _lane(size: Size, market: Market, code: Code) -> Lane:
    t, n = size.tasks, size.agents
    waits = market.learns or market.bankrolls or market.budgets
    some, each = (t, n) if waits else (1, 1), size.principals
    shapes: dict[str, tuple[Any, Any]] = {
        **dict.fromkeys(("tries", "failures"), ((t, n), np.int16)),
        "status": (some, np.int8),
        **dict.fromkeys(("cost", "claim", "payment", "bond", "most"), (some, np.float64)),
        "ranked": (some, np.int32),
        "reserve": (t, np.float64),
        "task_failures": (t, np.int64),
        "until": ((n, size.capacity), np.int64),
        "waiting": (t + 1, np.int64),
        "ending": (t * n + 1 if waits else 1, np.int64),
        "marks": (3, np.int64),
        **dict.fromkeys(("balance", "held"), (n, np.float64)),
        "running": (n, np.int64),
        "exited": (n, np.bool_),
        **dict.fromkeys(("purse", "pledged"), (each, np.float64)),
        "contracts": (each, np.int64),
        "scratch": (code.bulk_rows * t * n + 1, np.float64),
        "drawn": (len(code.bulk) * t * n + 1, np.float64),
    }
    return Lane(**{name: Pointer(np.zeros(shape, dtype)) for name, (shape, dtype) in shapes.items()})


def _now(n: int) -> Now:
    kinds = {
        "willing": np.bool_, "excluded": np.bool_, "no_bond": np.bool_, "hired": np.int64, "tried": np.bool_,
        "nth": np.int64, "start": np.int64, "finish": np.int64, "status": np.int64, "timed_out": np.bool_,
        "success": np.bool_, "score": np.float64, "cost": np.float64, "rank": np.int64,
    }  # fmt: skip
    return Now(**{name: Pointer(np.zeros(n, dtype)) for name, dtype in kinds.items()})
