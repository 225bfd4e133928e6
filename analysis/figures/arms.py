"""The arms of one experiment side by side: welfare, solve rate and cost per auction, and whom each arm hires.

Dots are means over auctions with 95% intervals for another draw of tasks, crosses those without one. The arms share
that draw, so two intervals may overlap while the arms differ: one panel shows the difference to the baseline arm,
paired auction by auction. An arm that hires as the baseline does at every auction does not differ, and says so. An arm
far off the others is a number at the edge, so that it does not flatten the rest. In one column solve rate and cost
are left to the wide figure and the CSV file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.cells import cells
from analysis.clusters import coupling_of, over
from analysis.differences import changed, differences
from analysis.figures.arm_rows import Rows, described, name_rows, note, rows_of
from analysis.figures.look import Look, fold
from analysis.figures.methods import GAP
from analysis.figures.shares import names_of, shares
from analysis.figures.style import (
    BareFormatter,
    baseline_label,
    ends,
    ground,
    ink,
    legend_columns,
    legend_rows,
    muted,
    reference,
    small,
    whisker,
)
from analysis.intervals import holm
from analysis.quantities.of_run import summary
from sim.kit.arrays import BoolArray
from sim.kit.digits import decimals

PANELS = {"welfare": "$ per auction", "solve_rate": "share of auctions", "cost": "$ per auction"}
_SIDE = 0.36  # share of an axis from its end, within which a word at 0 stands beside it
_FAR = 3.0  # interquartile ranges beyond the quartiles
_MOST_AS_NUMBERS = 0.1  # share of the arms that may be given as a number
_NAMES = {True: 1.0, False: 1.5}  # inches that names of arms take, in one column and in two
_LABELS = {True: 0.62, False: 0.95}  # and those of a label along x


def table(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> pd.DataFrame:
    """One row per arm: estimates, paired differences to the baseline, and shares of attempts."""
    named = {arm.name: arm for arm in arms}
    data = pd.DataFrame([_row(arm, named[baselines[arm.name]]) for arm in arms])
    for name in [name for name in data if str(name).endswith("_baseline_p")]:
        data[f"{name}_holm"] = holm(data[name])
    return data


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    placed = _rows(data, look)
    shown = data.iloc[placed.places].reset_index(drop=True)
    columns = _columns(data, look)
    agents = [str(name).removeprefix("share ") for name in data if str(name).startswith("share ")]
    words = {name: fold(_label(name, data, look), _LABELS[look.narrow]) for name in columns}
    named = names_of(agents, shown, look)
    around = look.around(list(words.values()), legend_rows(named, look.width))
    figure = look.figure(placed.lines * look.line + around)
    axes = figure.subplots(1, len(columns) + 1, sharey=True, width_ratios=[1.0] * len(columns) + [1.1])
    for axis, name in zip(axes, columns, strict=False):
        same = _same(shown, name) if name.endswith(GAP) else np.zeros(len(shown), np.bool_)
        _dots(axis, shown.assign(**{name: shown[name].where(~same)}), name, placed)
        axis.set_xlabel(words[name])
        axis.locator_params(axis="x", nbins=3)
        if look.narrow:
            axis.xaxis.set_major_formatter(BareFormatter())
        axis.grid(axis="x")
        if name.endswith(GAP):
            reference(axis, x=0.0)
            _say_same(axis, shown, same, placed)
    shares(axes[-1], agents, shown, placed.at, look, _LABELS[look.narrow])
    name_rows(axes[0], placed)
    handles, labels = axes[-1].get_legend_handles_labels()
    columns_of = legend_columns(labels, look.width)
    figure.legend(handles, labels, loc="outside upper left", ncols=columns_of, handlelength=1.0, columnspacing=1.0)
    return figure


def drawn(data: pd.DataFrame, look: Look) -> list[Number]:
    """The estimates that the figure draws, as far as their intervals go."""
    shown = data.iloc[_rows(data, look).places]
    columns = _columns(data, look)
    gap = next(name for name in columns if name.endswith(GAP))
    others = shown[(shown["changed"] != 0) | (shown[gap] != 0)]
    panels = [name for name in columns if name != gap]
    return numbers(shown, "arm", panels) + numbers(others.assign(clusters=others[f"clusters{GAP}"]), "arm", [gap])


def about(data: pd.DataFrame, look: Look) -> str:
    """What is left out, for the footer."""
    rest = [name.replace("_", " ") for name in PANELS if data[name].notna().any() and name not in _columns(data, look)]
    more = f"{' and '.join(rest)}: in the figure of two columns and in arms.csv\n" if rest else ""
    return note(_rows(data, look), f"{_main(data).replace('_', ' ')}{' minus baseline'}", "arms.csv") + more


def _rows(data: pd.DataFrame, look: Look) -> Rows:
    return rows_of(data, f"{_main(data)}{GAP}", look, _NAMES[look.narrow])


def _main(data: pd.DataFrame) -> str:
    """The first panel's quantity: welfare, where the scenario states what a task is worth."""
    return next((name for name in PANELS if data[name].notna().any()), "solve_rate")


