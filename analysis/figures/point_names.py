"""Names beside points: each where it has room, on no mark, on no line, and nearer to its own point than to another.

Points, boxes and segments are in pixels of the axes as they are laid out. Names of points on each other are one label.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from analysis.figures.style import dot, small
from sim.kit.arrays import FloatArray

_FAR = (1.0, 1.6, 2.4, 4.0, 6.0)
_AROUND = (
    (4, 3, "left"),
    (4, -3, "left"),
    (-4, 3, "right"),
    (-4, -3, "right"),
    (0, 5, "center"),
    (0, -5, "center"),
    (6, 0, "left"),
    (-6, 0, "right"),
)
_TOGETHER = 3  # names of one label
_ROOM, _OVER, _SAME = 1.5, 3.0, 1.0  # points around a label, over the edge of the axes, and between points that are one


class Obstacles(NamedTuple):
    """marks: (points, 2), all that are drawn. line, bars: boxes without area; a name lies on no line, on few bars."""

    marks: FloatArray
    line: Sequence[Bbox]
    bars: Sequence[Bbox]


def name_points(axes: Axes, names: Sequence[str], at: FloatArray, around: Obstacles) -> list[int]:
    """Name the points (names, 2), in this order; places of the names for which there is no room."""
    placed: list[Bbox] = []
    left: list[int] = []
    for group in _together(at, _SAME * _dots(axes)):
        word = ", ".join(names[k] for k in group[:_TOGETHER])
        word += f" and {len(group) - _TOGETHER} more" if len(group) > _TOGETHER else ""
        box = _placed(axes, word, at[group[0]], placed, around)
        if box is None:
            left += group
        else:
            placed.append(box)
            left += group[_TOGETHER:]
    return left


def segments(axes: Axes, path: FloatArray) -> list[Bbox]:
    """The pieces of a line along x and y through these points (points, 2), which are those of the data."""
    seen = axes.transData.transform(path) if len(path) else path
    return [Bbox([one, other]) for one, other in pairwise(seen)]


def steps(path: FloatArray) -> FloatArray:
    """The corners of a line that goes along x first and then along y.

    >>> steps(np.array([[0.0, 1.0], [2.0, 3.0]])).tolist()
    [[0.0, 1.0], [2.0, 1.0], [2.0, 3.0]]
    """
    return np.stack([np.repeat(path[:, 0], 2)[1:], np.repeat(path[:, 1], 2)[:-1]], axis=1)


def _dots(axes: Axes) -> float:
    """Pixels of a point."""
    return float(axes.figure.dpi) / 72


def _together(at: FloatArray, near: float) -> list[list[int]]:
    """Groups of points that are no further from the first of their group than `near`."""
    groups: list[list[int]] = []
    for k, point in enumerate(at):
        own = next((group for group in groups if np.hypot(*(at[group[0]] - point)) <= near), None)
        if own is None:
            groups.append([k])
        else:
            own.append(k)
    return groups


def _placed(axes: Axes, word: str, at: FloatArray, placed: Sequence[Bbox], around: Obstacles) -> Bbox | None:
    """The label's box at the nearest of the places where it fits, of these where it crosses the fewest bars."""
    for far in _FAR:
        fitting: list[tuple[int, int, Annotation, Bbox]] = []
        for dx, dy, align in _AROUND:
            text = _text(axes, word, at, (dx * far, dy * far, align))
            box = text.get_window_extent()
            if _fits(axes, box, at, placed, around):
                fitting.append((sum(box.overlaps(bar) for bar in around.bars), len(fitting), text, box))
            else:
                text.remove()
        for *_, text, _box in sorted(fitting, key=lambda one: one[:2])[1:]:
            text.remove()
        if fitting:
            return min(fitting, key=lambda one: one[:2])[3]
    return None


def _text(axes: Axes, word: str, at: FloatArray, place: tuple[float, float, str]) -> Annotation:
    dx, dy, align = place
    vertical = "bottom" if dy > 0 else "top" if dy < 0 else "center"
    how: dict[str, Any] = {"textcoords": "offset points", "fontsize": small(), "ha": align, "va": vertical}
    text = axes.annotate(word, tuple(axes.transData.inverted().transform(at)), (dx, dy), **how)
    text.set_in_layout(False)
    return text


def _fits(axes: Axes, box: Bbox, at: FloatArray, placed: Sequence[Bbox], around: Obstacles) -> bool:
    """It is within the axes, lies on no label, mark or line, and no other mark is as near to it as its own."""
    dots, whole = _dots(axes), axes.bbox
    wide = box.padded(_ROOM * dots)
    over = _OVER * dots
    if wide.x0 < whole.x0 or wide.x1 > whole.x1 + over or wide.y0 < whole.y0 or wide.y1 > whole.y1 + over:
        return False
    if any(wide.overlaps(other) for other in (*placed, *around.line)):
        return False
    own = np.hypot(*(around.marks - at).T) <= _SAME * dots
    far = _distance(box, around.marks)
    radius = dot() * dots / 2
    return bool(far.min() > radius and (far[~own].size == 0 or far[~own].min() > far[own].min()))


def _distance(box: Bbox, points: FloatArray) -> FloatArray:
    """From each point to the box, 0 within it."""
    aside = np.maximum(np.maximum(box.min - points, points - box.max), 0.0)
    return np.asarray(np.hypot(aside[:, 0], aside[:, 1]))
