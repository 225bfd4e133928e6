"""Figures designed for the width of a page, laid out anew for one column of it."""

from __future__ import annotations

import math
import textwrap

from matplotlib.figure import Figure
from matplotlib.legend import Legend

from analysis.figures.style import styled

_LETTER = 0.062  # inches of a letter of a label, on average
_HANDLE = 4  # letters that a legend's mark takes
_MARGIN = 0.4  # share of the width that the names of rows take


@styled
def narrowed(figure: Figure, width: float) -> None:
    """Set the width in inches; panels side by side that have no room there stand below one another.

    Type keeps its size: legends take more lines, and labels are wrapped to their panels.
    """
    designed = figure.get_figwidth()
    figure.set_figwidth(width)
    if width >= designed:
        return
    across = _stacked(figure, width / designed)
    room = int(width * (1 - _MARGIN) / across / _LETTER)
    for axes in figure.axes:
        axes.set_xlabel(_wrapped(axes.get_xlabel(), room))
        if across > 1 and axes.get_xscale() == "linear":
            axes.locator_params(axis="x", nbins=3)
        for text in axes.texts:
            text.set_text(_wrapped(text.get_text(), room))
    for legend in list(figure.legends):
        _refit(figure, legend, width)
    figure.draw_without_rendering()  # the names of rows move the panels, for which it is then laid out


def _stacked(figure: Figure, share: float) -> int:
    """Break one row of panels into several, each with the names of its rows; how many stand side by side."""
    panels = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    grids = {id(axes.get_gridspec()): axes.get_gridspec() for axes in panels}
    if len(grids) != 1:
        return 1
    (grid,) = grids.values()
    if grid is None or grid.nrows != 1 or grid.ncols != len(panels) or grid.ncols == 1:
        return 1
    across = max(1, int(grid.ncols * share))
    down = math.ceil(grid.ncols / across)
    figure.set_figheight(figure.get_figheight() * down)
    new = figure.add_gridspec(down, across)
    for place, axes in enumerate(panels):
        row, column = divmod(place, across)
        last = place == len(panels) - 1
        axes.set_subplotspec(new[row, column:] if last else new[row, column])
        if column == 0:
            axes.tick_params(axis="y", labelleft=True)
    return across


def _wrapped(label: str, room: int) -> str:
    return "\n".join(textwrap.fill(line, max(8, room)) for line in label.split("\n"))


def _refit(figure: Figure, legend: Legend, width: float) -> None:
    """The legend in as many columns as there is room for."""
    labels = [text.get_text() for text in legend.get_texts()]
    columns = int(width / _LETTER) // (max(map(len, labels), default=1) + _HANDLE)
    handles = [handle for handle in legend.legend_handles if handle is not None]
    legend.remove()
    figure.legend(
        handles, labels, loc="outside upper right", ncols=max(1, columns), columnspacing=1.0, handlelength=1.0
    )
