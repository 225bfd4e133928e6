"""Recorded tables: a benchmark's forecasts and outcomes, read from CSV, Parquet or JSON Lines.

One row per (task, agent, trial). Columns are named by the scenario:

    agent, task, claim, success, cost               required
    cost_belief  or  tokens and usd_per_token       one of the two; tokens x usd_per_token is the belief
    family, block                                   labels of the task
    principal                                       whose task it is, by the name in the scenario
    duration                                        ticks of the attempt
    ability                                         true success probability, where it is known
    trial                                           numbers the repeated trials of one agent at one task

The order of rows is the order of agents and of tasks. A pair (task, agent) without a row cannot bid. Trials are
sorted by their number; claim and cost belief are those of the first. Errors count rows from 1, the header apart, and
name the line of a text file as well.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.arrays import BoolArray, FloatArray, IntArray
from sim.distribution import MOST, MOST_TICKS
from sim.errors import TableError, closest
from sim.invalid import number
from sim.memory import available, gib

REQUIRED = ("agent", "task", "claim", "success", "cost")
OPTIONAL = ("cost_belief", "tokens", "usd_per_token", "family", "block", "duration", "ability", "trial", "principal")
_LABELS = ("agent", "task", "family", "block", "principal")


@dataclass(frozen=True, eq=False)
class Recorded:
    """A recorded table as arrays: T tasks, n agents, K trials. Cells without a row are `~present` and not read."""

    agents: tuple[str, ...]
    tasks: tuple[str, ...]
    family: tuple[str, ...]
    block: tuple[str, ...]
    present: BoolArray  # (T, n)
    belief: FloatArray  # (T, n)
    cost_belief: FloatArray  # (T, n) dollars
    ability: FloatArray  # (T, n), NaN where unknown
    success: BoolArray  # (T, n, K); cells with fewer trials than K repeat their last
    cost: FloatArray  # (T, n, K) dollars
    duration: IntArray | None  # (T, n, K) ticks
    trials: IntArray  # (T, n) trials recorded
    principal: tuple[str, ...] = ()  # of each task; empty where the table does not say


_READ_FACTOR = 20  # bytes of memory to a byte of text, while a table is read
_CELL_FACTOR = 100  # bytes to a (task, agent, trial)


@dataclass(frozen=True, eq=False)
class _Source:
    """A table as it was read. columns: one list for each heading. lines: where each row starts, for text files."""

    path: Path
    headings: list[str]
    columns: list[list[Any]]
    lines: list[int] | None

    def fault(self, row: int, text: str) -> TableError:
        """The error that names `row`, counted from 0."""
        line = "" if self.lines is None else f" (line {self.lines[row]})"
        return TableError(f"{self.path}: row {row + 1}{line}: {text}")


def read_table(path: Path, columns: Mapping[str, str]) -> Recorded:
    """The table at `path` with `columns` mapping our names to its own; raises TableError naming file and row."""
    source = _read(path)
    chosen = _choose(source, columns)
    labels = {name: _texts(source, chosen[name], columns[name], name) for name in _LABELS if name in chosen}
    numbers = {name: _numbers(source, chosen[name], columns[name], name) for name in chosen if name not in _LABELS}
    if "cost_belief" not in numbers:
        numbers["cost_belief"] = numbers["tokens"] * numbers["usd_per_token"]
    return _arrange(source, labels, numbers)


def column_names(path: Path) -> list[str]:
    """The headings of the table at `path`; raises TableError where it cannot be read."""
    return _read(path).headings


def _read(path: Path) -> _Source:
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".jsonl": _read_jsonl}
    if path.suffix not in readers:
        raise TableError(f"{path}: a table must be .csv, .parquet or .jsonl")
    if not path.is_file():
        raise TableError(f"{path}: {'is no file' if path.exists() else 'no such file'}")
    size = path.stat().st_size
    if size == 0:
        raise TableError(f"{path}: the file is empty")
    _check_memory(path, f"a file of {gib(size)}", size * _READ_FACTOR)
    try:
        source = readers[path.suffix](path)
    except TableError:
        raise
    except UnicodeDecodeError:
        raise TableError(f"{path}: is no UTF-8 text") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TableError(f"{path}: cannot be read as {path.suffix[1:]}: {reason}") from None
    if not source.columns or not source.columns[0]:
        raise TableError(f"{path}: the table has no rows")
    return source


def _check_memory(path: Path, what: str, need: int) -> None:
    have = available()
    if need > have:
        raise TableError(f"{path}: {what} would need about {gib(need)} of memory; this machine has {gib(have)}")


def _read_csv(path: Path) -> _Source:
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
    return _Source(path, headings, [list(column) for column in zip(*rows, strict=True)], lines)


def _read_jsonl(path: Path) -> _Source:
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
                raise TableError(f"{path}: line {at}: must be a JSON object, {{...}}; got {_short(text.strip())}")
            rows.append(row)
            lines.append(at)
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    return _Source(path, headings, [[row.get(heading) for row in rows] for heading in headings], lines)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} occurs twice")
    return dict(pairs)


def _read_parquet(path: Path) -> _Source:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read()
    return _Source(path, list(table.column_names), [column.to_pylist() for column in table.columns], None)


def _choose(source: _Source, columns: Mapping[str, str]) -> dict[str, list[Any]]:
    """The columns asked for, by our names."""
    there, chosen = source.headings, {}
    for name, column in columns.items():
        if there.count(column) > 1:
            raise TableError(f"{source.path}: column {column!r} (for world.columns.{name}) occurs twice")
        if column not in there:
            has = ", ".join(there)
            if len(there) == 1 and source.path.suffix == ".csv":
                has = f"one column, {there[0]!r}; fields must be separated by commas"
            raise TableError(
                f"{source.path}: no column {column!r} (for world.columns.{name}){closest(column, there)}; it has {has}"
            )
        chosen[name] = source.columns[there.index(column)]
    return chosen


def _short(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else value
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _texts(source: _Source, column: list[Any], title: str, name: str) -> list[str]:
    texts = []
    known: set[str] = set()
    for row, value in enumerate(column):
        if _missing(value) or value != value:  # NaN is how some writers say that a name is missing
            if name in ("agent", "task", "principal"):
                raise source.fault(row, f"{title} is empty")
            texts.append("")
            continue
        if isinstance(value, bool | list | dict):
            raise source.fault(row, f"{title} must be text; got {_short(value)}")
        text = str(value).strip()
        if text not in known:
            if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
                raise source.fault(row, f"{title} must be one line without control characters; got {_short(text)}")
            known.add(text)
        texts.append(text)
    return texts


_MONEY = f"a number from 0 to {number(MOST)}"
_RULES: dict[str, tuple[str, Any]] = {
    "claim": ("a number in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
    "ability": ("a number in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
    "success": ("0 or 1, false or true", lambda x: (x == 0) | (x == 1)),
    "trial": ("a whole number >= 0", lambda x: (x >= 0) & (x <= MOST) & (x == np.floor(x))),
    "duration": (
        f"a whole number of ticks from 0 to {number(MOST_TICKS)}",
        lambda x: (x >= 0) & (x <= MOST_TICKS) & (x == np.floor(x)),
    ),
}


def _numbers(source: _Source, column: list[Any], title: str, name: str) -> FloatArray:
    """The column as finite numbers obeying the name's rule; true and false count as 1 and 0 for success."""
    rule, good = _RULES.get(name, (_MONEY, lambda x: (x >= 0) & (x <= MOST)))
    numbers = np.array([_number(value, name == "success") for value in column], np.float64)
    bad = ~good(numbers)
    if bad.any():
        row = int(np.argmax(bad))
        got = "nothing" if _missing(column[row]) else _short(column[row])
        raise source.fault(row, f"{title} must be {rule}; got {got}")
    return numbers


