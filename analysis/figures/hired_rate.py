"""Who the random-reserve auction hires, and what its two accountings make of it; a column of panels for each arm.

Above: hired rate against the mean claim (filled) and against the success rate (open) of each agent; an agent claims
too much where its filled mark lies right of its open one. Below: from published profit (open) to cash profit (filled,
with its 95% interval for another draw of tasks; a cross where there is none) by way of the wrong probability and the
wrong cost (`analysis.auction`), dollars per opportunity. In one column the first and the last arm alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis import auction
from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.cells import all_cells
from analysis.few_agents import both_ends
from analysis.figures.look import Look, fold
from analysis.figures.style import (
    MOST_ROWS,
    NO_INTERVAL,
    dot,
    ends,
    faint,
    ground,
    ink,
    legend_columns,
    legend_rows,
    muted,
    reference,
    rows,
    short,
    thin,
)
from analysis.quantities.of_run import agents

MOST = {True: 2, False: 4}  # arms drawn, in one column and in two, evenly spaced; the CSV has every arm
STEPS = ("published", "wrong_probability", "wrong_cost", "cash")
_CLAIM, _PROFIT = ("mean_claim", "claim or success", "rate"), ("cash", "profit", "$ per opportunity")
_SHIFT = 0.19  # of the two steps of an agent from the middle of its row


def table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """One row per (arm, agent); `arms` must be random-reserve auctions with agents alone."""
    return pd.concat([_rows(arm) for arm in arms], ignore_index=True)


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    shown, names = _arms(data, look), _kept(data, look)
    key = [*_agents_key(names, look), *_marks_key(look)]
    words = [word for _, word in key]
    room = (look.width - 1.1) / len(shown) - 0.1
    along = [fold(look.words(*of), room) for of in (_CLAIM, _PROFIT)]
    below = 1.7 * look.line * len(names)
    around = look.around(along, legend_rows(words, look.width)) + look.around(along, 0) + look.line
    figure = look.figure(1.4 + below + around)
    grid = figure.subplots(2, len(shown), squeeze=False, sharey="row", sharex="row", height_ratios=[1.45, below + 0.1])
    for k, (arm, (above, beneath)) in enumerate(zip(shown, grid.T, strict=True)):
        part = data[data["arm"] == arm].set_index("agent").loc[names].reset_index()
        _hired(above, part, look)
        _profits(beneath, part, look)
        above.set_title(fold(_title(arm, part, look), room), loc="left")
        beneath.tick_params(labelleft=k == 0)
        above.set_xlabel(along[0])
        beneath.set_xlabel(along[1])
    grid[0, 0].set_ylabel(look.words("hired_rate", "hired", "share of tasks"))
    columns = legend_columns(words, look.width)
    figure.legend([mark for mark, _ in key], words, loc="outside upper left", ncols=columns)
    return figure


def about(data: pd.DataFrame, look: Look) -> str:
    """What is left out, for the footer."""
    count = data["arm"].nunique()
    which = "the first and the last" if look.narrow else f"{len(_arms(data, look))}, evenly spaced,"
    return f"{which} of {count} arms; all of them in hired_rate.csv\n" if count > len(_arms(data, look)) else ""


def drawn(data: pd.DataFrame, look: Look) -> list[Number]:
    """The estimates that the figure draws with intervals, as far as these go."""
    shown = data[data["arm"].isin(_arms(data, look)) & data["agent"].isin(_kept(data, look))]
    return numbers(shown, "agent", ["hired_rate", "cash"])


def _arms(data: pd.DataFrame, look: Look) -> list[str]:
    names = look.ordered(data["arm"].drop_duplicates())
    names = [name for name in names if not (look.own and look.own.arms) or name in look.own.arms]
    most = min(MOST[look.narrow], len(names))
    return [names[k] for k in np.unique(np.linspace(0, len(names) - 1, most).round().astype(int))]


def _kept(data: pd.DataFrame, look: Look) -> list[str]:
    """The agents drawn: of many those at both ends of the first arm's cash profit."""
    first = data[data["arm"] == data["arm"].iloc[0]].reset_index(drop=True)
    return look.ordered(first["agent"].iloc[both_ends(first["cash"], MOST_ROWS)])


