"""The CSV tables of a run: which columns, what each means and over what, and the frames themselves.

Every estimate is followed by its 95 % interval, `_low` and `_high`, and two standard errors, `_se` for another draw of
tasks and `_se_mc` for the simulation's own noise, all defined in `inference.py`. What is undefined is NaN, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis import auction, metrics
from analysis.arm import ArmData
from analysis.cells import CLUSTERS as WHAT
from analysis.cells import all_cells, described
from analysis.differences import QUANTITIES
from analysis.incidence import COLUMNS as INCIDENCE
from analysis.inference import CLUSTERS
from analysis.pooled import CLAIMS
from analysis.postings import COLUMNS as POSTINGS
from analysis.principals import COLUMNS as PRINCIPALS
from analysis.routers import COLUMNS as ROUTERS

_AGENTS = {
    "success_rate": "true success, mean over claims; several known outcomes of a claim count equally",
    "mean_claim": "success probability that the agent would state at the first posting, mean over claims",
    "brier": "(claim - success)^2, mean over claims",
    "brier_reliability": "part of brier due to miscalibration (CORP); brier = reliability - resolution + uncertainty",
    "brier_resolution": "the part of brier gained by claims that tell tasks apart (CORP)",
    "brier_uncertainty": "brier of the success rate itself",
    "ece": "expected calibration error in 10 equal bins, over claims; biased upwards, so without an interval",
    "ece_null": "expected ECE of a perfectly calibrated agent with the same claims",
    "auc": "share of pairs of a success and a failure of the agent's own with the higher claim on the success, ties "
    "half",
    "auc_before_card": "auc of the claims before the agents read a card, over the same pairs; empty without one",
    "auc_others": "AUC of this agent's claims against another agent's successes, mean over the other agents",
    "comparative_auc": "share of pairs with another agent at one task, one of the two solving it, in which the solver "
    "claimed more, ties half",
    "hired_rate": "opportunities with at least one attempt / opportunities",
    "share": "this agent's attempts / all attempts of the arm",
    "ask_mean": "dollars asked, mean over finite asks at the first posting",
    "claim_minus_success_hired": "claim - success, mean over this agent's attempts that were not lost (INFRA)",
    "negative_utility_rate": "attempts paid less than they cost, whatever the bid cost / this agent's attempts",
    "exit_rate": "replications in which a clearing found the agent's wealth at 0 or below / replications; empty where "
    "no account is kept",
    "final_wealth": "dollars, bankroll + payment - fees - cost - bid cost at the end of a replication, mean over "
    "replications; empty where no account is kept, or one without limit",
    "expected_profit": "dollars, sum over attempts of p pay_success + (1 - p) pay_failure - cost_belief with p the "
    "agent's belief / opportunities",
    "published_profit": "dollars, sum over attempts of [verified PASS] x (payment - ask) / opportunities; undefined "
    "where an ask is the cost of an attempt",
    "cash_profit": "dollars, sum over attempts of payment - cost / opportunities",
    "oracle_profit": "dollars, success x max(0, reserve - cost_belief) at the first try, mean over opportunities",
}
_SUMMARY = {
    "solve_rate": "auctions in which some attempt truly succeeded / auctions",
    "unfilled_rate": "auctions in which no attempt was made / auctions",
    "cost": "dollars, cost of attempts / auctions",
    "payment": "dollars paid to agents, net of penalties / auctions",
    "overhead": "dollars, cost of clearings to the allocator / auctions",
    "bid_cost": "dollars, cost of making bids / auctions",
    "surplus": "dollars, V solved - payment + fees - overhead, the principal's / auctions; NaN where no value is "
    "stated",
    "utility": "dollars, payment - fees - cost - bid_cost, the agents' / auctions",
    "welfare": "dollars, surplus + utility / auctions",
    "regret_fixed": "dollars, V y - c at the first try of the agent best on a random half of the other tasks, mean "
    "over 20 halvings, minus welfare / auctions; no bid cost or overhead is charged to the benchmark; where agents are "
    "alone it is the agent itself",
    "regret_ability": "dollars, max(0, best V ability - mean c over tries of those present), minus welfare / "
    "auctions; NaN where an ability is unknown",
    "regret_outcome": "dollars, max(0, best V y - c at the first try of those present), minus welfare / "
    "auctions: a bound, since nobody knows outcomes beforehand",
    "share_top": "attempts of the agent with most attempts / attempts; its errors take that agent as given",
    "tie_rate": "clearings that hired by a tie / clearings that hired",
    "exit_rate": "agents whose wealth a clearing found at 0 or below / agents, by replication; empty where no account "
    "is kept",
}
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
COLUMNS: dict[str, dict[str, str]] = {
    "agents": {
        **_ARM,
        "agent": "name of the agent",
        "n": "opportunities: (replication, task) at which the agent is present",
        "claims": _CLAIMS,
        "clusters": WHAT,
        **described(_AGENTS),
    },
    "claims": {
        **_ARM,
        "n": "opportunities: (replication, task, agent) at which the agent is present",
        "claims": _CLAIMS,
        "clusters": WHAT,
        **described(CLAIMS),
    },
    "summary": {
        **_ARM,
        "tasks": "auctions: (replication, task, market)",
        "clusters": WHAT,
        "coupled": "what couples the tasks of a replication, as the scenario writes it; empty where nothing does",
        **described(_SUMMARY),
    },
    "differences": {
        **_ARM,
        "baseline": "name of the arm that differences are taken to",
        "changed": "auctions in which the two hired not the same agents as often / auctions; 0: no decision differs",
        "clusters": WHAT,
        **described(
            {name: f"{name} of the arm minus that of the baseline, paired / auctions" for name in QUANTITIES},
            p_values=True,
        ),
    },
    "incidence": INCIDENCE,
    "routers": ROUTERS,
    "principals": PRINCIPALS,
    "postings": POSTINGS,
    "closed_forms": {
        **_ARM,
        "agent": "name of the agent",
        "n": "opportunities: (replication, task) at which the agent is present",
        **_closed(_AUCTION),
    },
}


def agents_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """agents.csv: one row per (arm, agent), columns COLUMNS["agents"]."""
    rows: list[dict[str, Any]] = []
    for arm in arms:
        estimates, opportunities = metrics.agents(arm), arm.present.sum(axis=(0, 1))
        known = arm.observed.known.sum(axis=(0, 1))
        for i, agent in enumerate(arm.agents):
            row = {"arm": arm.name, "mechanism": arm.mechanism, "agent": agent, "n": int(opportunities[i])}
            row |= {"claims": int(known[i]), "clusters": _clusters(arm)}
            rows.append(row | all_cells(estimates, i))
    return pd.DataFrame(rows, columns=list(COLUMNS["agents"]))


def summary_table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """summary.csv: one row per arm, columns COLUMNS["summary"]."""
    rows: list[dict[str, Any]] = []
    for arm in arms:
        row = {"arm": arm.name, "mechanism": arm.mechanism, "tasks": arm.value.size, "clusters": arm.over}
        row |= {"coupled": "; ".join(arm.coupled)}
        rows.append(row | all_cells(metrics.summary(arm)))
    return pd.DataFrame(rows, columns=list(COLUMNS["summary"]))


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
    return pd.DataFrame(rows, columns=list(COLUMNS["closed_forms"]))


def _clusters(arm: ArmData) -> str:
    """What the clusters of an agent's row are."""
    market, claims = arm.over, CLUSTERS[arm.by_claims]
    return market if market == claims else f"{market}; of claims: {claims}"
