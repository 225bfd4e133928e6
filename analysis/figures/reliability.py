"""Reliability diagrams: what succeeds when an agent claims p, per agent and pooled, above a histogram of its claims.

Intervals are Wilson's, 95%. Agents share tasks, so a pooled interval counts the tasks in its bin, not the claims.
ECE is shown beside the value a perfectly calibrated agent with the same claims would have on average.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import calibration as cal
from analysis.arm import ArmData
from analysis.figures.style import BLUE, GREY, INK, LIGHT, WIDE, new_figure, short, styled
from sim.arrays import BoolArray, FloatArray

POOLED = "all agents"
MOST = 11  # panels for agents; the CSV has every agent
_COLUMNS = 4


@styled
def draw(arm: ArmData) -> tuple[Figure, pd.DataFrame]:
    """The figure, and one row per (agent or POOLED, bin) of the first posting's claims against the first try."""
    part, n_agents = arm.distinct, len(arm.agents)
    claim = arm.claim[part].reshape(-1, n_agents)
    success = arm.success[part].reshape(-1, n_agents)
    panels = [(name, claim[:, i : i + 1], success[:, i : i + 1]) for i, name in enumerate(arm.agents)]
    panels += [(POOLED, claim, success)] if n_agents > 1 else []
    shown = [*panels[:MOST], *panels[n_agents:]] if n_agents > MOST else panels
    columns = min(_COLUMNS, len(shown))
    n_rows = -(-len(shown) // columns)
    figure = new_figure(WIDE * max(columns, 2) / _COLUMNS, 2.35 * n_rows)
    grid = figure.add_gridspec(2 * n_rows, columns, height_ratios=[3.4, 1.0] * n_rows)
    for k, (name, p, y) in enumerate(shown):
        row, column = divmod(k, columns)
        top = figure.add_subplot(grid[2 * row, column])
        bottom = figure.add_subplot(grid[2 * row + 1, column], sharex=top)
        _diagram(top, name, p, y)
        _histogram(bottom, p)
        if column == 0:
            top.set_ylabel("success rate")
            bottom.set_ylabel("claims")
        if row == n_rows - 1:
            bottom.set_xlabel("claimed probability")
    if columns * n_rows > len(shown):
        _key(figure.add_subplot(grid[2 * n_rows - 2, columns - 1]))
    return figure, pd.concat([_rows(*panel) for panel in panels], ignore_index=True)


def _bins(claim: FloatArray, success: BoolArray) -> cal.Reliability:
    """Bins of (N, agents) claims, their intervals from the number of tasks in each bin."""
    where = np.where(np.isnan(claim), -1, cal.bin_of(claim))
    tasks = [int((where == k).any(axis=1).sum()) for k in range(cal.N_BINS)]
    return cal.reliability_bins(claim, success, n_effective=tasks)


def _diagram(axes: Axes, name: str, claim: FloatArray, success: BoolArray) -> None:
    bins = _bins(claim, success)
    seen = bins.count > 0
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.7, ls=(0, (4, 3)))
    axes.vlines(bins.mean_claim[seen], bins.lower[seen], bins.upper[seen], color=BLUE, lw=1.0, alpha=0.5)
    area = 4 + 56 * bins.count[seen] / bins.count.sum()
    axes.scatter(bins.mean_claim[seen], bins.success_rate[seen], s=area, color=BLUE, lw=0, zorder=3, clip_on=False)
    axes.set(
        xlim=(-0.02, 1.02), ylim=(-0.02, 1.05), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], yticklabels=["0", ".5", "1"]
    )
    axes.tick_params(labelbottom=False)
    axes.set_title(short(name, 22), color=INK, fontweight="bold" if name == POOLED else "normal", loc="left", pad=13)
    note = f"ECE {cal.ece(claim, success):.3f} (null {cal.ece_null(claim):.3f})"
    axes.annotate(note, (0, 1), (0, 3), "axes fraction", "offset points", va="bottom", fontsize=7)


def _key(axes: Axes) -> None:
    """What the marks mean, in the first free panel."""
    axes.axis("off")
    words = (
        "dot: success rate in a bin,\narea by its share of claims\n\nbar: 95% Wilson interval\n\n"
        "dashed: calibrated\n\nnull: mean ECE of a\ncalibrated agent with\nthe same claims"
    )
    axes.text(0.0, 1.0, words, transform=axes.transAxes, va="top", fontsize=7, color=GREY, linespacing=1.2)


def _histogram(axes: Axes, claim: FloatArray) -> None:
    count = np.bincount(cal.bin_of(claim[~np.isnan(claim)]), minlength=cal.N_BINS)
    middle = (np.arange(cal.N_BINS) + 0.5) / cal.N_BINS
    axes.bar(middle, count, width=0.92 / cal.N_BINS, color=LIGHT)
    size = 5.5 if count.max() < 100 else 4.8  # three digits are as wide as a bar
    for x, n in zip(middle, count, strict=True):
        if n and (count.max() < 1000 or n == count.max()):
            axes.text(x, n, f"{n:,}", ha="center", va="bottom", fontsize=size, color=INK)
    axes.set(ylim=(0, 1.35 * max(1, count.max())), yticks=[], xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"])
    axes.spines["left"].set_visible(False)


def _rows(name: str, claim: FloatArray, success: BoolArray) -> pd.DataFrame:
    bins = _bins(claim, success)
    return pd.DataFrame(
        {
            "agent": name,
            "low": bins.low,
            "high": bins.high,
            "claims": bins.count,
            "mean_claim": bins.mean_claim,
            "success_rate": bins.success_rate,
            "lower": bins.lower,
            "upper": bins.upper,
            "ece": cal.ece(claim, success),
            "ece_null": cal.ece_null(claim),
        }
    )
