"""The logarithmic score of claims: mean of -ln of the probability that was claimed for what happened, in nats.

    log score = mean of -(y ln p + (1 - y) ln(1 - p)),   0 ln 0 = 0

Smaller is better; ln 2 = .693 claims nothing but a half. It is proper, and it is the only one that looks at no
probability but that of what happened. A claim of 0 that succeeds or of 1 that fails was held to be impossible: the
score is then infinite, whatever the other claims are, and no interval is known. Nothing is clipped, unless `epsilon`
asks for it: claims are then moved into [epsilon, 1 - epsilon], and what comes out hangs on it.

Index convention: claim, success, weight are (N,); NaN marks a claim that was not made. Source: [GneitingRaftery2007].
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from analysis.inference import By, Estimate, ratio
from analysis.observed import Observed
from analysis.pairs import observation_weight
from sim.kit.arrays import BoolArray, FloatArray


def surprise(claim: FloatArray, success: BoolArray) -> FloatArray:
    """-ln of the probability claimed for what happened, same shape; inf where that was 0, NaN where no claim was made.

    >>> surprise(np.array([0.5, 1.0, 0.0]), np.array([True, True, True])).round(3).tolist()
    [0.693, 0.0, inf]
    """
    chance = np.where(success, claim, 1.0 - claim)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(chance) + 0.0)


def log_score(
    claim: ArrayLike, success: ArrayLike, weight: ArrayLike | None = None, epsilon: float | None = None
) -> float:
    """Log score of the claims that were made, in nats; NaN without claims, inf where one was wrong for certain.

    epsilon: claims are moved into [epsilon, 1 - epsilon] first. Raises ValueError where shapes differ, a weight is
    negative or epsilon does not lie in (0, .5).

    >>> round(log_score([0.5, 0.5], [True, False]), 4), log_score([1.0, 0.9], [False, True])
    (0.6931, inf)
    """
    p, y = np.asarray(claim, np.float64), np.asarray(success, np.bool_)
    if p.shape != y.shape:
        raise ValueError(f"claim and success must have one shape; got {p.shape} and {y.shape}")
    size = observation_weight(weight, p.shape)
    made = ~np.isnan(p) & (size > 0)
    return float(np.average(surprise(inside(p[made], epsilon), y[made]), weights=size[made])) if made.any() else np.nan


def inside(claim: FloatArray, epsilon: float | None) -> FloatArray:
    """The claims, moved into [epsilon, 1 - epsilon] where that is stated."""
    if epsilon is None:
        return claim
    if not 0 < epsilon < 0.5:
        raise ValueError(f"epsilon must lie in (0, .5); got {epsilon}")
    return np.asarray(np.clip(claim, epsilon, 1.0 - epsilon))


def log_scores(seen: Observed, by: By, *, pooled: bool = False, epsilon: float | None = None) -> Estimate:
    """Log score (n,) of each agent's claims, or () of all of them, with its interval."""
    finite, *_, size, wrong = score_parts(seen, epsilon)
    num, den, never = seen.by_cell(finite), seen.by_cell(size), wrong.sum(axis=0)
    if pooled:
        num, den, never = num.sum(axis=2), den.sum(axis=2), never.sum()
    found, infinite = ratio(num, den, by), np.asarray(never > 0)
    parts = {name: np.where(infinite, np.nan, getattr(found, name)) for name in ("se", "se_mc", "low", "high")}
    return replace(found, value=np.where(infinite, np.inf, found.value), **parts)


def score_parts(seen: Observed, epsilon: float | None = None) -> tuple[FloatArray, ...]:
    """Of each row (N, n): surprise, its square, its cube and weight, 0 where infinite; whether it is infinite."""
    claim, success, used, weight = seen.rows
    size = np.where(used & ~np.isnan(claim), weight, 0.0)
    each = np.where(size > 0, surprise(inside(np.nan_to_num(claim), epsilon), success), 0.0)
    wrong = np.isinf(each)
    finite = np.where(wrong, 0.0, each)
    return size * finite, size * finite**2, size * finite**3, size, wrong.astype(np.float64)
