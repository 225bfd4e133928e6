"""Writes the table of an audit as CSV, Markdown and LaTeX, and builds what the terminal shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.audit_table import COLUMNS, LETTERS, View, views
from analysis.coalition_columns import COLUMNS as COALITIONS
from analysis.coalition_views import coalition_views
from analysis.paper_table import PaperTable
from sim.experiment.stored import Stored
from sim.kit.csv_file import write_csv
from sim.kit.escape import latex_comment, markdown_paragraph
from sim.kit.terminal import of_rows, shown_name

READ = (
    "gains are against truthful rivals, in one posting: not equilibrium profit, and blind to lies that pay through "
    "reputation, later postings or collusion; truth: the ask is the break-even price on success, or the cost of an "
    "attempt; the claim is the belief"
)
_WORDS = ("arm", "rule", "agent", "declared", "ignores", "counterexample", *LETTERS)  # even where they look like "NA"


def write_audit(folder: Path, frame: pd.DataFrame, notes: Sequence[str]) -> None:
    """Add audit.csv, audit.md and audit.tex to the folder; notes: what was audited, how finely."""
    write_csv(frame, folder / "audit.csv")
    shown = [*views(frame), *coalition_views(frame)]
    parts = ["# Incentive audit", *map(markdown_paragraph, (*notes, READ)), *(_of(view).markdown() for view in shown)]
    (folder / "audit.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    lines = [latex_comment(note) for note in (*notes, READ)]
    (folder / "audit.tex").write_text("\n".join([*lines, *(_tabular(view) for view in shown)]) + "\n", encoding="utf-8")


def audit_views(frame: pd.DataFrame, notes: Sequence[str]) -> list[Any]:
    """What is printed."""
    parts: list[Any] = [*notes, READ, ""]
    for view in [*views(frame), *coalition_views(frame)]:
        parts += [of_rows(view.title, view.columns, [_named(row) for row in view.rows], view.n_left), ""]
    return parts


def _named(row: Sequence[str]) -> list[str]:
    return [shown_name(row[0]), *row[1:]]


def read_audit(folder: Path) -> pd.DataFrame:
    """audit.csv of a folder; empty text stays empty."""
    empty = {name: [""] for name in (*COLUMNS, *COALITIONS) if name not in _WORDS}
    how = {"keep_default_na": False, "na_values": empty, "dtype": dict.fromkeys(_WORDS, str)}
    return Stored.open(folder).csv("audit.csv", **how)


def _of(view: View) -> PaperTable:
    return PaperTable(view.columns, view.rows, view.title, n_left=view.n_left)


def _tabular(view: View) -> str:
    return f"{latex_comment(view.title)}\n{_of(view).tabular()}"
