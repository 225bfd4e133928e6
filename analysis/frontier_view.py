"""The table of a frontier as the command prints it, at 80 columns and more. Builds, never prints."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.basis import numbers, title
from analysis.frontier_table import ALWAYS
from analysis.views import estimates, table, text, values
from sim.kit.terminal import Column

MOST = 20  # agents shown; all are in the CSV


def frontier_views(frame: pd.DataFrame, head: str) -> list[Any]:
    """What is printed: agents, the other policies, and what is left out."""
    agents, others = frame[frame["kind"] == ALWAYS], frame[frame["kind"] != ALWAYS]
    shown = agents.sort_values(["on_frontier", "accuracy"], ascending=False, kind="stable").head(MOST)
    views: list[Any] = [head, ""]
    if len(shown) < len(agents):
        views += [f"of {len(agents):,} agents the {MOST} that are most accurate, those on the frontier first", ""]
    views += _one(shown, "always one agent, per task")
    views += ["", *_one(others, "other policies, per task")]
    views += ["", "*: no other policy without an oracle is as accurate at no more cost, and better in one of the two"]
    return [*views, *frame.attrs.get("notes", [])]


def _one(frame: pd.DataFrame, what: str) -> list[Any]:
    shown = [name for name in ("accuracy", "cost") if frame[name].notna().any()]
    found = numbers(frame, "policy", shown)
    marks = Column("", ["*" if on else "" for on in frame["on_frontier"]], left=True)
    columns = [text(frame, "policy"), marks, *(estimates(frame, name) for name in shown)]
    if frame["tasks"].nunique() > 1:
        columns.append(values(frame, "tasks", 1))
    return table(columns, f"{what}; {title(found)}", found, "frontier.csv")
