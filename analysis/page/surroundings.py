"""The attempts of one replication in order of their start, and which of them lie around a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.ledger_rows import Columns, Rows
from analysis.page.numbers import digits
from sim.kit.arrays import IntArray

BEFORE = 14  # attempts shown before those of a task, and as many after
_MOST = 60
_KEPT = ("task", "agent", "posting", "start", "finish", "status", "success", "timed_out")


class Surroundings:
    """The attempts around `tasks` in one replication of an arm. columns: each kept column as a list, row by row."""

    def __init__(self, rows: Rows, replication: int, tasks: Sequence[int]) -> None:
        mine = _own(rows.attempts, replication)
        order = np.lexsort([mine[name] for name in ("agent", "posting", "task", "start")])
        self._rows = {name: values[order] for name, values in mine.items()}
        first = _own(rows.clearings, replication)
        first = {name: values[first["posting"] == 0] for name, values in first.items()}
        self._posted = dict(zip(first["task"].tolist(), first["posted"].tolist(), strict=True))
        whole = {task: self._whole(task) for task in tasks}
        spans = [np.arange(low, high) for low, high in whole.values()]
        kept: IntArray = np.unique(np.concatenate(spans)) if spans else np.zeros(0, np.int64)
        self._slices = {task: np.searchsorted(kept, span).tolist() for task, span in whole.items()}
        self.columns: dict[str, list[Any]] = {name: self._rows[name][kept].astype(int).tolist() for name in _KEPT}
        self.columns |= {name: digits(self._rows[name][kept].tolist()) for name in ("payment", "cost")}

    def around(self, task: int) -> list[int]:
        """First and last + 1 of the rows around a task."""
        found: list[int] = self._slices[task]
        return found

    def _whole(self, task: int) -> tuple[int, int]:
        """The same, among all attempts of the replication; where the task has none, around its posting."""
        own = np.flatnonzero(self._rows["task"] == task)
        if not len(own):
            keys = self._rows["start"], self._rows["task"]
            at = int(((keys[0] < self._posted[task]) | ((keys[0] == self._posted[task]) & (keys[1] < task))).sum())
            own = np.array([at])
        low, count = max(0, int(own.min()) - BEFORE), len(self._rows["task"])
        return low, min(count, int(own.max()) + BEFORE + 1, low + _MOST)


def _own(rows: Columns, replication: int) -> dict[str, NDArray[Any]]:
    mine = rows["replication"] == replication
    return {name: values[mine] for name, values in rows.items()}
