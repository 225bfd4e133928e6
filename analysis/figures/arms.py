"""The arms of one experiment side by side: welfare, solve rate and cost per auction, and whom each arm hires.

Dots are means over auctions with 95% intervals for another draw of tasks. The arms share that draw, so two intervals
may overlap while the arms differ: the CSV has the difference to the first arm, paired auction by auction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import metrics
from analysis.arm import ArmData
from analysis.figures.style import BLUE, LIGHT, WIDE, colour, new_figure, rows, styled, whisker
from analysis.inference import Estimate, paired_difference, without_error
from sim.arrays import FloatArray

MOST = 40  # arms drawn, the first of the scenario's order; the CSV has every arm
MOST_AGENTS = 8  # agents with a colour of their own; the others are shown together
_PANELS = {"welfare": "welfare\n$ per auction", "solve_rate": "solve rate\nper auction", "cost": "cost\n$ per auction"}


@styled
def draw(arms: Sequence[ArmData]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and one row per arm: estimates, paired differences to the first arm, and shares of attempts."""
    data = pd.DataFrame([_row(arm, arms[0]) for arm in arms])
    shown = data.head(MOST)
    panels = {name: label for name, label in _PANELS.items() if shown[name].notna().any()}
    figure = new_figure(WIDE, 0.2 * len(shown) + 1.2)
    axes = figure.subplots(1, len(panels) + 1, sharey=True, squeeze=False, width_ratios=[1.0] * len(panels) + [1.5])[0]
    for axis, (name, label) in zip(axes, panels.items(), strict=False):
        whisker(axis, shown, name, np.arange(len(shown)), color=BLUE)
        axis.set_xlabel(label)
    _shares(axes[-1], arms[0].agents, shown)
    for axis in axes:
        rows(axis, list(shown["arm"]), grid=axis is not axes[-1])
    handles, labels = axes[-1].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper right", ncols=_columns(labels), columnspacing=1.0, handlelength=1.0
    )
    return figure, data


def _row(arm: ArmData, first: ArmData) -> dict[str, object]:
    row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism}
    estimates = metrics.summary(arm)
    for name in _PANELS:
        estimate, gap = estimates[name], _gap(arm, first, name)
        row |= {name: float(estimate.value), f"{name}_se": float(estimate.se)}
        row |= {f"{name}_minus_first": float(gap.value), f"{name}_minus_first_se": float(gap.se)}
    attempts = arm.attempts.sum(axis=(0, 1))
    total = attempts.sum()
    return row | {f"share {name}": n / total if total else np.nan for name, n in zip(arm.agents, attempts, strict=True)}


def _gap(arm: ArmData, first: ArmData, name: str) -> Estimate:
    """Paired difference to the first arm; NaN where the two did not hold the same auctions."""
    quantities = {"welfare": metrics.welfare, "solve_rate": _solved, "cost": _cost}
    a, b = quantities[name](arm), quantities[name](first)
    return paired_difference(a, b, arm.world.recorded) if a.shape == b.shape else without_error(np.nan)


def _solved(arm: ArmData) -> FloatArray:
    return arm.solved.astype(np.float64)


def _cost(arm: ArmData) -> FloatArray:
    return np.asarray(arm.per_auction(arm.cost))


def _columns(labels: Sequence[str]) -> int:
    """Legend columns that fit the width of the figure."""
    longest = max((len(label) for label in labels), default=0)
    return max(1, min(len(labels), 140 // (longest + 4)))


def _shares(axes: Axes, agents: Sequence[str], shown: pd.DataFrame) -> None:
    """Stacked shares of attempts; past MOST_AGENTS the agents hired least are one grey part."""
    share = shown[[f"share {name}" for name in agents]].to_numpy(np.float64)
    largest = np.sort(np.argsort(-np.nansum(share, axis=0), kind="stable")[:MOST_AGENTS])
    parts = [(agents[i], share[:, i], colour(k)) for k, i in enumerate(largest)]
    if len(agents) > MOST_AGENTS:
        parts.append(("others", np.delete(share, largest, axis=1).sum(axis=1), LIGHT))
    start = np.zeros(len(shown))
    for name, width, shade in parts:
        axes.barh(np.arange(len(shown)), np.nan_to_num(width), left=start, height=0.7, color=shade, label=name)
        start = start + np.nan_to_num(width)
    axes.set(xlim=(0, 1), xlabel="share of\nattempts")
