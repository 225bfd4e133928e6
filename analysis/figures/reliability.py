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
from analysis.basis import Number, numbers
from analysis.calibration_null import pooled_ece_null
from analysis.cells import cells
from analysis.few_agents import both_ends
from analysis.figures.look import Look, fill, fold
from analysis.figures.style import NO_INTERVAL, dot, ends, faint, ink, muted, short, small, thin
from analysis.inference import CLUSTERS, Estimate, ratio
from analysis.observed import Observed
from analysis.stated import Claims

POOLED = "all agents"
MOST = 11  # panels for agents, those at both ends of the ECE; the CSV has every agent
_COLUMNS = {True: 3, False: 4}  # panels side by side, in one column and in two
_NAME_AT = -0.28  # of the width of a panel in one column: over its own numbers, not over the panel before
_LONG, _LONG_AT = 16, -0.42  # letters of a name that would not end in the last panel, and where it begins


def table(arm: Claims) -> pd.DataFrame:
    """One row per (agent or POOLED, bin) of all claims against the outcomes known."""
    seen = arm.observed
    panels = [(name, seen.only(i)) for i, name in enumerate(arm.agents)]
    panels += [(POOLED, seen)] if len(arm.agents) > 1 else []
    return pd.DataFrame([row for name, some in panels for row in _rows(arm, name, some)])


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    shown = _shown(data, look)
    columns = min(_COLUMNS[look.narrow], len(shown))
    n_rows = -(-len(shown) // columns)
    notes = look.line * (2 if look.narrow else 1)
    along = fold(look.words("mean_claim", "claim", "probability"), 0.85 * look.width / columns - 0.3)
    below = (1 + along.count("\n")) * look.line
    figure = look.figure((1.4 if look.narrow else 1.85) * n_rows + (notes + below) * n_rows)
    grid = figure.add_gridspec(2 * n_rows, columns, height_ratios=[3.0, 1.0] * n_rows)
    for k, name in enumerate(shown):
        row, column = divmod(k, columns)
        top = figure.add_subplot(grid[2 * row, column])
        bottom = figure.add_subplot(grid[2 * row + 1, column], sharex=top)
        _diagram(top, name, data[data["agent"] == name], look)
        _histogram(bottom, data[data["agent"] == name], look)
        if column == 0:
            top.set_ylabel(look.words("success_rate", "success", "rate"))
            bottom.set_ylabel(fold(look.words("claims", "claims", "count"), 0.4))
        bottom.set_xlabel(along)
    if spare := columns * n_rows - len(shown):
        seen = data[data["agent"].isin(shown) & (data["claims"] > 0)]
        bare = bool(seen["success_rate_low"].isna().any())
        _key(figure.add_subplot(grid[2 * n_rows - 2 :, columns - spare :]), spare * look.width / columns - 0.75, bare)
    return figure


def drawn(data: pd.DataFrame, look: Look) -> list[Number]:
    """The rates that the figure draws, as far as their intervals go."""
    return numbers(data[data["agent"].isin(_shown(data, look))], "agent", ["success_rate"])


def _shown(data: pd.DataFrame, look: Look) -> list[str]:
    """The agents that have a panel: of many those at both ends of the ECE, and all of them together."""
    of = data.drop_duplicates("agent").set_index("agent")["ece"]
    agents = of.drop(POOLED, errors="ignore")
    names = look.ordered(str(agents.index[place]) for place in both_ends(agents, MOST))
    return [*names, *([POOLED] if POOLED in of.index else [])]


def _rates(arm: Claims, some: Observed) -> Estimate:
    """Success rate in each bin of claims, (N_BINS,)."""
    inside = some.known[..., None] & (
        cal.bin_of(np.where(some.known, some.claim, 0.0))[..., None] == np.arange(cal.N_BINS)
    )
    won = (inside * some.share[..., None]).sum(axis=2)
    return ratio(won, inside.sum(axis=2), arm.by_claims, rate=True)


def _ece(some: Observed) -> float:
    claim, success, _, weight = some.rows
    return cal.ece(claim, success, weight=weight)


def _diagram(axes: Axes, name: str, bins: pd.DataFrame, look: Look) -> None:
    seen = bins[bins["claims"] > 0]
    rate, low, high = ends(seen, "success_rate")
    x, known = seen["mean_claim"].to_numpy(), ~np.isnan(low)
    shade = ink() if name == POOLED else look.pen(name).colour
    axes.plot([0, 1], [0, 1], color=muted(), lw=thin(), ls=(0, (4, 3)))
    axes.vlines(x[known], low[known], high[known], color=shade, lw=thin(0.9), alpha=0.55)
    area = dot() ** 2 * (0.3 + 3.0 * seen["claims"].to_numpy() / seen["claims"].sum())
    axes.scatter(x[known], rate[known], s=area[known], color=shade, lw=0, zorder=3, clip_on=False)
    if not known.all():  # an empty line that is not clipped takes the whole figure in the layout
        cross: dict[str, Any] = {"ms": dot(0.9), "mew": 0, "color": shade, "zorder": 3, "clip_on": False}
        axes.plot(x[~known], rate[~known], NO_INTERVAL, **cross)
    ticks = [0, 0.5, 1]
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05), xticks=ticks, yticks=ticks, yticklabels=["0", ".5", "1"])
    axes.tick_params(labelbottom=False)
    weight = "bold" if name == POOLED else "normal"
    error, null = (f"{bins[column].iloc[0]:.3f}".lstrip("0") for column in ("ece", "ece_null"))
    label = short(look.name(name), 18 if look.narrow else 22)
    at = _LONG_AT if len(label) > _LONG else _NAME_AT
    axes.set_title(
        label,
        fontweight=weight,
        loc="left",
        x=at if look.narrow else 0.0,
        pad=look.line * 72 * (2 if look.narrow else 1) + 2.5,
    )
    axes.annotate(
        f"ECE {error}\nnull {null}" if look.narrow else f"ECE {error} (null {null})",
        (0, 1),
        (0, 2.5),
        "axes fraction",
        "offset points",
        fontsize=small(),
    )


def _key(axes: Axes, inches: float, bare: bool) -> None:
    """What the marks mean, in the first free panel. bare: some rate has no interval."""
    axes.axis("off")
    words = (
        "dot: success rate in a bin, area by its share of claims\n"
        f"bar: 95% Wilson interval{'; ×: none' if bare else ''}\n"
        "dashed: calibrated\nnull: mean ECE of a calibrated agent with the same claims"
    )
    how: dict[str, Any] = {"va": "top", "fontsize": small(), "color": muted(), "linespacing": 1.2}
    axes.text(0.0, 1.0, fill(words, inches, small()), transform=axes.transAxes, **how)


def _histogram(axes: Axes, bins: pd.DataFrame, look: Look) -> None:
    count = bins["claims"].to_numpy()
    middle = (np.arange(cal.N_BINS) + 0.5) / cal.N_BINS
    axes.bar(middle, count, width=0.92 / cal.N_BINS, color=faint())
    most = int(count.max()) or 1
    axes.set(ylim=(0, 1.1 * most), yticks=[0, most], yticklabels=["0", f"{most:,}"])
    axes.set(xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"])


def _rows(arm: Claims, name: str, some: Observed) -> list[dict[str, Any]]:
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
