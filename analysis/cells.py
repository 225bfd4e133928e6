"""How an estimate stands in a CSV table: its value, then its interval, errors and clusters in columns of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.inference import Estimate

PARTS = {
    "low": "lower end of the 95% interval of {name}, for another draw of tasks like these; empty where there is none",
    "high": "upper end of the 95% interval of {name}",
    "se": "standard error of {name} for another draw of tasks like these",
    "se_mc": "standard error of {name} from the simulation's own noise",
    "clusters": "clusters behind the interval of {name}; what they are says the column clusters",
}
CLUSTERS = "what the clusters of the row's intervals are (analysis/inference.py)"


def described(columns: Mapping[str, str], p_values: bool = False) -> dict[str, str]:
    """Columns and their meaning, each estimate followed by its parts."""
    table = {}
    for name, meaning in columns.items():
        table[name] = meaning
        table |= {f"{name}_{part}": text.format(name=name) for part, text in PARTS.items()}
        if p_values:
            table[f"{name}_p"] = f"two-sided p value of no difference in {name}"
            table[f"{name}_p_holm"] = "the same, adjusted by Holm's method over all arms of the table"
    return table


def cells(name: str, estimate: Estimate, at: int | tuple[()] = ()) -> dict[str, Any]:
    """The columns of one estimate at one index."""
    found: dict[str, Any] = {name: float(estimate.value[at])}
    found |= {f"{name}_{part}": float(getattr(estimate, part)[at]) for part in PARTS if part != "clusters"}
    return found | {f"{name}_clusters": int(estimate.clusters[at])}


def all_cells(estimates: Mapping[str, Estimate], at: int | tuple[()] = ()) -> dict[str, Any]:
    """The columns of several estimates at one index."""
    row: dict[str, Any] = {}
    for name, estimate in estimates.items():
        row |= cells(name, estimate, at)
    return row
