"""The page of deviations: how many numbers agree by which rule, which do not and why, and all of them in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.paper.beside import RULES, Beside, of_counts
from analysis.paper_table import PaperTable

_HEAD = """\
# The MarketBench study, made again

`make paper` makes every table and figure of the study [MB] from nothing, in out/paper: tables as LaTeX, Markdown and
CSV, figures as PDF and PNG for one column (3.4 inches) and two (7.0), paper.tex and paper.md, which hold them all, and
this page. `bidlab paper --out DIR` is the command. The published numbers stand in one file,
analysis/paper/published.csv, each with the key of its source. What everything is computed from lies in
out/paper/runs and out/paper/hl_phase_diagram.sweep, which `bidlab bundle` takes.

Each number has a rule by which it agrees with the published one, in the last column of the tables:

"""


def deviations_page(
    numbers: Mapping[str, Sequence[Beside]], tables: Mapping[str, PaperTable], made_from: Mapping[str, str]
) -> str:
    """The page as Markdown. tables: those of the numbers. made_from: scenario -> hash."""
    rules = "\n".join(f"- {name}: {meaning}." for name, meaning in RULES.values() if name)
    parts = [_HEAD + rules, summary_table(numbers).markdown()]
    parts += ["## Outside, and why", *(f"- {line}" for line in outside(numbers))]
    parts += [f"Made from {', '.join(f'{name} {digest}' for name, digest in made_from.items())}."]
    return "\n\n".join([*parts, "## All numbers", *(table.markdown() for table in tables.values())]) + "\n"


def summary_table(numbers: Mapping[str, Sequence[Beside]]) -> PaperTable:
    """How many numbers are within their rule, by table."""
    listed = {**numbers, "all": [one for rows in numbers.values() for one in rows]}
    counts = {name: of_counts(rows) for name, rows in listed.items()}
    cells = [[name, str(known), str(within), str(known - within)] for name, (within, known) in counts.items()]
    notes = ["A published number that is compared under several settings counts once for each."]
    heads, caption = ["table", "published", "within", "outside"], "Numbers beside the published ones"
    return PaperTable(heads, cells, caption, "tab:summary", notes=notes)


def outside(numbers: Mapping[str, Sequence[Beside]]) -> list[str]:
    """A sentence on each number that is outside its rule."""
    found = []
    for one in (one for rows in numbers.values() for one in rows if one.within is False):
        name, quantity, stated, ours, ends, _, verdict = one.cells
        why = f"{one.why[:1].upper()}{one.why[1:]}."
        found.append(f"{one.table}, {name}, {quantity}: published {stated}, ours {ours} {ends}, {verdict}. {why}")
    return found
