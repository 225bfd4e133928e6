"""The arms of one experiment side by side: welfare, solve rate and cost per auction, and whom each arm hires.

Dots are means over auctions with 95% intervals for another draw of tasks, crosses those without one. The arms share
that draw, so two intervals may overlap while the arms differ: one panel shows the difference to the baseline arm,
paired auction by auction. An arm that hires as the baseline does at every auction does not differ, and says so. An arm
far off the others is a number at the edge, so that it does not flatten the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.cells import cells
from analysis.clusters import over
from analysis.differences import changed, differences
from analysis.figures.style import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    MOST_AGENTS,
    WIDE,
    arm_label,
    baseline_label,
    colour,
    ends,
    legend_columns,
    new_figure,
    panel_lines,
    rows,
    short,
    styled,
    whisker,
)
from analysis.intervals import holm
from analysis.quantities.of_run import summary
from sim.kit.digits import decimals

MOST = 60  # arms drawn, the first of the scenario's order; the CSV has every arm
_PANELS = {"welfare": "welfare\n$ per auction", "solve_rate": "solve rate\nper auction", "cost": "cost\n$ per auction"}
_GAP = "_minus_baseline"
_FAR = 3.0  # interquartile ranges beyond the quartiles
_MOST_AS_NUMBERS = 0.1  # share of the arms that may be given as a number


@styled
def draw(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and one row per arm: estimates, paired differences to the baseline, and shares of attempts."""
    named = {arm.name: arm for arm in arms}
    data = pd.DataFrame([_row(arm, named[baselines[arm.name]]) for arm in arms])
    for name in [name for name in data if str(name).endswith("_baseline_p")]:
        data[f"{name}_holm"] = holm(data[name])
    shown = data.head(MOST)
    panels = {name: label for name, label in _PANELS.items() if shown[name].notna().any()}
    main, label = next(iter(panels.items()))
    gap = f"{main.replace('_', ' ')} minus\n{baseline_label(baselines.values(), 18)}"
    columns = {main: label, f"{main}{_GAP}": gap, **panels}
    figure = new_figure(WIDE, 0.2 * len(shown) + 1.2)
    ratios = [1.0] * len(columns) + [1.4]
    axes = figure.subplots(1, len(ratios), sharey=True, squeeze=False, width_ratios=ratios)[0]
    for axis, (name, text) in zip(axes, columns.items(), strict=False):
        _dots(axis, shown if name != f"{main}{_GAP}" else _differing(axis, shown, name), name)
        axis.set_xlabel(text, fontsize=7)
        axis.locator_params(axis="x", nbins=3)
    axes[1].axvline(0.0, color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=0)
    _shares(axes[-1], arms[0].agents, shown)
    for axis in axes:
        rows(axis, [arm_label(name) for name in shown["arm"]], grid=axis is not axes[-1])
        panel_lines(axis, shown["arm"].tolist())
    handles, labels = axes[-1].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper right", ncols=legend_columns(labels), columnspacing=1.0, handlelength=1.0
    )
    return figure, data


def drawn(data: pd.DataFrame) -> list[Number]:
    """The estimates that the figure draws, as far as their intervals go."""
    shown = data.head(MOST)
    panels = [name for name in _PANELS if shown[name].notna().any()]
    gap = f"{panels[0]}{_GAP}"
    others = shown[(shown["changed"] != 0) | (shown[gap] != 0)]
    return numbers(shown, "arm", panels) + numbers(others.assign(clusters=others[f"clusters{_GAP}"]), "arm", [gap])


def _row(arm: ArmData, base: ArmData) -> dict[str, object]:
    row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism}
    estimates, gaps = summary(arm), differences(arm, base)
    row |= {"baseline": base.name, "changed": changed(arm, base)}
    row |= {"clusters": arm.over, f"clusters{_GAP}": over(arm, base)}
    row |= {"coupled": "; ".join(dict.fromkeys((*arm.coupled, *base.coupled)))}
    for name in _PANELS:
        row |= cells(name, estimates[name]) | cells(f"{name}{_GAP}", gaps[name])
        row |= {f"{name}{_GAP}_p": float(gaps[name].p)}
    attempts = arm.attempts.sum(axis=(0, 1))
    total = attempts.sum()
    return row | {f"share {name}": n / total if total else np.nan for name, n in zip(arm.agents, attempts, strict=True)}


def _differing(axes: Axes, shown: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows with the differences that are none left out; a word stands in their place."""
    same = ((shown["changed"] == 0) & (shown[name] == 0)).to_numpy()
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    for row in np.flatnonzero(same).tolist():
        word = "baseline" if shown["arm"].iloc[row] == shown["baseline"].iloc[row] else "same"
        axes.text(0.0, row, word, fontsize=6, color=GREY, ha="center", va="center", bbox=box)
    return shown.assign(**{name: shown[name].where(~same)})


def _dots(axes: Axes, shown: pd.DataFrame, name: str) -> None:
    """Dots with intervals; what lies far off the other arms is a number at the edge it lies beyond."""
    x, *span = ends(shown, name)
    start, stop = (np.where(np.isnan(end), x, end) for end in span)
    known = ~np.isnan(x)
    low, high = np.quantile(x[known], [0.25, 0.75]) if known.any() else (0.0, 0.0)
    far = known & ((x < low - _FAR * (high - low)) | (x > high + _FAR * (high - low))) & (high > low)
    if far.any():  # and only where drawing it would stretch the axis by half or more
        left, right = start[known & ~far].min(), stop[known & ~far].max()
        far &= (x < left - (right - left) / 2) | (x > right + (right - left) / 2)
    if far.sum() > _MOST_AS_NUMBERS * known.sum():  # as many as that are what the figure is about
        far[:] = False
    near = known & ~far
    at = np.flatnonzero(near)
    whisker(axes, shown.iloc[at], name, at, color=BLUE)
    axes.margins(x=0.08)
    if not far.any():
        return
    left, right = start[near].min(), stop[near].max()
    margin = 0.08 * (right - left)
    axes.set_xlim(left - margin, right + margin)
    places = decimals(x[known].tolist(), 2)
    for row in np.flatnonzero(far).tolist():
        below = x[row] < low
        text = f"◂ {x[row]:.{places}f}" if below else f"{x[row]:.{places}f} ▸"
        edge = left - margin / 2 if below else right + margin / 2
        axes.text(
            edge, row, text.replace("-", "−"), fontsize=6.5, va="center", ha="left" if below else "right", color=INK
        )


def _shares(axes: Axes, agents: Sequence[str], shown: pd.DataFrame) -> None:
    """Stacked shares of attempts; past MOST_AGENTS the agents hired least are one grey part."""
    share = shown[[f"share {name}" for name in agents]].to_numpy(np.float64)
    largest = np.sort(np.argsort(-np.nansum(share, axis=0), kind="stable")[:MOST_AGENTS])
    parts = [(agents[i], share[:, i], colour(k)) for k, i in enumerate(largest)]
    if len(agents) > MOST_AGENTS:
        parts.append(("others", np.delete(share, largest, axis=1).sum(axis=1), LIGHT))
    start = np.zeros(len(shown))
    for name, width, shade in parts:
        axes.barh(
            np.arange(len(shown)), np.nan_to_num(width), left=start, height=0.7, color=shade, label=short(name, 20)
        )
        start = start + np.nan_to_num(width)
    axes.set_xlim(0, 1)
    axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
    axes.set_xlabel("share of\nattempts", fontsize=7)
