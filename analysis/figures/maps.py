"""Maps of a sweep: one swept key along x, one up the axis, a colour for the metric, a map for each arm.

A difference is coloured about 0, above it blue and below it red, with a line where it changes sign. Its marks:

    dot     the 95% interval, for another draw of tasks, holds 0
    ring    it does not, but the p value adjusted by Holm's method over the cells of the arm is above .05
    cross   there is no interval
    dash    no task differs
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from analysis.figures.chart import Chart, settings_of, shown
from analysis.figures.labels import axis_label, label_of, setting_label, title_of
from analysis.figures.style import INK, WIDE, new_figure, styled
from sim.kit.arrays import FloatArray
from sim.scenario.axes import Factor

LEVEL = 0.05  # of the adjusted p value
_ACROSS = 4  # maps side by side
_ROW = 1.75  # inches of a row of maps
_MARKS: dict[str, dict[str, Any]] = {
    "dot": {"marker": ".", "ms": 3.6, "mew": 0},
    "ring": {"marker": "o", "ms": 2.8, "mew": 0.5, "mfc": "none"},
    "cross": {"marker": "x", "ms": 2.8, "mew": 0.6},
    "dash": {"marker": "_", "ms": 2.8, "mew": 0.6},
}
_HALO = withStroke(linewidth=1.6, foreground="white")
_EACH = {True: "RdBu", False: "viridis"}  # a difference, or not


@styled
def draw(table: pd.DataFrame, chart: Chart, factors: Sequence[Factor]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and the rows of the sweep's table that it shows."""
    data = shown(table, chart)
    panels = {y: _panels(data, chart, y) for y in chart.y}
    most = max(map(len, panels.values()))
    across = -(-most // -(-most // _ACROSS))
    deep = [-(-len(of) // across) for of in panels.values()]
    figure = new_figure(WIDE, _ROW * sum(deep) + 0.25 * len(deep) + 0.1)
    parts = np.atleast_1d(np.asarray(figure.subfigures(len(deep), 1, height_ratios=deep), dtype=object))
    for part, (y, of), rows in zip(parts, panels.items(), deep, strict=True):
        _fill(part, part.subplots(rows, across, squeeze=False, sharex=True, sharey=True), of, chart, y)
        part.supxlabel(axis_label(chart.x, factors), fontsize=7)
        part.supylabel(axis_label(chart.lines, factors), fontsize=7)
    return figure, data.drop(columns=["y", "itself"])


def _panels(data: pd.DataFrame, chart: Chart, y: tuple[str, str, int]) -> list[tuple[str, pd.DataFrame]]:
    """Title and rows of each map of the metric; an arm's difference to itself is left out."""
    of = [(setting_label(setting), rows[rows["y"] == label_of(y)]) for setting, rows in settings_of(data, chart)]
    kept = [(title, rows) for title, rows in of if not (y[2] and rows["itself"].all())]
    return kept or of


def _fill(part: Any, axes: Any, panels: Sequence[tuple[str, pd.DataFrame]], chart: Chart, y: Any) -> None:
    difference = y[2] != 0
    norm = _norm(np.concatenate([rows["drawn"].to_numpy(np.float64) for _, rows in panels]), difference)
    for axis, (title, rows) in zip(axes.flat, panels, strict=False):
        _map(axis, rows, chart, difference, norm)
        axis.set_title(title, fontsize=7)
    for spare in axes.flat[len(panels) :]:
        spare.set_visible(False)
    for column in axes.T:
        [axis for axis in column if axis.get_visible()][-1].tick_params(labelbottom=True)
    bar = part.colorbar(ScalarMappable(norm, _EACH[difference]), ax=axes, fraction=0.03, pad=0.02)
    bar.set_label(title_of(y, chart.baseline), fontsize=7)
    bar.outline.set_visible(False)


def _norm(values: FloatArray, difference: bool) -> Normalize:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if not difference:
        return Normalize(low, high if high > low else low + 1.0)
    most = max(abs(low), abs(high)) or 1.0
    return TwoSlopeNorm(0.0, -most, most)


def _map(axes: Axes, rows: pd.DataFrame, chart: Chart, difference: bool, norm: Any) -> None:
    grid = rows.pivot(index=chart.lines, columns=chart.x, values="drawn")
    same = rows.pivot(index=chart.lines, columns=chart.x, values="same").to_numpy(np.bool_)
    x, y, drawn = grid.columns.to_numpy(np.float64), grid.index.to_numpy(np.float64), grid.to_numpy(np.float64)
    axes.pcolormesh(x, y, drawn, cmap=_EACH[difference], norm=norm, shading="nearest", rasterized=True)
    axes.spines[:].set_visible(False)
    if not difference:
        return
    if len(x) > 1 and len(y) > 1 and drawn.min() < 0 < drawn.max():
        axes.contour(x, y, np.where(same, np.nan, drawn), levels=[0.0], colors=INK, linewidths=0.8)
    for kind, own in marked(rows).groupby("mark"):
        axes.plot(own[chart.x], own[chart.lines], ls="", color=INK, path_effects=[_HALO], **_MARKS[str(kind)])


def marked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of differences that carry a mark, with its name in the column `mark`."""
    bare = rows["drawn_low"].isna()
    holds = (rows["drawn_low"] <= 0) & (rows["drawn_high"] >= 0)
    kinds = {"dash": rows["same"], "cross": bare, "dot": holds, "ring": rows["drawn_p_holm"] > LEVEL}
    mark = np.select(list(kinds.values()), list(kinds), default="")
    found: pd.DataFrame = rows.assign(mark=mark)[(mark != "") & rows["drawn"].notna()]
    return found
