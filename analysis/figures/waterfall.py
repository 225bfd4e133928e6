"""What agents' knowledge of themselves is worth, as a waterfall: from what the market makes of their bids to all known.

A panel for each arm, at most MOST. Dots are levels: as agents bid, and with everything known. Between them a bar for
each kind of knowledge, in the order in which agents come to know it, from the level before to the one after; a loss is
hatched, and foresight, which nobody has, is empty. A line at the end of a bar is the 95% interval of its step, one
through a dot that of its level. Beside it, in two columns, the same steps and what each kind adds in the mean over all
orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.basis import Number, caption, numbers
from analysis.figures.look import Look, fold
from analysis.figures.style import ends, ground, ink, legend_columns, muted, reference, rows, small, thin, tone, whisker
from analysis.inference import REPLAYED
from analysis.informed import FORESIGHT
from analysis.knowledge_table import AS_BID, TOTAL, money_of
from sim.kit.digits import decimals

MOST = 4  # arms
_BAR, _APART = 0.62, 0.16  # height of a bar, and of a mark above and below its row, in rows
_WIDE = {True: 0.62, False: 0.42}  # share of the figure's width that the waterfall takes, in one column and in two
_EDGE = 0.3  # most of a bar's width that an edge takes
_ROW, _REST = 1.5, 0.62  # lines a row takes; inches of an arm's labels


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of knowledge.csv."""
    arms, name = shown_arms(data, look), money_of(data)
    columns = 1 if look.narrow else 2
    heights = [len(data[data["arm"] == arm]) for arm in arms]
    figure = look.figure(sum(heights) * _ROW * look.line + _REST * len(arms) + 0.2)
    grid = figure.subplots(
        len(arms),
        columns,
        squeeze=False,
        sharex="col",
        sharey="row",
        width_ratios=[1.35, 1.0][:columns],
        height_ratios=heights,
    )
    for place, arm in enumerate(arms):
        own = data[data["arm"] == arm].reset_index(drop=True)
        last = place == len(arms) - 1
        _waterfall(grid[place, 0], own, name, look, labelled=last)
        grid[place, 0].set_title(fold(look.name(arm), 0.5 * look.width), loc="left")
        if columns > 1:
            _steps(grid[place, 1], own, name, look, labelled=last)
    if columns > 1:
        handles, labels = grid[0, 1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=legend_columns(labels, look.width))
    return figure


def shown_arms(data: pd.DataFrame, look: Look) -> list[str]:
    """The arms drawn: the first MOST in the order asked for, one fewer in one column."""
    return look.ordered(dict.fromkeys(data["arm"]))[: MOST - look.narrow]


def words(data: pd.DataFrame, look: Look, stamp: str) -> str:
    """The footer."""
    shown, name = data[data["arm"].isin(shown_arms(data, look))], money_of(data)
    steps = shown[~shown["kind"].isin([AS_BID, TOTAL])]
    left = data["arm"].nunique() - shown["arm"].nunique()
    cut = (
        f"the first {shown['arm'].nunique()} of {data['arm'].nunique()} arms; all of them in knowledge.csv\n"
        if left
        else ""
    )
    more = "means over orders: in the figure of two columns and in knowledge.csv\n" if look.narrow else ""
    said = "; ".join([*_intervals(shown, steps, name, look), *_marks(steps, name)])
    return f"{cut}{more}{said}\n{stamp}"


def _intervals(shown: pd.DataFrame, steps: pd.DataFrame, name: str, look: Look) -> list[str]:
    """What the lines are: intervals of the steps, and of the levels at both ends, which hang on no record."""
    method = "percentiles" if (steps["clusters"] == REPLAYED).any() else "Student t, paired"
    added = [name] if look.narrow else [name, f"{name}_share"]
    of = {
        "steps": (steps, added, method),
        "levels": (shown.drop(steps.index), [f"{name}_level"], "Student t corrected for skewness"),
    }
    said = []
    for what, (part, columns, how) in of.items():
        found: list[Number] = numbers(part.assign(kind=part["arm"] + ", " + part["kind"]), "kind", columns)
        said.append(f"{what}: {caption(found, how, cross=what == 'steps' and not look.narrow)}")
    return said


