"""One document that holds all tables and figures: as LaTeX, which pdflatex compiles in its folder, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from analysis.paper_table import PaperTable
from sim.kit.escape import latex

TITLE = "MarketBench, made again: every table and figure beside the published number"
_HEAD = r"""\documentclass[10pt]{article}
\usepackage[margin=0.7in]{geometry}
\usepackage{booktabs,graphicx}
\setlength{\tabcolsep}{3pt}
\setcounter{totalnumber}{8}
\renewcommand{\floatpagefraction}{0.35}
\title{%s}
\author{}
\date{}
\begin{document}
\maketitle
"""


class Piece(NamedTuple):
    """A table, or a figure with a title. name: of its files."""

    name: str
    table: PaperTable | None = None
    title: str = ""


def latex_document(pieces: Sequence[Piece], lines: Sequence[str]) -> str:
    """The document; tables and figures are read from tables/ and figures/ beside it. lines: after the first table."""
    said = [rf"\noindent {latex(line)}\par\smallskip" for line in lines]
    first, *others = map(_part, pieces)
    return "\n".join([_HEAD % latex(TITLE), first, *said, r"\clearpage", *others, r"\end{document}"]) + "\n"


def _part(piece: Piece) -> str:
    """A table; a figure for two columns, and for one on a page of its own."""
    if piece.table is not None:
        return rf"\input{{tables/{piece.name}.tex}}"
    return _figure(piece, "", "two columns") + "\n" + _figure(piece, ".column", "one column")


def _figure(piece: Piece, ending: str, width: str) -> str:
    lines = [r"\begin{figure}[p]", r"\centering", rf"\includegraphics{{figures/{piece.name}{ending}.pdf}}"]
    return "\n".join([*lines, rf"\caption{{{latex(piece.title)} ({width})}}", r"\end{figure}"])


def markdown_document(pieces: Sequence[Piece], lines: Sequence[str]) -> str:
    """The same, figures for two columns."""
    parts = [f"# {TITLE}", *(f"- {line}" for line in lines)]
    for piece in pieces:
        if piece.table is not None:
            parts.append(piece.table.markdown())
        else:
            parts.append(f"![{piece.title}](figures/{piece.name}.png)\n\n{piece.title}")
    return "\n\n".join(parts) + "\n"
