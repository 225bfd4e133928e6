"""Draws the figures of a sweep, those that its scenario states or the one that suits its factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.figures import curves, lines, maps
from analysis.figures.chart import Chart, chart_of, default_figures
from analysis.figures.charted import caption_of, shown
from analysis.figures.figure_registry import Drawable
from analysis.figures.left_out import list_left_out
from analysis.figures.look import Look, places
from analysis.figures.save import save
from analysis.figures.sheets import Sheet, sheet
from analysis.sweep_table import factors_of
from sim.scenario.figure_spec import FigureFile, of_sweeps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PAINT = {"lines": lines.paint, "map": maps.paint, "calibration": curves.paint}
_ASIDE = ["y", "itself"]  # columns that are for drawing alone


def drawable(table: pd.DataFrame, chart: Chart, info: Mapping[str, Any]) -> Drawable:
    """How a figure is drawn. table, info: of the sweep."""
    factors, whole = factors_of(info), shown(table, chart)
    about = {"lines": lines.about, "calibration": curves.about}.get(chart.kind)
    words = caption_of(whole, table, chart, info, about(whole, chart) if about else "")

    def paint(_: pd.DataFrame, look: Look) -> Figure:
        return _PAINT[chart.kind](whole, chart, factors, look)

    return Drawable(lambda: whole.drop(columns=_ASIDE), paint, lambda _, __: words)


def look_of(chart: Chart, info: Mapping[str, Any], style: Sheet | None = None) -> Look:
    """How the figure looks in this style; `paper` where None."""
    return Look(sheet=style or sheet(), agents=places(info["agents"]), own=chart.own)


def charts_of(info: Mapping[str, Any], figures: Sequence[FigureFile]) -> list[Chart]:
    """The figures stated, or the one that suits the factors where none is."""
    factors = factors_of(info)
    stated = of_sweeps(figures) or default_figures(factors)
    return [chart_of(figure, info, factors, place) for place, figure in enumerate(stated)]


def draw_all(
    table: pd.DataFrame,
    info: Mapping[str, Any],
    figures: Sequence[FigureFile],
    folder: Path,
    style: Sheet | None = None,
) -> list[Path]:
    """Write the figures of `charts_of`; the paths written."""
    paths: list[Path] = []
    charts = charts_of(info, figures)
    list_left_out(folder, {} if charts else {"lines": "no swept key has two or more values that are all numbers"})
    for chart in charts:
        one = drawable(table, chart, info)
        paths += save(one.data(), one.paint, one.words, folder, chart.name, look_of(chart, info, style))
    return paths
