"""What swept keys and metrics are counted in, as axes say it."""

from __future__ import annotations

from analysis.quantities import quantity
from sim.scenario.file import key_path

_OF_KEYS = {
    "overconfidence": "logits",
    "skill": "logits",
    "sigma_u": "logits",
    "sigma_d": "logits",
    "sigma_f": "logits",
    "shift": "logits",
    "miscalibration": "share of the fitted",
    "cost_misforecast": "share of the fitted",
    "overprecision": "log slope",
    "rho": "correlation",
    "fit": "correlation",
    "difficulty": "correlation",
    "world.difficulty": "logits",
    "private_share": "share of variance",
    "cost_ratio": "ratio",
    "mean_cost_ratio": "ratio",
    "cost_sd": "log dollars",
    "actual_cost_sd": "log dollars",
    "penalty": "$",
    "reserve": "$",
    "value": "$",
    "bankroll": "$",
    "bid_cost": "$",
    "overhead": "$",
    "bond": "$",
    "credits_per_dollar": "credits",
    "prior": "attempts",
    "budget": "pilots",
    "decay": "weight kept an attempt",
    "tasks": "number",
    "pool_size": "number of agents",
    "families": "number",
    "postings": "number",
    "capacity": "number",
    "replications": "number",
    "weight": "share",
    "window": "ticks",
    "every": "ticks",
    "deadline": "ticks",
}
_OF_METRICS = {
    "solve_rate": "share of auctions",
    "unfilled_rate": "share of auctions",
    "share": "share of attempts",
    "share_top": "share of attempts",
    "success_rate_hired": "share of attempts",
    "negative_utility_rate": "share of attempts",
    "hired_rate": "share of tasks",
    "late_hired_rate": "share of tasks",
    "exit_rate": "share of agents",
    "tie_rate": "share of clearings",
    "false_claim_rate": "share of attempts",
    "inspected_rate": "share of attempts",
    "useful_rate": "share of tasks",
    "solver_average": "share of runs",
    "success_rate": "share of claims",
    "mean_claim": "probability",
    "late_claim": "probability",
    "late_mark_up": "$",
    "claim_minus_success_hired": "probability",
    "ece": "probability",
    "ece_null": "probability",
    "brier": "squared probability",
    "auc": "share of pairs",
    "auc_others": "share of pairs",
    "comparative_auc": "share of pairs",
    "score": "points",
    "ask_mean": "$ per bid",
    "final_wealth": "$ per replication",
    "rivals_profit": "$ per auction",
}


def unit_of_key(key: str) -> str:
    """The unit of a swept key; "" where it is not known."""
    return _OF_KEYS.get(key) or _OF_KEYS.get(key_path(key)[-1], "")


def unit_of_metric(metric: str, agent: str) -> str:
    """The unit of a metric; "" where it is not known."""
    if metric in _OF_METRICS:
        return _OF_METRICS[metric]
    if metric.startswith("brier_"):
        return _OF_METRICS["brier"]
    unit = quantity(metric, "agent" if agent else "arm").unit
    return f"$ per {'opportunity' if agent else 'auction'}" if unit == "$" else unit
