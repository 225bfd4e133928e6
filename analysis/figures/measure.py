"""What a reader would object to in a drawn figure, from its artists: type, places and labels, never pixels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from analysis.figures.sheets import FLOOR

EDGE = 1.0  # points that a letter may reach over the edge, or into another's box: boxes have room for accents
_ALIGNED = 0.02  # of the figure, by which panels of a column or a row may be apart
_SHARE = 0.12  # of the lower of two boxes that the other may cover in height: descenders


def faults(figure: Figure, units: bool = True) -> list[str]:
    """All of them, of the figure as it is laid out. units: axes must say what they count, and in what."""
    figure.draw_without_rendering()
    found = [(text, text.get_window_extent()) for text in texts(figure)]
    return [
        *too_small(figure),
        *outside(figure, found),
        *touching(figure, found),
        *(unlabelled(figure) if units else ()),
    ]


def too_small(figure: Figure) -> list[str]:
    """Texts below FLOOR points."""
    return [
        f"{text.get_text()!r} is {text.get_fontsize():.3g} pt"
        for text in texts(figure)
        if float(text.get_fontsize()) < FLOOR - 1e-6
    ]


def outside(figure: Figure, found: list[tuple[Text, Bbox]]) -> list[str]:
    """Texts that reach over the edge."""
    whole, room = figure.bbox, EDGE * figure.dpi / 72
    beyond = (
        (text, max(whole.x0 - box.x0, box.x1 - whole.x1, whole.y0 - box.y0, box.y1 - whole.y1)) for text, box in found
    )
    return [f"{text.get_text()!r} is cut" for text, by in beyond if by > room]


def touching(figure: Figure, found: list[tuple[Text, Bbox]]) -> list[str]:
    """Pairs of texts of which one lies on the other."""
    room = EDGE * figure.dpi / 72
    lying = []
    for (one, first), (other, second) in combinations(found, 2):
        shared = Bbox.intersection(first, second)
        if shared is None or shared.width <= room:
            continue
        if shared.height > max(room, _SHARE * min(first.height, second.height)):
            lying.append(f"{one.get_text()!r} lies on {other.get_text()!r}")
    return lying


def unlabelled(figure: Figure) -> list[str]:
    """Axes with numbers along them that say neither what they are nor in what unit."""
    found = []
    for axes in figure.axes:
        if not (axes.axison and axes.get_visible()):
            continue
        for letter, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            numbers = [label.get_text() for label in axis.get_majorticklabels() if _shown(label)]
            if not any(map(_is_number, numbers)):
                continue
            words = _label(axes, letter)
            if not words:
                found.append(f"the {letter} axis of {axes.get_title(loc='left') or axes.get_title()!r} has no label")
            elif "," not in words and not (letter == "y" and axes.get_title(loc="left")):
                found.append(f"the {letter} axis {words!r} has no unit")
    return found


def _label(axes: Axes, letter: str) -> str:
    """The label of an axis, of one in the same column or row of panels, or of the whole (sub)figure."""
    whole = axes.get_figure()
    here = axes.get_position().bounds[letter == "y" :: 2]
    for other in [axes, *axes.figure.axes]:
        there = other.get_position().bounds[letter == "y" :: 2]
        close = max(abs(a - b) for a, b in zip(here, there, strict=True)) < _ALIGNED
        if close and (words := (other.get_xlabel() if letter == "x" else other.get_ylabel())):
            return str(words)
    named = getattr(whole, f"_sup{letter}label", None)
    return str(named.get_text()) if named is not None else ""


def texts(figure: Figure | SubFigure) -> Iterator[Text]:
    """All texts that are shown: of ticks, those within their axis."""
    legends: list[Legend] = list(figure.legends)
    own = [figure._suptitle, figure._supxlabel, figure._supylabel]  # type: ignore[union-attr]
    yield from filter(_shown, [*figure.texts, *(text for text in own if text is not None and text not in figure.texts)])
    for part in figure.subfigs:
        yield from texts(part)
    for axes in figure.axes if isinstance(figure, Figure) else ():
        if axes.get_visible():
            yield from filter(_shown, _of_axes(axes))
            legends += filter(None, [axes.get_legend()])
    for legend in legends:
        yield from filter(_shown, [*legend.get_texts(), legend.get_title()])


def _of_axes(axes: Axes) -> Iterator[Text]:
    yield from (*axes.texts, axes.title, axes._left_title, axes._right_title)  # type: ignore[attr-defined]
    for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
        yield axis.label
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if low <= tick.get_loc() <= high:
                yield from (label for label in (tick.label1, tick.label2) if label.get_visible())


def _shown(text: Text) -> bool:
    return bool(text.get_visible() and text.get_text().strip())


def _is_number(word: str) -> bool:
    try:
        float(word.replace("\N{MINUS SIGN}", "-").replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return True
