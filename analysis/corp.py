"""The Brier score in three parts: reliability, resolution, uncertainty.

Index convention: claim, success, weight are (N,); NaN marks a claim that was not made.

    c     success rate as the best non-decreasing function of the claim (isotonic regression, ties pooled)
    REL   mean (p - y)^2 - mean (c - y)^2      what recalibrating the claims would save; 0: nothing
    RES   mean (c - r)^2, r = mean y           what the recalibrated claims know beyond the success rate
    UNC   r (1 - r)                            what remains to an agent that knows the success rate only

    Brier = REL - RES + UNC, exactly

No bins are chosen: the regression chooses them (CORP). Like ECE, REL and RES are positive in a finite sample of
calibrated claims, and of claims that know nothing. The parts have their names from [Murphy1973], where they are of bins
and leave something over within them; here nothing is left. Source: [DimitriadisGneitingJordan2021].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.pairs import observation_weight


class BrierParts(NamedTuple):
    """reliability, resolution, uncertainty: Brier score = reliability - resolution + uncertainty."""

    reliability: float
    resolution: float
    uncertainty: float


def brier_parts(claim: ArrayLike, success: ArrayLike, weight: ArrayLike | None = None) -> BrierParts:
    """Parts of the Brier score of the claims that were made; NaN without claims.

    weight: (N,) of each observation, default 1. Raises ValueError where shapes differ or a weight is negative.

    >>> [round(x, 4) for x in brier_parts([0.9, 0.9, 0.2, 0.2], [True, True, True, False])]
    [0.05, 0.0625, 0.1875]
    """
    from scipy.optimize import isotonic_regression

    p, y = np.asarray(claim, np.float64), np.asarray(success, np.bool_)
    if p.shape != y.shape:
        raise ValueError(f"claim and success must have one shape; got {p.shape} and {y.shape}")
    size = observation_weight(weight, p.shape)
    counted = ~np.isnan(p) & (size > 0)
    if not counted.any():
        return BrierParts(np.nan, np.nan, np.nan)
    level, place = np.unique(p[counted], return_inverse=True)
    share = np.bincount(place, size[counted]) / size[counted].sum()
    rate = np.bincount(place, size[counted] * y[counted]) / size[counted].sum() / share
    recalibrated = isotonic_regression(rate, weights=share).x
    mean = float(share @ rate)
    reliability = share @ ((level - rate) ** 2 - (recalibrated - rate) ** 2)
    return BrierParts(float(reliability), float(share @ (recalibrated - mean) ** 2), mean * (1 - mean))
