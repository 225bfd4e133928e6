"""Lines of a run of an economy: measures over a key that arms vary, or over steps, with 95% bands.

A panel for each measure. Over a key, a line for each name of arms; arms that do not vary the key are a level line, the
published values are rings in the line's colour, at the right end of a level line. Over steps, a line for each arm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from analysis.figures.figure_registry import Drawable
from analysis.figures.look import Look, Pen, fold, inches_of, pen
from analysis.figures.save import save
from analysis.figures.sheets import Sheet, points, sheet
from analysis.figures.style import MOST_ROWS, dot, ground, legend_columns, legend_rows, muted, reference, thin
from sim.economies.economy import Measure
from sim.economies.economy_file import STEP, Varied, asked, is_level, name_of
from sim.economies.economy_run import EconomyRun
from sim.kit.invalid import written
from sim.scenario.figure_spec import FigureFile, figures_of

_MOST = 6  # measures of a figure that nobody asked for
_FEW = 12  # levels of x that are marked one by one
_ROW = {True: 1.0, False: 1.35}  # inches of a panel's height, in one column and in two
_PUBLISHED = "published"
_END = 1.0  # of the width of a panel, where a level line has its ring


def draw_economy(
    run: EconomyRun,
    tables: Mapping[str, pd.DataFrame],
    folder: Path,
    style: Sheet | None = None,
    stated: Sequence[FigureFile] | None = None,
) -> list[Path]:
    """Write the figures of a run; the paths written. stated: figures in place of those that it was run with."""
    paths: list[Path] = []
    for name, figure in economy_figures(run, stated).items():
        look, one = look_of_economy(figure, style), economy_drawable(run, tables, figure)
        paths += save(one.data(), one.paint, one.words, folder, name, look)
    return paths


def economy_figures(run: EconomyRun, stated: Sequence[FigureFile] | None = None) -> dict[str, FigureFile]:
    """The figures that the scenario states, by name; where it states none, one over the first key, one over steps."""
    figures = list(figures_of(run.info) if stated is None else stated)
    if figures:
        return {name_of(figure, place): figure for place, figure in enumerate(figures, 1)}
    found, swept = {}, [key for arm in run.arms for key in arm["vary"]]
    alone, over = ([one.name for one in run.measures if one.steps == steps] for steps in (False, True))
    if swept and alone:
        found["measures"] = FigureFile(kind="lines", x=swept[0], y=alone[:_MOST])
    if over:
        found["steps"] = FigureFile(kind="lines", x=STEP, y=over[:_MOST])
    return found


def look_of_economy(figure: FigureFile, style: Sheet | None = None) -> Look:
    """How a figure looks."""
    return Look(sheet=style or sheet(), own=figure)


def economy_drawable(run: EconomyRun, tables: Mapping[str, pd.DataFrame], figure: FigureFile) -> Drawable:
    """How a figure is drawn, from the tables of the run."""
    shown = [one for one in run.measures if one.steps == (figure.x == STEP)]
    known = {one.name: one for one in shown}
    measures = [known[name] for name in asked(figure, list(known))]

    def made() -> pd.DataFrame:
        if figure.x == STEP:
            return _over_steps(tables["steps"], figure)
        return _over_key(run, tables["summary"], figure)

    def data() -> pd.DataFrame:
        whole = made()
        few = whole[whole["line"].isin(list(dict.fromkeys(whole["line"]))[:MOST_ROWS])]
        return pd.concat([_rows(run, few, one.name) for one in measures], ignore_index=True)

    def words(frame: pd.DataFrame, look: Look) -> str:
        scenario = run.info["scenario"]
        n, there = frame["line"].nunique(), made()["line"].nunique()
        few = f"the first {n} of {there} lines; " if n < there else ""
        return (
            f"{few}bands: 95% intervals over {scenario['replications']} replications; seed {run.info['seed']}; "
            f"scenario {scenario['name']} {run.info['hash'][:12]}; bidlab {run.info['versions']['bidlab']}"
        )

    return Drawable(data, lambda frame, look: _paint(frame, measures, figure, look), words)


def _over_key(run: EconomyRun, table: pd.DataFrame, figure: FigureFile) -> pd.DataFrame:
    """The arms drawn, with `x` and `line`; x is undefined of an arm that does not vary the key."""
    lines = {arm["name"]: Varied(arm["name"], arm["group"], arm["vary"]).line(figure.x) for arm in run.arms}
    kept = table.assign(line=table["arm"].map(lines))
    values = [arm["vary"].get(str(figure.x)) for arm in run.arms]
    numbers = all(value is None or is_level(value) for value in values)
    kept["x"] = [value if numbers or value is None else written(value).strip('"') for value in values]
    return _chosen(kept, figure)


def _over_steps(table: pd.DataFrame, figure: FigureFile) -> pd.DataFrame:
    return _chosen(table.assign(line=table["arm"], x=table[STEP]), figure)


def _chosen(table: pd.DataFrame, figure: FigureFile) -> pd.DataFrame:
    if figure.arms is None:
        return table
    return table[table["arm"].isin(figure.arms) | table["group"].isin(figure.arms)]


def _rows(run: EconomyRun, table: pd.DataFrame, name: str) -> pd.DataFrame:
    published = {arm["name"]: arm["published"].get(name, np.nan) for arm in run.arms}
    return pd.DataFrame(
        {"y": name, "line": table["line"], "arm": table["arm"], "x": table["x"], "value": table[name]}
        | {end: table[f"{name}_{end}"] for end in ("low", "high")}
        | {_PUBLISHED: table["arm"].map(published) if STEP not in table else np.nan}
    )


def _paint(data: pd.DataFrame, measures: Sequence[Measure], figure: FigureFile, look: Look) -> Figure:
    names = look.ordered(dict.fromkeys(data["line"]))
    across = _across(len(measures), look)
    down = -(-len(measures) // across)
    room = look.width / across - 0.65
    titles = [fold(look.words_and_unit(one.name, one.name.replace("_", " "))[0], room) for one in measures]
    along = fold(look.words("x", str(figure.x).rpartition(".")[2].replace("_", " ")), room)
    beside = bool(data[_PUBLISHED].notna().any())
    labels = [look.name(str(name)) for name in names] + ([_PUBLISHED] if beside else [])
    deep = max(1 + title.count("\n") for title in titles) * look.line
    made = look.figure((_ROW[look.narrow] + deep) * down + look.around([along], legend_rows(labels, look.width)))
    axes = made.subplots(down, across, squeeze=False, sharex=True)
    at = _places(data["x"])
    for axis, one, title in zip(axes.flat, measures, titles, strict=False):
        part = data[data["y"] == one.name]
        for place, name in enumerate(names):
            _line(axis, part[part["line"] == name], at, pen(place))
        axis.set_title(title, loc="left")
        name, unit = look.words_and_unit(one.name, one.name.replace("_", " "), one.unit)
        axis.set_ylabel(fold(unit or name, 0.9 * _ROW[look.narrow]))
        axis.grid(axis="y")
        low, high = axis.get_ylim()
        if low < 0 < high:
            reference(axis, y=0.0)
    for spare in axes.flat[len(measures) :]:
        spare.set_visible(False)
    for column in axes.T:
        _x_axis([axis for axis in column if axis.get_visible()][-1], along, at, figure, room)
    marked = [data.loc[data["line"] == name, "x"].nunique() in range(1, _FEW + 1) for name in names]
    handles = [_handle(pen(place), few) for place, few in enumerate(marked)]
    if beside:
        handles.append(Line2D([], [], color=muted(), ls="", marker="o", mfc=ground(), ms=dot(), mew=thin(0.8)))
    made.legend(handles, labels, loc="outside upper left", ncols=legend_columns(labels, look.width), handlelength=2.6)
    return made


def _places(levels: pd.Series) -> dict[Any, float]:
    """Level of x -> where it is drawn: numbers where they are, anything else one after the other."""
    known = list(dict.fromkeys(levels.dropna()))
    numbers = all(map(is_level, known))
    return {one: float(one) if numbers else float(place) for place, one in enumerate(known)}


def _line(axis: Axes, part: pd.DataFrame, at: Mapping[Any, float], of: Pen) -> None:
    value, low, high, published = (part[c].to_numpy(np.float64) for c in ("value", "low", "high", _PUBLISHED))
    ring: dict[str, Any] = {
        "marker": "o",
        "ls": "",
        "color": of.colour,
        "mfc": "none",
        "ms": dot(1.1),
        "mew": thin(0.8),
    }
    if part["x"].isna().all():
        for level, down, up in zip(value, low, high, strict=True):
            axis.axhline(level, color=of.colour, ls=of.dash, lw=thin(), zorder=1)
            axis.axhspan(down, up, color=of.colour, alpha=0.12, lw=0, zorder=0)
        at_end = np.full(len(published), _END)
        axis.plot(at_end, published, transform=axis.get_yaxis_transform(), clip_on=False, zorder=4, **ring)
        return
    x = np.array([at[one] for one in part["x"]])
    order = np.argsort(x, kind="stable")
    x, value, low, high, published = x[order], value[order], low[order], high[order], published[order]
    few: dict[str, Any] = {"marker": of.marker if len(x) <= _FEW else "", "ms": dot(0.6), "mew": 0}
    axis.plot(x, value, color=of.colour, ls=of.dash, lw=thin(0.9), zorder=3, **few)
    axis.fill_between(x, low, high, color=of.colour, alpha=0.18, lw=0)
    axis.plot(x, published, zorder=4, **ring)


def _across(panels: int, look: Look) -> int:
    """How many panels stand side by side."""
    if look.narrow:
        return 1 if panels in (1, 3) else 2
    return min(panels, 2 if panels == 4 else 3)


def _x_axis(axis: Axes, along: str, at: Mapping[Any, float], figure: FigureFile, room: float) -> None:
    """Name the x axis, in so many inches; levels on a logarithmic one, and words, are named as far as there is room."""
    axis.tick_params(labelbottom=True)
    axis.set_xlabel(along)
    if figure.scale == "log":
        axis.set_xscale("log")
    elif figure.x == STEP:
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    numbers = all(isinstance(one, int | float) for one in at)
    if at and figure.x != STEP and len(at) <= _FEW and (figure.scale == "log" or not numbers):
        names = [f"{one:g}" if numbers else str(one) for one in at]
        axis.set_xticks(list(at.values()), _with_room(names, list(at.values()), figure.scale == "log", room))
        axis.set_xticks([], minor=True)


def _with_room(names: Sequence[str], at: Sequence[float], log: bool, room: float) -> list[str]:
    """The names along an axis of so many inches, "" of those that would touch the one before."""
    places = np.log(at) if log else np.array(at)
    inch = room / max(float(np.ptp(places)), 1e-12)
    size, end, found = points("xtick.labelsize"), -np.inf, []
    for name, place in zip(names, places * inch, strict=True):
        half = inches_of(f"{name} ", size) / 2
        found.append(name if place - half >= end else "")
        end = place + half if found[-1] else end
    return found


def _handle(of: Pen, marked: bool) -> Line2D:
    marker = of.marker if marked else ""
    return Line2D([], [], color=of.colour, ls=of.dash, lw=thin(), marker=marker, ms=dot(0.6), mew=0)
