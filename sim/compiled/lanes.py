"""Plays a World in compiled code and gives the columns of the ledger, as `simulate` does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.compiled.checked import check_refused, compare
from sim.compiled.code import Code, code_of
from sim.compiled.drawing import Drawing
from sim.compiled.hand import FIRST_AGENT
from sim.compiled.inputs import fields_of, market_of, size_of, too_late
from sim.compiled.kept import kernel
from sim.compiled.kernel.layout import DONE, FULL, TOO_LATE, UNKNOWN_TRY
from sim.compiled.kernel.output import Seen
from sim.compiled.pointer import Pointer, pointers
from sim.compiled.refusal import refusal
from sim.compiled.room import Room, counts_of, not_wanted, room_for, seen_of
from sim.compiled.written import Written
from sim.kit.errors import MarketError
from sim.market.drawn import check_world
from sim.market.rows import owe_beside
from sim.market.rules import Rules
from sim.market.simulate import Detail, Tables
from sim.world.world import World

_TASKS = 2**17  # of replications that are played between two reports of progress


def play_compiled(
    world: World, rules: Rules, *, detail: Detail = "all", progress: Callable[[int], None] | None = None
) -> Tables:
    """Play every replication; columns and arguments as `sim.market.simulate.simulate` has them.

    Raises UntraceableError where a part cannot be compiled, and MarketError where compiled code and the rules differ.
    """
    reason = refusal(rules)
    if reason is not None:
        raise MarketError(f"the compiled engine cannot play this market: {reason}")
    check_world(world, rules)
    whole = detail == "all" or (detail == "auctions" and owe_beside(rules))
    code, drawing = code_of(rules, world, whole=whole)
    player = _Player(world, rules, code, drawing, detail, whole=whole)
    most = max(1, _TASKS // max(1, world.n_tasks))
    for start in range(0, world.n_replications, most):
        stop = min(start + most, world.n_replications)
        player.play(start, stop)
        if progress is not None:
            progress((stop - start) * world.n_tasks)
    return player.written.tables(world, rules, player.counts, player.done)


class _Player:
    def __init__(
        self, world: World, rules: Rules, code: Code, drawing: Drawing, detail: Detail, *, whole: bool
    ) -> None:
        self._world, self._rules, self._code = world, rules, code
        counted = detail == "auctions"
        self._size = size_of(world, rules, code, seen=code.checked.left, counted=counted)
        self._market, self._fields = market_of(world, rules, code), fields_of(world, rules, code, drawing, self._size)
        self._agents = drawing.steps("i", self._size.agents)
        self.counts = counts_of((world.n_replications, world.n_tasks)) if counted else None
        self.written = Written(world, code, whole=whole)
        self.done = np.zeros(5, np.int64)

    def play(self, start: int, stop: int) -> None:
        """Play replications start, ..., stop - 1, with room for all rows."""
        with room_for(self._code, self._size, self._market) as room:
            how = self._played(start, stop, room)
            if how == TOO_LATE:
                raise too_late(self._world, self._rules)
            if how == UNKNOWN_TRY:
                raise self._unknown_try(room)
            if how != DONE:
                n = self._size.agents
                arrays = (getattr(room.hand, name).array[:, :n] for name in ("floats", "whole", "truths"))
                check_refused(self._code, self._rules, [array[None] for array in arrays])

    def _played(self, start: int, stop: int, room: Room) -> int:
        """How it ended."""
        run, how, seen, written = kernel(), FULL, seen_of(self._code, self._size), self.written
        room.hand.words.array[FIRST_AGENT:] = self._agents
        others = {**not_wanted(), "market": self._market, "world": self._fields, "done": Pointer(self.done)}
        if self.counts is not None:
            others["counts"] = pointers(self.counts)
        if self._size.seen:
            others["seen"] = pointers(seen)
        while how == FULL:
            rows, clearings = len(written.attempts.task), 0
            if written.clearings is not None:
                others["clearings"], clearings = pointers(written.clearings), len(written.clearings.task)
            size = self._size._replace(attempts=rows, clearings=clearings)
            how = run(start, stop, room.given(size=size, attempts=pointers(written.attempts), **others))
            start = int(self.done[0])
            if how == FULL:
                written.grow(self.done)
        if how == DONE:
            self._compare(seen)
        return how

    def _compare(self, seen: Seen) -> None:
        """Give the first clearings to the rules as they stand; those of all earlier plays count."""
        count = int(self.done[3])
        if count == 0:
            return
        compare(self._code, self._rules, seen, count)
        self.done[3] = 0
        self._code.checked.left -= count
        self._size = self._size._replace(seen=self._code.checked.left)

    def _unknown_try(self, room: Room) -> MarketError:
        """The error of an agent that was hired more often than its tries are known."""
        known, n, task = self._world.n_tries, self._size.agents, int(self.done[4])
        tries = room.lane.tries.array[task]
        hired = room.hand.truths.array[self._code.rows["b"].index("hired"), :n]
        agent = int(np.flatnonzero(hired & (tries >= known))[0])
        return MarketError(f"try {tries[agent] + 1} of agent {agent} at task {task}: only {known} are known")