def _number(value: Any, or_truth: bool) -> float:
    """`value` as a number, NaN where it is none. Not every text that Python would read is one: 1_000 is not."""
    if isinstance(value, bool):
        return float(value) if or_truth else np.nan
    if isinstance(value, str):
        value = value.strip().lower()
        if or_truth and value in ("true", "false"):
            return float(value == "true")
        if "_" in value or not value.isascii():
            return np.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _arrange(source: _Source, labels: dict[str, list[str]], numbers: dict[str, FloatArray]) -> Recorded:
    agents, i = _codes(labels["agent"])
    tasks, t = _codes(labels["task"])
    place = _trial_places(source, labels, numbers, t * len(agents) + i)
    n_trials = int(place.max()) + 1
    size = f"{len(tasks):,} tasks x {len(agents):,} agents x {n_trials:,} trial(s)"
    _check_memory(source.path, size, len(tasks) * len(agents) * n_trials * _CELL_FACTOR)
    trials = np.zeros((len(tasks), len(agents)), np.int64)
    np.add.at(trials, (t, i), 1)
    latest = np.minimum(np.arange(n_trials), np.maximum(trials, 1)[..., None] - 1)

    def cells(values: FloatArray) -> FloatArray:
        full = np.zeros((len(tasks), len(agents), n_trials))
        full[t, i, place] = values
        return np.take_along_axis(full, latest, axis=-1)

    unknown = np.full((len(tasks), len(agents)), np.nan)
    return Recorded(
        agents=agents,
        tasks=tasks,
        family=_task_labels(source, "family", labels, tasks),
        block=_task_labels(source, "block", labels, tasks),
        present=trials > 0,
        belief=cells(numbers["claim"])[..., 0],
        cost_belief=cells(numbers["cost_belief"])[..., 0],
        ability=cells(numbers["ability"])[..., 0] if "ability" in numbers else unknown,
        success=cells(numbers["success"]) == 1,
        cost=cells(numbers["cost"]),
        duration=cells(numbers["duration"]).astype(np.int64) if "duration" in numbers else None,
        trials=trials,
        principal=_task_labels(source, "principal", labels, tasks) if "principal" in labels else (),
    )


