"""Who bears each arm's loss or has its gain: the change in welfare against the baseline, split by party.

One row per arm. Bars to the right are gains and to the left losses, of the principal and of each agent; less the one
from the other they are the diamond, the change in welfare with its 95% interval; a cross where there is none, grey
where no decision differs from the baseline's. Where the bars of an arm would reach so much further than
the others' that these could not be read, the arm is given in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.cells import cells
from analysis.differences import changed
from analysis.figures.style import (
    GREY,
    INK,
    LIGHT,
    MOST_AGENTS,
    NO_INTERVAL,
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
)
from analysis.incidence import Incidence, changes
from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.digits import decimals

MOST = 60  # arms; more are no figure
_FAR = 3.0  # times as far as three quarters of the arms reach
_MOST_IN_WORDS = 0.1  # share of the arms that may be given in words, and one at least
_ROW, _LEGEND, _AROUND = 0.2, 0.15, 0.95  # inches of an arm, of a line of the legend, of axis, label and caption
_FEWEST = 2  # arms that have room
_HALO = withStroke(linewidth=2.2, foreground="white")

Part = tuple[str, FloatArray, str]  # name, dollars (arms,), colour


@styled
def draw(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and one row per arm that can be compared: changes of principal, agents and welfare, with errors.

    There must be one such arm at least.
    """
    found = changes(arms, baselines)
    named = {arm.name: arm for arm in arms}
    data = pd.DataFrame([_row(arm, named[baselines[arm.name]], change) for arm, change in found])
    agents = arms[0].agents
    parts = _parts(data, agents)
    spans = _spans([values for _, values, _ in parts])
    far = _far(np.maximum(spans[0], spans[1]))
    figure = new_figure(WIDE, _ROW * max(_FEWEST, len(data)) + _AROUND)
    axes = figure.subplots()
    axes.use_sticky_edges = False  # a bar that ends at the frame would look cut
    axes.margins(x=0.03)
    _bars(axes, parts, far)
    _welfare(axes, data, far)
    panel_lines(axes, data["arm"].tolist())
    axes.axvline(0.0, color=INK, lw=0.7, zorder=1.5)
    rows(axes, [arm_label(name) for name in data["arm"]])
    _tell(axes, data, agents, far)
    axes.set_xlabel(f"change from “{baseline_label(baselines.values(), 40)}”, $ per auction")
    handles, labels = axes.get_legend_handles_labels()
    columns = legend_columns(labels)
    figure.set_figheight(figure.get_figheight() + _LEGEND * -(-len(labels) // columns))
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, columnspacing=1.0, handlelength=1.0)
    return figure, data


def drawn(data: pd.DataFrame) -> list[Number]:
    """The estimates that the figure draws with intervals, as far as these go."""
    return numbers(data[(data["changed"] != 0) | (data["welfare"] != 0)], "arm", ["welfare"])


def _row(arm: ArmData, base: ArmData, change: Incidence) -> dict[str, object]:
    row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism, "baseline": base.name}
    coupled = dict.fromkeys((*arm.coupled, *base.coupled))
    row |= {"changed": changed(arm, base), "clusters": change.clusters, "coupled": "; ".join(coupled)}
    parts = {"welfare": change.welfare, "surplus": change.principal, "winner": change.winner, "rivals": change.rivals}
    for name, whole in parts.items():
        row |= cells(name, whole)
    for i, name in enumerate(arm.agents):
        row |= cells(f"utility {name}", change.agents, i)
    return row


def _parts(data: pd.DataFrame, agents: Sequence[str]) -> list[Part]:
    """What is stacked: the principal, then agents; past MOST_AGENTS those that change least are one part."""
    own = data[[f"utility {name}" for name in agents]].to_numpy(np.float64)
    largest = np.sort(np.argsort(-np.abs(own).sum(axis=0), kind="stable")[:MOST_AGENTS])
    parts = [("principal", data["surplus"].to_numpy(np.float64), GREY)]
    parts += [(agents[i], own[:, i], colour(k)) for k, i in enumerate(largest.tolist())]
    if len(agents) > MOST_AGENTS:
        parts.append(("other agents", np.delete(own, largest, axis=1).sum(axis=1), LIGHT))
    return parts


def _spans(values: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """How far the bars of each arm reach to the left and to the right, both >= 0."""
    stacked = np.array(values)
    return -np.minimum(stacked, 0.0).sum(axis=0), np.maximum(stacked, 0.0).sum(axis=0)


def _far(reach: FloatArray) -> BoolArray:
    """(arms,): would flatten the others; none where there are more than a few, since the figure is about those."""
    far = np.asarray(reach > _FAR * np.quantile(reach, 0.75)) & (reach > reach.min())
    return far if 0 < far.sum() <= max(1.0, _MOST_IN_WORDS * len(reach)) else np.zeros_like(far)


def _bars(axes: Axes, parts: Sequence[Part], far: BoolArray) -> None:
    at = np.flatnonzero(~far)
    left, right = np.zeros(len(at)), np.zeros(len(at))
    for name, values, shade in parts:
        width = values[at]
        start = np.where(width < 0, left, right)
        axes.barh(at, width, left=start, height=0.7, color=shade, label=short(name, 20), zorder=2)
        left, right = left + np.minimum(width, 0.0), right + np.maximum(width, 0.0)


def _welfare(axes: Axes, data: pd.DataFrame, far: BoolArray) -> None:
    """The sum of the bars, in white on black so that it is seen on every one of them."""
    at = np.flatnonzero(~far)
    change, low, high = (end[at] for end in ends(data, "welfare"))
    known = ~np.isnan(low)
    bars = axes.hlines(at[known], low[known], high[known], lw=1.0, color=INK, zorder=4)
    bars.set_path_effects([_HALO])
    same = (data["changed"].to_numpy()[at] == 0) & (change == 0)
    look: dict[str, Any] = {"ls": "", "ms": 4, "mec": INK, "mew": 0.9, "zorder": 5}
    kinds = {
        "welfare, all together": (known & ~same, "D", "white"),
        "no decision differs": (same, "D", LIGHT),
        "welfare, no interval": (~known & ~same, NO_INTERVAL, "white"),
    }
    for label, (these, marker, face) in kinds.items():
        if these.any():
            axes.plot(change[these], at[these], marker, mfc=face, label=label, **look)


def _tell(axes: Axes, data: pd.DataFrame, agents: Sequence[str], far: BoolArray) -> None:
    """The arms that are off the scale, in words at the edge they lie beyond."""
    for row in np.flatnonzero(far).tolist():
        values = data.iloc[row]
        whole, principal = float(values["welfare"]), float(values["surplus"])
        own = float(sum(values[f"utility {name}"] for name in agents))
        sizes = {"principal": principal, "agents": own, "welfare": whole}
        places = decimals(sizes.values(), 2)
        text = f"off the scale: {', '.join(f'{party} {size:+.{places}f}' for party, size in sizes.items())}"
        axes.annotate(
            text.replace("-", "−"),
            (0.01, row),
            xycoords=("axes fraction", "data"),
            fontsize=6.5,
            va="center",
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
