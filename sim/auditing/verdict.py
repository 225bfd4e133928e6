"""Verdicts on truth-telling, adjusted for how many there are in one table.

refuted     the lower end is above 0: some lie pays
consistent  the upper end is below the tolerance
undecided   neither

Each end is a t test of its mean, one-sided at .025 (see sim.auditing.choice). Over all (rule, kind) of a table the
p-values are adjusted by Holm's method [Holm1979], those of either claim apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtr

from sim.auditing.choice import Choice, Estimate
from sim.kit.arrays import FloatArray

LEVEL = 0.025


def verdicts(choices: Sequence[Choice], tolerances: Sequence[float]) -> list[str]:
    """One verdict for each; tolerances in dollars."""
    pays = holm([_p_value(choice.low.mean, choice.low) for choice in choices])
    small = [
        _p_value(tolerance - choice.high.mean, choice.high)
        for choice, tolerance in zip(choices, tolerances, strict=True)
    ]
    fine = holm(small)
    return [
        "refuted" if pay <= LEVEL else "consistent" if ok <= LEVEL else "undecided"
        for pay, ok in zip(pays, fine, strict=True)
    ]


def _p_value(above: float, found: Estimate) -> float:
    """One-sided p-value of "not above 0", by the spread of the estimate; without any spread it is 0 or 1."""
    if found.se == 0:
        return 0.0 if above > 0 else 1.0
    return float(stdtr(found.degrees, -above / found.se))


def holm(p_values: Sequence[float]) -> FloatArray:
    """Adjusted p-values: the k-th smallest of m times m - k + 1, made monotone, at most 1. Source: [Holm1979].

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    made = np.empty(len(p))
    made[order] = adjusted
    return made
