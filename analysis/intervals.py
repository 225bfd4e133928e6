"""Intervals of 95 % from an estimate, its standard error and the number of clusters behind it. Pure functions.

    continuous      value +- t(G - 1) se of a paired difference; of a level t corrected for the clusters' skewness.
                    Source: [Hall1992]
    rate            Wilson's score interval. With one trial a cluster it has n = G trials and the normal quantile. With
                    several, n = p (1 - p) / se^2 effective trials and the quantile of t(G - 1); n = G where se is 0.
                    Source: [Wilson1927], effective trials [KornGraubard1998]
    difference of   Tango's score interval, of two rates seen in the same auctions, with n found in the same way from
    paired rates    p (1 - p) -> b + c - (b - c)^2, where b and c are the shares of auctions that only the one and only
                    the other arm solved. Source: [Tango1998]

Where nothing varied, a continuous quantity has no interval: its error is unknown and not 0. Index convention: all
arrays broadcast, (...); NaN in, NaN out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from sim.kit.arrays import BoolArray, FloatArray

CONFIDENCE = 0.95
_HALVINGS = 52  # of [-1, 1]: below 1e-15
_STRAIGHT = 1e-7  # a bend below it moves no end by more than 1e-6 standard errors

Interval = tuple[FloatArray, FloatArray]


def t_quantile(n_clusters: ArrayLike) -> FloatArray:
    """Upper 2.5 % point of t with n_clusters - 1 degrees of freedom; NaN with fewer than two clusters.

    >>> t_quantile([1, 2, 20, 10**9]).round(3).tolist()
    [nan, 12.706, 2.093, 1.96]
    """
    degrees = np.asarray(n_clusters, np.float64) - 1.0
    return np.asarray(stdtrit(np.where(degrees >= 1.0, degrees, np.nan), (1.0 + CONFIDENCE) / 2.0))


def t_interval(value: ArrayLike, se: ArrayLike, n_clusters: ArrayLike) -> Interval:
    """value +- t se; NaN where se is 0 or unknown.

    >>> [round(float(end), 3) for end in t_interval(1.0, 0.1, 20)]
    [0.791, 1.209]
    """
    error = np.asarray(se, np.float64)
    middle, half = np.asarray(value, np.float64), t_quantile(n_clusters) * np.where(error > 0, error, np.nan)
    return np.asarray(middle - half), np.asarray(middle + half)


def skewed_t_interval(value: ArrayLike, se: ArrayLike, n_clusters: ArrayLike, skewness: ArrayLike) -> Interval:
    """t interval of a mean of clusters that lie skewed; NaN where `t_interval` is, and without skewness the same.

    With g the skewness of the clusters, t is taken for f(T), which is nearly symmetric where T = (mean - truth) / se is
    not: f(x) = x + a x^2 + a^2 x^3 / 3 + g / (6 sqrt G) with a = g / (3 sqrt G), which rises in x, so that the interval
    is value - se f^-1(+-t). Source: [Hall1992].

    >>> [round(float(end), 3) for end in skewed_t_interval(1.0, 0.1, 20, 1.5)]
    [0.83, 1.31]
    """
    middle, error, count, skew = np.broadcast_arrays(
        *(np.asarray(array, np.float64) for array in (value, se, n_clusters, skewness))
    )
    spread, quantile = np.where(error > 0, error, np.nan), t_quantile(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        bend = np.where(np.isnan(skew), 0.0, skew) / (3.0 * np.sqrt(count))
        ends = []
        for sign in (1.0, -1.0):
            y = sign * quantile - bend / 2.0
            straight = np.abs(bend) < _STRAIGHT
            x = np.where(straight, y, (np.cbrt(1.0 + 3.0 * bend * y) - 1.0) / np.where(straight, 1.0, bend))
            ends.append(np.asarray(middle - x * spread))
    return ends[0], ends[1]


def wilson(
    rate: ArrayLike, n: ArrayLike, confidence: float = CONFIDENCE, quantile: ArrayLike | None = None
) -> Interval:
    """Score interval of a proportion seen in n trials; NaN where n is 0. Source: [Wilson1927].

    From a rate of 0 its lower end is 0, to one of 1 its upper end is 1, both exactly.

    quantile: of the statistic, broadcast against rate; it replaces `confidence`, which means the normal quantile.

    >>> [round(float(x), 4) for x in wilson(0.5, 2)]
    [0.0945, 0.9055]
    """
    z = np.asarray(ndtri((1.0 + confidence) / 2.0) if quantile is None else quantile, np.float64)
    share, trials = np.asarray(rate, np.float64), np.asarray(n, np.float64)
    size = np.where(trials > 0, trials, np.nan)
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(np.maximum(share * (1 - share), 0.0) / size + z**2 / (4 * size**2))
    low, high = np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
    return _exactly(low, share == 0.0, 0.0), _exactly(high, share == 1.0, 1.0)


def _exactly(end: FloatArray, where: BoolArray, bound: float) -> FloatArray:
    """The end, put on its bound where it lies there but for rounding; NaN stays NaN."""
    return np.where(where & ~np.isnan(end), bound, end)[()]


def rate_interval(rate: ArrayLike, se: ArrayLike, n_clusters: ArrayLike, single: ArrayLike) -> Interval:
    """Interval of a rate. single: every cluster holds one trial."""
    share = np.asarray(rate, np.float64)
    n, quantile = _effective(share * (1.0 - share), se, n_clusters, single)
    return wilson(share, n, quantile=quantile)


def tango(b: ArrayLike, c: ArrayLike, n: ArrayLike, quantile: ArrayLike | None = None) -> Interval:
    """Score interval of b - c, the difference of two rates seen in the same n pairs; NaN where n is 0.

    Its upper end is 1 exactly where b is, its lower end -1 where c is 1.

    b, c: shares of the pairs in which only the first, and only the second, succeeded. Source: [Tango1998].

    >>> [round(float(end), 3) for end in tango(8 / 44, 2 / 44, 44)]
    [-0.005, 0.286]
    """
    z = np.asarray(ndtri((1.0 + CONFIDENCE) / 2.0) if quantile is None else quantile, np.float64)
    first, second, size, z = np.broadcast_arrays(
        np.asarray(b, np.float64), np.asarray(c, np.float64), np.asarray(n, np.float64), z
    )
    pairs = np.where(size > 0, size, np.nan)
    ends = [_root(first, second, pairs, sign * z) for sign in (1.0, -1.0)]
    known = ~np.isnan(first + second + pairs + z)
    low, high = (np.where(known, end, np.nan) for end in ends)
    return _exactly(low, second == 1.0, -1.0), _exactly(high, first == 1.0, 1.0)


def _root(b: FloatArray, c: FloatArray, n: FloatArray, target: FloatArray) -> FloatArray:
    """The difference at which the score statistic, which falls in it, is `target`."""
    low, high = np.full(b.shape, -1.0), np.full(b.shape, 1.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        above = _score(b, c, n, middle) > target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray((low + high) / 2.0)


def _score(b: FloatArray, c: FloatArray, n: FloatArray, difference: FloatArray) -> FloatArray:
    """Tango's statistic; q is the likeliest share of the second kind where the difference is what it is."""
    slope = -b - c + (2.0 - b + c) * difference
    q = (np.sqrt(np.maximum(slope**2 + 8.0 * c * difference * (1.0 - difference), 0.0)) - slope) / 4.0
    variance = np.maximum(2.0 * q + difference * (1.0 - difference), 0.0) / n
    gap = b - c - difference
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(gap == 0, 0.0, gap / np.sqrt(variance)))


