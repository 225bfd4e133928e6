"""The files a recorded table is read from: CSV, Parquet or JSON Lines, as columns of what they hold.

Nothing is interpreted here: a CSV holds texts, the typed formats hold what they hold. Errors name file and line.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.kit.errors import TableError, closest
from sim.kit.memory import available, gib

if TYPE_CHECKING:
    import pandas as pd

_READ_FACTOR = 20  # bytes of memory to a byte of text, while a table is read


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it was read. columns: one list for each heading. lines: where each row starts, for text files."""

    path: Path
    headings: list[str]
    columns: list[list[Any]]
    lines: list[int] | None

    def fault(self, row: int, text: str) -> TableError:
        """The error that names `row`, counted from 0."""
        line = "" if self.lines is None else f" (line {self.lines[row]})"
        return TableError(f"{self.path}: row {row + 1}{line}: {text}")


def column_names(path: Path) -> list[str]:
    """The headings of the table at `path`; raises TableError where it cannot be read."""
    return read_file(path).headings


def read_file(path: Path) -> Sheet:
    """The table at `path` as it stands; raises TableError in one line where it cannot be read."""
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".jsonl": _read_jsonl}
    if path.suffix not in readers:
        raise TableError(f"{path}: a table must be .csv, .parquet or .jsonl")
    if not path.is_file():
        raise TableError(f"{path}: {'is no file' if path.exists() else 'no such file'}")
    size = path.stat().st_size
    if size == 0:
        raise TableError(f"{path}: the file is empty")
    check_memory(path, f"a file of {gib(size)}", size * _READ_FACTOR)
    try:
        sheet = readers[path.suffix](path)
    except TableError:
        raise
    except UnicodeDecodeError:
        raise TableError(f"{path}: is no UTF-8 text") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TableError(f"{path}: cannot be read as {path.suffix[1:]}: {reason}") from None
    if not sheet.columns or not sheet.columns[0]:
        raise TableError(f"{path}: the table has no rows")
    return sheet


def sheet_of(frame: pd.DataFrame) -> Sheet:
    """A DataFrame as it stands; raises TableError where it has no rows. NaN is an empty cell."""
    if frame.empty:
        raise TableError("frame: the table has no rows")
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    cells = [[None if gone else value for value, gone in zip(c.tolist(), c.isna(), strict=True)] for c in columns]
    return Sheet(Path("frame"), [str(name) for name in frame.columns], cells, None)


def check_memory(path: Path, what: str, need: int) -> None:
    """Raise TableError where `what` needs more bytes than the machine has."""
    have = available()
    if need > have:
        raise TableError(f"{path}: {what} would need about {gib(need)} of memory; this machine has {gib(have)}")


def _read_csv(path: Path) -> Sheet:
    headings: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        begins = 1
        try:
            for row in reader:
                at, begins = begins, reader.line_num + 1
                if len(row) < 2 and not "".join(row).strip():
                    continue
                if not headings:
                    headings = [heading.strip() for heading in row]
                    continue
                if len(row) != len(headings):
                    raise TableError(f"{path}: line {at}: has {len(row)} fields; the header has {len(headings)}")
                rows.append(row)
                lines.append(at)
        except csv.Error as error:
            raise TableError(f"{path}: line {begins}: is no CSV: {error}") from None
    if headings and not rows:
        raise TableError(f"{path}: the table has a header and no rows")
    return Sheet(path, headings, [list(column) for column in zip(*rows, strict=True)], lines)


def _read_jsonl(path: Path) -> Sheet:
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    with path.open(encoding="utf-8-sig") as file:
        for at, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                row = json.loads(text, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                raise TableError(f"{path}: line {at}: is no JSON: {error}") from None
            if not isinstance(row, dict):
                raise TableError(f"{path}: line {at}: must be a JSON object, {{...}}; got {short(text.strip())}")
            rows.append(row)
            lines.append(at)
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    return Sheet(path, headings, [[row.get(heading) for row in rows] for heading in headings], lines)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} occurs twice")
    return dict(pairs)


def _read_parquet(path: Path) -> Sheet:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read()
    return Sheet(path, list(table.column_names), [column.to_pylist() for column in table.columns], None)


def choose(sheet: Sheet, columns: Mapping[str, str]) -> dict[str, list[Any]]:
    """The columns asked for, by our names."""
    there, chosen = sheet.headings, {}
    for name, column in columns.items():
        if there.count(column) > 1:
            raise TableError(f"{sheet.path}: column {column!r} (for world.columns.{name}) occurs twice")
        if column not in there:
            has = ", ".join(there)
            if len(there) == 1 and sheet.path.suffix == ".csv":
                has = f"one column, {there[0]!r}; fields must be separated by commas"
            raise TableError(
                f"{sheet.path}: no column {column!r} (for world.columns.{name}){closest(column, there)}; it has {has}"
            )
        chosen[name] = sheet.columns[there.index(column)]
    return chosen


def short(value: Any) -> str:
    """A value of a cell as an error shows it."""
    text = value.strip() if isinstance(value, str) else value
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
