"""claims.csv: the claims of all agents of an arm taken together, as a benchmark paper reports them.

Every claim at a first posting counts once, over distinct replications; the success is that of the first try. Columns
as in agents.csv, without what only one agent can have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis import calibration as cal
from analysis.arm import ArmData
from analysis.inference import Estimate, ratio, without_error

CLAIMS = {
    "success_rate": "true success of the first try, mean over (replication, task, agent) at which the agent is present",
    "mean_claim": "stated success probability, mean over claims at the first posting",
    "brier": "(claim - success)^2, mean over claims at the first posting",
    "ece": "expected calibration error in 10 equal bins, over claims at the first posting",
    "ece_null": "expected ECE of perfectly calibrated agents with the same claims",
    "comparative_auc": "share of pairs of agents at one task, one of the two solving it, in which the solver claimed "
    "more, ties half",
}


def pooled_claims(arm: ArmData) -> dict[str, Estimate]:
    """Estimates () over the claims of all agents, by column name of claims.csv."""
    part, recorded = arm.distinct, arm.world.recorded
    present, success, claim = arm.present[part], arm.success[part], arm.claim[part]
    made = ~np.isnan(claim)
    n_made = made.sum(axis=2)
    error = np.where(made, claim - success, 0.0)
    signs = np.zeros(claim.shape)
    signs[made] = cal.ece_signs(claim[made], success[made])
    n_agents = claim.shape[2]
    flat = cal.comparative_counts(
        claim.reshape(-1, n_agents), success.reshape(-1, n_agents), present.reshape(-1, n_agents)
    )
    wins, pairs = (counts.sum(axis=1).reshape(n_made.shape) for counts in flat)
    estimates = {
        "success_rate": ratio((success & present).sum(axis=2), present.sum(axis=2), recorded),
        "mean_claim": ratio(np.where(made, claim, 0.0).sum(axis=2), n_made, recorded),
        "brier": ratio((error**2).sum(axis=2), n_made, recorded),
        "ece": ratio(-(error * signs).sum(axis=2), n_made, recorded),
        "comparative_auc": ratio(wins, pairs, recorded),
    }
    copies = arm.world.n_replications if part == slice(0, 1) else 1
    exact = {"ece_null": without_error(cal.ece_null(claim[made]))}
    return {name: exact[name] if name in exact else estimates[name].of_copies(copies) for name in CLAIMS}


def claims_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """claims.csv: one row per arm."""
    rows = []
    for arm in arms:
        row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism}
        row["n"] = int((~np.isnan(arm.claim[arm.distinct])).sum())
        for name, estimate in pooled_claims(arm).items():
            row |= {
                name: float(estimate.value),
                f"{name}_se": float(estimate.se),
                f"{name}_se_mc": float(estimate.se_mc),
            }
        rows.append(row)
    return pd.DataFrame(rows)
