"""Who the random-reserve auction hires, and what its two accountings make of it.

Left: hired rate against the mean claim (filled) and against the success rate (open) of each agent; an agent
claims too much where its filled mark lies right of its open one. Right: from published profit to cash profit by way of
the wrong probability and the wrong cost (`analysis.auction`), dollars per opportunity. All are as drawn, with 95%
intervals for another draw of tasks; a cross where there is none. One row per arm, so that penalties can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import auction
from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.cells import all_cells
from analysis.few_agents import both_ends
from analysis.figures.style import (
    BLUE,
    CROSS,
    GREEN,
    HAIR,
    INK,
    LIGHT,
    NO_INTERVAL,
    ORANGE,
    RED,
    WIDE,
    colour,
    ends,
    new_figure,
    short,
    spread,
    styled,
)
from analysis.quantities.of_run import agents
from sim.kit.arrays import FloatArray

MOST = 4  # arms drawn, evenly spaced in the scenario's order; the CSV has every arm
MOST_AGENTS = 20  # drawn, those at both ends of the first arm's cash profit; the CSV has every agent
STEPS = {"published": GREEN, "wrong_probability": BLUE, "wrong_cost": ORANGE, "cash": INK}
_LABELS = ("published profit", "wrong probability", "wrong cost", "cash profit")


@styled
def draw(arms: Sequence[ArmData]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and one row per (arm, agent); `arms` must be random-reserve auctions with agents alone."""
    data = pd.concat([_rows(arm) for arm in arms], ignore_index=True)
    shown = [arms[k] for k in np.unique(np.linspace(0, len(arms) - 1, min(MOST, len(arms))).round().astype(int))]
    kept = _kept(data)
    figure = new_figure(WIDE, max(2.3, 0.3 * len(kept) + 0.4) * len(shown) + 0.35)
    grid = figure.subplots(len(shown), 2, squeeze=False, width_ratios=[1.0, 1.1], sharex="col")
    for k, (left, right), arm in zip(range(len(shown)), grid, shown, strict=True):
        part = data[data["arm"] == arm.name].reset_index(drop=True).iloc[kept].reset_index(drop=True)
        _hired(left, part)
        _profits(right, part)
        left.set_title(_title(arm) if len(shown) > 1 else "", loc="left")
        if k == len(shown) - 1:
            left.set_xlabel("mean claim (filled), success rate (open)")
            right.set_xlabel("profit, $ per opportunity")
    handles = [grid[0, 1].barh(0, 0, color=shade) for shade in STEPS.values()]
    figure.legend(handles, _LABELS, loc="outside upper right", ncols=4, columnspacing=1.2, handlelength=1.2)
    return figure, data


def drawn(data: pd.DataFrame) -> list[Number]:
    """The estimates that the figure draws with intervals, as far as these go."""
    parts = [part.iloc[_kept(data)] for _, part in data.groupby("arm", sort=False)]
    return numbers(pd.concat(parts), "agent", ["hired_rate", "cash"])


def _kept(data: pd.DataFrame) -> list[int]:
    """Places of the agents drawn: of many those at both ends of the first arm's cash profit."""
    return both_ends(data.loc[data["arm"] == data["arm"].iloc[0], "cash"], MOST_AGENTS)


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


def _title(arm: ArmData) -> str:
    penalty = _penalty(arm)
    return short(arm.name) if np.isnan(penalty) else f"{short(arm.name)} (penalty ${penalty:g})"


def _hired(axes: Axes, part: pd.DataFrame) -> None:
    claim, success = (part[name].to_numpy() for name in ("mean_claim", "success_rate"))
    hired, low, high = ends(part, "hired_rate")
    bare = np.isnan(low)
    height = np.full(hired.shape, np.nan)
    known = np.flatnonzero(~np.isnan(hired))
    height[known] = spread(hired[known], 0.075, 0.0, 1.0)
    for i in known:
        shade, name = colour(int(i)), short(part["agent"][i], 24)
        axes.plot([success[i], claim[i]], [hired[i], hired[i]], color=shade, lw=1.2, zorder=2)
        axes.plot(success[i], hired[i], "o", ms=4.5, mfc="white", mec=shade, zorder=3)
        axes.plot(claim[i], hired[i], NO_INTERVAL if bare[i] else "o", ms=4.5, color=shade, zorder=4)
        if not bare[i]:
            axes.vlines(claim[i], low[i], high[i], color=shade, lw=1.2, zorder=4)
        right = np.fmax(claim[i], success[i])
        line = {"arrowstyle": "-", "color": shade, "lw": 0.5, "alpha": 0.7, "shrinkA": 1, "shrinkB": 3}
        axes.annotate(
            name,
            (right, hired[i]),
            xytext=(1.03, height[i]),
            textcoords=axes.get_yaxis_transform(),
            color=shade,
            fontsize=7,
            va="center",
            arrowprops=line,
        )
    axes.set(ylim=(-0.03, 1.03), ylabel="hired rate")
    axes.set_xlim(min(0.5, np.nanmin([claim, success]) - 0.05), 1.02)
    axes.grid(color=LIGHT, lw=HAIR)
    axes.set_axisbelow(True)


def _profits(axes: Axes, part: pd.DataFrame) -> None:
    published, wrong_probability, wrong_cost, cash = (part[name].to_numpy() for name in STEPS)
    row = np.arange(len(part))
    bars: list[tuple[FloatArray, FloatArray]] = [
        (np.zeros(len(part)), published),
        (published, wrong_probability),
        (published + wrong_probability, wrong_cost),
        (np.zeros(len(part)), cash),
    ]
    for k, ((start, width), shade) in enumerate(zip(bars, STEPS.values(), strict=True)):
        axes.barh(row + 0.19 * (k - 1.5), width, left=start, height=0.17, color=shade)
    at_cash = row + 0.19 * 1.5
    _, low, high = ends(part, "cash")
    bare = np.isnan(low)
    axes.hlines(at_cash[~bare], low[~bare], high[~bare], color=RED, lw=0.9)
    axes.plot(cash[bare], at_cash[bare], NO_INTERVAL, ms=CROSS, color=RED)
    axes.use_sticky_edges = False
    axes.margins(x=0.04)
    axes.axvline(0, color=INK, lw=0.6)
    axes.set_yticks(row, [short(name, 24) for name in part["agent"]])
    axes.set_ylim(len(part) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=LIGHT, lw=HAIR)
    axes.set_axisbelow(True)
