"""How tables of numbers stand in a terminal: numbers, intervals, p values, columns. Builds, never prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill
from typing import Literal, NamedTuple

from rich.table import Table
from rich.text import Text

WIDTH = 120  # that a table of numbers takes where columns can be left out
_GAP = 2  # between columns


class Column(NamedTuple):
    """A column of a table. rank: the largest is left out first where there is no room; 0 is always there."""

    head: str
    cells: list[str]
    left: bool = False
    rank: int = 0

    @property
    def width(self) -> int:
        """Of its longest line, with the gap after it."""
        lines = [line for text in (self.head, *self.cells) for line in text.split("\n")]
        return max(map(len, lines)) + _GAP


def number(value: float, error: float | None = None) -> str:
    """`value ± error` to four places, or three beside an error; a dash where undefined.

    >>> number(0.25, 0.0125), number(-0.00001), number(float("nan"))
    ('.250 ± .013', '.0000', '-')
    """
    if math.isnan(value):
        return "-"
    if error is None or math.isnan(error):
        return _short(value, 4)
    return f"{_short(value, 3)} ± {_short(error, 3)}"


def estimated(value: float, low: float, high: float) -> str:
    """`value [low, high]` to three places; the value alone where there is no interval, a dash where undefined.

    >>> estimated(0.241, 0.2042, 0.2809), estimated(1.5, float("nan"), float("nan"))
    ('.241 [.204, .281]', '1.500')
    """
    if math.isnan(value):
        return "-"
    if math.isnan(low) or math.isnan(high):
        return _short(value, 3)
    return f"{_short(value, 3)} [{_short(low, 3)}, {_short(high, 3)}]"


def p_value(p: float) -> str:
    """A p value to three places, a dash where undefined.

    >>> p_value(0.0312), p_value(0.0004), p_value(1.0)
    ('.031', '<.001', '1.000')
    """
    if math.isnan(p):
        return "-"
    return "<.001" if p < 0.001 else _short(p, 3)


def _short(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text


def plain_table(title: str | None, columns: Sequence[str], n_left: int = 1) -> Table:
    """A table without rules; the first `n_left` columns are text, the others numbers."""
    table = Table(
        title=None if title is None else Text(title),
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
    )
    for place, column in enumerate(columns):
        side: Literal["left", "right"] = "left" if place < n_left else "right"
        table.add_column(Text(column), justify=side, no_wrap=place == 0, overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain text: names are the user's and may look like markup."""
    table.add_row(*(Text(cell) for cell in cells))


def heading(title: str) -> Text:
    """What stands above a table, however narrow that is."""
    return Text("\n".join(fill(line, WIDTH) for line in title.split("\n")), style="bold")


def fitted(columns: Sequence[Column], width: int = WIDTH) -> tuple[Table, list[str]]:
    """A table of the columns that fit `width`, and the heads of those left out; columns of text stand first."""
    kept = list(columns)
    while sum(column.width for column in kept) - _GAP > width and any(column.rank for column in kept):
        kept.remove(max(kept, key=lambda column: column.rank))
    table = plain_table(None, [column.head for column in kept], sum(column.left for column in kept))
    for cells in zip(*(column.cells for column in kept), strict=True):
        add_row(table, *cells)
    return table, [" ".join(column.head.split()) for column in columns if column not in kept]
