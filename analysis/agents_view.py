"""The agents of a run as `show` prints them: what they claim, how they fare, principals, postings, shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.basis import numbers, title
from analysis.views import Shown, of_frame, table, text, with_coupled, with_intervals
from sim.kit.terminal import Column, add_row, estimated, number, plain_table

_CLAIMS: Shown = {
    "success_rate": (True, 0),
    "mean_claim": (False, 0),
    "brier": (True, 0),
    "ece": (False, 0),
    "ece_null": (False, 0),
    "auc": (True, 0),
    "auc_before_card": (True, 1),
    "brier_reliability": (False, 2),
    "brier_resolution": (False, 3),
    "brier_uncertainty": (False, 4),
}
_MARKET: Shown = {"hired_rate": (True, 0), "published_profit": (True, 0), "cash_profit": (True, 0)}
# What hiring does to those hired; shown where some agent has something to tell.
_HIRED: Shown = {
    "claim_minus_success_hired": (True, 0),
    "negative_utility_rate": (True, 0),
    "exit_rate": (True, 0),
    "final_wealth": (True, 0),
}
_PRINCIPALS: Shown = {
    "solve_rate": (True, 0),
    "surplus": (True, 0),
    "spent": (True, 1),
    "no_budget_rate": (True, 2),
}
_CLOSED = ("hired", "published", "cash")


def agents_view(tables: dict[str, pd.DataFrame], info: dict[str, Any]) -> list[Any]:
    """The agents of the first arm, the pooled claims below, closed forms where there are any, all shares."""
    tables = {name: with_coupled(frame, tables["summary"]) for name, frame in tables.items()}
    arms, frame = info["scenario"]["arms"], tables["agents"]
    first = arms[0]["name"]
    own = frame[frame["arm"] == first]
    views = [
        *_claims(own, tables["claims"], first),
        "",
        *_of_agents(own, _MARKET, f"arm {first!r}, the market, per task"),
    ]
    note = _with_values(own, _HIRED)
    if note:
        views += ["", *_of_agents(own, note, f"arm {first!r}, those hired")]
    if "principals" in tables:
        views += ["", *_principals(tables["principals"])]
    if "postings" in tables:
        views += ["", *_postings(tables["postings"])]
    if "closed_forms" in tables:
        views += ["", _closed(tables["closed_forms"], first)]
    if len(arms) > 1 and not arms[0]["market"]["alone"]:
        views += ["", _shares(frame, info)]
    return views


def _claims(own: pd.DataFrame, pooled: pd.DataFrame, arm: str) -> list[Any]:
    """One row per agent, and one for the claims of all of them."""
    all_of_them = pooled[pooled["arm"] == arm].assign(agent="all claims")
    both = pd.concat([own, all_of_them.reindex(columns=own.columns)], ignore_index=True)
    shown = {name: how for name, how in _CLAIMS.items() if name in both and both[name].notna().any()}
    found = numbers(both, "agent", with_intervals(both, shown), claims=True)
    columns = [text(both, "agent"), *of_frame(both, shown)]
    # What is undefined for all claims together is no gap in the table.
    columns = [c._replace(cells=[*c.cells[:-1], "" if c.cells[-1] == "-" else c.cells[-1]]) for c in columns]
    head = f"arm {arm!r}, all claims, also of agents that did not bid ({_count(own)} of each); {title(found)}"
    correlation = float(all_of_them["residual_correlation"].iloc[0])
    note = f"ece null of all claims: outcomes of a task correlate by {number(correlation)} given the claims"
    return [*table(columns, head, found, "agents.csv"), *([] if math.isnan(correlation) else [note])]


def _count(own: pd.DataFrame) -> str:
    """How many claims each agent has."""
    low, high = own["claims"].min(), own["claims"].max()
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _of_agents(own: pd.DataFrame, shown: Shown, head: str) -> list[Any]:
    found = numbers(own, "agent", with_intervals(own, shown))
    return table([text(own, "agent"), *of_frame(own, shown)], f"{head}; {title(found)}", found, "agents.csv")


def _with_values(frame: pd.DataFrame, shown: Shown) -> Shown:
    """The columns that are neither undefined nor 0 throughout."""
    return {name: how for name, how in shown.items() if (frame[name].fillna(0.0) != 0).any()}


def _principals(frame: pd.DataFrame) -> list[Any]:
    """One row per (arm, principal)."""
    found = numbers(frame, "arm", with_intervals(frame, _PRINCIPALS))
    budget = ["no limit" if math.isinf(value) else number(value) for value in frame["budget"]]
    columns = [text(frame, "arm"), text(frame, "principal"), Column("budget", budget)]
    columns += [Column("tasks", [f"{count:,}" for count in frame["tasks"]]), *of_frame(frame, _PRINCIPALS)]
    head = f"principals; spent per replication, rates and surplus per task; {title(found)}"
    return table(columns, head, found, "principals.csv")


def _postings(frame: pd.DataFrame) -> list[Any]:
    """Success by posting, one row per arm; rescues by who made them."""
    found = numbers(frame, "arm", ["success_rate"])
    kinds = list(dict.fromkeys(zip(frame["posting"], frame["who"], strict=True)))
    arms = list(dict.fromkeys(frame["arm"]))
    ends = (frame[f"success_rate{part}"] for part in ("", "_low", "_high"))
    keys = (frame[name] for name in ("arm", "posting", "who"))
    rates = dict(zip(zip(*keys, strict=True), zip(*ends, strict=True), strict=True))
    columns = [Column("arm", [str(arm) for arm in arms], left=True)]
    for posting, who in kinds:
        found_of = [rates.get((arm, posting, who)) for arm in arms]
        cells = ["-" if rate is None else estimated(*map(float, rate)) for rate in found_of]
        columns.append(Column(f"posting {posting}" + ("" if who == "any" else f",\n{who} agent"), cells, rank=posting))
    return table(columns, f"success of attempts by posting; {title(found)}", found, "postings.csv")


def _closed(frame: pd.DataFrame, arm: str) -> Any:
    title = f"arm {arm!r}: as drawn (± simulation error), in closed form, and z of the difference"
    headings = [text for column in _CLOSED for text in (f"{column}, drawn", "exact", "z")]
    view = plain_table(title, ["agent", *headings])
    for row in frame[frame["arm"] == arm].to_dict("records"):
        cells = []
        for column in _CLOSED:
            drawn, error = row[f"{column}_drawn"], row[f"{column}_se_mc"]
            cells += [f"{number(drawn)} ± {number(error)}", number(row[column]), f"{row[f'{column}_z']:.1f}"]
        add_row(view, str(row["agent"]), *cells)
    return view


def _shares(frame: pd.DataFrame, info: dict[str, Any]) -> Any:
    names: Sequence[str] = info["agents"]
    view = plain_table("share of attempts", ["arm", *names])
    for arm in info["scenario"]["arms"]:
        share = frame[frame["arm"] == arm["name"]].set_index("agent")["share"]
        add_row(view, arm["name"], *(number(share[agent]) for agent in names))
    return view
