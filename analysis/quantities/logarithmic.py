"""The log score in sums that add up: surprise, its powers, weights, and how many claims were wrong for certain.

Index convention: sums are (..., 5) of each agent; with any claim that was wrong for certain the score is infinite, and
the other sums are of the rest, so that nothing that is added up is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from analysis.inference import skewness_of
from analysis.intervals import skewed_t_interval
from analysis.log_score import score_parts
from analysis.observed import Observed
from analysis.quantities.declared import Clustered, Context, Groups, Label, Statistic
from analysis.quantities.view import View
from sim.kit.arrays import FloatArray

if TYPE_CHECKING:
    from analysis.arm import ArmData
    from analysis.inference import Estimate

_SIZE, _WRONG = 3, 4  # places of the weights, and of how many are infinite


def statistic(
    of_run: Callable[[ArmData], Estimate], sums: Callable[[View, Label], FloatArray], *, by_pair: bool = True
) -> Statistic:
    """The quantity of these sums. by_pair: a cell has one claim, so that its pairs have an error without groups."""
    return Statistic(of_run, sums, value, error, interval, of_pairs if by_pair else None, claims=True)


def sums(seen: Observed, groups: Label) -> FloatArray:
    """(group, n, 5): surprise, squares, cubes, weights, and how many are infinite."""
    parts, label = score_parts(seen), groups.of.ravel()[seen.cell]
    found = np.zeros((groups.n, seen.claim.shape[2], len(parts)))
    for place, part in enumerate(parts):
        np.add.at(found[..., place], label, part)
    return found


def value(sums: FloatArray) -> FloatArray:
    """Log score of sums (..., 5)."""
    size = sums[..., _SIZE]
    mean = np.divide(sums[..., 0], size, out=np.full(size.shape, np.nan), where=size > 0)
    return np.asarray(np.where(sums[..., _WRONG] > 0, np.inf, mean))


def error(groups: Groups, context: Context) -> float:
    """Standard error of groups."""
    influence = _influence(groups)
    if groups.total[_WRONG] > 0 or len(influence) < 2:
        return float("nan")
    return float(np.sqrt(len(influence) / (len(influence) - 1.0) * (influence**2).sum()))


def interval(value: float, error: float, groups: Groups) -> tuple[float, float]:
    """Student's t of groups, corrected for their skewness as that of every mean is."""
    influence = _influence(groups)
    return _skewed(value, error, len(influence), (influence**2).sum(), (influence**3).sum())


def of_pairs(total: FloatArray) -> Clustered:
    """The same where clusters are (replication, task) pairs, one claim of each."""
    first, second, third, n = total[: _SIZE + 1]
    if total[_WRONG] > 0 or n < 2:
        return Clustered(float("nan"), float("nan"), float("nan"), round(n))
    mean = first / n
    squares = max(0.0, second - n * mean**2)
    cubes = third - 3.0 * mean * second + 2.0 * n * mean**3
    se = float(np.sqrt(squares / n / (n - 1.0)))
    return Clustered(se, *_skewed(float(mean), se, round(n), squares / n**2, cubes / n**3), round(n))


def _influence(groups: Groups) -> FloatArray:
    """(G,) of each group with claims on the score."""
    total, lost = groups.total, groups.lost[groups.lost[:, _SIZE] > 0]
    return np.asarray((lost[:, 0] - total[0] / total[_SIZE] * lost[:, _SIZE]) / total[_SIZE])


def _skewed(value: float, error: float, clusters: int, squares: float, cubes: float) -> tuple[float, float]:
    count, same = np.asarray(clusters), np.asarray(error == 0)
    skewness = float(skewness_of(np.asarray(squares), np.asarray(cubes), count, same))
    low, high = skewed_t_interval(value, error, clusters, skewness)
    return float(low), float(high)
