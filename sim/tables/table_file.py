"""The files a recorded table is read from: CSV, Parquet or JSON Lines, as columns of what they hold.

Nothing is interpreted here: a CSV holds texts, the typed formats hold what they hold. Errors name file and line.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.kit.errors import MOST_LISTED, TableError, capped, closest, several
from sim.kit.memory import available, gib

if TYPE_CHECKING:
    import pandas as pd

READ_FACTOR = 20  # bytes of memory to a byte of text, while a table is read
_CELL_BYTES = 150  # of memory to a cell of a typed format, while it is read and checked
_MOST_READ = 15  # columns of a table that are looked at


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it was read. column: the cells below a heading, by its place. lines: where each row of text starts.

    places: what names each row where the rows are of several files; path then names none of them.
    """

    path: Path
    headings: list[str]
    column: Callable[[int], list[Any]]
    n_rows: int
    lines: list[int] | None
    places: Callable[[int], str] | None = None

    def place(self, row: int) -> str:
        """File and row, which counts from 0 here and from 1 there."""
        if self.places is not None:
            return self.places(row)
        line = "" if self.lines is None else f" (line {self.lines[row]})"
        return f"{self.path}: row {row + 1}{line}"

    def earlier(self, row: int) -> str:
        """A row as an error of a later one names it."""
        return f"row {row + 1}" if self.places is None else self.places(row)


def read_file(path: Path) -> Sheet:
    """The table at `path` as it stands; raises TableError in one line where it cannot be read."""
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".jsonl": _read_jsonl}
    if path.suffix not in readers:
        raise TableError(f"{path}: a table must be .csv, .parquet or .jsonl")
    try:
        if not path.is_file():
            raise TableError(f"{path}: {'is no file' if path.exists() else 'no such file'}")
        size = path.stat().st_size
    except (OSError, ValueError) as error:  # a name no file can have
        raise TableError(f"{str(path)!r}: cannot be read: {getattr(error, 'strerror', error)}") from None
    if size == 0:
        raise TableError(f"{path}: the file is empty")
    check_memory(path, f"a file of {gib(size)}", size * READ_FACTOR)
    try:
        sheet = readers[path.suffix](path)
    except TableError:
        raise
    except UnicodeDecodeError:
        raise TableError(f"{path}: is no UTF-8 text") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise TableError(f"{path}: needs more memory than there is") from None
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TableError(f"{path}: cannot be read as {path.suffix[1:]}: {reason[:200]}") from None
    if not sheet.headings or not sheet.n_rows:
        raise TableError(f"{path}: the table has no rows")
    return sheet


def sheet_of(frame: pd.DataFrame) -> Sheet:
    """A DataFrame as it stands; raises TableError where it has no rows. NaN is an empty cell."""
    if frame.empty:
        raise TableError("frame: the table has no rows")
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    cells = [[None if gone else value for value, gone in zip(c.tolist(), c.isna(), strict=True)] for c in columns]
    return Sheet(Path("frame"), [str(name) for name in frame.columns], cells.__getitem__, len(frame), None)


def check_memory(path: Path, what: str, need: int) -> None:
    """Raise TableError where `what` needs more bytes than the machine has."""
    have = available()
    if need > have:
        raise TableError(f"{path}: {what} would need about {gib(need)} of memory; this machine has {gib(have)}")


def _read_csv(path: Path) -> Sheet:
    with path.open(encoding="utf-8-sig", newline="") as file:
        headings, rows, lines = csv_rows(path, file, ",")
    return Sheet(path, headings, lambda place: [row[place] for row in rows], len(rows), lines)


def csv_rows(path: Path | str, file: Iterable[str], delimiter: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Headings, rows of cells, and the line each row starts in; raises TableError with all rows of another length."""
    headings: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    faults: list[str] = []
    n_faults = 0
    reader = csv.reader(file, strict=True, delimiter=delimiter)
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
                n_faults += 1
                if n_faults <= MOST_LISTED:
                    faults.append(f"{path}: line {at}: has {len(row)} fields; the header has {len(headings)}")
                continue
            rows.append(row)
            lines.append(at)
    except csv.Error as error:
        raise TableError(*faults, f"{path}: line {begins}: is no CSV: {error}") from None
    if faults:
        raise TableError(*capped(faults, n_faults, MOST_LISTED))
    if headings and not rows:
        raise TableError(f"{path}: the table has a header and no rows")
    return headings, rows, lines


def _read_jsonl(path: Path) -> Sheet:
    with path.open(encoding="utf-8-sig") as file:
        rows, lines = jsonl_rows(path, file)
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    return Sheet(path, headings, lambda place: [row.get(headings[place]) for row in rows], len(rows), lines)


def jsonl_rows(path: Path | str, file: Iterable[str]) -> tuple[list[dict[str, Any]], list[int]]:
    """The rows, and the line each stands in; raises TableError with all lines that are none."""
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    faults: list[str] = []
    n_faults = 0
    for at, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text, object_pairs_hook=once)
            fault = None if isinstance(row, dict) else f"must be a JSON object, {{...}}; got {short(text.strip())}"
        except (ValueError, RecursionError) as error:
            fault = f"is no JSON: {error}"
        if fault is None:
            rows.append(row)
            lines.append(at)
            continue
        n_faults += 1
        if n_faults <= MOST_LISTED:
            faults.append(f"{path}: line {at}: {fault}")
    if faults:
        raise TableError(*capped(faults, n_faults, MOST_LISTED))
    return rows, lines


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; raises ValueError where a key occurs twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"{short(twice)} occurs twice")
    return found


def _read_parquet(path: Path) -> Sheet:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        shape = file.metadata.num_rows, file.metadata.num_columns  # a small file may hold many rows that are alike
        size = f"{shape[0]:,} rows of {shape[1]:,} columns"
        check_memory(path, size, shape[0] * min(shape[1], _MOST_READ) * _CELL_BYTES)
        table = file.read()
    return Sheet(path, list(table.column_names), lambda place: table.column(place).to_pylist(), table.num_rows, None)


def choose(sheet: Sheet, columns: Mapping[str, str]) -> dict[str, list[Any]]:
    """The columns asked for, by our names."""
    there, places, faults = sheet.headings, {}, []
    has = several(there)
    if len(there) == 1 and sheet.path.suffix == ".csv":
        has = f"one column, {short(there[0])}; fields must be separated by commas"
    for name, column in columns.items():
        if there.count(column) > 1:
            faults.append(f"column {short(column)} (for world.columns.{name}) occurs twice")
        elif column not in there:
            what = f"no column {short(column)} (for world.columns.{name})"
            faults.append(f"{what}{closest(column, there)}; it has {has}")
        else:
            places[name] = there.index(column)
    if faults:
        raise TableError(*capped(f"{sheet.path}: {fault}" for fault in faults))
    return {name: sheet.column(place) for name, place in places.items()}


def short(value: Any) -> str:
    """A value of a cell as an error shows it."""
    text = value.strip() if isinstance(value, str) else value
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
