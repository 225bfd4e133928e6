"""The tables of a sweep, from the sums of its jobs, added up in the order of the jobs.

sweep      one row per (cell, arm, metric, agent); columns in COLUMNS, with one for each swept key after `cell`
factors    whether a swept factor reaches a decision of an arm at all; where it does not, that is a structural zero
failures   the cells that failed, and why
precision  how precise each arm of each cell is, where a precision was asked for
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.inference import CLUSTERS, Estimate
from analysis.intervals import holm
from analysis.quantities import Statistic
from analysis.quantities.grouped import words
from analysis.sweep_metrics import Row, estimate, merge
from analysis.sweep_sums import BYS
from sim.experiment import store
from sim.experiment.job_file import read_info, sums_of
from sim.experiment.manifest import PARTIAL
from sim.experiment.parts import DamagedPartError, read_part
from sim.experiment.stored import Stored, run_info
from sim.kit.errors import RunError, ScenarioError
from sim.kit.invalid import written
from sim.scenario.axes import Factor, levels

COLUMNS = {
    "cell": "number of the cell, from 0",
    "arm": "name of the arm",
    "panel": "the part of the arm's name that tells its world, where [world] lists several; else empty",
    "mechanism": "its mechanism",
    "metric": "what is estimated, see the table of quantities",
    "agent": "name of the agent; empty where the metric is of all of them",
    "n": "auctions: (replication, task, market)",
    "value": "the estimate; empty where undefined",
    "low": "lower end of its 95% interval, for another draw of tasks like these; empty where there is none",
    "high": "upper end of its 95% interval",
    "se": "its standard error for another draw of tasks like these",
    "se_mc": "its standard error from the simulation's own noise",
    "clusters": "clusters behind the interval",
    "by": "what the clusters are (analysis/inference.py)",
    "difference": "value of the arm minus that of its baseline in the same cell and panel, paired auction by auction",
    "difference_low": "lower end of its 95% interval, not adjusted for how many there are",
    "difference_high": "upper end of its 95% interval",
    "difference_se": "its standard error for another draw of tasks like these",
    "difference_se_mc": "its standard error from the simulation's own noise",
    "difference_p": "two-sided p value of no difference; empty where the two decide alike, and so do not differ",
    "difference_p_holm": "the same, adjusted by Holm's method over all cells of the arm",
    "baseline": "name of the arm that the difference is taken to",
}


@dataclass(frozen=True, eq=False)
class Merged:
    """The sums of a sweep's finished jobs.

    cells: parameters of every cell. whole: numbers of the cells that no job failed in. total: columns of (whole cells
    x arms x quantities) rows. decisions: (cells, arms) numbers that equal decisions share, as Python integers.
    failures: cell -> (job, error), the first one.
    """

    info: dict[str, Any]
    cells: list[dict[str, Any]]
    whole: list[int]
    total: dict[str, NDArray[Any]]
    decisions: dict[tuple[int, int], int]
    failures: dict[int, tuple[int, str]]
    jobs: list[int]
    rows: list[Row]

    @property
    def arms(self) -> list[dict[str, Any]]:
        """name, mechanism, panel and baseline of each arm."""
        arms: list[dict[str, Any]] = self.info["arms"]
        return arms

    @property
    def factors(self) -> list[Factor]:
        """The swept factors."""
        return factors_of(self.info)

    @cached_property
    def _baselines(self) -> list[int]:
        """Place of each arm's baseline."""
        names = {arm["name"]: place for place, arm in enumerate(self.arms)}
        return [names[arm["baseline"]] for arm in self.arms]

    def estimate(self) -> Estimate:
        """Of every row of `total`, in its order.

        p is NaN where an arm decides as its baseline does and does not differ: a fact, and no member of Holm's family.
        """
        itself = np.array(self._baselines) == np.arange(len(self.arms))
        repeated = np.tile(np.repeat(itself, len(self.rows)), len(self.whole))
        found = estimate(self.total, self.rows, repeated, tuple(self.info["tasks"]), self.info["seed"])
        alike = [
            self.decisions[cell, arm] == self.decisions[cell, baseline]
            for cell in self.whole
            for arm, baseline in enumerate(self._baselines)
        ]
        unchanged = np.repeat(np.array(alike, np.bool_), len(self.rows)) & (found.value == 0)
        return replace(found, p=np.where(unchanged, np.nan, found.p))

    def by(self, clusters: NDArray[Any]) -> NDArray[Any]:
        """What the clusters of every row are, in words, (cells, arms, rows) as `clusters`, their numbers."""
        written_out = np.array([CLUSTERS[name] for name in BYS], object)
        found = written_out[self.total["by"].reshape(clusters.shape)]
        for place, row in enumerate(self.rows):
            how = row.of.how
            if isinstance(how, Statistic):
                by = self.total["by"].reshape(clusters.shape)[..., place]
                for at in np.ndindex(by.shape):
                    found[(*at, place)] = words(how, BYS[by[at]], int(clusters[(*at, place)]))
        return np.asarray(found)

    def place(self, metric: str) -> int:
        """Row of an arm's own metric."""
        return self.rows.index(Row(metric, "", False))


