"""Records written from the definition, one trial at a time, for comparison with sim/world/history.py.

A trial counts where it is observed and the agent is present; of those, one lost to the system counts for no rate.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.kit import draws
from sim.world.world import World


class Told(NamedTuple):
    """S / N smoothed, S / N, and means of claims, costs and cost beliefs; NaN where nothing is known."""

    smoothed: float
    rate: float
    claim: float
    cost: float
    cost_belief: float


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def told(world: World, observed: np.ndarray, r: int, i: int, tasks: list[int]) -> Told:
    """What the trials of agent i at `tasks` say, each as often as it is listed."""
    passed, claims, costs, expected = [], [], [], []
    for t in tasks:
        for k in range(world.n_tries):
            if not (observed[r, t, i, k] and world.present[r, t, i]):
                continue
            costs.append(float(world.cost[r, t, i, k]))
            expected.append(float(world.cost_belief[r, t, i]))
            if not world.infra[r, t, i, k]:
                passed.append(float(world.success[r, t, i, k]))
                claims.append(float(world.belief[r, t, i]))
    smoothed = (sum(passed) + 0.5) / (len(passed) + 1)
    return Told(smoothed, mean(passed), mean(claims), mean(costs), mean(expected))


def redrawn(world: World, seed: int, r: int, h: int) -> list[int]:
    """The tasks in the h slots of replication r: each takes the task with the least draw."""
    taken = []
    for slot in range(h):
        words = np.array([r], np.uint64), np.array([slot], np.uint64)
        drawn = [draws.uniform(seed, "record", *words, draws.words_of([name])).item() for name in world.tasks]
        taken.append(drawn.index(min(drawn)))
    return taken


def half_of(world: World, seed: int, r: int) -> list[int]:
    """0 for the tasks with the T // 2 lowest draws, 1 for the others."""
    word = np.array([r], np.uint64)
    drawn = [draws.uniform(seed, "half", word, draws.words_of([name])).item() for name in world.tasks]
    lowest = sorted(drawn)[: len(drawn) // 2]
    return [0 if each in lowest else 1 for each in drawn]


def tasks_on_record(kind: str, world: World, seed: int, h: int = 0) -> dict[tuple[int, int], list[int]]:
    """The tasks in the record that serves each task of each replication, in the order of the table."""
    everything, found = range(world.n_tasks), {}
    for r in range(world.n_replications):
        drawn = sorted(redrawn(world, seed, r, h)) if kind == "redrawn" else []
        half = half_of(world, seed, r)
        for t in everything:
            others = [other for other in everything if other != t]
            across = [other for other in everything if half[other] != half[t]]
            found[r, t] = {"redrawn": drawn, "split": across, "published": others}[kind]
    return found
