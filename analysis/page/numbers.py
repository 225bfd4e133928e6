"""Numbers as the page's data holds them."""

from __future__ import annotations

import math
from collections.abc import Iterable


def digit(value: float) -> float | str | None:
    """Seven digits, more than is shown; None where undefined, and infinities as text.

    >>> digit(1 / 3), digit(float("nan")), digit(float("-inf")), digit(2.0)
    (0.3333333, None, '-inf', 2)
    """
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    short = float(f"{value:.7g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def digits(values: Iterable[float]) -> list[float | str | None]:
    """The same of several."""
    return [digit(value) for value in values]
