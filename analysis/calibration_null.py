"""The ECE that perfectly calibrated agents would show together, when a hard task is hard for all of them.

Index convention: claim, success (N, n): rows by agents; NaN marks a claim that was not made. cluster (N,): rows of one
label are one task. One latent normal factor a task:

    y_it = 1 where sqrt(rho) f_t + sqrt(1 - rho) e_it <= probit(p_it),   f, e standard normal, independent

so that P(y_it = 1) = p_it whatever rho. With rho > 0 the gaps of agents at one task add up, and ECE is larger.

Estimate of rho, from pairs of different agents at one task:
  1. q_it = Phi(probit(p_it) + d_i), d_i such that agent i's mean q is its success rate: being over- or underconfident
     is no dependence.
  2. Correlation r: mean over pairs of z_i z_j, z = (y - q) / its root mean square over agent i's tasks.
  3. rho solves r = mean over pairs of Cov(y_i, y_j; rho) / (s_i s_j), s_i^2 the mean of q (1 - q) of agent i, with
     Cov(y_i, y_j; rho) = sum over k >= 1 rho^k c_k(a_i) c_k(a_j), c_k(a) = phi(a) He_(k-1)(a) / sqrt(k!), a = probit q
     [Pearson1900].
Left out: claims of 0 and 1: their outcome is certain under the null; agents with successes only, or failures only.
rho is 0 where r <= 0, for a common factor makes no negative dependence, and at most MOST, where the series ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.calibration import N_BINS, bin_of
from analysis.pairs import agent_table, observation_weight
from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.draws import normal, words_range

SEED = 0
ENOUGH = 0.0005  # standard error of the simulated null at which the simulation stops
MOST = 0.95
_TERMS = 60
_FEWEST, _MOST_AT_ONCE = 32, 400  # simulations before the first look, and drawn together
_PIECE, _LIMIT = 400_000, 40_000_000  # outcomes drawn together, and in all


def pooled_ece_null(
    claim: ArrayLike, success: ArrayLike, cluster: ArrayLike | None = None, weight: ArrayLike | None = None
) -> tuple[float, float]:
    """Expected ECE of calibrated agents with these claims, and the latent correlation rho at which it was simulated.

    claim, success: (N, n). cluster: (N,), by default each row is a task. weight: (N,) or (N, n). The simulation's
    draws are fixed, its standard error is at most ENOUGH unless it would draw more than 40 million claims. NaN without
    claims; rho is NaN where no pair of agents identifies it, and the null is then of independent outcomes.

    Raises ValueError where shapes differ or a weight is negative. Source: [Roelofs2022].

    >>> null, rho = pooled_ece_null([[0.5, 0.5], [0.5, 0.5]], [[True, True], [False, False]])
    >>> round(null, 2), rho
    (0.25, 0.95)
    """
    p, y, _ = agent_table(claim, success, None)
    size = np.where(np.isnan(p), 0.0, observation_weight(weight, p.shape))
    task = np.arange(len(p)) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    rho = task_correlation(p, y, task, size)
    return simulated_null(p, 0.0 if np.isnan(rho) else rho, task, size)[0], rho


def simulated_null(claim: FloatArray, rho: float, task: NDArray[np.int64], weight: FloatArray) -> tuple[float, float]:
    """Mean ECE of calibrated claims (N, n) at latent correlation rho, and its Monte Carlo standard error.

    task: (N,) numbers of the factors; weight: (N, n), 0 where no claim was made. NaN where a claim that has a weight is
    not known, or none has.
    """
    from scipy.special import ndtri

    made = weight > 0
    if not made.any() or np.isnan(claim[made]).any():
        return np.nan, np.nan
    where = bin_of(np.where(made, claim, 0.0))[made]
    gap = np.zeros((N_BINS, where.size))
    gap[where, np.arange(where.size)] = (weight / weight.sum())[made]
    p, threshold = claim[made], ndtri(claim[made]) / np.sqrt(1 - rho)
    row, column = np.nonzero(made)
    tasks, rows, agents = words_range(int(task.max()) + 1), words_range(len(claim)), words_range(claim.shape[1])
    found: list[FloatArray] = []
    drawn = 0
    while drawn < _LIMIT:
        n = max(1, min(_MOST_AT_ONCE, _PIECE // claim.size))
        words = words_range(n, sum(map(len, found)))
        common = normal(SEED, "ece null, task", words, tasks)[:, task] * np.sqrt(rho / (1 - rho))
        own = normal(SEED, "ece null, agent", words, rows, agents)
        solved = own[:, row, column] + common[:, row] <= threshold
        found.append(np.abs((solved - p) @ gap.T).sum(axis=1))
        drawn += n * claim.size
        total = np.concatenate(found)
        if total.size >= _FEWEST and _se(total) <= ENOUGH:
            break
    return float(total.mean()), _se(total)


def task_correlation(claim: FloatArray, success: BoolArray, task: NDArray[np.int64], weight: FloatArray) -> float:
    """rho, the latent correlation of two agents' outcomes at one task given their claims; NaN if no pair identifies it.

    Arrays as in `simulated_null`; success (N, n).
    """
    from scipy.optimize import brentq

    size = np.where((claim > 0) & (claim < 1), weight, 0.0)
    solved = (size * success).sum(axis=0)
    size = size * ((solved > 0) & (solved < size.sum(axis=0)))
    level = _calibrated(claim, success, size)
    observed, terms = _pair_means(level, success, task, size)
    if np.isnan(observed):
        return np.nan

    def excess(rho: float) -> float:
        return float(np.polynomial.polynomial.polyval(rho, terms)) - observed

    if observed <= 0:
        return 0.0
    return MOST if excess(MOST) <= 0 else float(brentq(excess, 0.0, MOST, xtol=1e-6))


def _calibrated(claim: FloatArray, success: BoolArray, weight: FloatArray) -> FloatArray:
    """(N, n) probits of the claims, shifted by agent so that their mean chance is its success rate; 0 at weight 0."""
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    level = ndtri(np.where(weight > 0, claim, 0.5))
    for i in np.flatnonzero(weight.any(axis=0)):
        at = weight[:, i] > 0
        a, w = level[at, i], weight[at, i] / weight[at, i].sum()
        rate = float(w @ success[at, i])
        low, high = ndtri(rate) - a.max() - 1e-9, ndtri(rate) - a.min() + 1e-9
        level[at, i] = a + brentq(lambda d, a=a, w=w, rate=rate: float(w @ ndtr(a + d)) - rate, low, high)
    return level


def _pair_means(
    level: FloatArray, success: BoolArray, task: NDArray[np.int64], weight: FloatArray
) -> tuple[float, FloatArray]:
    """Means over pairs of z_i z_j, NaN without a pair, and of c_k(a_i) c_k(a_j) / (s_i s_j), k = 0, 1, ..."""
    from scipy.special import ndtr

    q = ndtr(level)
    count = _across(weight, task)
    if not count > 0:
        return np.nan, np.zeros(1)
    total = np.where(weight.any(axis=0), weight.sum(axis=0), 1.0)
    seen, expected = (np.sqrt((weight * x).sum(axis=0) / total) for x in ((success - q) ** 2, q * (1 - q)))
    part = [np.divide(weight, s, out=np.zeros(weight.shape), where=weight > 0) for s in (seen, expected)]
    density = part[1] * np.exp(-(level**2) / 2) / np.sqrt(2 * np.pi)
    terms, before, now = np.zeros(_TERMS + 1), np.zeros(level.shape), np.ones(level.shape)
    for k in range(1, _TERMS + 1):
        terms[k] = _across(density * now, task) / k / count
        before, now = now, (level * now - np.sqrt(k - 1.0) * before) / np.sqrt(k)
    return _across(part[0] * (success - q), task) / count, terms


def _across(x: FloatArray, task: NDArray[np.int64]) -> float:
    """Sum over tasks and ordered pairs of different agents i, j of x_i x_j, x summed within (task, agent)."""
    total = x
    if len(x) and int(task.max()) + 1 < len(x):
        total = np.zeros((int(task.max()) + 1, x.shape[1]))
        np.add.at(total, task, x)
    return float((total.sum(axis=1) ** 2 - (total**2).sum(axis=1)).sum())


def _se(sample: FloatArray) -> float:
    return float(sample.std(ddof=1) / np.sqrt(sample.size)) if sample.size > 1 else np.inf
