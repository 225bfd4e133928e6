"""Write a figure: the same bytes for the same run, and a footer saying which run.

NAME.pdf, NAME.png                  for the width of the text, two columns
NAME.column.pdf, NAME.column.png    for one column, drawn anew for that width
NAME.csv                            what both show
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from analysis.figures.figure_registry import Drawable
from analysis.figures.look import NARROW, WIDE, Look, fill, fold
from analysis.figures.sheets import points
from analysis.figures.style import muted, smallest
from sim.kit.csv_file import write_csv
from sim.scenario.figure_spec import FigureFile

Paint = Callable[[pd.DataFrame, Look], Figure]
Words = Callable[[pd.DataFrame, Look], str]
_EDGE = 0.05  # inches kept free around: letters are a little wider at another resolution
_MOST_BINS = 4  # intervals of an axis whose numbers would touch
_ROOM = 1.06  # of the width of a number, so that two can be read
_LEADING = 1.32  # of the footer
_BOLD = 1.15  # width of bold type over that of plain type
_SCREEN = 100.0  # dots per inch, where a style leaves them to the figure
_WITHOUT = {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None}


def finished(data: pd.DataFrame, paint: Paint, words: Words, look: Look) -> Figure:
    """The figure with its title and footer, laid out at its width."""
    with look.sheet.applied():
        figure = paint(data, look)
        footer = "" if look.own is not None and not look.own.footer else words(data, look)
        captioned(figure, footer, look.title)
    return figure


def unfinished(one: Drawable, look: Look) -> tuple[Figure, str]:
    """The figure before it is laid out, without title and footer, and its footer."""
    with look.sheet.applied():
        data = one.data()
        return one.paint(data, look), one.words(data, look)


def save(data: pd.DataFrame, paint: Paint, words: Words, folder: Path, name: str, look: Look) -> list[Path]:
    """The paths written: PDF and PNG for each width that the figure's settings ask for, and the data.

    No file holds a date, so that a rerun can be compared byte by byte.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for ending, width in widths(look.own).items():
        figure = finished(data, paint, words, replace(look, width=width))
        with look.sheet.applied():
            # In memory first: a disk that is full is then an OSError of ours, not what a half-written PDF makes of it.
            drawn = {kind: printed(figure, kind) for kind in ("pdf", "png")}
        for kind, content in drawn.items():
            paths.append(folder / f"{name}{ending}.{kind}")
            paths[-1].write_bytes(content)
    paths.append(folder / f"{name}.csv")
    write_csv(data, paths[-1], "%.12g")
    return paths


def widths(own: FigureFile | None) -> dict[str, float]:
    """What is added to a file's name -> inches of the figure in it."""
    stated = "both" if own is None else own.width
    if not isinstance(stated, str):
        return {"": float(stated)}
    return {
        end: wide for end, wide, name in (("", WIDE, "text"), (".column", NARROW, "column")) if stated in ("both", name)
    }


def printed(figure: Figure, kind: str) -> bytes:
    """The figure as "pdf" or "png", drawn once: it is laid out already, for which savefig would draw it twice."""
    made = io.BytesIO()
    if kind == "pdf":
        pdf: Any = FigureCanvasPdf(figure)
        pdf.print_pdf(made, metadata=_WITHOUT)
        return made.getvalue()
    dots = mpl.rcParams["savefig.dpi"]
    figure.set_dpi(_SCREEN if dots == "figure" else dots)
    png: Any = FigureCanvasAgg(figure)
    png.print_png(made, metadata={"Software": None})
    return made.getvalue()


def captioned(figure: Figure, footer: str, title: str | None = None) -> None:
    """Lay the figure out at its width, with a title above it and a footer in small print under it.

    Both add to its height, so that what is drawn keeps its own.
    """
    width, size = figure.get_figwidth(), points("figure.titlesize")
    above = fold(title, width - 2 * _EDGE, _BOLD * size) if title else ""
    text = fill(footer, width - 2 * _EDGE, smallest())
    top = size * 1.35 / 72 * (1 + above.count("\n")) if above else 0.0
    bottom = _EDGE + (smallest() * _LEADING / 72 * (1 + text.count("\n")) if text else 0.0)
    figure.set_figheight(round(figure.get_figheight() + top + bottom, 3))
    high = figure.get_figheight()
    _lay_out(figure, top + (_lowered(figure, top) if above else 0.0), bottom)
    if above:
        weight = mpl.rcParams["figure.titleweight"]
        at = _EDGE / width, 1.0 - 0.5 * _EDGE / high
        figure.text(*at, above, fontsize=size, fontweight=weight, va="top")
    if text:
        at = _EDGE / width, 0.6 * _EDGE / high
        figure.text(*at, text, fontsize=smallest(), color=muted(), va="bottom", linespacing=_LEADING / 1.2)


def _lowered(figure: Figure, top: float) -> float:
    """Put legends under the title, which takes `top` inches; the inches they take, which the engine does not count."""
    deep = [0.0]
    for legend in figure.legends:
        legend.set_bbox_to_anchor((0.0, 0.0, 1.0, 1.0 - top / figure.get_figheight()))
        legend.set_in_layout(False)
        deep.append(legend.get_window_extent().height / figure.dpi + _EDGE)
    return max(deep)


def _lay_out(figure: Figure, top: float, bottom: float) -> None:
    """Fix the axes between these inches where the engine puts them, rounded: its last digits vary by process."""
    engine = figure.get_layout_engine()
    if engine is None:
        return
    wide, high = figure.get_size_inches()
    rect = (_EDGE / wide, bottom / high, 1.0 - 2 * _EDGE / wide, 1.0 - (top + bottom + _EDGE) / high)
    engine.set(rect=rect)  # type: ignore[call-arg]
    engine.execute(figure)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            _thin(axis)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        x, y, width, height = axes.get_position().bounds
        axes.set_position((round(x, 4), round(y, 4), round(width, 4), round(height, 4)))


def _thin(axis: Axis) -> None:
    """Fewer numbers along a linear axis where their labels would touch, two at least; names are left as they are."""
    if isinstance(axis.get_major_locator(), FixedLocator) or axis.get_scale() != "linear" or not overlapping(axis):
        return
    for bins in range(_MOST_BINS, 1, -1):
        axis.set_major_locator(MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10], min_n_ticks=1))
        seen = _within(axis)
        if len(seen) > 1 and not overlapping(axis):
            return
        if len(seen) > 1:
            ends = [seen[0], seen[-1]]
    axis.set_major_locator(FixedLocator(ends))


def _within(axis: Axis) -> list[float]:
    low, high = sorted(axis.get_view_interval())
    return [float(at) for at in axis.get_majorticklocs() if low <= at <= high]


def overlapping(axis: Axis) -> bool:
    """Whether two labels of ticks that are within the axis touch."""
    low, high = sorted(axis.get_view_interval())
    labels = zip(axis.get_majorticklabels(), axis.get_majorticklocs(), strict=False)
    boxes = [label.get_window_extent() for label, at in labels if low <= at <= high and label.get_visible()]
    boxes = [box.expanded(_ROOM, 1.0) for box in boxes if box.width > 0]
    return any(one.overlaps(other) for one, other in pairwise(boxes))
