"""What a signal knows, shares with others' and says of costs, from its mean in each cell of claims.

sbar_i = E[s_i | claim], v_i = var(sbar_i); y_j outcomes with rate pi_j, t_j = Phi^-1(1 - pi_j).

    R_ij    = cov(sbar_i, y_j) / (phi(t_j) v_i)            polyserial: signal i with the latent outcome of j
    rho_i   = R_ii sqrt(tau^2 + pi^2/3) / tau              correlation with z, logistic noise taken out
    gamma   least squares of cov(sbar_i, sbar_j) / (v_i v_j) - rho_i rho_j sigma_d^2 / tau^2 on gamma_i gamma_j, i != j
    r_i     = cov(sbar_i, x_i) / (v_i sd(x_i))             correlation of the signal with x = ln cost belief > 0

Dividing by v, not by sd(sbar), undoes the coarseness of the cells: cov(sbar, x) = r sd(x) v where x is linear in s.
Source: [Olsson1982].

Boundary: the signal keeps NOISE of its variance as private noise, so |rho| <= sqrt(1 - NOISE) and
|gamma| <= sqrt(1 - NOISE - rho^2), and |r_i| <= 1; estimates beyond are put there. The sign of all gammas together is
arbitrary: their sum is taken >= 0. Of two agents only the product is known and both get the same size
where the limits allow.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from sim.fitting.cases import Cases
from sim.fitting.claim_grid import cell_means
from sim.kit.arrays import BoolArray, FloatArray
from sim.population.agent_profile import LOGISTIC_VARIANCE

NOISE = 0.01
_SWEEPS, _STILL = 10_000, 1e-12


def cell_scores(cases: Cases, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """sbar (T, n), 0 where absent, and its variance v (n,)."""
    score = np.zeros(cases.present.shape)
    for i in range(len(cases.agents)):
        here = cases.present[:, i]
        score[here, i] = cell_means(cases.counts(weight, i))[cases.cell[here, i]]
    return score, weight @ score**2 / (weight @ cases.present)  # sbar has mean 0 by construction


def latent_correlations(cases: Cases, weight: FloatArray, score: FloatArray, variance: FloatArray) -> FloatArray:
    """R (n, n): row i the signal, column j the outcome, at tasks i claims at and j plays; NaN where there are none."""
    rate = weight @ cases.share / (weight @ cases.played)
    t = ndtri(1.0 - rate)
    density = np.exp(-t * t / 2.0) / np.sqrt(2.0 * np.pi)
    joint, n_tasks = covariances(score, cases.share, cases.present, weight, cases.played)
    return np.asarray(np.where(n_tasks > 0, joint / (density * variance[:, None]), np.nan))


def fit_rho(latent: FloatArray, tau: float) -> FloatArray:
    """rho (n,) from the diagonal of R."""
    most = np.sqrt(1.0 - NOISE)
    rho = np.diagonal(latent) * np.sqrt(tau**2 + LOGISTIC_VARIANCE) / tau
    return np.asarray(np.clip(rho, -most, most))


def fit_gamma(
    cases: Cases, weight: FloatArray, score: FloatArray, variance: FloatArray, rho: FloatArray, common: float
) -> FloatArray:
    """gamma (n,), pairs weighted by the tasks they share; common: sigma_d^2 / tau^2."""
    shared, n_tasks = covariances(score, score, cases.present, weight)
    rest = shared / np.outer(variance, variance) - common * np.outer(rho, rho)
    return one_factor(rest, n_tasks / n_tasks.max(), np.sqrt(np.maximum(1.0 - NOISE - rho**2, 0.0)))


def one_factor(target: FloatArray, trust: FloatArray, most: FloatArray) -> FloatArray:
    """g (n,) minimising the sum over pairs of trust (target - g g')^2, |g| <= most; the diagonals are not read.

    Coordinate descent from the leading eigenvector: in each g_i the problem is a parabola. Source: [HarmanJones1966].

    >>> g = np.array([0.9, 0.5, 0.3])
    >>> one_factor(np.outer(g, g), np.ones((3, 3)), np.ones(3)).round(6).tolist()
    [0.9, 0.5, 0.3]
    """
    trust = np.where(np.eye(len(target), dtype=np.bool_), 0.0, trust)
    target = np.where(trust > 0, target, 0.0)
    size, vector = np.linalg.eigh(target)
    level = max(size[-1], 0.0) * len(target) / (len(target) - 1)  # the diagonal's share, missing in the eigenvalue
    g = np.clip(np.sqrt(level) * vector[:, -1], -most, most)
    for _ in range(_SWEEPS):
        before = g.copy()
        for i in range(len(g)):
            known = trust[i] @ g**2
            g[i] = min(max((trust[i] * target[i]) @ g / known, -most[i]), most[i]) if known > 0 else 0.0
        if np.abs(g - before).max() < _STILL:
            break
    return np.asarray(g if g.sum() >= 0 else -g)


def covariances(
    x: FloatArray, y: FloatArray, present: BoolArray, weight: FloatArray, of_y: BoolArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """cov(x_i, y_j) (n, n) over the tasks at which both are there, and how many; 0 where there are none.

    present (T, n): where x is there, and y too unless of_y says otherwise.
    """
    here, there = present.astype(np.float64), (present if of_y is None else of_y).astype(np.float64)
    count = (here * weight[:, None]).T @ there
    n = np.maximum(count, 1.0)
    x, y = np.where(here > 0, x, 0.0) * weight[:, None], np.where(there > 0, y, 0.0)
    return x.T @ y / n - (x.T @ there / n) * ((here * weight[:, None]).T @ y / n), count


def log_normals(cases: Cases, weight: FloatArray, score: FloatArray, variance: FloatArray) -> dict[str, FloatArray]:
    """Of both costs, (n,) each: share of zeros; mean and sd of the logarithms of the rest, NaN where there are none.

    And the correlation of ln cost belief with the signal. Zeros are taken to come independently of all else.
    """
    here = weight[:, None] * cases.present
    some = weight[:, None] * cases.believed
    belief, belief_sd = _log_moments(cases.log_cost_belief, some)
    n = some.sum(axis=0)
    middle = np.divide((some * score).sum(axis=0), n, out=np.zeros(len(n)), where=n > 0)
    joint = (some * (score - middle) * cases.log_cost_belief).sum(axis=0) / np.where(n > 0, n, 1.0)
    r = np.divide(joint, variance * belief_sd, out=np.where(n > 0, 0.0, np.nan), where=belief_sd > 0)
    return {
        "cost_belief_zero": 1.0 - n / here.sum(axis=0),
        "cost_belief_mean": belief,
        "cost_belief_sd": belief_sd,
        "cost_belief_correlation": np.clip(r, -1.0, 1.0),
        **cost_laws(cases, weight),
    }


def cost_laws(cases: Cases, weight: FloatArray) -> dict[str, FloatArray]:
    """Of costs, (n,) each: share of zeros; mean and sd of the logarithms of the rest, NaN where there are none."""
    tried, paid = weight[:, None, None] * cases.tried, weight[:, None, None] * cases.paid
    cost, cost_sd = _log_moments(cases.log_cost, paid)
    return {"cost_zero": 1.0 - paid.sum(axis=(0, 2)) / tried.sum(axis=(0, 2)), "cost_mean": cost, "cost_sd": cost_sd}


def _log_moments(logs: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (n,) of logs (T, n, ...) with these weights, NaN where they are all 0."""
    axes = tuple(axis for axis in range(logs.ndim) if axis != 1)
    total, shape = weight.sum(axis=axes), (1, -1) + (1,) * (logs.ndim - 2)
    n = np.where(total > 0, total, np.nan)
    mean = (weight * logs).sum(axis=axes) / n
    return mean, np.sqrt((weight * (logs - mean.reshape(shape)) ** 2).sum(axis=axes) / n)
