"""Fields that a mapping reads and the rows do not have: a misspelling is a fault, and never an empty cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sim.importing.cell_text import MISSING
from sim.importing.dotted import getter
from sim.importing.field_paths import fields_of, is_path, parts_of
from sim.importing.mapping import ColumnSpec
from sim.importing.source_row import SourceRow
from sim.kit.errors import TableError, capped, closest, several


def fields_read(spec: ColumnSpec) -> list[str]:
    """The fields that a column is made of."""
    stated = (spec.field, spec.since, spec.until, spec.out_of)
    named = [text for text in stated if isinstance(text, str)]
    return [field for text in [*named, *(spec.tokens or {}).values()] for field in fields_of(text)]


def check_fields(rows: Sequence[SourceRow], read: Mapping[str, Iterable[str]]) -> None:
    """Raise TableError where no row has a field, with all such fields. read: key of the mapping -> its fields."""
    missing = [(key, field) for key, fields in read.items() for field in missing_fields(rows, fields)]
    if missing:
        there = keys_of(rows)
        raise TableError(*capped(f"{key}: {_fault(rows, field, there)}" for key, field in missing))


def missing_fields(rows: Sequence[SourceRow], fields: Iterable[str]) -> list[str]:
    """Those that no row has."""
    return [field for field in fields if all(get(row) is MISSING for get in [getter(field)] for row in rows)]


def keys_of(rows: Iterable[SourceRow]) -> list[str]:
    """The keys at the top of the rows, in order."""
    found: dict[str, None] = {}
    for row in rows:
        if not row.values.keys() <= found.keys():
            found |= dict.fromkeys(map(str, row.values))
    return list(found)


def _fault(rows: Sequence[SourceRow], field: str, there: Sequence[str]) -> str:
    if any(field in row.file.twice for row in rows):
        return f"the heading {field!r} occurs twice"
    if field.startswith("$"):
        own = [f"${name}" for name in dict.fromkeys(name for row in rows for name in row.special)]
        return f"no field {field!r}{closest(field, own)}; there are {several(own)}"
    if not is_path(field):
        return f"no field {field!r}{closest(field, there)}, and no dotted path; the rows have {several(there)}"
    first, _, inner = field.partition(".")
    if inner and first in there:
        tables = (row.values.get(first) for row in rows)
        inside = dict.fromkeys(str(key) for table in tables if isinstance(table, Mapping) for key in table)
        return f"no field {field!r}{closest(inner, inside)}; {first} has {several(inside) or 'no keys'}"
    return f"no field {field!r}{closest(field, there)}; the rows have {several(there)}"


def unused(keys: Iterable[str], read: Iterable[Any]) -> list[str]:
    """Keys at the top of the rows that nothing reads."""
    used = {field for field in read if isinstance(field, str)}
    used |= {parts_of(field)[0] for field in used if is_path(field)}
    return [key for key in keys if key not in used]
