"""The cells of a sweep as tables: a row for each arm of each cell, and the paired differences to the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.basis import UNCHANGED, missing, numbers_of_cells
from analysis.basis import title as title_of
from analysis.page.elements import definitions, folded, paragraph
from analysis.page.page_tables import sheet
from analysis.quantities import quantities
from sim.kit.digits import p_value
from sim.kit.terminal import Column, Sheet, estimate_column, shown_name
from sim.scenario.axes import short_key

SHOWN = ("welfare", "solve_rate", "surplus", "utility", "cost", "unfilled_rate")
MOST_ROWS = 4_000


def cells_html(table: pd.DataFrame, keys: Sequence[str]) -> str:
    """The tables of a sweep's tidy table. keys: what is swept."""
    whole = table[table["agent"] == ""]
    metrics = [name for name in SHOWN if whole.loc[whole["metric"] == name, "value"].notna().any()]
    if not metrics:
        return paragraph("No cell is whole.")
    first = whole[whole["metric"] == metrics[0]]
    found = numbers_of_cells(whole[whole["metric"].isin(metrics)])
    columns = [*_keys(first, keys), *(_estimates(whole, metric, "value", "") for metric in metrics)]
    parts = [sheet(Sheet(f"per auction; {title_of(found)}", columns))]
    parts += [paragraph(line, "note") for line in missing(found)]
    left = len(first) - MOST_ROWS
    parts += [paragraph(f"... and {left:,} more rows in sweep.csv", "note")] if left > 0 else []
    meanings = {_title(each.name): each.meaning for each in quantities() if each.name in metrics}
    parts.append(folded("What the columns mean", definitions(meanings)))
    return "\n".join([*parts, _differences(first, keys, metrics[0])])


def _differences(rows: pd.DataFrame, keys: Sequence[str], metric: str) -> str:
    """Those of the main quantity; nothing where no arm is compared."""
    gaps = rows[(rows["arm"] != rows["baseline"]) & rows["difference"].notna()]
    if gaps.empty:
        return ""
    gaps = gaps.head(MOST_ROWS)
    same = (gaps["difference"] == 0) & (gaps["difference_se"] == 0) & gaps["difference_low"].isna()
    drawn = _estimates(gaps, metric, "difference", "difference_")
    cells = [UNCHANGED if no else cell for no, cell in zip(same, drawn.cells, strict=True)]
    columns = [*_keys(gaps, keys), drawn._replace(cells=cells)]
    columns.append(Column("p, Holm", [p_value(float(value)) for value in gaps["difference_p_holm"]]))
    title = f"paired differences of {_title(metric)} to the baseline; p adjusted by Holm over the cells of an arm"
    return sheet(Sheet(f"{title}; intervals are not adjusted", columns))


def _keys(rows: pd.DataFrame, keys: Sequence[str]) -> list[Column]:
    rows = rows.head(MOST_ROWS)
    columns = [Column("arm", [shown_name(str(arm)) for arm in rows["arm"]], left=True)]
    columns.append(Column("cell", [str(cell) for cell in rows["cell"]]))
    return columns + [_key(key, rows[key]) for key in keys]


def _key(key: str, values: pd.Series[Any]) -> Column:
    return Column(shown_name(short_key(key)), [_level(value) for value in values], left=not _numeric(values))


def _estimates(rows: pd.DataFrame, metric: str, name: str, before: str) -> Column:
    """The column `name` of a metric with its interval. before: what the names of its ends begin with."""
    own = rows[rows["metric"] == metric].head(MOST_ROWS)
    return estimate_column(_title(metric), own[[name, f"{before}low", f"{before}high"]].to_numpy())


def _numeric(values: pd.Series[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _level(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else shown_name(str(value))


def _title(name: str) -> str:
    return name.replace("_", " ")
