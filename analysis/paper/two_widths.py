"""Figures of the paper at both widths: one column of two, and the whole text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.narrow import narrowed
from analysis.figures.save import save
from analysis.figures.style import NARROW, WIDE

WIDTHS = {"column": NARROW, "text": WIDE}  # inches
Drawn = Callable[[], tuple[Figure, pd.DataFrame]]


def draw_both(draw: Drawn, words: Callable[[pd.DataFrame], str], folder: Path, name: str) -> str:
    """Write NAME_column and NAME_text as PDF, PNG and CSV; returns the name. words: the caption, given the data."""
    for width, inches in WIDTHS.items():
        figure, data = draw()
        narrowed(figure, inches)
        save(figure, data, folder, f"{name}_{width}", words(data))
    return name
