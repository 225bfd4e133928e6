"""The look of every figure: paper widths in inches, 8 point type, colours that survive colour blindness and print."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sim.kit.arrays import FloatArray

WIDE, NARROW = 7.0, 3.4  # two columns and one, inches
INK, GREY, LIGHT = "#222222", "#777777", "#d9d9d9"
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"  # Okabe and Ito
AGENTS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", RED, "#8C6D31", "#332288", "#999999", "#117733", "#882255")
NO_INTERVAL = "X"  # the mark of an estimate without an interval; captions say why it has none
DOT, CROSS, HAIR = 4.0, 3.4, 0.5  # points: a dot with a whisker, a cross on a line or a bar, the thinnest line
OWN_BASELINE = "own baseline"  # where arms have baselines of their own
MOST_AGENTS = 8  # agents with a colour of their own where they are stacked; the others are shown together
RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
    "text.parse_math": False,  # a $ in a name is a $
}

P = ParamSpec("P")
T = TypeVar("T")


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """Run a drawing function under RC, whatever the user's own settings are, and leave those alone."""

    @wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        with mpl.rc_context(), warnings.catch_warnings():
            # Names are the user's: a glyph the font lacks, or a name too long to lay out, stops no run.
            warnings.filterwarnings("ignore", message=r"Glyph|constrained_layout not applied")
            mpl.rcdefaults()
            mpl.rcParams.update(RC)
            return draw(*args, **kwargs)

    return wrapped


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) outside pyplot's global list, laid out so that no text is cut."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def colour(index: int) -> str:
    """Colour of the agent at this position of the World; beyond the palette it repeats."""
    return AGENTS[index % len(AGENTS)]


def whisker(axes: Axes, data: pd.DataFrame, name: str, y: ArrayLike, **kwargs: Any) -> None:
    """Dots at column `name` with their 95% intervals along x; a cross where there is none."""
    x, low, high = ends(data, name)
    at, known = np.asarray(y), ~np.isnan(low)
    axes.hlines(at[known], low[known], high[known], color=kwargs["color"], lw=1.0)
    axes.plot(x[known], at[known], "o", ms=DOT, **kwargs)
    axes.plot(x[~known], at[~known], NO_INTERVAL, ms=DOT, **{key: kwargs[key] for key in kwargs if key != "label"})


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
        axes.grid(axis="x", color=LIGHT, lw=HAIR)
        axes.set_axisbelow(True)


def panel_lines(axes: Axes, names: Sequence[str]) -> None:
    """A line between the rows of two panels, given the arms' names."""
    panels = [name.partition(" [")[2] for name in names]
    for row in range(1, len(panels)):
        if panels[row] != panels[row - 1]:
            axes.axhline(row - 0.5, color=GREY, lw=HAIR, zorder=1)


def short(name: str, most: int = 30) -> str:
    """A name cut to what a label has room for.

    >>> short("posted price"), short("a" * 50, most=5)
    ('posted price', 'aaaa…')
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def arm_label(name: str) -> str:
    """An arm's name cut to fit, its panel whole."""
    base, bracket, panel = name.partition(" [")
    return f"{short(base, 32)}{bracket}{panel}"


def baseline_label(names: Iterable[str], most: int) -> str:
    """The name of the arm that all others are compared to, without the panel where each panel has its own."""
    found = list(dict.fromkeys(names))
    bases = {name.partition(" [")[0] for name in found}
    if len(bases) > 1:
        return OWN_BASELINE
    return short(found[0] if len(found) == 1 else bases.pop(), most)


def legend_columns(labels: Sequence[str]) -> int:
    """Columns of a legend that fit the width of a wide figure."""
    longest = max((len(label) for label in labels), default=0)
    return max(1, min(len(labels), 140 // (longest + 4)))


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
