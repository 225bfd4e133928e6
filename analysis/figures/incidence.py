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
from analysis.clusters import coupling_of
from analysis.differences import changed
from analysis.figures.arm_rows import Rows, described, name_rows, note, rows_of
from analysis.figures.look import Look, fold, inches_of
from analysis.figures.style import (
    MOST_AGENTS,
    NO_INTERVAL,
    baseline_label,
    dot,
    ends,
    faint,
    ground,
    ink,
    legend_columns,
    legend_rows,
    muted,
    short,
    small,
    thin,
)
from analysis.incidence import Incidence, changes
from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.digits import decimals

_FAR = 3.0  # times as far as three quarters of the arms reach
_MOST_IN_WORDS = 0.1  # share of the arms that may be given in words, and one at least
_NAMES = {True: 0.98, False: 1.9}  # inches that names of arms take, in one column and in two
_SEEN = 0.001  # of the widest stack of bars, below which a bar is no pixel
_OFF = "off the scale: "

Part = tuple[str, FloatArray, str]  # name, dollars (rows,), colour


def table(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> pd.DataFrame:
    """One row per arm that can be compared: changes of principal, agents and welfare, with errors.

    There must be one such arm at least.
    """
    named = {arm.name: arm for arm in arms}
    found = changes(arms, baselines)
    return pd.DataFrame([_row(arm, named[baselines[arm.name]], change) for arm, change in found])


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    placed = _rows(data, look)
    shown = data.iloc[placed.places].reset_index(drop=True)
    own = _agents(data)
    agents = [str(name).removeprefix("utility ") for name in data if str(name) in own]
    parts = _parts(shown, agents, look)
    spans = _spans([values for _, values, _ in parts])
    far = _far(np.maximum(spans[0], spans[1]))
    figure = look.figure(max(placed.lines, 3.0) * look.line + look.around([""], 1))
    axes = figure.subplots()
    axes.use_sticky_edges = False  # a bar that ends at the frame would look cut
    axes.margins(x=0.03)
    _bars(axes, parts, far, placed.at)
    _welfare(axes, shown, far, placed.at)
    axes.axvline(0.0, color=ink(), lw=thin(), zorder=1.5)
    name_rows(axes, placed)
    axes.grid(axis="x")
    _tell(axes, shown, agents, far, placed.at)
    baseline = look.name(baseline_label(data["baseline"], 40))
    axes.set_xlabel(fold(look.words("welfare", f"change from “{baseline}”", "$ per auction"), look.width - 1.3))
    handles, labels = axes.get_legend_handles_labels()
    columns = legend_columns(labels, look.width)
    figure.set_figheight(figure.get_figheight() + 1.2 * look.line * (legend_rows(labels, look.width) - 1))
    figure.legend(handles, labels, loc="outside upper left", ncols=columns, columnspacing=1.0, handlelength=1.0)
    return figure


def drawn(data: pd.DataFrame, look: Look) -> list[Number]:
    """The estimates that the figure draws with intervals, as far as these go."""
    shown = data.iloc[_rows(data, look).places]
    return numbers(shown[(shown["changed"] != 0) | (shown["welfare"] != 0)], "arm", ["welfare"])


def about(data: pd.DataFrame, look: Look) -> str:
    """What is left out, for the footer."""
    return note(_rows(data, look), "the change in welfare", "incidence.csv")


def _rows(data: pd.DataFrame, look: Look) -> Rows:
    return rows_of(data, "welfare", look, _NAMES[look.narrow])


def _agents(data: pd.DataFrame) -> set[str]:
    """The columns of agents' changes; beside each stand those of its interval."""
    names = set(map(str, data))
    return {name for name in names if name.startswith("utility ") and f"{name}_low" in names}


def _row(arm: ArmData, base: ArmData, change: Incidence) -> dict[str, object]:
    row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism, **described(arm), "baseline": base.name}
    coupled = coupling_of(arm, base)
    row |= {"changed": changed(arm, base), "clusters": change.clusters, "coupled": "; ".join(coupled)}
    parts = {"welfare": change.welfare, "surplus": change.principal, "winner": change.winner, "rivals": change.rivals}
    for name, whole in parts.items():
        row |= cells(name, whole)
    for i, name in enumerate(arm.agents):
        row |= cells(f"utility {name}", change.agents, i)
    return row


