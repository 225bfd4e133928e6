"""The width of a figure on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.kit.errors import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTHS = {"column": 3.4, "text": 7.0}  # inches: one column of two, and the whole text
_LEAST, _MOST = 1.0, 40.0


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


def sized(figure: Figure, width: str | float, caption: str) -> Figure:
    """The figure at that width, with its caption in small print under it."""
    from analysis.figures.narrow import narrowed
    from analysis.figures.save import captioned

    narrowed(figure, inches(width))
    captioned(figure, caption)
    return figure
