"""The arms of a run as rows of a figure, in panels below one another: which are shown, under which heading, and where.

Panels are those that a [[figure]] states; else one for each world (sigma_u) where there are several; else, where the
arms are more than a panel takes, one for each kind of rule. A panel holds at most MOST_ROWS arms, fewer in one column:
the baselines, and of the others those at both ends of the change in `size`, the same arms in every world. A row's name
takes as many lines as it needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.arm import ArmData
from analysis.few_agents import both_ends
from analysis.figures.look import Look, fold
from analysis.figures.style import MOST_ROWS, small
from sim.kit.arrays import FloatArray

NO_BIDS, SEVERAL, ASKS, CLAIMS = (
    "no bids: a planner decides",
    "several agents at a task",
    "asks decide",
    "claims decide",
)
KINDS = (ASKS, CLAIMS, SEVERAL, NO_BIDS)
_HEAD = 1.35  # lines that a heading takes
_SPACING = 0.9  # lines of a row that another line of a name takes
_APART = 1.15  # heights of a capital from one line of a name to the next, or it touches letters that reach up
_LEAST = 1.2  # lines of a row
_LEAST_ROWS, _ON_A_PAGE = 7, 30  # rows of a panel, and of all of them, in one column


class Place(NamedTuple):
    """A row: its arm's place in the data, its height in lines from the top, and its name."""

    row: int
    y: float
    name: str


@dataclass(frozen=True)
class Rows:
    """rows, in the order drawn. heads: heading -> its height in lines. lines: height of all.

    shown, of, named: arms shown, of how many, and how many the scenario names for the figure.
    """

    rows: tuple[Place, ...]
    heads: tuple[tuple[str, float], ...]
    lines: float
    shown: int
    of: int
    named: int

    @property
    def at(self) -> FloatArray:
        """Heights of the rows."""
        return np.array([place.y for place in self.rows])

    @property
    def places(self) -> list[int]:
        """Places of the rows in the data."""
        return [place.row for place in self.rows]


def kind_of(arm: ArmData) -> str:
    """What decides under the arm's rule: one of KINDS, "" where the rule is not known."""
    if arm.rules is None:
        return ""
    rule = arm.rules.mechanism
    if not rule.capabilities.solicits_bids:
        return NO_BIDS
    if rule.capabilities.hires_several:
        return SEVERAL
    return ASKS if rule.promises.claim_ignored else CLAIMS


def described(arm: ArmData) -> dict[str, str]:
    """Columns that rows are made by: the arm without its world, its world, and the kind of its rule."""
    base, _, world = arm.name.partition(" [")
    return {"base": base, "world": world.removesuffix("]"), "rule": kind_of(arm)}


def rows_of(data: pd.DataFrame, size: str, look: Look, inches: float) -> Rows:
    """The rows drawn of a table with the columns of `described`, arm and baseline. inches: room for names."""
    data = data[["arm", "base", "world", "rule", "baseline", size]]  # of a thousand agents there are as many columns
    kept = data[data["base"].isin(look.own.arms)] if look.own and look.own.arms else data
    found = _panels(kept, look)
    rows: list[Place] = []
    heads: list[tuple[str, float]] = []
    y = 0.0
    named_worlds = len(found) == 1 and kept["world"].nunique() > 1
    for title, of in found:
        if title and len(found) > 1:
            heads.append((title, y + _HEAD / 2))
            y += _HEAD
        part = kept.loc[look.ordered_by(of, kept["base"])]
        for row in part.loc[_chosen(part, size, kept, _most(len(found), look))].itertuples():
            name = look.name(str(row.base)) + (f", {row.world}" if named_worlds else "")
            folded = fold(name, inches, small())
            deep = max(_LEAST, _SPACING * (1 + folded.count("\n")) + 0.3)
            rows.append(Place(data.index.tolist().index(row.Index), y + deep / 2, folded))
            y += deep
    return Rows(tuple(rows), tuple(heads), y, len(rows), len(data), len(kept))


def _panels(data: pd.DataFrame, look: Look) -> list[tuple[str, list[Any]]]:
    """Heading and index of each panel."""
    stated = look.own.panels if look.own else None
    worlds = data["world"].nunique() > 1
    if isinstance(stated, dict):
        if not worlds:
            return [(title, _of(data, names)) for title, names in stated.items()]
        parts = data.groupby("world", sort=False)
        return [(f"{title}; {world}", _of(part, names)) for world, part in parts for title, names in stated.items()]
    if stated == "world" or (stated is None and worlds):
        return [(str(world), list(part.index)) for world, part in data.groupby("world", sort=False)]
    if stated == "rule" or (stated is None and len(data) > MOST_ROWS):
        by = [(kind, list(data.index[data["rule"] == kind])) for kind in (*KINDS, "")]
        return [(title or "other rules", index) for title, index in by if index]
    return [("", list(data.index))]


def _of(data: pd.DataFrame, names: Iterable[str]) -> list[Any]:
    return [index for name in names for index in data.index[data["base"] == name]]


def _most(panels: int, look: Look) -> int:
    """Rows of a panel; fewer where one column would be higher than a page."""
    return max(_LEAST_ROWS, min(MOST_ROWS, _ON_A_PAGE // panels)) if look.narrow else MOST_ROWS


def _chosen(part: pd.DataFrame, size: str, whole: pd.DataFrame, most: int) -> list[Any]:
    """Index of the arms of a panel that are shown, in their order."""
    if len(part) <= most:
        return list(part.index)
    names = list(part["base"])
    base = (part["arm"] == part["baseline"]).to_numpy()
    mean = whole.groupby("base")[size].mean()
    others = [place for place in range(len(part)) if not base[place]]
    ends = both_ends([float(mean[names[place]]) for place in others], most - int(base.sum()))
    kept = {*np.flatnonzero(base).tolist(), *(others[k] for k in ends)}
    return [part.index[place] for place in range(len(part)) if place in kept]


def note(rows: Rows, by: str, where: str) -> str:
    """What the footer says where not all arms are shown."""
    if rows.shown == rows.of:
        return ""
    ends = f"the baseline and those at both ends of {by}"
    which = "those that the scenario names" if rows.named < rows.of else ""
    chosen = " and of them ".join(filter(None, (which, ends if rows.shown < rows.named else "")))
    return f"{rows.shown} of {rows.of} arms: {chosen}; all of them in {where}\n"


def name_rows(axes: Axes, rows: Rows) -> None:
    """Names and headings along y, from the top down, of these axes and of all that share it."""
    ticks = [*((place.y, place.name) for place in rows.rows), *((y, head) for head, y in rows.heads)]
    axes.set_ylim(rows.lines, 0.0)
    axes.set_yticks([y for y, _ in ticks], [name for _, name in ticks], fontsize=small(), linespacing=_APART)
    for tick in axes.yaxis.get_major_ticks()[len(rows.rows) :]:
        tick.label1.set_fontweight("bold")
    for shared in axes.get_shared_y_axes().get_siblings(axes):
        shared.tick_params(axis="y", length=0)
