"""Tasks and dollars that tell two arms apart: table, sentences, figure, and what is printed and written of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.paired_outcomes import PairedOutcomes
from analysis.paper_table import PaperTable, of_columns
from analysis.power_table import MEAN, RATE, name_of
from analysis.power_words import counted, rerun, sentence
from analysis.sample_size import MOST, connor
from sim.kit.csv_file import write_csv
from sim.kit.digits import number
from sim.kit.escape import latex_comment, markdown
from sim.kit.terminal import Column, Sheet, shown_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVE = tuple(f"power_curve.{kind}" for kind in ("pdf", "png", "column.pdf", "column.png", "csv"))
FILES = ("power.tex", "power.md", "power.csv", *_CURVE)
_Cell = Callable[[Any], str]


def _share(name: str) -> _Cell:
    return lambda row: "-" if math.isnan(row[name]) else number(row[name])


def _count(name: str) -> _Cell:
    return lambda row: counted(row[name])


def _money(name: str) -> _Cell:
    return lambda row: "-" if math.isnan(row[name]) else "no limit" if math.isinf(row[name]) else f"{row[name]:,.2f}"


def _percent(name: str) -> _Cell:
    return lambda row: "-" if math.isnan(row[name]) else f"{100 * row[name]:.0f}%"


def _range(row: Any) -> str:
    return "-" if math.isnan(row["tasks_low"]) else f"{counted(row['tasks_low'])} to {counted(row['tasks_high'])}"


_SEEN: dict[str, _Cell] = {"tasks seen": _count("n_seen")}
_TASKS: dict[str, _Cell] = {
    "tasks needed, paired": _count("tasks"),
    "  95% interval": _range,
    "  power there": _share("power_there"),
}
_REST: dict[str, _Cell] = {
    "not paired, tasks an arm": _count("unpaired_tasks"),
    "variance saved by pairing": _percent("saved_by_pairing"),
    "dollars, outcomes shared": _money("dollars_shared"),
    "dollars, each arm pays": _money("dollars"),
}
_ROWS: dict[str, dict[str, _Cell]] = {
    RATE: {
        **_SEEN,
        "solved by the first": _share("first"),
        "solved by the second": _share("second"),
        "only by the first": _share("only_first"),
        "only by the second": _share("only_second"),
        **_TASKS,
        "looked at after each task": _count("anytime_tasks"),
        "  stops on average at": _count("anytime_mean"),
        **_REST,
    },
    MEAN: {**_SEEN, "difference": _share("difference"), "sd of a task": _share("sd"), **_TASKS, **_REST},
}
_TITLES = {
    RATE: "tasks that tell two arms apart by who solves them (McNemar, mid-p)",
    MEAN: "tasks that tell two arms apart by the mean of their paired differences (t)",
}


@dataclass(frozen=True)
class PowerAnalysis:
    """frame: one row for each (pair, quantity), columns of analysis/power_table.py. pairs: yours first, then published.

    origin: seed, scenario and version. notes: what is to be known of the run, a line each.
    """

    frame: pd.DataFrame
    pairs: Sequence[PairedOutcomes]
    origin: str
    notes: Sequence[str] = ()

    @property
    def sentences(self) -> list[str]:
        """One for each row of one's own."""
        return [sentence(row) for row in self._own]

    @property
    def tables(self) -> list[PaperTable]:
        """One for each test, pairs side by side."""
        found = []
        for test, own in self._parts():
            head = self._head(str(test), own)
            caption = f"{head[:1].upper() if test == RATE else head[:1]}{head[1:]}. {self.origin}"
            label = f"tab:power-{test}"
            found.append(of_columns(_columns(str(test), own), caption, label, notes=self.notes, wide=True, data=own))
        return found

    def latex(self) -> str:
        """A float for each test; needs booktabs."""
        return "\n\n".join(table.latex() for table in self.tables)

    def markdown(self) -> str:
        """The tables, then the sentences."""
        said = "\n".join(f"- {markdown(line)}" for line in self._lines)
        return "\n\n".join([*(table.markdown() for table in self.tables), said])

    def figure(self, width: float = 3.4, style: str | Path = "paper") -> Figure:
        """Power against tasks, of one's own pair; raises ValueError where both solve equally often. width: inches."""
        from analysis.figures.look import Look
        from analysis.figures.power_curve import curve, paint
        from analysis.figures.save import finished
        from analysis.figures.sheets import sheet

        self._check_drawable()
        return finished(curve(self.pairs[0], *self._asked), paint, lambda _, __: "", Look(width, sheet(style)))

    @property
    def drawable(self) -> bool:
        """There is a figure: a difference was seen in who solves, and a million tasks are enough to tell it."""
        return float(connor(self.pairs[0].b, self.pairs[0].c, *self._asked)) <= MOST

    def views(self) -> list[Any]:
        """What is printed."""
        parts: list[Any] = [*map(shown_name, self.notes), *([""] if self.notes else [])]
        for test, own in self._parts():
            parts += [Sheet(self._head(str(test), own), _columns(str(test), own)), ""]
        return [*parts, *(f"- {shown_name(line)}" for line in self._lines)]

    def write(self, folder: Path) -> list[Path]:
        """FILES in the folder, which is made, those of the figure where there is one; their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / name for name in FILES[:3]]
        said = "\n".join(latex_comment(line) for line in self._lines)
        paths[0].write_text(f"{said}\n{self.latex()}\n", encoding="utf-8")
        paths[1].write_text(f"{self.markdown()}\n", encoding="utf-8")
        write_csv(self.frame, paths[2], "%.12g")
        if not self.drawable:
            return paths
        from analysis.figures.look import Look
        from analysis.figures.power_curve import curve, paint
        from analysis.figures.save import save

        pair, data = self.pairs[0], curve(self.pairs[0], *self._asked)
        caption = f"{name_of(pair)}: shares of tasks that only one solves {number(pair.b)}, {number(pair.c)}, "
        caption += f"n = {pair.n:,} tasks; {self.origin}"
        return [*paths, *save(data, paint, lambda _, __: caption, folder, "power_curve", Look())]

    def __repr__(self) -> str:
        """The sentences, a line each."""
        return "\n".join([*self.notes, *self._lines])

    def _repr_html_(self) -> str:
        """The tables, as a notebook shows them."""
        return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(table.html() for table in self.tables)}</div>'

    @property
    def _asked(self) -> tuple[float, float]:
        return float(self.frame["power"].iloc[0]), float(self.frame["alpha"].iloc[0])

    @property
    def _own(self) -> list[Any]:
        return self.frame[self.frame["pair"] == name_of(self.pairs[0])].to_dict("records")

    @property
    def _lines(self) -> list[str]:
        return [*self.sentences, *(line for row in self._own if (line := rerun(row)))]

    def _parts(self) -> list[tuple[Any, pd.DataFrame]]:
        return list(self.frame.groupby("test", sort=False))

    def _head(self, test: str, own: pd.DataFrame) -> str:
        row = own.iloc[0]
        what = _TITLES[test] if test == RATE else f"{name_of(self.pairs[0])}: {_TITLES[test]}"
        return f"{what}; {100 * row['power']:g} % power, two-sided {100 * row['alpha']:g} %"

    def _check_drawable(self) -> None:
        if not self.drawable:
            raise ValueError(f"{name_of(self.pairs[0])}: the two solve (nearly) equally often: no curve of power")


def _columns(test: str, own: pd.DataFrame) -> list[Column]:
    """A row for each number, a column for each pair, or each quantity of one's own pair."""
    rows, cells = own.to_dict("records"), _ROWS[test]
    heads = [str(row["pair"]) if test == RATE else str(row["quantity"]).replace("_", " ") for row in rows]
    names = Column("", list(cells), left=True, key=True)
    return [
        names,
        *(
            Column(shown_name(head), [cell(row) for cell in cells.values()])
            for head, row in zip(heads, rows, strict=True)
        ),
    ]