def _columns(data: pd.DataFrame, look: Look) -> list[str]:
    main = _main(data)
    rest = [name for name in PANELS if name != main and data[name].notna().any()]
    return [main, f"{main}{GAP}", *([] if look.narrow else rest)]


def _label(name: str, data: pd.DataFrame, look: Look) -> str:
    of = name.removesuffix(GAP)
    words, unit = look.words_and_unit(of, of.replace("_", " "), PANELS[of])
    if name == of:
        return ", ".join(filter(None, (words, unit)))
    baseline = look.name(baseline_label(data["baseline"], 24))
    short_unit = unit.removeprefix("share of ") if unit == PANELS[of] else unit
    return look.words(f"difference:{of}", f"{words} minus {baseline}", short_unit)


def _row(arm: ArmData, base: ArmData) -> dict[str, object]:
    row: dict[str, object] = {"arm": arm.name, "mechanism": arm.mechanism, **described(arm)}
    estimates, gaps = summary(arm), differences(arm, base)
    row |= {"baseline": base.name, "changed": changed(arm, base)}
    row |= {"clusters": arm.over, f"clusters{GAP}": over(arm, base)}
    row |= {"coupled": "; ".join(coupling_of(arm, base))}
    for name in PANELS:
        row |= cells(name, estimates[name]) | cells(f"{name}{GAP}", gaps[name])
        row |= {f"{name}{GAP}_p": float(gaps[name].p)}
    attempts = arm.attempts.sum(axis=(0, 1))
    total = attempts.sum()
    return row | {f"share {name}": n / total if total else np.nan for name, n in zip(arm.agents, attempts, strict=True)}


def _same(shown: pd.DataFrame, name: str) -> BoolArray:
    """(rows,): the difference is none, since no decision differs."""
    return np.asarray((shown["changed"] == 0) & (shown[name] == 0))


def _say_same(axes: Axes, shown: pd.DataFrame, same: BoolArray, placed: Rows) -> None:
    """A word in the place of each difference that is none, at 0, on the side where the axis has room."""
    low, high = axes.get_xlim()
    at = float(np.clip(0.0, low, high))
    share = (at - low) / (high - low)
    align = "left" if share < _SIDE else "right" if share > 1 - _SIDE else "center"
    box = {"facecolor": ground(), "edgecolor": "none", "pad": 0.5}
    for row in np.flatnonzero(same).tolist():
        word = "baseline" if shown["arm"].iloc[row] == shown["baseline"].iloc[row] else "same"
        how: dict[str, Any] = {"fontsize": small(), "color": muted(), "ha": align, "va": "center_baseline"}
        axes.text(at, placed.at[row], word, bbox=box, **how)


def _dots(axes: Axes, shown: pd.DataFrame, name: str, placed: Rows) -> None:
    """Dots with intervals; what lies far off the other arms is a number at the edge it lies beyond."""
    x, *span = ends(shown, name)
    start, stop = (np.where(np.isnan(end), x, end) for end in span)
    known = ~np.isnan(x)
    far = _far(x, start, stop)
    near = known & ~far
    whisker(axes, shown.iloc[np.flatnonzero(near)], name, placed.at[near], color=ink())
    axes.margins(x=0.08)
    if not far.any():
        return
    left, right = start[near].min(), stop[near].max()
    margin = 0.08 * (right - left)
    axes.set_xlim(left - margin, right + margin)
    places = decimals(x[known].tolist(), 2)
    for row in np.flatnonzero(far).tolist():
        below = x[row] < left
        text = f"◂ {x[row]:.{places}f}" if below else f"{x[row]:.{places}f} ▸"
        edge = left - margin / 2 if below else right + margin / 2
        how: dict[str, Any] = {"ha": "left" if below else "right", "va": "center_baseline", "fontsize": small()}
        axes.text(edge, placed.at[row], text.replace("-", "−"), **how)


def _far(x: np.ndarray, start: np.ndarray, stop: np.ndarray) -> BoolArray:
    """(arms,): so far off the others that drawing it would stretch the axis by half or more."""
    known = ~np.isnan(x)
    low, high = np.quantile(x[known], [0.25, 0.75]) if known.any() else (0.0, 0.0)
    far = known & ((x < low - _FAR * (high - low)) | (x > high + _FAR * (high - low))) & (high > low)
    if far.any():
        left, right = start[known & ~far].min(), stop[known & ~far].max()
        far &= (x < left - (right - left) / 2) | (x > right + (right - left) / 2)
    if far.sum() > _MOST_AS_NUMBERS * known.sum():  # as many as that are what the figure is about
        far[:] = False
    return np.asarray(far)
