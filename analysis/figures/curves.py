"""Calibration curves of a sweep: how often agents succeed against what they claim, by level of a swept key.

A point is a tenth of the claims: their mean, their success rate, and its 95% interval for another draw of tasks. Tenths
of fewer than 10 clusters are left out. On the diagonal claims mean what they say. A column of panels for each agent, a
row for each setting of what else varies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.basis import listed
from analysis.figures.chart import Chart
from analysis.figures.charted import coinciding, settings_of
from analysis.figures.labels import axis_label, line_label, setting_label
from analysis.figures.look import MARKERS, Look, fold
from analysis.figures.style import MOST_ROWS, NO_INTERVAL, dot, legend_columns, muted, short, thin
from sim.scenario.axes import Factor

_ROW = 2.0  # inches of a row of panels
_DARK, _PALE = 0.0, 0.85  # ends of the colour map that are used
_ACROSS = {True: 2, False: 4}  # panels side by side, in one column and in two


def paint(data: pd.DataFrame, chart: Chart, factors: Sequence[Factor], look: Look) -> Figure:
    """The figure of these rows of the sweep's table."""
    levels = shown_levels(data, chart)
    pens = [
        (mpl.colormaps[mpl.rcParams["image.cmap"]](at), MARKERS[k % len(MARKERS)])
        for k, at in enumerate(np.linspace(_DARK, _PALE, len(levels)))
    ]
    panels = [(setting, part, agent) for setting, part in settings_of(data, chart) for agent in chart.columns]
    across = min(_ACROSS[look.narrow], len(panels) if look.narrow else max(2, len(chart.columns)))
    down = -(-len(panels) // across)
    figure = look.figure(_ROW * down + 0.5)
    axes = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axis, (setting, part, agent) in zip(axes.flat, panels, strict=False):
        _panel(axis, part[part["agent"] == agent], chart.x, levels, pens)
        words = ", ".join(filter(None, (short(look.name(agent), 24), setting_label(setting, look))))
        axis.set_title(fold(words, look.width / across - 0.5), loc="left")
    for spare in axes.flat[len(panels) :]:
        spare.set_visible(False)
    for column in axes.T:
        lowest = [axis for axis in (*column,) if axis.get_visible()][-1:]
        for axis in lowest:
            axis.tick_params(labelbottom=True)
            axis.set_xlabel(look.words("mean_claim", "mean claim", "probability"))
    for axis in axes[:, 0]:
        axis.set_ylabel(look.words("success_rate", "success rate", "share of claims"))
    handles = [Line2D([], [], color=shade, marker=mark, ms=dot(0.8), lw=thin()) for shade, mark in pens]
    names = [_level(chart, level, look) for level in levels]
    title = fold(axis_label(chart.x, factors, look, "x"), look.width - 0.2)
    columns = legend_columns(names, look.width)
    figure.legend(handles, names, loc="outside upper left", ncols=columns, title=title, alignment="left")
    return figure


def shown_levels(data: pd.DataFrame, chart: Chart) -> list[Any]:
    """The levels that have a line: all, or of more than a panel takes every second, third, ..., from the first on."""
    levels = list(dict.fromkeys(data[chart.x]))
    return levels[:: -(-len(levels) // MOST_ROWS)]


def about(data: pd.DataFrame, chart: Chart) -> str:
    """What is left out, for the footer."""
    drawn, count = len(shown_levels(data, chart)), data[chart.x].nunique()
    fewer = f"{drawn} of {count} levels, evenly spaced; all of them in the CSV file\n" if drawn < count else ""
    return fewer + "".join(f"{line}\n" for line in _on_one_another(data, chart))


def _on_one_another(data: pd.DataFrame, chart: Chart) -> list[str]:
    """A line for each panel in which levels have the same points, of which only the last is seen."""
    look, found = Look(own=chart.own), []
    for setting, part in settings_of(data, chart):
        for agent in chart.columns:
            own = part[part["agent"] == agent]
            lines = {
                _level(chart, level, look): points(own[own[chart.x] == level]) for level in shown_levels(data, chart)
            }
            for group in coinciding(lines):
                which = "all levels" if len(group) == len(lines) else f"levels {listed(group)}"
                where = ", ".join(filter(None, (look.name(agent), setting_label(setting, look))))
                found.append(f"{where}: {which} coincide, the last of them is seen")
    return found


def _level(chart: Chart, level: Any, look: Look) -> str:
    return line_label(chart.x, level, look).rpartition(" = ")[2]


def points(part: pd.DataFrame) -> pd.DataFrame:
    """claim, rate, low and high of each tenth that holds a claim, of the rows of one level."""
    by = {name: part[part["metric"].str.startswith(f"{name}_of_tenth_")] for name in ("mean_claim", "success_rate")}
    keyed = {name: rows.assign(tenth=rows["metric"].str.rpartition("_")[2].astype(int)) for name, rows in by.items()}
    claim, rate = (keyed[name].set_index("tenth").sort_index() for name in ("mean_claim", "success_rate"))
    ends = {name: rate[f"drawn_{name}"] for name in ("low", "high")}
    return pd.DataFrame({"claim": claim["drawn"], "rate": rate["drawn"], **ends}).dropna(subset=["claim", "rate"])


def _panel(axes: Axes, part: pd.DataFrame, key: str, levels: Sequence[Any], pens: Sequence[tuple[Any, str]]) -> None:
    axes.plot([0, 1], [0, 1], color=muted(), lw=thin(), ls=(0, (4, 3)), zorder=0)
    for level, (shade, mark) in zip(levels, pens, strict=True):
        line = points(part[part[key] == level])
        axes.vlines(line["claim"], line["low"], line["high"], color=shade, lw=thin(0.7))
        axes.plot(line["claim"], line["rate"], color=shade, marker=mark, ms=dot(0.7), mew=0, lw=thin(0.8))
        bare = line[line["low"].isna()]
        axes.plot(bare["claim"], bare["rate"], NO_INTERVAL, color=shade, ms=dot(0.9), mew=0, zorder=6)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.grid()
