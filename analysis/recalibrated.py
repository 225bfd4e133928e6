"""Claims recalibrated out of sample: what an agent would claim that knew its own calibration curve, and nothing more.

    logit claim' = a + b logit claim,   b >= 0,     a, b of each agent by maximum likelihood

on the other half of the tasks, the halves of the record `split` (sim/standing/records.py), so that no claim is moved by
the outcome of its own task. It is the logistic regression by which a population's calibrated claims are defined
(sim/population/beliefs.py); b >= 0, so that an agent learns how much its claims mean and not to turn them round: their
ranking stays, or is given up where b = 0.

    in the fit       a success counts (S + 1) / (S + 2) and a failure 1 / (F + 2), S and F of them on record
                     [Platt1999], so that an agent with successes only does not become certain
    claims of 0, 1   have no logit: claims are moved into [EDGE, 1 - EDGE] first, in the fit and where it is used
    one record       a replication's own half on a recorded table, and where a synthetic World draws something once for
                     a replication; else the halves of all replications together

Second names of an agent (sim/world/second_names.py) believe what its first name does; a shill has no record, and what
stands in its place stays.

Index convention: R replications, T tasks, n agents; (R, T, n). NaN where an agent is absent stays.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit

from analysis.observed import Observed
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.world.world import World

EDGE = 0.005  # as near to 0 and 1 as a claim may come before its logit is taken
_LOOSE = 1e-9  # weight of (b - 1)^2 beside the mean likelihood: it decides where nothing else does
_STEPS, _HALVINGS, _CLOSE, _NOISE = 60, 20, 1e-7, 1e-12


class Curves(NamedTuple):
    """level a and slope b of each of M curves, (M,), logits; claims stay where a = 0 and b = 1."""

    level: FloatArray
    slope: FloatArray

    def __call__(self, claim: FloatArray) -> FloatArray:
        """The claims (M, ...) that mean what they say; NaN stays."""
        shape = (-1, *(1,) * (claim.ndim - 1))
        level, slope = self.level.reshape(shape), self.slope.reshape(shape)
        moved = expit(level + slope * _logit(claim))
        return np.asarray(np.where((level == 0) & (slope == 1), claim, moved))  # also claims of 0 and 1 stay


def curves(claim: FloatArray, success: FloatArray, used: BoolArray) -> Curves:
    """The calibration curve of each row; where a row holds no observation its claims stay.

    claim, success, used (M, H): success in [0, 1], the share of several outcomes; cells that are not used are not read.
    Newton's method with halved steps, all rows at once. Where all claims of a row are one, b = 1.

    >>> claims, solved = np.repeat([0.2, 0.9], 1000)[None], np.tile([1.0, 0.0], 1000)[None]
    >>> abs(curves(claims, solved, solved >= 0)(np.array([[0.9]]))[0, 0] - 0.5) < 1e-3
    np.True_
    """
    passed, failed = (np.where(used, share, 0.0) for share in (success, 1.0 - success))
    hits, misses = passed.sum(axis=1, keepdims=True), failed.sum(axis=1, keepdims=True)
    size, count = passed + failed, np.maximum(hits + misses, 1.0)
    target = (passed * (hits + 1.0) / (hits + 2.0) + failed / (misses + 2.0)) / count
    size, x = size / count, np.where(used, _logit(np.where(used, claim, 0.5)), 0.0)

    def loss(a: FloatArray, b: FloatArray) -> FloatArray:
        z = a + b * x
        likelihood = target * log_expit(z) + (size - target) * log_expit(-z)
        return np.asarray(-likelihood.sum(axis=1, keepdims=True) + _LOOSE * (b - 1.0) ** 2)

    a, b = np.zeros(hits.shape), np.ones(hits.shape)
    best = loss(a, b)
    for _ in range(_STEPS):
        p = expit(a + b * x)
        gap, bend = size * p - target, size * p * (1.0 - p)
        slopes = [(gap * y).sum(axis=1, keepdims=True) for y in (1.0, x)]
        slopes[1] = slopes[1] + 2 * _LOOSE * (b - 1.0)
        aa, ab, bb = ((bend * y).sum(axis=1, keepdims=True) for y in (1.0, x, x * x))
        aa, bb = aa + _LOOSE, bb + 2 * _LOOSE
        whole = aa * bb - ab * ab
        by_a, by_b = (bb * slopes[0] - ab * slopes[1]) / whole, (aa * slopes[1] - ab * slopes[0]) / whole
        if max(np.abs(by_a).max(initial=0.0), np.abs(by_b).max(initial=0.0)) < _CLOSE:
            break
        share = np.ones(hits.shape)
        for _ in range(_HALVINGS):
            worse = loss(a - share * by_a, b - share * by_b) > best + _NOISE
            if not worse.any():
                break
            share = np.where(worse, share / 2.0, share)
        a, b = a - share * by_a, b - share * by_b
        best = loss(a, b)
    return _rising(a, b, target.sum(axis=1, keepdims=True), (hits + misses) > 0)


def _rising(a: FloatArray, b: FloatArray, rate: FloatArray, known: BoolArray) -> Curves:
    """With b = 0 where it would fall: the likeliest then is the rate."""
    falls = b < 0
    flat = logit(np.where(falls, rate, 0.5))
    level, slope = np.where(falls, flat, a), np.where(falls, 0.0, b)
    return Curves(np.where(known, level, 0.0)[:, 0], np.where(known, slope, 1.0)[:, 0])


@lru_cache(maxsize=4)
def recalibrated(world: World, seed: int) -> FloatArray:
    """(R, T, n) beliefs of the World's agents, each by its curve on the other half of the tasks."""
    half, seen = halves(world, seed), Observed.of(world, world.belief)
    shape = world.present.shape
    claim, share, known = (np.broadcast_to(x, shape) for x in (seen.claim, seen.share, seen.known))
    apart = records_apart(world)
    found = np.array(world.belief, np.float64)

    def rows(array: NDArray[Any]) -> NDArray[Any]:
        """A row for each record."""
        return array if apart else array.reshape(1, -1)

    for side in (0, 1):
        for agent in range(world.n_agents):
            on_record = (half != side) & known[..., agent]
            fitted = curves(*(rows(x) for x in (claim[..., agent], share[..., agent], on_record)))
            own = found[..., agent]
            found[..., agent] = np.where(half == side, fitted(rows(world.belief[..., agent])).reshape(own.shape), own)
    return _of_bodies(world, found)


