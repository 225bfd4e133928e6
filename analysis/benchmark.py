"""The best fixed agent: one agent for every task, chosen on tasks other than those it is judged by.

The tasks are halved HALVES times at random; on each half works the agent with the greatest mean V y - c over the other
half, all replications pooled; agents that tie exactly share the work. The benchmark of a task is the mean
over the halvings. Leaving out just the task would make an agent's mean higher exactly where it fails; a half-split does
not, and is unbiased for other tasks.

On a recorded table the choice moves with the table, so the error of the regret is a bootstrap over tasks in which it is
made again; tasks drawn twice are in one half. Index convention: R replications, T tasks, n agents, S halvings.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.inference import Estimate
from analysis.intervals import t_interval
from analysis.resampled import LEAST_TASKS, TABLES, task_counts
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray

HALVES = 20
TIE = 1e-9  # dollars: sums that differ by rounding alone are equal


def half_splits(tasks: tuple[str, ...]) -> BoolArray:
    """(S, T): the task is in the second half; drawn by the tasks' names, the same for every scenario."""
    chance = draws.uniform(0, "benchmark half", draws.words_range(HALVES), draws.words_of(tasks))
    return np.asarray(chance.argsort(axis=1).argsort(axis=1) >= len(tasks) // 2)


def best_fixed(gain: FloatArray, tasks: tuple[str, ...]) -> FloatArray:
    """(R, T) dollars of the best fixed agent; gain (R, T, n): V y - c of each, 0 where it is absent.

    NaN with a single task, no agent, or where no value is stated.

    >>> best_fixed(np.array([[[1.0, 0.0], [1.0, 0.0], [1.0, 0.5]]]), ("a", "b", "c")).tolist()
    [[1.0, 1.0, 1.0]]
    """
    if gain.shape[1] < 2 or gain.shape[2] == 0 or np.isnan(gain).any():
        return np.full(gain.shape[:2], np.nan)
    weight = _weights(gain.sum(axis=0), half_splits(tasks), np.ones((1, len(tasks)), np.int64))
    return np.asarray(np.einsum("rtn,tn->rt", gain, weight[0]))


def regret_spread(gain: FloatArray, welfare: FloatArray, tasks: tuple[str, ...], seed: int) -> float:
    """Standard deviation over redrawn tables of best fixed - welfare.

    gain (T, n), welfare (T,): means over replications; welfare (B,) where the arm was replayed on the very tables.
    """
    counts = task_counts(seed, range(TABLES), len(tasks))
    weight = _weights(gain, half_splits(tasks), counts)
    benchmark = np.einsum("bt,tn,btn->b", counts, gain, weight) / len(tasks)
    own = counts @ welfare / len(tasks) if len(welfare) == len(tasks) else welfare
    return float((benchmark - own).std(ddof=1))


def with_spread(found: Estimate, spread: float, tasks: int) -> Estimate:
    """The regret with this standard error; none where the table has fewer than LEAST_TASKS tasks."""
    se = np.asarray(spread if tasks >= LEAST_TASKS else np.nan)
    low, high = t_interval(found.value, se, tasks)
    return replace(found, se=se, low=low, high=high, clusters=np.asarray(tasks))


def _weights(gain: FloatArray, second: BoolArray, counts: IntArray) -> FloatArray:
    """(B, T, n) share of each task that each agent has; counts (B, T): how often each task stands in the table."""
    weight = np.zeros((len(counts), *gain.shape))
    for half in second:
        for mine in (half, ~half):
            total = (counts * ~mine) @ gain
            best = total >= total.max(axis=1, keepdims=True) - TIE
            weight += mine[None, :, None] * (best / best.sum(axis=1, keepdims=True))[:, None]
    return weight / len(second)
