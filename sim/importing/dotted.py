"""Fields: what a dotted path, a $NAME or a text with several of them means in a row.

A path is first looked up whole, for headings may hold dots; then part by part, through tables and lists. What joins
several fields is as empty as the first of them that is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sim.importing.cell_text import MISSING, is_empty, name_of
from sim.importing.field_paths import between, fields_of, is_path, joins, parts_of
from sim.importing.source_row import SourceRow

Getter = Callable[[SourceRow], Any]


def getter(field: str, nulls: Collection[str] = ()) -> Getter:
    """What reads the field in a row: MISSING where the row has none of that name. nulls: texts of empty cells."""
    if joins(field):
        return _joined(between(field), [_single(name) for name in fields_of(field)], nulls)
    return _single(field)


def exploded(document: Any, path: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The rows that stand at `path`: the items of lists on the way, and of tables where it says *, by their $key.

    Raises ValueError where a part of the path is not there.
    """
    try:
        parts = parts_of(path) if path else []
    except ValueError as error:
        raise ValueError(f"rows: {error}") from None
    yield from _walked(document, parts, "the document", {})


def _walked(value: Any, parts: list[str], where: str, special: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    if isinstance(value, list):
        rest = parts[1:] if parts[:1] == ["*"] else parts
        for item in value:
            yield from _walked(item, rest, where, special)
    elif not parts:
        yield value, special
    elif not isinstance(value, Mapping):
        raise ValueError(f"rows: {where} holds no table or list")
    elif parts[0] == "*":
        for key, item in value.items():
            yield from _walked(item, parts[1:], f"{where}.{key}", {**special, "key": key})
    elif parts[0] not in value:
        raise ValueError(f"rows: {where} has no key {parts[0]!r}; it has {', '.join(map(str, list(value)[:20]))}")
    else:
        yield from _walked(value[parts[0]], parts[1:], parts[0], special)


def _single(field: str) -> Getter:
    special = field.startswith("$")
    whole = field[1:] if special else field
    parts = parts_of(whole) if is_path(whole) else None

    def get(row: SourceRow) -> Any:
        values = row.special if special else row.values
        if isinstance(values, Mapping) and whole in values:
            return values[whole]
        return MISSING if parts is None else _inside(values, parts)

    return get


def _inside(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def _joined(fixed: list[str], getters: list[Getter], nulls: Collection[str]) -> Getter:
    def get(row: SourceRow) -> Any:
        found = [one(row) for one in getters]
        for value in found:
            if is_empty(value, nulls):
                return value
        return "".join(a + b for a, b in zip(fixed, [*map(name_of, found), ""], strict=True))

    return get
