"""Claims as a normal seen through the cells of an agent's grid.

    P(cell k) = Phi((b_k - m) / lambda) - Phi((b_(k-1) - m) / lambda)

b are the logits half-way (in probability) between neighbouring claims of the grid, b_0 = -inf and b_g = inf: the lowest
and the highest claim are open cells, so a claim of 0 or 1 needs no clipping. In (1 / lambda, m / lambda) the likelihood
is concave; Fisher scoring finds its maximum.

    sbar_k = E[s | cell k] = (phi(z_(k-1)) - phi(z_k)) / share_k,  z_k = Phi^-1(share of claims up to k)

is what a claim says of the signal, whatever m and lambda are.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from sim.kit.arrays import FloatArray
from sim.kit.errors import TableError

_STEPS = 200
_GAIN, _ROUNDING = 1e-12, 1e-13  # log-likelihood: what is worth a step, and its own relative error


def fit_claims(count: FloatArray, border: FloatArray) -> tuple[float, float]:
    """m and lambda > 0 of claims counted (g,) in cells with these borders (g - 1,); three must not be empty.

    >>> m, slope = fit_claims(np.array([1.0, 2.0, 1.0]), np.array([0.0, 2.0]))
    >>> round(m, 6), round(slope, 3)
    (1.0, 1.483)
    """
    x = _start(count, border)
    value, score, information = _likelihood(x, count, border)
    for _ in range(_STEPS):
        step = np.linalg.solve(information, score)
        if float(score @ step) < _GAIN * count.sum():
            return float(x[1] / x[0]), float(1.0 / x[0])
        tried = _likelihood(x + step, count, border)
        while tried[0] < value - _ROUNDING * abs(value):
            step = step / 2.0
            tried = _likelihood(x + step, count, border)
        x = x + step
        value, score, information = tried
    raise TableError("the claims have no finite m and slope")


def _start(count: FloatArray, border: FloatArray) -> FloatArray:
    """(1 / lambda, m / lambda) by the line through the thresholds that the shares imply."""
    z = ndtri(np.cumsum(count)[:-1] / count.sum())
    inside = np.isfinite(z)
    steepness, level = np.polyfit(border[inside], z[inside], 1)
    return np.array([steepness, -level])


def _likelihood(x: FloatArray, count: FloatArray, border: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, score (2,) and expected information (2, 2) at x = (1 / lambda, m / lambda)."""
    if x[0] <= 0:
        return -np.inf, np.zeros(2), np.eye(2)
    z = x[0] * border - x[1]
    low, high = np.append(-np.inf, z), np.append(z, np.inf)
    upper = low > 0  # there the difference of survival functions keeps its digits
    chance = np.where(upper, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    chance = np.maximum(chance, np.finfo(np.float64).tiny)
    density = np.exp(-z * z / 2.0) / np.sqrt(2.0 * np.pi)
    moves = np.zeros((2, len(border) + 2))
    moves[:, 1:-1] = density * np.stack([border, -np.ones_like(border)])
    change = np.diff(moves)  # (2, g) derivative of each cell's chance
    return (
        float(count @ np.log(chance)),
        change @ (count / chance),
        count.sum() * (change / chance) @ change.T,
    )


def cell_means(count: FloatArray) -> FloatArray:
    """(g,) mean of a standard normal signal in each cell, from the shares of claims; 0 in empty cells.

    >>> cell_means(np.array([1.0, 1.0])).round(4).tolist()
    [-0.7979, 0.7979]
    """
    share = count / count.sum()
    z = ndtri(np.clip(np.cumsum(share)[:-1], 0.0, 1.0))
    density = np.zeros(len(count) + 1)
    density[1:-1] = np.exp(-z * z / 2.0) / np.sqrt(2.0 * np.pi)
    return np.asarray(np.divide(-np.diff(density), share, out=np.zeros(len(count)), where=share > 0))
