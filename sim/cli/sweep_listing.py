"""What `show` prints of a sweep. Builds, never prints."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.stored import Stored
from sim.experiment.versions import mixture
from sim.kit.digits import Digits, of_estimates, of_numbers
from sim.kit.terminal import Column, FirstThatFits, Sheet, estimate_column, shown_name
from sim.scenario.axes import short_key
from sim.tables.sparse import about_left_out

if TYPE_CHECKING:
    import pandas as pd


MOST_ROWS = 40
MOST_CELLS = 13  # side by side
FEW_ARMS = 6  # that have a grid of two keys each, or a column each though these go on below
_TWO = 2
_UNKNOWN = (math.nan, math.nan, math.nan)


def results(folder: Path, info: dict[str, Any]) -> list[Any]:
    """The sweep's main metric by cell and arm, what it does not reach, what failed, and where everything is."""
    from analysis.figures.left_out import figures_among, left_out
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
        f"{n:,} auctions in each, hash {about['hash'][:12]}\n{mixture(info, 'jobs')}{about_left_out(info)}"
        f"{label}{note}"
    )
    tables = f"{folder}: sweep.csv, sweep.parquet, factors.csv, manifest.json"
    where = f"{tables}{figures_among(folder)}; or analysis.load({str(folder)!r})"
    return [
        head,
        *_cells(table, keys_of(info)),
        *_zeros(stored),
        *_missed(stored),
        *_failed(stored),
        "",
        *left_out(stored),
        where,
    ]


def _cells(table: pd.DataFrame, keys: list[str]) -> list[Any]:
    from analysis.basis import missing, numbers_of_cells
    from analysis.basis import title as title_of

    rows = table[(table["metric"] == "welfare") & (table["agent"] == "")]
    metric = "welfare"
    if not rows["value"].notna().any():
        rows, metric = table[table["metric"] == "solve_rate"], "solve rate"
    if rows.empty:
        return ["no cell is whole"]
    found = numbers_of_cells(rows)
    title = f"{metric} per auction; {title_of(found)}"
    ways, few = [_arms_across(rows, keys, title)], rows["arm"].nunique() <= FEW_ARMS
    if not few:
        ways.append(_cells_across(rows, keys, f"{title} (in sweep.csv)"))
    if len(keys) == _TWO and few:
        bare = f"{metric} per auction; intervals are in sweep.csv"
        ways[:0] = [_grids(rows, keys, title, intervals=True), _grids(rows, keys, bare, intervals=False)]
    return [FirstThatFits(*(way for way in ways if way)), *missing(found)]


def _grids(rows: pd.DataFrame, keys: list[str], title: str, intervals: bool) -> list[Sheet | str]:
    """A grid for each arm, one key down and the other across; nothing where cells and levels differ in number."""
    down, across = (list(dict.fromkeys(map(_value, rows[key]))) for key in keys)
    if len(down) > MOST_ROWS or len(down) * len(across) != rows["cell"].nunique():
        return []
    parts: list[Sheet | str] = [title]
    corner = f"{short_key(keys[0])} \\\n{short_key(keys[1])}"
    shown = _digits(rows, intervals)
    for arm, own in rows.groupby("arm", sort=False):
        at = {
            (_value(a), _value(b)): place for place, (a, b) in enumerate(zip(own[keys[0]], own[keys[1]], strict=True))
        }
        ends = own[["value", "low", "high"]].to_numpy()
        columns = [Column(corner, down, left=True)]
        for level in across:
            places = [at.get((row, level)) for row in down]
            known = [ends[place] if place is not None else _UNKNOWN for place in places]
            columns.append(Column(level, [shown.estimated(*row) if intervals else shown.text(row[0]) for row in known]))
        unit = f" {shown.unit}" if shown.unit else ""
        parts += ["", Sheet(f"arm {str(arm)!r}{unit}", columns, "sweep.csv")]
    return parts


def _digits(rows: pd.DataFrame, intervals: bool) -> Digits:
    ends = rows[["value", "low", "high"]].to_numpy()
    return of_estimates(ends) if intervals else of_numbers(ends[:, 0].tolist())


def _arms_across(rows: pd.DataFrame, keys: list[str], title: str) -> list[Sheet | str]:
    """One row per cell with the interval of each arm."""
    arms, cells = list(dict.fromkeys(rows["arm"])), list(dict.fromkeys(rows["cell"]))
    shown = cells[: MOST_ROWS if len(cells) > MOST_ROWS else None]
    rows = rows[rows["cell"].isin(shown)]
    settings = rows.drop_duplicates("cell").set_index("cell")
    columns = [Column("cell", [str(cell) for cell in shown], left=True)]
    columns += [
        Column(_broken(short_key(key)), [_value(settings.at[cell, key]) for cell in shown], key=True) for key in keys
    ]
    for arm in arms:
        own = rows[rows["arm"] == arm].set_index("cell")[["value", "low", "high"]].reindex(shown)
        columns.append(estimate_column(_broken(shown_name(str(arm))), own.to_numpy()))
    left = len(cells) - MOST_ROWS
    return [Sheet(title, columns, "sweep.csv"), *([f"... and {left:,} more cells in sweep.csv"] if left > 0 else [])]


def _broken(head: str) -> str:
    """A long head on two lines."""
    return head.replace(" [", "\n[", 1).replace(" of ", "\nof ", 1)


def _cells_across(rows: pd.DataFrame, keys: list[str], title: str) -> list[Sheet | str]:
    """Where arms are many they are the rows; of many cells some, evenly spaced, both ends among them."""
    cells = list(dict.fromkeys(rows["cell"]))
    shown = [cells[round(k * (len(cells) - 1) / (MOST_CELLS - 1))] for k in range(MOST_CELLS)]
    shown = cells if len(cells) <= MOST_CELLS else shown
    settings = rows.drop_duplicates("cell").set_index("cell")
    arms, of = list(dict.fromkeys(rows["arm"])), rows.set_index(["arm", "cell"])["value"]
    decimals = of_numbers(rows["value"].to_list())
    columns = [Column("\n".join(map(short_key, keys)), [shown_name(str(arm)) for arm in arms], left=True)]
    for cell in shown:
        values = [decimals.text(float(of.get((arm, cell), math.nan))) for arm in arms]
        columns.append(Column("\n".join(_value(settings.at[cell, key]) for key in keys), values))
    left = len(cells) - len(shown)
    unit = f" {decimals.unit}" if decimals.unit else ""
    more = [f"... and {left:,} more cells in sweep.csv"] if left > 0 else []
    return [Sheet(f"{title}{unit}", columns, "sweep.csv"), *more]


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
