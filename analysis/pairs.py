"""Pairs of a success and a failure: how many the claims order rightly, counted by sorting.

Index convention: N observations with one claim each, against j outcomes side by side; ties are won half.

    wins   W = sum over pairs of w_s w_f [claim of s > claim of f] + [equal] / 2
    pairs  P = sum over pairs of w_s w_f

Pairs are made within a group only. An observation's own counts are the pairs it is in, so over all observations they
sum to 2 W and 2 P. Time: N log N.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.kit.arrays import BoolArray, FloatArray


def pair_counts(
    claim: FloatArray,
    success: BoolArray,
    used: BoolArray,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Wins and pairs (N, j) that each observation is in.

    claim: (N,). success, used: (N, j); what is not used is in no pair. group: (N,) labels, pairs are within one; None
    is one group. weight: (N,) or (N, j) of the observations, default 1.

    >>> wins, pairs = pair_counts(np.array([0.9, 0.4]), np.array([[True], [False]]), np.ones((2, 1), np.bool_))
    >>> wins.ravel().tolist(), pairs.ravel().tolist()
    ([1.0, 1.0], [1.0, 1.0])
    """
    n = len(claim)
    label = np.zeros(n, np.int64) if group is None else np.unique(np.asarray(group), return_inverse=True)[1]
    order = np.lexsort((claim, label))
    same_group = label[order][1:] == label[order][:-1]
    same_claim = same_group & (claim[order][1:] == claim[order][:-1])
    low, high = _runs(same_claim, n)
    first, last = _runs(same_group, n)
    size = observation_weight(weight, success.shape)
    wins, pairs = np.zeros(success.shape), np.zeros(success.shape)
    for own, other, sign in ((success, ~success, 1.0), (~success, success, -1.0)):
        below = _running(np.where(other & used, size, 0.0)[order])
        middle = (below[low] + below[high]) / 2
        beaten = middle - below[first] if sign > 0 else below[last] - middle
        mine = np.where(own & used, size, 0.0)[order]
        wins[order] += mine * beaten
        pairs[order] += mine * (below[last] - below[first])
    return wins, pairs


def touching(
    claim: FloatArray,
    success: BoolArray,
    used: BoolArray,
    group: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Wins and pairs (N, j), summed within a cluster those with a member in it, each pair once; W and P (j,).

    cluster: (N,) labels; None makes every observation its own. Other arguments as in `pair_counts`.
    """
    wins, pairs = pair_counts(claim, success, used, group, weight)
    n_wins, n_pairs = (np.where(success, x, 0.0).sum(axis=0) for x in (wins, pairs))
    if cluster is None or len(np.unique(cluster)) == len(claim):  # no pair lies inside a cluster
        return wins, pairs, n_wins, n_pairs
    inside = pair_counts(claim, success, used, both(group, cluster), weight)
    return wins - inside[0] / 2, pairs - inside[1] / 2, n_wins, n_pairs


def both(group: ArrayLike | None, cluster: ArrayLike) -> ArrayLike:
    """Labels of (group, cluster)."""
    if group is None:
        return cluster
    first, second = (np.unique(np.asarray(x), return_inverse=True)[1] for x in (group, cluster))
    return np.asarray(np.unique(first * (second.max(initial=0) + 1) + second, return_inverse=True)[1])


def observation_weight(weight: ArrayLike | None, shape: tuple[int, ...]) -> FloatArray:
    """Weights of the observations as an array of `shape` (N, ...); a weight (N,) holds for the whole row.

    Raises ValueError where a weight is negative or not finite.
    """
    if weight is None:
        return np.ones(shape)
    size = np.asarray(weight, np.float64)
    bad = ~np.isfinite(size) | (size < 0)
    if bad.any():
        where = tuple(int(k) for k in np.argwhere(bad)[0])
        raise ValueError(f"weight must be finite and >= 0; got {float(size[where])} at {where}")
    if size.shape not in (shape, shape[:1]):
        raise ValueError(f"weight must have shape {shape[:1]} or {shape}; got {size.shape}")
    return np.broadcast_to(size.reshape(size.shape + (1,) * (len(shape) - size.ndim)), shape)


def agent_table(
    claim: ArrayLike, success: ArrayLike, present: ArrayLike | None
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Claims, successes and presence of agents on tasks as arrays (N, n); present everywhere by default."""
    p, y = np.asarray(claim, np.float64), np.asarray(success, np.bool_)
    here = np.ones(p.shape, np.bool_) if present is None else np.asarray(present, np.bool_)
    if p.ndim != 2 or p.shape != y.shape or p.shape != here.shape:
        raise ValueError(f"claim, success and present must be (N, n); got {p.shape}, {y.shape} and {here.shape}")
    return p, y, here


def _runs(joined: NDArray[np.bool_], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each of n sorted places, where its run begins and where it ends; joined: (n - 1,) it goes on."""
    start = np.flatnonzero(np.append(True, ~joined)[:n])
    run = np.cumsum(np.append(True, ~joined)[:n]) - 1
    return start[run].astype(np.int64), np.append(start[1:], n)[run].astype(np.int64)


def _running(x: FloatArray) -> FloatArray:
    """(N + 1, j) sums of the rows before each place."""
    return np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)])
