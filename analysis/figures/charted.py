"""The rows of a sweep's table that a figure shows, and what its footer says of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.basis import FEW, Number, caption
from analysis.few_agents import both_ends
from analysis.figures.chart import Chart
from analysis.figures.labels import label_of
from analysis.figures.methods import method
from analysis.figures.style import MOST_ROWS
from sim.kit.invalid import written

_DIGITS = 9  # to which points are the same
LEVEL = 0.05  # of the adjusted p value
_MARKS = {
    "dot": "dot: the interval holds 0",
    "ring": "ring: the interval, which is not adjusted, does not hold 0, but p adjusted by Holm over the arm's cells "
    "is > .05",
    "dash": "dash: no task differs",
}


def settings_of(data: pd.DataFrame, chart: Chart) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Each setting of what makes rows of panels, with its rows of the data."""
    levels = [list(dict.fromkeys(data[key])) for key in chart.rows]
    settings = [dict(zip(chart.rows, level, strict=True)) for level in itertools.product(*levels)]
    everything = [data.index >= 0]
    return [
        (each, data[np.logical_and.reduce([data[k] == v for k, v in each.items()] or everything)]) for each in settings
    ]


def shown(table: pd.DataFrame, chart: Chart) -> pd.DataFrame:
    """The rows drawn, with `arm` without its panel and `y` naming the column of panels.

    Of a calibration those of tenths that hold claims in at least FEW clusters.
    """
    base = [arm.removesuffix(panel) for arm, panel in zip(table["arm"], table["panel"], strict=True)]
    kept = table.assign(arm=base, itself=table["arm"] == table["baseline"])
    keep = kept["arm"].isin(chart.arms)
    for key, value in chart.where.items():
        keep &= kept[key].isin([value, written(value)] if isinstance(value, int | float | str) else [written(value)])
    kept = kept[keep]
    kept = kept[kept[chart.lines].isin(_few_lines(kept, chart))] if chart.kind == "lines" else kept
    parts = []
    for metric, agent, sign in chart.y:
        part = kept[(kept["metric"] == metric) & (kept["agent"] == agent)]
        parts.append(part.assign(y=label_of((metric, agent, sign)), **_drawn(part, sign)))
    data = pd.concat(parts, ignore_index=True)
    return data if chart.kind != "calibration" else data[data["clusters"] >= FEW].reset_index(drop=True)


def _few_lines(kept: pd.DataFrame, chart: Chart) -> list[Any]:
    """What has a line: all, or of more than a panel takes the baseline and both ends of the first metric's mean."""
    names = list(dict.fromkeys(kept[chart.lines]))
    if len(names) <= MOST_ROWS:
        return names
    metric, agent, _ = chart.y[0]
    mean = kept[(kept["metric"] == metric) & (kept["agent"] == agent)].groupby(chart.lines)["value"].mean()
    base = [name for name in names if name == chart.baseline] if chart.lines == "arm" else []
    others = [name for name in names if name not in base]
    chosen = {others[place] for place in both_ends(mean.reindex(others), MOST_ROWS - len(base))}
    return [name for name in names if name in chosen or name in base]


def _drawn(part: pd.DataFrame, sign: int) -> dict[str, Any]:
    """Columns of what is drawn: drawn, _low, _high, _se, _p and _p_holm, and `same`: the difference is none at all.

    An arm does not differ from itself, nor where its difference is 0 at every task.
    """
    names = {"drawn_se": "se", "drawn_low": "low", "drawn_high": "high"}
    if not sign:
        found: dict[str, Any] = {name: part[column] for name, column in names.items()}
        return {"drawn": part["value"], **found, "drawn_p": np.nan, "drawn_p_holm": np.nan, "same": False}
    names |= {"drawn_p": "p", "drawn_p_holm": "p_holm"}
    found = {name: part[f"difference_{column}"] for name, column in names.items()}
    nothing = (part["difference"] == 0) & (found["drawn_se"] == 0) & found["drawn_low"].isna()
    found["same"] = nothing | part["itself"]
    if sign < 0:
        low, high = found["drawn_low"], found["drawn_high"]
        return found | {"drawn": 0.0 - part["difference"], "drawn_low": 0.0 - high, "drawn_high": 0.0 - low}
    return found | {"drawn": part["difference"]}


