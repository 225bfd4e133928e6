"""Recorded tables: a benchmark's forecasts and outcomes, read from CSV, Parquet or JSON Lines.

One row per (task, agent, trial). Columns are named by the scenario:

    agent, task                                     required
    success  or  status                             at least one of the two, or a score. An empty success and the status
                                                    INFRA are attempts lost to the system; the other statuses are PASS
                                                    and FAIL
    score                                           in [0, 1], empty where the attempt was lost; stands instead of the
                                                    two where a scenario says what mark is a success (world.graded)
    claim, cost                                     may be missing, all of them: what reads them is then refused
    cost_belief  or  tokens and usd_per_token       one of the two, or none; tokens x usd_per_token is the belief
    family, block                                   labels of the task
    principal                                       owner of the task, by its name in the scenario
    duration                                        ticks of the attempt
    ability                                         true success probability, where it is known
    trial                                           tells apart the repeated trials of one agent at one task

The order of rows is the order of agents and of tasks. A pair (task, agent) without a row cannot bid. Trials are sorted
as numbers where all their ids are numbers, else by their rows. A claim and a cost belief belong to the trial before
which they were stated; an ability to the cell, which has that of its first trial. What a replication makes of repeated
trials is in `sim/world/trials.py`. Errors count rows from 1, the header apart, and name the line of a text file as
well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.errors import TableError, closest, several
from sim.tables.table_columns import Outcomes, numbers, outcomes, texts, trial_order
from sim.tables.table_faults import Faults
from sim.tables.table_file import Sheet, check_memory, choose, read_file

__all__ = [
    "OF_TASK",
    "OPTIONAL",
    "REQUIRED",
    "Recorded",
    "add_differing",
    "add_repeats",
    "found_columns",
    "guessed",
    "known_outcomes",
    "missing_columns",
    "read_sheet",
    "read_table",
]

REQUIRED = ("agent", "task", "success")
OPTIONAL = (
    *("claim", "cost", "status", "score", "cost_belief", "tokens", "usd_per_token"),
    *("family", "block", "duration", "ability", "trial", "principal"),
)
_LABELS = ("agent", "task", "family", "block", "principal", "trial")
OF_TASK = ("family", "block", "principal")
_OUTCOMES = ("success", "status", "score")
_PRICED = ("tokens", "usd_per_token")
_ALIASES = {"cost": ("cost_usd",), "tokens": ("tokens_forecast",)}
_CELL_FACTOR = 100  # bytes to a (task, agent, trial)


@dataclass(frozen=True, eq=False)
class Recorded:
    """A recorded table as arrays: T tasks, n agents, K trials. Cells without a row are `~present` and not read.

    belief, cost_belief and cost are NaN everywhere where the table has no such column.
    """

    agents: tuple[str, ...]
    tasks: tuple[str, ...]
    family: tuple[str, ...]
    block: tuple[str, ...]
    present: BoolArray  # (T, n)
    belief: FloatArray  # (T, n) of the first trial
    cost_belief: FloatArray  # (T, n) dollars, of the first trial
    ability: FloatArray  # (T, n), NaN where unknown
    success: BoolArray  # (T, n, K); cells with fewer trials than K repeat their last
    cost: FloatArray  # (T, n, K) dollars
    duration: IntArray | None  # (T, n, K) ticks
    trials: IntArray  # (T, n) trials recorded
    principal: tuple[str, ...] = ()  # of each task; empty where the table does not say
    infra: BoolArray | None = None  # (T, n, K) lost to the system; None where no attempt was
    trial_belief: FloatArray | None = None  # (T, n, K) of each trial; None where those of a cell agree
    trial_cost_belief: FloatArray | None = None  # (T, n, K) dollars, likewise
    trial_name: IntArray | None = None  # (T, n, K) place of each trial in its cell by its id; None where as they stand
    score: FloatArray | None = None  # (T, n, K) in [0, 1]; success is then False, and follows from a mark
    value: FloatArray | None = None  # (T,) dollars a success is worth, NaN where the scenario says; None: nowhere

    def lacks(self, name: str) -> bool:
        """The table has no column for belief, cost_belief or cost."""
        held = getattr(self, name)[self.present]
        return bool(held.size and np.isnan(held).all())


def missing_columns(mapped: Mapping[str, str]) -> list[str]:
    """Names that must be mapped to a column and are not; a status or a score stands for the success."""
    stands = {"success"} if mapped.keys() & {"status", "score"} else set()
    return [name for name in REQUIRED if name not in mapped and name not in stands]


def read_table(path: Path, columns: Mapping[str, str]) -> Recorded:
    """The table at `path` with `columns` mapping our names to its own; raises TableError naming file and row."""
    return read_sheet(read_file(path), columns)


def read_sheet(sheet: Sheet, columns: Mapping[str, str]) -> Recorded:
    """The table that was read as `sheet`; as `read_table`."""
    chosen, faults = choose(sheet, columns), Faults(sheet)
    labels = {name: texts(faults, chosen[name], columns[name], name) for name in _LABELS if name in chosen}
    plain = [name for name in chosen if name not in (*_LABELS, *_OUTCOMES)]
    amounts = {name: numbers(faults, chosen[name], columns[name], name) for name in plain}
    outcome = outcomes(faults, chosen, columns)
    faults.check()
    if "tokens" in amounts and "usd_per_token" in amounts:
        amounts["cost_belief"] = amounts["tokens"] * amounts["usd_per_token"]
    return _arrange(sheet, labels, amounts, outcome)


def found_columns(sheet: Sheet, stated: Mapping[str, str], how: str) -> dict[str, str]:
    """As `guessed`; raises TableError where a column that is needed is missing, with all of them.

    how: what the user writes to name a column, e.g. "--column cost=NAME", without the names.
    """
    mapped = guessed(sheet.headings, stated)
    missing = missing_columns(mapped)
    faults = [f"no column for {', '.join(missing)}; say which {how.format(missing[0])}"] if missing else []
    left = [name for name in _PRICED if name not in mapped]
    if len(left) == 1:
        faults.append(
            f"no column for {left[0]}, which with the other of tokens and usd_per_token stands for the dollars that an "
            f"attempt was expected to cost; say which {how.format(left[0])}"
        )
    if "score" in mapped and mapped.keys() & {"success", "status"}:
        faults.append("score stands instead of success and status; map one of them")
    if faults:
        raise TableError(*(f"{sheet.path}: {fault}; the table has {several(sheet.headings)}" for fault in faults))
    return mapped


def guessed(there: Sequence[str], stated: Mapping[str, str]) -> dict[str, str]:
    """Our names -> the table's: those stated, and the others found by their own names among its headings `there`.

    Raises TableError where a name stated is none of ours.

    >>> guessed(["agent", "task", "claim", "success", "cost_usd"], {})["cost"]
    'cost_usd'
    """
    allowed = (*REQUIRED, *OPTIONAL)
    for ours in stated:
        if ours not in allowed:
            raise TableError(f"columns: unknown name {ours!r}{closest(ours, allowed)}; allowed: {', '.join(allowed)}")
    mapped, skipped = dict(stated), {"score"}  # a score needs a mark
    if "score" in stated:
        skipped |= {"success", "status"}
    for ours in allowed:
        if ours in skipped or (ours == "status" and "success" in mapped):
            continue  # a status that nobody named is no better than the success
        found = [name for name in (ours, *_ALIASES.get(ours, ())) if name in there]
        if ours not in mapped and found:
            mapped[ours] = found[0]
    priced = [name for name in _PRICED if name in mapped]
    if "cost_belief" in mapped or (len(priced) == 1 and not stated.keys() & set(_PRICED)):
        return {ours: theirs for ours, theirs in mapped.items() if ours not in _PRICED}
    return mapped


def known_outcomes(recorded: Recorded) -> Recorded:
    """The table without the attempts that were lost; a cell that has no other keeps its claim, with 0 trials."""
    if recorded.infra is None:
        return recorded
    kept = (np.arange(recorded.success.shape[-1]) < recorded.trials[..., None]) & ~recorded.infra
    first, trials = np.argsort(~kept, axis=-1, kind="stable"), kept.sum(axis=-1)
    place = np.take_along_axis(first, _latest(trials, recorded.success.shape[-1]), axis=-1)
    per_trial = ("success", "cost", "duration", "trial_belief", "trial_cost_belief", "trial_name", "score")
    arrays = {name: x for name in per_trial if (x := getattr(recorded, name)) is not None}
    moved: dict[str, Any] = {name: np.take_along_axis(x, place, axis=-1) for name, x in arrays.items()}
    return replace(recorded, trials=trials, infra=None, **moved)


def _arrange(sheet: Sheet, labels: dict[str, list[str]], amounts: dict[str, FloatArray], outcome: Outcomes) -> Recorded:
    agents, i = _codes(labels["agent"])
    tasks, t = _codes(labels["task"])
    place, name = _trial_places(sheet, labels)
    n_trials = int(place.max()) + 1
    size = f"{len(tasks):,} tasks x {len(agents):,} agents x {n_trials:,} trial(s)"
    check_memory(sheet.path, size, len(tasks) * len(agents) * n_trials * _CELL_FACTOR)
    trials = np.zeros((len(tasks), len(agents)), np.int64)
    np.add.at(trials, (t, i), 1)
    latest = _latest(trials, n_trials)

    def cells(values: FloatArray | IntArray | BoolArray) -> FloatArray:
        full = np.zeros((len(tasks), len(agents), n_trials))
        full[t, i, place] = values
        return np.take_along_axis(full, latest, axis=-1)

    def column(name: str) -> FloatArray:
        unknown = np.broadcast_to(np.float64(np.nan), (len(tasks), len(agents), n_trials))
        return cells(amounts[name]) if name in amounts else unknown

    belief, cost_belief = column("claim"), column("cost_belief")
    return Recorded(
        agents=agents,
        tasks=tasks,
        family=_task_labels(sheet, "family", labels, tasks),
        block=_task_labels(sheet, "block", labels, tasks),
        present=trials > 0,
        belief=belief[..., 0],
        cost_belief=cost_belief[..., 0],
        ability=column("ability")[..., 0],
        success=cells(outcome.success) == 1,
        cost=column("cost"),
        duration=cells(amounts["duration"]).astype(np.int64) if "duration" in amounts else None,
        trials=trials,
        principal=_task_labels(sheet, "principal", labels, tasks) if "principal" in labels else (),
        infra=cells(outcome.lost) == 1 if outcome.lost.any() else None,
        trial_belief=_where_they_differ(belief),
        trial_cost_belief=_where_they_differ(cost_belief),
        trial_name=None if np.array_equal(name, place) else cells(name).astype(np.int64),
        score=None if outcome.score is None else cells(outcome.score),
    )


def _latest(trials: IntArray, n_trials: int) -> IntArray:
    """(T, n, K) place of the trial read at each try: the last is repeated."""
    return np.asarray(np.minimum(np.arange(n_trials), np.maximum(trials, 1)[..., None] - 1))


def _where_they_differ(values: FloatArray) -> FloatArray | None:
    """values (T, n, K); None where those of each cell are the same."""
    first = np.broadcast_to(values[..., :1], values.shape)
    return None if np.array_equal(values, first, equal_nan=True) else values


def _codes(names: Iterable[str]) -> tuple[tuple[str, ...], IntArray]:
    """The names that occur, in order, and the place of each row's among them."""
    order: dict[str, int] = {}
    codes = [order.setdefault(name, len(order)) for name in names]
    return tuple(order), np.array(codes, np.int64)


