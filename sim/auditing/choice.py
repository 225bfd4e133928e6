"""Chooses the best lie of each type and says what it gains, with an interval.

The lower end chooses on half the draws and evaluates on the other half, both ways round (hold-out: biased down); the
upper end is the maximum of the means over all draws (biased up). Each goes t se further, with

    se^2 = a + b,   a = variance over types of E_w D / N,   b = variance over draws of E_t D / R
    t    = 97.5% quantile of Student's t with (a + b)^2 / (a^2 / (N - 1) + b^2 / (R - 1)) degrees of freedom

since types share the draws. Types may be few, as the tasks of a recorded table are; with 400 and 4000 draws t is 1.96
to 1.97. The truth is always among the choices and gains exactly 0; a lie must gain more than 1e-12 to be chosen.
Sources: [BSV2019], [Duetting2019], [Satterthwaite1946].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from sim.auditing.lies import Lies
from sim.kit.arrays import FloatArray, IntArray

LEAST = 1e-12  # what rounding may make of nothing


class Estimate(NamedTuple):
    """A mean over types and draws, its standard error for other types and other draws, and its degrees of freedom."""

    mean: float
    se: float
    degrees: float = np.inf

    @property
    def half_width(self) -> float:
        """Half of its 95% interval."""
        return float(stdtrit(self.degrees, 0.975)) * self.se if self.se > 0 else 0.0


class Choice(NamedTuple):
    """Gains from the best misreports. per_type (N,): E_w D of the best of all draws.

    share, claim (N,): that lie, NaN: truth. low: by hold-out; high: the maximum of means.
    most: the greatest D met at any type and draw, by any lie evaluated.
    """

    low: Estimate
    high: Estimate
    per_type: FloatArray
    lies: Lies
    most: float

    @property
    def gain(self) -> float:
        """Halfway between the two ends."""
        return (self.low.mean + self.high.mean) / 2.0

    @property
    def interval(self) -> tuple[float, float]:
        """95%: from hold-out to maximum, each its half width further; 0 is never left out by a mean that is 0."""
        return self.low.mean - self.low.half_width, self.high.mean + self.high.half_width


def nothing(n_types: int) -> Choice:
    """No lie changes anything."""
    zero, truth = np.zeros(n_types), np.full(n_types, np.nan)
    return Choice(Estimate(0.0, 0.0), Estimate(0.0, 0.0), zero, Lies(truth, truth), 0.0)


class Chooser:
    """Gathers the gains of candidates, some types at a time."""

    def __init__(self, n_types: int, n_draws: int) -> None:
        self._halves = np.arange(n_draws) % 2
        self._per_type = np.zeros((2, n_types))  # low, high
        self._per_draw = np.zeros((2, n_draws))
        self._lies = Lies(np.full(n_types, np.nan), np.full(n_types, np.nan))
        self._most = 0.0

    def add(self, types: slice, gains: Sequence[FloatArray], lies: Sequence[Lies]) -> None:
        """gains: D (B, R) of one candidate after the other; lies: what each of them is, (B,)."""
        if not gains:
            return
        odd = self._halves == 1
        means = np.stack([[d[:, ~odd].mean(axis=1), d[:, odd].mean(axis=1), d.mean(axis=1)] for d in gains])
        picks = [_pick(means[:, part]) for part in range(3)]
        low = np.where(odd, _taken(gains, picks[0]), _taken(gains, picks[1]))  # each half by the other's choice
        high = _taken(gains, picks[2])
        for place, gain in enumerate((low, high)):
            self._per_type[place, types] = gain.mean(axis=1)
            self._per_draw[place] += gain.sum(axis=0)
        for place, lie in enumerate(lies):
            for kept, tried in zip(self._lies, lie, strict=True):
                kept[types][picks[2] == place] = tried[picks[2] == place]
        self._most = max(self._most, *(float(d.max()) for d in gains))

    def choice(self) -> Choice:
        """What was found."""
        n_types = self._per_type.shape[1]
        low, high = (
            estimate(per_type, per_draw / n_types)
            for per_type, per_draw in zip(self._per_type, self._per_draw, strict=True)
        )
        return Choice(low, high, self._per_type[1].copy(), self._lies, self._most)


def _pick(means: FloatArray) -> IntArray:
    """Place (B,) of the first of the best candidates, -1 where none beats the truth. means (K, B)."""
    most = means.max(axis=0)
    best = (means >= most - LEAST).argmax(axis=0)
    return np.where(most > LEAST, best, -1)


def _taken(gains: Sequence[FloatArray], pick: IntArray) -> FloatArray:
    """D (B, R) of each type's pick; 0 where it is the truth."""
    made = np.zeros(gains[0].shape)
    for place, gain in enumerate(gains):
        made[pick == place] = gain[pick == place]
    return made


def estimate(per_type: FloatArray, per_draw: FloatArray) -> Estimate:
    """The common mean of per_type (N,) and per_draw (R,) with its two-way standard error; rounding's nothing is 0."""
    mean = float(per_type.mean())
    if abs(mean) <= LEAST:
        return Estimate(0.0, 0.0)
    return Estimate(mean, *standard_error(per_type, per_draw))


def standard_error(per_type: FloatArray, per_draw: FloatArray) -> tuple[float, float]:
    """Two-way, of the common mean of per_type (N,) and per_draw (R,), with its degrees of freedom."""
    parts = [(float(x.var(ddof=1)) / len(x), len(x) - 1) for x in (per_type, per_draw) if len(x) > 1]
    variance = sum(part for part, _ in parts)
    spread = sum(part * part / degrees for part, degrees in parts)
    return float(np.sqrt(variance)), variance * variance / spread if spread > 0 else np.inf
