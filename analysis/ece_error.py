"""The standard error of an expected calibration error, which is a sum of absolute values.

Index convention: N claims, G clusters (tasks, or replications), B bins that hold a claim.

    D_b    gap of a bin: sum in it of w (y - p), over the sum of all w; ECE = sum over bins |D_b|
    C      covariance of the gaps, from the clusters' influence on them
    m_b    sign(D_b) sqrt(max(0, D_b^2 - C_bb)), the gap without its noise: D_b^2 - C_bb is unbiased for its square
    se^2   variance of sum over bins |Z_b|,  Z normal with mean m and covariance C, by quadrature

Where every gap is many standard errors wide this is the linearised error of mean sign x (y - p). Where claims are
calibrated the gaps fold at 0, and the linearised error is up to 1.7 times the true one. Root mean square of `ece_error`
over the standard deviation of ECE over fresh tables of 20 and 93 tasks (tests/theory/test_ece_coverage.py): one agent
.92 to 1.11; six agents that share tasks 1.13 to 1.15 where calibrated, .81 to .93 where not, .81 at 20 tasks.

No interval of ECE is made from it: ECE is biased upwards by about `ece_null`, the more so the better calibrated the
claims are, so an interval around it would not cover.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.calibration import N_BINS, bin_of
from analysis.pairs import observation_weight
from sim.kit.arrays import FloatArray

_NODES = np.linspace(-8.0, 8.0, 801)  # of a standard normal; the trapezoid rule errs by less than 1e-4 of the answer


def ece_error(claim: ArrayLike, success: ArrayLike, cluster: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Standard error of `ece` of the claims that were made, for another draw of clusters.

    claim, success, cluster: (N,); weight: (N,), default 1. NaN with fewer than two clusters, and where no gap varies
    between them: such data do not say how far it may lie. Raises ValueError where shapes differ.

    >>> round(ece_error([0.9, 0.9, 0.2, 0.2], [True, True, True, False], [0, 1, 2, 3]), 4)
    0.1369
    """
    return error_of_gaps(*_gaps(claim, success, cluster, weight))


def error_of_gaps(gap: FloatArray, influence: FloatArray) -> float:
    """The same from D (B,) and the clusters' influence on it (G, B)."""
    n_clusters = len(influence)
    if n_clusters < 2:
        return np.nan
    return error_of_covariance(gap, n_clusters / (n_clusters - 1.0) * influence.T @ influence)


def error_of_covariance(gap: FloatArray, covariance: FloatArray) -> float:
    """The same from D (B,) and C (B, B)."""
    noise = np.diagonal(covariance)
    if noise.sum() <= 1e-24:
        return np.nan
    centre = np.sign(gap) * np.sqrt(np.maximum(0.0, gap**2 - noise))
    return float(np.sqrt(folded_variance(centre, covariance)))


def folded_variance(centre: FloatArray, covariance: FloatArray) -> float:
    """Variance of sum over b |Z_b|, Z normal with mean `centre` (B,) and `covariance` (B, B).

    >>> bool(np.isclose(folded_variance(np.zeros(2), np.eye(2)), 2 * (1 - 2 / np.pi), rtol=1e-4))
    True
    """
    scale = np.sqrt(np.diagonal(covariance))
    varies = scale > 0
    m, s, joint = centre[varies], scale[varies], covariance[np.ix_(varies, varies)]
    mean = _folded_mean(m, s)
    total = float((m**2 + s**2 - mean**2).sum())
    density = np.exp(-(_NODES**2) / 2)
    density /= density.sum()
    for a in range(len(m) - 1):
        slope = joint[a, a + 1 :] / s[a]
        left = np.sqrt(np.maximum(0.0, s[a + 1 :] ** 2 - slope**2))
        given = _folded_mean(m[a + 1 :] + slope * _NODES[:, None], left)
        product = (density * np.abs(m[a] + s[a] * _NODES)) @ given
        total += 2 * float((product - mean[a] * mean[a + 1 :]).sum())
    return total


def _folded_mean(m: FloatArray, s: FloatArray) -> FloatArray:
    """E |X|, X normal with mean m and standard deviation s >= 0."""
    from scipy.special import erf

    z = np.divide(m, s, out=np.full(np.broadcast_shapes(m.shape, s.shape), np.inf), where=s > 0)
    bent = s * np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) + m * erf(z / np.sqrt(2))
    return np.where(s > 0, bent, np.abs(m))


def _gaps(
    claim: ArrayLike, success: ArrayLike, cluster: ArrayLike, weight: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """D (B,) and the clusters' influence on it (G, B)."""
    p, y, group = np.asarray(claim, np.float64), np.asarray(success, np.bool_), np.asarray(cluster)
    if not p.shape == y.shape == group.shape:
        raise ValueError(f"claim, success and cluster must have one shape; got {p.shape}, {y.shape}, {group.shape}")
    size = observation_weight(weight, p.shape)
    made = ~np.isnan(p) & (size > 0)
    if not made.any():
        return np.zeros(0), np.zeros((0, 0))
    label = np.unique(group[made], return_inverse=True)[1]
    cell = label * N_BINS + bin_of(p[made])
    shape = (int(label.max()) + 1, N_BINS)
    total = np.bincount(cell, size[made] * (y[made] - p[made]), minlength=shape[0] * N_BINS).reshape(shape)
    share = np.bincount(label, size[made])
    gap = total.sum(axis=0) / share.sum()
    held = np.bincount(bin_of(p[made]), minlength=N_BINS) > 0
    return gap[held], ((total - share[:, None] * gap) / share.sum())[:, held]
