"""The agents of a run as `show` prints them: what they claim, how they fare, principals, postings, shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.basis import numbers, title
from analysis.few_agents import few, selection_note
from analysis.views import Shown, of_frame, table, text, with_coupled, with_intervals
from sim.kit.digits import number, of_numbers
from sim.kit.terminal import Column, Sheet, error_column, estimate_column, number_column, shown_name

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
    arms, everybody = info["scenario"]["arms"], tables["agents"]
    first = arms[0]["name"]
    all_own = everybody[everybody["arm"] == first]
    shown = few(list(all_own["agent"]), all_own["cash_profit"])
    frame = everybody[everybody["agent"].isin(shown)]
    own = all_own.set_index("agent", drop=False).loc[shown].reset_index(drop=True)
    few_of_many = selection_note(len(all_own), f"cash profit in arm {first!r}", "agents.csv")
    views = [
        *([few_of_many, ""] if few_of_many else []),
        *claims_view(own, tables["claims"], first),
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
        closed = tables["closed_forms"]
        views += ["", _closed(closed[closed["agent"].isin(shown)], first)]
    if len(arms) > 1 and not arms[0]["market"]["alone"]:
        views += ["", _shares(frame, shown, info)]
    return views


def claims_view(own: pd.DataFrame, pooled: pd.DataFrame, arm: str) -> list[Any]:
    """One row per agent, and one for the claims of all of them; a line where nobody claims anything."""
    if not own["claims"].any():
        return [f"arm {arm!r}: there are no claims with a known outcome"]
    label = "all claims" if "all claims" not in set(own["agent"]) else "all claims, of everybody"
    all_of_them = pooled[pooled["arm"] == arm].assign(agent=label)
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
    limits = of_numbers([value for value in frame["budget"] if math.isfinite(value)])
    budget = ["no limit" if math.isinf(value) else limits.text(value) for value in frame["budget"]]
    columns = [text(frame, "arm"), text(frame, "principal"), Column(f"budget {limits.unit}".rstrip(), budget)]
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
    columns = [Column("arm", [shown_name(str(arm)) for arm in arms], left=True)]
    undefined = (math.nan, math.nan, math.nan)
    for posting, who in kinds:
        head = f"posting {posting}" + ("" if who == "any" else f",\n{who} agent")
        columns.append(estimate_column(head, [rates.get((arm, posting, who), undefined) for arm in arms], posting))
    return table(columns, f"success of attempts by posting; {title(found)}", found, "postings.csv")


def _closed(frame: pd.DataFrame, arm: str) -> Sheet:
    """Drawn beside exact, one row per agent."""
    title = f"arm {arm!r}: as drawn (± simulation error), in closed form, and z of the difference"
    own = frame[frame["arm"] == arm]
    columns = [text(own, "agent")]
    for name in _CLOSED:
        drawn, error, exact = (own[f"{name}{part}"] for part in ("_drawn", "_se_mc", ""))
        columns += [
            error_column(f"{name}, drawn", zip(drawn, error, strict=True), least=4),
            number_column("exact", exact),
            Column("z", [f"{z:.1f}" for z in own[f"{name}_z"]]),
        ]
    return Sheet(title, columns, "closed_forms.csv")


def _shares(frame: pd.DataFrame, agents: Sequence[str], info: dict[str, Any]) -> Sheet:
    """A row per agent, a column per arm."""
    columns = [Column("agent", [shown_name(agent) for agent in agents], left=True)]
    for arm in info["scenario"]["arms"]:
        share = frame[frame["arm"] == arm["name"]].set_index("agent")["share"]
        columns.append(number_column(shown_name(arm["name"]), share.loc[list(agents)]))
    return Sheet("share of attempts", columns, "agents.csv")