def factors_of(info: Mapping[str, Any]) -> list[Factor]:
    """The factors that run.json of a sweep names."""
    return [Factor(tuple(entry["keys"]), tuple(map(tuple, entry["values"]))) for entry in info["factors"]]


def sweep_info(folder: Path) -> dict[str, Any]:
    """run.json of the sweep in `folder`; raises RunError where it holds none."""
    info = run_info(folder)
    if info is None:
        raise RunError(f"{folder}: holds no sweep (no run.json)")
    if info.get("kind") != "sweep":
        raise RunError(f"{folder}: holds a run, not a sweep; its tables are the CSV files in it")
    return info


def partial_label(stored: Stored) -> str:
    """What part of the sweep the folder holds, as it was left at Ctrl-C; "" for a whole one or where nobody said."""
    return str(stored.json(PARTIAL)["label"]) if PARTIAL in stored else ""


def merged(folder: Path) -> Merged:
    """Add up the finished jobs in `folder`; raises RunError where there is none or one is broken."""
    info, jobs = sweep_info(folder), store.finished(folder)
    if not jobs:
        raise RunError(f"{folder}: no job of the sweep is finished yet")
    cells = levels(factors_of(info))
    failures: dict[int, tuple[int, str]] = {}
    decisions: dict[tuple[int, int], int] = {}
    rows: list[Row] = []
    for job in jobs:
        about = _info(store.job_path(folder, job))
        rows = rows or _rows(folder, about)
        for cell, error in about["errors"].items():
            failures.setdefault(int(cell), (job, error))
        for cell, digests in about["digests"].items():
            for arm, digest in enumerate(digests):
                at = int(cell), arm
                decisions[at] = (decisions.get(at, 0) + int(digest, 16)) % 2**64
    whole = [number for number in range(len(cells)) if number not in failures]
    total = _added(folder, info["hash"], jobs, whole)
    return Merged(info, cells, whole, total, decisions, failures, jobs, rows)


def _rows(folder: Path, about: Mapping[str, Any]) -> list[Row]:
    """What the rows of a job are of; raises RunError where one is of a quantity that nobody has registered."""
    rows = [Row(*row) for row in about.get("rows", ())]
    for row in rows:
        try:
            _ = row.of
        except ScenarioError:
            raise RunError(
                f"{folder}: has the quantity {row.metric!r} of a plugin; give its file with --plugin"
            ) from None
    if not rows:
        raise RunError(f"{folder}: is of an older version of bidlab; run the sweep again")
    return rows


