"""Recorded tables: a benchmark's forecasts and outcomes, read from CSV, Parquet or JSON Lines.

One row per (task, agent, trial). Columns are named by the scenario:

    agent, task, claim, success, cost               required
    cost_belief  or  tokens and usd_per_token       one of the two; tokens x usd_per_token is the belief
    family, block                                   labels of the task
    duration                                        ticks of the attempt
    ability                                         true success probability, where it is known
    trial                                           numbers the repeated trials of one agent at one task

The order of rows is the order of agents and of tasks. A pair (task, agent) without a row cannot bid. Trials are
sorted by their number; claim and cost belief are those of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.arrays import BoolArray, FloatArray, IntArray
from sim.errors import TableError, closest

REQUIRED = ("agent", "task", "claim", "success", "cost")
OPTIONAL = ("cost_belief", "tokens", "usd_per_token", "family", "block", "duration", "ability", "trial")
_LABELS = ("agent", "task", "family", "block")


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


def read_table(path: Path, columns: Mapping[str, str]) -> Recorded:
    """The table at `path` with `columns` mapping our names to its own; raises TableError naming file and row."""
    frame = _columns(path, _read(path), columns)
    labels = {name: _texts(path, frame[name], columns[name]) for name in _LABELS if name in frame}
    numbers = {name: _numbers(path, frame[name], columns[name], name) for name in frame if name not in _LABELS}
    if "cost_belief" not in numbers:
        numbers["cost_belief"] = numbers["tokens"] * numbers["usd_per_token"]
    return _arrange(path, labels, numbers)


def _read(path: Path) -> pd.DataFrame:
    readers: dict[str, Any] = {
        ".csv": lambda: pd.read_csv(path, dtype=str, keep_default_na=False),
        ".parquet": lambda: pd.read_parquet(path),
        ".jsonl": lambda: pd.read_json(path, lines=True, dtype=False, convert_dates=False),
    }
    if path.suffix not in readers:
        raise TableError(f"{path}: a table must be .csv, .parquet or .jsonl")
    if not path.is_file():
        raise TableError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise TableError(f"{path}: the file is empty")
    try:
        frame: pd.DataFrame = readers[path.suffix]()
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TableError(f"{path}: cannot be read as {path.suffix[1:]}: {reason}") from error
    if frame.empty:
        raise TableError(f"{path}: the table has no rows")
    return frame


def _columns(path: Path, frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    for name in columns:
        if name not in (*REQUIRED, *OPTIONAL):
            allowed = (*REQUIRED, *OPTIONAL)
            raise TableError(
                f"world.columns: unknown key {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}"
            )
    for name in REQUIRED:
        if name not in columns:
            raise TableError(f"world.columns: {name!r} must be mapped to a column of {path.name}")
    priced = "tokens" in columns and "usd_per_token" in columns
    if ("cost_belief" in columns) == priced or ("tokens" in columns) != ("usd_per_token" in columns):
        raise TableError("world.columns: map either 'cost_belief', or both 'tokens' and 'usd_per_token'")
    for name, column in columns.items():
        if column not in frame.columns:
            there = [str(c) for c in frame.columns]
            raise TableError(
                f"{path}: no column {column!r} (for {name}){closest(column, there)}; it has {', '.join(there)}"
            )
    return pd.DataFrame({name: frame[column] for name, column in columns.items()})


def _texts(path: Path, column: pd.Series[Any], title: str) -> list[str]:
    texts = ["" if value is None else str(value).strip() for value in column.tolist()]
    if title and column.name in ("agent", "task"):
        for row, text in enumerate(texts):
            if not text or text == "nan":
                raise TableError(f"{path}: row {row + 1}: {title} is empty")
    return texts


_RULES: dict[str, tuple[str, Any]] = {
    "claim": ("lie in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
    "ability": ("lie in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
    "success": ("be 0 or 1", lambda x: (x == 0) | (x == 1)),
    "trial": ("be a whole number >= 0", lambda x: (x >= 0) & (x == np.floor(x))),
    "duration": ("be a whole number of ticks >= 0", lambda x: (x >= 0) & (x == np.floor(x))),
}


def _numbers(path: Path, column: pd.Series[Any], title: str, name: str) -> FloatArray:
    """The column as finite numbers obeying the name's rule; true and false count as 1 and 0 for success."""
    words = {"true": "1", "false": "0"} if name == "success" else {}
    raw = column.tolist()
    numbers = np.empty(len(raw))
    for row, value in enumerate(raw):
        text = str(value).strip()
        try:
            if "_" in text:  # Python would read 1_000 as a number
                raise ValueError
            numbers[row] = float(words.get(text.lower(), text))
        except ValueError:
            raise TableError(f"{path}: row {row + 1}: {title} must be a number; got {text!r}") from None
    rule, good = _RULES.get(name, ("be >= 0", lambda x: x >= 0))
    bad = ~(np.isfinite(numbers) & good(numbers))
    if bad.any():
        row = int(np.argmax(bad))
        raise TableError(f"{path}: row {row + 1}: {title} must be finite and {rule}; got {str(raw[row]).strip()!r}")
    return numbers


