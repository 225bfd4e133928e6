"""Tables for a paper: formatted cells with caption and label, as LaTeX, Markdown, HTML and CSV. The one writer of them.

    table = PaperTable(
        heads=["arm", "welfare"],
        rows=[["second price", "-.030 [-.069, .010]"]],
        caption="Paired differences. n = 93 tasks, seed 1, scenario marketbench_head_to_head",
        label="tab:differences",
    )
    table.latex()       # a float with the rules of booktabs: needs \\usepackage{booktabs} and nothing else
    table.markdown()    # a pipe table under its caption
    write_table(table, Path("out"), "differences")      # differences.tex, .md and .csv

Cells are text as it is to be read; escaping is done here. In LaTeX a minus before a number is set as one, and letters
that pdflatex does not know stand by their code point, so that whatever is in a name, the file compiles. A line break in
a head or a cell becomes a space. `of_columns` takes the columns of a terminal's table. The CSV holds `data`, numbers at
full precision, where it is given, else the cells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.kit.csv_file import write_csv
from sim.kit.escape import html, latex, latex_comment, markdown, markdown_paragraph
from sim.kit.terminal import Column

if TYPE_CHECKING:
    import pandas as pd

_MINUS = re.compile(r"(?<![\w.)\]}])-(?=\.?\d)")
_PER_CENT = re.compile(r"(?<=\d) (?=\\%)")
_NOT_IN_A_LABEL = re.compile(r"[^A-Za-z0-9:]+")


@dataclass(frozen=True)
class PaperTable:
    """A table of text. n_left: the first columns, which are words; the others stand to the right.

    caption: what the table shows, of what n, by which seed and scenario; "": none, and then no float around it.
    label: of the float, e.g. "tab:welfare"; "": none. notes: sentences under the table. wide: over both columns of a
    page that has two. data: what the CSV holds; None: the cells.

    Raises ValueError where a row has not a cell for each head.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    label: str = ""
    n_left: int = 1
    notes: Sequence[str] = ()
    wide: bool = False
    data: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        for place, row in enumerate(self.rows):
            if len(row) != len(self.heads):
                raise ValueError(f"row {place} must have {len(self.heads)} cells, as many as heads; got {len(row)}")

    def latex(self) -> str:
        """A float with caption, label and notes around `tabular`; without a caption the tabular alone."""
        if not self.caption:
            return self.tabular()
        name = "table*" if self.wide else "table"
        label = [rf"\label{{{label_of(self.label)}}}"] if self.label else []
        lines = [
            rf"\begin{{{name}}}",
            r"\centering",
            rf"\caption{{{_text(self.caption)}}}",
            *label,
            r"\smallskip\small",
        ]
        lines.append(self.tabular())
        for note in self.notes:  # a box of its own width keeps long notes from widening the table
            lines += [r"\par\smallskip", rf"\parbox{{.97\linewidth}}{{\footnotesize {_text(note)}}}"]
        return "\n".join([*lines, rf"\end{{{name}}}"])

    def tabular(self) -> str:
        """The tabular alone, with the rules of booktabs.

        >>> print(PaperTable(["arm", "gain"], [["a_1", "-.5"]]).tabular())
        \\begin{tabular}{lr}
        \\toprule
        arm & gain \\\\
        \\midrule
        a\\_1 & $-$.5 \\\\
        \\bottomrule
        \\end{tabular}
        """
        sides = "l" * self.n_left + "r" * (len(self.heads) - self.n_left)
        rows = [" & ".join(self._cells(row)) + r" \\" for row in (self.heads, *self.rows)]
        head = [rf"\begin{{tabular}}{{{sides}}}", r"\toprule", rows[0], r"\midrule"]
        return "\n".join([*head, *rows[1:], r"\bottomrule", r"\end{tabular}"])

    def markdown(self) -> str:
        """The caption in bold, a pipe table, the notes as paragraphs.

        >>> print(PaperTable(["arm", "gain"], [["a|1", "-.5"]], caption="Gains").markdown())
        **Gains**
        <BLANKLINE>
        | arm | gain |
        | --- | ---: |
        | a\\|1 | -.5 |
        """
        places = range(len(self.heads))
        rule = " | ".join("---" if place < self.n_left else "---:" for place in places)
        head, *rows = (" | ".join(markdown(cell) for cell in line) for line in (self.heads, *self.rows))
        title = [f"**{markdown(self.caption)}**", ""] if self.caption else []
        notes = [part for note in self.notes for part in ("", markdown_paragraph(note))]
        return "\n".join([*title, *(f"| {line} |" for line in (head, rule, *rows)), *notes])

    def html(self) -> str:
        """A table element with its caption; the notes as paragraphs after it."""
        title = f"<caption>{html(self.caption)}</caption>" if self.caption else ""
        head = "".join(f"<th>{html(cell)}</th>" for cell in self.heads)
        body = "".join(f"<tr>{''.join(self._html(row))}</tr>" for row in self.rows)
        notes = "".join(f"<p>{html(note)}</p>" for note in self.notes)
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"

    def frame(self) -> pd.DataFrame:
        """What the CSV holds."""
        import pandas as pd

        if self.data is not None:
            return self.data
        heads = [" ".join(head.split()) for head in self.heads]
        return pd.DataFrame([list(row) for row in self.rows], columns=heads)

    def _cells(self, row: Sequence[str]) -> list[str]:
        """A name is left as it is written; of numbers minus signs are set."""
        cells = [latex(cell) if place < self.n_left else _text(cell) for place, cell in enumerate(row)]
        if cells[0].startswith("["):  # after a row's end LaTeX would read it as a length
            cells[0] = "{}" + cells[0]
        return cells

    def _html(self, row: Sequence[str]) -> list[str]:
        sides = ["left" if place < self.n_left else "right" for place in range(len(row))]
        return [f'<td style="text-align:{side}">{html(cell)}</td>' for side, cell in zip(sides, row, strict=True)]


