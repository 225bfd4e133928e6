"""Estimates with 95 % intervals and two standard errors, from linearised influence values summed within clusters.

Index convention: arrays are (R, T, ...): replications, tasks, and whatever is estimated side by side (agents).

    theta = sum num / sum den;   influence of a cell = (num - theta den) / sum den
    se^2  = G / (G - 1) sum over clusters (sum of influence in the cluster)^2

Clusters are what is drawn anew in another draw of tasks, `By`:

    "task"         a recorded table: its tasks, replications averaged within them
    "pair"         a synthetic world in which nothing couples the tasks of a replication: (replication, task)
    "replication"  a synthetic world in which something does (sim/market/coupling.py): at least LEAST of them
    "none"         no honest interval is known: where an arm on a recorded table follows a record of the same tasks, the
                   rule must be replayed on redrawn tasks (analysis/resampled.py)

`se`, `low` and `high` are for another draw of tasks like these. `se_mc` is the simulation's own noise, clustered by
replication. G counts the clusters that hold an observation; an interval names it. With too few clusters there is none,
and none is NaN, never 0. Clusters that are bit for bit the same give a standard error of exactly 0 and no interval for
a continuous quantity: of what has not varied yet nobody knows by how much it varies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.intervals import (
    paired_rate_interval,
    paired_rate_p,
    rate_interval,
    skewed_t_interval,
    t_interval,
    t_p,
)
from sim.kit.arrays import BoolArray, FloatArray, IntArray

By = Literal["task", "pair", "replication", "none"]
_ROUNDING = 1e-12  # of two numbers whose difference is what rounding left of nothing
LEAST: dict[By, int] = {"task": 2, "pair": 2, "replication": 5, "none": 2}
CLUSTERS: dict[By, str] = {
    "task": "tasks",
    "pair": "(replication, task) pairs",
    "replication": "replications",
    "none": "no clusters",
}
REPLAYED = "tasks, the rule replayed on redrawn tables"


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates (...) with their errors; NaN where undefined.

    low, high: 95 % interval. clusters: how many stand behind it. p: two-sided p value of 0, of a difference.
    """

    value: FloatArray
    se: FloatArray
    se_mc: FloatArray
    low: FloatArray
    high: FloatArray
    clusters: IntArray
    p: FloatArray

    def of_copies(self, n_replications: int) -> Estimate:
        """The same estimate known to be equal in `n_replications` replications: no simulation noise at all."""
        exact = np.where(np.isnan(self.value), np.nan, 0.0)
        return self if n_replications < 2 else replace(self, se_mc=exact)

    def within(self, least: float, most: float) -> Estimate:
        """The same estimate of a number that can be nothing less and nothing more: its interval ends there."""
        return replace(self, low=np.maximum(self.low, least), high=np.minimum(self.high, most))

    def between(self, low: FloatArray, high: FloatArray) -> Estimate:
        """The same estimate with another interval; NaN where it has no standard error."""
        known = ~np.isnan(self.se)
        return replace(self, low=np.where(known, low, np.nan), high=np.where(known, high, np.nan))


@dataclass(frozen=True, eq=False)
class Clustered:
    """Sums by cluster, (G, ...) each, and what follows from them, (...)."""

    num: FloatArray
    den: FloatArray
    value: FloatArray
    se: FloatArray
    clusters: IntArray
    single: BoolArray  # clusters are alike and each holds one trial, or copies of one
    skewness: FloatArray  # of the influences of the clusters; 0 where they do not vary

    @classmethod
    def of(cls, num: FloatArray, den: FloatArray, least: int = 2) -> Clustered:
        """From sums by cluster; fewer than `least` clusters have no standard error."""
        total = den.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.where(total > 0, num.sum(axis=0) / total, np.nan)
            gap, fitted = num - value * den, np.abs(value * den)
            influence = np.where(np.abs(gap) <= _ROUNDING * (np.abs(num) + fitted), 0.0, gap) / total
        same = np.asarray(np.all((num == num[:1]) & (den == den[:1]), axis=0))
        alike = (den == 0) | (den == den.max(axis=0, initial=0.0))
        single = np.asarray(np.all(alike & ((num == 0) | (np.abs(num) == den)), axis=0))
        clusters = (den > 0).sum(axis=0)
        se = standard_error(influence, clusters, same, least)
        skewness = skewness_of((influence**2).sum(axis=0), (influence**3).sum(axis=0), clusters, same)
        return cls(num, den, value, se, clusters, single, skewness)


def clustered(num: FloatArray, den: FloatArray, by: By) -> Clustered:
    """Sums of (R, T, ...) by cluster."""
    if by == "pair":
        parts = [array.reshape(-1, *array.shape[2:]) for array in (num, den)]
    else:
        parts = [array.sum(axis=1 if by == "replication" else 0) for array in (num, den)]
    found = Clustered.of(parts[0], parts[1], LEAST[by])
    if by != "none":
        return found
    return replace(found, se=np.full(found.value.shape, np.nan), clusters=np.zeros_like(found.clusters))


def ratio(num: ArrayLike, den: ArrayLike, by: By, *, rate: bool = False, exact: bool = False) -> Estimate:
    """sum num / sum den over (R, T), for each of the trailing axes.

    num, den: (R, T, ...); a cell with den 0 is no observation and must have num 0. NaN where no cell is one.
    rate: it is a share of trials, in [0, 1], and its interval a score interval. exact: where nothing varies it is known
    that nothing can, and the interval has no width.

    >>> estimate = ratio([[1.0, 0.0, 1.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]], "task", rate=True)
    >>> float(estimate.value), round(float(estimate.se), 4), round(float(estimate.low), 4), int(estimate.clusters)
    (0.5, 0.2887, 0.15, 4)
    """
    top, bottom = np.broadcast_arrays(np.asarray(num, np.float64), np.asarray(den, np.float64))
    return estimate_of(clustered(top, bottom, by), _noise(top, bottom), rate=rate, exact=exact)


