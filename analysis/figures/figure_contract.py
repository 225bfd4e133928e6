"""What a figure must do, tried on example runs: draw at both widths, the same each time, and be fit to be read."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.example_run import arms_of
from analysis.figures.figure_registry import Drawable, RunFigure, Shown
from analysis.figures.look import NARROW, WIDE, Look, places
from analysis.figures.measure import faults
from analysis.figures.save import finished


def figure_faults(of: RunFigure) -> Iterator[str]:
    """All that is wrong with a figure."""
    reasons = []
    for name in ("several", "alone"):
        arms = arms_of(name)
        shown = Shown(arms, "seed 20", {arm.name: arms[0].name for arm in arms})
        found = of.candidate(shown)
        if isinstance(found, Drawable):
            yield from _of_drawn(found, places(arms[0].agents))
        else:
            reasons.append(found)
    if len(reasons) == 2:
        yield f"applies to no example run: {'; '.join(reasons)}"


def _of_drawn(one: Drawable, agents: dict[str, int]) -> list[str]:
    data, again = one.data(), one.data()
    found = [] if len(data) else ["its data has no rows"]
    same = data.equals(again)
    for width in (WIDE, NARROW):
        look = Look(width, agents=agents)
        figure = _finished(one, data, look)
        same &= _bytes(figure) == _bytes(_finished(one, again, look))
        found += [f"at {width:g} inches {fault}" for fault in faults(figure, units=False)]
    return found if same else [*found, "is not the same when it is drawn again"]


def _finished(one: Drawable, data: pd.DataFrame, look: Look) -> Figure:
    return finished(data, one.paint, one.words, look)


def _bytes(figure: Figure) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, format="png", dpi=100, metadata={"Software": None})
    return made.getvalue()
