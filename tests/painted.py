"""Figures painted for tests: of a table, at a width, as a [[figure]] says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.figures import draw_all, shown_of
from analysis.figures.look import WIDE, Look
from analysis.figures.save import captioned
from sim.scenario.figure_spec import FigureFile


def look_of(width: float = WIDE, kind: str = "arms", **own: Any) -> Look:
    """A look of that width. own: settings of a [[figure]]."""
    return Look(width, own=FigureFile(kind=kind, **own) if own else None)


def painted(paint: Callable[..., Figure], data: pd.DataFrame, look: Look | None = None, footer: str = "") -> Figure:
    """The figure under its style, laid out where there is a footer."""
    chosen = look or look_of()
    with chosen.sheet.applied():
        figure = paint(data, chosen)
        if footer:
            captioned(figure, footer)
    return figure


def drawn_into(arms: list[ArmData], folder: Path) -> list[Path]:
    """Every figure that applies to the arms, of which the first is the baseline; the paths written."""
    return draw_all(shown_of(arms, "seed 1; scenario abc; bidlab 0.1.0"), folder)
