"""What lanes have learned: reputations and costs, updated in the order in which attempts complete.

The completions that come before a clearing are those that end at its tick or earlier: the market executes completions
first. Among them the order is that of their keys (tick, task, posting, agent); a zero-duration attempt of an earlier
clearing at the same tick comes before whatever ends later.
"""

from __future__ import annotations

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray, Status
from sim.market.rules import Rules
from sim.replay.attempts import Attempts, LetGo
from sim.replay.lane_accounts import Books
from sim.replay.lane_reads import Cells, Lanes, PerCell
from sim.replay.pending import NEVER, KeyFormat, Pending
from sim.standing.advisors import Advisor, Lesson
from sim.standing.reputation import Learner, Outcome, State
from sim.standing.sources import family_codes
from sim.world.world import World

_NONE = int(Status.NONE)


class _State:
    """One learner's state in B lanes: arrays (n, B)."""

    def __init__(self, learner: Learner, n_agents: int, n_lanes: int) -> None:
        self.learner = learner
        self.arrays = [np.repeat(array[:, None], n_lanes, axis=1) for array in learner.init(n_agents)]

    def read(self) -> Lanes:
        """(n, B)."""
        return np.asarray(self.learner.read(self._rows(slice(None)))).T

    def step(self, lanes: IntArray | slice, outcome: Outcome) -> None:
        """Fold in what these lanes have seen; outcome (lanes, n)."""
        after = self.learner.step(self._rows(lanes), outcome)
        for array, changed in zip(self.arrays, after, strict=True):
            array[:, lanes] = changed.T

    def _rows(self, lanes: IntArray | slice) -> State:
        return tuple(array[:, lanes].T for array in self.arrays)

    def keep(self, lanes: BoolArray) -> None:
        self.arrays = [array[:, lanes] for array in self.arrays]


class _Advice:
    """The advisor's state in B lanes: arrays (F, B, n, ...), F families of tasks."""

    def __init__(self, advisor: Advisor, world: World) -> None:
        self.advisor = advisor
        self.family, n_families = family_codes(world.family, by_family=advisor.by_family)
        lanes = n_families, world.n_replications
        self.arrays = [np.tile(array, (*lanes, *(1,) * array.ndim)) for array in advisor.init(world.n_agents)]

    def read(self, lanes: IntArray | slice, task: IntArray) -> State:
        """State of these lanes for the families of their tasks, (lanes, n, ...)."""
        if self.arrays and len(self.arrays[0]) == 1:
            return tuple(array[0, lanes] for array in self.arrays)
        where = np.arange(self.arrays[0].shape[1])[lanes]
        return tuple(array[self.family[task], where] for array in self.arrays)

    def step(self, due: IntArray, task: IntArray, seen: Lesson) -> None:
        """Fold in what these lanes have seen of their tasks; seen (lanes, n)."""
        after = self.advisor.step(self.read(due, task), seen)
        for array, changed in zip(self.arrays, after, strict=True):
            array[self.family[task], due] = changed

    def keep(self, lanes: BoolArray) -> None:
        self.arrays = [array[:, lanes] for array in self.arrays]


