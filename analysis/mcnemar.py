"""McNemar's test of two arms that each solve a task or do not, from the tasks that only one of the two solved.

Under no difference each of these a + b discordant tasks falls to either arm with chance 1/2. With k = min(a, b) and X
binomial over a + b tosses of a fair coin

    exact   2 P(X <= k), at most 1                               conservative: it rarely uses up its 5 %
    mid-p   2 P(X <= k) - P(X = k); 1 - P(X = k) / 2 where a = b    close to 5 %, seldom above: the one to use

and 1 where no task is discordant. Source: [McNemar1947], mid-p [FLL2013]. Index convention: (...).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.kit.arrays import FloatArray


def exact_p(only_first: int, only_second: int) -> float:
    """Two-sided p value of so many tasks that only the first, and only the second arm solved.

    >>> round(exact_p(11, 6), 4), round(exact_p(6, 2), 4), exact_p(0, 0)
    (0.3323, 0.2891, 1.0)
    """
    from scipy.stats import binomtest  # slow to load

    count = only_first + only_second
    return float(binomtest(only_first, count, 0.5).pvalue) if count else 1.0


def mid_p(only_first: ArrayLike, only_second: ArrayLike) -> FloatArray:
    """Two-sided mid-p values (...).

    >>> mid_p([11, 6, 3, 0], [6, 2, 3, 0]).round(4).tolist()
    [0.2379, 0.1797, 0.8438, 1.0]
    """
    from scipy.stats import binom  # slow to load

    first, second = np.asarray(only_first), np.asarray(only_second)
    least, count = np.minimum(first, second), first + second
    at = binom.pmf(least, count, 0.5)
    p = np.where(first == second, 1.0 - at / 2.0, 2.0 * binom.cdf(least, count, 0.5) - at)
    return np.asarray(np.where(count == 0, 1.0, p))