def numbers_of(data: pd.DataFrame) -> list[Number]:
    """What is drawn, as far as its intervals go."""
    kept = data[data["drawn"].notna() & ~data["same"]]
    columns = ("arm", "y", "by", "clusters", "drawn_se")
    return [
        Number(str(arm), str(y), str(by), int(count), float(se), bool(known))
        for (arm, y, by, count, se), known in zip(
            zip(*(kept[name] for name in columns), strict=True), kept["drawn_low"].notna(), strict=True
        )
    ]


def caption_of(data: pd.DataFrame, table: pd.DataFrame, chart: Chart, info: Mapping[str, Any], about: str = "") -> str:
    """What the bands or marks are, over what, what is held, n, and which sweep this is. data: what is drawn of it."""
    held = ", ".join(f"{key} = {written(value)}" for key, value in chart.where.items())
    fixed = f"held: {held}\n" if held else ""
    counts = sorted(set(table["n"]))
    n = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    note = f"\n{table.attrs['note']}" if table.attrs.get("note") else ""
    curve = chart.kind == "calibration"  # of which mean claims are places along x
    found = numbers_of(data[data["metric"].str.startswith("success_rate")] if curve else data)
    intervals = "; ".join(filter(None, [caption(found, method(found)), *_marks_of(data, chart)]))
    return (
        f"{fixed}{_fewer(data, table, chart)}{about}{intervals}\nn = {n} auctions a point; seed {info['seed']}; "
        f"sweep of {info['scenario']['name']} {info['hash'][:12]}; bidlab {info['versions']['bidlab']}{note}"
    )


def marked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of differences that carry a mark on a map, with its name in the column `mark`."""
    bare = rows["drawn_low"].isna()
    holds = (rows["drawn_low"] <= 0) & (rows["drawn_high"] >= 0)
    kinds = {"dash": rows["same"], "cross": bare, "dot": holds, "ring": rows["drawn_p_holm"] > LEVEL}
    mark = np.select(list(kinds.values()), list(kinds), default="")
    found: pd.DataFrame = rows.assign(mark=mark)[(mark != "") & rows["drawn"].notna()]
    return found


def _marks_of(data: pd.DataFrame, chart: Chart) -> list[str]:
    """What the marks on maps of differences mean, of those that are drawn; of crosses the caption says why."""
    compared = [label_of(y) for y in chart.y if y[2]]
    if chart.kind != "map" or not compared:
        return []
    there = set(marked(data[data["y"].isin(compared) & ~data["itself"]])["mark"])
    return [words for mark, words in _MARKS.items() if mark in there]


def coinciding(lines: Mapping[str, Any]) -> list[list[str]]:
    """Groups of lines that lie on one another, of two at least. lines: name -> its points.

    >>> coinciding({"a": [1.0, 2.0], "b": [1.0, 3.0], "c": [1.0, 2.0]})
    [['a', 'c']]
    """
    groups: dict[bytes, list[str]] = {}
    for name, points in lines.items():
        seen = np.asarray(points, np.float64)
        if np.isfinite(seen).any():
            groups.setdefault((seen + 0.0).round(_DIGITS).tobytes(), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _fewer(data: pd.DataFrame, table: pd.DataFrame, chart: Chart) -> str:
    """What the footer says where not all lines are drawn."""
    drawn = data[chart.lines].nunique()
    count = len(chart.arms) if chart.lines == "arm" else table[chart.lines].nunique()
    if chart.kind != "lines" or drawn >= count:
        return ""
    by = label_of(chart.y[0])
    base = "the baseline and " if chart.lines == "arm" else ""
    return f"{drawn} of {count} lines: {base}those at both ends of the mean of {by}; all of them in sweep.csv\n"
