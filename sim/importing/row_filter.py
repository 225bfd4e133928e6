"""Which rows are kept: those that meet every condition of `where`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sim.importing.amounts import amount
from sim.importing.cell_text import is_empty, matcher
from sim.importing.dotted import getter
from sim.importing.mapping import Condition
from sim.importing.source_row import SourceRow
from sim.kit.invalid import written

Dropped = list[tuple[str, int]]


def kept_rows(
    rows: Sequence[SourceRow], where: Mapping[str, Any], nulls: Collection[str]
) -> tuple[list[SourceRow], Dropped]:
    """The rows that meet all conditions, and how many each condition dropped, in words; the first counts."""
    kept, dropped = list(rows), []
    for field, raw in where.items():
        get, meets, words = getter(field, nulls), _test(raw, nulls), _words(field, raw)
        left = [row for row in kept if meets(get(row))]
        if len(left) < len(kept):
            dropped.append((words, len(kept) - len(left)))
        kept = left
    return kept, dropped


def _test(raw: Any, nulls: Collection[str]) -> Callable[[Any], bool]:
    if not isinstance(raw, Condition):
        wanted = matcher(_listed(raw))
        return lambda value: not is_empty(value, nulls) and wanted(value)
    refused = matcher(_listed(raw.no))

    def meets(value: Any) -> bool:
        empty = is_empty(value, nulls)
        if raw.null is not None and empty != raw.null:
            return False
        if raw.no is not None and not empty and refused(value):
            return False
        if raw.at_least is None and raw.at_most is None:
            return True
        number = amount(value)
        if number is None:
            return False
        return (raw.at_least is None or number >= raw.at_least) and (raw.at_most is None or number <= raw.at_most)

    return meets


def _listed(raw: Any) -> list[Any]:
    return [] if raw is None else raw if isinstance(raw, list) else [raw]


def _words(field: str, raw: Any) -> str:
    """The condition that a dropped row does not meet."""
    if not isinstance(raw, Condition):
        return f"{field} is not {' or '.join(written(v) for v in raw) if isinstance(raw, list) else written(raw)}"
    parts = []
    if raw.null is not None:
        parts.append(f"is {'not ' if raw.null else ''}empty")
    if raw.no is not None:
        parts.append(f"is {' or '.join(written(v) for v in (raw.no if isinstance(raw.no, list) else [raw.no]))}")
    if raw.at_least is not None:
        parts.append(f"is no number from {raw.at_least:g}")
    if raw.at_most is not None:
        parts.append(f"is no number to {raw.at_most:g}")
    return f"{field} {', or '.join(parts)}"