class Learned:
    """Standing and accounts that change as attempts complete, and the completions still to come."""

    def __init__(self, world: World, rules: Rules, keys: KeyFormat, books: Books | None = None) -> None:
        n_tasks, n_agents, n_lanes = world.n_tasks, world.n_agents, world.n_replications
        learners = rules.reputation, rules.expected_cost.learner
        self._reputation, self._cost = (
            None if learner is None else _State(learner, n_agents, n_lanes) for learner in learners
        )
        self._states = [state for state in (self._reputation, self._cost) if state is not None]
        self.books = books
        self._advice = None if rules.advisor is None else _Advice(rules.advisor, world)
        self._claim = PerCell(np.full((n_tasks, n_agents, n_lanes), np.nan)) if rules.advisor is not None else None
        self._keys, self._pending, self._n_agents = keys, Pending(n_lanes), n_agents
        self._seen_cost = Cells(world.cost)
        self._status = PerCell(np.full((n_tasks, n_agents, n_lanes), _NONE, np.int8))
        self._try = PerCell(np.zeros((n_tasks, n_agents, n_lanes), np.int16))
        limited = rules.mechanism.capabilities.takes_menu
        self._spent = PerCell(np.zeros((n_tasks, n_agents, n_lanes))) if limited else None
        in_turns = books is not None and rules.mechanism.capabilities.in_turns
        self._ranked = PerCell(np.zeros((n_tasks, n_agents, n_lanes), np.int32)) if in_turns else None

    @property
    def reputation(self) -> Lanes | None:
        """(n, B), None where none is kept."""
        return None if self._reputation is None else self._reputation.read()

    @property
    def cost(self) -> Lanes | None:
        """(n, B) expected cost, None where it is not learned."""
        return None if self._cost is None else self._cost.read()

    def advice(self, task: IntArray) -> State | None:
        """The advisor's state of each lane for its task (B,), arrays (B, n, ...); None where nobody advises."""
        return None if self._advice is None else self._advice.read(slice(None), task)

    def expect(
        self, made: Attempts, claim: FloatArray, gone: LetGo, lane: IntArray, task: IntArray, posting: IntArray
    ) -> None:
        """Attempts that will complete; claim (A,): of the bid behind each. lane, task, posting (B,): of each clearing.

        gone: with accounts to settle, those without a turn are heard of as well.
        """
        if self.books is None:
            gone = LetGo(made.agent, made.position, made.finish)
        rank = gone.agent if gone.rank is None else gone.rank
        hired = lane[gone.position], task[gone.position]
        self._status.flat[self._status.index(*hired, gone.agent)] = _NONE
        if self._ranked is not None:
            self._ranked.flat[self._ranked.index(*hired, rank)] = gone.agent
        cell = self._status.index(made.lane, made.task, made.agent)
        if self._claim is not None:
            self._claim.flat[cell] = claim
        self._status.flat[cell], self._try.flat[cell] = made.status, made.known
        if self._spent is not None:
            self._spent.flat[cell] = made.cost
        keys = self._keys.key(gone.tick, hired[1], posting[gone.position], rank)
        alone = [slice(None)]
        for wave in alone if made.alone else [gone.agent == agent for agent in range(self._n_agents)]:
            added = np.full(self._pending.keys.shape[1], NEVER)
            added[gone.position[wave]] = keys[wave]
            self._pending.add(added)

    def until(self, tick: IntArray, lane: IntArray) -> None:
        """Complete what ends at `tick` (B,) or earlier, one attempt of each lane after the other. lane (B,)."""
        while True:
            key = self._pending.least()
            due = np.flatnonzero(self._keys.tick(key) <= tick)
            if len(due) == 0:
                return
            self._pending.remove(np.where(self._keys.tick(key) <= tick, key, -1))
            self._complete(due, key[due], lane[due])

    def _complete(self, due: IntArray, key: IntArray, lane: IntArray) -> None:
        task, agent = self._keys.task_of(key), self._keys.agent_of(key)
        if self._ranked is not None:
            agent = self._ranked.flat[self._ranked.index(lane, task, agent)].astype(np.int64)
        if self.books is not None:
            self.books.complete(due, lane, task, agent)
        if not self._states and self._advice is None:
            return
        cell = self._status.index(lane, task, agent)
        tried = self._status.flat[cell] != _NONE
        if not tried.all():
            due, lane, task, agent, cell = (array[tried] for array in (due, lane, task, agent, cell))
        n_lanes = self._pending.keys.shape[1]
        lanes: IntArray | slice = due
        position = np.arange(len(due))
        if 2 * len(due) > n_lanes:  # most lanes: cheaper to pass over all than to pick some
            lanes, position = slice(None), due
        width = n_lanes if isinstance(lanes, slice) else len(due)
        status, cost = np.full((self._n_agents, width), _NONE, np.int8), np.zeros((self._n_agents, width))
        status[agent, position] = self._status.flat[cell]
        if self._spent is None:
            cost[agent, position] = self._seen_cost.at_try(lane, task, agent, self._try.flat[cell].astype(np.int64))
        else:
            cost[agent, position] = self._spent.flat[cell]
        for state in self._states:
            state.step(lanes, Outcome(status.T, cost.T))
        if self._advice is not None and self._claim is not None:
            said, claim = (np.full((len(due), self._n_agents), none) for none in (np.int8(_NONE), np.nan))
            row = np.arange(len(due))
            said[row, agent], claim[row, agent] = self._status.flat[cell], self._claim.flat[cell]
            self._advice.step(due, task, Lesson(said, claim))

    def keep(self, lanes: BoolArray) -> None:
        """Keep these lanes only."""
        self._pending.keep(lanes)
        if self.books is not None:
            self.books.keep(lanes)
        for state in self._states:
            state.keep(lanes)
        if self._advice is not None:
            self._advice.keep(lanes)
