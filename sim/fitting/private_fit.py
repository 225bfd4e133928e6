"""The 95% interval of sigma_u from repeated trials, by the profile likelihood.

    { s : max log L - log L(s) <= 1.92 },  log L(s): the greatest over alpha and sigma_d at sigma_u = s

1.92 is half the 95% quantile of a chi-square with one degree of freedom. The low end is 0 where sigma_u = 0 is inside,
the high end infinite where the likelihood does not fall that far below MOST_SIGMA_U, or where sigma_d would leave its
own range first. Tasks are the independent units; agents are taken as given. Source: [VenzonMoolgavkar1988].
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import optimize

from sim.fitting.ability import MOST_SIGMA_U, Ability, AbilityFit
from sim.fitting.cases import Cases
from sim.kit.arrays import FloatArray
from sim.kit.errors import TableError

DROP = 1.92  # nats
_NEAR = 1e-3  # logits to which an end is found
_GROWTH = 1.25


def private_fit_interval(cases: Cases, weight: FloatArray, best: Ability) -> tuple[float, float]:
    """Low and high end; best: the maximum over sigma_u too."""

    def room(sigma_u: float) -> float:
        """Nats left until this sigma_u lies outside; NaN where there is no maximum."""
        try:
            at = AbilityFit(cases, sigma_u).fit(weight, best)
        except TableError:
            return math.nan
        return DROP - (best.log_likelihood - at.log_likelihood)

    return _low(room, best.sigma_u), _high(room, best.sigma_u)


def _low(room: Callable[[float], float], best: float) -> float:
    if best < _NEAR or room(0.0) >= 0:
        return 0.0
    return float(optimize.brentq(room, 0.0, best, xtol=_NEAR))


def _high(room: Callable[[float], float], best: float) -> float:
    inside, out = best, best + 0.5
    while out < MOST_SIGMA_U and room(out) >= 0:
        inside, out = out, out * _GROWTH
    out = min(out, MOST_SIGMA_U)
    if not room(out) < 0:
        return math.inf
    return float(optimize.brentq(room, inside, out, xtol=_NEAR))
