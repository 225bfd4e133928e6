"""Faults of a table's cells: all that can be found are reported together, in the order of rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.kit.errors import MOST_FAULTS, TableError, capped
from sim.tables.table_file import Sheet


class Faults:
    """The faults of one sheet, added column by column."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._found: list[tuple[int, str]] = []
        self._count = 0

    def add(self, bad: NDArray[np.bool_] | list[bool], text: Callable[[int], str]) -> None:
        """Add each row where `bad` (rows,) holds; `text` says what is wrong in a row."""
        rows = np.flatnonzero(bad)
        self._count += len(rows)
        self._found += [(int(row), text(int(row))) for row in rows[:MOST_FAULTS]]

    def check(self) -> None:
        """Raise TableError where there are any."""
        if self._count:
            ordered = sorted(self._found, key=lambda found: found[0])
            lines = [f"{self.sheet.place(row)}: {text}" for row, text in ordered]
            raise TableError(*capped(lines, self._count))
