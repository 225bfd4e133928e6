"""The tables that `show` prints, as HTML: sortable, each in a box of its own that scrolls where it is too wide.

A cell of an estimate also holds the number it is sorted by; what is undefined is sorted last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.page.elements import definitions, folded, paragraph, said
from analysis.tables import columns as meanings
from sim.kit.terminal import Column, Sheet

FILTERED = 12  # rows from which on a table can be filtered
_LONG = 20  # rows from which on a table scrolls down in its box
_SHORT = 28  # letters of a name that is kept on one line
_NUMBER = re.compile(r"[<]?(-?[\d,]*\.?\d+)")


def views(parts: Iterable[Any], table: str = "") -> str:
    """Texts and tables as `show` has them, in order. table: the CSV table that has its columns explained below."""
    found, heads = [], list[str]()
    for part in parts:
        if isinstance(part, Sheet):
            found.append(sheet(part))
            heads += [column.head for column in part.columns]
        elif part:
            found += [paragraph(line, "note") for line in str(part).split("\n") if line]
    return "\n".join([*found, explained(heads, table)])


def sheet(made: Sheet) -> str:
    """One table with all its columns, whatever room a terminal would have."""
    title = "; ".join((made.title or "").split("\n"))
    rows = list(zip(*(column.cells for column in made.columns), strict=True))
    body = "".join(_row(made.columns, row) for row in rows)
    head = "".join(_head(column) for column in made.columns)
    box, kind = (_filter(title) if len(rows) > FILTERED else ""), "scroll long" if len(rows) > _LONG else "scroll"
    return (
        f'<div class="table"><p class="title">{said(title)}</p>{box}'
        f'<div class="{kind}" tabindex="0" role="region" aria-label="{said(title)}"><table aria-label="{said(title)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
    )


def sort_key(cell: str) -> str:
    """The number at the beginning of a cell, as a script reads it; "" where there is none.

    >>> sort_key(".691 [.585, .776]"), sort_key("-1,200"), sort_key("<.001"), sort_key("-")
    ('.691', '-1200', '.001', '')
    """
    found = _NUMBER.match(cell)
    return found[1].replace(",", "") if found else ""


def explained(heads: Sequence[str], table: str) -> str:
    """What the columns mean that CSV files describe. table: the file that goes first."""
    known: dict[str, str] = {}
    for _, described in sorted(meanings().items(), key=lambda pair: pair[0] != table):
        for column, meaning in described.items():
            known.setdefault(column.replace("_", " "), meaning)
    plain = dict.fromkeys(" ".join(head.split()) for head in heads)
    return folded("What the columns mean", definitions({head: known[head] for head in plain if head in known}))


def grid(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table of texts; the first `left` columns are words."""
    cells = list(rows)
    columns = [Column(head, [row[place] for row in cells], left=place < left) for place, head in enumerate(heads)]
    return sheet(Sheet(title, columns)) if cells else ""


def pairs(title: str, found: Mapping[str, str]) -> str:
    """Names and texts."""
    return grid(title, ["name", "value"], list(found.items()), left=2)


def _head(column: Column) -> str:
    kind = "" if column.left else ' class="number"'
    return (
        f'<th scope="col" aria-sort="none"{kind}><button type="button" class="sort">'
        f"{said(' '.join(column.head.split()))}</button></th>"
    )


def _row(columns: Sequence[Column], row: Sequence[str]) -> str:
    parts = []
    for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
        text = said(" ".join(cell.split("\n")))
        kind = ' class="short"' if len(cell) <= _SHORT else ""
        if not place:
            parts.append(f'<th scope="row"{kind}>{text}</th>')
        elif column.left:
            parts.append(f"<td{kind}>{text}</td>")
        else:
            parts.append(f'<td class="number" data-v="{sort_key(cell)}">{text}</td>')
    return f"<tr>{''.join(parts)}</tr>"


def _filter(title: str) -> str:
    return (
        f'<label class="filter">Show rows with <input type="search" aria-label="Filter: {said(title)}"></label>'
        '<span class="count" aria-live="polite"></span>'
    )
