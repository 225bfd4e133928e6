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
from matplotlib.transforms import Bbox

from analysis.figures.look import Look
from analysis.figures.style import dot, ink, legend_columns, muted, short, small, thin, tone

_WORDS = {"always": "always one agent", "random": "random", "record": "by a record", "auction": "auction"}
_WORDS |= {"oracle": "oracle (a bound)"}
_MARKS = {"always": "o", "random": "P", "record": "s", "auction": "^", "oracle": "D"}
_WIDE_RANGE = 20.0
_MOST_WITH_BARS = 40
_MOST_NAMED = {True: 0, False: 12}  # agents beside those on the frontier, in one column and in two
_AROUND = tuple(
    (dx * far, dy * far, align)
    for far in (1, 2.2, 4, 6)
    for dx, dy, align in (
        (4, 3, "left"),
        (4, -3, "left"),
        (-4, 3, "right"),
        (-4, -3, "right"),
        (0, 5, "center"),
        (0, -5, "center"),
        (6, 0, "left"),
        (-6, 0, "right"),
    )
)
_TOGETHER, _LETTERS = 3, 28  # names at one place, and letters of one


def paint(frame: pd.DataFrame, look: Look) -> Figure:
    """The figure of the table of policies."""
    figure = look.figure(2.9 if look.narrow else 3.4)
    axes = figure.subplots()
    shown = frame[frame["accuracy"].notna() & frame["cost"].notna()]
    for kind, colour in _colours().items():
        part = shown[shown["kind"] == kind]
        if len(part):
            _points(axes, part, colour, kind, bars=len(shown) <= _MOST_WITH_BARS or kind != "always")
    on = shown["on_frontier"] == 1
    _frontier(axes, shown[on].sort_values("cost"))
    paid = shown.loc[shown["cost"] > 0, "cost"]
    if len(paid) and paid.max() > _WIDE_RANGE * paid.min() and (shown["cost"] > 0).all():
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(look.words("cost", "cost", "$ per task"))
    axes.set_ylabel(look.words("accuracy", "accuracy", "share of tasks"))
    axes.grid()
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=legend_columns(labels, look.width), handlelength=1.2)
    few = (shown["kind"] == "always").sum() <= _MOST_NAMED[look.narrow]
    named = shown if few else shown[on] if look.narrow else shown[(shown["kind"] != "always") | on]
    figure.draw_without_rendering()  # names are placed among points that lie where they will
    _names(axes, named, look)
    return figure


def _colours() -> dict[str, str]:
    return {"always": muted(), "random": ink(), "record": tone(0), "auction": tone(2), "oracle": tone(1)}


def _points(axes: Axes, part: pd.DataFrame, colour: str, kind: str, *, bars: bool) -> None:
    x, y = part["cost"].to_numpy(), part["accuracy"].to_numpy()
    if bars:
        axes.vlines(x, part["accuracy_low"], part["accuracy_high"], color=colour, lw=thin(), alpha=0.5)
        axes.hlines(y, part["cost_low"], part["cost_high"], color=colour, lw=thin(), alpha=0.5)
    axes.plot(x, y, _MARKS[kind], ms=dot(), color=colour, mew=0, label=_WORDS[kind], zorder=3)


def _frontier(axes: Axes, part: pd.DataFrame) -> None:
    how: dict[str, Any] = {"color": tone(5), "lw": thin(0.8), "drawstyle": "steps-post", "label": "frontier"}
    axes.plot(part["cost"], part["accuracy"], zorder=2, **how)


def _names(axes: Axes, part: pd.DataFrame, look: Look) -> None:
    """Names beside the points, where one has room that hides no other; points on each other share a place."""
    there: dict[tuple[str, str], list[Mapping[Any, Any]]] = {}
    for row in part.sort_values(["cost", "accuracy"]).to_dict("records"):
        there.setdefault((f"{row['cost']:.1e}", f"{row['accuracy']:.2f}"), []).append(row)
    placed: list[Bbox] = []
    marks = axes.transData.transform(part[["cost", "accuracy"]].to_numpy())
    for rows in there.values():
        word = ", ".join(short(look.name(str(row["policy"])), _LETTERS) for row in rows[:_TOGETHER])
        word += f" and {len(rows) - _TOGETHER} more" if len(rows) > _TOGETHER else ""
        _place(axes, word, (float(rows[0]["cost"]), float(rows[0]["accuracy"])), placed, marks)


def _place(axes: Axes, word: str, at: tuple[float, float], placed: list[Bbox], marks: Any) -> None:
    """The name at the first of some places around its point where it lies on nothing and within the axes."""
    whole = axes.bbox
    for dx, dy, align in _AROUND:
        vertical = "bottom" if dy > 0 else "top" if dy < 0 else "center"
        how: dict[str, Any] = {"textcoords": "offset points", "fontsize": small(), "ha": align, "va": vertical}
        text = axes.annotate(word, at, (dx, dy), **how)
        text.set_in_layout(False)
        box = text.get_window_extent().padded(2.0)
        inside = box.x0 >= whole.x0 and box.x1 <= whole.x1 + 4 and box.y0 >= whole.y0 and box.y1 <= whole.y1 + 4
        if inside and not any(box.overlaps(other) for other in placed) and not box.count_contains(marks):
            placed.append(box)
            return
        text.remove()
