"""calibration.csv: what agents claim against how they do, one row per agent and one of all claims together.

Claims come from a recorded table or from an arm of a run; the numbers are those of agents.csv and claims.csv, with what
only a reader of claims asks for: the bias, errors of the parts of the Brier score, and AUC by others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import claims
from analysis.calibration_null import pooled_ece_null
from analysis.cells import CLUSTERS as WHAT
from analysis.cells import all_cells, described
from analysis.comparative import comparative_counts
from analysis.corp_error import parts_error
from analysis.inference import CLUSTERS, Estimate, linearised, ratio, without_error
from analysis.intervals import t_interval
from analysis.log_score import log_scores, score_parts
from analysis.ranking import by_others_components
from analysis.ranking_interval import auc_interval
from analysis.stated import Claims, only

ALL = "all claims"
PARTS = ("reliability", "resolution", "uncertainty")
COLUMNS: dict[str, str] = {
    "agent": "name of the agent; all claims: those of all agents together",
    "claims": "claims with a known outcome",
    "certain_and_wrong": "outcomes that a claim of 0 or 1 said could not be; one makes the log score infinite",
    "clusters": WHAT,
    **described(
        {
            "success_rate": "true success, mean over claims; several known outcomes of a claim count equally",
            "mean_claim": "success probability stated, mean over claims",
            "bias": "claim - success, mean over claims; above 0: overconfident",
            "brier": "(claim - success)^2, mean over claims = reliability - resolution + uncertainty",
            "reliability": "part of brier due to miscalibration (CORP); biased upwards, so without an interval",
            "resolution": "part of brier gained by claims that distinguish tasks (CORP); likewise",
            "uncertainty": "brier of the success rate itself",
            "log_score": "-ln of the probability claimed for what happened, nats, mean over claims",
            "ece": "expected calibration error in 10 equal bins; biased upwards, so without an interval",
            "ece_null": "expected ECE of calibrated agents with the same claims; of all claims with outcomes of a task "
            "correlated as here",
            "auc": "share of pairs of a success and a failure of the agent's own with the higher claim on the success, "
            "ties half",
            "auc_others": "AUC of this agent's claims against another agent's successes, mean over the other agents",
            "auc_by_others": "AUC of another agent's claims against this agent's successes, mean over the other agents",
            "comparative_auc": "share of pairs with another agent at one task, one of the two solving it, in which the "
            "solver claimed more, ties half",
        }
    ),
}


def calibration_table(of: Claims, epsilon: float | None = None) -> pd.DataFrame:
    """calibration.csv: columns COLUMNS; the row ALL where there are several agents.

    epsilon: for the log score alone, claims are moved into [epsilon, 1 - epsilon].
    """
    ranked, rows = _ranked(of), []
    for i, name in enumerate(of.agents):
        own = only(of, i)
        found = _of_claims(own, epsilon) | {"ece_null": without_error(own.observed.null())}
        found |= {key: _at(each, i) for key, each in ranked.items()}
        rows.append(_row(name, own, found))
    if len(of.agents) > 1:
        rows.append(_row(ALL, of, _of_claims(of, epsilon) | _pooled(of)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(name: str, of: Claims, found: dict[str, Estimate]) -> dict[str, object]:
    head: dict[str, object] = {"agent": name, "claims": int(of.observed.known.sum())}
    head |= {"certain_and_wrong": int(score_parts(of.observed)[-1].sum()), "clusters": CLUSTERS[of.by_claims]}
    undefined = {key: without_error(np.nan) for key in ("auc", "auc_others", "auc_by_others") if key not in found}
    return head | all_cells(found | undefined)


def _of_claims(of: Claims, epsilon: float | None) -> dict[str, Estimate]:
    """What is a mean or a part of one, of all these claims together, ()."""
    seen, known = of.observed, of.observed.known.sum(axis=2).astype(np.float64)
    stated = np.where(seen.known, seen.claim, 0.0)
    sums = {"success_rate": seen.share, "mean_claim": stated, "bias": stated - seen.share}
    sums |= {"brier": claims.squared_error(seen)}
    found = {
        name: ratio(np.where(seen.known, x, 0.0).sum(axis=2), known, of.by_claims, rate=name == "success_rate")
        for name, x in sums.items()
    }
    found |= _brier_parts(of)
    found["log_score"] = log_scores(seen, of.by_claims, pooled=True, epsilon=epsilon)
    return found | {"ece": claims.ece(seen, of.by_claims)}


def _brier_parts(of: Claims) -> dict[str, Estimate]:
    claim, success, used, weight = of.observed.rows
    kept = used & ~np.isnan(claim)
    label = np.broadcast_to(claims.cluster_of(of.observed, of.by_claims)[:, None], used.shape)[kept]
    count = np.asarray(len(np.unique(label)))
    errors = np.full(3, np.nan)
    if count >= claims.least(of.by_claims) and of.by_claims != "none":
        errors = parts_error(claim[kept], success[kept], label, weight[kept])
    found = {}
    for name, value, se in zip(PARTS, claims.brier_parts_of(of.observed), errors, strict=True):
        one = replace(without_error(value), se=np.asarray(se), clusters=count)
        found[name] = one.between(*t_interval(value, se, count)) if name == "uncertainty" else one
    return found


def _ranked(of: Claims) -> dict[str, Estimate]:
    """What ranks, (n,) of each agent."""
    seen, by, group = of.observed, of.by_claims, of.claim_groups
    claim, success, used, weight = seen.rows
    found = {"auc": claims.own_auc(seen, by, group)}
    if len(of.agents) < 2:
        return found
    area, influence = by_others_components(claim, success, used, group, claims.cluster_of(seen, by), weight)
    somebody = np.broadcast_to(seen.known.any(axis=2, keepdims=True), seen.known.shape)
    others = linearised(area, seen.by_cell(influence), somebody, by)
    counts = claims.outcomes(seen, by)
    found["auc_others"] = claims.others_auc(seen, by, group)
    found["auc_by_others"] = others.between(*auc_interval(others.value, others.se, *counts, others.clusters))
    counted = comparative_counts(claim, success, used, seen.cell, weight)
    wins, pairs = map(seen.by_cell, counted)
    return found | {"comparative_auc": claims.of_pairs(wins, pairs, by)}


def _pooled(of: Claims) -> dict[str, Estimate]:
    seen = of.observed
    claim, success, used, weight = seen.rows
    counted = comparative_counts(claim, success, used, seen.cell, weight)
    wins, pairs = (seen.by_cell(x.sum(axis=1, keepdims=True))[..., 0] for x in counted)
    together = claims.of_pairs(wins, pairs, of.by_claims)
    null = pooled_ece_null(claim, success & used, seen.cell, weight)[0]
    return {"comparative_auc": together, "ece_null": without_error(null)}


def _at(found: Estimate, place: int) -> Estimate:
    return Estimate(**{name: np.asarray(value[place]) for name, value in vars(found).items()})
