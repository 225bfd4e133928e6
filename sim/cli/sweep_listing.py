"""What `show` prints of a sweep. Builds, never prints."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.stored import Stored
from sim.experiment.versions import mixture
from sim.kit.terminal import WIDTH, Column, add_row, estimated, fitted, heading, number, plain_table
from sim.scenario.axes import short_key

if TYPE_CHECKING:
    import pandas as pd

    from analysis.basis import Number

MOST_ROWS = 40
MOST_CELLS = 13  # side by side


def results(folder: Path, info: dict[str, Any]) -> list[Any]:
    """The sweep's main metric by cell and arm, what it does not reach, what failed, and where everything is."""
    from analysis.sweep_frame import load
    from analysis.sweep_table import keys_of

    stored = Stored.open(folder)
    table = load(folder)
    about = table.attrs
    label = f"{about['partial']}\n" if about["partial"] else ""
    note = f"{about['note']}\n" if about["note"] else ""
    n = int(table["n"].max()) if len(table) else 0
    head = (
        f"{about['scenario']}, sweep of {', '.join(keys_of(info))}: {about['question']}\n"
        f"seed {about['seed']}, {table['cell'].nunique():,} cell(s), {len(info['arms'])} arm(s), "
        f"{n:,} auctions in each, hash {about['hash'][:12]}\n{mixture(info, 'jobs')}{label}{note}"
    )
    where = (
        f"\n{folder}: sweep.csv, sweep.parquet, factors.csv, manifest.json, figures/; or analysis.load({str(folder)!r})"
    )
    return [
        head,
        *_cells(table, keys_of(info)),
        *_zeros(stored),
        *_missed(stored),
        *_failed(stored),
        where,
    ]


def _cells(table: pd.DataFrame, keys: list[str]) -> list[Any]:
    from analysis.basis import missing
    from analysis.basis import title as title_of

    rows = table[(table["metric"] == "welfare") & (table["agent"] == "")]
    metric = "welfare"
    if not rows["value"].notna().any():
        rows, metric = table[table["metric"] == "solve_rate"], "solve rate"
    if rows.empty:
        return ["no cell is whole"]
    found = _numbers(rows)
    title = f"{metric} per auction; {title_of(found)}"
    view = _arms_across(rows, keys, title) or _cells_across(rows, keys, f"{title} (in sweep.csv)")
    return [*view, *missing(found)]


def _numbers(rows: pd.DataFrame) -> list[Number]:
    """The estimates of the rows, as far as their intervals go."""
    from analysis.basis import Number

    columns = ["arm", "metric", "by", "clusters", "se", "low", "value"]
    return [
        Number(str(arm), metric, by, int(count), se, not math.isnan(low))
        for arm, metric, by, count, se, low, value in zip(*(rows[name] for name in columns), strict=True)
        if not math.isnan(value)
    ]


def _arms_across(rows: pd.DataFrame, keys: list[str], title: str) -> list[Any]:
    """One row per cell with the interval of each arm; nothing where the arms are too many to stand side by side."""
    arms, cells = list(dict.fromkeys(rows["arm"])), list(dict.fromkeys(rows["cell"]))
    shown = cells[: MOST_ROWS if len(cells) > MOST_ROWS else None]
    rows = rows[rows["cell"].isin(shown)]
    settings = rows.drop_duplicates("cell").set_index("cell")
    columns = [Column("cell", [str(cell) for cell in shown], left=True)]
    columns += [Column(_broken(short_key(key)), [_value(settings.at[cell, key]) for cell in shown]) for key in keys]
    for arm in arms:
        own = rows[rows["arm"] == arm]
        ends = zip(own["value"], own["low"], own["high"], strict=True)
        columns.append(Column(_broken(str(arm)), [estimated(*row) for row in ends]))
    if sum(column.width for column in columns) > WIDTH:
        return []
    left = len(cells) - MOST_ROWS
    return [heading(title), fitted(columns)[0], *([f"... and {left:,} more cells in sweep.csv"] if left > 0 else [])]


def _broken(head: str) -> str:
    """A long head on two lines."""
    return head.replace(" [", "\n[", 1).replace(" of ", "\nof ", 1)


def _cells_across(rows: pd.DataFrame, keys: list[str], title: str) -> list[Any]:
    """Where arms are many they are the rows; of many cells some, evenly spaced, both ends among them."""
    cells = list(dict.fromkeys(rows["cell"]))
    shown = [cells[round(k * (len(cells) - 1) / (MOST_CELLS - 1))] for k in range(MOST_CELLS)]
    shown = cells if len(cells) <= MOST_CELLS else shown
    settings = rows.drop_duplicates("cell").set_index("cell")
    heads = ["\n".join(_value(settings.at[cell, key]) for key in keys) for cell in shown]
    view = plain_table(None, ["\n".join(map(short_key, keys)), *heads])
    for arm, own in rows.groupby("arm", sort=False):
        values = dict(zip(own["cell"], own["value"].to_numpy(), strict=True))
        add_row(view, str(arm), *(number(values[cell]) for cell in shown))
    left = len(cells) - len(shown)
    return [heading(title), view, *([f"... and {left:,} more cells in sweep.csv"] if left > 0 else [])]


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _zeros(stored: Stored) -> list[str]:
    from analysis.sweep_table import factors_table, merged, structural_zeros

    table = stored.csv("factors.csv", dtype={"arm": str}) if stored.finished else factors_table(merged(stored.folder))
    return ["", *structural_zeros(table, len(stored.info["arms"]))]


def _missed(stored: Stored) -> list[str]:
    """What --precision did not reach."""
    if "precision.csv" not in stored:
        return []
    table, recorded = stored.csv("precision.csv"), stored.info["recorded"]
    missed = table[~table["reached"]]
    of = " (of the simulation's own noise: no number of replications makes a table's tasks more)" if recorded else ""
    if missed.empty:
        return [f"precision: reached in every cell and arm{of}"]
    lines = [
        f"precision missed: cell {row['cell']}, arm {row['arm']!r}: half-width of {row['metric']} "
        f"{row['half_width']:.4g}, allowed {row['allowed']:.4g}"
        for row in missed.head(MOST_ROWS).to_dict("records")
    ]
    return [f"precision: missed in {len(missed)} of {len(table)} arms of cells{of}; see precision.csv", *lines]


def _failed(stored: Stored) -> list[str]:
    if "failures.csv" not in stored:
        return []
    rows = stored.csv("failures.csv", dtype=str, keep_default_na=False).head(MOST_ROWS).to_dict("records")
    return [f"cell {row['cell']} ({_parameters(row)}) failed: {row['error']}" for row in rows]


def _parameters(row: dict[Any, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in row.items() if key not in ("cell", "job", "error"))