def _marks(steps: pd.DataFrame, name: str) -> list[str]:
    """What the bars mean that are drawn."""
    said = {
        "empty bars: foresight, which nobody has": steps["kind"].isin(FORESIGHT).any(),
        "hatched: a loss": (steps[name] < 0).any(),
    }
    return [line for line, there in said.items() if there]


def _waterfall(axes: Axes, data: pd.DataFrame, name: str, look: Look, *, labelled: bool) -> None:
    level, step = data[f"{name}_level"].to_numpy(), data[name].to_numpy()
    low, high = (data[f"{name}_{end}"].to_numpy() for end in ("low", "high"))
    places = decimals(step[1:-1].tolist(), 3)
    _dots(axes, data.iloc[[0, -1]], f"{name}_level", [0, len(data) - 1])
    bars = []
    for row in range(1, len(data) - 1):
        bars += _bar(axes, row, level[row], step[row], empty=data["kind"].iloc[row] in FORESIGHT)
        axes.hlines(row, level[row] - step[row] + low[row], level[row] - step[row] + high[row], color=ink(), lw=thin())
        right = level[row] + max(0.0, -step[row], np.nan_to_num(high[row] - step[row]))
        _beside(axes, f"{step[row]:+.{places}f}", right, row)
    for row in range(len(data) - 1):  # a thread from each level to the next row
        axes.plot([level[row]] * 2, [row, row + 1], color=muted(), lw=thin(0.5), zorder=0)
    axes.margins(x=0.24 if look.narrow else 0.14)
    _thinned(axes, bars, look)
    rows(axes, _named(data["kind"], look))
    if labelled:
        axes.set_xlabel(look.words(name, name, "$ per auction"))


def _bar(axes: Axes, row: int, level: float, step: float, *, empty: bool) -> list[Rectangle]:
    """The bar from the level before to this one; a loss is hatched, in the colour of the ground where it is full."""
    shade = tone(5) if step < 0 else tone(0)
    edge = shade if empty or step >= 0 else ground()
    look: dict[str, Any] = {"facecolor": ground() if empty else shade, "edgecolor": edge, "lw": thin()}
    made = axes.barh(row, step, left=level - step, height=_BAR, hatch="////" if step < 0 else None, **look)
    return list(made.patches)


def _thinned(axes: Axes, bars: Sequence[Rectangle], look: Look) -> None:
    """Thinner edges of bars that are hardly wider than they are, so that an empty one is seen to be empty."""
    left, right = axes.get_xlim()
    room = 72 * look.width * _WIDE[look.narrow] / (right - left)
    for bar in bars:
        bar.set_linewidth(min(thin(), _EDGE * room * abs(bar.get_width())))


def _dots(axes: Axes, data: pd.DataFrame, name: str, at: list[int]) -> None:
    values, low, high = ends(data, name)
    axes.plot(values, at, "o", ls="", color=ink())
    for place, value, start, stop in zip(at, values, low, high, strict=True):
        axes.hlines(place, start, stop, color=muted(), lw=thin(0.9))
        right = value if np.isnan(stop) else stop
        _beside(axes, f"{value:.3f}", right, place)


def _beside(axes: Axes, text: str, x: float, row: int) -> None:
    how: dict[str, Any] = {"textcoords": "offset points", "va": "center_baseline", "fontsize": small()}
    axes.annotate(text.replace("-", "\N{MINUS SIGN}"), (x, row), (3, 0), **how)


def _steps(axes: Axes, data: pd.DataFrame, name: str, look: Look, *, labelled: bool) -> None:
    kinds = data.iloc[1:-1]
    at = np.arange(1, len(data) - 1)
    whisker(axes, kinds, name, at - _APART, color=tone(0), label="step in this order")
    whisker(axes, kinds, f"{name}_share", at + _APART, "D", color=ink(), mfc=ground(), label="mean over all orders")
    reference(axes, x=0.0)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    if labelled:
        axes.set_xlabel(look.words("step", f"added to {name}", "$ per auction"))


def _named(kinds: pd.Series[str], look: Look) -> list[str]:
    edges = {AS_BID: AS_BID, TOTAL: "all known"}
    return [edges.get(kind) or f"+ {look.name(kind)}" for kind in kinds]
