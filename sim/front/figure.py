"""A figure on its own: the width, the style, and what is wrong with either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sim.kit.errors import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.figures.figure_registry import Drawable
    from analysis.figures.look import Look

WIDTHS = {"column": 3.4, "text": 7.0}  # inches: one column of two, and the whole text
_LEAST, _MOST = 2.5, 20.0


def inches(width: str | float) -> float:
    """The width in inches; raises RunError where it is none.

    >>> inches("column"), inches(5)
    (3.4, 5.0)
    """
    if isinstance(width, str):
        if width in WIDTHS:
            return WIDTHS[width]
    elif not isinstance(width, bool) and _LEAST <= width <= _MOST:
        return float(width)
    allowed = ", ".join(f'"{name}"' for name in WIDTHS)
    raise RunError(f"width: must be {allowed}, or inches from {_LEAST:g} to {_MOST:g}; got {width!r}")


def drawn(one: Drawable, look: Look, width: str | float | None, style: str | Path | None) -> Figure:
    """The figure, drawn for that width in that style, with its footer; those of `look` where None."""
    from analysis.figures.save import finished, widths
    from analysis.figures.sheets import sheet

    wide = next(iter(widths(look.own).values())) if width is None else inches(width)
    chosen = replace(look, width=wide, sheet=look.sheet if style is None else sheet(style))
    with chosen.sheet.applied():
        data = one.data()
    return finished(data, one.paint, one.words, chosen)
