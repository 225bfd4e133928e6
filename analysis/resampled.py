"""Errors of arms that decide at one task of a recorded table by its other tasks.

An arm that hires by a record of the table, that learns from earlier tasks, or in which tasks compete for agents, would
have done otherwise at every task if another table had been drawn. Its error is found by a bootstrap over tasks that
replays it: TABLES tables of as many tasks are drawn from the tasks of the table, with replacement, and the arm is
played on each (sim/world/redrawn_tables.py), with as many replications as the run has, at most REPLICATIONS.

    se = standard deviation over tables;  intervals as in analysis/intervals.py, with the tasks as clusters

Where whom it hires follows from a record, dollars have the percentile interval instead: the 2.5 and 97.5 % points of
the redrawn tables [EfronTibshirani1993]. A record of a redrawn table is noisier than that of the table, so that the
arm spreads its awards over more agents and its costs vary less from table to table than they should: with `split` and
50 tasks their t interval holds the truth in .86 of tables, the percentile interval in .94.

Tables of fewer than LEAST_TASKS tasks are too small for it: there is no interval. Nor is there one where an advisor
learns by families of tasks, which a redrawn table does not have. A jackknife is no substitute: whom a record puts first
jumps, and the interval would hold the truth between .88 and 1.00 of the time.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

import numpy as np

from analysis.inference import Estimate
from analysis.intervals import (
    CONFIDENCE,
    Interval,
    paired_rate_interval,
    paired_rate_p,
    rate_interval,
    t_interval,
    t_p,
)
from sim.kit.arrays import FloatArray, IntArray
from sim.world.redrawn_tables import drawn_tasks

TABLES = 200
REPLICATIONS = 20  # of each table: a split's mean over halves is taken over as many
LEAST_TASKS = 50

Values = Mapping[str, FloatArray]  # metric -> (B,) of the arm, or (n, B) of its agents


def task_counts(seed: int, tables: range, n_tasks: int) -> IntArray:
    """(B, T) how often each task of the table stands in each of these redrawn ones."""
    at = drawn_tasks(seed, tables, n_tasks) + np.arange(len(tables))[:, None] * n_tasks
    return np.asarray(np.bincount(at.ravel(), minlength=len(tables) * n_tasks).reshape(len(tables), n_tasks))


def with_errors(
    estimates: Mapping[str, Estimate], values: Values, tasks: int, rates: Container[str], *, by_record: bool
) -> dict[str, Estimate]:
    """The estimates, all of an arm or all of its agents, with what redrawn tables say of their errors, if anything.

    rates: names of those that are shares of trials. by_record: whom the arm hires follows from a record of the table.
    """
    found = dict(estimates)
    for name, one in estimates.items():
        if name in values and values[name].shape[:-1] == one.value.shape:
            found[name] = _with_error(one, values[name], tasks, rate=name in rates, by_record=by_record)
    return found


def _with_error(one: Estimate, values: FloatArray, tasks: int, *, rate: bool, by_record: bool) -> Estimate:
    se, clusters = _spread(values), np.full(one.value.shape, tasks)
    if rate:
        low, high = rate_interval(one.value, se, clusters, np.False_)
    elif by_record:
        low, high = _percentiles(values, se)
    else:
        low, high = t_interval(one.value, se, clusters)
    return replace(one, se=se, low=low, high=high, clusters=clusters)


def with_error_of_difference(
    one: Estimate,
    values: FloatArray,
    base: FloatArray,
    tasks: int,
    shares: tuple[float, float] | None,
    *,
    by_record: bool,
) -> Estimate:
    """A paired difference with what the same redrawn tables say of it.

    shares: of a rate, as in `difference_of`. by_record: whom one of the arms hires follows from a record. The p value
    beside a percentile interval is twice the share of redrawn tables on the other side of 0, and so never under .01.
    """
    se, clusters = _spread(values - base), np.full(one.value.shape, tasks)
    if shares is not None:
        low, high = paired_rate_interval(*shares, se, clusters, np.False_)
        p = paired_rate_p(*shares, se, clusters, np.False_)
    elif by_record:
        low, high = _percentiles(values - base, se)
        p = np.where(se > 0, _share_beyond(values - base), np.nan)
    else:
        low, high = t_interval(one.value, se, clusters)
        p = t_p(one.value, se, clusters)
    return replace(one, se=se, low=np.asarray(low), high=np.asarray(high), clusters=clusters, p=p)


def _share_beyond(values: FloatArray) -> FloatArray:
    """Two-sided p value of 0 by redrawn tables, the last axis: 2 (1 + k) / (1 + B), k the smaller number beyond 0."""
    beyond = np.minimum((values <= 0).sum(axis=-1), (values >= 0).sum(axis=-1))
    return np.asarray(np.minimum(1.0, 2.0 * (1.0 + beyond) / (1.0 + values.shape[-1])))


def _percentiles(values: FloatArray, se: FloatArray) -> Interval:
    """Percentile interval of 95 % from the values of redrawn tables, the last axis; NaN where they do not vary."""
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = (np.where(se > 0, np.quantile(values, at, axis=-1), np.nan) for at in (tail, 1.0 - tail))
    return low, high


def _spread(values: FloatArray) -> FloatArray:
    """Standard deviation over tables, the last axis; NaN where a table has no value."""
    return np.asarray(values.std(axis=-1, ddof=1))
