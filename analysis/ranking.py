"""Do claims rank? Areas under the curve (AUC), with influence values and a jackknife.

Index convention: claim, success are (N,), or (N, n) where agents are compared on the same tasks; NaN marks a claim
that was not made.

    AUC = W / P = P(claim of a success > claim of a failure) + P(equal) / 2, over all such pairs

Pairs may be counted within groups only (a replication, half a table). A standard error needs the influence of
clusters. A pair of two clusters belongs to both; a pair inside a cluster belongs to it once:

    influence of c = (W_c - AUC P_c) / P,   W_c, P_c: wins and pairs with a member in c, each pair counted once

Counted at each of its members, a pair inside a cluster would count twice, and a standard error by replication of an
AUC within replications would be twice its size. Source: [DeLong1988].
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from analysis.pairs import agent_table, observation_weight, touching
from sim.kit.arrays import BoolArray, FloatArray, IntArray


def auc(claim: ArrayLike, success: ArrayLike) -> float:
    """Chance that a success was claimed above a failure, ties half; NaN where only one of the two occurs.

    >>> auc([0.9, 0.4, 0.4], [True, True, False])
    0.75
    """
    p, y = np.asarray(claim, np.float64), np.asarray(success, np.bool_)
    if p.shape != y.shape:
        raise ValueError(f"claim and success must have one shape; got {p.shape} and {y.shape}")
    made = ~np.isnan(p)
    return float(auc_components(p[made], y[made][:, None], np.ones((int(made.sum()), 1), np.bool_))[0][0])


def auc_components(
    claim: FloatArray,
    success: BoolArray,
    used: BoolArray,
    group: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """AUC (j,) of one list of claims (N,) against several outcomes (N, j), and each cell's influence on it (N, j).

    Cells that are not `used` have none. group: (N,) pairs are counted within it only, all pairs by default. cluster:
    (N,) what the influence will be summed within; by default every observation is its own. weight: (N,) or (N, j).

    >>> one = np.ones((4, 1), np.bool_)
    >>> auc_components(np.array([0.9, 0.8, 0.2, 0.1]), np.array([[0], [1], [1], [0]], np.bool_), one, [0, 0, 1, 1])[0]
    array([0.5])
    """
    wins, pairs, n_wins, n_pairs = touching(claim, success, used, group, cluster, weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = n_wins / n_pairs
        return area, np.where(used, (wins - area * pairs) / n_pairs, 0.0)


def auc_jackknife(
    claim: FloatArray,
    success: BoolArray,
    used: BoolArray,
    cluster: ArrayLike,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """AUC (j,) and its standard error by leaving out one cluster at a time, see `leave_out_error`.

    With few clusters of several observations it is larger, and nearer the truth, than the linearised one: "95%" of 10
    clusters of 30 covers .93 to .97, linearised .90 to .95. Arguments as in `auc_components`.
    """
    wins, pairs, n_wins, n_pairs = touching(claim, success, used, group, cluster, weight)
    label = np.unique(np.asarray(cluster), return_inverse=True)[1]
    total = np.zeros((2, int(label.max()) + 1 if label.size else 0, success.shape[1]))
    for of_cluster, part in zip(total, (wins, pairs), strict=True):
        np.add.at(of_cluster, label, part)
    with np.errstate(invalid="ignore"):
        return n_wins / n_pairs, leave_out_error(n_wins, n_pairs, total[0], total[1])


def leave_out_error(n_wins: FloatArray, n_pairs: FloatArray, wins: FloatArray, pairs: FloatArray) -> FloatArray:
    """Standard error (j,) of W / P by the jackknife; NaN with fewer than two clusters in a pair.

        se^2 = (G - 1) / G sum over clusters (share without c - their mean)^2

    n_wins, n_pairs: (j,) W and P. wins, pairs: (G, j) those with a member in each cluster, each pair once; clusters
    in no pair, and those without which no pair is left, are not counted.

    >>> leave_out_error(np.array([2.0]), np.array([3.0]), np.array([[2.0], [0.0]]), np.array([[2.0], [1.0]]))
    array([0.5])
    """
    kept = n_pairs - pairs
    counted = (kept > 1e-9 * n_pairs) & (pairs > 0)
    left = np.divide(n_wins - wins, kept, out=np.zeros(kept.shape), where=counted)
    g = np.where(counted.sum(axis=0) > 1, counted.sum(axis=0), np.nan)
    spread = np.where(counted, left - left.sum(axis=0) / g, 0.0)
    return np.asarray(np.sqrt((g - 1) / g * (spread**2).sum(axis=0)))


def own_jackknife(
    claim: FloatArray,
    success: BoolArray,
    present: BoolArray,
    cluster: ArrayLike,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """`auc_jackknife` (n,) of each agent's claims on its own successes; arguments as in `own_components`."""
    found = np.full((2, claim.shape[1]), np.nan)
    size = observation_weight(weight, claim.shape)
    for i in range(claim.shape[1]):
        made, own = ~np.isnan(claim[:, i]), slice(i, i + 1)
        cells = claim[made, i], success[made, own], present[made, own]
        labels = np.asarray(cluster)[made], _rows(group, made)
        found[:, i] = [x[0] for x in auc_jackknife(*cells, *labels, size[made, own])]
    return found[0], found[1]


