"""What lanes have learned: reputations and costs, updated in the order in which attempts complete.

The completions that come before a clearing are those that end at its tick or earlier: the market executes completions
first. Among them the order is that of their keys (tick, task, posting, agent); a zero-duration attempt of an earlier
clearing at the same tick comes before whatever ends later.
"""

from __future__ import annotations

import numpy as np

from sim.arrays import BoolArray, IntArray, Status
from sim.replay.attempts import Attempts
from sim.replay.books import Books
from sim.replay.cells import Cells, Lanes, PerCell
from sim.replay.pending import NEVER, KeyFormat, Pending
from sim.rules import Rules
from sim.standing import Learner, Outcome, State
from sim.world import World

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
        self._keys, self._pending, self._n_agents = keys, Pending(n_lanes), n_agents
        self._seen_cost = Cells(world.cost)
        self._status = PerCell(np.full((n_tasks, n_agents, n_lanes), _NONE, np.int8))
        self._try = PerCell(np.zeros((n_tasks, n_agents, n_lanes), np.int16))

    @property
    def reputation(self) -> Lanes | None:
        """(n, B), None where none is kept."""
        return None if self._reputation is None else self._reputation.read()

    @property
    def cost(self) -> Lanes | None:
        """(n, B) expected cost, None where it is not learned."""
        return None if self._cost is None else self._cost.read()

    def expect(
        self,
        position: IntArray,
        hires: Attempts,
        posting: IntArray,
    ) -> None:
        """Attempts that will complete; position, posting (A,): the place of each one's lane among those kept."""
        cell = self._status.index(hires.lane, hires.task, hires.agent)
        self._status.flat[cell], self._try.flat[cell] = hires.status, hires.known
        keys = self._keys.key(hires.finish, hires.task, posting, hires.agent)
        alone = [slice(None)]
        for wave in alone if hires.alone else [hires.agent == agent for agent in range(self._n_agents)]:
            added = np.full(self._pending.keys.shape[1], NEVER)
            added[position[wave]] = keys[wave]
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
        if self.books is not None:
            self.books.complete(due, lane, task, agent)
        if not self._states:
            return
        cell = self._status.index(lane, task, agent)
        n_lanes = self._pending.keys.shape[1]
        lanes: IntArray | slice = due
        position = np.arange(len(due))
        if 2 * len(due) > n_lanes:  # most lanes: cheaper to pass over all than to pick some
            lanes, position = slice(None), due
        width = n_lanes if isinstance(lanes, slice) else len(due)
        status, cost = np.full((self._n_agents, width), _NONE, np.int8), np.zeros((self._n_agents, width))
        status[agent, position] = self._status.flat[cell]
        cost[agent, position] = self._seen_cost.at_try(lane, task, agent, self._try.flat[cell].astype(np.int64))
        for state in self._states:
            state.step(lanes, Outcome(status.T, cost.T))

    def keep(self, lanes: BoolArray) -> None:
        """Keep these lanes only."""
        self._pending.keep(lanes)
        if self.books is not None:
            self.books.keep(lanes)
        for state in self._states:
            state.keep(lanes)
