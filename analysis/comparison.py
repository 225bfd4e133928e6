"""A comparison of arms: its table, sentences, and what is printed and written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.basis import UNCHANGED, title
from analysis.comparison_table import MCNEMAR, PAIRED, REDRAWN, SCORE, STUDENT, WELCH, number_of
from analysis.comparison_words import sentence
from analysis.paper_table import PaperTable, of_columns
from sim.kit.csv_file import write_csv
from sim.kit.digits import p_value, short
from sim.kit.escape import latex_comment, markdown
from sim.kit.terminal import Column, Sheet, estimate_column, number_column, shown_name

FILES = ("compare.tex", "compare.md", "compare.csv")
_GAP = ["difference", "difference_low", "difference_high"]
_EFFECT = ["effect_size", "effect_size_low", "effect_size_high"]
_D = "d_z: mean / sd of the differences of clusters"
_G = "g: difference / pooled sd of clusters (Hedges)"
_TESTS = {
    MCNEMAR: "McNemar's mid-p where each pair is one task, solved or not; exact p beside it",
    SCORE: "score test over the means of clusters, Student's t",
    STUDENT: "Student's t, paired",
    REDRAWN: "where the rule is replayed, by redrawn tables",
    WELCH: "Welch's t",
}


@dataclass(frozen=True)
class Comparison:
    """Arms against baselines. frame: one row for each (quantity, arm), columns of analysis/comparison_table.py.

    against: what the baseline is, in words. origin: seed, scenario and version, for captions. notes: what is to be said
    of the runs, a line each.
    """

    frame: pd.DataFrame
    against: str
    origin: str
    notes: Sequence[str] = ()

    @property
    def sentences(self) -> list[str]:
        """One for each row: what differs, by how much, how sure that is."""
        return [sentence(row) for row in self.frame.to_dict("records")]

    @property
    def tables(self) -> list[PaperTable]:
        """One for each quantity."""
        return [self._paper(str(name), own) for name, own in self._parts()]

    def latex(self) -> str:
        """A float for each quantity; needs booktabs."""
        return "\n\n".join(table.latex() for table in self.tables)

    def markdown(self) -> str:
        """A table for each quantity, each with its sentences below."""
        parts = []
        for table, (_, own) in zip(self.tables, self._parts(), strict=True):
            said = "\n".join(f"- {markdown(sentence(row))}" for row in own.to_dict("records"))
            parts.append(f"{table.markdown()}\n\n{said}")
        return "\n\n".join(parts)

    def views(self) -> list[Any]:
        """What is printed."""
        parts: list[Any] = [*self.notes, *([""] if self.notes else [])]
        for name, own in self._parts():
            head = "\n".join([self._head(str(name), own), *_below(own)])
            parts += [Sheet(head, _columns(own)), ""]
            parts += [f"- {shown_name(sentence(row))}" for row in own.to_dict("records")] + [""]
        return parts[:-1]

    def write(self, folder: Path) -> list[Path]:
        """compare.tex, compare.md and compare.csv in the folder, which is made; their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / name for name in FILES]
        said = "\n".join(latex_comment(line) for line in (*self.notes, *self.sentences))
        paths[0].write_text(f"{said}\n{self.latex()}\n", encoding="utf-8")
        paths[1].write_text(f"{self.markdown()}\n", encoding="utf-8")
        write_csv(self.frame.assign(sentence=self.sentences), paths[2], "%.12g")
        return paths

    def __repr__(self) -> str:
        """The sentences, a line each."""
        return "\n".join([*self.notes, *self.sentences])

    def _repr_html_(self) -> str:
        """The tables, as a notebook shows them."""
        return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(table.html() for table in self.tables)}</div>'

    def _parts(self) -> list[tuple[Any, pd.DataFrame]]:
        return list(self.frame.groupby("quantity", sort=False))

    def _paper(self, name: str, own: pd.DataFrame) -> PaperTable:
        head = self._head(name, own)
        caption = f"{head[:1].upper()}{head[1:]}. {'; '.join(_below(own))}. {self._size(own)}; {self.origin}"
        return of_columns(
            _columns(own, paper=True), caption, f"tab:compare-{name}", notes=self.notes, wide=True, data=own
        )

    def _head(self, name: str, own: pd.DataFrame) -> str:
        """What the table shows, against what, and what its intervals are over."""
        how = "paired" if (own["paired"] != PAIRED["none"]).all() else "paired where luck is common"
        how = "not paired" if (own["paired"] == PAIRED["none"]).all() else how
        found = [number_of(row) for row in own.to_dict("records") if not _unchanged(row)]
        known = [one for one in found if one.known]
        return f"{name.replace('_', ' ')}, means and differences to {self.against}, {how}; {title(known)}"

    def _size(self, own: pd.DataFrame) -> str:
        """n, as a caption says it."""
        counts = sorted(set(own["n"]))
        n = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
        return f"n = {n} auctions an arm"


