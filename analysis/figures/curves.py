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

from analysis.figures.chart import Chart, settings_of, shown
from analysis.figures.labels import axis_label, line_label, setting_label
from analysis.figures.style import CROSS, GREY, HAIR, LIGHT, NO_INTERVAL, WIDE, new_figure, short, styled
from sim.scenario.axes import Factor

_ROW = 2.1  # inches of a row of panels
_DARK, _PALE = 0.0, 0.85  # ends of the colour map that are used
_ACROSS = 7  # names in a row of the legend


@styled
def draw(table: pd.DataFrame, chart: Chart, factors: Sequence[Factor]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and the rows of the sweep's table that it shows."""
    data = shown(table, chart)
    settings, levels = settings_of(data, chart), list(dict.fromkeys(data[chart.x]))
    shades = [mpl.colormaps["viridis"](at) for at in np.linspace(_DARK, _PALE, len(levels))]
    deep = -(-len(levels) // _ACROSS)
    figure = new_figure(WIDE, _ROW * len(settings) + 0.5 + 0.14 * deep)
    axes = figure.subplots(len(settings), len(chart.columns), squeeze=False, sharex=True, sharey=True)
    for row, (setting, part) in enumerate(settings):
        for column, agent in enumerate(chart.columns):
            _panel(axes[row, column], part[part["agent"] == agent], chart.x, levels, shades)
            axes[0, column].set_title(short(agent, 24), fontsize=7)
            axes[-1, column].set_xlabel("mean claim", fontsize=7)
        words = setting_label(setting)
        axes[row, 0].set_ylabel(f"success rate\n{words}" if words else "success rate", fontsize=7)
    handles = [Line2D([], [], color=shade, marker="o", ms=2.5, lw=1.1) for shade in shades]
    names = [line_label(chart.x, level).rpartition(" = ")[2] for level in levels]
    title = axis_label(chart.x, factors).replace("\n", " ")
    figure.legend(
        handles,
        names,
        loc="outside upper left",
        ncols=min(_ACROSS, len(levels)),
        title=title,
        title_fontsize=7,
        alignment="left",
    )
    return figure, data.drop(columns=["y", "itself"])


def points(part: pd.DataFrame) -> pd.DataFrame:
    """claim, rate, low and high of each tenth that holds a claim, of the rows of one level."""
    by = {name: part[part["metric"].str.startswith(f"{name}_of_tenth_")] for name in ("mean_claim", "success_rate")}
    keyed = {name: rows.assign(tenth=rows["metric"].str.rpartition("_")[2].astype(int)) for name, rows in by.items()}
    claim, rate = (keyed[name].set_index("tenth").sort_index() for name in ("mean_claim", "success_rate"))
    ends = {name: rate[f"drawn_{name}"] for name in ("low", "high")}
    return pd.DataFrame({"claim": claim["drawn"], "rate": rate["drawn"], **ends}).dropna(subset=["claim", "rate"])


def _panel(axes: Axes, part: pd.DataFrame, key: str, levels: Sequence[Any], shades: Sequence[Any]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=0)
    for level, shade in zip(levels, shades, strict=True):
        line = points(part[part[key] == level])
        axes.vlines(line["claim"], line["low"], line["high"], color=shade, lw=0.8)
        axes.plot(line["claim"], line["rate"], color=shade, marker="o", ms=2.2, mew=0, lw=0.9)
        bare = line[line["low"].isna()]
        axes.plot(bare["claim"], bare["rate"], NO_INTERVAL, color=shade, ms=CROSS, mew=0, zorder=6)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.grid(color=LIGHT, lw=HAIR)
    axes.set_axisbelow(True)
