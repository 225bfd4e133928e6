"""Which columns an import reads, and why others that its format could fill in are not there."""

from __future__ import annotations

from collections.abc import Sequence

from sim.importing.column_values import in_seconds, key_faults
from sim.importing.importer import Importer
from sim.importing.importer_registry import ANY, mapping_of
from sim.importing.mapping import LABELS, OURS, OUTCOMES, ColumnSpec, ImportSpec, over_column
from sim.importing.source_row import SourceRow
from sim.importing.used_fields import fields_read, missing_fields
from sim.kit.errors import ScenarioError, capped, several


def chosen_columns(
    importer: Importer, spec: ImportSpec, rows: Sequence[SourceRow], keys: Sequence[str]
) -> tuple[dict[str, ColumnSpec], dict[str, str]]:
    """The columns to read in their order, and why others of the format are not read.

    keys: those at the top of the rows. A column that is not stated is a group of path_pattern of its name, or, where no
    format is named, a key of the rows; but a score, which stands instead of success and status, is stated. Raises
    ScenarioError with all that do not hold together.
    """
    groups = {name for file in {row.file for row in rows} for name in file.fields}
    own = {name: f"${name}" for name in OURS if name in groups}
    if spec.wide is not None:
        own |= {name: f"${name}" for name in ("agent", *spec.wide.fields) if name in OURS}
    if importer.name == ANY:
        own = {name: name for name in OURS if name in keys} | own
    never = ("success", "status") if "score" in spec.columns else ("score",)
    own = {name: field for name, field in own.items() if name not in never}
    stated = {name: over_column(raw, own.get(name)) for name, raw in spec.columns.items()}
    whole = spec.model_copy(update={"columns": own | stated})
    columns = {name: found for name in OURS if (found := whole.column(name)) is not None}
    theirs = mapping_of(importer)
    asked = {name: column for name, column in columns.items() if column == theirs.column(name)}
    unread = {name: why for name, column in asked.items() if (why := _not_read(name, column, spec, rows))}
    columns = {name: column for name, column in columns.items() if name not in unread}
    faults = key_faults(columns, spec)
    faults += [f"columns.{name}: is missing" for name in ("agent", "task") if name not in columns]
    if not set(OUTCOMES) & set(columns):
        faults.append("columns.success: is missing; success, status or score says what became of an attempt")
    if faults:
        raise ScenarioError(*capped(faults))
    return columns, unread


def _not_read(name: str, column: ColumnSpec, spec: ImportSpec, rows: Sequence[SourceRow]) -> str:
    """Why a column that the format fills in is left out, though it could be there; "" where it is read."""
    if in_seconds(column) and spec.tick_seconds is None:
        return "tick_seconds is not stated"
    if column.origin == "tokens" and not spec.usd_per_million_tokens:
        return "usd_per_million_tokens is not stated"
    if name in LABELS or name in OUTCOMES:
        return ""
    absent = missing_fields(rows, fields_read(column))
    return f"no row has {several(absent)}" if absent else ""