def own_components(
    claim: FloatArray,
    success: BoolArray,
    present: BoolArray,
    group: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """AUC (n,) of each agent's claims on its own successes, with each task's influence on it; all (N, n).

    group, cluster: (N,) as in `auc_components`; weight: (N,) or (N, n).
    """
    value, influence = np.full(claim.shape[1], np.nan), np.zeros(claim.shape)
    size = observation_weight(weight, claim.shape)
    for i in range(claim.shape[1]):
        made, own = ~np.isnan(claim[:, i]), slice(i, i + 1)
        area, parts = auc_components(
            claim[made, i],
            success[made, own],
            present[made, own],
            _rows(group, made),
            _rows(cluster, made),
            size[made, own],
        )
        value[i], influence[made, i] = area[0], parts[:, 0]
    return value, influence


def auc_others(claim: ArrayLike, success: ArrayLike, present: ArrayLike | None = None) -> FloatArray:
    """(n,) mean over the other agents j of AUC(claims of i, successes of j), on tasks both are present at.

    What an agent's claims say of the task rather than of itself. Others with successes only, or failures only, are
    left out; NaN where none is left. claim, success, present: (N, n); `present` defaults to everywhere.

    >>> auc_others([[0.9, 0.1], [0.2, 0.3]], [[True, True], [False, False]]).tolist()
    [1.0, 0.0]
    """
    return others_components(*agent_table(claim, success, present))[0]


def others_components(
    claim: FloatArray,
    success: BoolArray,
    present: BoolArray,
    group: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """`auc_others` (n,) with each task's influence on it (N, n); arguments as in `own_components`."""
    value, influence = np.full(claim.shape[1], np.nan), np.zeros(claim.shape)
    for i, (made, _, area, parts) in enumerate(_crossed(claim, success, present, group, cluster, weight)):
        defined = ~np.isnan(area)
        if defined.any():
            value[i] = area[defined].mean()
            influence[made, i] = parts[:, defined].mean(axis=1)
    return value, influence


def by_others_components(
    claim: FloatArray,
    success: BoolArray,
    present: BoolArray,
    group: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """(n,) mean over the other agents j of AUC(claims of j, successes of i), with each row's influence on it (N, n).

    What others say of an agent's tasks, where `others_components` is what an agent says of theirs; arguments as there.
    Others without a claim, or with claims on successes only or failures only, are left out.
    """
    total, influence, count = np.zeros(claim.shape[1]), np.zeros(claim.shape), np.zeros(claim.shape[1])
    for made, others, area, parts in _crossed(claim, success, present, group, cluster, weight):
        defined = ~np.isnan(area)
        at = others[defined]
        total[at] += area[defined]
        count[at] += 1
        influence[np.ix_(made, at)] += parts[:, defined]
    found = count > 0
    value = np.where(found, total / np.where(found, count, 1.0), np.nan)
    return value, influence / np.where(found, count, 1.0)


def _crossed(
    claim: FloatArray,
    success: BoolArray,
    present: BoolArray,
    group: ArrayLike | None,
    cluster: ArrayLike | None,
    weight: ArrayLike | None,
) -> Iterator[tuple[BoolArray, IntArray, FloatArray, FloatArray]]:
    """Of each agent in turn: the rows with a claim of its own (N,), the n - 1 others, and `auc_components` on these."""
    n_agents, size = claim.shape[1], observation_weight(weight, claim.shape)
    for i in range(n_agents):
        made, others = ~np.isnan(claim[:, i]), np.flatnonzero(np.arange(n_agents) != i)
        cells = success[made][:, others], present[made][:, others]
        labels = _rows(group, made), _rows(cluster, made)
        yield made, others, *auc_components(claim[made, i], *cells, *labels, size[made][:, others])


def _rows(label: ArrayLike | None, rows: BoolArray) -> ArrayLike | None:
    return None if label is None else np.asarray(label)[rows]
