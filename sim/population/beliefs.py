"""From ability to signal to claim: the maths of what an agent knows about itself.

    logit ability = alpha + sigma_d d + sigma_u u          d: difficulty of the task (common), u: private fit
    s = rho_d d + rho_u u + gamma h + sqrt(1 - rho_d^2 - rho_u^2 - gamma^2) e
    logit claim = m + lambda s                             then rounded to the agent's own grid

d, u, h, e are independent standard normals, so s is one too. A higher d is an easier task. h is a cue all agents share
that has nothing to do with ability; e is private noise. tau^2 = sigma_d^2 + sigma_u^2 is the variance of the logit
ability, and reach = sigma_d rho_d + sigma_u rho_u its covariance with the signal: all that the signal says of the
outcome. Only rho_u distinguishes agents on a task.

Claims are right on average where E[success - claim] = 0, which fixes m given lambda (`right_on_average`); calibrated
where they also move as the outcome does, which fixes both (`calibrated`). Overconfidence is m above the first,
whatever lambda is; overprecision is lambda above the second's. They are overestimation and overprecision of
[MooreHealy2008].

Calibration and discrimination are separate: m and lambda cannot change which of two claims is higher (lambda > 0), so
they leave the AUC alone before rounding; rho_d, rho_u and gamma do not appear in `calibrated` but through reach.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_expit, logit, ndtr, ndtri

from sim.kit.arrays import FloatArray

_NODES = 201
_ON_AVERAGE = 1e-9  # how close a mean claim must come to the rate


class Calibrated(NamedTuple):
    """Claims sigma(m + lambda s) that mean what they say. m, slope: logits."""

    m: float
    slope: float


@cache
def _normal_nodes(count: int = _NODES) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of Gauss-Hermite quadrature for a standard normal; weights sum to 1."""
    x, w = np.polynomial.hermite_e.hermegauss(count)
    return x, w / w.sum()


def success_given_signal(alpha: float, tau: float, reach: float, s: FloatArray) -> FloatArray:
    """P(success | s) = E[sigma(alpha + reach s + sqrt(tau^2 - reach^2) x)], x standard normal; same shape as s.

    alpha, tau, reach in logits, |reach| <= tau.

    >>> float(np.round(success_given_signal(0.0, 2.0, 1.0, np.array(0.0)), 6))
    0.5
    """
    x, w = _normal_nodes()
    rest = np.sqrt(max(tau * tau - reach * reach, 0.0))
    return np.asarray(expit(alpha + reach * np.asarray(s)[..., None] + rest * x) @ w)


def success_at(level: FloatArray, sd: float) -> FloatArray:
    """P(success) E[sigma(level + sd x)], x standard normal; same shape as level, and the same bits in any batch.

    >>> float(np.round(success_at(np.array([4.01]), 4.34)[0], 3))
    0.804
    """
    rate = np.zeros(np.shape(level))
    for x, w in zip(*(nodes.tolist() for nodes in _normal_nodes()), strict=True):
        rate += w * expit(level + sd * x)
    return np.minimum(rate, 1.0)


def success_rate(alpha: float, tau: float) -> float:
    """P(success) of an agent over tasks, E[sigma(alpha + tau x)].

    >>> round(success_rate(4.01, 4.34), 3)
    0.804
    """
    return float(success_given_signal(alpha, tau, 0.0, np.zeros(())))


@cache
def calibrated(alpha: float, tau: float, reach: float) -> Calibrated:
    """The m and lambda of calibrated claims: the logistic regression of the outcome on the signal.

    They minimise the expected logarithmic loss over s, so E[success - claim] = 0 and E[s (success - claim)] = 0. The
    closed form m = alpha / k, lambda = reach / k, k^2 = 1 + pi/8 (tau^2 - reach^2) starts the search and is up to a
    tenth off at tau = 4.

    >>> found = calibrated(0.0, 2.0, 1.0)
    >>> round(found.m, 6) + 0.0, 0.6 < found.slope < 0.7
    (0.0, True)
    """
    from scipy.optimize import minimize  # slow to load

    s, w = _normal_nodes()
    p = success_given_signal(alpha, tau, reach, s)

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        logit = x[0] + x[1] * s
        gap = expit(logit) - p
        value = -(w * (p * log_expit(logit) + (1.0 - p) * log_expit(-logit))).sum()
        return float(value), np.array([(w * gap).sum(), (w * gap * s).sum()])

    k = np.sqrt(1.0 + np.pi / 8.0 * (tau * tau - reach * reach))
    found = minimize(loss, np.array([alpha / k, reach / k]), jac=True, method="BFGS", options={"gtol": 1e-10})
    return Calibrated(float(found.x[0]), float(found.x[1]))


