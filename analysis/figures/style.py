"""Marks that all figures share, in terms of the style: nothing here states a size or a colour that a style can set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.ticker import ScalarFormatter
from numpy.typing import ArrayLike

from analysis.figures.look import NARROW, WIDE, Look, fold, pen
from analysis.figures.sheets import FLOOR, points
from sim.kit.arrays import FloatArray

__all__ = ["NARROW", "WIDE", "Look", "fold"]

NO_INTERVAL = "X"  # the mark of an estimate without an interval; captions say why it has none
OWN_BASELINE = "own baseline"  # where arms have baselines of their own
MOST_AGENTS = 8  # agents with a colour of their own where they are stacked; the others are shown together
MOST_ROWS = 12  # rows or lines of a panel


class BareFormatter(ScalarFormatter):
    """Numbers along an axis without the 0 before the point, where room is short.

    >>> BareFormatter.bare("0.45"), BareFormatter.bare("−0.2"), BareFormatter.bare("0.0"), BareFormatter.bare("10.5")
    ('.45', '−.2', '0', '10.5')
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The number at that place."""
        return self.bare(super().__call__(x, pos))

    @staticmethod
    def bare(text: str) -> str:
        """The same number."""
        return "0" if not text.strip("−0.") else re.sub(r"^(−?)0\.", r"\1.", text)


def tone(place: int) -> str:
    """A colour of the style: in `paper` 0 blue, 1 orange, 2 green, 3 pink, 4 sky, 5 red."""
    return pen(place).colour


def palette() -> list[str]:
    """The colours of the style, in turn, as #rrggbb."""
    cycle = mpl.rcParams["axes.prop_cycle"].by_key().get("color", ["black"])
    return [str(to_hex(colour)) for colour in cycle]


def ink() -> str:
    """The colour of type."""
    return str(to_hex(mpl.rcParams["text.color"]))


def ground() -> str:
    """The colour behind."""
    return str(to_hex(mpl.rcParams["axes.facecolor"]))


def faint() -> str:
    """The colour of grids, and of what is there only for comparison."""
    return str(to_hex(mpl.rcParams["grid.color"]))


def muted() -> str:
    """Between type and ground, nearer to type: of what is read last."""
    one, other = np.array(to_rgb(mpl.rcParams["text.color"])), np.array(to_rgb(mpl.rcParams["axes.facecolor"]))
    return str(to_hex(tuple((0.62 * one + 0.38 * other).tolist())))


def small() -> float:
    """Points of type beside data: a little less than the style's, and never less than is read."""
    return max(FLOOR, 0.92 * float(mpl.rcParams["font.size"]))


def smallest() -> float:
    """Points of the footer."""
    return max(FLOOR, 0.8 * float(mpl.rcParams["font.size"]))


def thin(share: float = 0.6) -> float:
    """A line's width, as a share of the style's."""
    return share * float(mpl.rcParams["lines.linewidth"])


def dot(share: float = 1.0) -> float:
    """A mark's size, as a share of the style's."""
    return share * float(mpl.rcParams["lines.markersize"])


def reference(axes: Axes, x: float | None = None, y: float | None = None) -> None:
    """A dashed line at what the data are compared to."""
    grid = {True: 0.5, "line": 1.5, False: 2.5}[axes.get_axisbelow()]  # where matplotlib draws it
    under: dict[str, Any] = {"color": ground(), "lw": 3 * float(mpl.rcParams["grid.linewidth"]), "zorder": grid + 0.01}
    how: dict[str, Any] = {"color": muted(), "lw": thin(), "ls": (0, (4, 3)), "zorder": grid + 0.02}
    for line in (under, how):  # the first hides a line of the grid there, which would show between the dashes
        if x is not None:
            axes.axvline(x, **line)
        if y is not None:
            axes.axhline(y, **line)


def whisker(axes: Axes, data: pd.DataFrame, name: str, y: ArrayLike, marker: str = "o", **kwargs: Any) -> None:
    """Dots at column `name` with their 95% intervals along x; a cross where there is none."""
    x, low, high = ends(data, name)
    at, known = np.asarray(y), ~np.isnan(low)
    axes.hlines(at[known], low[known], high[known], color=kwargs["color"], lw=thin(0.9))
    axes.plot(x[known], at[known], marker, ls="", ms=dot(), **kwargs)
    bare = {key: kwargs[key] for key in kwargs if key != "label"}
    axes.plot(x[~known], at[~known], NO_INTERVAL, ls="", ms=dot(), **bare)


def ends(data: pd.DataFrame, name: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Column `name` and the ends of its 95% intervals, NaN where it has none."""
    value, low, high = (data[f"{name}{part}"].to_numpy(np.float64) for part in ("", "_low", "_high"))
    return value, low, high


def rows(axes: Axes, names: Sequence[str], grid: bool = True) -> None:
    """Name the rows y = 0, 1, ... from the top down."""
    axes.set_yticks(np.arange(len(names)), [short(name, 44) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    if grid:
        axes.grid(axis="x")
        axes.set_axisbelow(True)


def short(name: str, most: int = 30) -> str:
    """A name cut to what a label has room for.

    >>> short("posted price"), short("a" * 50, most=5)
    ('posted price', 'aaaa…')
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def baseline_label(names: Iterable[str], most: int) -> str:
    """The name of the arm that all others are compared to, without the panel where each panel has its own."""
    found = list(dict.fromkeys(names))
    bases = {name.partition(" [")[0] for name in found}
    if len(bases) > 1:
        return OWN_BASELINE
    return short(found[0] if len(found) == 1 else bases.pop(), most)


def legend_columns(labels: Sequence[str], width: float) -> int:
    """Columns of a legend that fit a figure of this width, in inches."""
    size = points("legend.fontsize")
    longest = max((len(label) for label in labels), default=0)
    room = (longest * 0.56 + 2.0 + float(mpl.rcParams["legend.handlelength"])) * size / 72
    return max(1, min(len(labels), int(width / room)))


def legend_rows(labels: Sequence[str], width: float) -> int:
    """Rows of a legend with that many columns."""
    return -(-len(labels) // legend_columns(labels, width))


def spread(y: FloatArray, gap: float, low: float, high: float) -> FloatArray:
    """Heights near y, in the same order, at least `gap` apart and within [low, high] where there is room.

    >>> spread(np.array([0.5, 0.5]), 0.1, 0.0, 1.0).round(2).tolist()
    [0.45, 0.55]
    """
    order = np.argsort(y, kind="stable")
    steps = gap * np.arange(len(y))
    groups: list[list[float]] = []
    for value in y[order] - steps:
        groups.append([float(value)])
        while len(groups) > 1 and np.mean(groups[-2]) >= np.mean(groups[-1]):
            last = groups.pop()
            groups[-1] += last
    level = np.repeat([np.mean(group) for group in groups], [len(group) for group in groups])
    ceiling = max(high - gap * (len(y) - 1), low)
    placed = np.empty(len(y))
    placed[order] = np.clip(level, low, ceiling) + steps
    return placed