def _arrange(path: Path, labels: dict[str, list[str]], numbers: dict[str, FloatArray]) -> Recorded:
    agents, tasks = tuple(dict.fromkeys(labels["agent"])), tuple(dict.fromkeys(labels["task"]))
    i = pd.Categorical(labels["agent"], categories=list(agents)).codes.astype(np.int64)
    t = pd.Categorical(labels["task"], categories=list(tasks)).codes.astype(np.int64)
    place = _trial_places(path, labels, numbers, t * len(agents) + i)
    trials = np.zeros((len(tasks), len(agents)), np.int64)
    np.add.at(trials, (t, i), 1)
    n_trials = int(trials.max())
    latest = np.minimum(np.arange(n_trials), np.maximum(trials, 1)[..., None] - 1)

    def cells(values: FloatArray) -> FloatArray:
        full = np.zeros((len(tasks), len(agents), n_trials))
        full[t, i, place] = values
        return np.take_along_axis(full, latest, axis=-1)

    unknown = np.full((len(tasks), len(agents)), np.nan)
    return Recorded(
        agents=agents,
        tasks=tasks,
        family=_task_labels(path, "family", labels, tasks),
        block=_task_labels(path, "block", labels, tasks),
        present=trials > 0,
        belief=cells(numbers["claim"])[..., 0],
        cost_belief=cells(numbers["cost_belief"])[..., 0],
        ability=cells(numbers["ability"])[..., 0] if "ability" in numbers else unknown,
        success=cells(numbers["success"]) == 1,
        cost=cells(numbers["cost"]),
        duration=cells(numbers["duration"]).astype(np.int64) if "duration" in numbers else None,
        trials=trials,
    )


def _trial_places(path: Path, labels: dict[str, list[str]], numbers: dict[str, FloatArray], cell: IntArray) -> IntArray:
    """Place 0, 1, ... of each row among the trials of its cell, by trial number; duplicates are refused."""
    trial = numbers.get("trial", np.zeros(len(cell)))
    order = np.lexsort((trial, cell))
    same_cell = np.diff(cell[order], prepend=-1) == 0
    same = same_cell & (np.diff(trial[order], prepend=-1.0) == 0)
    if same.any():
        at = int(np.argmax(same))
        first, second = sorted((int(order[at - 1]), int(order[at])))
        what = f"({labels['task'][second]!r}, {labels['agent'][second]!r})"
        hint = " with the same trial" if "trial" in numbers else "; map 'trial' if these are repeated trials"
        raise TableError(f"{path}: rows {first + 1} and {second + 1} both hold {what}{hint}")
    start = np.maximum.accumulate(np.where(same_cell, 0, np.arange(len(cell))))
    place = np.empty(len(cell), np.int64)
    place[order] = np.arange(len(cell)) - start
    return place


def _task_labels(path: Path, name: str, labels: dict[str, list[str]], tasks: tuple[str, ...]) -> tuple[str, ...]:
    if name not in labels:
        return ("",) * len(tasks)
    found: dict[str, str] = {}
    for row, (task, label) in enumerate(zip(labels["task"], labels[name], strict=True)):
        if found.setdefault(task, label) != label:
            raise TableError(f"{path}: row {row + 1}: {name} of task {task!r} is {label!r}, but {found[task]!r} before")
    return tuple(found[task] for task in tasks)
