"""Faults of a table's cells: all that can be found are reported together, in the order of rows.

Where more than _ONE_BY_ONE rows have one kind of fault in one column, the first of them and their number are reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.kit.errors import MOST_LISTED, TableError, capped
from sim.tables.table_file import Sheet

_ONE_BY_ONE = 3  # rows of a kind of fault that have a line each
_OF_ITS_ROW = re.compile(r"; got |(?<=^duplicate) of | of task ")


class Faults:
    """The faults of one sheet, added column by column."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._found: dict[str, list[tuple[int, str]]] = {}  # kind -> the first of that kind, no more than have a line
        self._count: dict[str, int] = {}

    def add(self, bad: NDArray[np.bool_] | list[bool], text: Callable[[int], str]) -> None:
        """Add each row where `bad` (rows,) holds; `text` says what is wrong in a row."""
        for row in np.flatnonzero(bad).tolist():
            line = text(row)
            kind = _kind_of(line)
            self._count[kind] = self._count.get(kind, 0) + 1
            if self._count[kind] <= _ONE_BY_ONE:
                self._found.setdefault(kind, []).append((row, line))

    def check(self) -> None:
        """Raise TableError where there are any: a kind of which there are many has one line, with its count."""
        ordered = sorted((line for kind in self._found for line in self._lines(kind)), key=lambda line: line[0])
        if ordered:
            raise TableError(*capped([line for _, line in ordered], most=MOST_LISTED))

    def _lines(self, kind: str) -> list[tuple[int, str]]:
        """(row, line) of what is said of a kind."""
        found, count = self._found[kind], self._count[kind]
        if count <= _ONE_BY_ONE:
            return [(row, f"{self.sheet.place(row)}: {text}") for row, text in found]
        row, text = found[0]
        return [(row, f"{self.sheet.place(row)} and {count - 1:,} more rows: {text}")]


def _kind_of(text: str) -> str:
    """The fault without what is of its row: what was got, and another row it is like.

    >>> _kind_of("claim must be a number in [0, 1]; got 7")
    'claim must be a number in [0, 1]'
    """
    return _OF_ITS_ROW.split(text, maxsplit=1)[0]