def paired_rate_interval(
    b: ArrayLike, c: ArrayLike, se: ArrayLike, n_clusters: ArrayLike, single: ArrayLike
) -> Interval:
    """Interval of b - c. se: of the difference. single: every cluster holds one auction."""
    first, second = np.asarray(b, np.float64), np.asarray(c, np.float64)
    n, quantile = _effective(first + second - (first - second) ** 2, se, n_clusters, single)
    return tango(first, second, n, quantile)


def paired_rate_p(b: ArrayLike, c: ArrayLike, se: ArrayLike, n_clusters: ArrayLike, single: ArrayLike) -> FloatArray:
    """Two-sided p value of b = c by the statistic of Tango's interval, McNemar's; 1 where no pair differs."""
    first, second = np.asarray(b, np.float64), np.asarray(c, np.float64)
    n, _ = _effective(first + second - (first - second) ** 2, se, n_clusters, single)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(first + second > 0, np.abs(first - second) * np.sqrt(n / (first + second)), 0.0)
    p = np.where(single, 2 * ndtr(-z), 2 * stdtr(np.maximum(np.asarray(n_clusters) - 1.0, 1.0), -z))
    return np.where(np.isnan(n), np.nan, p)


def t_p(value: ArrayLike, se: ArrayLike, n_clusters: ArrayLike) -> FloatArray:
    """Two-sided p value of 0; NaN where se is 0 or unknown."""
    error, degrees = np.asarray(se, np.float64), np.asarray(n_clusters, np.float64) - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.abs(np.asarray(value, np.float64)) / np.where(error > 0, error, np.nan)
    return np.asarray(2 * stdtr(np.where(degrees >= 1, degrees, np.nan), -statistic))


def _effective(
    variance: FloatArray, se: ArrayLike, n_clusters: ArrayLike, single: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Effective number of trials, and the quantile that goes with it; variance: of one trial."""
    error, count, one = np.asarray(se, np.float64), np.asarray(n_clusters, np.float64), np.asarray(single, np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        several = np.where((error > 0) & (variance > 0), variance / error**2, count)
    n = np.where(np.isnan(error), np.nan, np.where(one, count, several))
    return n, np.where(one, ndtri((1.0 + CONFIDENCE) / 2.0), t_quantile(count))


def holm(p: ArrayLike) -> FloatArray:
    """Holm's adjusted p values of a family (m,); NaN is no member of it. Source: [Holm1979].

    >>> holm([0.01, 0.04, float("nan"), 0.03]).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    from sim.auditing.verdict import holm as adjusted

    values = np.asarray(p, np.float64)
    known: BoolArray = ~np.isnan(values)
    made = np.full(values.shape, np.nan)
    made[known] = adjusted(values[known].tolist())
    return made
