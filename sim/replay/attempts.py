"""The attempts that a batch of clearings starts: what the World says will become of each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from sim.agents.bidding import Bidders
from sim.agents.production import spent, stopped, ticks
from sim.kit.arrays import BoolArray, IntArray, Status
from sim.kit.errors import MarketError
from sim.market.rules import Rules
from sim.replay.lane_reads import Cells, Lanes, PerCell, Place
from sim.world.world import World

_INFRA = np.int8(Status.INFRA)


@dataclass(eq=False)
class Attempts:
    """A attempts, all arrays (A,), by agent and then by clearing.

    position: the clearing it belongs to; turn: earlier tries of the agent at the task; known: the try the World knows.
    alone: no clearing has two attempts; start: the clearing's tick, or later where it waited for its turn.
    """

    position: IntArray
    lane: IntArray
    task: IntArray
    agent: IntArray
    turn: IntArray
    known: IntArray
    start: IntArray
    finish: IntArray
    status: Lanes
    timed_out: BoolArray | None
    success: BoolArray
    cost: Lanes
    alone: bool


class Outcomes:
    """Looks up what becomes of attempts, and keeps count of tries."""

    def __init__(self, world: World, rules: Rules) -> None:
        self._rules, self._n_tries, self._repeats = rules, world.n_tries, world.repeats
        self._verified, self._duration, self._cost = Cells(world.verified), Cells(world.duration), Cells(world.cost)
        self._success = None if world.success is world.verified else Cells(world.success)
        self._infra = Cells(world.infra) if world.infra.any() else None
        self._arrival = Cells(world.arrival)
        shape = world.n_tasks, world.n_agents, world.n_replications
        again = rules.postings > 1
        self.tries = PerCell(np.zeros(shape, np.int16)) if again else None
        read = rules.exclude == "failed" or world.retry_belief is not None or not isinstance(rules.bidder, Bidders)
        self.failures = PerCell(np.zeros(shape, np.int16)) if again and read else None

    def so_far(self, place: Place) -> tuple[Lanes, Lanes]:
        """(n, M) attempts of each agent at the task, and those of them that verified FAIL (0 where nobody asks)."""
        none = np.broadcast_to(np.int64(0), (place.n_agents, len(place)))
        counts = (
            none if kept is None else kept.per_agent(place).astype(np.int64) for kept in (self.tries, self.failures)
        )
        tries, failures = counts
        return tries, failures

    def deadline(self, place: Place) -> IntArray | None:
        """(M,) tick at which the task closes; None: it stays open."""
        return None if self._rules.deadline is None else self._arrival.per_task(place) + self._rules.deadline

    def in_turns(self, place: Place, hired: Lanes, turn: Lanes, tick: IntArray, budget: Lanes | None) -> Attempts:
        """The attempts of hired (n, M) from tick (M,) on, one turn after the other until one passes."""
        begin, going, deadline = tick.copy(), np.ones(len(place), np.bool_), self.deadline(place)
        parts = []
        for nth in np.unique(turn[hired]).tolist() or [0]:
            part = self.start(place, hired & (turn == nth) & going, begin, 0, budget)
            np.maximum.at(begin, part.position, part.finish)
            going[part.position[part.status == Status.PASS]] = False
            if deadline is not None:
                going &= begin < deadline
            parts.append(part)
        return _joined(parts)

    def start(
        self, place: Place, hired: Lanes, tick: IntArray, n_clearings: int, budget: Lanes | None = None
    ) -> Attempts:
        """The attempts of hired (n, M) that start at tick (M,). n_clearings: how many hired somebody."""
        cell = np.flatnonzero(hired)
        agent = cell // len(place)
        position = cell - agent * len(place)
        lane = place.lane[position]
        task = np.full(lane.shape, place.task) if isinstance(place.task, int) else place.task[position]
        turn, known = self._turn(lane, task, agent)
        at = lane, task, agent, known
        start = tick[position]
        duration, cost = self._duration.at_try(*at), self._cost.at_try(*at)
        verified = self._verified.at_try(*at)
        success = verified if self._success is None else self._success.at_try(*at)
        if budget is not None:
            limit = budget.ravel().take(cell)
            ended, duration = stopped(cost, limit), ticks(duration, cost, limit)
            verified, success, cost = verified & ~ended, success & ~ended, spent(cost, limit)
        finish = start + duration
        status = verified.astype(np.int8)  # FAIL is 0, PASS is 1
        if self._infra is not None:
            lost = self._infra.at_try(*at)
            status[lost], success = _INFRA, success & ~lost
        timed_out, deadline = None, self.deadline(place)
        if deadline is not None:
            limit = deadline[position]
            timed_out = finish > limit
            finish, success = np.minimum(finish, limit), success & ~timed_out
            status[timed_out] = int(self._rules.timeout)
        if self.failures is not None:
            self.failures.flat[self.failures.index(lane, task, agent)] += status == Status.FAIL
        alone = len(cell) == n_clearings
        return Attempts(
            position, lane, task, agent, turn, known, start, finish, status, timed_out, success, cost, alone
        )

    def _turn(self, lane: IntArray, task: IntArray, agent: IntArray) -> tuple[IntArray, IntArray]:
        """Earlier tries, counted on, and the try that the World knows for each."""
        if self.tries is None:
            none = np.zeros(len(lane), np.int64)
            return none, none
        cell = self.tries.index(lane, task, agent)
        turn = self.tries.flat[cell].astype(np.int64)
        self.tries.flat[cell] = turn + 1
        beyond = turn >= self._n_tries
        if not beyond.any():
            return turn, turn
        if not self._repeats:
            first = int(np.argmax(beyond))
            raise MarketError(
                f"try {turn[first] + 1} of agent {agent[first]} at task {task[first]}: only {self._n_tries} are known"
            )
        return turn, np.minimum(turn, self._n_tries - 1)


class LetGo(NamedTuple):
    """When hired agents are let go, (H,) each, by agent and then by clearing (position).

    rank: the agent's place among those hired with it, by turn and then by agent, which orders those let go at one
    tick; None: by agent.
    """

    agent: IntArray
    position: IntArray
    tick: IntArray
    rank: IntArray | None = None


def let_go(hired: Lanes, turn: Lanes | None, made: Attempts, end: IntArray) -> LetGo:
    """hired, turn (n, M); end (M,): when the posting ended, and with it the wait of those without a turn."""
    if turn is None:
        return LetGo(made.agent, made.position, made.finish)
    until = np.broadcast_to(end, hired.shape).copy()
    until[made.agent, made.position] = made.finish
    last = np.iinfo(turn.dtype).max
    rank = np.where(hired, turn, last).argsort(axis=0, kind="stable").argsort(axis=0)
    agent, position = np.nonzero(hired)
    return LetGo(agent, position, until[agent, position], rank[agent, position])


def _joined(parts: list[Attempts]) -> Attempts:
    """All attempts, by agent and then by clearing."""
    columns: dict[str, Any] = {}
    for field in fields(Attempts):
        if field.name != "alone":
            arrays = [getattr(part, field.name) for part in parts]
            columns[field.name] = None if arrays[0] is None else np.concatenate(arrays)
    order = np.lexsort((columns["position"], columns["agent"]))
    sorted_: dict[str, Any] = {name: None if all_ is None else all_[order] for name, all_ in columns.items()}
    return Attempts(**sorted_, alone=False)