def estimate_of(found: Clustered, se_mc: FloatArray, *, rate: bool = False, exact: bool = False) -> Estimate:
    """The level that clusters give."""
    if rate:
        low, high = rate_interval(found.value, found.se, found.clusters, found.single)
    else:
        low, high = skewed_t_interval(found.value, found.se, found.clusters, found.skewness)
    if exact:
        low, high = (np.where(found.se == 0, found.value, end) for end in (low, high))
    p = np.full(found.value.shape, np.nan)
    return Estimate(found.value, found.se, se_mc, low, high, found.clusters, p)


def _noise(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Standard error over replications."""
    return Clustered.of(top.sum(axis=1), bottom.sum(axis=1)).se


def mean(values: ArrayLike, by: By, *, rate: bool = False, exact: bool = False) -> Estimate:
    """Mean of (R, T, m) auctions, or (R, T)."""
    array = np.asarray(values, np.float64)
    flat = array.reshape(*array.shape[:2], -1)
    return ratio(flat.sum(axis=2), np.full(array.shape[:2], float(flat.shape[2])), by, rate=rate, exact=exact)


def paired_difference(a: ArrayLike, b: ArrayLike, by: By, *, rate: bool = False, exact: bool = False) -> Estimate:
    """Mean of a - b over auctions that both arms held under the same luck.

    a, b: (R, T, m) or (R, T), one per-auction quantity of two arms of one World. rate: both are 0 or 1 in each auction.
    exact: the two are known to be the same arm.

    >>> found = paired_difference([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], "task", rate=True)
    >>> round(float(found.value), 4), round(float(found.low), 4), round(float(found.high), 4)
    (0.3333, -0.4153, 0.7923)
    """
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if left.shape != right.shape:
        raise ValueError(f"paired arms must have the same auctions; got shapes {left.shape} and {right.shape}")
    apart = gap(left, right)
    flat = apart.reshape(*apart.shape[:2], -1)
    top, bottom = flat.sum(axis=2), np.full(apart.shape[:2], float(flat.shape[2]))
    found = clustered(top, bottom, by)
    shares = (np.mean(apart > 0), np.mean(apart < 0)) if rate else (np.nan, np.nan)
    return difference_of(found, _noise(top, bottom), *shares, rate=rate, exact=exact)


def gap(a: FloatArray, b: FloatArray) -> FloatArray:
    """a - b to twelve decimals: sums of money that differ by rounding alone are the same, and so without error.

    >>> (0.3 - 0.1) - 0.2, float(gap(np.float64(0.3 - 0.1), np.float64(0.2)))
    (-2.7755575615628914e-17, 0.0)
    """
    apart = np.asarray(a - b)
    np.round(apart, 12, out=apart)
    apart += 0.0
    return apart


def difference_of(
    found: Clustered, se_mc: FloatArray, more: ArrayLike, less: ArrayLike, *, rate: bool = False, exact: bool = False
) -> Estimate:
    """The paired difference that clusters give. more, less: of rates, the shares of auctions that only one solved."""
    if not rate or exact:
        low, high = t_interval(found.value, found.se, found.clusters)
        if exact:
            low, high = (np.where(found.se == 0, found.value, end) for end in (low, high))
        p = t_p(found.value, found.se, found.clusters)
        return Estimate(found.value, found.se, se_mc, low, high, found.clusters, p)
    known = np.where(np.isnan(found.value), np.nan, 1.0)
    parts = known * more, known * less, found.se, found.clusters, found.single
    low, high = paired_rate_interval(*parts)
    return Estimate(found.value, found.se, se_mc, low, high, found.clusters, paired_rate_p(*parts))


def linearised(value: ArrayLike, influence: FloatArray, used: NDArray[np.bool_], by: By) -> Estimate:
    """`value` (...) with the standard errors of its influence values (R, T, ...); `used` marks the observations."""
    number = np.asarray(value, np.float64)
    found = clustered(influence, np.asarray(used, np.float64), by)
    noise = clustered(influence, np.asarray(used, np.float64), "replication")
    se, se_mc = (
        np.where(np.isnan(number), np.nan, standard_error(part.num, part.clusters, np.zeros((), np.bool_), least))
        for part, least in ((found, LEAST[by]), (noise, 2))
    )
    if by == "none":
        se = np.full(number.shape, np.nan)
    low, high = t_interval(number, se, found.clusters)
    return Estimate(number, se, se_mc, low, high, found.clusters, np.full(number.shape, np.nan))


def without_error(value: ArrayLike) -> Estimate:
    """A number that is no estimate: it has no standard error and no interval."""
    number = np.asarray(value, np.float64)
    unknown = np.full(number.shape, np.nan)
    return Estimate(number, unknown, unknown, unknown, unknown, np.zeros(number.shape, np.int64), unknown)


def skewness_of(squares: FloatArray, cubes: FloatArray, clusters: IntArray, same: BoolArray) -> FloatArray:
    """Skewness of clusters (...) from the sums of squares and cubes about their mean; 0 where they do not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = np.sqrt(clusters) * cubes / squares**1.5
    return np.asarray(np.where((squares > 0) & ~same, skewness, 0.0))


def standard_error(influence: FloatArray, clusters: IntArray, same: BoolArray, least: int = 2) -> FloatArray:
    """Standard error from one influence per cluster (G, ...); NaN with fewer than `least` clusters."""
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(clusters >= least, clusters / (clusters - 1.0), np.nan)
    se = np.sqrt(factor * (influence**2).sum(axis=0))
    return np.asarray(np.where(same & ~np.isnan(se), 0.0, se))
