"""claims.csv: the claims of all agents of an arm taken together, as a benchmark paper reports them.

Every claim that an agent would make at a first posting counts once, whether it bids or not, over distinct replications;
several known outcomes of a claim count equally (analysis/observed.py). Columns as in agents.csv, without what only one
agent can have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis import calibration as cal
from analysis import claims
from analysis.arm import ArmData
from analysis.calibration_null import pooled_ece_null
from analysis.cells import cells
from analysis.inference import CLUSTERS, Estimate, ratio, without_error

CLAIMS = {
    "success_rate": "true success, mean over claims; several known outcomes of a claim count equally",
    "mean_claim": "success probability that the agent would state at the first posting, mean over claims",
    "brier": "(claim - success)^2, mean over claims",
    "brier_reliability": "part of brier due to miscalibration (CORP); brier = reliability - resolution + uncertainty",
    "brier_resolution": "the part of brier gained by claims that tell claims apart (CORP)",
    "brier_uncertainty": "brier of the success rate itself",
    "ece": "expected calibration error in 10 equal bins, over claims",
    "ece_null": "expected ECE of calibrated agents with the same claims, the outcomes of a task correlated as here",
    "residual_correlation": "latent correlation of two agents' outcomes at a task, given their claims, in ece_null",
    "comparative_auc": "share of pairs of agents at one task, one of the two solving it, in which the solver would "
    "claim more, ties half",
}


def pooled_claims(arm: ArmData) -> dict[str, Estimate]:
    """Estimates () over the claims of all agents, by column name of claims.csv."""
    seen, by = arm.observed, arm.by_claims
    known, share = seen.known, seen.share
    claim, count = np.where(known, seen.claim, 0.0), known.sum(axis=2)
    claimed, success, used, weight = seen.rows
    wins, pairs = cal.comparative_counts(claimed, success, used, seen.cell, weight)
    won, paired = (seen.by_cell(each).sum(axis=2) for each in (wins, pairs))
    found = {
        "success_rate": ratio(share.sum(axis=2), count, by, rate=True),
        "mean_claim": ratio(claim.sum(axis=2), count, by),
        "brier": ratio(claims.squared_error(seen).sum(axis=2), count, by),
        "ece": claims.ece(seen, by),
        "comparative_auc": claims.of_pairs(won, paired, by),
    }
    parts = zip(claims.PARTS, map(without_error, claims.brier_parts_of(seen)), strict=True)
    null, correlation = pooled_ece_null(claimed, success & used, seen.cell, weight)
    exact = {"ece_null": without_error(null), "residual_correlation": without_error(correlation)}
    made = {name: one.of_copies(seen.copies) for name, one in (found | dict(parts)).items()} | exact
    return {name: made[name] for name in CLAIMS}


def claims_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """claims.csv: one row per arm."""
    rows = []
    for arm in arms:
        row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism}
        row |= {"n": int(arm.present.sum()), "claims": int(arm.observed.known.sum())}
        row["clusters"] = CLUSTERS[arm.by_claims]
        for name, estimate in pooled_claims(arm).items():
            row |= cells(name, estimate)
        rows.append(row)
    return pd.DataFrame(rows)
