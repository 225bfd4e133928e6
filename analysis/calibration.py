"""Do claims mean what they say (calibration), and do they rank (discrimination)? Pure functions of arrays.

Index convention: claim and success are (N,), or (N, n) where agents are compared on the same tasks; NaN marks a claim
that was not made.

    Brier   mean (p - y)^2
    ECE     sum over bins |sum in bin (y - p)| / N, in equal-width bins [lo, hi), the last closed
    AUC     P(claim of a success > claim of a failure) + P(equal) / 2, as an average over all such pairs
    comparative AUC   the same over pairs of agents at one task of which exactly one solved it

ECE is positive for a perfectly calibrated forecaster too; `ece_null` is its expectation, to be shown beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.arrays import BoolArray, FloatArray, IntArray

N_BINS = 10
EXACT_BIN = 2000  # above this many claims a bin's sum is normal to well within 1e-3 of its standard deviation


def brier(claim: ArrayLike, success: ArrayLike) -> float:
    """Mean squared error of the claims; NaN without claims. Source: [Brier1950].

    >>> brier([0.5, 1.0], [True, True])
    0.125
    """
    p, y = _made(claim, success)
    return float(np.mean((p - y) ** 2)) if p.size else np.nan


def bin_of(claim: ArrayLike, n_bins: int = N_BINS) -> IntArray:
    """Bin of each claim, 0, ..., n_bins - 1; a claim on an edge belongs above it, 1.0 to the last.

    Edges are k / n_bins, the same floats as the decimals .1, .2, ...; linspace puts .3, .6 and .7 below themselves.

    >>> bin_of([0.0, 0.29, 0.3, 0.7, 1.0]).tolist()
    [0, 2, 3, 7, 9]
    """
    edges = np.arange(1, n_bins) / n_bins
    return np.searchsorted(edges, np.asarray(claim, np.float64), side="right").astype(np.int64)


def ece(claim: ArrayLike, success: ArrayLike, n_bins: int = N_BINS) -> float:
    """Expected calibration error, in probability; NaN without claims. Source: [Guo2017].

    >>> round(ece([0.8, 0.8, 0.3], [True, False, False]), 12)
    0.3
    """
    p, y = _made(claim, success)
    return float(np.abs(np.bincount(bin_of(p, n_bins), y - p)).sum() / p.size) if p.size else np.nan


def ece_signs(claim: FloatArray, success: NDArray[np.bool_], n_bins: int = N_BINS) -> FloatArray:
    """(N,) direction in which each claim's bin is off, -1, 0 or 1: ECE = mean of sign x (y - p), locally linear."""
    where = bin_of(claim, n_bins)
    return np.sign(np.bincount(where, success - claim, minlength=n_bins))[where]


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


def auc(claim: ArrayLike, success: ArrayLike) -> float:
    """Chance that a success was claimed above a failure, ties half; NaN where only one of the two occurs.

    >>> auc([0.9, 0.4, 0.4], [True, True, False])
    0.75
    """
    p, y = _made(claim, success)
    return float(auc_components(p, y[:, None], np.ones((p.size, 1), np.bool_))[0][0])


def auc_components(claim: FloatArray, success: BoolArray, used: BoolArray) -> tuple[FloatArray, FloatArray]:
    """AUC (j,) of one list of claims (N,) against several outcomes (N, j), and each cell's influence on it (N, j).

    The influence of a success is (share of failures claimed below it - AUC) / successes, and likewise for a failure;
    cells that are not `used` have none. Source: [DeLong1988].
    """
    _, level = np.unique(claim, return_inverse=True)
    n_levels = int(level.max()) + 1 if level.size else 0
    hit, miss = success & used, ~success & used
    hits, misses = np.zeros((n_levels, hit.shape[1])), np.zeros((n_levels, hit.shape[1]))
    np.add.at(hits, level, hit)
    np.add.at(misses, level, miss)
    n_hits, n_misses = hits.sum(axis=0), misses.sum(axis=0)
    below = np.cumsum(misses, axis=0) - misses / 2
    above = n_hits - np.cumsum(hits, axis=0) + hits / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (hits * below).sum(axis=0) / (n_hits * n_misses)
        of_hit = np.where(hit, (below[level] / n_misses - area) / n_hits, 0.0)
        of_miss = np.where(miss, (above[level] / n_hits - area) / n_misses, 0.0)
    return area, of_hit + of_miss


def own_components(claim: FloatArray, success: BoolArray, present: BoolArray) -> tuple[FloatArray, FloatArray]:
    """AUC (n,) of each agent's claims on its own successes, with each task's influence on it; all (N, n)."""
    value, influence = np.full(claim.shape[1], np.nan), np.zeros(claim.shape)
    for i in range(claim.shape[1]):
        made, own = ~np.isnan(claim[:, i]), slice(i, i + 1)
        area, parts = auc_components(claim[made, i], success[made, own], present[made, own])
        value[i], influence[made, i] = area[0], parts[:, 0]
    return value, influence


