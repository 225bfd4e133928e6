"""The log score in sums that add up: surprise, its square, weights, and how many claims were wrong for certain.

Index convention: sums are (..., 4) of each agent; with any claim that was wrong for certain the score is infinite, and
the other sums are of the rest, so that nothing that is added up is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from analysis.intervals import t_interval
from analysis.log_score import score_parts
from analysis.observed import Observed
from analysis.quantities.declared import Clustered, Context, Groups, Label, Statistic
from analysis.quantities.view import View
from sim.kit.arrays import FloatArray

if TYPE_CHECKING:
    from analysis.arm import ArmData
    from analysis.inference import Estimate


def statistic(
    of_run: Callable[[ArmData], Estimate], sums: Callable[[View, Label], FloatArray], *, by_pair: bool = True
) -> Statistic:
    """The quantity of these sums. by_pair: a cell has one claim, so that its pairs have an error without groups."""
    return Statistic(of_run, sums, value, error, interval, of_pairs if by_pair else None, claims=True)


def sums(seen: Observed, groups: Label) -> FloatArray:
    """(group, n, 4): surprise, squares, weights, and how many are infinite."""
    parts, label = score_parts(seen), groups.of.ravel()[seen.cell]
    found = np.zeros((groups.n, seen.claim.shape[2], len(parts)))
    for place, part in enumerate(parts):
        np.add.at(found[..., place], label, part)
    return found


def value(sums: FloatArray) -> FloatArray:
    """Log score of sums (..., 4)."""
    size = sums[..., 2]
    mean = np.divide(sums[..., 0], size, out=np.full(size.shape, np.nan), where=size > 0)
    return np.asarray(np.where(sums[..., 3] > 0, np.inf, mean))


def error(groups: Groups, context: Context) -> float:
    """Standard error of groups."""
    total, lost = groups.total, groups.lost[groups.lost[:, 2] > 0]
    if total[3] > 0 or len(lost) < 2:
        return float("nan")
    influence = (lost[:, 0] - total[0] / total[2] * lost[:, 2]) / total[2]
    return float(np.sqrt(len(lost) / (len(lost) - 1.0) * (influence**2).sum()))


def interval(value: float, error: float, groups: Groups) -> tuple[float, float]:
    """Student's t of groups."""
    low, high = t_interval(value, error, int((groups.lost[:, 2] > 0).sum()))
    return float(low), float(high)


def of_pairs(total: FloatArray) -> Clustered:
    """The same where clusters are (replication, task) pairs, one claim of each."""
    n = float(total[2])
    if total[3] > 0 or n < 2:
        return Clustered(float("nan"), float("nan"), float("nan"), round(n))
    mean = total[0] / n
    se = float(np.sqrt(max(0.0, total[1] / n - mean**2) / (n - 1.0)))
    low, high = t_interval(mean, se, round(n))
    return Clustered(se, float(low), float(high), round(n))
