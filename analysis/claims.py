"""What agents would claim against how they do: calibration and discrimination, each number with its interval.

Index convention: as in `observed.py`; clusters are those of `ArmData.by_claims`, since no market changes what agents
know. Of the claims of each agent (analysis/quantities/claimed.py), or of all (analysis/claims_table.py).

    brier        mean (claim - success)^2 = reliability - resolution + uncertainty (analysis/corp.py)
    ece          biased upwards, so it has an error and no interval: compare it with its null
    auc          pairs of a success and a failure. Where a card shifts the claims of a replication, or of half of one,
                 claims compare within that only, and so do the pairs; `auc_before_card` is over the same pairs
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from analysis import calibration as cal
from analysis.arm import ArmData
from analysis.corp import brier_parts
from analysis.ece_error import ece_error
from analysis.inference import By, Estimate, clustered, linearised, ratio, without_error
from analysis.observed import Observed
from analysis.ranking import own_jackknife
from analysis.ranking_interval import auc_interval, mean_of_others, share_interval
from sim.kit.arrays import BoolArray, FloatArray, IntArray

PARTS = ("brier_reliability", "brier_resolution", "brier_uncertainty")
Components = Callable[..., tuple[FloatArray, FloatArray]]


def ece_of_agents(arm: ArmData) -> Estimate:
    """ECE (n,) of each agent's claims."""
    seen = arm.observed
    each = [ece(seen.only(agent), arm.by_claims) for agent in range(seen.claim.shape[2])]
    return _in_one(each) if each else without_error(np.zeros(0))


def squared_error(seen: Observed) -> FloatArray:
    """(R', T, n): mean over the outcomes of a cell of (claim - success)^2; 0 where none is known."""
    claim, success, used, weight = seen.rows
    return seen.by_cell(np.where(used, weight * (claim - success) ** 2, 0.0))


def ece(seen: Observed, by: By) -> Estimate:
    """ECE () of all these claims together, with the error of `ece_error` and no interval."""
    claim, success, used, weight = seen.rows
    kept, label = used & ~np.isnan(claim), np.broadcast_to(cluster_of(seen, by)[:, None], used.shape)
    given = claim[kept], success[kept]
    value = np.asarray(cal.ece(*given, weight=weight[kept]))
    noise = ece_error(*given, np.broadcast_to(replication_of(seen)[:, None], used.shape)[kept], weight[kept])
    count = np.asarray(len(np.unique(label[kept])))
    se = np.asarray(ece_error(*given, label[kept], weight[kept]) if count >= least(by) else np.nan)
    return replace(without_error(value), se=se, se_mc=np.asarray(noise), clusters=count)


def least(by: By) -> int:
    """Clusters below which there is no standard error."""
    return 5 if by == "replication" else 2


def brier_parts_of(seen: Observed) -> tuple[float, float, float]:
    """The PARTS of all these claims together."""
    claim, success, used, weight = seen.rows
    kept = used & ~np.isnan(claim)
    return brier_parts(claim[kept], success[kept], weight[kept]) if kept.any() else (np.nan, np.nan, np.nan)


def cluster_of(seen: Observed, by: By) -> IntArray:
    """(N,) number of the cluster of each row of `Observed.rows`."""
    n_tasks = seen.claim.shape[1]
    if by == "pair":
        return seen.cell
    return np.asarray(seen.cell % n_tasks if by == "task" else seen.cell // n_tasks)


def replication_of(seen: Observed) -> IntArray:
    """(N,) number of the replication of each row."""
    return np.asarray(seen.cell // seen.claim.shape[1])


def own_auc(seen: Observed, by: By, group: IntArray | None) -> Estimate:
    """AUC (n,) of each agent's claims on its own successes."""
    found = _area(cal.own_components, seen, by, group)
    claim, success, used, weight = seen.rows
    if by == "replication":
        _, se = own_jackknife(claim, success, used, cluster_of(seen, by), group, weight)
        found = replace(found, se=np.where(np.isnan(found.se), np.nan, se))
    return found.between(*auc_interval(found.value, found.se, *outcomes(seen, by), found.clusters))


def others_auc(seen: Observed, by: By, group: IntArray | None) -> Estimate:
    """AUC (n,) of each agent's claims on the successes of the others, mean over them."""
    found = _area(cal.others_components, seen, by, group)
    hits, misses = map(mean_of_others, outcomes(seen, by))
    return found.between(*auc_interval(found.value, found.se, hits, misses, found.clusters))


def of_pairs(wins: FloatArray, pairs: FloatArray, by: By) -> Estimate:
    """Share of the pairs that were won, from counts (R', T, ...)."""
    found = ratio(wins, pairs, by)
    return found.between(*share_interval(found.value, found.se, found.clusters))


def outcomes(seen: Observed, by: By) -> tuple[IntArray, IntArray]:
    """Clusters (n,) that hold a success of each agent, and a failure."""
    known = seen.counted & seen.known[:, :, None]
    hit, miss = (np.asarray((kind & known).any(axis=2)) for kind in (seen.success, ~seen.success))
    return _held(hit, by), _held(miss, by)


def _held(there: BoolArray, by: By) -> IntArray:
    return clustered(there.astype(np.float64), there.astype(np.float64), by).clusters


def _area(components: Components, seen: Observed, by: By, group: IntArray | None) -> Estimate:
    """An area (n,) with its linearised errors, each pair inside a cluster counted once."""
    claim, success, used, weight = seen.rows

    def over(label: IntArray, kind: By) -> Estimate:
        area, influence = components(claim, success, used, group, label, weight)
        return linearised(area, seen.by_cell(influence), seen.known, kind)

    found = over(cluster_of(seen, by), by)
    if len(seen.claim) == 1 or by == "replication":
        return found
    return replace(found, se_mc=over(replication_of(seen), "replication").se_mc)


def _in_one(parts: list[Estimate]) -> Estimate:
    fields: dict[str, Any] = {name: np.stack([getattr(one, name) for one in parts]) for name in vars(parts[0])}
    return Estimate(**fields)