def of_columns(
    columns: Sequence[Column],
    caption: str,
    label: str,
    *,
    notes: Sequence[str] = (),
    wide: bool = False,
    data: pd.DataFrame | None = None,
) -> PaperTable:
    """The table of a terminal's columns; those of words stand first."""
    ordered = [*(column for column in columns if column.left), *(column for column in columns if not column.left)]
    rows = list(zip(*(column.cells for column in ordered), strict=True))
    n_left = sum(column.left for column in columns)
    heads = [column.head for column in ordered]
    return PaperTable(heads, rows, caption, label, n_left, notes, wide, data)


def write_table(table: PaperTable, folder: Path, name: str, comments: Sequence[str] = ()) -> list[Path]:
    """NAME.tex, NAME.md and NAME.csv in the folder, which is made; the paths. comments: lines ahead of the LaTeX."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{kind}" for kind in ("tex", "md", "csv")]
    lines = [*(latex_comment(line) for line in comments), table.latex()]
    paths[0].write_text("\n".join(lines) + "\n", encoding="utf-8")
    paths[1].write_text(table.markdown() + "\n", encoding="utf-8")
    write_csv(table.frame(), paths[2], "%.12g")
    return paths


def label_of(text: str) -> str:
    """A label that LaTeX can refer to.

    >>> label_of("tab:solve_rate, 50% & more"), label_of("tab:Äb")
    ('tab:solve-rate-50-more', 'tab:b')
    """
    parts = (_NOT_IN_A_LABEL.sub("-", part).strip("-") for part in text.split(":"))
    return ":".join(part or "x" for part in parts)


def _text(text: str) -> str:
    """Text with numbers in it: a minus before a number is one, and no line breaks before a per cent."""
    return _PER_CENT.sub("~", _MINUS.sub("$-$", latex(text)))
