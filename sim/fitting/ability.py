"""Skills and the spreads of difficulty and private fit by maximum likelihood.

    P(cell | d) = E_u[p^hits (1 - p)^misses],  p = sigma(alpha_i + sigma_d d + sigma_u u)
    log L       = sum over tasks of log E_d prod over agents P(cell | d)

u belongs to the (task, agent): its trials share it and are independent given it. So repeated trials identify sigma_u;
one outcome per cell does not, and sigma_u must then be held. Tasks with the same outcomes share one evaluation; the
gradient is analytic.

Quadrature: where no cell has two trials, Gauss-Hermite, 61 nodes over d and 41 over u, as the fit of the recorded table
was made (at sigma_d = 4.2 it is .013 nats off, a fiftieth of a standard error of sigma_d). Repeated trials make the
integrands too sharp for it (.6 nats off at the same sigma_d), so that 63 even nodes, STEP apart, serve both.
Source: [BockAitkin1981].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize
from scipy.special import expit, log_expit, logit

from sim.fitting.cases import Cases
from sim.kit.arrays import FloatArray
from sim.kit.errors import TableError

NODES_D, NODES_U = 61, 41
STEP, WIDEST = 0.2, 6.2  # of the even nodes, standard deviations; beyond WIDEST lies 6e-10 of a normal
MOST_SIGMA_D = 20.0  # beyond it the nodes over d lie too far apart to follow a logistic curve
MOST_SIGMA_U = 10.0  # beyond it the same holds of five trials and the nodes over u
_START_D, _START_U = 2.0, 1.5  # logits
_LEAST_START = 0.3  # at a spread of 0 the gradient is 0 whether or not the maximum lies there


class Ability(NamedTuple):
    """alpha (n,), sigma_d and sigma_u in logits; log_likelihood in nats."""

    alpha: FloatArray
    sigma_d: float
    sigma_u: float
    log_likelihood: float


class AbilityFit:
    """The likelihood of one table, for any weights of its tasks. sigma_u: as held, None where it is to be fitted.

    pattern_of (T,): number of the outcomes at a task.
    """

    def __init__(self, cases: Cases, sigma_u: float | None) -> None:
        pairs = np.stack([cases.hits, cases.misses], axis=-1)
        kinds, code = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
        self._pattern, of = np.unique(code.reshape(cases.hits.shape), axis=0, return_inverse=True)
        self.pattern_of = of.ravel()
        self._hits, self._misses = kinds.T[:, :, None, None, None].astype(np.float64)  # (kinds, 1, 1, 1) each
        self._d, weight_d = even_nodes() if cases.repeated else normal_nodes(NODES_D)
        self._u, weight_u = even_nodes() if cases.repeated else normal_nodes(NODES_U)
        self._log_weight_d, self._log_weight_u = np.log(weight_d), np.log(weight_u)
        self.sigma_u = sigma_u
        self._cases = cases

    def fit(self, weight: FloatArray, start: Ability | None = None) -> Ability:
        """The maximum over alpha, sigma_d and, unless it is held, sigma_u.

        Raises TableError where sigma_d would reach MOST_SIGMA_D, or sigma_u MOST_SIGMA_U.
        """
        tasks = np.bincount(self.pattern_of, weight, len(self._pattern)).astype(np.float64)

        def loss(x: FloatArray) -> tuple[float, FloatArray]:
            return self.loss(x, tasks)

        x = self._guess(weight) if start is None else _from(start)
        x = x if self.sigma_u is None else x[:-1]
        found = optimize.minimize(loss, x, jac=True, method="BFGS", options={"gtol": 1e-7})
        n_agents = self._pattern.shape[1]
        alpha, spreads = found.x[:n_agents], np.abs(found.x[n_agents:])  # the likelihood is even in both spreads
        sigma_d, sigma_u = float(spreads[0]), float(spreads[1]) if self.sigma_u is None else self.sigma_u
        if self.sigma_u is None and not sigma_u < MOST_SIGMA_U:
            raise TableError(
                "trials of one agent at one task hardly ever differ: the spread of private fit, sigma_u, has no finite "
                "estimate; hold it (--sigma-u)"
            )
        if not sigma_d < MOST_SIGMA_D:
            raise TableError("the agents solve nearly the same tasks: the spread of difficulty has no finite estimate")
        return Ability(alpha, sigma_d, sigma_u, -float(found.fun))

    def loss(self, x: FloatArray, tasks: FloatArray) -> tuple[float, FloatArray]:
        """-log L and its gradient at x = (alpha, sigma_d), with sigma_u last where it is fitted.

        tasks: how many have each pattern of outcomes.
        """
        agent = np.arange(self._pattern.shape[1])
        spreads = x[len(agent) :]
        sigma_u = spreads[1] if self.sigma_u is None else self.sigma_u
        log_chance, slope, slope_u = self._cells(x[: len(agent)], spreads[0], sigma_u)
        log_joint = log_chance[self._pattern, agent].sum(axis=1) + self._log_weight_d  # (patterns, nodes)
        top = log_joint.max(axis=1, keepdims=True)
        joint = np.exp(log_joint - top)
        total = joint.sum(axis=1, keepdims=True)
        posterior = tasks[:, None] * joint / total
        by_node = np.einsum("pd,pid->id", posterior, slope[self._pattern, agent])
        gradient = np.append(by_node.sum(axis=1), (by_node @ self._d).sum())
        if self.sigma_u is None:
            gradient = np.append(gradient, np.einsum("pd,pid->", posterior, slope_u[self._pattern, agent]))
        return -float(tasks @ (np.log(total) + top)[:, 0]), -gradient

    def _cells(self, alpha: FloatArray, sigma_d: float, sigma_u: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """log P(cell | d) for each kind of cell, agent and node of d; its derivatives by alpha and by sigma_u.

        The last is computed where it is wanted alone, and else as the one before.
        """
        ability = alpha[:, None, None] + sigma_d * self._d[:, None] + sigma_u * self._u
        logs = self._hits * log_expit(ability) + self._misses * log_expit(-ability) + self._log_weight_u
        top = logs.max(axis=-1, keepdims=True)
        chance = np.exp(logs - top)
        total = chance.sum(axis=-1)
        surplus = chance * (self._hits - (self._hits + self._misses) * expit(ability))
        slope = surplus.sum(axis=-1) / total
        slope_u = np.asarray(surplus @ self._u / total) if self.sigma_u is None else slope
        return np.log(total) + top[..., 0], slope, slope_u

    def _guess(self, weight: FloatArray) -> FloatArray:
        """A start: difficulty and fit spread by some logits, alphas that give about the observed rates there."""
        rate = weight @ self._cases.share / (weight @ self._cases.played)
        return np.append(1.5 * logit(rate), [_START_D, _START_U])


def _from(start: Ability) -> FloatArray:
    """A start at an earlier maximum, away from spreads of 0."""
    return np.array([*start.alpha, max(start.sigma_d, _LEAST_START), max(start.sigma_u, _LEAST_START)])


def normal_nodes(count: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of Gauss-Hermite quadrature for a standard normal; weights sum to 1.

    >>> x, w = normal_nodes(5)
    >>> round(float(w @ x**4), 9)
    3.0
    """
    x, w = np.polynomial.hermite_e.hermegauss(count)
    return x, w / w.sum()


def even_nodes() -> tuple[FloatArray, FloatArray]:
    """Nodes STEP apart, to WIDEST on either side, and their weights for a standard normal; weights sum to 1.

    >>> x, w = even_nodes()
    >>> len(x), round(float(w @ x**4), 5)
    (63, 3.0)
    """
    half = round(WIDEST / STEP)
    x = np.asarray(np.arange(-half, half + 1) * STEP, dtype=np.float64)
    w = np.exp(-x * x / 2.0)
    return x, w / w.sum()
