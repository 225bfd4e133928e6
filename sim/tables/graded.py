"""Tables with a column of scores: a mark, the least score that is a success, goes with them and with no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sim.kit.errors import TableError
from sim.tables.table import Recorded, read_sheet
from sim.tables.table_file import Sheet


def scored(sheet: Sheet, columns: Mapping[str, str], mark: float | None, how: str) -> Recorded:
    """The table; raises TableError where it has scores and no mark in (0, 1] says what a success is, or has none.

    how: what the user writes to say the mark.
    """
    if ("score" in columns) != (mark is not None):
        what = "must be stated with a column of scores: the least that is a success"
        raise TableError(f"{sheet.path}: {how} {what if mark is None else 'has no meaning without a column of scores'}")
    if mark is not None and not 0 < mark <= 1:
        raise TableError(f"{sheet.path}: {how} must be > 0 and <= 1; got {mark:g}")
    return read_sheet(sheet, columns)


def marked(recorded: Recorded, mark: float | None) -> Recorded:
    """The table with a success where the score is the mark at least, and without scores; itself where it has none."""
    if recorded.score is None or mark is None:
        return recorded
    return replace(recorded, success=recorded.score >= mark, score=None)
