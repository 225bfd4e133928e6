"""Numbers of cells, exact to their last digit, in the units of the recorded table: shares, dollars, ticks."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sim.importing.mapping import SECONDS
from sim.tables.table_columns import exact

_SIGNS = {"percent": "%", "dollars": "$"}


def amount(value: Any, sign: str | None = None) -> Decimal | None:
    """The number in a cell, None where it holds none. sign: "percent" or "dollars", whose sign may stand with it.

    >>> amount(" 83 %", "percent"), amount("$0.10", "dollars"), amount("1,5"), amount(True)
    (Decimal('83'), Decimal('0.10'), None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = value.strip() if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)
    if sign == "percent":
        text = text.removesuffix(_SIGNS[sign]).rstrip()
    elif sign == "dollars":
        text = text.removeprefix(_SIGNS[sign])
    return exact(text)


def in_units(number: Decimal, unit: str | None, tick_seconds: float | None) -> float:
    """The number as the recorded table has it; times are rounded up to whole ticks.

    >>> in_units(Decimal("8.3"), "percent", None), in_units(Decimal("1.1"), "s", 0.1), in_units(Decimal(7), None, None)
    (0.083, 11.0, 7.0)
    """
    if unit in ("percent", "cents"):
        return float(number / 100)
    if unit in SECONDS and tick_seconds is not None:
        return float(math.ceil(number * Decimal(SECONDS[unit]) / Decimal(repr(tick_seconds))))
    return float(number)


def seconds_between(since: Any, until: Any) -> Decimal | None:
    """Seconds from one time to another, None where they are no times: ISO 8601, or seconds as numbers.

    >>> seconds_between("2025-09-05T23:34:12.098+00:00", "2025-09-05T23:34:13.5Z"), seconds_between(3, 4.5)
    (Decimal('1.402'), Decimal('1.5'))
    """
    start, end = amount(since), amount(until)
    if start is not None and end is not None:
        return end - start
    try:
        passed = _moment(until) - _moment(since)
    except (TypeError, ValueError):
        return None
    return Decimal(passed.days * 86_400 + passed.seconds) + Decimal(passed.microseconds) / 1_000_000


def _moment(value: Any) -> datetime:
    """Raises TypeError or ValueError where it is no time."""
    if isinstance(value, datetime):
        return value
    text = value.isoformat() if isinstance(value, date) else value
    return datetime.fromisoformat(text.strip() if isinstance(text, str) else text)
