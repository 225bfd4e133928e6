"""Maps of a sweep: one swept key along x, one up the axis, a colour for the metric, a map for each arm.

A difference is coloured about 0, above it blue and below it red. The region above 0 is hatched, outlined and named:
there the baseline wins of a lead, the arm of a difference. Its marks:

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
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize, TwoSlopeNorm, to_rgba
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from analysis.figures.chart import Chart
from analysis.figures.charted import marked, settings_of
from analysis.figures.labels import axis_label, label_of, setting_label, title_of
from analysis.figures.look import Look, fold
from analysis.figures.style import dot, ground, ink, short, small, thin
from sim.kit.arrays import BoolArray, FloatArray
from sim.scenario.axes import Factor

_ACROSS = {True: 2, False: 4}  # maps side by side, in one column and in two
_ROW = 1.6  # inches of a row of maps
_MARKS: dict[str, dict[str, Any]] = {
    "dot": {"marker": ".", "size": 0.9, "mew": 0},
    "ring": {"marker": "o", "size": 0.7, "mfc": "none"},
    "cross": {"marker": "x", "size": 0.7},
    "dash": {"marker": "_", "size": 0.7},
}
_DIVERGING = "RdBu"
_SIDE = 0.4  # share of a map's width from its edge, within which the winner's name stands at the edge


def paint(data: pd.DataFrame, chart: Chart, factors: Sequence[Factor], look: Look) -> Figure:
    """The figure of these rows of the sweep's table."""
    panels = {y: _panels(data, chart, y, look) for y in chart.y}
    most = max(map(len, panels.values()))
    across = -(-most // -(-most // _ACROSS[look.narrow]))
    deep = [-(-len(of) // across) for of in panels.values()]
    figure = look.figure(_ROW * sum(deep) + 0.35 * len(deep))
    parts = np.atleast_1d(np.asarray(figure.subfigures(len(deep), 1, height_ratios=deep), dtype=object))
    for part, (y, of), rows in zip(parts, panels.items(), deep, strict=True):
        axes = part.subplots(rows, across, squeeze=False, sharex=True, sharey=True)
        _fill(part, axes, of, chart, y, look)
        part.supxlabel(fold(axis_label(chart.x, factors, look, "x"), look.width - 1.0))
        part.supylabel(fold(axis_label(chart.lines, factors, look), _ROW * rows))
    return figure


def _panels(data: pd.DataFrame, chart: Chart, y: tuple[str, str, int], look: Look) -> list[tuple[str, pd.DataFrame]]:
    """Title and rows of each map of the metric; an arm's difference to itself is left out."""
    of = [(setting_label(setting, look), rows[rows["y"] == label_of(y)]) for setting, rows in settings_of(data, chart)]
    kept = [(title, rows) for title, rows in of if not (y[2] and rows["itself"].all())]
    return kept or of


def _fill(
    part: Any, axes: Any, panels: Sequence[tuple[str, pd.DataFrame]], chart: Chart, y: tuple[str, str, int], look: Look
) -> None:
    norm = _norm(np.concatenate([rows["drawn"].to_numpy(np.float64) for _, rows in panels]), y[2] != 0)
    wide = (look.width - 0.9) / axes.shape[1]
    winner = {-1: look.name(chart.baseline), 1: "arm", 0: ""}[y[2]]
    for axis, (title, rows) in zip(axes.flat, panels, strict=False):
        _map(axis, rows, chart, winner, norm)
        axis.set_title(fold(f"{'against ' if y[2] < 0 else ''}{title}", wide))
    for spare in axes.flat[len(panels) :]:
        spare.set_visible(False)
    for column in axes.T:
        [axis for axis in column if axis.get_visible()][-1].tick_params(labelbottom=True)
    bar = part.colorbar(ScalarMappable(norm, _colours(y[2] != 0)), ax=axes, fraction=0.03, pad=0.02)
    bar.set_label(fold(", ".join(filter(None, title_of(y, chart.baseline, look))), _ROW * axes.shape[0]))
    bar.outline.set_visible(False)


def _colours(difference: bool) -> str | None:
    return _DIVERGING if difference else None  # the style's


def _norm(values: FloatArray, difference: bool) -> Normalize:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if not difference:
        return Normalize(low, high if high > low else low + 1.0)
    most = max(abs(low), abs(high)) or 1.0
    return TwoSlopeNorm(0.0, -most, most)


def _map(axes: Axes, rows: pd.DataFrame, chart: Chart, winner: str, norm: Any) -> None:
    grid = rows.pivot(index=chart.lines, columns=chart.x, values="drawn")
    same = rows.pivot(index=chart.lines, columns=chart.x, values="same").to_numpy(np.bool_)
    x, y, drawn = grid.columns.to_numpy(np.float64), grid.index.to_numpy(np.float64), grid.to_numpy(np.float64)
    cmap = _colours(bool(winner))
    axes.pcolormesh(x, y, drawn, cmap=cmap, norm=norm, shading="nearest", rasterized=True)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    if not winner:
        return
    if len(x) > 1 and len(y) > 1:
        _won(axes, x, y, np.where(same, 0.0, drawn), winner)
    for kind, own in marked(rows).groupby("mark"):
        how = dict(_MARKS[str(kind)])
        size = dot(how.pop("size"))
        halo = [withStroke(linewidth=thin(1.5), foreground=ground())]
        axes.plot(
            own[chart.x], own[chart.lines], ls="", color=ink(), ms=size, path_effects=halo, **{"mew": thin(0.5), **how}
        )


def _won(axes: Axes, x: FloatArray, y: FloatArray, drawn: FloatArray, winner: str) -> None:
    """Hatch, outline and name the cells above 0."""
    won = np.asarray(drawn > 0)
    if not won.any():
        return
    across, up = _edges(x), _edges(y)
    cells = [
        [(across[k], up[j]), (across[k + 1], up[j]), (across[k + 1], up[j + 1]), (across[k], up[j + 1])]
        for j, k in np.argwhere(won)
    ]
    hatch: dict[str, Any] = {
        "facecolors": "none",
        "edgecolors": to_rgba(ink(), 0.3),
        "linewidths": 0.0,
        "hatch": "////",
    }
    axes.add_collection(PolyCollection(cells, **hatch), autolim=False)
    _outline(axes, across, up, won)
    _name(axes, x, y, won, winner)


def _edges(at: FloatArray) -> FloatArray:
    """Edges of cells around these levels: half-way between them, and as far beyond the first and the last."""
    half = np.diff(at) / 2
    return np.concatenate([[at[0] - half[0]], at[:-1] + half, [at[-1] + half[-1]]])


def _outline(axes: Axes, x: FloatArray, y: FloatArray, won: BoolArray) -> None:
    """A line along the edges between cells that are won and cells that are not, and along the frame."""
    padded = np.pad(won, 1).astype(int)
    across, along = np.diff(padded, axis=1)[1:-1] != 0, np.diff(padded, axis=0)[:, 1:-1] != 0
    lines = [[(x[k], y[j]), (x[k], y[j + 1])] for j, k in np.argwhere(across)]
    lines += [[(x[k], y[j]), (x[k + 1], y[j])] for j, k in np.argwhere(along)]
    how: dict[str, Any] = {"colors": ink(), "linewidths": thin(), "capstyle": "projecting", "clip_on": False}
    axes.add_collection(LineCollection(lines, **how), autolim=False)


def _name(axes: Axes, x: FloatArray, y: FloatArray, won: BoolArray, winner: str) -> None:
    """The winner's name in the row that it wins over most levels, at the middle of them, within the map."""
    row = int(np.argmax(won.sum(axis=1)))
    middle = float(np.median(x[won[row]]))
    share = (middle - x[0]) / (x[-1] - x[0])
    align = "right" if share > 1 - _SIDE else "left" if share < _SIDE else "center"
    at = {"right": _edges(x)[-1], "left": _edges(x)[0], "center": middle}[align]
    how: dict[str, Any] = {"ha": align, "va": "center", "fontsize": small(), "zorder": 8}
    box = {"facecolor": ground(), "edgecolor": "none", "pad": 1.0, "alpha": 0.85}
    axes.text(at, y[row], f"{short(winner, 12)} wins", bbox=box, **how)
