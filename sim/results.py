"""The views of a run's tables that `show` prints: arms, agents of the first arm, shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

# Columns shown, True where the standard error goes beside the number; the CSV files hold all of both.
_ARMS = {
    "solve_rate": True,
    "unfilled_rate": False,
    "cost": True,
    "payment": False,
    "surplus": False,
    "utility": False,
    "welfare": True,
    "regret_outcome": False,
    "tie_rate": False,
    "exit_rate": False,
}
_AGENTS = {
    "success_rate": False,
    "mean_claim": False,
    "brier": False,
    "ece": False,
    "ece_null": False,
    "auc": True,
    "hired_rate": True,
    "published_profit": True,
    "cash_profit": True,
}
# What hiring does to those hired; shown where some agent has something to tell.
_HIRED = {
    "claim_minus_success_hired": True,
    "negative_utility_rate": True,
    "exit_rate": True,
    "final_wealth": True,
}
_PRINCIPALS = {
    "budget": False,
    "tasks": False,
    "solve_rate": True,
    "no_budget_rate": True,
    "spent": True,
    "surplus": True,
}
_CLOSED = ("hired", "published", "cash")


def number(value: float, error: float | None = None) -> str:
    """`value ± error` to four places, or three beside an error; a dash where undefined.

    >>> number(0.25, 0.0125), number(-0.00001), number(float("nan"))
    ('.250 ± .013', '.0000', '-')
    """
    if math.isnan(value):
        return "-"
    if error is None or math.isnan(error):
        return _short(value, 4)
    return f"{_short(value, 3)} ± {_short(error, 3)}"


def _short(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text


def plain_table(title: str | None, columns: Sequence[str], n_left: int = 1) -> Table:
    """A table without rules; the first `n_left` columns are text, the others numbers."""
    table = Table(
        title=None if title is None else Text(title),
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for place, column in enumerate(columns):
        side: Literal["left", "right"] = "left" if place < n_left else "right"
        table.add_column(Text(column), justify=side, no_wrap=place == 0, overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain text: names are the user's and may look like markup."""
    table.add_row(*(Text(cell) for cell in cells))


def arms_view(tables: dict[str, pd.DataFrame]) -> list[Any]:
    """One row per arm; columns that are undefined in every arm are left out."""
    frame = tables["summary"]
    shown = {column: error for column, error in _ARMS.items() if frame[column].notna().any()}
    title = "per auction (± standard error for another draw of tasks)"
    gaps = tables["differences"]
    if len(gaps) > 1 and gaps["welfare"].notna().any():
        title += f"; minus baseline: paired difference of welfare to {_baseline(gaps)}"
        frame = frame.assign(minus_baseline=gaps["welfare"], minus_baseline_se=gaps["welfare_se"])
        shown |= {"minus_baseline": True}
    views: list[Any] = [_view(frame, "arm", shown, title)]
    if "incidence" in tables:
        views += ["", _incidence(tables["incidence"], gaps)]
    empty = [str(arm) for arm in frame.loc[frame["unfilled_rate"] == 1.0, "arm"]]
    return [*views, *(f"nobody was ever hired in arm {arm!r}" for arm in empty)]


def _incidence(frame: pd.DataFrame, gaps: pd.DataFrame) -> Table:
    """Who gains and who loses by each arm; the arms of one baseline ranked by welfare."""
    title = f"change from {_baseline(gaps)} per auction, ranked by welfare; the winner is "
    table = plain_table(f"{title}whom the baseline hired", ["arm", "welfare", "principal", "winner", "rivals"])
    parts = frame[frame["party"] != "agent"].pivot(index="arm", columns="party", values=["change", "change_se"])
    for _, rows in gaps[gaps["arm"].isin(parts.index)].groupby("baseline", sort=False):
        for row in rows.sort_values("welfare", ascending=False, kind="stable").to_dict("records"):
            own = parts.loc[row["arm"]]
            cells = [number(own["change", who], own["change_se", who]) for who in ("principal", "winner", "rivals")]
            add_row(table, str(row["arm"]), number(row["welfare"], row["welfare_se"]), *cells)
    return table


def _baseline(gaps: pd.DataFrame) -> str:
    found = list(gaps["baseline"].unique())
    if len(found) == 1:
        return repr(found[0])
    bases = {name.partition(" [")[0] for name in found}
    return f"{bases.pop()!r} of the same panel" if len(bases) == 1 else "each arm's own baseline"