def auc_others(claim: ArrayLike, success: ArrayLike, present: ArrayLike | None = None) -> FloatArray:
    """(n,) mean over the other agents j of AUC(claims of i, successes of j), on tasks both are present at.

    What an agent's claims say of the task rather than of itself. Others with successes only, or failures only, are
    left out; NaN where none is left. claim, success, present: (N, n); `present` defaults to everywhere.

    >>> auc_others([[0.9, 0.1], [0.2, 0.3]], [[True, True], [False, False]]).tolist()
    [1.0, 0.0]
    """
    return others_components(*_table(claim, success, present))[0]


def others_components(claim: FloatArray, success: BoolArray, present: BoolArray) -> tuple[FloatArray, FloatArray]:
    """`auc_others` (n,) with each task's influence on it (N, n)."""
    n_agents = claim.shape[1]
    value, influence = np.full(n_agents, np.nan), np.zeros(claim.shape)
    for i in range(n_agents):
        made, other = ~np.isnan(claim[:, i]), np.arange(n_agents) != i
        area, parts = auc_components(claim[made, i], success[made][:, other], present[made][:, other])
        defined = ~np.isnan(area)
        if defined.any():
            value[i] = area[defined].mean()
            influence[made, i] = parts[:, defined].mean(axis=1)
    return value, influence


def comparative_auc(claim: ArrayLike, success: ArrayLike, present: ArrayLike | None = None) -> tuple[FloatArray, float]:
    """Over pairs of agents at one task of which exactly one solved it: how often the solver claimed more, ties half.

    (n,) over the pairs each agent is in, and over all pairs; NaN where there is no such pair. Arrays as in
    `auc_others`. It is what claims can do for routing.

    >>> comparative_auc([[0.9, 0.4], [0.5, 0.5]], [[True, False], [False, True]])
    (array([0.75, 0.75]), 0.75)
    """
    wins, pairs = comparative_counts(*_table(claim, success, present))
    n_wins, n_pairs = wins.sum(axis=0), pairs.sum(axis=0)
    each = np.divide(n_wins, n_pairs, out=np.full(n_pairs.shape, np.nan), where=n_pairs > 0)
    return each, float(n_wins.sum() / n_pairs.sum()) if n_pairs.any() else np.nan


def comparative_counts(claim: FloatArray, success: BoolArray, present: BoolArray) -> tuple[FloatArray, FloatArray]:
    """(N, n) pairs won (ties half) by the solver's claim, and pairs, among the pairs that include agent i."""
    made = ~np.isnan(claim) & present
    wins, pairs = np.zeros(claim.shape), np.zeros(claim.shape)
    for i in range(claim.shape[1]):
        for j in range(i):
            pair = made[:, i] & made[:, j] & (success[:, i] != success[:, j])
            lead = np.where(pair, claim[:, i] - claim[:, j], 0.0) * np.where(success[:, i], 1.0, -1.0)
            won = np.where(pair, (np.sign(lead) + 1) / 2, 0.0)
            for k in (i, j):
                wins[:, k] += won
                pairs[:, k] += pair
    return wins, pairs


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
    claim: ArrayLike, success: ArrayLike, n_bins: int = N_BINS, n_effective: ArrayLike | None = None
) -> Reliability:
    """Claims against success rates, bin by bin, all (n_bins,), with 95% intervals.

    n_effective (n_bins,): independent observations behind each interval, where they are fewer than the claims.

    >>> reliability_bins([0.72, 0.78], [True, False]).success_rate[7]
    np.float64(0.5)
    """
    p, y = _made(claim, success)
    where = bin_of(p, n_bins)
    count = np.bincount(where, minlength=n_bins).astype(np.int64)
    mean_claim, rate = (
        np.divide(np.bincount(where, x, minlength=n_bins), count, out=np.full(n_bins, np.nan), where=count > 0)
        for x in (p, y)
    )
    lower, upper = wilson(rate, count if n_effective is None else n_effective)
    edges = np.arange(n_bins + 1) / n_bins
    return Reliability(edges[:-1], edges[1:], count, mean_claim, rate, lower, upper)


def wilson(rate: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Score interval (lower, upper) of a proportion seen in n trials; NaN where n is 0. Source: [Wilson1927].

    >>> [round(float(x), 4) for x in wilson(0.5, 2)]
    [0.0945, 0.9055]
    """
    from scipy.special import ndtri

    z, share, trials = float(ndtri((1 + confidence) / 2)), np.asarray(rate, np.float64), np.asarray(n, np.float64)
    size = np.where(trials > 0, trials, np.nan)
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def _made(claim: ArrayLike, success: ArrayLike) -> tuple[FloatArray, BoolArray]:
    """Claims that were made and their outcomes, (N,) each."""
    p, y = np.asarray(claim, np.float64), np.asarray(success, np.bool_)
    if p.shape != y.shape:
        raise ValueError(f"claim and success must have one shape; got {p.shape} and {y.shape}")
    made = ~np.isnan(p)
    return p[made], y[made]


def _table(claim: ArrayLike, success: ArrayLike, present: ArrayLike | None) -> tuple[FloatArray, BoolArray, BoolArray]:
    p, y = np.asarray(claim, np.float64), np.asarray(success, np.bool_)
    here = np.ones(p.shape, np.bool_) if present is None else np.asarray(present, np.bool_)
    if p.ndim != 2 or p.shape != y.shape or p.shape != here.shape:
        raise ValueError(f"claim, success and present must be (N, n); got {p.shape}, {y.shape} and {here.shape}")
    return p, y, here
