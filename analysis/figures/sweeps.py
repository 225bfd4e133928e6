"""Draws the figures of a sweep, those that its scenario states or the one that suits its factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import curves, lines, maps
from analysis.figures.chart import Chart, caption_of, chart_of, default_figures, shown
from analysis.figures.figure_registry import FIGURES
from analysis.figures.left_out import list_left_out
from analysis.figures.save import save
from analysis.sweep_table import factors_of
from sim.scenario.figure_spec import FigureFile

_DRAW = {"lines": lines.draw, "map": maps.draw, "calibration": curves.draw}


def draw(table: pd.DataFrame, chart: Chart, info: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """One figure with its data. table, info: of the sweep."""
    own = FIGURES[chart.kind].sweep if chart.kind in FIGURES else None
    return _DRAW[chart.kind](table, chart, factors_of(info)) if own is None else own(shown(table, chart), chart)


def draw_all(table: pd.DataFrame, info: Mapping[str, Any], figures: Sequence[FigureFile], folder: Path) -> list[Path]:
    """Write the figures stated, or the one that suits the factors where none is; the paths written."""
    factors = factors_of(info)
    paths: list[Path] = []
    chosen = figures or default_figures(factors)
    list_left_out(folder, {} if chosen else {"lines": "no swept key has two or more values that are all numbers"})
    for place, figure in enumerate(chosen):
        chart = chart_of(figure, info, factors, place)
        drawn, data = draw(table, chart, info)
        paths += save(drawn, data, folder, chart.name, caption_of(table, chart, info))
    return paths
