"""What a figure must do, tried on example runs or rows: the same each time, every label inside, none on another."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.example_run import arms_of
from analysis.figures.chart import Chart
from analysis.figures.figure_registry import Drawable, RunFigure, Shown
from analysis.figures.save import captioned, overlapping
from analysis.figures.style import styled

_EDGE = 1.5  # pixels that a letter may reach over the edge


def figure_faults(of: RunFigure) -> Iterator[str]:
    """All that is wrong with a figure."""
    if of.sweep is not None:
        yield from _of_sweep(of.sweep)
        return
    reasons = []
    for name in ("several", "alone"):
        arms = arms_of(name)
        shown = Shown(arms, "seed 20", {arm.name: arms[0].name for arm in arms})
        found = of.candidate(shown)
        if isinstance(found, Drawable):
            yield from _of_drawn(found)
        else:
            reasons.append(found)
    if len(reasons) == 2:
        yield f"applies to no example run: {'; '.join(reasons)}"


def _of_sweep(draw: Callable[[pd.DataFrame, Chart], tuple[Figure, pd.DataFrame]]) -> list[str]:
    """On the welfare of two arms at three levels of a key, the first of them without an interval."""
    rows = pd.DataFrame([(arm, x, "welfare") for arm in ("one", "two") for x in (0.0, 0.5, 1.5)])
    rows.columns = pd.Index(["arm", "tender.penalty", "y"])
    drawn = 0.25 + 0.125 * np.arange(len(rows))
    error = np.where(np.arange(len(rows)) == 0, np.nan, 0.02)
    rows = rows.assign(drawn=drawn, drawn_se=error, drawn_low=drawn - 2 * error, drawn_high=drawn + 2 * error)
    chart = Chart("own", "own", "tender.penalty", (("welfare", "", 0),), "arm", (), ("one", "two"), {}, "one")
    return list(_of_drawn(Drawable(lambda: draw(rows.copy(), chart), lambda data: "seed 20")))


@styled
def _of_drawn(one: Drawable) -> list[str]:
    figure, data = one.draw()
    faults = [] if len(data) else ["its data has no rows"]
    captioned(figure, one.words(data))
    again, rows = one.draw()
    captioned(again, one.words(rows))
    if _bytes(figure) != _bytes(again) or not data.equals(rows):
        faults.append("is not the same when it is drawn again")
    figure.draw_without_rendering()
    for text in _texts(figure):
        if _cut(figure, text):
            faults.append(f"its label {text.get_text()!r} does not fit: use new_figure of analysis.figures.style")
    for axes in figure.axes:
        for letter, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            if overlapping(axis):
                faults.append(f"labels along its {letter} axis touch")
    return faults


def _texts(figure: Figure) -> Iterator[Text]:
    """All texts that are shown: of ticks, those within their axis."""
    yield from figure.texts
    legends = list(figure.legends)
    for axes in figure.axes:
        yield from (*axes.texts, axes.title)
        legends += filter(None, [axes.get_legend()])
        for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
            yield axis.label
            low, high = sorted(axis.get_view_interval())
            labels = zip(axis.get_majorticklabels(), axis.get_majorticklocs(), strict=False)
            yield from (label for label, at in labels if low <= at <= high)
    for legend in legends:
        yield from legend.get_texts()


def _cut(figure: Figure, text: Text) -> bool:
    """Some of a text lies outside the figure."""
    if not text.get_visible() or not text.get_text().strip():
        return False
    box, whole = text.get_window_extent(), figure.bbox
    beyond = (whole.x0 - box.x0, box.x1 - whole.x1, whole.y0 - box.y0, box.y1 - whole.y1)
    return bool(max(beyond) > _EDGE)


def _bytes(figure: Figure) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, format="png", dpi=100, metadata={"Software": None})
    return made.getvalue()
