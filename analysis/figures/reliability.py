"""Reliability diagrams: what succeeds when an agent claims p, per agent and pooled, above a histogram of its claims.

Intervals are 95%, Wilson's; agents share tasks, so that of all agents has the effective number of claims in its bin. A
bin without one, such as one with claims on a single task, is a cross. ECE is shown beside the value a perfectly
calibrated agent with the same claims would have on average.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import calibration as cal
from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.calibration_null import pooled_ece_null
from analysis.cells import cells
from analysis.few_agents import both_ends
from analysis.figures.style import BLUE, CROSS, GREY, INK, LIGHT, NO_INTERVAL, WIDE, ends, new_figure, short, styled
from analysis.inference import CLUSTERS, Estimate, ratio
from analysis.observed import Observed

POOLED = "all agents"
MOST = 11  # panels for agents, those at both ends of the ECE; the CSV has every agent
_COLUMNS = 4


@styled
def draw(arm: ArmData) -> tuple[Figure, pd.DataFrame]:
    """The figure, and one row per (agent or POOLED, bin) of all claims against the outcomes known."""
    seen, n_agents = arm.observed, len(arm.agents)
    panels = [(name, seen.only(i)) for i, name in enumerate(arm.agents)]
    panels += [(POOLED, seen)] if n_agents > 1 else []
    data = pd.DataFrame([row for name, some in panels for row in _rows(arm, name, some)])
    kept = both_ends(data["ece"].iloc[: n_agents * cal.N_BINS : cal.N_BINS], MOST)
    shown = [*kept, *range(n_agents, len(panels))]
    columns = min(_COLUMNS, len(shown))
    n_rows = -(-len(shown) // columns)
    figure = new_figure(WIDE * max(columns, 2) / _COLUMNS, 2.35 * n_rows)
    grid = figure.add_gridspec(2 * n_rows, columns, height_ratios=[3.4, 1.0] * n_rows)
    for k, place in enumerate(shown):
        name, some = panels[place]
        row, column = divmod(k, columns)
        top = figure.add_subplot(grid[2 * row, column])
        bottom = figure.add_subplot(grid[2 * row + 1, column], sharex=top)
        _diagram(top, name, data.iloc[place * cal.N_BINS : (place + 1) * cal.N_BINS])
        _histogram(bottom, some)
        if column == 0:
            top.set_ylabel("success rate")
            bottom.set_ylabel("claims")
        if row == n_rows - 1:
            bottom.set_xlabel("claimed probability")
    if columns * n_rows > len(shown):
        _key(figure.add_subplot(grid[2 * n_rows - 2, columns - 1]))
    return figure, data


def drawn(data: pd.DataFrame) -> list[Number]:
    """The rates that the figure draws, as far as their intervals go."""
    of = data.drop_duplicates("agent")
    agents = of[of["agent"] != POOLED]
    kept = agents["agent"].iloc[both_ends(agents["ece"], MOST)]
    return numbers(data[data["agent"].isin([*kept, POOLED])], "agent", ["success_rate"])


def _rates(arm: ArmData, some: Observed) -> Estimate:
    """Success rate in each bin of claims, (N_BINS,)."""
    inside = some.known[..., None] & (
        cal.bin_of(np.where(some.known, some.claim, 0.0))[..., None] == np.arange(cal.N_BINS)
    )
    won = (inside * some.share[..., None]).sum(axis=2)
    return ratio(won, inside.sum(axis=2), arm.by_claims, rate=True)


def _ece(some: Observed) -> float:
    claim, success, _, weight = some.rows
    return cal.ece(claim, success, weight=weight)


def _diagram(axes: Axes, name: str, bins: pd.DataFrame) -> None:
    seen = bins[bins["claims"] > 0]
    rate, low, high = ends(seen, "success_rate")
    x, known = seen["mean_claim"].to_numpy(), ~np.isnan(low)
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.7, ls=(0, (4, 3)))
    axes.vlines(x[known], low[known], high[known], color=BLUE, lw=1.0, alpha=0.5)
    area = 4 + 56 * seen["claims"].to_numpy() / seen["claims"].sum()
    axes.scatter(x[known], rate[known], s=area[known], color=BLUE, lw=0, zorder=3, clip_on=False)
    if not known.all():  # an empty line that is not clipped takes the whole figure in the layout
        axes.plot(x[~known], rate[~known], NO_INTERVAL, ms=CROSS, mew=0, color=BLUE, zorder=3, clip_on=False)
    axes.set(
        xlim=(-0.02, 1.02), ylim=(-0.02, 1.05), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], yticklabels=["0", ".5", "1"]
    )
    axes.tick_params(labelbottom=False)
    axes.set_title(short(name, 22), color=INK, fontweight="bold" if name == POOLED else "normal", loc="left", pad=13)
    note = f"ECE {bins['ece'].iloc[0]:.3f} (null {bins['ece_null'].iloc[0]:.3f})"
    axes.annotate(note, (0, 1), (0, 3), "axes fraction", "offset points", va="bottom", fontsize=7)


def _key(axes: Axes) -> None:
    """What the marks mean, in the first free panel."""
    axes.axis("off")
    words = (
        "dot: success rate in a bin,\narea by its share of claims\n\nbar: 95% Wilson interval\n×: no interval\n"
        "dashed: calibrated\n\nnull: mean ECE of a\ncalibrated agent with\nthe same claims"
    )
    axes.text(0.0, 1.0, words, transform=axes.transAxes, va="top", fontsize=7, color=GREY, linespacing=1.2)


def _histogram(axes: Axes, some: Observed) -> None:
    count = np.bincount(cal.bin_of(some.claim[some.known]), minlength=cal.N_BINS)
    middle = (np.arange(cal.N_BINS) + 0.5) / cal.N_BINS
    axes.bar(middle, count, width=0.92 / cal.N_BINS, color=LIGHT)
    size = 5.5 if count.max() < 100 else 4.8  # three digits are as wide as a bar
    for x, n in zip(middle, count, strict=True):
        if n and (count.max() < 1000 or n == count.max()):
            axes.text(x, n, f"{n:,}", ha="center", va="bottom", fontsize=size, color=INK)
    axes.set(ylim=(0, 1.35 * max(1, count.max())), yticks=[], xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"])
    axes.spines["left"].set_visible(False)


def _rows(arm: ArmData, name: str, some: Observed) -> list[dict[str, Any]]:
    """One row per bin of claims."""
    claim, success, _, weight = some.rows
    bins, rates = cal.reliability_bins(claim, success, weight=weight), _rates(arm, some)
    head = {"agent": name, "clusters": CLUSTERS[arm.by_claims], "coupled": "; ".join(arm.coupled)}
    null = pooled_ece_null(claim, success, some.cell, weight)[0] if name == POOLED else some.null()
    errors = {"ece": _ece(some), "ece_null": null}
    return [
        head
        | {"bin_low": bins.low[k], "bin_high": bins.high[k], "claims": bins.count[k], "mean_claim": bins.mean_claim[k]}
        | cells("success_rate", rates, k)
        | errors
        for k in range(cal.N_BINS)
    ]
