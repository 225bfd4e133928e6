"""The CSV tables of a run: which columns, what each means and over what, and the frames themselves.

Every estimate is followed by its 95 % interval, `_low` and `_high`, and two standard errors, `_se` for another draw of
tasks and `_se_mc` for the simulation's own noise, all defined in `inference.py`. What is undefined is NaN, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis import auction
from analysis.arm import ArmData
from analysis.cells import CLUSTERS as WHAT
from analysis.cells import all_cells, described
from analysis.incidence import COLUMNS as INCIDENCE
from analysis.inference import CLUSTERS
from analysis.postings import COLUMNS as POSTINGS
from analysis.principals_table import COLUMNS as PRINCIPALS
from analysis.quantities import Quantity, paired_of_arms, tabled
from analysis.quantities.of_run import agents_of_each, summary
from analysis.routers import COLUMNS as ROUTERS

_AUCTION = {
    "hired": "share of opportunities hired",
    "expected": "dollars of profit the agent expected / opportunities",
    "published": "dollars, [verified PASS] x (payment - ask) / opportunities",
    "cash": "dollars, payment - cost / opportunities",
    "oracle": "dollars, success x max(0, reserve - cost_belief) / opportunities",
    "wrong_probability": "dollars, the part of cash - published due to the wrong probability / opportunities",
    "wrong_cost": "dollars, the part of cash - published due to the wrong cost / opportunities",
}


def _closed(columns: dict[str, str]) -> dict[str, str]:
    table = {}
    for name, meaning in columns.items():
        table[name] = f"{meaning}; closed form over the reserve"
        table[f"{name}_se"] = f"standard error of the closed form of {name} for another draw of tasks"
        table[f"{name}_drawn"] = f"{meaning}; as drawn"
        table[f"{name}_se_mc"] = f"standard error of {name}_drawn from the reserves drawn"
        table[f"{name}_z"] = f"({name}_drawn - {name}) / standard error of that difference over replications"
    return table


_CLAIMS = (
    "(replication, task, agent) at which the agent is present and an outcome of its is known, over replications that "
    "differ: what the columns on claims are means over, also where the agent did not bid"
)
_ARM = {"arm": "name of the arm", "mechanism": "its mechanism"}
_OF_EACH = {**_ARM, "agent": "name of the agent"}


def columns() -> dict[str, dict[str, str]]:
    """By table, each column and its meaning."""
    return {
        "agents": {
            **_OF_EACH,
            "n": "opportunities: (replication, task) at which the agent is present",
            "claims": _CLAIMS,
            "clusters": WHAT,
            **described(_meanings(tabled("agent"))),
        },
        "claims": {
            **_ARM,
            "n": "opportunities: (replication, task, agent) at which the agent is present",
            "claims": _CLAIMS,
            "clusters": WHAT,
            **described(_meanings(tabled("arm", "claims"))),
        },
        "summary": {
            **_ARM,
            "tasks": "auctions: (replication, task, market)",
            "clusters": WHAT,
            "coupled": "what couples the tasks of a replication, as the scenario writes it; empty where nothing does",
            **described(_meanings(tabled("arm"))),
        },
        "differences": {
            **_ARM,
            "baseline": "name of the arm that differences are taken to",
            "changed": "auctions in which the two hired not the same agents as often / auctions; 0: no decision "
            "differs",
            "clusters": WHAT,
            **described(
                {
                    each.name: f"{each.name} of the arm minus that of the baseline, paired / auctions"
                    for each in paired_of_arms()
                },
                p_values=True,
            ),
        },
        "incidence": INCIDENCE,
        "routers": ROUTERS,
        "principals": PRINCIPALS,
        "postings": POSTINGS,
        "closed_forms": {
            **_OF_EACH,
            "n": "opportunities: (replication, task) at which the agent is present",
            **_closed(_AUCTION),
        },
    }


def _meanings(quantities: Sequence[Quantity]) -> dict[str, str]:
    return {each.name: each.meaning for each in quantities}


def agents_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """agents.csv: one row per (arm, agent), columns columns()["agents"]."""
    rows: list[dict[str, Any]] = []
    for arm, estimates in zip(arms, agents_of_each(arms), strict=True):
        opportunities = arm.present.sum(axis=(0, 1))
        known = arm.observed.known.sum(axis=(0, 1))
        for i, agent in enumerate(arm.agents):
            row = {"arm": arm.name, "mechanism": arm.mechanism, "agent": agent, "n": int(opportunities[i])}
            row |= {"claims": int(known[i]), "clusters": _clusters(arm)}
            rows.append(row | all_cells(estimates, i))
    return pd.DataFrame(rows, columns=list(columns()["agents"]))


def summary_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """summary.csv: one row per arm, columns columns()["summary"]."""
    rows: list[dict[str, Any]] = []
    for arm in arms:
        row = {"arm": arm.name, "mechanism": arm.mechanism, "tasks": arm.value.size, "clusters": arm.over}
        row |= {"coupled": "; ".join(arm.coupled)}
        rows.append(row | all_cells(summary(arm)))
    return pd.DataFrame(rows, columns=list(columns()["summary"]))


def closed_forms_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """closed_forms.csv: one row per (arm, agent) of the arms that are random-reserve auctions, the others left out."""
    rows: list[dict[str, Any]] = []
    for arm in arms:
        if not auction.applies(arm):
            continue
        table, opportunities = auction.compare(arm), arm.present.sum(axis=(0, 1))
        for i, agent in enumerate(arm.agents):
            row = {"arm": arm.name, "mechanism": arm.mechanism, "agent": agent, "n": int(opportunities[i])}
            for name, (exact, came, z) in table.items():
                row |= {name: exact.value[i], f"{name}_se": exact.se[i], f"{name}_drawn": came.value[i]}
                row |= {f"{name}_se_mc": came.se_mc[i], f"{name}_z": z[i]}
            rows.append(row)
    return pd.DataFrame(rows, columns=list(columns()["closed_forms"]))


def _clusters(arm: ArmData) -> str:
    """What the clusters of an agent's row are."""
    market, claims = arm.over, CLUSTERS[arm.by_claims]
    return market if market == claims else f"{market}; of claims: {claims}"
