"""Lines of a sweep: one swept key along x, a line for each arm, a 95% band for another draw of tasks.

A point without an interval has a cross and no band. Panels for each metric and each setting of what else varies: those
of a setting side by side in two columns, one or two abreast in one.

Where more than MOST_BANDS bands lie on one another, none is drawn but a bar beside the panel, as high as its median
interval. A line that jumps between two levels has a gap there: it changes by more than a third of its whole range and
by more than eight times its median step, and the two intervals do not meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.basis import listed
from analysis.figures.chart import Chart
from analysis.figures.charted import coinciding, settings_of
from analysis.figures.labels import axis_label, label_of, line_label, setting_label, title_of, up_label
from analysis.figures.look import Look, Pen, fold, pen
from analysis.figures.style import NO_INTERVAL, dot, ink, legend_columns, legend_rows, reference, thin
from sim.kit.arrays import BoolArray, FloatArray
from sim.scenario.axes import Factor

MOST_BANDS = 3  # on one another
_JUMP, _STEPS, _LEAST_LEVELS = 1 / 3, 8.0, 5
_FEW = 8  # levels of x that are marked one by one
_ROW = {True: 0.85, False: 1.1}  # inches of a panel's height, in one column and in two


def paint(data: pd.DataFrame, chart: Chart, factors: Sequence[Factor], look: Look) -> Figure:
    """The figure of these rows of the sweep's table."""
    settings = settings_of(data, chart)
    names = look.ordered(dict.fromkeys(data[chart.lines]))
    panels = [(setting, part, y) for setting, part in settings for y in chart.y]
    across = _across(len(panels), len(chart.y), look)
    down = -(-len(panels) // across)
    room = look.width / across - 0.65
    titles = [fold(_title(setting, y, chart, look), room) for setting, _, y in panels]
    along = fold(axis_label(chart.x, factors, look, "x"), room)
    labels = [line_label(chart.lines, name, look) for name in names]
    deep = max(1 + title.count("\n") for title in titles) * look.line
    around = look.around([along], legend_rows(labels, look.width))
    figure = look.figure((_ROW[look.narrow] + deep) * down + around)
    axes = figure.subplots(down, across, squeeze=False, sharex=True)
    first: dict[str, Axes] = {}
    crowded = _crowded_metrics(data, chart)
    for axis, title, (_, part, y) in zip(axes.flat, titles, panels, strict=False):
        axis.sharey(first.setdefault(label_of(y), axis)) if label_of(y) in first else first.update({label_of(y): axis})
        _panel(axis, part[part["y"] == label_of(y)], chart, names, label_of(y) in crowded)
        axis.set_title(title, loc="left")
        axis.set_ylabel(fold(up_label(y, chart.baseline, look), 0.8 * _ROW[look.narrow]))
    for axis, (_, part, y) in zip(axes.flat, panels, strict=False):
        if label_of(y) in crowded:  # once all is drawn: it fixes the axis that panels of one metric share
            _typical(axis, part[part["y"] == label_of(y)])
    for spare in axes.flat[len(panels) :]:
        spare.set_visible(False)
    for column in axes.T:
        lowest = [axis for axis in column if axis.get_visible()][-1]
        lowest.tick_params(labelbottom=True)
        lowest.set_xlabel(along)
        if chart.scale == "log":
            _log(lowest, sorted(set(data[chart.x])), look.width / across)
    few = data[chart.x].nunique() <= _FEW
    handles = [_handle(pen(k), few) for k in range(len(names))]
    figure.legend(handles, labels, loc="outside upper left", ncols=legend_columns(labels, look.width), handlelength=2.6)
    return figure


def _title(setting: Any, y: tuple[str, str, int], chart: Chart, look: Look) -> str:
    """The setting, where there are several, and the metric."""
    return ": ".join(filter(None, (setting_label(setting, look), title_of(y, chart.baseline, look)[0])))


def _across(panels: int, metrics: int, look: Look) -> int:
    """How many panels stand side by side."""
    if not look.narrow:
        return metrics if metrics > 1 else min(panels, 3)
    return 1 if panels <= 3 else 2


def _handle(of: Pen, few: bool) -> Line2D:
    return Line2D(
        [], [], color=of.colour, ls=of.dash, lw=thin(1.1), marker=of.marker if few else "", ms=dot(0.7), mew=0
    )


def about(data: pd.DataFrame, chart: Chart) -> str:
    """What marks mean that not every figure of lines has, for the footer."""
    found = [part for _, whole in settings_of(data, chart) for _, part in whole.groupby("y", sort=False)]
    lines = [line for part in found for line in _lines(part, chart)]
    notes = []
    if _crowded_metrics(data, chart):
        notes.append("bar beside a panel: its median interval, where bands would hide one another; all in the CSV file")
    if chart.jumps == "break" and any(_jumps(*line).any() for line in lines):
        notes.append("a gap in a line: it jumps between two levels")
    notes += _on_one_another(found, chart)
    return "".join(f"{each}\n" for each in notes)


def _on_one_another(panels: Sequence[pd.DataFrame], chart: Chart) -> list[str]:
    """A line for each group of lines with the same points, but for differences that are none at all."""
    look = Look(own=chart.own)
    groups: dict[tuple[str, ...], int] = {}
    for part in panels:
        some = part[~part["same"]].sort_values(chart.x, kind="stable")
        lines = {
            line_label(chart.lines, name, look): own["drawn"] for name, own in some.groupby(chart.lines, sort=False)
        }
        for group in coinciding(lines):
            groups[tuple(group)] = groups.get(tuple(group), 0) + 1
    some_panels = {True: "", False: " in some panels"}
    return [f"lines that coincide{some_panels[n == len(panels)]}: {listed(group)}" for group, n in groups.items()]


def _lines(part: pd.DataFrame, chart: Chart) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Value, low and high of each line of a panel."""
    sorted_ = part.sort_values(chart.x, kind="stable")
    columns = ("drawn", "drawn_low", "drawn_high")
    return [tuple(own[c].to_numpy(np.float64) for c in columns) for _, own in sorted_.groupby(chart.lines, sort=False)]  # type: ignore[misc]


def _crowded_metrics(data: pd.DataFrame, chart: Chart) -> set[str]:
    """The metrics, as y writes them, that have a panel in which bands would hide one another: none has bands then."""
    parts = [part for _, whole in settings_of(data, chart) for _, part in whole.groupby("y", sort=False)]
    return {str(part["y"].iloc[0]) for part in parts if _crowded(part, chart)}


def _crowded(part: pd.DataFrame, chart: Chart) -> bool:
    """At half of the levels or more, some value lies in more than MOST_BANDS bands."""
    deep = []
    for _, at in part.groupby(chart.x):
        low, high = (at[f"drawn_{end}"].to_numpy(np.float64) for end in ("low", "high"))
        deep.append(max((int(((low <= value) & (value <= high)).sum()) for value in low), default=0))
    return bool(deep) and float(np.median(deep)) > MOST_BANDS


def _jumps(y: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
    """(levels - 1,): the line jumps between this level and the next."""
    step = np.abs(np.diff(y))
    if len(y) < _LEAST_LEVELS or not np.isfinite(y).all():
        return np.zeros(len(step), np.bool_)
    apart = ~(np.fmax(low[:-1], low[1:]) <= np.fmin(high[:-1], high[1:]))
    return np.asarray((step > _JUMP * np.ptp(y)) & (step > _STEPS * np.median(step)) & apart & (step > 0))


def _panel(axes: Axes, part: pd.DataFrame, chart: Chart, names: Sequence[Any], crowded: bool) -> None:
    for k, level in enumerate(names):
        line = part[part[chart.lines] == level].sort_values(chart.x)
        columns = (chart.x, "drawn", "drawn_low", "drawn_high")
        x, y, low, high = (line[column].to_numpy(np.float64) for column in columns)
        _line(axes, x, y, pen(k), chart, _jumps(y, low, high), zorder=2 + k % 5)
        bare = np.isnan(low) & ~line["same"].to_numpy()
        axes.plot(x[bare], y[bare], NO_INTERVAL, color=pen(k).colour, ms=dot(0.9), mew=0, zorder=6)
        if not crowded:
            step: Any = "mid" if chart.jumps == "steps" else None
            axes.fill_between(x, low, high, color=pen(k).colour, alpha=0.16, lw=0, step=step)
    axes.grid(axis="y")
    axes.margins(x=0.02)
    if part["y"].iloc[:1].str.startswith(("difference:", "lead:")).any():
        reference(axes, y=0.0)


def _line(axes: Axes, x: FloatArray, y: FloatArray, of: Pen, chart: Chart, jumps: BoolArray, zorder: int) -> None:
    """A line through its levels, with a gap, a step or neither where it jumps."""
    style = "steps-mid" if chart.jumps == "steps" else "default"
    if chart.jumps == "break" and jumps.any():
        at = np.flatnonzero(jumps) + 1
        x, y = np.insert(x, at, np.nan), np.insert(y, at, np.nan)
    marker = of.marker if len(x) <= _FEW + len(jumps) and len(jumps) < _FEW else ""
    how: dict[str, Any] = {"color": of.colour, "ls": of.dash, "marker": marker, "ms": dot(0.7), "mew": 0}
    axes.plot(x, y, lw=thin(1.0), drawstyle=style, zorder=zorder, **how)


def _typical(axes: Axes, part: pd.DataFrame) -> None:
    """A bar at the right of the panel, as high as its median interval."""
    width = (part["drawn_high"] - part["drawn_low"]).median()
    low, high = axes.get_ylim()
    middle = (low + high) / 2
    ends, place = [middle - width / 2, middle + width / 2], [1.03, 1.03]
    how: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "color": ink(), "clip_on": False, "zorder": 7}
    axes.plot(place, ends, lw=thin(), marker="_", ms=dot(), mew=thin(), **how)
    axes.set_ylim(min(low, ends[0]), max(high, ends[1]))


def _log(axes: Axes, levels: Sequence[float], inches: float) -> None:
    """A logarithmic x axis, of all panels of the column; few levels are labelled one by one, as many as have room."""
    axes.set_xscale("log")
    if len(levels) <= _FEW:
        named = levels[:: 2 if inches < 0.24 * len(levels) + 0.55 else 1]
        axes.set_xticks(list(named), [f"{level:g}" for level in named])
        axes.set_xticks([], minor=True)
