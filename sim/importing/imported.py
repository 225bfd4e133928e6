"""The engine: files -> rows -> long rows -> rows kept -> columns -> a recorded table, and a report of all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.importing.cell_text import is_empty, is_false
from sim.importing.chosen_columns import chosen_columns
from sim.importing.column_values import ColumnReader
from sim.importing.dotted import getter
from sim.importing.field_paths import fields_of
from sim.importing.found_files import found_files
from sim.importing.import_report import Dropped, ImportReport, ReadColumn
from sim.importing.importer import Importer
from sim.importing.importer_registry import importer_of, mapping_of
from sim.importing.mapping import INFRA, LABELS, OURS, OUTCOMES, ColumnSpec, ImportSpec
from sim.importing.reading import is_document
from sim.importing.reshape import long_rows
from sim.importing.row_filter import kept_rows
from sim.importing.source_row import SourceFile, SourceRow
from sim.importing.used_fields import check_fields, fields_read, keys_of, unused
from sim.kit.errors import MOST_FAULTS, ScenarioError, SimError, TableError, capped
from sim.kit.invalid import written
from sim.kit.remembered import Remembered
from sim.tables.table import OF_TASK, add_differing, add_repeats
from sim.tables.table_columns import Outcomes, numbers, outcomes, texts
from sim.tables.table_faults import Faults
from sim.tables.table_file import Sheet

if TYPE_CHECKING:
    import pandas as pd

_KNOWN = Remembered(1)


@dataclass(frozen=True, eq=False)
class Imported:
    """A recorded table made of results.

    columns: by our names, in order. success is True, False or None where lost; a score, in [0, 1] or None, may stand
    instead.
    """

    columns: Mapping[str, Sequence[Any]]
    report: ImportReport
    places: Sequence[str]

    @property
    def sheet(self) -> Sheet:
        """As a table that was read; errors name the files that a row came from."""
        values = list(self.columns.values())
        n_rows = len(self.places)
        return Sheet(
            Path("table"), list(self.columns), lambda at: list(values[at]), n_rows, None, self.places.__getitem__
        )

    @cached_property
    def frame(self) -> pd.DataFrame:
        """As a DataFrame."""
        import pandas as pd

        return pd.DataFrame({name: pd.Series(list(column), dtype=object) for name, column in self.columns.items()})


def import_results(spec: ImportSpec, folder: Path) -> Imported:
    """The table that the mapping makes of its files; relative ones start in `folder`.

    Raises ScenarioError where the mapping is wrong, TableError where the files are, with all faults that can be found
    together. The same files and mapping are read once in a process.
    """
    importer = importer_of(spec)
    merged = spec.over(mapping_of(importer))
    files = found_files(
        [merged.files] if isinstance(merged.files, str) else merged.files or [], folder, merged.path_pattern
    )
    if not files:
        raise ScenarioError("files: is missing: name the files of the results")
    sources = {file.shown: _digest(file) for file in files}
    known = str(folder), spec.model_dump_json(), type(importer), tuple(sources.items())
    made: Imported = _KNOWN.of(_KNOWN, known, lambda: _import(importer, merged, files, sources))
    return made


def _digest(file: SourceFile) -> str:
    try:
        with file.path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise TableError(f"{file.shown}: cannot be read: {error.strerror}") from None


def _import(importer: Importer, spec: ImportSpec, files: Sequence[SourceFile], sources: dict[str, str]) -> Imported:
    rows = _read(importer, spec, files)
    dropped: list[Dropped] = []
    read, keys = len(rows), keys_of(rows)
    if spec.wide is not None:
        rows, empty = long_rows(rows, spec.wide, spec.nulls)
        dropped += [Dropped("nothing in any field of wide for a task and an agent", empty)] if empty else []
    columns, unread = chosen_columns(importer, spec, rows, keys)
    reads = {f"columns.{name}": fields_read(column) for name, column in columns.items()}
    checked = reads | {f"where.{field}": fields_of(field) for field in spec.where}
    if spec.lost and spec.lost != mapping_of(importer).lost:
        checked["lost"] = [spec.lost]
    check_fields(rows, checked)
    kept, counts = kept_rows(rows, spec.where, spec.nulls)
    dropped += [Dropped(*one) for one in counts]
    if not kept:
        raise TableError("where: no row is kept: " + "; ".join(f"{count:,} where {why}" for why, count in counts))
    made, known = _values(columns, spec, kept)
    used = [
        spec.lost,
        *spec.where,
        *(field for fields in reads.values() for field in fields),
        *_wide_headings(spec, keys),
    ]
    return Imported(
        made,
        ImportReport(
            format=importer.name,
            sources=sources,
            rows_read=read,
            rows=len(kept),
            dropped=dropped,
            columns=known,
            unread=unread,
            unused=unused(keys, used),
            **_panel(made),
        ),
        [row.place for row in kept],
    )


def _read(importer: Importer, spec: ImportSpec, files: Sequence[SourceFile]) -> list[SourceRow]:
    rows: list[SourceRow] = []
    faults: list[str] = []
    stated = spec.rows is not None and spec.rows != mapping_of(importer).rows
    for file in files:
        if stated and not is_document(file):
            faults.append(f"{file.shown}: rows = {written(spec.rows)}: only JSON and YAML have it")
            continue
        try:
            rows += importer.read(file, spec.rows)
        except TableError as error:
            faults += error.args
        except SimError:
            raise
        except Exception as error:  # of a plugin
            text = " ".join(str(error).split())
            faults.append(f"{file.shown}: importer {importer.name!r}: {type(error).__name__}: {text}")
    if faults:
        raise TableError(*capped(faults))
    if not rows:
        raise TableError(f"{', '.join(file.shown for file in files[:MOST_FAULTS])}: no rows")
    return rows


def _values(
    columns: Mapping[str, ColumnSpec], spec: ImportSpec, rows: Sequence[SourceRow]
) -> tuple[dict[str, list[Any]], list[ReadColumn]]:
    """The columns' values, and what is said of each; raises TableError with the faults of all cells."""
    faults = Faults(Sheet(Path("table"), [], lambda _: [], len(rows), None, lambda at: rows[at].place))
    readers = {name: ColumnReader(name, column, spec, faults) for name, column in columns.items()}
    titles = {name: reader.title for name, reader in readers.items()}
    agents = texts(faults, readers["agent"].read(rows, []), titles["agent"], "agent")
    found: dict[str, list[Any]] = {"agent": agents}
    for name in columns:
        if name != "agent":
            raw = readers[name].read(rows, agents)
            if name in LABELS:
                raw = texts(faults, raw, titles[name], name)
            elif name not in OUTCOMES:
                raw = numbers(faults, raw, titles[name], name).tolist()
            found[name] = raw
    if spec.lost:
        _lose(found, rows, spec)
    outcome = outcomes(faults, {name: found[name] for name in OUTCOMES if name in found}, titles)
    labels = {name: found[name] for name in LABELS if name in found}
    add_repeats(faults, labels, "columns.trial")
    for name in OF_TASK:
        if name in labels:
            add_differing(faults, name, labels)
    faults.check()
    known = [readers[name].report(len(rows)) for name, column in columns.items()]
    made = {name: found[name] for name in columns if name not in OUTCOMES} | _became(outcome)
    return {name: made[name] for name in OURS if name in made}, known


