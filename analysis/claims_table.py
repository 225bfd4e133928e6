"""claims.csv: the claims of all agents of an arm taken together, as a benchmark paper reports them.

Every claim that an agent would make at a first posting counts once, whether it bids or not, over distinct replications;
several known outcomes of a claim count equally (analysis/observed.py). Columns as in agents.csv, without what only one
agent can have.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.arm import ArmData
from analysis.cells import cells
from analysis.inference import CLUSTERS, Estimate
from analysis.quantities import tabled
from analysis.quantities.of_run import estimate, with_same_claims


def pooled_claims(arm: ArmData) -> dict[str, Estimate]:
    """Estimates () over the claims of all agents, by column name of claims.csv."""
    return {each.name: estimate(each, arm) for each in tabled("arm", "claims")}


def claims_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """claims.csv: one row per arm."""
    rows: list[dict[str, object]] = []
    known: dict[str, dict[str, Estimate]] = {}
    for arm, first in with_same_claims(arms):
        if first is arm:
            known[arm.name] = pooled_claims(arm)
        row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism}
        row |= {"n": int(arm.present.sum()), "claims": int(arm.observed.known.sum())}
        row["clusters"] = CLUSTERS[arm.by_claims]
        for name, found in known[first.name].items():
            row |= cells(name, found)
        rows.append(row)
    return pd.DataFrame(rows)
