"""What a cell says as a text, for maps of values and for conditions; and which cells are empty."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sim.importing.dotted import MISSING


def is_empty(value: Any, nulls: Collection[str] = ()) -> bool:
    """Nothing, NaN, blank, or one of the texts that mean so."""
    if value is None or value is MISSING or (isinstance(value, float) and value != value):
        return True
    return isinstance(value, str) and (not value.strip() or value.strip() in nulls)


def text_of(value: Any) -> str:
    """The text by which cells are compared: no blanks around it, truth values small, whole numbers without a point.

    >>> text_of(" Yes "), text_of("TRUE"), text_of(1.0), text_of(0.25)
    ('Yes', 'true', '1', '0.25')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text.lower() if text.lower() in ("true", "false") else text