def _rows(arm: ArmData) -> pd.DataFrame:
    """Per agent: claim, success, hired rate and the four profits as drawn, each with its interval."""
    per_agent, parts = agents(arm), auction.compare(arm)
    columns = {name: per_agent[name] for name in ("mean_claim", "success_rate", "hired_rate")}
    columns |= {name: parts[name][1] for name in STEPS}
    head = {"arm": arm.name, "penalty": _penalty(arm)}
    basis = {"clusters": arm.over, "coupled": "; ".join(arm.coupled)}
    return pd.DataFrame([head | {"agent": name} | basis | all_cells(columns, i) for i, name in enumerate(arm.agents)])


def _penalty(arm: ArmData) -> float:
    """The arm's penalty in dollars, NaN where it varies."""
    first = float(arm.penalty.flat[0])
    return first if bool((arm.penalty == first).all()) else np.nan


def _title(arm: str, part: pd.DataFrame, look: Look) -> str:
    penalty = part["penalty"].iloc[0]
    name = short(look.name(arm))
    return name if np.isnan(penalty) or "penalty" in name else f"{name} (penalty ${penalty:g})"


def _agents_key(names: Sequence[str], look: Look) -> list[tuple[Any, str]]:
    pens = [look.pen(name) for name in names]
    marks = [Line2D([], [], color=pen.colour, marker=pen.marker, ls="", ms=dot()) for pen in pens]
    return [(mark, short(look.name(name), 24)) for mark, name in zip(marks, names, strict=True)]


def _marks_key(look: Look) -> list[tuple[Any, str]]:
    mark: dict[str, Any] = {"color": ink(), "marker": "o", "ls": "", "ms": dot()}
    long = [
        (Line2D([], [], mfc=ground(), **mark), "success rate; below: published profit"),
        (Line2D([], [], **mark), "mean claim; below: cash profit"),
        (Patch(color=muted()), "step by wrong probability"),
        (Patch(color=faint()), "step by wrong cost"),
    ]
    short_ = ("success; published", "claim; cash", "wrong probability", "wrong cost")
    return [(mark, less) for (mark, _), less in zip(long, short_, strict=True)] if look.narrow else long


def _hired(axes: Axes, part: pd.DataFrame, look: Look) -> None:
    claim, success = (part[name].to_numpy() for name in ("mean_claim", "success_rate"))
    hired, low, high = ends(part, "hired_rate")
    for i in np.flatnonzero(~np.isnan(hired)).tolist():
        shade, marker, _ = look.pen(part["agent"][i])
        bare = bool(np.isnan(low[i]))
        axes.plot([success[i], claim[i]], [hired[i], hired[i]], color=shade, lw=thin(0.8), zorder=2)
        axes.plot(success[i], hired[i], marker, ms=dot(), mfc=ground(), mec=shade, mew=thin(0.8), zorder=3)
        axes.plot(claim[i], hired[i], NO_INTERVAL if bare else marker, ms=dot(), color=shade, zorder=4)
        if not bare:
            axes.vlines(claim[i], low[i], high[i], color=shade, lw=thin(), zorder=4)
    axes.set(ylim=(-0.05, 1.05))
    axes.set_xlim(min(0.5, np.nanmin([claim, success]) - 0.05), 1.04)
    axes.locator_params(axis="x", nbins=3)
    axes.grid()


def _profits(axes: Axes, part: pd.DataFrame, look: Look) -> None:
    """Two steps of each agent below one another: from published profit, by the first, by the second, to cash."""
    published, wrong_probability, wrong_cost, cash = (part[name].to_numpy() for name in STEPS)
    row = np.arange(len(part))
    between = published + wrong_probability
    axes.barh(row - _SHIFT, wrong_probability, left=published, height=0.3, color=muted())
    axes.barh(row + _SHIFT, wrong_cost, left=between, height=0.3, color=faint())
    axes.vlines(between, row - _SHIFT, row + _SHIFT, color=muted(), lw=thin())
    _, low, high = ends(part, "cash")
    for i in np.flatnonzero(~np.isnan(cash)).tolist():
        shade, marker, _ = look.pen(part["agent"][i])
        bare = bool(np.isnan(low[i]))
        axes.plot(published[i], row[i] - _SHIFT, marker, ms=dot(), mfc=ground(), mec=shade, mew=thin(0.8), zorder=3)
        axes.plot(cash[i], row[i] + _SHIFT, NO_INTERVAL if bare else marker, ms=dot(), color=shade, zorder=4)
        if not bare:
            axes.hlines(row[i] + _SHIFT, low[i], high[i], color=shade, lw=thin(), zorder=3)
    axes.use_sticky_edges = False
    axes.margins(x=0.06)
    reference(axes, x=0.0)
    axes.locator_params(axis="x", nbins=3)
    rows(axes, [short(look.name(str(name)), 24) for name in part["agent"]])
