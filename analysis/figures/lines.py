"""Lines of a sweep: one swept key along x, a line for each arm, a 95% band for another draw of tasks.

A column of panels for each metric, a row of panels for each setting of what else varies. All arms of a cell, and all
cells, share their luck, so two bands may overlap while the arms differ: draw "difference:welfare" to see that.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.style import GREY, LIGHT, WIDE, Z95, new_figure, short, styled
from analysis.sweep_metrics import PER_AGENT, PER_ARM, PER_AUCTION
from sim.errors import ScenarioError, closest
from sim.invalid import written
from sim.sweep.axes import Factor, short_key
from sim.sweep.figure import FigureFile
from sim.sweep.plan import SweepPlan

MOST_ROWS, MOST_COLUMNS, MOST_LINES = 8, 6, 28
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288")
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)))
_FEW = 8  # levels of x that are marked one by one
_ROW = 1.55  # inches of a row of panels
_DOLLARS = {"cost", "payment", "overhead", "bid_cost", "surplus", "utility", "welfare"}


@dataclass(frozen=True)
class Chart:
    """A [[figure]] with everything decided. y: (metric, agent, whether its difference). rows: what makes rows."""

    name: str
    x: str
    y: tuple[tuple[str, str, bool], ...]
    lines: str
    rows: tuple[str, ...]
    arms: tuple[str, ...]
    where: Mapping[str, Any]


def check_figures(plan: SweepPlan) -> None:
    """Raise ScenarioError, in one line, where a figure of the plan cannot be drawn."""
    info, names = plan.info, set()
    for place, figure in enumerate(plan.figures):
        try:
            name = chart_of(figure, info, plan.factors, place).name
            if name in names:
                raise ValueError(f"name: two figures are named {name!r}")
        except ValueError as error:
            raise ScenarioError(f"{plan.path}: figure number {place + 1}: {error}") from None
        names.add(name)


def draw_all(table: pd.DataFrame, info: Mapping[str, Any], figures: Sequence[FigureFile], folder: Path) -> list[Path]:
    """Write the figures stated, or the one that suits the factors where none is; the paths written."""
    from analysis.figures.save import save
    from analysis.sweep_table import factors_of

    factors = factors_of(info)
    paths: list[Path] = []
    for place, figure in enumerate(figures or default_figures(factors)):
        chart = chart_of(figure, info, factors, place)
        drawn, data = draw(table, chart, factors)
        paths += save(drawn, data, folder, chart.name, _caption(table, chart, info, bool(figures)))
    return paths


def default_figures(factors: Sequence[Factor]) -> list[FigureFile]:
    """The longest numeric factor along x, the others at their first value; none where no factor is numeric."""
    numeric = [factor for factor in factors if len(factor.values) > 1 and all(map(_is_number, factor.values))]
    if not numeric:
        return []
    x = max(numeric, key=lambda factor: len(factor.values))
    rest = {factor.keys[0]: factor.values[0][0] for factor in factors if factor is not x}
    return [FigureFile(kind="lines", x=x.keys[0], where=rest)]


def chart_of(figure: FigureFile, info: Mapping[str, Any], factors: Sequence[Factor], place: int) -> Chart:
    """The figure with its defaults filled in; raises ValueError where it does not fit the sweep."""
    by_key = {key: factor for factor in factors for key in factor.keys}
    _known("x", figure.x, by_key)
    if not all(map(_is_number, by_key[figure.x].values)):
        raise ValueError(f"x: {figure.x} has values that are no numbers")
    panels = list(dict.fromkeys(arm["panel"] for arm in info["arms"]))
    arms = list(dict.fromkeys(arm["name"].removesuffix(arm["panel"]) for arm in info["arms"]))
    ways = ["arm", "panel", *by_key]
    _known("lines", figure.lines, ways)
    stated = [figure.panel] if isinstance(figure.panel, str) else figure.panel
    for key in stated or ():
        _known("panel", key, ways)
    for key, value in figure.where.items():
        _known("where", key, by_key)
        levels = [level[by_key[key].keys.index(key)] for level in by_key[key].values]
        if value not in levels:
            raise ValueError(f"where: {key} has no level {written(value)}; it has {', '.join(map(written, levels))}")
    for arm in figure.arms or ():
        _known("arms", arm, arms)
    kept = tuple(figure.arms or arms)
    rows = _rows(figure, factors, by_key, stated, len(panels) > 1, len(kept) > 1)
    chart = Chart(
        figure.name or ("lines" if place == 0 else f"lines_{place + 1}"),
        figure.x,
        tuple(_metric(y, info["agents"]) for y in _ys(figure, info)),
        figure.lines,
        rows,
        kept,
        figure.where,
    )
    _check_size(chart, by_key, len(panels))
    return chart


def _rows(
    figure: FigureFile,
    factors: Sequence[Factor],
    by_key: Mapping[str, Factor],
    stated: Sequence[str] | None,
    panels: bool,
    arms: bool,
) -> tuple[str, ...]:
    """The keys whose values make rows; every factor must be along x, a line, a row or held."""
    told = {figure.x, figure.lines, *figure.where, *(stated or ())}
    free = [factor.keys[0] for factor in factors if len(factor.values) > 1 and not told.intersection(factor.keys)]
    free += ["panel"] if panels and "panel" not in told else []
    free += ["arm"] if arms and "arm" not in told else []
    if stated is None:
        return tuple(free)
    if free:
        raise ValueError(f"panel: {', '.join(free)} varies too; add it to panel, or hold a swept key by where")
    return tuple(stated)


def _check_size(chart: Chart, by_key: Mapping[str, Factor], panels: int) -> None:
    sizes = {"arm": len(chart.arms), "panel": panels, **{key: len(factor.values) for key, factor in by_key.items()}}
    rows = int(np.prod([sizes[key] for key in chart.rows])) if chart.rows else 1
    for what, count, most in (
        ("rows of panels", rows, MOST_ROWS),
        ("columns of panels", len(chart.y), MOST_COLUMNS),
        ("lines", sizes[chart.lines], MOST_LINES),
    ):
        if count > most:
            raise ValueError(f"{count} {what}; at most {most}: hold keys by where, name some arms, or draw two figures")


def _ys(figure: FigureFile, info: Mapping[str, Any]) -> list[str]:
    if figure.y is None:
        return ["welfare", "solve_rate"]
    return [figure.y] if isinstance(figure.y, str) else figure.y


def _metric(text: str, agents: Sequence[str]) -> tuple[str, str, bool]:
    """Metric, agent and whether it is a difference: "welfare", "share:NAME", "difference:welfare"."""
    head, colon, tail = text.partition(":")
    if head == "difference" and colon:
        _known("y", tail, PER_AUCTION)
        return tail, "", True
    _known("y", head, (*PER_ARM, *PER_AGENT))
    if (head in PER_AGENT) != bool(colon):
        kind = "is of each agent; write" if head in PER_AGENT else "is of all agents; write"
        raise ValueError(f'y: {head} {kind} "{head}{":NAME" if head in PER_AGENT else ""}"')
    if colon:
        _known("y", tail, agents)
    return head, tail, False


def _known(key: str, name: str, allowed: Sequence[str] | Mapping[str, Any]) -> None:
    if name not in allowed:
        raise ValueError(f"{key}: unknown {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}")


def _is_number(level: Sequence[Any]) -> bool:
    return isinstance(level[0], int | float) and not isinstance(level[0], bool)


@styled
def draw(table: pd.DataFrame, chart: Chart, factors: Sequence[Factor]) -> tuple[Figure, pd.DataFrame]:
    """The figure, and the rows of the sweep's table that it shows."""
    data = _shown(table, chart)
    row_levels = [list(dict.fromkeys(data[key])) for key in chart.rows]
    settings = [dict(zip(chart.rows, level, strict=True)) for level in itertools.product(*row_levels)]
    names = list(dict.fromkeys(data[chart.lines]))
    figure = new_figure(WIDE, _ROW * len(settings) + 0.75 + 0.14 * -(-len(names) // _columns(names)))
    axes = figure.subplots(len(settings), len(chart.y), squeeze=False, sharex=True, sharey="col")
    for row, setting in enumerate(settings):
        part = data[np.logical_and.reduce([data[key] == value for key, value in setting.items()] or [data.index >= 0])]
        for column, y in enumerate(chart.y):
            _panel(axes[row, column], part[part["y"] == _label(y)], chart, names)
        told = ", ".join(_setting(key, value) for key, value in setting.items())
        axes[row, 0].set_title(told, loc="left", fontsize=7, color=GREY)
    for column, y in enumerate(chart.y):
        for axis in axes[:, column]:
            axis.set_ylabel(_title(y), fontsize=7)
        axes[-1, column].set_xlabel(_axis(chart.x, factors), fontsize=7)
    handles = [Line2D([], [], color=_colour(k), ls=_dash(k), lw=1.3) for k in range(len(names))]
    labels = [_name(chart.lines, name) for name in names]
    figure.legend(
        handles, labels, loc="outside upper left", ncols=_columns(labels), handlelength=2.6, columnspacing=1.2
    )
    return figure, data.drop(columns="y")


def _shown(table: pd.DataFrame, chart: Chart) -> pd.DataFrame:
    """The rows drawn, with `arm` without its panel and `y` naming the column of panels."""
    base = [arm.removesuffix(panel) for arm, panel in zip(table["arm"], table["panel"], strict=True)]
    kept = table.assign(arm=base)
    keep = kept["arm"].isin(chart.arms)
    for key, value in chart.where.items():
        keep &= kept[key].isin([value, written(value)] if isinstance(value, int | float | str) else [written(value)])
    kept = kept[keep]
    parts = []
    for metric, agent, gap in chart.y:
        part = kept[(kept["metric"] == metric) & (kept["agent"] == agent)]
        drawn = ("difference", "difference_se") if gap else ("value", "se")
        part = part.assign(y=_label((metric, agent, gap)), drawn=part[drawn[0]], drawn_se=part[drawn[1]])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _panel(axes: Axes, part: pd.DataFrame, chart: Chart, names: Sequence[Any]) -> None:
    for k, name in enumerate(names):
        line = part[part[chart.lines] == name].sort_values(chart.x)
        x, y, se = (line[column].to_numpy(np.float64) for column in (chart.x, "drawn", "drawn_se"))
        half = Z95 * np.nan_to_num(se)
        axes.fill_between(x, y - half, y + half, color=_colour(k), alpha=0.16, lw=0)
        few = len(x) <= _FEW
        axes.plot(x, y, color=_colour(k), ls=_dash(k), marker="o" if few else "", ms=2.2, mew=0, lw=1.1)
    axes.grid(axis="y", color=LIGHT, lw=0.5)
    axes.set_axisbelow(True)
    axes.margins(x=0.02)
    if any(gap for _, _, gap in chart.y) and part["difference"].equals(part["drawn"]):
        axes.axhline(0.0, color=GREY, lw=0.6, zorder=0)


def _colour(k: int) -> str:
    return _COLOURS[k % len(_COLOURS)]


def _dash(k: int) -> Any:
    return _DASHES[k % len(_DASHES)]  # 7 colours and 4 dashes make 28 kinds of line


def _columns(labels: Sequence[Any]) -> int:
    """Columns of the legend that fit the figure's width."""
    longest = max((len(str(label)) for label in labels), default=0)
    return max(1, min(len(labels), int(128 // (min(longest, 40) + 7))))


def _label(y: tuple[str, str, bool]) -> str:
    metric, agent, gap = y
    return ("difference:" if gap else "") + metric + (f":{agent}" if agent else "")


def _title(y: tuple[str, str, bool]) -> str:
    """The metric in words, with its unit."""
    metric, agent, gap = y
    words = "share of attempts" if metric == "share" else metric.replace("_", " ")
    if agent:
        return f"{words}\n{short(agent, 24)}"
    of = "\nminus baseline" if gap else ""
    return f"{words}{of}{', $' if metric in _DOLLARS else ''}"


def _axis(key: str, factors: Sequence[Factor]) -> str:
    """The swept key in short, with what advances beside it."""
    beside = next((factor.keys for factor in factors if key in factor.keys), (key,))
    also = [short_key(other) for other in beside if other != key]
    return short_key(key) + (f"\n(with {', '.join(also)})" if also else "")


def _setting(key: str, value: Any) -> str:
    if key == "panel":
        return str(value).strip().strip("[]") or "no panel"
    return str(value) if key == "arm" else f"{short_key(key)} = {_short_number(value)}"


def _name(key: str, value: Any) -> str:
    return short(str(value), 40) if key == "arm" else _setting(key, value)


def _short_number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else short(str(value), 24)


def _caption(table: pd.DataFrame, chart: Chart, info: Mapping[str, Any], stated: bool) -> str:
    """What the bands are, what is held, n, and which sweep this is."""
    held = ", ".join(f"{key} = {written(value)}" for key, value in chart.where.items())
    told = f"held: {held}\n" if held else ""
    counts = sorted(set(table["n"]))
    n = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    note = f"\n{table.attrs['note']}" if table.attrs.get("note") else ""
    return (
        f"{told}bands: 95% for another draw of tasks; n = {n} auctions a point; seed {info['seed']}; sweep of "
        f"{info['scenario']['name']} {info['hash'][:12]}; bidlab {info['versions']['bidlab']}{note}"
    )