def agents_view(tables: dict[str, pd.DataFrame], info: dict[str, Any]) -> list[Any]:
    """One row per agent of the first arm, the pooled claims below, closed forms where there are any, all shares."""
    arms, frame = info["scenario"]["arms"], tables["agents"]
    first = arms[0]["name"]
    title = f"arm {first!r}, per task (± standard error for another draw of tasks)"
    view = _view(frame[frame["arm"] == first], "agent", _AGENTS, title)
    pooled = tables["claims"].set_index("arm").loc[first]
    errors = (f"{column}_se" if error else None for column, error in _AGENTS.items())
    cells = [
        number(pooled.get(column, math.nan), pooled.get(error, math.nan) if error else None)
        for column, error in zip(_AGENTS, errors, strict=True)
    ]
    view.add_row("all claims", *("" if cell == "-" else cell for cell in cells), style="italic")
    views: list[Any] = [view]
    told = _told(frame[frame["arm"] == first], _HIRED)
    if told:
        title = f"arm {first!r}, those hired (± standard error for another draw of tasks)"
        views += ["", _view(frame[frame["arm"] == first], "agent", told, title)]
    if "principals" in tables:
        views += ["", _principals(tables["principals"])]
    if "postings" in tables:
        views += ["", _postings(tables["postings"])]
    if "closed_forms" in tables:
        views += ["", _closed(tables["closed_forms"], first)]
    if len(arms) > 1 and not arms[0]["market"]["alone"]:
        views += ["", _shares(frame, info)]
    return views


def _told(frame: pd.DataFrame, columns: dict[str, bool]) -> dict[str, bool]:
    """The columns that are neither undefined nor 0 throughout."""
    return {name: error for name, error in columns.items() if (frame[name].fillna(0.0) != 0).any()}


def _principals(frame: pd.DataFrame) -> Table:
    """One row per (arm, principal)."""
    title = "principals; spent per replication, rates and surplus per task (± standard error for another draw of tasks)"
    table = plain_table(title, ["arm", "principal", *(name.replace("_", " ") for name in _PRINCIPALS)], n_left=2)
    for row in frame.to_dict("records"):
        cells = [number(row[name], row[f"{name}_se"] if error else None) for name, error in _PRINCIPALS.items()]
        cells[0] = "no limit" if math.isinf(row["budget"]) else cells[0]
        cells[1] = f"{row['tasks']:,}"
        add_row(table, str(row["arm"]), str(row["principal"]), *cells)
    return table


def _view(frame: pd.DataFrame, key: str, columns: dict[str, bool], title: str) -> Table:
    table = plain_table(title, [key, *(column.replace("_", " ") for column in columns)])
    for row in frame.to_dict("records"):
        cells = [number(row[column], row[f"{column}_se"] if error else None) for column, error in columns.items()]
        add_row(table, str(row[key]), *cells)
    return table


def _postings(frame: pd.DataFrame) -> Table:
    """Success by posting, one row per arm; rescues by who made them."""
    kinds = list(dict.fromkeys(zip(frame["posting"], frame["who"], strict=True)))
    headings = [f"posting {posting}" + ("" if who == "any" else f", {who} agent") for posting, who in kinds]
    table = plain_table(
        "success of attempts by posting (± standard error for another draw of tasks)", ["arm", *headings]
    )
    for arm, rows in frame.groupby("arm", sort=False):
        by = {(row["posting"], row["who"]): row for row in rows.to_dict("records")}
        cells = [number(by[kind]["success_rate"], by[kind]["success_rate_se"]) if kind in by else "-" for kind in kinds]
        add_row(table, str(arm), *cells)
    return table


def _closed(frame: pd.DataFrame, arm: str) -> Table:
    title = f"arm {arm!r}: as drawn (± simulation error), in closed form, and z of the difference"
    headings = [text for column in _CLOSED for text in (f"{column}, drawn", "exact", "z")]
    table = plain_table(title, ["agent", *headings])
    for row in frame[frame["arm"] == arm].to_dict("records"):
        cells = []
        for column in _CLOSED:
            drawn, error = row[f"{column}_drawn"], row[f"{column}_se_mc"]
            cells += [f"{number(drawn)} ± {number(error)}", number(row[column]), f"{row[f'{column}_z']:.1f}"]
        add_row(table, str(row["agent"]), *cells)
    return table


def _shares(frame: pd.DataFrame, info: dict[str, Any]) -> Table:
    table = plain_table("share of attempts", ["arm", *info["agents"]])
    for arm in info["scenario"]["arms"]:
        share = frame[frame["arm"] == arm["name"]].set_index("agent")["share"]
        add_row(table, arm["name"], *(number(share[agent]) for agent in info["agents"]))
    return table
