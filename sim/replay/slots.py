"""The slots in which agents work: how many attempts each can run at a time, in every lane."""

from __future__ import annotations

import numpy as np

from sim.kit.arrays import BoolArray, IntArray
from sim.replay.lane_reads import Lanes


class Slots:
    """Attempts an agent can run at a time: until when each of its slots is taken, (capacity, n, B) ticks."""

    def __init__(self, capacity: int, n_agents: int, n_lanes: int) -> None:
        self._until = np.zeros((capacity, n_agents, n_lanes), np.int64)

    def full(self, tick: IntArray) -> Lanes:
        """(n, B): no slot is free at `tick` (B,)."""
        taken = self._until > tick
        return np.asarray(taken[0] if len(taken) == 1 else taken.all(axis=0))

    def take(self, agent: IntArray, position: IntArray, start: IntArray, finish: IntArray) -> None:
        """Take a free slot of each agent (A,) in the lane at each position."""
        left = np.ones(len(agent), np.bool_)
        for slot in self._until:
            free = left & (slot[agent, position] <= start) if len(self._until) > 1 else left
            slot[agent[free], position[free]] = finish[free]
            left = left & ~free

    def keep(self, lanes: BoolArray) -> None:
        """Keep these lanes only."""
        self._until = self._until[:, :, lanes]