@lru_cache(maxsize=4)
def right_on_average(world: World, seed: int) -> FloatArray:
    """(R, T, n) dollars: cost beliefs times mean cost / mean cost belief of the agent on the other half of the tasks.

    Where either mean is 0 or unknown there, they stay.
    """
    half = halves(world, seed)
    known = world.present if world.observed is None else world.present & world.observed[..., 0]
    cost, found = world.cost[..., 0], np.array(world.cost_belief, np.float64)
    over = (1,) if records_apart(world) else (0, 1)
    for side in (0, 1):
        mine = (half == side)[..., None]
        used = ~mine & known & ~np.isnan(cost)
        actual, believed = (np.where(used, x, 0.0).sum(axis=over, keepdims=True) for x in (cost, world.cost_belief))
        both = (actual > 0) & (believed > 0)
        ratio = np.divide(actual, believed, out=np.ones(both.shape), where=both)
        found = np.where(mine, found * ratio, found)
    return _of_bodies(world, found)


def halves(world: World, seed: int) -> IntArray:
    """(R, T): which half of the tasks each is in, 0 or 1; that of the World's own record where it has one."""
    if world.half is not None:
        return np.asarray(world.half, np.int64)
    words = draws.words_range(world.n_replications), draws.words_of(world.tasks)
    rank = draws.uniform(seed, "half", *words).argsort(axis=1).argsort(axis=1)
    return np.asarray(rank >= world.n_tasks // 2, np.int64)


def records_apart(world: World) -> bool:
    """Each replication has a record of its own."""
    return world.from_table or bool(world.shared)


def _of_bodies(world: World, found: FloatArray) -> FloatArray:
    """The same, with what each name's body believes: further names have no record of their own; NaN where absent."""
    own = found if world.body is None else found[..., list(world.body)]
    return np.asarray(np.where(world.present, own, np.nan))


def _logit(claim: FloatArray) -> FloatArray:
    return np.asarray(logit(np.clip(claim, EDGE, 1.0 - EDGE)))
