"""Statistical assertions: a deviation is divided by its standard error, never compared to an eyeballed tolerance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def assert_mean(x: ArrayLike, expected: float, z: float = 4.0, expected_se: float = 0.0) -> None:
    """The mean of the 1-d samples x lies within z standard errors of `expected`.

    expected_se: standard error of `expected` itself, where that is a published Monte Carlo figure.
    """
    sample = np.asarray(x, dtype=np.float64)
    if sample.ndim != 1 or sample.size < 2:
        raise ValueError(f"assert_mean needs 1-d samples, at least two; got shape {sample.shape}")
    own_se = float(sample.std(ddof=1)) / math.sqrt(sample.size)
    se = math.hypot(own_se, expected_se)
    gap = float(sample.mean()) - expected
    # Identical samples have no standard error; what is left is the rounding of the mean itself.
    limit = max(z * se, 1e-12 * max(1.0, abs(expected)))
    assert abs(gap) <= limit, f"mean {sample.mean():.6g}, expected {expected:.6g}: {gap:+.3g} with se {se:.3g}, z = {z}"


def assert_rate(hit: ArrayLike, expected: float, z: float = 4.0, expected_se: float = 0.0) -> None:
    """The share of True in the 1-d mask `hit` lies within z standard errors, those of a rate `expected`."""
    mask = np.asarray(hit)
    if mask.ndim != 1 or mask.dtype.kind != "b":
        raise ValueError(f"assert_rate needs a 1-d mask; got {mask.dtype} of shape {mask.shape}")
    se = math.hypot(math.sqrt(expected * (1.0 - expected) / mask.size), expected_se)
    gap = float(mask.mean()) - expected
    assert abs(gap) <= z * se, f"rate {mask.mean():.6g}, expected {expected:.6g}: {gap:+.3g} with se {se:.3g}, z = {z}"
