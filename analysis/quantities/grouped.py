"""Sums by group of a statistic, and the error that follows from them.

Groups are of replications, replication modulo GROUPS, and on a recorded table also of tasks, task modulo GROUPS, or
every task where a statistic says so. They add up over jobs, so that no interval needs a ledger. An error is that of the
groups, at most GROUPS of them (or every task), which is valid wherever the replications, or the tasks, are independent:
where a run has as many clusters or fewer it is the run's own; where it has more, it is less certain, as t(GROUPS - 1)
says. Where clusters are (replication, task) pairs and one claim of each counts, an AUC and an ECE need no groups: their
sums hold the error of the pairs.

    jackknife   se^2 = (G - 1) / G sum over groups (value without g - their mean)^2

Replications that are copies of one another, as those of a recorded table are in what agents claim, count once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analysis.inference import CLUSTERS, LEAST, By
from analysis.quantities.declared import Clustered, Context, Groups, Label, Statistic
from analysis.quantities.view import View
from sim.kit.arrays import FloatArray, IntArray

GROUPS = 20


class Sums(NamedTuple):
    """What a job keeps of a statistic, for each number: noise (q, G, k + 1) by replication, the last one the number of
    replications; tasks (q, G, k) on a recorded table, else (q, 0)."""

    noise: FloatArray
    tasks: FloatArray


class Found(NamedTuple):
    """A statistic with its errors and its interval."""

    value: float
    se: float
    se_mc: float
    low: float
    high: float
    clusters: int


def sums_of(how: Statistic, view: View, first: int) -> Sums:
    """Of a job. first: number of its first replication."""
    count, n_tasks = view.world.n_replications, view.world.n_tasks
    rows = len(view.observed.claim) if how.claims else count
    replication: IntArray = (first + np.arange(count)) % GROUPS
    each = np.bincount(replication, minlength=GROUPS).astype(np.float64)
    if rows == count:
        by_replication = Label(np.broadcast_to(replication[:, None], (count, n_tasks)), GROUPS, False)
        noise = how.sums(view, by_replication)
    else:
        one = how.sums(view, Label(np.zeros((rows, n_tasks), np.int64), 1, False))
        noise = each[:, None, None] * one
    of_all = np.broadcast_to(each[:, None, None], (*noise.shape[:2], 1))
    noise = np.moveaxis(np.concatenate([noise, of_all], axis=2), 1, 0)
    if not view.world.from_table:
        return Sums(noise, np.zeros((len(noise), 0)))
    groups = n_tasks if how.by_task else min(GROUPS, n_tasks)
    label = Label(np.broadcast_to(np.arange(n_tasks) % groups, (rows, n_tasks)), groups, True)
    return Sums(noise, np.moveaxis(how.sums(view, label), 1, 0) * (count // rows))


def found(how: Statistic, noise: FloatArray, tasks: FloatArray, context: Context) -> Found:
    """noise (G, k + 1), tasks (G, k) or (0,): sums of all jobs. context.by: the clusters of its arm, or of claims."""
    held = noise[noise[:, -1] > 0]
    each, replications = held[:, :-1], held[:, -1]
    copies = _copies(each / replications[:, None]) and replications.sum() > 1
    scale = replications.sum() if how.claims and copies else 1.0
    total = each.sum(axis=0) / scale
    value = float(how.value(total))
    errors = _errors(how, Groups(total, each / scale), tasks / scale, context, value)
    noise_error = _error(how, Groups(total, each / scale), context._replace(by="replication"), 2)
    if how.claims and copies and how.estimated:
        noise_error = 0.0
    return Found(value, errors.se, float("nan") if np.isnan(value) else noise_error, *errors[1:])


def _errors(how: Statistic, noise: Groups, tasks: FloatArray, context: Context, value: float) -> Clustered:
    """Error, interval and clusters for another draw of tasks."""
    nan = float("nan")
    if how.error is None or context.by == "none":
        return Clustered(nan, nan, nan, 0)
    of_table = context.by == "task"
    groups = Groups(noise.total, tasks) if of_table else noise
    if np.isnan(value):
        return Clustered(nan, nan, nan, 0 if how.claims else len(groups.lost))
    if context.by == "pair" and how.by_pair is not None:
        return how.by_pair(noise.total)
    by: By = "task" if of_table else "replication"
    se = _error(how, groups, context._replace(by=by), LEAST[by])
    low, high = how.interval(value, se, groups) if how.interval is not None and not np.isnan(se) else (nan, nan)
    return Clustered(se, low, high, len(groups.lost))


def _copies(each: FloatArray) -> bool:
    """Groups (G, k) are equal but for rounding."""
    return bool(np.allclose(each, each[:1], rtol=1e-9, atol=1e-12, equal_nan=True)) if len(each) > 1 else False


def _error(how: Statistic, groups: Groups, context: Context, least: int) -> float:
    if how.error is None or len(groups.lost) < least:
        return float("nan")
    return how.error(groups, context)


def jackknife(value: Callable[[FloatArray], FloatArray]) -> Callable[[Groups, Context], float]:
    """The error by leaving out one group at a time; NaN with fewer than two groups that leave something."""

    def error(groups: Groups, context: Context) -> float:
        left = value(groups.total - groups.lost)
        left = left[~np.isnan(left)]
        count = len(left)
        if count < 2:
            return float("nan")
        return float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum()))

    return error


def words(how: Statistic, by: By, clusters: int) -> str:
    """What the clusters of a statistic are."""
    if by == "none" or (by == "pair" and how.by_pair is not None):
        return CLUSTERS[by]
    what = CLUSTERS["task" if by == "task" else "replication"]
    return what if clusters < GROUPS or (how.by_task and by == "task") else f"groups of {what}"
