"""When the e-value of analysis/e_process.py reaches 1 / alpha, looked at after every task: exactly, not by simulation.

It moves only where a task is discordant, which has chance psi = b + c; the first arm is then the one that solved it
with chance b / psi. S_m, the chance to have stopped by the m-th discordant task, follows from the distribution of the
first arm's count among paths that go on. By N tasks a path has stopped with chance sum over m of binomial(m; N, psi)
S_m, and it stops on average at E[m] / psi tasks. Source: [RamdasEtAl2023].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.e_process import e_value
from sim.kit.arrays import BoolArray, FloatArray

_DONE = 1e-5  # of all paths, still going on: no more is followed
MOST = 4000  # discordant tasks that paths are followed to
_TAIL = 9.0


@dataclass(frozen=True, eq=False)
class Stops:
    """stopped (M + 1,): chance to have stopped by m discordant tasks, m = 0 ... M. psi: chance that a task is one."""

    stopped: FloatArray
    psi: float

    @classmethod
    def of(cls, b: float, c: float, alpha: float = 0.05) -> Stops:
        """Of chances that only the first, and only the second arm solves a task; b + c > 0."""
        share, first, going, stopped = b / (b + c), np.zeros(1), np.ones(1), [0.0]
        for m in range(1, MOST + 1):
            moved = np.append(going * (1 - share), 0.0)
            moved[1:] += going * share
            first = np.append(first, first[-1] + 1)
            over = _rejected(first, m, alpha)
            stopped.append(stopped[-1] + float(moved[over].sum()))
            first, going = first[~over], moved[~over]
            if 1 - stopped[-1] < _DONE:
                break
        return cls(np.array(stopped), b + c)

    def by(self, n: int) -> float:
        """Chance to have stopped by n tasks."""
        from scipy.stats import binom  # slow to load

        sd = math.sqrt(n * self.psi * (1 - self.psi))
        low = max(0, int(n * self.psi - _TAIL * sd) - 1)
        m = np.arange(low, min(n, int(n * self.psi + _TAIL * sd) + 2) + 1)
        return float((binom.pmf(m, n, self.psi) * self.stopped[np.minimum(m, len(self.stopped) - 1)]).sum())

    def least(self, power: float) -> float:
        """The least number of tasks by which it has stopped with this chance; inf beyond what is followed."""
        if self.stopped[-1] < power:
            return math.inf
        low, high = 0, int(len(self.stopped) / self.psi) + 1
        while self.by(high) < power:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.by(middle) < power else (low, middle)
        return float(high)

    @property
    def mean(self) -> float:
        """Tasks at which it stops on average; inf where one path in a thousand goes on beyond what is followed."""
        if self.stopped[-1] < 0.999:
            return math.inf
        return float((1.0 - self.stopped[:-1]).sum() / self.psi)


def _rejected(first: FloatArray, m: int, alpha: float) -> BoolArray:
    """Whether the e-value is reached where the first arm solved so many of m discordant tasks."""
    with np.errstate(over="ignore"):  # beyond what a float holds it is reached all the same
        return np.asarray(e_value(first, m - first) >= 1 / alpha)
