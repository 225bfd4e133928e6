"""Write a figure as NAME.pdf, NAME.png and NAME.csv: the same bytes for the same run, and a line saying which run."""

from __future__ import annotations

import io
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, MaxNLocator

from analysis.figures.style import GREY, styled
from sim.kit.csv_file import write_csv

DPI = 300
_LINE = 0.11  # inches that a line of the caption takes at the bottom
_EDGE = 0.05  # inches kept free at the left: letters are a little wider at another resolution
_MOST_BINS = 4  # intervals of an axis whose numbers would touch
_ROOM = 1.06  # of the width of a number, so that two are told apart
_LETTERS = 22.5  # of the caption to an inch


@styled
def save(figure: Figure, data: pd.DataFrame, folder: Path, name: str, caption: str) -> list[Path]:
    """The three paths written, PNG at DPI dots per inch. `caption` goes in small print under the figure.

    No file holds a date, so that a rerun can be compared byte by byte.
    """
    folder.mkdir(parents=True, exist_ok=True)
    line = captioned(figure, caption)
    paths = [folder / f"{name}.{kind}" for kind in ("pdf", "png", "csv")]
    without = {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None}
    # Drawn in memory: a disk that is full is then an OSError of ours, not whatever a half-written PDF makes of it.
    paths[0].write_bytes(_drawn(figure, format="pdf", metadata=without))
    paths[1].write_bytes(_drawn(figure, format="png", dpi=DPI, metadata={"Software": None}))
    line.remove()
    write_csv(data, paths[2], "%.12g")
    return paths


def _drawn(figure: Figure, **how: Any) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, **how)
    return made.getvalue()


@styled
def captioned(figure: Figure, caption: str) -> Text:
    """Lay the figure out at its size, with `caption` in small print under it; the text that was added."""
    caption = _wrapped(caption, int(_LETTERS * figure.get_figwidth()))
    _lay_out(figure, 0.05 + _LINE * (1 + caption.count("\n")))
    return figure.text(0.005, 0.02 / figure.get_figheight(), caption, fontsize=5.5, color=GREY, va="bottom")


def _wrapped(caption: str, width: int) -> str:
    """The caption's lines folded where they are longer than the figure is wide."""
    return "\n".join(textwrap.fill(line, width) for line in caption.split("\n"))


def _lay_out(figure: Figure, bottom: float) -> None:
    """Fix the axes above `bottom` inches where the engine puts them, rounded: its last digits vary by process."""
    engine, share = figure.get_layout_engine(), bottom / figure.get_figheight()
    if engine is None:
        return
    left = _EDGE / figure.get_figwidth()
    engine.set(rect=(left, share, 1.0 - left, 1.0 - share))  # type: ignore[call-arg]
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        x, y, width, height = axes.get_position().bounds
        axes.set_position((round(x, 4), round(y, 4), round(width, 4), round(height, 4)))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            _thin(axis)


def _thin(axis: Axis) -> None:
    """Fewer numbers along a linear axis where their labels would touch; names are left as they are."""
    named = isinstance(axis.get_major_locator(), FixedLocator) or axis.get_scale() != "linear"
    for bins in range(_MOST_BINS, 0, -1):
        if named or not overlapping(axis):
            return
        axis.set_major_locator(MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10]))


def overlapping(axis: Axis) -> bool:
    """Whether two labels of ticks that are within the axis touch."""
    low, high = sorted(axis.get_view_interval())
    labels = zip(axis.get_majorticklabels(), axis.get_majorticklocs(), strict=False)
    boxes = [label.get_window_extent() for label, at in labels if low <= at <= high and label.get_visible()]
    boxes = [box.expanded(_ROOM, 1.0) for box in boxes if box.width > 0]
    return any(one.overlaps(other) for one, other in pairwise(boxes))
