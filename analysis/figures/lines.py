"""Lines of a sweep: one swept key along x, a line for each arm, a 95% band for another draw of tasks.

A point without an interval has a cross and no band.
A column of panels for each metric, a row of panels for each setting of what else varies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.chart import Chart, settings_of, shown
from analysis.figures.labels import axis_label, label_of, line_label, setting_label, title_of
from analysis.figures.style import CROSS, GREY, HAIR, LIGHT, NO_INTERVAL, WIDE, new_figure, styled
from sim.scenario.axes import Factor

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288")
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)))
_FEW = 8  # levels of x that are marked one by one
_WIDE_LABELS = 3  # columns of panels over which a label of x is broken in two lines
_ROW = 1.55  # inches of a row of panels


@styled
def draw(table: pd.DataFrame, chart: Chart, factors: Sequence[Factor]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and the rows of the sweep's table that it shows."""
    data = shown(table, chart)
    settings = settings_of(data, chart)
    names = list(dict.fromkeys(data[chart.lines]))
    figure = new_figure(WIDE, _ROW * len(settings) + 0.75 + 0.14 * -(-len(names) // _columns(names)))
    axes = figure.subplots(len(settings), len(chart.y), squeeze=False, sharex=True, sharey="col")
    for row, (setting, part) in enumerate(settings):
        for column, y in enumerate(chart.y):
            _panel(axes[row, column], part[part["y"] == label_of(y)], chart, names)
        axes[row, 0].set_title(setting_label(setting), loc="left", fontsize=7, color=GREY)
    for column, y in enumerate(chart.y):
        for axis in axes[:, column]:
            axis.set_ylabel(title_of(y, chart.baseline), fontsize=7)
        label = axis_label(chart.x, factors)
        axes[-1, column].set_xlabel(
            label.replace(" of ", "\nof ", 1) if len(chart.y) > _WIDE_LABELS else label, fontsize=7
        )
        if chart.scale == "log":
            _log(axes[-1, column], sorted(set(data[chart.x])))
    handles = [Line2D([], [], color=_colour(k), ls=_dash(k), lw=1.3) for k in range(len(names))]
    labels = [line_label(chart.lines, name) for name in names]
    figure.legend(
        handles, labels, loc="outside upper left", ncols=_columns(labels), handlelength=2.6, columnspacing=1.2
    )
    return figure, data.drop(columns=["y", "itself"])


def _panel(axes: Axes, part: pd.DataFrame, chart: Chart, names: Sequence[Any]) -> None:
    for k, level in enumerate(names):
        line = part[part[chart.lines] == level].sort_values(chart.x)
        columns = (chart.x, "drawn", "drawn_low", "drawn_high")
        x, y, low, high = (line[column].to_numpy(np.float64) for column in columns)
        bare = np.isnan(low) & ~line["same"].to_numpy()
        axes.fill_between(x, low, high, color=_colour(k), alpha=0.16, lw=0)
        axes.plot(x[bare], y[bare], NO_INTERVAL, color=_colour(k), ms=CROSS, mew=0, zorder=6)
        few = len(x) <= _FEW
        axes.plot(
            x,
            y,
            color=_colour(k),
            ls=_dash(k),
            marker="o" if few else "",
            ms=2.2,
            mew=0,
            lw=1.1,
            zorder=2 + k % len(_DASHES),
        )
    axes.grid(axis="y", color=LIGHT, lw=HAIR)
    axes.set_axisbelow(True)
    axes.margins(x=0.02)
    if part["y"].iloc[:1].str.startswith(("difference:", "lead:")).any():
        axes.axhline(0.0, color=GREY, lw=0.6, zorder=0)


def _log(axes: Axes, levels: Sequence[float]) -> None:
    """A logarithmic x axis, of all panels of the column; few levels are labelled one by one."""
    axes.set_xscale("log")
    if len(levels) <= _FEW:
        axes.set_xticks(levels, [f"{level:g}" for level in levels])
        axes.set_xticks([], minor=True)


def _colour(k: int) -> str:
    return _COLOURS[k % len(_COLOURS)]


def _dash(k: int) -> Any:
    return _DASHES[k % len(_DASHES)]  # 7 colours and 4 dashes make 28 kinds of line


def _columns(labels: Sequence[Any]) -> int:
    """Columns of the legend that fit the figure's width."""
    longest = max((len(str(label)) for label in labels), default=0)
    return max(1, min(len(labels), int(128 // (min(longest, 40) + 7))))
