"""Estimates with two standard errors, from linearised influence values summed within clusters.

Index convention: arrays are (R, T, ...): replications, tasks, and whatever is estimated side by side (agents).

    theta = sum num / sum den;   influence of a cell = (num - theta den) / sum den
    se^2  = G / (G - 1) sum over clusters (sum of influence in the cluster)^2

`se` is for another draw of tasks: clustered by task on a recorded table, whose replications share their tasks; by
replication in a synthetic world, whose replications are new tasks. `se_mc` is the simulation's own noise: clustered by
replication. G counts the clusters that hold an observation; with fewer than two a standard error is NaN. Clusters that
are bit for bit the same give exactly 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Estimate:
    """value, se, se_mc: (...) estimates with their standard errors; NaN where undefined."""

    value: FloatArray
    se: FloatArray
    se_mc: FloatArray

    def of_copies(self, n_replications: int) -> Estimate:
        """The same estimate known to be equal in `n_replications` replications: no simulation noise at all."""
        exact = np.where(np.isnan(self.value), np.nan, 0.0)
        return self if n_replications < 2 else Estimate(self.value, self.se, exact)


def ratio(num: ArrayLike, den: ArrayLike, recorded: bool) -> Estimate:
    """sum num / sum den over (R, T) with its standard errors, for each of the trailing axes.

    num, den: (R, T, ...); a cell with den 0 is no observation and must have num 0. NaN where no cell is one.

    >>> estimate = ratio([[1.0, 0.0, 1.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]], recorded=True)
    >>> float(estimate.value), round(float(estimate.se), 4), float(estimate.se_mc)
    (0.5, 0.2887, nan)
    """
    top, bottom = np.broadcast_arrays(np.asarray(num, np.float64), np.asarray(den, np.float64))
    by_task, by_replication = _ratio(top.sum(axis=0), bottom.sum(axis=0)), _ratio(top.sum(axis=1), bottom.sum(axis=1))
    value, se_mc = by_replication
    return Estimate(value, by_task[1] if recorded else se_mc, se_mc)


def _ratio(top: FloatArray, bottom: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ratio of the sums of clusters (G, ...), and its standard error."""
    total = bottom.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(total > 0, top.sum(axis=0) / total, np.nan)
        influence = (top - value * bottom) / total
    same = np.asarray(np.all((top == top[:1]) & (bottom == bottom[:1]), axis=0))
    return value, _se(influence, bottom > 0, same)


def mean(values: ArrayLike, recorded: bool) -> Estimate:
    """Mean of (R, T, m) auctions, or (R, T), with its standard errors."""
    array = np.asarray(values, np.float64)
    flat = array.reshape(*array.shape[:2], -1)
    return ratio(flat.sum(axis=2), np.full(array.shape[:2], float(flat.shape[2])), recorded)


def paired_difference(a: ArrayLike, b: ArrayLike, recorded: bool) -> Estimate:
    """Mean of a - b over auctions that both arms held under the same luck, with its standard errors.

    a, b: (R, T, m) or (R, T), one per-auction quantity of two arms of one World.

    >>> float(paired_difference([[1.0, 2.0]], [[0.5, 1.0]], recorded=True).value)
    0.75
    """
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if left.shape != right.shape:
        raise ValueError(f"paired arms must have the same auctions; got shapes {left.shape} and {right.shape}")
    return mean(left - right, recorded)


def linearised(value: ArrayLike, influence: FloatArray, used: NDArray[np.bool_], recorded: bool) -> Estimate:
    """`value` (...) with the standard errors of its influence values (R, T, ...); `used` marks the observations."""
    estimate, never = np.asarray(value, np.float64), np.zeros((), np.bool_)
    by_task, by_replication = (
        np.where(np.isnan(estimate), np.nan, _se(influence.sum(axis=k), np.asarray(used.any(axis=k)), never))
        for k in (0, 1)
    )
    return Estimate(estimate, by_task if recorded else by_replication, by_replication)


def without_error(value: ArrayLike) -> Estimate:
    """A number that is no estimate: both standard errors are NaN."""
    number = np.asarray(value, np.float64)
    return Estimate(number, np.full(number.shape, np.nan), np.full(number.shape, np.nan))


def _se(influence: FloatArray, observed: NDArray[np.bool_], same: NDArray[np.bool_]) -> FloatArray:
    """Standard error from one influence per cluster (G, ...)."""
    n_clusters = observed.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(n_clusters > 1, n_clusters / (n_clusters - 1.0), np.nan)
    se = np.sqrt(factor * (influence**2).sum(axis=0))
    return np.where(same & ~np.isnan(se), 0.0, se)
