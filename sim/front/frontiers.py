"""`bidlab.frontier`: accuracy against cost of what one could do with the agents of a recorded table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sim.front.arguments import arguments
from sim.front.figure import inches
from sim.front.html import notebook
from sim.front.worlds import sheet_of_source
from sim.tables.graded import scored
from sim.tables.table import Recorded, found_columns

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Frontier:
    """What policies solve and cost on a table. table: one row per policy (analysis/frontier_table.py)."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    @property
    def notes(self) -> list[str]:
        """What is left out, a line each."""
        return list(self.table.attrs["notes"])

    def figure(self, width: str | float = "text", style: str | Path = "paper") -> Figure:
        """Accuracy against cost. width: "column", "text" or inches. style: "paper", "talk" or a .mplstyle file."""
        from analysis.figures.frontier import about, paint
        from analysis.figures.look import Look
        from analysis.figures.save import finished
        from analysis.figures.sheets import sheet

        return finished(self.table, paint, about, Look(inches(width), sheet(style)))

    def __repr__(self) -> str:
        """The table in short."""
        return str(self._short.to_string(index=False))

    def _repr_html_(self) -> str:
        """The table in short, as a notebook shows it."""
        return notebook(self._short)

    @property
    def _short(self) -> pd.DataFrame:
        return self.table[["policy", "kind", "tasks", "accuracy", "cost", "on_frontier"]]


@arguments("frontier")
def frontier(
    table: str | Path | pd.DataFrame = "marketbench",
    columns: Mapping[str, str] | None = None,
    *,
    value: float = 1.0,
    mark: float | None = None,
    seed: int = 0,
) -> Frontier:
    """Accuracy and cost of always one agent, random, cascades, routers, oracles, and auctions where there are claims.

    table: a bundled one by name, a file, or a DataFrame; agent, task, success or score, cost. columns: our name -> the
    table's. value: dollars that a success is worth to who chooses. mark: least score that is a success, where columns
    name a score. Raises TableError.

    >>> found = frontier("marketbench")
    >>> found.table.loc[found.table["policy"] == "gpt-5-mini", "accuracy"].round(4).tolist()
    [0.7527]
    """
    sheet = sheet_of_source(table)
    recorded = scored(sheet, found_columns(sheet, columns or {}, "in columns"), mark, "mark")
    return of_recorded(recorded, value, mark, seed)


def of_recorded(recorded: Recorded, value: float, mark: float | None, seed: int) -> Frontier:
    """That of a table as `scored` reads it."""
    from analysis.frontier_table import frontier_table
    from analysis.panel import Panel

    return Frontier(frontier_table(Panel.of(recorded, mark), value, seed))
