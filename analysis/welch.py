"""The difference of two arms that share no luck, e.g. of runs with other seeds.

    se^2 = se_1^2 + se_2^2;   degrees of freedom = se^4 / (se_1^4 / (G_1 - 1) + se_2^4 / (G_2 - 1))

with the standard errors over each run's own clusters; interval and p by Student's t. Source: [Welch1947],
[Satterthwaite1946].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.inference import Estimate
from analysis.intervals import CONFIDENCE


class Unpaired(NamedTuple):
    """A difference of means; NaN where it has none. degrees: of freedom, of its t."""

    value: float
    se: float
    low: float
    high: float
    degrees: float
    p: float


def welch(one: Estimate, other: Estimate) -> Unpaired:
    """One minus other, both (). No interval where either has no standard error, or neither varies."""
    value = float(one.value - other.value)
    errors = np.array([float(one.se), float(other.se)])
    counts = np.array([int(one.clusters), int(other.clusters)])
    se = float(np.sqrt((errors**2).sum()))
    if not se > 0 or (counts < 2).any():
        return Unpaired(value, se, *[float("nan")] * 4)
    degrees = float(se**4 / (errors**4 / (counts - 1)).sum())
    half = float(stdtrit(degrees, (1 + CONFIDENCE) / 2)) * se
    return Unpaired(value, se, value - half, value + half, degrees, float(2 * stdtr(degrees, -abs(value) / se)))