@cache
def right_on_average(rate: float, slope: float, grid: tuple[float, ...] | None = None) -> float:
    """The m at which claims sigma(m + slope s), rounded to a grid if there is one, average to `rate`.

    They overestimate nothing on average, whatever the slope; at the slope of `calibrated` it is m of `calibrated`. The
    mean of rounded claims is g_1 + sum over k of (g_(k+1) - g_k) P(m + slope s >= b_k), b the logits half-way between
    the grid's claims: continuous in m and rising from g_1 to the highest. NaN where no m will do: the rate lies beyond
    the grid's ends, or claims that are all the same cannot be split between two of the grid.

    >>> round(right_on_average(0.804, 4.34), 2), round(right_on_average(0.7, 1.0, (0.5, 0.9)), 3)
    (4.02, 0.847)
    >>> right_on_average(0.802, 0.3, (0.32, 0.55, 0.78))
    nan
    """
    from scipy.optimize import brentq  # slow to load

    if grid is not None and not grid[0] < rate < grid[-1]:
        return float("nan")

    def gap(m: float) -> float:
        return (success_rate(m, abs(slope)) if grid is None else _mean_on_grid(m, abs(slope), grid)) - rate

    widest = 60.0 + 10.0 * abs(slope)
    for end, beyond in ((-widest, gap(-widest) >= 0), (widest, gap(widest) <= 0)):
        if beyond:
            return end
    m = float(brentq(gap, -widest, widest, xtol=1e-12))
    return m if abs(gap(m)) < _ON_AVERAGE else float("nan")


def _mean_on_grid(m: float, slope: float, grid: tuple[float, ...]) -> float:
    claims = np.array(grid)
    border = logit((claims[1:] + claims[:-1]) / 2.0)
    above = ndtr((m - border) / slope) if slope > 0 else (m >= border).astype(np.float64)
    return float(claims[0] + np.diff(claims) @ above)


def to_grid(claim: FloatArray, grid: FloatArray) -> FloatArray:
    """Each claim moved to the nearest value of the agent's grid; borders lie half-way and go to the higher value.

    claim (...) in [0, 1]; grid (g,) ascending, not empty.

    >>> to_grid(np.array([0.1, 0.55, 0.99]), np.array([0.5, 0.6, 1.0])).tolist()
    [0.5, 0.6, 1.0]
    """
    borders = (grid[1:] + grid[:-1]) / 2.0
    return np.asarray(grid[np.searchsorted(borders, claim, side="right")])


def auc(alpha: float, tau: float, reach: float) -> float:
    """AUC of claims on the agent's own tasks, by quadrature over two signals.

    P(s of a success > s of a failure) where the density of s given success is P(y | s) phi(s) / P(y).

    >>> round(auc(0.0, 4.34, 0.0), 6)
    0.5
    """
    s = np.linspace(-8.0, 8.0, 4001)
    p = success_given_signal(alpha, tau, reach, s)
    density = np.exp(-s * s / 2.0)
    hit, miss = density * p, density * (1.0 - p)
    hit, miss = hit / hit.sum(), miss / miss.sum()
    return float((hit * (np.cumsum(miss) - miss / 2.0)).sum())


def auc_binormal(rate: float, correlation: float) -> float:
    """AUC of a signal with this correlation to a standard normal latent outcome that succeeds with this rate.

    At rate 1/2 it is exact, 1/2 + (2 / pi) asin(R / sqrt 2); elsewhere two normals with the moments of the signal given
    success and given failure, good to .001 for |R| <= .7.

    >>> round(auc_binormal(0.8, 0.4), 3)
    0.699
    """
    if rate == 0.5:
        return float(0.5 + 2.0 / np.pi * np.arcsin(correlation / np.sqrt(2.0)))
    t = float(ndtri(1.0 - rate))
    density = np.exp(-t * t / 2.0) / np.sqrt(2.0 * np.pi)
    hit, miss = correlation * density / rate, -correlation * density / (1.0 - rate)
    spread = 2.0 - hit * (hit - correlation * t) - miss * (miss - correlation * t)
    return float(ndtr((hit - miss) / np.sqrt(spread)))
