"""What an agent believes of a task it has failed: its claim after f failures of its own.

An agent with the claim q does not know its ability p at the task: logit p ~ N(mu, v^2), with mu such that E[p] = q and
v the spread, what its signal leaves unknown. Ability is kept over retries, so a failure is news of it:

    q_f = E[p (1 - p)^f] / E[(1 - p)^f]

which is the success rate of those that claimed q and failed f times, where claims are calibrated. Claims of 0 and 1
stay, and so does every claim at v = 0. Only failures of one's own count: those of others are in no notice, and an
attempt lost to the system says nothing.

The expectations are sums over even nodes x = -9, ..., 9 of a standard normal. They converge as fast as Gauss-Hermite
quadrature and stay exact at spreads beyond 5, where its nodes lie further apart than the logistic is wide. They are
tabulated over mu once per (v, f) and read off by a cubic spline from logit q to logit q_f.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from annotated_types import Gt, Le
from numpy.typing import ArrayLike
from scipy.special import log_expit

from sim.kit.arrays import FloatArray, IntArray
from sim.kit.parameters import choose
from sim.kit.portable import expit, logit

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

_NODES = np.linspace(-9.0, 9.0, 361)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
_LOGITS = 40.0  # further out than the logit of any number below 1
_KNOTS = 401


@dataclass(frozen=True)
class Same:
    """Bids its first belief at every try."""


@dataclass(frozen=True)
class Update:
    """Bids what its failures leave of its belief. spread: v in logits; the profile's own where absent."""

    spread: Annotated[float, Gt(0), Le(20)] | None = None


def parse_on_retry(raw: Any) -> Update | None:
    """What a scenario asks for, None where beliefs stay; raises ValueError saying what is allowed."""
    if raw is None:
        return None
    found = choose(raw, {"same": Same, "update": Update})
    return found if isinstance(found, Update) else None


def posterior(belief: ArrayLike, spread: ArrayLike, failures: ArrayLike) -> FloatArray:
    """Belief q_f after `failures` of one's own, of the shape all three broadcast to.

    belief: q, in [0, 1]; NaN stays. spread: v >= 0, logits. failures: f >= 0.

    >>> posterior(0.5, 2.0, [0, 1, 2]).round(3).tolist()
    [0.5, 0.303, 0.217]
    """
    q, v, f = np.broadcast_arrays(np.asarray(belief, np.float64), spread, failures)
    after = q.copy()
    if not f.any():
        return after
    which = np.unique(v, return_inverse=True)[1]
    kind = which.ravel() * (int(f.max()) + 1) + f.ravel()
    order = np.argsort(kind, kind="stable")
    starts = np.flatnonzero(np.diff(kind[order], prepend=-1))
    for where in np.split(order, starts[1:]):
        one, times = float(v.flat[where[0]]), int(f.flat[where[0]])
        if one > 0 and times > 0:
            after.flat[where] = _moved(q.flat[where], _curve(one, times))
    return after


def after_each(belief: FloatArray, spread: FloatArray, most: int) -> FloatArray:
    """Beliefs (..., most) after 1, ..., `most` failures, from belief and spread (...)."""
    return posterior(belief[..., None], spread[..., None], np.arange(1, most + 1))


def at_try(belief: FloatArray, retry_belief: FloatArray | None, failures: IntArray) -> FloatArray:
    """The belief (...) held after `failures` (...) from those of a World: belief (...), retry_belief (..., F) or None.

    Failures beyond F leave it as F did.
    """
    if retry_belief is None or not failures.any():
        return belief
    place = np.minimum(np.maximum(failures, 1), retry_belief.shape[-1]) - 1
    failed = np.take_along_axis(retry_belief, place[..., None], axis=-1)[..., 0]
    return np.where(failures > 0, failed, belief)


def _moved(q: FloatArray, curve: CubicSpline) -> FloatArray:
    """q_f by the curve; beyond its ends the shift in logits stays, so that 0 and 1 do."""
    odds = logit(q)
    within = np.minimum(np.maximum(odds, curve.x[0]), curve.x[-1])
    # Where the shift is below rounding, the way to logits and back must not raise the claim.
    return np.asarray(np.minimum(expit(curve(within) + (odds - within)), q))


@cache
def _curve(spread: float, failures: int) -> CubicSpline:
    """logit q_f as a function of logit q."""
    latent = np.linspace(-1.0, 1.0, _KNOTS)[:, None] * (_LOGITS + _NODES[-1] * spread) + spread * _NODES
    log_miss = log_expit(-latent)
    log_p = latent + log_miss
    before = _log_mean(log_p) - _log_mean(log_miss)
    after = _log_mean(log_p + failures * log_miss) - _log_mean((failures + 1) * log_miss)
    from scipy.interpolate import CubicSpline  # slow to load, and few markets need it

    return CubicSpline(before, after)


def _log_mean(terms: FloatArray) -> FloatArray:
    """log E[exp(terms)] (knots,) from terms (knots, nodes)."""
    top = terms.max(axis=1)
    return np.asarray(top + np.log(np.exp(terms - top[:, None]) @ _WEIGHTS))