def _became(outcome: Outcomes) -> dict[str, list[Any]]:
    """The column that says what became of each attempt: its success, or its score; None where it was lost."""
    name, known = ("success", outcome.success) if outcome.score is None else ("score", outcome.score)
    return {name: [None if lost else value for value, lost in zip(known.tolist(), outcome.lost, strict=True)]}


def _lose(found: dict[str, list[Any]], rows: Sequence[SourceRow], spec: ImportSpec) -> None:
    """Make the attempts that were lost so, in place: the field holds something that is neither false nor 0."""
    get = getter(spec.lost or "", spec.nulls)
    for at, row in enumerate(rows):
        value = get(row)
        if not is_empty(value, spec.nulls) and not is_false(value):
            for name, lost in (("success", None), ("status", INFRA), ("score", None)):
                if name in found:
                    found[name][at] = lost


def _panel(made: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Counts of agents, tasks, pairs, trials and lost attempts."""
    pairs: dict[tuple[str, str], int] = {}
    for pair in zip(made["agent"], made["task"], strict=True):
        pairs[pair] = pairs.get(pair, 0) + 1
    return {
        "agents": len(set(made["agent"])),
        "tasks": len(set(made["task"])),
        "pairs": len(pairs),
        "trials": (min(pairs.values()), max(pairs.values())),
        "infra": sum(value is None for value in made["score" if "score" in made else "success"]),
    }


def _wide_headings(spec: ImportSpec, keys: Sequence[str]) -> list[str]:
    """Headings that wide reads; those of agents it does not name are not among them."""
    if spec.wide is None:
        return []
    return [key for key in keys if any(_fits(form, key, spec.wide.agents) for form in spec.wide.fields.values())]


def _fits(form: str, key: str, agents: str | list[str]) -> bool:
    if not isinstance(agents, str):
        return key in {form.replace("{agent}", agent) for agent in agents}
    before, _, after = form.partition("{agent}")
    return key.startswith(before) and key.endswith(after)
