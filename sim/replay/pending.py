"""Moments that lanes still have before them, each as one number that orders it.

    key = tick 2^a + task 2^b + posting 2^c + agent

compares as (tick, task, posting, agent). A lane's pending keys stand in a column of slots, NEVER where a slot is free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kit.arrays import BoolArray, IntArray

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class KeyFormat:
    """Bits of each part of a key."""

    task: int
    posting: int
    agent: int

    @classmethod
    def of(cls, n_tasks: int, postings: int, n_agents: int) -> KeyFormat:
        """Room for these many of each."""
        return cls(*(max(0, count - 1).bit_length() for count in (n_tasks, postings, n_agents)))

    @property
    def most_ticks(self) -> int:
        """Ticks beyond which a key does not fit."""
        return 1 << max(0, 62 - self.task - self.posting - self.agent)

    def key(self, tick: IntArray, task: IntArray | int, posting: IntArray | int, agent: IntArray | int = 0) -> IntArray:
        """The key; arguments broadcast."""
        moved = ((tick << self.task) + task << self.posting) + posting
        return (moved << self.agent) + agent

    def tick(self, key: IntArray) -> IntArray:
        """Tick of a key."""
        return key >> (self.task + self.posting + self.agent)

    def task_of(self, key: IntArray) -> IntArray:
        """Task of a key."""
        return (key >> (self.posting + self.agent)) & ((1 << self.task) - 1)

    def posting_of(self, key: IntArray) -> IntArray:
        """Posting of a key."""
        return (key >> self.agent) & ((1 << self.posting) - 1)

    def agent_of(self, key: IntArray) -> IntArray:
        """Agent of a key."""
        return key & ((1 << self.agent) - 1)


class Pending:
    """Pending keys of B lanes, (slots, B); slots are added as they are needed."""

    def __init__(self, n_lanes: int) -> None:
        self.keys: IntArray = np.full((1, n_lanes), NEVER)

    def least(self) -> IntArray:
        """(B,) the least key of each lane, NEVER where it has none."""
        return np.asarray(self.keys[0].copy() if len(self.keys) == 1 else np.minimum.reduce(self.keys, axis=0))

    def remove(self, key: IntArray) -> None:
        """Free the slot that holds `key` (B,) in each lane; a key no slot holds changes nothing."""
        np.copyto(self.keys, NEVER, where=self.keys == key)

    def add(self, key: IntArray) -> None:
        """Put `key` (B,) into a free slot of each lane; NEVER puts nothing."""
        for slot in self.keys:
            left = np.maximum(slot, key)  # NEVER if either is: then the lesser moves in, else the slot was taken
            room = left == NEVER
            np.copyto(slot, np.minimum(slot, key), where=room)
            key = np.where(room, NEVER, key)
            if (key == NEVER).all():
                return
        self.keys = np.vstack([self.keys, key])

    def keep(self, lanes: BoolArray) -> None:
        """Keep these lanes only."""
        self.keys = self.keys[:, lanes]
