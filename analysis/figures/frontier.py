"""Accuracy against cost a task: every policy of a recorded table, and the frontier of those that need no oracle.

Agents are grey dots, of many named where they lie on the frontier; bars are 95% intervals for another draw of tasks.
Costs are on a logarithmic axis where they span more than a factor of 20.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from analysis.basis import listed, missing, numbers, over, title
from analysis.figures.look import Look
from analysis.figures.point_names import Obstacles, name_points, segments, steps
from analysis.figures.style import dot, ink, legend_columns, muted, short, thin, tone
from sim.kit.arrays import FloatArray

_WORDS = {"always": "always one agent", "random": "random", "record": "by a record", "auction": "auction"}
_WORDS |= {"oracle": "oracle (a bound)"}
_MARKS = {"always": "o", "random": "P", "record": "s", "auction": "^", "oracle": "D"}
_WIDE_RANGE = 20.0
_MOST_WITH_BARS = 40
_MOST_NAMED = 12  # agents up to which those off the frontier are named too
_LETTERS = 28  # of a name


def paint(frame: pd.DataFrame, look: Look) -> Figure:
    """The figure of the table of policies."""
    return _painted(frame, look)[0]


def about(frame: pd.DataFrame, look: Look) -> str:
    """What the crosses are, and which points have no name, for the footer."""
    shown, left = _drawn(frame), _painted(frame, look)[1]
    barred = shown[_with_bars(shown)]
    found = numbers(barred, "policy", ["accuracy", "cost"])
    lines = [f"crosses: {title(found)}"] if over(found) else []
    lines += missing(found)
    lines += ["intervals of agents: in frontier.csv"] if len(barred) < len(shown) else []
    unknown, unnamed = frame.drop(shown.index), shown[shown["policy"].isin(left)]
    lines += [f"not drawn, since accuracy or cost is not known: {_listed(unknown)}"] if len(unknown) else []
    lines += [f"points without a name: {_listed(unnamed)}; all of them in frontier.csv"] if len(unnamed) else []
    return "; ".join(lines)


def _painted(frame: pd.DataFrame, look: Look) -> tuple[Figure, list[str]]:
    """The figure, and the policies that it does not name."""
    figure = look.figure(2.9 if look.narrow else 3.4)
    axes = figure.subplots()
    shown = _drawn(frame)
    barred = _with_bars(shown)
    for kind, colour in _colours().items():
        part = shown["kind"] == kind
        if part.any():
            _points(axes, shown[part], shown[part & barred], colour, kind)
    on = shown[shown["on_frontier"] == 1].sort_values("cost")
    _frontier(axes, on)
    _scaled(axes, shown)
    axes.set_xlabel(look.words("cost", "cost", "$ per task"))
    axes.set_ylabel(look.words("accuracy", "accuracy", "share of tasks"))
    axes.grid()
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=legend_columns(labels, look.width), handlelength=1.2)
    figure.draw_without_rendering()  # names are placed among points that lie where they will
    return figure, _named(axes, shown, on, look)


def _drawn(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["accuracy"].notna() & frame["cost"].notna()]


def _with_bars(shown: pd.DataFrame) -> pd.Series[bool]:
    """Whose intervals are drawn: of many, not those of agents."""
    return (shown["kind"] != "always") | (len(shown) <= _MOST_WITH_BARS)


def _scaled(axes: Axes, shown: pd.DataFrame) -> None:
    paid = shown.loc[shown["cost"] > 0, "cost"]
    if len(paid) and paid.max() > _WIDE_RANGE * paid.min() and (shown["cost"] > 0).all():
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())


def _colours() -> dict[str, str]:
    return {"always": muted(), "random": ink(), "record": tone(0), "auction": tone(2), "oracle": tone(1)}


def _points(axes: Axes, part: pd.DataFrame, barred: pd.DataFrame, colour: str, kind: str) -> None:
    how: dict[str, Any] = {"color": colour, "lw": thin(), "alpha": 0.5}
    axes.vlines(barred["cost"], barred["accuracy_low"], barred["accuracy_high"], **how)
    axes.hlines(barred["accuracy"], barred["cost_low"], barred["cost_high"], **how)
    x, y = part["cost"].to_numpy(), part["accuracy"].to_numpy()
    axes.plot(x, y, _MARKS[kind], ms=dot(), color=colour, mew=0, label=_WORDS[kind], zorder=3)


def _frontier(axes: Axes, part: pd.DataFrame) -> None:
    how: dict[str, Any] = {"color": tone(5), "lw": thin(0.8), "drawstyle": "steps-post", "label": "frontier"}
    axes.plot(part["cost"], part["accuracy"], zorder=2, **how)


def _named(axes: Axes, shown: pd.DataFrame, on: pd.DataFrame, look: Look) -> list[str]:
    """Name the points, those on the frontier first; the policies that have no name."""
    off = shown.drop(on.index)
    many = (shown["kind"] == "always").sum() > _MOST_NAMED
    rest = off[off["kind"] != "always"] if many else off
    some = pd.concat([on, rest.sort_values(["cost", "accuracy"])])
    if some.empty:
        return list(shown["policy"])
    names = [short(look.name(str(policy)), _LETTERS) for policy in some["policy"]]
    left = name_points(axes, names, _pixels(axes, some), _obstacles(axes, shown, on))
    named = some.index.delete(left)
    return list(shown["policy"].drop(named))


def _obstacles(axes: Axes, shown: pd.DataFrame, on: pd.DataFrame) -> Obstacles:
    bars = []
    for row in shown[_with_bars(shown) & shown["accuracy_low"].notna()].to_dict("records"):
        x, y = row["cost"], row["accuracy"]
        bars += segments(axes, np.array([[x, row["accuracy_low"]], [x, row["accuracy_high"]]]))
        bars += segments(axes, np.array([[row["cost_low"], y], [row["cost_high"], y]]))
    line = segments(axes, steps(on[["cost", "accuracy"]].to_numpy()))
    return Obstacles(_pixels(axes, shown), line, bars)


def _pixels(axes: Axes, part: pd.DataFrame) -> FloatArray:
    return np.asarray(axes.transData.transform(part[["cost", "accuracy"]].to_numpy()))


def _listed(part: pd.DataFrame) -> str:
    return listed([f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}" for name in part["policy"]])
