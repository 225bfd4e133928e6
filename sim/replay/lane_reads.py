"""Reading the World where many replications stand at different tasks.

Index convention inside the batch engine: n agents, M clearings made together, lanes last: arrays are (n, M) and lie
in memory with the M closest together. A lane is a replication of the block being played; lanes are B.

A World array keeps all its axes, with stride 0 where it does not vary. `Cells` looks at the memory behind it as one
flat array, so that a gather is one `take` whatever varies and however the array lies.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import IntArray

Lanes = NDArray[Any]  # (n, M) or (M,)


class Place:
    """Where M clearings stand: lane (M,) and task (M,); or all lanes in order at one task, if `task` is a number."""

    def __init__(self, lane: IntArray, task: IntArray | int, n_agents: int) -> None:
        self.lane, self.task, self.n_agents = lane, task, n_agents
        self._flat: dict[tuple[int, ...], IntArray] = {}

    def __len__(self) -> int:
        return len(self.lane)

    @property
    def tasks(self) -> IntArray:
        """(M,)."""
        return np.broadcast_to(np.int64(self.task), self.lane.shape)

    def per_task(self, step: tuple[int, ...]) -> IntArray:
        """Flat index (M,) of each clearing's cell in an array with these steps along (R, T)."""
        if step not in self._flat:
            self._flat[step] = self.lane * step[0] + self.task * step[1] if step[0] else self.tasks * step[1]
        return self._flat[step]

    def per_agent(self, step: tuple[int, ...]) -> IntArray:
        """Flat index (n, M) in an array with these steps along (R, T, n)."""
        if step not in self._flat:
            self._flat[step] = self.per_task(step[:2]) + (np.arange(self.n_agents) * step[2])[:, None]
        return self._flat[step]


class Cells:
    """One World array (R, T, ...) for gathers."""

    def __init__(self, array: NDArray[Any]) -> None:
        size = array.itemsize
        strides = [0 if length == 1 else stride for length, stride in zip(array.shape, array.strides, strict=True)]
        if any(stride < 0 or stride % size for stride in strides):
            array = np.ascontiguousarray(array)
            strides = [0 if length == 1 else stride for length, stride in zip(array.shape, array.strides, strict=True)]
        self.array, self.step = array, tuple(stride // size for stride in strides)
        extent = 1 + sum((length - 1) * step for length, step in zip(array.shape, self.step, strict=True))
        extent = extent if array.size else 0
        self.flat = np.lib.stride_tricks.as_strided(array, (extent,), (size,), writeable=False)
        self.constant = not any(self.step)

    def per_task(self, place: Place) -> Lanes:
        """(M,) of an array (R, T)."""
        if self.constant:
            return np.broadcast_to(self.flat[0], place.lane.shape)
        if isinstance(place.task, int):
            return np.asarray(self.array[:, place.task])
        return np.asarray(self.flat.take(place.per_task(self.step)))

    def per_agent(self, place: Place) -> Lanes:
        """(n, M) of an array (R, T, n)."""
        if self.constant:
            return np.broadcast_to(self.flat[:1], (place.n_agents, len(place)))
        if isinstance(place.task, int):
            return np.asarray(self.array[:, place.task].T)
        return np.asarray(self.flat.take(place.per_agent(self.step)))

    def at_posting(self, place: Place, posting: IntArray) -> Lanes:
        """(n, M) of an array (R, T, P, n)."""
        if isinstance(place.task, int):
            return np.asarray(self.array[:, place.task, int(posting[0])].T)
        replication, task, each, agent = self.step
        first = place.per_agent((replication, task, agent))
        return np.asarray(self.flat.take(first + posting * each if each else first))

    def next_try(self, place: Place, tries: Lanes) -> Lanes:
        """(n, M) of an array (R, T, n, K) at each agent's next try, the last one where it has had all."""
        if self.constant:
            return np.broadcast_to(self.flat[:1], (place.n_agents, len(place)))
        last = self.array.shape[3] - 1
        return np.asarray(self.flat.take(place.per_agent(self.step[:3]) + np.minimum(tries, last) * self.step[3]))

    def at_try(self, lane: IntArray, task: IntArray, agent: IntArray, known: IntArray) -> Lanes:
        """(A,) of an array (R, T, n, K)."""
        if self.constant:
            return np.broadcast_to(self.flat[0], lane.shape)
        total: Any = 0
        for where, step in zip((lane, task, agent, known), self.step, strict=True):
            if step:
                total = total + where * step
        return np.asarray(self.flat.take(total))


class PerCell:
    """State of each (lane, task, agent), or (lane, task), that the market changes as it goes."""

    def __init__(self, array: NDArray[Any]) -> None:
        """array: (T, n, B) or (T, B), changed in place."""
        self.array = array
        self.flat = array.reshape(-1)
        self._n = array.shape[1] if array.ndim == 3 else 1
        self._lanes = array.shape[-1]

    def per_agent(self, place: Place) -> Lanes:
        """(n, M)."""
        if isinstance(place.task, int):
            return np.asarray(self.array[place.task].copy())
        return np.asarray(self.flat.take(place.per_agent((1, self._n * self._lanes, self._lanes))))

    def per_task(self, place: Place) -> Lanes:
        """(M,)."""
        if isinstance(place.task, int):
            return np.asarray(self.array[place.task].copy())
        return np.asarray(self.flat.take(place.per_task((1, self._lanes))))

    def index(self, lane: IntArray, task: IntArray, agent: IntArray | int = 0) -> IntArray:
        """Flat index of cells."""
        return np.asarray((task * self._n + agent) * self._lanes + lane)
