"""The two views of a run's tables that `show` prints: arms, and agents of the first arm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

_ARMS = ("solve_rate", "unfilled_rate", "cost", "payment", "surplus", "utility", "welfare", "regret_outcome", "tie_rate")
_AGENTS = ("success_rate", "mean_claim", "brier", "ece", "auc", "hired_rate", "published_profit", "cash_profit")
_CLOSED = ("hired", "published", "cash")


def number(value: float, error: float | None = None) -> str:
    """`value ± error` to four places; a dash where undefined.

    >>> number(0.25, 0.0125), number(float("nan"))
    ('.2500 ± .0125', '-')
    """
    if math.isnan(value):
        return "-"
    text = f"{value:.4f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.4f}"
    return text if error is None or math.isnan(error) else f"{text} ± {number(error)}"


def _view(frame: pd.DataFrame, key: str, columns: tuple[str, ...], title: str, errors: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(key, no_wrap=True)
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for row in frame.to_dict("records"):
        cells = [number(row[column], row.get(f"{column}{errors}")) for column in columns]
        table.add_row(str(row[key]), *cells)
    return table


def arms_view(tables: dict[str, pd.DataFrame], info: dict[str, Any]) -> list[Any]:
    """One row per arm; columns that are undefined in every arm are left out."""
    frame = tables["summary"]
    shown = tuple(column for column in _ARMS if frame[column].notna().any())
    title = "per auction, ± standard error for another draw of tasks"
    return [_view(frame, "arm", shown, title, "_se"), *_nobody(frame)]


def _nobody(frame: pd.DataFrame) -> list[str]:
    empty = frame.loc[frame["unfilled_rate"] == 1.0, "arm"]
    return [f"nobody was ever hired in arm {name!r}" for name in empty]


def agents_view(tables: dict[str, pd.DataFrame], info: dict[str, Any]) -> list[Any]:
    """One row per agent of the first arm, closed forms beside the draws where there are any; shares of every arm."""
    frame, first = tables["agents"], info["scenario"]["arms"][0]["name"]
    title = f"arm {first!r}, per task, ± standard error for another draw of tasks"
    views: list[Any] = [_view(frame[frame["arm"] == first], "agent", _AGENTS, title, "_se")]
    if "closed_forms" in tables:
        views += ["", _closed(tables["closed_forms"], first)]
    if len(info["scenario"]["arms"]) > 1 and not info["scenario"]["arms"][0]["market"]["alone"]:
        views += ["", _shares(frame, info)]
    return views


def _closed(frame: pd.DataFrame, arm: str) -> Table:
    title = f"arm {arm!r}: as drawn ± simulation error, and in closed form"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("agent", no_wrap=True)
    for column in _CLOSED:
        for heading in (f"{column} drawn", "exact", "z"):
            table.add_column(heading, justify="right")
    for row in frame[frame["arm"] == arm].to_dict("records"):
        cells = []
        for column in _CLOSED:
            drawn = number(row[f"{column}_drawn"], row[f"{column}_se_mc"])
            cells += [drawn, number(row[column]), f"{row[f'{column}_z']:.1f}"]
        table.add_row(str(row["agent"]), *cells)
    return table


def _shares(frame: pd.DataFrame, info: dict[str, Any]) -> Table:
    table = Table(title="share of attempts", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("arm", no_wrap=True)
    for agent in info["agents"]:
        table.add_column(agent, justify="right")
    for arm in info["scenario"]["arms"]:
        rows = frame[frame["arm"] == arm["name"]].set_index("agent")["share"]
        table.add_row(arm["name"], *(number(rows[agent])[:5] for agent in info["agents"]))
    return table
