"""How many tasks tell two arms apart with a given power, and the power that a number of tasks gives. Two-sided tests.

    McNemar      b, c: chances that only the first, and only the second arm solves a task; psi = b + c, delta = b - c
                 tasks = (z_alpha/2 sqrt(psi) + z_power sqrt(psi - delta^2))^2 / delta^2       Source: [Connor1987]
    mid-p tasks  from Connor's number on, the first with that power exactly
    mid-p power  exact: the sum over how many tasks are discordant, binomial (N, psi), of the chance that the mid-p test
                 of analysis/mcnemar.py rejects                                               Source: [FLL2013]
    unpaired     each arm on tasks of its own: two rates, (z_alpha/2 sqrt(2 p q) + z_power sqrt(p1 q1 + p2 q2))^2 /
                 delta^2 tasks an arm, p the mean of both
    t            d = mean / sd of the differences of tasks: the least N at which noncentral t (N - 1, d sqrt(N)) passes
                 the critical value with that power. Unpaired: 2 N - 2 degrees, d of the sd of one arm, N an arm

Where the arms do not differ no number of tasks is enough: inf.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtrit

from sim.kit.arrays import FloatArray, IntArray

MOST = 10**6  # tasks: of more no power is computed, and normal quantiles say the same as t
_TAIL = 9.0  # standard deviations of the number of discordant tasks that are summed over


def connor(b: ArrayLike, c: ArrayLike, power: float = 0.8, alpha: float = 0.05) -> FloatArray:
    """Tasks for McNemar's test, (...), not rounded; inf where b = c.

    >>> connor([11 / 50, 6 / 50], [6 / 50, 2 / 50]).round(1).tolist()
    [264.5, 193.8]
    """
    first, second = np.asarray(b, np.float64), np.asarray(c, np.float64)
    psi, delta = first + second, np.round(first - second, 12)
    root = _z(alpha) * np.sqrt(psi) + ndtri(power) * np.sqrt(np.maximum(psi - delta**2, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(delta == 0, np.inf, root**2 / delta**2))


def mid_p_tasks(b: float, c: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Tasks for McNemar's test by mid-p: from Connor's number on, the first at which its exact power is as asked.

    Connor's is of large numbers: of 4 discordant tasks that all fall to one arm mid-p is .0625. Above MOST, Connor's.

    >>> mid_p_tasks(11 / 50, 6 / 50), mid_p_tasks(1.0, 0.0), mid_p_tasks(0.1, 0.1)
    (265.0, 5.0, inf)
    """
    tasks = float(np.ceil(connor(b, c, power, alpha)))
    while tasks <= MOST and mid_p_power(int(tasks), b, c, alpha) < power:
        tasks += 1
    return tasks


def least_discordant(alpha: float = 0.05) -> float:
    """Tasks below which mid-p never rejects, as all of n falling to one arm has mid-p 2^-n.

    >>> least_discordant(0.05), least_discordant(0.5)
    (5.0, 1.0)
    """
    return float(math.ceil(-math.log2(alpha)))


def mid_p_power(n: int, b: float, c: float, alpha: float = 0.05) -> float:
    """Chance that the mid-p test of n tasks rejects, exactly.

    >>> round(mid_p_power(265, 0.22, 0.12), 3), round(mid_p_power(194, 0.12, 0.04), 3)
    (0.803, 0.809)
    """
    from scipy.stats import binom  # slow to load

    psi = b + c
    if psi == 0:
        return 0.0
    middle, sd = n * psi, math.sqrt(max(n * psi * (1 - psi), 0.0))
    count = np.arange(max(0, int(middle - _TAIL * sd) - 1), min(n, int(middle + _TAIL * sd) + 2) + 1)
    least = _critical(count, alpha)
    rejects = binom.cdf(least, count, b / psi) + binom.sf(count - least - 1, count, b / psi)
    return float((binom.pmf(count, n, psi) * np.where(least < 0, 0.0, rejects)).sum())