def _codes(names: Iterable[str]) -> tuple[tuple[str, ...], IntArray]:
    """The names that occur, in order, and the place of each row's among them."""
    order: dict[str, int] = {}
    codes = [order.setdefault(name, len(order)) for name in names]
    return tuple(order), np.array(codes, np.int64)


def _trial_places(
    source: _Source, labels: dict[str, list[str]], numbers: dict[str, FloatArray], cell: IntArray
) -> IntArray:
    """Place 0, 1, ... of each row among the trials of its cell, by trial number; duplicates are refused."""
    trial = numbers.get("trial", np.zeros(len(cell)))
    order = np.lexsort((trial, cell))
    same_cell = np.diff(cell[order], prepend=-1) == 0
    same = same_cell & (np.diff(trial[order], prepend=-1.0) == 0)
    if same.any():
        at = int(np.argmax(same))
        first, second = sorted((int(order[at - 1]), int(order[at])))
        what = f"agent {labels['agent'][second]!r}, task {labels['task'][second]!r}"
        if "trial" in numbers:
            raise source.fault(second, f"duplicate of row {first + 1}: {what}, trial {trial[second]:g}")
        hint = "map world.columns.trial if these are repeated trials"
        raise source.fault(second, f"duplicate of row {first + 1}: {what}; {hint}")
    start = np.maximum.accumulate(np.where(same_cell, 0, np.arange(len(cell))))
    place = np.empty(len(cell), np.int64)
    place[order] = np.arange(len(cell)) - start
    return place


def _task_labels(source: _Source, name: str, labels: dict[str, list[str]], tasks: tuple[str, ...]) -> tuple[str, ...]:
    if name not in labels:
        return ("",) * len(tasks)
    found: dict[str, str] = {}
    for row, (task, label) in enumerate(zip(labels["task"], labels[name], strict=True)):
        if found.setdefault(task, label) != label:
            raise source.fault(row, f"{name} of task {task!r} is {label!r}, but {found[task]!r} in an earlier row")
    return tuple(found[task] for task in tasks)
