"""The tables of a run of an economy: levels, paired differences, means over steps, and the published beside ours.

Every interval is Student's t over replications (analysis/inference.py); of a measure that is 0 or 1 Wilson's, of its
difference Tango's. A difference is that of the same replication of two arms, which share their luck. A replication in
which a measure is undefined is left out. deviation = ours - published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.cells import cells
from analysis.inference import Estimate, mean, paired_difference, ratio, without_error
from analysis.intervals import holm
from sim.economies.economy_run import EconomyRun
from sim.kit.arrays import FloatArray
from sim.kit.csv_file import write_csv
from sim.kit.errors import RunError, closest

if TYPE_CHECKING:
    from analysis.figures.sheets import Sheet

CSV = ("summary", "differences", "steps", "published")
_KEYS = ("arm", "group", "baseline")


def swept_keys(run: EconomyRun) -> list[str]:
    """The keys that arms vary, in the scenario's order."""
    return list(dict.fromkeys(key for arm in run.arms for key in arm["vary"]))


def summary_table(run: EconomyRun) -> pd.DataFrame:
    """One row per arm: the mean of each measure over replications, with its interval."""
    rows, values = [], _values(run)
    for arm in run.arms:
        row = _head(run, arm)
        for one in run.measures:
            if not one.steps:
                row |= cells(one.name, _level(values[arm["name"]][one.name], one.rate))
        rows.append(row)
    return pd.DataFrame(rows)


def differences_table(run: EconomyRun, baseline: str | None = None) -> pd.DataFrame:
    """One row per arm but its baseline: the arm less the baseline, paired by replication, in each measure.

    baseline: name of an arm, for all; those of the scenario where None. Raises RunError where there is no such arm.
    """
    names = [arm["name"] for arm in run.arms]
    if baseline is not None and baseline not in names:
        raise RunError(f"baseline: no arm {baseline!r}{closest(baseline, names)}; allowed: {', '.join(names)}")
    rows, values = [], _values(run)
    alone = [one for one in run.measures if not one.steps]
    for arm in run.arms:
        base = baseline or arm["baseline"]
        if base == arm["name"]:
            continue
        row = _head(run, arm) | {"baseline": base}
        for one in alone:
            found = _difference(values[arm["name"]][one.name], values[base][one.name], one.rate)
            row |= cells(one.name, found) | {f"{one.name}_p": float(found.p)}
        rows.append(row)
    table = pd.DataFrame(rows)
    for one in alone if rows else ():
        table[f"{one.name}_p_holm"] = holm(table[f"{one.name}_p"])
    return table


def steps_table(run: EconomyRun) -> pd.DataFrame:
    """One row per arm and step: the mean of each measure of steps over the replications that have not ended."""
    rows, frame = [], run.table("steps")
    for arm in run.arms if len(frame) else ():
        own = frame[frame["arm"] == arm["name"]]
        count = own["replication"].nunique()
        found = {}
        for one in (one for one in run.measures if one.steps):
            array = own[one.name].to_numpy(np.float64).reshape(count, 1, -1)
            there = ~np.isnan(array)
            found[one.name] = ratio(np.where(there, array, 0.0), there, "replication", rate=one.rate)
        for step in range(len(own) // count):
            row = _head(run, arm) | {"step": step}
            for name, estimate in found.items():
                row |= cells(name, estimate, step)
            rows.append(row)
    return pd.DataFrame(rows)


def published_table(run: EconomyRun) -> pd.DataFrame:
    """One row per published number: ours with its interval, the published one, and ours less it."""
    rows, summary = [], summary_table(run).to_dict("records")
    for arm, own in zip(run.arms, summary, strict=True):
        for name, published in arm["published"].items():
            ours = {part: float(own[f"{name}{part}"]) for part in ("", "_low", "_high")}
            named = {f"ours{part}": value for part, value in ours.items()}
            rows.append(
                {"arm": arm["name"], "measure": name, **named, "published": published}
                | {"deviation": ours[""] - published}
            )
    return pd.DataFrame(rows)


def economy_tables(run: EconomyRun) -> Mapping[str, Callable[[], pd.DataFrame]]:
    """What makes each table of CSV, by name; one without rows where it does not apply."""
    return {
        "summary": lambda: summary_table(run),
        "differences": lambda: differences_table(run),
        "steps": lambda: steps_table(run),
        "published": lambda: published_table(run),
    }


def write_economy(
    run: EconomyRun,
    *,
    figures: bool = True,
    phase: Callable[[str], None] = lambda said: None,
    tabled: Callable[[dict[str, pd.DataFrame]], None] | None = None,
    style: Sheet | None = None,
) -> None:
    """Write the tables, and the figures, of a run into its folder. tabled: called with the tables before figures."""
    if run.folder is None:
        raise RunError("the run is in memory; give it a folder")
    found = {}
    for name, make in economy_tables(run).items():
        phase(f"{name}.csv")
        found[name] = make()
        if len(found[name]):
            write_csv(found[name], run.folder / f"{name}.csv", "%.12g")
    if tabled is not None:
        tabled(found)
    if figures:
        from analysis.figures.economy_lines import draw_economy

        phase("figures")
        draw_economy(run, found, run.folder / "figures", style)


def read_economy_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables of a run's folder; those that do not apply without rows."""
    from sim.experiment.stored import Stored

    stored = Stored.open(folder)
    kinds = dict.fromkeys((*_KEYS, "measure"), str)
    return {n: stored.csv(f"{n}.csv", dtype=kinds) if f"{n}.csv" in stored else pd.DataFrame() for n in CSV}


def _head(run: EconomyRun, arm: Mapping[str, Any]) -> dict[str, Any]:
    named = {one.name for one in run.measures}  # a key of a measure's name stands as economy.key
    columns = {key: f"{run.info['scenario']['economy']}.{key}" if key in named else key for key in swept_keys(run)}
    return {"arm": arm["name"], "group": arm["group"]} | {of: arm["vary"].get(key) for key, of in columns.items()}


def _values(run: EconomyRun) -> dict[str, dict[str, FloatArray]]:
    """Arm -> measure -> (R,)."""
    frame = run.table("replications")
    names = [one.name for one in run.measures if not one.steps]
    found = {}
    for arm, own in frame.groupby("arm", sort=False):
        found[str(arm)] = {name: own[name].to_numpy(np.float64) for name in names}
    return found


def _level(values: FloatArray, rate: bool) -> Estimate:
    known = values[~np.isnan(values)]
    return mean(known[:, None], "replication", rate=rate) if len(known) else without_error(np.nan)


def _difference(values: FloatArray, base: FloatArray, rate: bool) -> Estimate:
    both = ~(np.isnan(values) | np.isnan(base))
    if not both.any():
        return without_error(np.nan)
    return paired_difference(values[both, None], base[both, None], "replication", rate=rate)
