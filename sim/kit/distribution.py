"""Distributions as a scenario writes them: a number, or a table with one key.

0.5                                      always 0.5
{ uniform = [0.0, 1.0] }                 uniform between the two
{ lognormal = { mean = 1.0, cv = 0.5 } } log-normal with this mean and coefficient of variation
{ exponential = 20.0 }                   exponential with this mean
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sim.kit import draws
from sim.kit.arrays import FloatArray, IntArray, thin
from sim.kit.invalid import number, written
from sim.kit.portable import exp

# Bounds far beyond any market, so that no sum or product of what a user writes can overflow.
MOST = 1e12  # dollars, tokens, and any other number without a unit
MOST_TICKS = 10**9
_MOST_CV = 100.0
_LEAST_RATE = 1e-6  # tasks a tick

_TABLES = "{uniform = [low, high]}, {lognormal = {mean, cv}} or {exponential = mean}"
FORMS = f"a number from 0 to {number(MOST)}, {_TABLES}"
_TICK_FORMS = f"a whole number of ticks from 0 to {number(MOST_TICKS)}, {_TABLES}"


@dataclass(frozen=True)
class Distribution:
    """A distribution on [0, inf). a, b: value; low, high; mean, cv; or mean, by kind."""

    kind: Literal["constant", "uniform", "lognormal", "exponential"]
    a: float
    b: float = 0.0

    def draw(self, seed: int, purpose: str, *identities: draws.Words) -> FloatArray:
        """One draw per identity, one axis each; a constant takes no memory."""
        if self.kind == "constant":
            return np.broadcast_to(np.float64(self.a), tuple(len(words) for words in identities))
        if self.kind == "uniform":
            return self.a + (self.b - self.a) * draws.uniform(seed, purpose, *identities)
        if self.kind == "exponential":
            return self.a * draws.exponential(seed, purpose, *identities)
        variance = math.log1p(self.b * self.b)
        standard = draws.normal(seed, purpose, *identities)
        return self.a * exp(math.sqrt(variance) * standard - variance / 2.0)

    def draw_ticks(self, seed: int, purpose: str, *identities: draws.Words) -> IntArray:
        """As `draw`, rounded to whole ticks (halves to even)."""
        if self.kind == "constant":
            shape = tuple(len(words) for words in identities)
            return np.broadcast_to(np.int64(round(self.a)), shape)
        return np.rint(self.draw(seed, purpose, *identities)).astype(np.int64)


def is_number(raw: Any, most: float = MOST) -> bool:
    """An int or float in [0, most]; booleans are no numbers here, nor is NaN."""
    return isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= most


def _parse(raw: Any, most: float) -> Distribution | None:
    """The distribution `raw` describes with no parameter above `most`; None where it describes none."""
    match raw:
        case int() | float() if is_number(raw, most):
            return Distribution("constant", float(raw))
        case {"uniform": [low, high]} if len(raw) == 1 and is_number(low) and is_number(high, most) and low <= high:
            return Distribution("uniform", float(low), float(high))
        case {"lognormal": {"mean": mean, "cv": cv, **other}} if (
            len(raw) == 1 and not other and is_number(mean, most) and mean > 0 and is_number(cv, _MOST_CV)
        ):
            return Distribution("lognormal", float(mean), float(cv))
        case {"exponential": mean} if len(raw) == 1 and is_number(mean, most):
            return Distribution("exponential", float(mean))
    return None


def parse_distribution(raw: Any) -> Distribution:
    """The distribution `raw` describes; raises ValueError saying what is allowed.

    >>> parse_distribution({"uniform": [0, 2]})
    Distribution(kind='uniform', a=0.0, b=2.0)
    """
    found = _parse(raw, MOST)
    if found is None:
        raise ValueError(f"must be {FORMS}; got {written(raw)}")
    return found


def parse_ticks(raw: Any) -> Distribution:
    """A distribution of ticks: as `parse_distribution`, but a constant must be a whole number."""
    found = _parse(raw, MOST_TICKS)
    if found is None or (found.kind == "constant" and not found.a.is_integer()):
        raise ValueError(f"must be {_TICK_FORMS}; got {written(raw)}")
    return found


@dataclass(frozen=True)
class Arrivals:
    """When tasks arrive: all at tick 0, one every `every` ticks, or a Poisson process of `rate` tasks a tick."""

    every: int | None = None
    rate: float | None = None

    def draw(self, seed: int, replications: draws.Words, places: IntArray) -> IntArray:
        """Arrival ticks (R, T), one row for all replications where these are alike.

        places (R, T): the task's place in the order of arrival.
        """
        if self.rate is None:
            return np.broadcast_to(thin(places) * np.int64(self.every or 0), places.shape)
        gaps = draws.exponential(seed, "arrival gap", replications, draws.words_range(places.shape[1])) / self.rate
        return np.take_along_axis(np.floor(np.cumsum(gaps, axis=1)).astype(np.int64), places, axis=1)


def parse_arrivals(raw: Any) -> Arrivals:
    """The arrivals `raw` describes: "together", {every = ticks} or {poisson = tasks per tick}."""
    match raw:
        case "together":
            return Arrivals()
        case {"every": int(every)} if len(raw) == 1 and is_number(every, MOST_TICKS):
            return Arrivals(every=every)
        case {"poisson": rate} if len(raw) == 1 and is_number(rate) and rate >= _LEAST_RATE:
            return Arrivals(rate=float(rate))
    raise ValueError(
        f'must be "together", {{every = whole ticks from 0 to {number(MOST_TICKS)}}} or '
        f"{{poisson = tasks per tick, from {number(_LEAST_RATE)} to {number(MOST)}}}; got {written(raw)}"
    )
