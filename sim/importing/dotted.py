"""Fields: what a dotted path, a $NAME or a text with several of them means in a row.

A path is first looked up whole, for headings may hold dots; then part by part, through tables and lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sim.importing.source_row import SourceRow

_PARTS = re.compile(r"""\s*("[^"]*"|'[^']*'|[^."']+)\s*(?:\.|$)""")
_HOLES = re.compile(r"\{([^{}]+)\}")


class Missing:
    """What a field is in a row that does not have it; it counts as an empty cell."""


MISSING = Missing()
Getter = Callable[[SourceRow], Any]


def parts_of(path: str) -> list[str]:
    """The parts of a dotted path.

    >>> parts_of('usage."gpt-5.2".cost')
    ['usage', 'gpt-5.2', 'cost']
    """
    return [part.strip().strip("\"'") for part in _PARTS.findall(path)]


def getter(field: str) -> Getter:
    """What reads the field in a row: MISSING where the row has none of that name."""
    names = _HOLES.findall(field)
    if names:
        return _joined(field, [_single(name) for name in names])
    return _single(field)


def fields_of(field: str) -> list[str]:
    """The fields that a text names: itself, or those in its braces.

    >>> fields_of("{suite}:{id}"), fields_of("a.b")
    (['suite', 'id'], ['a.b'])
    """
    return _HOLES.findall(field) or [field]


def exploded(document: Any, path: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The rows that stand at `path`: the items of lists on the way, and of tables where it says *, by their $key.

    Raises ValueError where a part of the path is not there.
    """
    yield from _walked(document, parts_of(path) if path else [], "the document", {})


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
    parts = parts_of(whole)

    def get(row: SourceRow) -> Any:
        values = row.special if special else row.values
        if isinstance(values, Mapping) and whole in values:
            return values[whole]
        return _inside(values, parts)

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


def _joined(text: str, getters: list[Getter]) -> Getter:
    fixed = _HOLES.split(text)[::2]

    def get(row: SourceRow) -> Any:
        found = [one(row) for one in getters]
        for value in found:
            if value is MISSING or value is None:
                return value
        return "".join(a + str(b) for a, b in zip(fixed, [*found, ""], strict=True))

    return get
