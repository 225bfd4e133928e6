"""How tables stand in a terminal of any width: the one table writer. Builds, never prints.

A cell of a number is never folded or cut. Where a table is wider than the terminal, its names wrap by words; then the
columns of the largest rank are left out, which a line below says, with the file they stand in; then the table goes on
below with its keys repeated. A table of words that is too narrow for its sentences becomes a list of entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions
from rich.text import Text

from sim.kit.digits import Digits, of_errors, of_estimates, of_numbers

WIDTH = 120  # of tables where there is no terminal
_GAP = 2  # between columns
_NAMES = 20  # letters below which no column of names is squeezed
_PROSE = 30  # letters below which no column of sentences is squeezed
_INDENT = 4


class Column(NamedTuple):
    """A column of a table.

    left: of words. rank: the largest is left out first where there is no room; 0 is always there. key: it names the
    rows, and is repeated where the table goes on below; the first column always is. prose: its words wrap.
    """

    head: str
    cells: list[str]
    left: bool = False
    rank: int = 0
    key: bool = False
    prose: bool = False

    @property
    def width(self) -> int:
        """Of its longest cell and of its head, which is broken between words unless its lines are given.

        A word of a head, as of an arm's name, that is longer than _NAMES is broken itself.
        """
        lines = [line for text in self.cells for line in text.split("\n")]
        head = self.head.split("\n" if "\n" in self.head else None)
        return max(*(min(cell_len(part), _NAMES) for part in (*head, "")), *map(cell_len, (*lines, "")))

    @property
    def least(self) -> int:
        """The width to which it may be squeezed."""
        if self.prose:
            return min(self.width, _PROSE)
        return min(self.width, _NAMES) if self.left and self.key else self.width


class Sheet:
    """A table that lays itself out for the terminal it is printed in. where: the file with what is left out."""

    def __init__(self, title: str | None, columns: Sequence[Column], where: str = "") -> None:
        first, *others = columns
        self.title = None if title is None else "\n".join(map(shown_name, title.split("\n")))
        self.columns = [first._replace(key=True), *others]
        self.where = where

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """For rich: the title in bold, the table plain."""
        if self.title:
            yield Text("\n".join(wrapped(self.title, options.max_width)), style="bold")
        yield Text("\n".join(self.lines(options.max_width)), no_wrap=True, overflow="ignore")

    def fits(self, width: int) -> bool:
        """Whether everything stands side by side."""
        return _total(column.width for column in self.columns) <= width

    def lines(self, width: int) -> list[str]:
        """The table in lines of at most `width` letters, and what was left out."""
        kept = list(self.columns)
        while self.where and _squeezed(kept, width) > width and any(column.rank for column in kept):
            kept.remove(max(kept, key=lambda column: column.rank))
        left = [" ".join(column.head.split()) for column in self.columns if column not in kept]
        lines = _laid_out(kept, width)
        return lines + (wrapped(f"more in {self.where}: {', '.join(left)}", width) if left else [])


class FirstThatFits:
    """Of several ways to show the same, the first whose tables fit the terminal; the last where none does."""

    def __init__(self, *ways: Sequence[Sheet | str]) -> None:
        self.ways = ways

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Sheet | Text]:
        """For rich: the parts of the way chosen."""
        fitting = (way for way in self.ways if all(isinstance(p, str) or p.fits(options.max_width) for p in way))
        for part in next(fitting, self.ways[-1]):
            yield part if isinstance(part, Sheet) else Text("\n".join(wrapped(part, options.max_width)))


def of_rows(
    title: str | None,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    n_left: int = 1,
    prose: Sequence[str] = (),
    where: str = "",
) -> Sheet:
    """A table from its rows; the first `n_left` columns are words. prose: heads of columns of sentences."""
    cells = list(rows)
    columns = [
        Column(head, [row[place] for row in cells], left=place < n_left, prose=head in prose)
        for place, head in enumerate(heads)
    ]
    return Sheet(title, columns, where)


def estimate_column(head: str, rows: Iterable[Sequence[float]], rank: int = 0) -> Column:
    """A column of (value, low, high): estimates with their intervals."""
    rows = [tuple(map(float, row)) for row in rows]
    shown = of_estimates(rows)
    return Column(_with_unit(head, shown), [shown.estimated(*row) for row in rows], rank=rank)


def error_column(head: str, rows: Iterable[Sequence[float]], least: int = 3) -> Column:
    """A column of (value, error). least: decimals there are at any rate."""
    rows = [tuple(map(float, row)) for row in rows]
    shown = of_errors(rows, least)
    return Column(_with_unit(head, shown), [shown.number(*row) for row in rows])


def number_column(head: str, values: Iterable[float], rank: int = 0) -> Column:
    """A column of numbers without intervals."""
    values = [float(value) for value in values]
    shown = of_numbers(values)
    return Column(_with_unit(head, shown), [shown.text(value) for value in values], rank=rank)


def _with_unit(head: str, shown: Digits) -> str:
    return f"{head}\n{shown.unit}" if shown.unit else head


def shown_name(name: str) -> str:
    """A name as it is printed: on one line, without anything that commands a terminal.

    >>> shown_name("a\\nb\\x1b[31m"), shown_name("é☃")
    ('a\\\\nb\\\\x1b[31m', 'é☃')
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in name)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width`, broken between words; a word longer than a line is broken itself.

    >>> wrapped("one two  three", 8), wrapped("ab\\nabcdef", 4)
    (['one two', 'three'], ['ab', 'abcd', 'ef'])
    """
    return [part for line in text.split("\n") for part in _wrapped_line(line, max(width, 1))]


def _wrapped_line(line: str, width: int) -> list[str]:
    if cell_len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    found: list[str] = []
    current = ""
    for word in line.split():
        joined = f"{current} {word}" if current else f"{indent if not found else ''}{word}"
        if cell_len(joined) <= width:
            current = joined
            continue
        if current:
            found.append(current)
        *whole, current = chop_cells(word, width)
        found += whole
    return [*found, current]


def _total(widths: Iterable[int]) -> int:
    return sum(width + _GAP for width in widths) - _GAP


def _squeezed(columns: Sequence[Column], width: int) -> int:
    """What the columns take with names on at most half of the width."""
    return _total(max(c.least, min(c.width, width // 2)) if c.key and c.left else c.least for c in columns)


def _laid_out(columns: Sequence[Column], width: int) -> list[str]:
    words = all(column.left for column in columns) and any(column.prose for column in columns)
    if words and _total(column.least for column in columns) > width:
        return _entries(columns, width)
    lines: list[str] = []
    for block in _blocks(columns, width):
        lines += ["", *_block(block, width)] if lines else _block(block, width)
    return lines


def _blocks(columns: Sequence[Column], width: int) -> list[list[Column]]:
    """Groups of columns that fit side by side, each after the keys."""
    keys = [column for column in columns if column.key]
    others = [column for column in columns if not column.key]
    found = [keys[:]]
    for column in others:
        if len(found[-1]) > len(keys) and _total(c.least for c in (*found[-1], column)) > width:
            found.append(keys[:])
        found[-1].append(column)
    return found


def _block(columns: Sequence[Column], width: int) -> list[str]:
    """Columns side by side."""
    widths = _widths(columns, width)
    heads = [wrapped(column.head, size) for column, size in zip(columns, widths, strict=True)]
    tallest = max(map(len, heads))
    lines = _side_by_side([[*[""] * (tallest - len(head)), *head] for head in heads], columns, widths)
    for row in zip(*(column.cells for column in columns), strict=True):
        lines += _side_by_side([wrapped(cell, size) for cell, size in zip(row, widths, strict=True)], columns, widths)
    return lines


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """What room each has: names before sentences take what is left over."""
    sizes = [column.least for column in columns]
    for prose in (False, True):
        for place, column in enumerate(columns):
            if column.prose == prose:
                sizes[place] += max(0, min(column.width - sizes[place], width - _total(sizes)))
    return sizes


def _side_by_side(cells: Sequence[Sequence[str]], columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    lines = []
    for place in range(max(map(len, cells))):
        parts = []
        for cell, column, width in zip(cells, columns, widths, strict=True):
            text = cell[place] if place < len(cell) else ""
            room = " " * (width - cell_len(text))
            parts.append(text + room if column.left else room + text)
        lines.append((" " * _GAP).join(parts).rstrip())
    return lines


def _entries(columns: Sequence[Column], width: int) -> list[str]:
    """A name on a line of its own, what is said of it below; cells without words are left out."""
    lines = []
    for row in zip(*(column.cells for column in columns), strict=True):
        lines += wrapped(row[0], width)
        for place, (column, cell) in enumerate(zip(columns[1:], row[1:], strict=True)):
            if cell:
                lines += _entry("" if column.prose and not place else " ".join(column.head.split()), cell, width)
    return lines


def _entry(head: str, cell: str, width: int) -> list[str]:
    several = "\n" in cell
    text = cell if several or not head else f"{head}: {cell}"
    indent = _INDENT * 2 if several else _INDENT
    lines = [f"{' ' * indent}{line}" for line in wrapped(text, width - indent)]
    return [f"{' ' * _INDENT}{head}:", *lines] if several else lines
