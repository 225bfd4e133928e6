"""Claims in narrow bins, as sums that add up over jobs, and what follows from them.

    edges    multiples of .0025, and below .12 and above .88 also steps of a fortieth of a logit, down to 1e-4, and
             of a quarter down to 1e-6

Claims in one bin count as equal. Claims that are multiples of .0025 have bins of their own, so that what follows is
exact; of others an AUC is off by a small part of its standard error (tests/sweep/test_statistics.py).

Index convention: B bins; sums (..., k), k = 4 B: weight of successes, weight of failures, and both times the claim.
Where a card shifts the claims of a replication, or of half of one, claims compare within that only: then an AUC has the
sums won pairs, pairs, and weights of successes and failures, k = 4.
"""

from __future__ import annotations

import numpy as np

from analysis.observed import Observed
from analysis.pairs import touching
from analysis.quantities.declared import Clustered, Label
from analysis.ranking_interval import auc_interval
from sim.kit.arrays import BoolArray, FloatArray, IntArray

_TAIL = 1.0 / (1.0 + np.exp(np.concatenate([np.arange(2.0, 9.0, 0.025), np.arange(9.0, 14.1, 0.25)])))
EDGES: FloatArray = np.unique(np.concatenate([_TAIL, np.arange(1, 400) / 400, 1.0 - _TAIL]))
B = len(EDGES) + 1
OF_PAIRS = 4  # sums of an AUC within groups


def of_claims(seen: Observed, groups: Label) -> FloatArray:
    """(G, n, 4 B) sums of each agent's claims."""
    claim, success, used, weight = seen.rows
    n_agents, label = claim.shape[1], groups.of.ravel()[seen.cell]
    sums = np.zeros((groups.n, n_agents, 4 * B))
    for agent in range(n_agents):
        sums[:, agent] = binned(
            claim[:, agent], success[:, agent], np.where(used, weight, 0.0)[:, agent], label, groups
        )
    return sums


def binned(claim: FloatArray, success: BoolArray, weight: FloatArray, label: IntArray, groups: Label) -> FloatArray:
    """(G, 4 B) sums of claims (N,)."""
    kept = ~np.isnan(claim) & (weight > 0)
    where, y, size, p = EDGES.searchsorted(claim[kept], side="right"), success[kept], weight[kept], claim[kept]
    at, cells = label[kept] * B + where, groups.n * B
    parts = [size * y, size * ~y, size * y * p, size * ~y * p]
    found = [np.bincount(at, part, cells).reshape(groups.n, B) for part in parts]
    return np.concatenate(found, axis=1)


def within(seen: Observed, group: IntArray, groups: Label) -> FloatArray:
    """(G, n, 4) sums of an AUC of pairs within a `group` (N,); of tasks, those of pairs with a member in it."""
    claim, success, used, weight = seen.rows
    label = groups.of.ravel()[seen.cell]
    sums = np.zeros((groups.n, claim.shape[1], OF_PAIRS))
    for agent in range(claim.shape[1]):
        made, own = ~np.isnan(claim[:, agent]), slice(agent, agent + 1)
        rows = claim[made, agent], success[made, own], used[made, own], group[made]
        wins, pairs, _, _ = touching(*rows, label[made] if groups.by_task else group[made], weight[made, own])
        size = np.where(used[made, agent], weight[made, agent], 0.0)
        hit = success[made, agent]
        # Summed over its members a pair inside a group of replications counts once; `touching` has halved it.
        for place, part in enumerate((wins[:, 0], pairs[:, 0], size * hit, size * ~hit)):
            sums[:, agent, place] = np.bincount(label[made], part, groups.n)
    return sums


def area(sums: FloatArray) -> FloatArray:
    """AUC (...) of sums (..., k); NaN without a pair.

    >>> two = np.zeros(4 * B)
    >>> two[[300, B + 50]] = 1.0
    >>> float(area(two))
    1.0
    """
    if sums.shape[-1] == OF_PAIRS:
        won, pairs = sums[..., 0], sums[..., 1]
    else:
        hit, miss = sums[..., :B], sums[..., B : 2 * B]
        beaten = np.cumsum(miss, axis=-1) - miss / 2
        won, pairs = (hit * beaten).sum(axis=-1), hit.sum(axis=-1) * miss.sum(axis=-1)
    return np.asarray(np.divide(won, pairs, out=np.full(won.shape, np.nan), where=pairs > 1e-12))


def outcomes(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights (...) of successes and failures."""
    if sums.shape[-1] == OF_PAIRS:
        return sums[..., 2], sums[..., 3]
    return sums[..., :B].sum(axis=-1), sums[..., B : 2 * B].sum(axis=-1)


def levels(sums: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of the bins that hold a claim: mean claim, weight, and success rate; sums (4 B,)."""
    hit, miss, claim_hit, claim_miss = sums.reshape(4, B)
    weight = hit + miss
    held = weight > 0
    return ((claim_hit + claim_miss)[held] / weight[held], weight[held], hit[held] / weight[held])


def of_pairs(sums: FloatArray) -> Clustered:
    """Error and interval of an AUC of clusters with one claim each; sums (2 B,).

    se^2 = G / (G - 1) sum of influence^2, influence of a claim (won pairs it is in - AUC x pairs it is in) / pairs
    """
    hit, miss = sums[:B], sums[B : 2 * B]
    n_hit, n_miss = hit.sum(), miss.sum()
    n, value = n_hit + n_miss, area(sums)
    of_hit = np.cumsum(miss) - miss / 2 - value * n_miss
    of_miss = n_hit - np.cumsum(hit) + hit / 2 - value * n_hit
    squares = (hit * of_hit**2 + miss * of_miss**2).sum() / (n_hit * n_miss) ** 2
    se = float(np.sqrt(n / (n - 1.0) * squares))
    low, high = auc_interval(value, se, n_hit, n_miss, n)
    return Clustered(se, float(low), float(high), round(n))