def _critical(count: IntArray, alpha: float) -> FloatArray:
    """Of so many discordant tasks, the most that the lesser arm may have where mid-p rejects; -1: it never does."""
    from scipy.stats import binom

    at = binom.ppf(alpha / 2, count, 0.5)
    mid = 2.0 * binom.cdf(at, count, 0.5) - binom.pmf(at, count, 0.5)
    least = np.where(mid <= alpha, at, at - 1)
    return np.asarray(np.where(count == 0, -1, np.minimum(least, (count - 1) // 2)))


def unpaired_rates(p: ArrayLike, q: ArrayLike, power: float = 0.8, alpha: float = 0.05) -> FloatArray:
    """Tasks of each arm where it has its own, (...), of rates p and q.

    >>> float(unpaired_rates(0.58, 0.48).round(1))
    389.9
    """
    one, two = np.asarray(p, np.float64), np.asarray(q, np.float64)
    both, delta = (one + two) / 2, np.round(one - two, 12)
    root = _z(alpha) * np.sqrt(2 * both * (1 - both)) + ndtri(power) * np.sqrt(one * (1 - one) + two * (1 - two))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(delta == 0, np.inf, root**2 / delta**2))


def unpaired_power(n: ArrayLike, p: float, q: float, alpha: float = 0.05) -> FloatArray:
    """Chance that the test of two rates rejects with n tasks an arm, (...); the inverse of `unpaired_rates`."""
    size, both = np.asarray(n, np.float64), (p + q) / 2
    spread = math.sqrt(p * (1 - p) + q * (1 - q))
    if spread == 0:
        return np.where(p == q, 0.0, 1.0) * np.ones(size.shape)
    z = abs(p - q) * np.sqrt(size) / spread
    edge = _z(alpha) * math.sqrt(2 * both * (1 - both)) / spread
    return np.asarray(ndtr(z - edge) + ndtr(-z - edge))


def paired_t(d: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Tasks for the t test of paired differences with mean / sd d.

    >>> paired_t(0.5), paired_t(-0.5), paired_t(0.0)
    (34.0, 34.0, inf)
    """
    about = float(np.ceil(approximate_t(d, power, alpha)))
    return _least(lambda n: t_power(n, d, alpha), power) if about < MOST else about


def unpaired_t(d: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Tasks of each arm where it has its own; d: difference of means over the sd of one arm.

    >>> unpaired_t(0.5)
    64.0
    """
    about = float(np.ceil(2 * approximate_t(d, power, alpha)))
    return _least(lambda n: _t_power(d * math.sqrt(n / 2), 2 * n - 2, alpha), power) if about < MOST else about


def t_power(n: int, d: float, alpha: float = 0.05) -> float:
    """Chance that the paired t test of n tasks rejects.

    >>> round(t_power(34, 0.5), 4)
    0.8078
    """
    return _t_power(d * math.sqrt(n), n - 1, alpha)


def approximate_t(d: ArrayLike, power: float = 0.8, alpha: float = 0.05) -> FloatArray:
    """Tasks for the paired t test, (...), by normal quantiles and z^2 / 2 for the unknown sd."""
    size = np.asarray(d, np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(((_z(alpha) + ndtri(power)) / size) ** 2 + _z(alpha) ** 2 / 2)


def _t_power(shift: float, degrees: int, alpha: float) -> float:
    from scipy.special import nctdtr

    edge = float(stdtrit(degrees, 1 - alpha / 2))
    return float(nctdtr(degrees, abs(shift), -edge) + 1.0 - nctdtr(degrees, abs(shift), edge))


def _least(chance: Callable[[int], float], power: float) -> float:
    """The least number from 2 on with that chance, which rises in it."""
    low, high = 1, 2
    while chance(high) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if chance(middle) < power else (low, middle)
    return float(high)


def _z(alpha: float) -> float:
    return float(ndtri(1 - alpha / 2))