def _below(own: pd.DataFrame) -> list[str]:
    """How p is adjusted, and what the effect size is."""
    count = int(own["p"].notna().sum())
    lines = [f"p adjusted by Holm over {own['family'].iloc[0]}; intervals are not adjusted"] if count > 1 else []
    tests = [_TESTS[str(test)] for test in dict.fromkeys(own.loc[own["p"].notna(), "test"])]
    lines += [f"p: {'; '.join(tests)}"] if tests else []
    effects = dict.fromkeys(_G if paired == PAIRED["none"] else _D for paired in own["paired"])
    return [*lines, *effects]


def _unchanged(row: Any) -> bool:
    return bool(row["changed"] == 0 and row["difference"] == 0)


def _columns(own: pd.DataFrame, *, paper: bool = False) -> list[Column]:
    """The columns of a quantity. One baseline is the first row, several have a column. paper: d_z with its interval."""
    rows, one = own.to_dict("records"), own["baseline"].nunique() == 1
    names = [shown_name(str(row["arm"])) for row in rows]
    means = list(own["mean"])
    if one:
        names, means = (
            [f"{shown_name(str(rows[0]['baseline']))} (baseline)", *names],
            [rows[0]["baseline_mean"], *means],
        )
    columns = [Column("arm", names, left=True, key=True)]
    columns.append(number_column("mean", means))
    columns += [] if one else [number_column("base-\nline", own["baseline_mean"])]
    found = [_gaps(own), _effects(own, paper), *_p_values(rows), *_mcnemar(rows)]
    return columns + [column._replace(cells=[*([""] if one else []), *column.cells]) for column in found]


def _gaps(own: pd.DataFrame) -> Column:
    column = estimate_column("difference", own[_GAP].itertuples(index=False))
    rows = zip(own.to_dict("records"), column.cells, strict=True)
    return column._replace(cells=[UNCHANGED if _unchanged(row) else cell for row, cell in rows])


def _effects(own: pd.DataFrame, paper: bool) -> Column:
    if paper and own["effect_size_low"].notna().any():
        return estimate_column(_effect(own), own[_EFFECT].itertuples(index=False))
    return Column(_effect(own), [_short(value) for value in own["effect_size"]])


def _mcnemar(rows: list[Any]) -> list[Column]:
    """How many tasks only one of the two solved, and the exact p, where any row is of single tasks."""
    if all(row["test"] != MCNEMAR for row in rows):
        return []
    shown = ["" if pd.isna(row["p_exact"]) or _unchanged(row) else p_value(row["p_exact"]) for row in rows]
    return [Column("only\none", [_counts(row) for row in rows]), Column("exact\np", shown)]


def _p_values(rows: list[Any]) -> list[Column]:
    """Raw, and adjusted where there are several; nothing where no arm has one."""
    names = {"p": "p", "p_holm": "p,\nHolm"}
    count = sum(not pd.isna(row["p"]) for row in rows)
    return [
        Column(head, ["" if _unchanged(row) else p_value(row[name]) for row in rows])
        for name, head in list(names.items())[: min(count, 2)]
    ]


def _effect(own: pd.DataFrame) -> str:
    kinds = {paired == PAIRED["none"] for paired in own["paired"]}
    return {(False,): "d_z", (True,): "g"}.get(tuple(kinds), "effect\nsize")


def _short(value: float) -> str:
    return "-" if pd.isna(value) else short(value, 2)


def _counts(row: Any) -> str:
    return "" if pd.isna(row["only_arm"]) or _unchanged(row) else f"{int(row['only_arm'])}/{int(row['only_baseline'])}"
