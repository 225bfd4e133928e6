"""Intervals of an area under the curve, from its value and standard error. All broadcast over arrays.

    logit AUC +- t_df se / (AUC (1 - AUC))

Degrees of freedom of an AUC: min(G - 1, 2 k - 2), k the clusters that hold a success or those that hold a failure,
whichever are fewer: the rarer outcome limits what is known. Coverage of 95% where the AUC is .5 to .85 and the success
rate .5 to .8, claims continuous or in tenths, each over 1,000 tables (tests/theory/test_ranking_coverage.py):

    one observation a task      20 tasks .96 to .99     40 tasks .95 to .97     93 tasks .94 to .97
    jackknife, 10 clusters      of 6 .95 to .98         of 30 .93 to .97
    linearised, 10 clusters     of 6 .91 to .95         of 30 .90 to .95
    30 clusters of 4            jackknife .95 to .97    linearised .94 to .97

So a cluster of several observations calls for `ranking.auc_jackknife`.

Where the value is 0 or 1, or nothing varies, no interval is known and both ends are NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.kit.arrays import FloatArray

FEWEST = 3  # of either outcome


def auc_interval(
    value: ArrayLike,
    se: ArrayLike,
    n_success: ArrayLike,
    n_failure: ArrayLike,
    n_clusters: ArrayLike,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """(low, high) of an AUC; NaN under 3 of either outcome, and where the AUC is 0 or 1 or se is 0 or NaN.

    n_success, n_failure: clusters that hold a success, a failure; with one observation a cluster these are the
    successes and the failures. For `auc_others` they are `mean_of_others`. n_clusters: clusters that hold an
    observation.

    >>> [round(float(x), 3) for x in auc_interval(0.7, 0.08, 60, 33, 93)]
    [0.522, 0.833]
    """
    rarer = np.minimum(np.asarray(n_success, np.float64), np.asarray(n_failure, np.float64))
    df = np.minimum(np.asarray(n_clusters, np.float64) - 1, 2 * rarer - 2)
    return _logit_t(value, se, np.where(rarer >= FEWEST, df, np.nan), confidence)


def share_interval(
    value: ArrayLike, se: ArrayLike, n_clusters: ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """(low, high) of a share of pairs won (comparative AUC); NaN under 3 clusters, and as in `auc_interval`.

    n_clusters: clusters that hold a pair.

    >>> [round(float(x), 3) for x in share_interval(0.515, 0.04, 50)]
    [0.435, 0.594]
    """
    held = np.asarray(n_clusters, np.float64)
    return _logit_t(value, se, np.where(held >= FEWEST, held - 1, np.nan), confidence)


def difference_interval(
    value: ArrayLike,
    se: ArrayLike,
    n_success: ArrayLike,
    n_failure: ArrayLike,
    n_clusters: ArrayLike,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """(low, high) of a difference of two AUCs of the same claims, by t; counts and NaN as in `auc_interval`.

    own - others: n_success, n_failure are the smaller of the agent's own count and `mean_of_others`.

    >>> [round(float(x), 3) for x in difference_interval(0.02, 0.03, 60, 33, 93)]
    [-0.04, 0.08]
    """
    rarer = np.minimum(np.asarray(n_success, np.float64), np.asarray(n_failure, np.float64))
    df = np.minimum(np.asarray(n_clusters, np.float64) - 1, 2 * rarer - 2)
    half = _quantile(np.where(rarer >= FEWEST, df, np.nan), confidence) * np.asarray(se, np.float64)
    centre = np.where(np.asarray(se) > 0, np.asarray(value, np.float64), np.nan)
    return np.asarray(centre - half), np.asarray(centre + half)


def mean_of_others(count: ArrayLike) -> FloatArray:
    """(n,) mean of a count (n,) over the other agents; NaN for a single agent.

    >>> mean_of_others([4, 6, 11]).tolist()
    [8.5, 7.5, 5.0]
    """
    each = np.asarray(count, np.float64)
    others = len(each) - 1
    return np.asarray((each.sum() - each) / (others if others > 0 else np.nan))


def _logit_t(value: ArrayLike, se: ArrayLike, df: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    from scipy.special import expit, logit

    area, error = np.asarray(value, np.float64), np.asarray(se, np.float64)
    known = (area > 0) & (area < 1) & (error > 0)
    inside, spread = np.where(known, area, np.nan), np.where(known, error, np.nan)
    half = _quantile(df, confidence) * spread / (inside * (1 - inside))
    return np.asarray(expit(logit(inside) - half)), np.asarray(expit(logit(inside) + half))


def _quantile(df: FloatArray, confidence: float) -> FloatArray:
    """Quantile of Student's t; NaN without a degree of freedom."""
    from scipy.special import stdtrit

    return np.asarray(stdtrit(np.where(df >= 1, df, np.nan), (1 + confidence) / 2))
