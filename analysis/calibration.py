"""Do claims mean what they say (calibration)? Pure functions of arrays.

Index convention: claim, success and weight are (N,); NaN marks a claim that was not made. weight: of each observation,
default 1; where a cell holds several trials each of them weighs 1 / their number.

    Brier   mean (p - y)^2
    ECE     sum over bins |sum in bin (y - p)| / N, in equal-width bins [lo, hi), the last closed

ECE is positive for a perfectly calibrated forecaster too; `ece_null` is its expectation, to be shown beside it
(`calibration_null.pooled_ece_null` where agents share tasks). Its standard error is in `ece_error`, the parts of the
Brier score in `corp`, whether claims rank (discrimination) in `ranking` and `comparative`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.comparative import comparative_auc, comparative_counts
from analysis.intervals import wilson
from analysis.pairs import observation_weight
from analysis.ranking import auc, auc_components, auc_others, others_components, own_components
from sim.kit.arrays import BoolArray, FloatArray, IntArray

__all__ = [
    "EXACT_BIN",
    "N_BINS",
    "Reliability",
    "auc",
    "auc_components",
    "auc_others",
    "bin_of",
    "brier",
    "comparative_auc",
    "comparative_counts",
    "ece",
    "ece_null",
    "ece_signs",
    "others_components",
    "own_components",
    "reliability_bins",
    "wilson",
]

N_BINS = 10
EXACT_BIN = 2000  # above this many claims a bin's sum is normal to well within 1e-3 of its standard deviation


def brier(claim: ArrayLike, success: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean squared error of the claims; NaN without claims. Source: [Brier1950].

    >>> brier([0.5, 1.0], [True, True])
    0.125
    """
    p, y, size = _made(claim, success, weight)
    return float(np.average((p - y) ** 2, weights=size)) if size.any() else np.nan


def bin_of(claim: ArrayLike, n_bins: int = N_BINS) -> IntArray:
    """Bin of each claim, 0, ..., n_bins - 1; a claim on an edge belongs above it, 1.0 to the last.

    Edges are k / n_bins, the same floats as the decimals .1, .2, ...; linspace puts .3, .6 and .7 below themselves.

    >>> bin_of([0.0, 0.29, 0.3, 0.7, 1.0]).tolist()
    [0, 2, 3, 7, 9]
    """
    edges = np.arange(1, n_bins) / n_bins
    return np.searchsorted(edges, np.asarray(claim, np.float64), side="right").astype(np.int64)


def ece(claim: ArrayLike, success: ArrayLike, n_bins: int = N_BINS, weight: ArrayLike | None = None) -> float:
    """Expected calibration error, in probability; NaN without claims. It has no interval: see `ece_error`.

    Source: [Guo2017].

    >>> round(ece([0.8, 0.8, 0.3], [True, False, False]), 12)
    0.3
    """
    p, y, size = _made(claim, success, weight)
    return float(np.abs(np.bincount(bin_of(p, n_bins), size * (y - p))).sum() / size.sum()) if size.any() else np.nan


def ece_signs(
    claim: FloatArray, success: NDArray[np.bool_], n_bins: int = N_BINS, weight: ArrayLike | None = None
) -> FloatArray:
    """(N,) direction in which each claim's bin is off, -1, 0 or 1: ECE = mean of sign x (y - p)."""
    where, gap = bin_of(claim, n_bins), observation_weight(weight, claim.shape) * (success - claim)
    return np.sign(np.bincount(where, gap, minlength=n_bins))[where]


def ece_null(claim: ArrayLike, n_bins: int = N_BINS) -> float:
    """Expected ECE of a perfectly calibrated forecaster who makes these claims; NaN without claims.

    Exact: successes in a bin are Poisson-binomial. Bins of more than EXACT_BIN claims use the normal limit.

    >>> ece_null([0.5])
    0.5
    """
    p = np.asarray(claim, np.float64).ravel()
    p = p[~np.isnan(p)]
    if not p.size:
        return np.nan
    where = bin_of(p, n_bins)
    return float(sum(_mean_deviation(p[where == k]) for k in np.unique(where)) / p.size)


def _mean_deviation(p: FloatArray) -> float:
    """E |sum of Bernoulli(p) - sum of p|."""
    if p.size > EXACT_BIN:
        return float(np.sqrt(2 / np.pi * np.sum(p * (1 - p))))
    chance = np.ones(1)
    for one in p:
        chance = np.append(chance * (1 - one), 0.0) + np.append(0.0, chance * one)
    return float(np.abs(np.arange(p.size + 1) - p.sum()) @ chance)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Per bin: edges low, high; count; mean_claim and success_rate (NaN where empty); Wilson interval lower, upper."""

    low: FloatArray
    high: FloatArray
    count: IntArray
    mean_claim: FloatArray
    success_rate: FloatArray
    lower: FloatArray
    upper: FloatArray


def reliability_bins(
    claim: ArrayLike,
    success: ArrayLike,
    n_bins: int = N_BINS,
    n_effective: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Reliability:
    """Claims against success rates, bin by bin, all (n_bins,), with 95% intervals.

    n_effective (n_bins,): independent observations behind each interval, where they are fewer than the claims. weight:
    of each observation; count is their sum, to the nearest whole number.

    >>> reliability_bins([0.72, 0.78], [True, False]).success_rate[7]
    np.float64(0.5)
    """
    p, y, size = _made(claim, success, weight)
    where = bin_of(p, n_bins)
    total = np.bincount(where, size, minlength=n_bins)
    count = np.rint(total).astype(np.int64)
    mean_claim, rate = (
        np.divide(np.bincount(where, size * x, minlength=n_bins), total, out=np.full(n_bins, np.nan), where=total > 0)
        for x in (p, y)
    )
    lower, upper = wilson(rate, count if n_effective is None else n_effective)
    edges = np.arange(n_bins + 1) / n_bins
    return Reliability(edges[:-1], edges[1:], count, mean_claim, rate, lower, upper)


def _made(
    claim: ArrayLike, success: ArrayLike, weight: ArrayLike | None = None
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Claims that were made, their outcomes and weights, (N,) each."""
    p, y = np.asarray(claim, np.float64), np.asarray(success, np.bool_)
    if p.shape != y.shape:
        raise ValueError(f"claim and success must have one shape; got {p.shape} and {y.shape}")
    made = ~np.isnan(p)
    return p[made], y[made], observation_weight(weight, p.shape)[made]
