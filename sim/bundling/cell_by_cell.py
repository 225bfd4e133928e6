"""Two CSV tables, cell by cell: exactly, and by how much a number is off where it is."""

from __future__ import annotations

import csv
import io
import math
from typing import NamedTuple

from sim.bundling.bundle_format import ABSOLUTE, RELATIVE


class Cell(NamedTuple):
    """A cell that differs. row: line of the file, the header's is 1; column: its name."""

    row: int
    column: str
    stated: str
    found: str

    def __str__(self) -> str:
        """The cell and both its values."""
        stated, found = self.stated or "empty", self.found or "empty"
        return f"row {self.row}, column {self.column}: {stated} in the bundle, {found} now"


class TableDifference(NamedTuple):
    """What differs between two tables of one form. first: the first cell that is not exactly the same, None: none is.

    wrong: the first that is off by more than the tolerance, or no number. cells: how many are not exactly the same.
    worst: how far the numbers among them are off, as a share of the greater.
    """

    first: Cell | None
    wrong: Cell | None
    cells: int
    worst: float


def table_difference(stated: bytes, found: bytes) -> TableDifference | str:
    """What differs; a sentence where the two have not the same rows and columns."""
    one, other = _rows(stated), _rows(found)
    heads = (one[0] if one else [], other[0] if other else [])
    if heads[0] != heads[1]:
        odd = [name for name in dict.fromkeys([*heads[0], *heads[1]]) if (name in heads[0]) != (name in heads[1])]
        return f"has other columns: {', '.join(odd) or 'the same in another order'}"
    if len(one) != len(other):
        return f"has {len(one) - 1:,} rows in the bundle, {len(other) - 1:,} now"
    return _cells(one, other)


def _cells(one: list[list[str]], other: list[list[str]]) -> TableDifference:
    first = wrong = None
    count, worst = 0, 0.0
    for row, (mine, theirs) in enumerate(zip(one, other, strict=True), start=1):
        if mine == theirs:
            continue
        for place in range(max(len(mine), len(theirs))):
            cell = _cell(one[0], row, place, mine, theirs)
            off = _off(cell.stated, cell.found)
            if off == 0.0:
                continue
            count, first = count + 1, first or cell
            if off > RELATIVE:
                wrong = wrong or cell
            if math.isfinite(off):
                worst = max(worst, off)
    return TableDifference(first, wrong, count, worst)


def _cell(head: list[str], row: int, place: int, mine: list[str], theirs: list[str]) -> Cell:
    column = head[place] if place < len(head) else f"number {place + 1}"
    stated, found = (cells[place] if place < len(cells) else "" for cells in (mine, theirs))
    return Cell(row, column, stated, found)


def _off(stated: str, found: str) -> float:
    """How far two cells are apart, as a share of the greater; infinite where they are not both numbers.

    At most ABSOLUTE where that is how far they are apart: of numbers near 0 the share says nothing.

    >>> _off("1.0", "1"), _off("a", "b"), _off("2.0", "1.0")
    (0.0, inf, 0.5)
    """
    if stated == found:
        return 0.0
    try:
        one, other = float(stated), float(found)
    except ValueError:
        return math.inf
    if not (math.isfinite(one) and math.isfinite(other)):
        return 0.0 if one == other else math.inf
    share = abs(one - other) / max(abs(one), abs(other)) if one != other else 0.0
    return min(share, ABSOLUTE) if abs(one - other) <= ABSOLUTE else share


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline="")))