def _trial_places(sheet: Sheet, labels: Mapping[str, list[str]]) -> tuple[IntArray, IntArray]:
    """Place 0, 1, ... of each row among the trials of its cell, and its place there by the trials' ids.

    Raises TableError where two rows are the same trial.
    """
    faults = Faults(sheet)
    add_repeats(faults, labels, "world.columns.trial")
    faults.check()
    cell = _cells(labels)
    nothing = np.zeros(len(cell), np.int64)
    key, trial = trial_order(labels["trial"]) if "trial" in labels else (nothing, nothing)
    return _places(cell, key), _places(cell, trial)


def add_repeats(faults: Faults, labels: Mapping[str, list[str]], key: str) -> None:
    """Add the rows that are the same trial as an earlier one. key: what the user maps to tell trials apart."""
    cell = _cells(labels)
    trial = trial_order(labels["trial"])[1] if "trial" in labels else np.zeros(len(cell), np.int64)
    order = np.lexsort((trial, cell))
    same = (np.diff(cell[order], prepend=-1) == 0) & (np.diff(trial[order], prepend=-1) == 0)
    if not same.any():
        return
    starts = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))  # the first row of each trial
    first = np.empty_like(order)
    first[order] = order[starts]
    hint = "" if "trial" in labels else f"; map {key} if these are repeated trials"

    def text(row: int) -> str:
        what = f"agent {labels['agent'][row]!r}, task {labels['task'][row]!r}"
        trial_of = f", trial {labels['trial'][row]}" if "trial" in labels else ""
        return f"duplicate of {faults.sheet.earlier(int(first[row]))}: {what}{trial_of}{hint}"

    faults.add(first != np.arange(len(order)), text)