def _parts(data: pd.DataFrame, agents: Sequence[str], look: Look) -> list[Part]:
    """What is stacked: the principal, then agents; past MOST_AGENTS those that change least are one part."""
    own = data[[f"utility {name}" for name in agents]].to_numpy(np.float64)
    largest = np.sort(np.argsort(-np.abs(own).sum(axis=0), kind="stable")[:MOST_AGENTS])
    parts = [("principal", data["surplus"].to_numpy(np.float64), muted())]
    parts += [(look.name(agents[i]), own[:, i], look.pen(agents[i]).colour) for i in largest.tolist()]
    if len(agents) > MOST_AGENTS:
        parts.append(("other agents", np.delete(own, largest, axis=1).sum(axis=1), faint()))
    return parts


def _spans(values: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """How far the bars of each arm reach to the left and to the right, both >= 0."""
    stacked = np.array(values)
    return -np.minimum(stacked, 0.0).sum(axis=0), np.maximum(stacked, 0.0).sum(axis=0)


def _far(reach: FloatArray) -> BoolArray:
    """(arms,): would flatten the others; none where there are more than a few, since the figure is about those."""
    far = np.asarray(reach > _FAR * np.quantile(reach, 0.75)) & (reach > reach.min())
    return far if 0 < far.sum() <= max(1.0, _MOST_IN_WORDS * len(reach)) else np.zeros_like(far)


def _bars(axes: Axes, parts: Sequence[Part], far: BoolArray, y: FloatArray) -> None:
    at = np.flatnonzero(~far)
    left, right = np.zeros(len(at)), np.zeros(len(at))
    widest = max((float(span[at].max(initial=0.0)) for span in _spans([values for _, values, _ in parts])), default=0.0)
    for name, values, shade in parts:
        width = values[at]
        start = np.where(width < 0, left, right)
        label = short(name, 20) if _seen(width, widest) else "_not seen"
        axes.barh(y[at], width, left=start, height=0.85, color=shade, label=label, zorder=2)
        left, right = left + np.minimum(width, 0.0), right + np.maximum(width, 0.0)


def _seen(width: FloatArray, widest: float) -> bool:
    """Some bar of these is wide enough to be seen."""
    return bool(np.abs(width).max(initial=0.0) > _SEEN * widest)


def _welfare(axes: Axes, data: pd.DataFrame, far: BoolArray, y: FloatArray) -> None:
    """The sum of the bars, in white on black so that it is seen on every one of them."""
    at = np.flatnonzero(~far)
    change, low, high = (end[at] for end in ends(data, "welfare"))
    same = (data["changed"].to_numpy()[at] == 0) & (change == 0)
    known = ~np.isnan(low) & ~same  # on redrawn tables it may differ; on this one it does not, as in `arms`
    bars = axes.hlines(y[at[known]], low[known], high[known], lw=thin(0.9), color=ink(), zorder=4)
    bars.set_path_effects([withStroke(linewidth=thin(2.0), foreground=ground())])
    look: dict[str, Any] = {"ls": "", "ms": dot(), "mec": ink(), "mew": thin(0.8), "zorder": 5}
    kinds = {
        "welfare, all together": (known, "D", ground()),
        "no decision differs": (same, "D", faint()),
        "welfare, no interval": (~known & ~same, NO_INTERVAL, ground()),
    }
    for label, (these, marker, face) in kinds.items():
        if these.any():
            axes.plot(change[these], y[at[these]], marker, mfc=face, label=label, **look)


def _tell(axes: Axes, data: pd.DataFrame, agents: Sequence[str], far: BoolArray, y: FloatArray) -> None:
    """The arms that are off the scale, in words at the edge they lie beyond."""
    box = {"facecolor": ground(), "edgecolor": "none", "pad": 0.8}
    for row in np.flatnonzero(far).tolist():
        values = data.iloc[row]
        own = float(sum(values[f"utility {name}"] for name in agents))
        sizes = {"principal": float(values["surplus"]), "agents": own, "welfare": float(values["welfare"])}
        places = decimals(sizes.values(), 2)
        text = f"{_OFF}{', '.join(f'{party} {size:+.{places}f}' for party, size in sizes.items())}"
        room = axes.get_figure().get_figwidth() - _NAMES[True] - 0.3  # type: ignore[union-attr]
        text = text if inches_of(text, small()) < room else f"{_OFF}welfare {sizes['welfare']:+.{places}f}"
        how: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "fontsize": small(), "va": "center_baseline"}
        axes.annotate(text.replace("-", "−"), (0.01, y[row]), bbox=box, **how)