def _info(path: Path) -> dict[str, Any]:
    try:
        return read_info(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: is broken ({type(error).__name__}); remove it and resume the sweep") from None


def _added(folder: Path, experiment: str, jobs: Sequence[int], whole: list[int]) -> dict[str, NDArray[Any]]:
    """The sums of all jobs, one job after the other; raises RunError where one is broken or another sweep's."""
    total: dict[str, NDArray[Any]] = {}
    for job in jobs:
        path = store.job_path(folder, job)
        try:
            columns = sums_of(read_part(path, experiment, {"job": job})[0])
        except DamagedPartError as damage:
            raise RunError(f"{path}: is broken ({damage}); remove it and resume the sweep") from None
        if not whole:
            continue
        kept = np.isin(columns["cell"], whole)
        rows = {name: values[kept] for name, values in columns.items()}
        if total:
            merge(total, rows)
        else:
            total = rows
    return total


def sweep_table(sums: Merged) -> pd.DataFrame:
    """The tidy table of the sweep."""
    kinds, n_arms = sums.rows, len(sums.arms)
    own = [place for place, kind in enumerate(kinds) if not kind.paired]
    gap = {(kind.metric, kind.agent): place for place, kind in enumerate(kinds) if kind.paired}
    shape = len(sums.whole), n_arms, len(kinds)
    estimates = reshaped(sums.estimate(), shape) if sums.whole else {}
    count = len(own)
    rows = shape[0] * n_arms * count
    frame: dict[str, Any] = {"cell": np.repeat(np.array(sums.whole, np.int64), n_arms * count)}
    for key in dict.fromkeys(key for factor in sums.factors for key in factor.keys):
        values = _plain([sums.cells[number][key] for number in range(len(sums.cells))])
        frame[key] = [values[number] for number in frame["cell"]]
    for name in ("arm", "panel", "mechanism"):
        written_out = [arm["name" if name == "arm" else name] for arm in sums.arms]
        frame[name] = np.tile(np.repeat(np.array(written_out, object), count), shape[0])
    for name in ("metric", "agent"):
        frame[name] = np.tile(np.array([getattr(kinds[place], name) for place in own], object), shape[0] * n_arms)
    n = sums.total["noise_den"].reshape(shape)[..., :1] if sums.whole else np.zeros((0, n_arms, 1))
    frame["n"] = np.broadcast_to(n, (*shape[:2], count)).ravel().astype(np.int64)
    gaps = [gap.get((kinds[place].metric, kinds[place].agent), -1) for place in own]
    for name in ("value", "low", "high", "se", "se_mc", "clusters"):
        frame[name] = estimates[name][..., own].ravel() if estimates else np.zeros(0)
    frame["by"] = sums.by(estimates["clusters"])[..., own].ravel() if estimates else np.zeros(0, object)
    for name in ("value", "low", "high", "se", "se_mc", "p", "p_holm"):
        column = "difference" if name == "value" else f"difference_{name}"
        picked = np.where(np.array(gaps) < 0, np.nan, estimates[name][..., gaps]) if estimates else np.zeros(0)
        frame[column] = picked.ravel()
    has_gap = np.tile(np.array(gaps) >= 0, shape[0] * n_arms)
    baseline = np.repeat(np.array([arm["baseline"] for arm in sums.arms], object), count)
    frame["baseline"] = np.where(has_gap, np.tile(baseline, shape[0]), "")
    return pd.DataFrame(frame, index=range(rows))


def reshaped(found: Estimate, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    """Every field as (cells, arms, quantities), and p adjusted over the cells."""
    fields = {name: np.reshape(array, shape) for name, array in vars(found).items()}
    adjusted = np.full(shape, np.nan)
    for arm, place in np.ndindex(*shape[1:]):
        adjusted[:, arm, place] = holm(fields["p"][:, arm, place])
    return fields | {"p_holm": adjusted}


def _plain(values: list[Any]) -> list[Any]:
    """Values as a column can hold them: numbers where all are, else texts as they are and the rest as it is written."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return [float(value) for value in values] if any(isinstance(value, float) for value in values) else values
    return [value if isinstance(value, str) else written(value) for value in values]


def factors_table(sums: Merged) -> pd.DataFrame:
    """Whether each factor reaches a decision of each arm: who is hired, for what, when.

    reaches_decision is NaN where failures leave nothing to compare. states: the arm states all keys of the factor
    itself, so that none of them is varied there.
    """
    factors = sums.factors
    sizes = [len(factor.values) for factor in factors]
    rows = []
    for place, factor in enumerate(factors):
        for arm, about in enumerate(sums.arms):
            rows.append(
                {
                    "factor": factor.name,
                    "arm": about["name"],
                    "reaches_decision": _reaches(sums, sizes, place, arm),
                    "states": set(factor.keys) <= set(about.get("states", ())),
                }
            )
    return pd.DataFrame(rows, columns=["factor", "arm", "reaches_decision", "states"], dtype=object)


def _reaches(sums: Merged, sizes: list[int], factor: int, arm: int) -> bool | float:
    """Some two levels of the factor, all others being the same, differ in the arm's decisions."""
    compared = False
    numbers = np.arange(int(np.prod(sizes))).reshape(sizes)
    for line in np.moveaxis(numbers, factor, -1).reshape(-1, sizes[factor]):
        found = [sums.decisions[cell, arm] for cell in line.tolist() if cell not in sums.failures]
        if len(set(found)) > 1:
            return True
        compared |= len(found) > 1
    return False if compared else np.nan


def structural_zeros(factors: pd.DataFrame, n_arms: int) -> list[str]:
    """A line for each factor that changes no award of some arm, and for each that some arm states itself."""
    lines = []
    stated = factors["states"].eq(True) if "states" in factors else pd.Series(False, factors.index)
    zero = factors["reaches_decision"].eq(False)
    for factor, rows in factors[stated | zero].groupby("factor", sort=False):
        own = rows["arm"][stated[rows.index]]
        arms = rows["arm"].drop(own.index)
        if len(arms):
            of = "any arm" if len(arms) == n_arms else f"arm {', '.join(map(repr, arms))}"
            lines.append(f"structural zero: {factor} changes no award of {of} in the replications played")
        if len(own):
            lines.append(f"not varied: {factor} in arm {', '.join(map(repr, own))}, which states it itself")
    return lines


def failures_table(sums: Merged) -> pd.DataFrame:
    """One row per cell that failed."""
    keys = [key for factor in sums.factors for key in factor.keys]
    rows = []
    for cell, (job, error) in sorted(sums.failures.items()):
        written_out = {key: written(sums.cells[cell][key]) for key in keys}
        rows.append({"cell": cell, **written_out, "job": job, "error": error})
    return pd.DataFrame(rows, columns=["cell", *keys, "job", "error"])


def stamped(frame: pd.DataFrame, info: Mapping[str, Any], label: str) -> dict[str, str]:
    """What a reader of the table must know of it: frame.attrs of a loaded sweep."""
    scenario = info["scenario"]
    return {
        "scenario": scenario["name"],
        "question": scenario["question"],
        "note": scenario["note"],
        "hash": info["hash"],
        "seed": str(info["seed"]),
        "version": info["versions"]["bidlab"],
        "partial": label,
        "rows": json.dumps(len(frame)),
    }


def keys_of(info: Mapping[str, Any]) -> list[str]:
    """The swept keys, in order."""
    return list(itertools.chain.from_iterable(factor.keys for factor in factors_of(info)))
