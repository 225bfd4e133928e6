"""Skills and the spread of difficulty by maximum likelihood, sigma_u given.

    P(cell | d) = E_u[p^hits (1 - p)^misses],  p = sigma(alpha_i + sigma_d d + sigma_u u)
    log L       = sum over tasks of log E_d prod over agents P(cell | d)

by Gauss-Hermite quadrature, NODES_D nodes over d and NODES_U over u, with the analytic gradient. Tasks with the same
outcomes share one evaluation. One outcome per cell does not identify sigma_u: it is held, not fitted. Source:
[BockAitkin1981].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize
from scipy.special import expit, log_expit, logit

from sim.arrays import FloatArray
from sim.errors import TableError
from sim.fitting.cases import Cases

NODES_D, NODES_U = 61, 41
MOST_SIGMA_D = 20.0  # beyond it NODES_D nodes lie too far apart to follow a logistic curve


class Ability(NamedTuple):
    """alpha (n,) and sigma_d in logits; log_likelihood in nats."""

    alpha: FloatArray
    sigma_d: float
    log_likelihood: float


class AbilityFit:
    """The likelihood of one table, for any weights of its tasks. pattern_of (T,): number of the outcomes at a task."""

    def __init__(self, cases: Cases, sigma_u: float) -> None:
        pairs = np.stack([cases.hits, cases.misses], axis=-1)
        kinds, code = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
        self._pattern, of = np.unique(code.reshape(cases.hits.shape), axis=0, return_inverse=True)
        self.pattern_of = of.ravel()
        self._hits, self._misses = kinds.T[:, :, None, None, None].astype(np.float64)  # (kinds, 1, 1, 1) each
        self._d, weight_d = normal_nodes(NODES_D)
        u, weight_u = normal_nodes(NODES_U)
        self._log_weight_d, self._log_weight_u = np.log(weight_d), np.log(weight_u)
        self._private = sigma_u * u
        self._cases = cases

    def fit(self, weight: FloatArray, start: Ability | None = None) -> Ability:
        """The maximum over alpha and sigma_d; raises TableError where sigma_d would reach MOST_SIGMA_D."""
        tasks = np.bincount(self.pattern_of, weight, len(self._pattern)).astype(np.float64)

        def loss(x: FloatArray) -> tuple[float, FloatArray]:
            return self.loss(x, tasks)

        x: FloatArray = self._guess(weight) if start is None else np.array([*start.alpha, start.sigma_d])
        found = optimize.minimize(loss, x, jac=True, method="BFGS", options={"gtol": 1e-7})
        sigma_d = abs(float(found.x[-1]))  # the likelihood is even in it
        if not sigma_d < MOST_SIGMA_D:
            raise TableError("the agents solve nearly the same tasks: the spread of difficulty has no finite estimate")
        return Ability(found.x[:-1], sigma_d, -float(found.fun))

    def loss(self, x: FloatArray, tasks: FloatArray) -> tuple[float, FloatArray]:
        """-log L and its gradient at x = (alpha, sigma_d); tasks: how many have each pattern of outcomes."""
        log_chance, slope = self._cells(x[:-1], x[-1])
        agent = np.arange(self._pattern.shape[1])
        log_joint = log_chance[self._pattern, agent].sum(axis=1) + self._log_weight_d  # (patterns, nodes)
        top = log_joint.max(axis=1, keepdims=True)
        joint = np.exp(log_joint - top)
        total = joint.sum(axis=1, keepdims=True)
        posterior = tasks[:, None] * joint / total
        by_node = np.einsum("pd,pid->id", posterior, slope[self._pattern, agent])
        gradient = np.append(by_node.sum(axis=1), (by_node @ self._d).sum())
        return -float(tasks @ (np.log(total) + top)[:, 0]), -gradient

    def _cells(self, alpha: FloatArray, sigma_d: float) -> tuple[FloatArray, FloatArray]:
        """log P(cell | d) for each kind of cell, agent and node of d, and its derivative by alpha."""
        ability = alpha[:, None, None] + sigma_d * self._d[:, None] + self._private
        logs = self._hits * log_expit(ability) + self._misses * log_expit(-ability) + self._log_weight_u
        top = logs.max(axis=-1, keepdims=True)
        chance = np.exp(logs - top)
        total = chance.sum(axis=-1)
        surplus = (chance * (self._hits - (self._hits + self._misses) * expit(ability))).sum(axis=-1)
        return np.log(total) + top[..., 0], surplus / total

    def _guess(self, weight: FloatArray) -> FloatArray:
        """A start: difficulty spread by 2 logits, alphas that give about the observed rates there."""
        rate = weight @ self._cases.share / (weight @ self._cases.present)
        return np.append(1.5 * logit(rate), 2.0)


def normal_nodes(count: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of Gauss-Hermite quadrature for a standard normal; weights sum to 1.

    >>> x, w = normal_nodes(5)
    >>> round(float(w @ x**4), 9)
    3.0
    """
    x, w = np.polynomial.hermite_e.hermegauss(count)
    return x, w / w.sum()