def _cells(labels: Mapping[str, list[str]]) -> IntArray:
    """A number for the (task, agent) of each row."""
    agents, i = _codes(labels["agent"])
    return _codes(labels["task"])[1] * len(agents) + i


def _places(cell: IntArray, key: IntArray) -> IntArray:
    """Place of each row among those of its cell, by key."""
    order = np.lexsort((key, cell))
    begins = np.diff(cell[order], prepend=-1) != 0
    start = np.maximum.accumulate(np.where(begins, np.arange(len(cell)), 0))
    place = np.empty(len(cell), np.int64)
    place[order] = np.arange(len(cell)) - start
    return place


def _task_labels(sheet: Sheet, name: str, labels: dict[str, list[str]], tasks: tuple[str, ...]) -> tuple[str, ...]:
    if name not in labels:
        return ("",) * len(tasks)
    faults = Faults(sheet)
    add_differing(faults, name, labels)
    faults.check()
    found = dict(zip(reversed(labels["task"]), reversed(labels[name]), strict=True))
    return tuple(found[task] for task in tasks)


def add_differing(faults: Faults, name: str, labels: Mapping[str, list[str]]) -> None:
    """Add the rows whose label of this name is another than an earlier row has of the same task."""
    found: dict[str, str] = {}
    known = [found.setdefault(task, label) for task, label in zip(labels["task"], labels[name], strict=True)]
    differ = [one != other for one, other in zip(known, labels[name], strict=True)]

    def text(row: int) -> str:
        return f"{name} of task {labels['task'][row]!r} is {labels[name][row]!r}, but {known[row]!r} in an earlier row"

    faults.add(differ, text)
