"""Accuracy against cost a task: every policy of a recorded table, and the frontier of those that need no oracle.

Agents are grey dots, of many named where they lie on the frontier; bars are 95% intervals for another draw of tasks.
Costs are on a logarithmic axis where they span more than a factor of 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from analysis.figures.style import (
    BLUE,
    DOT,
    GREEN,
    GREY,
    HAIR,
    INK,
    LIGHT,
    ORANGE,
    RED,
    WIDE,
    new_figure,
    short,
    styled,
)

_COLOURS = {"always": GREY, "random": INK, "record": BLUE, "auction": GREEN, "oracle": ORANGE}
_WORDS = {"always": "always one agent", "random": "random", "record": "by a record", "auction": "auction"}
_WORDS |= {"oracle": "oracle (a bound)"}
_WIDE_RANGE = 20.0
_MOST_WITH_BARS = 40
_MOST_NAMED = 12  # agents
_TOGETHER, _LETTERS = 3, 28  # names at one place, and letters of one


@styled
def draw(frame: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """The figure, and the table that it shows."""
    figure = new_figure(WIDE, 3.6)
    axes = figure.subplots()
    shown = frame[frame["accuracy"].notna() & frame["cost"].notna()]
    for kind, colour in _COLOURS.items():
        part = shown[shown["kind"] == kind]
        if len(part):
            _points(axes, part, colour, _WORDS[kind], bars=len(shown) <= _MOST_WITH_BARS or kind != "always")
    _frontier(axes, shown[shown["on_frontier"] == 1].sort_values("cost"))
    few = (shown["kind"] == "always").sum() <= _MOST_NAMED
    _names(axes, shown if few else shown[(shown["kind"] != "always") | (shown["on_frontier"] == 1)])
    paid = shown.loc[shown["cost"] > 0, "cost"]
    if len(paid) and paid.max() > _WIDE_RANGE * paid.min() and (shown["cost"] > 0).all():
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("cost, $ per task")
    axes.set_ylabel("accuracy")
    axes.grid(color=LIGHT, lw=HAIR)
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper left", ncols=6, handlelength=1.2, columnspacing=1.2)
    return figure, frame


def _points(axes: Axes, part: pd.DataFrame, colour: str, label: str, *, bars: bool) -> None:
    x, y = part["cost"].to_numpy(), part["accuracy"].to_numpy()
    if bars:
        axes.vlines(x, part["accuracy_low"], part["accuracy_high"], color=colour, lw=0.7, alpha=0.5)
        axes.hlines(y, part["cost_low"], part["cost_high"], color=colour, lw=0.7, alpha=0.5)
    axes.plot(x, y, "o", ms=DOT, color=colour, mew=0, label=label, zorder=3)


def _frontier(axes: Axes, part: pd.DataFrame) -> None:
    axes.plot(part["cost"], part["accuracy"], color=RED, lw=0.9, drawstyle="steps-post", label="frontier", zorder=2)


def _names(axes: Axes, part: pd.DataFrame) -> None:
    """Names beside the points, above and below in turn along the axis; points that lie on each other share a place."""
    there: dict[tuple[str, str], list[Mapping[Any, Any]]] = {}
    for row in part.sort_values(["cost", "accuracy"]).to_dict("records"):
        there.setdefault((f"{row['cost']:.1e}", f"{row['accuracy']:.2f}"), []).append(row)
    for place, rows in enumerate(there.values()):
        word = ", ".join(short(str(row["policy"]), _LETTERS) for row in rows[:_TOGETHER])
        word += f" and {len(rows) - _TOGETHER} more" if len(rows) > _TOGETHER else ""
        at = float(rows[0]["cost"]), float(rows[0]["accuracy"])
        offset = (3, 4) if place % 2 == 0 else (3, -8)
        axes.annotate(word, at, offset, textcoords="offset points", fontsize=5.5, color=INK)
