"""compare.csv: arms against baselines in chosen quantities, one row for each (quantity, arm).

    paired       the same luck, or the same tasks of a recorded table: difference, interval and p as in differences.csv,
                 effect size d_z (analysis/effect_size.py)
    unpaired     runs that share no luck: Welch's t over each run's own clusters, effect size g

Where each pair is one task, solved or not, p is McNemar's mid-p, and the exact p stands beside it; with several trials
of a task that do not all end alike it is the score test over the means of tasks, with Student's t.

The family of Holm's adjustment is all comparisons of one quantity in the table that have a p value: a question is asked
in a quantity, and each arm is one answer to it. Quantities are not adjusted for one another: name the one that decides
before looking. Intervals are never adjusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from analysis.basis import Number
from analysis.clusters import coupling_of, joint, over
from analysis.differences import changed, tested, unchanged
from analysis.effect_size import hedges_g, paired_d, paired_d_interval
from analysis.inference import CLUSTERS, By, Estimate, paired_difference
from analysis.intervals import holm
from analysis.mcnemar import exact_p, mid_p
from analysis.quantities import Quantity
from analysis.quantities.of_run import level, per_auction
from analysis.welch import welch
from sim.kit.arrays import BoolArray, FloatArray

How = Literal["luck", "tasks", "none"]
PAIRED: dict[str, str] = {"luck": "same luck", "tasks": "same tasks", "none": "no"}
MCNEMAR, SCORE, STUDENT, REDRAWN, WELCH = "McNemar mid-p", "score", "paired t", "redrawn tables", "Welch t"
COLUMNS = {
    "arm": "name of the arm, with its run where there are several",
    "baseline": "name of the arm that it is compared to",
    "quantity": "what they are compared in; `bidlab show --columns` says what each means",
    "paired": "same luck: auction by auction; same tasks: task by task of one recorded table, other luck; no: Welch",
    "n": "auctions of the arm",
    "clusters": "what the clusters of the difference are",
    "n_clusters": "how many; unpaired: of the arm",
    "baseline_clusters": "unpaired: how many clusters the baseline has; else empty",
    "changed": "auctions in which the two hired not the same agents as often / auctions; empty without the same luck",
    "mean": "the quantity of the arm",
    "mean_low": "lower end of its 95% interval",
    "mean_high": "upper end",
    "baseline_mean": "the quantity of the baseline",
    "baseline_mean_low": "lower end of its 95% interval",
    "baseline_mean_high": "upper end",
    "difference": "arm minus baseline",
    "difference_low": "lower end of its 95% interval, not adjusted",
    "difference_high": "upper end",
    "difference_se": "its standard error",
    "degrees": "unpaired: degrees of freedom by Welch and Satterthwaite; else empty",
    "effect_size": "paired: d_z, mean / sd of the differences of clusters; unpaired: Hedges' g",
    "effect_size_low": "lower end of the 95% interval of d_z by the noncentral t, from 40 clusters on; of rates empty",
    "effect_size_high": "upper end",
    "test": "what p is of",
    "p": "two-sided p value of no difference",
    "p_holm": "the same, adjusted by Holm's method within the family",
    "family": "comparisons that are adjusted together: those of the quantity in this table",
    "only_arm": "tasks that only the arm solved, where each pair is one task; else empty",
    "only_baseline": "tasks that only the baseline solved",
    "p_exact": "exact p of McNemar's test",
    "coupled": "what couples the tasks of a replication; empty where nothing does",
}


class Pair(NamedTuple):
    """Two arms to compare. name, base: what they are called in the table. how: what they share."""

    arm: ArmData
    baseline: ArmData
    name: str
    base: str
    how: How


def comparison_table(pairs: Sequence[Pair], quantities: Sequence[Quantity]) -> pd.DataFrame:
    """One row for each (quantity, pair), quantities in order, columns COLUMNS."""
    parts = [_adjusted([_row(pair, of) for pair in pairs], of.name) for of in quantities]
    return pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))


def _adjusted(rows: list[dict[str, Any]], quantity: str) -> list[dict[str, Any]]:
    """The rows of a quantity with their p values adjusted within it."""
    p = np.array([row["p"] for row in rows], np.float64)
    count = int((~np.isnan(p)).sum())
    family = f"{count} arm{'s' if count != 1 else ''}, within {quantity.replace('_', ' ')}"
    return [row | {"p_holm": float(one), "family": family} for row, one in zip(rows, holm(p), strict=True)]


def number_of(row: Any) -> Number:
    """The difference of a row, as far as its interval goes."""
    known, count = not pd.isna(row["difference_low"]), int(row["n_clusters"])
    found = (str(row["arm"]), "difference", str(row["clusters"]), count, float(row["difference_se"]), known)
    return Number(*found, str(row["coupled"]) if row["clusters"] == CLUSTERS["replication"] else "")


def _row(pair: Pair, of: Quantity) -> dict[str, Any]:
    mine, theirs = level(of, pair.arm), level(of, pair.baseline)
    row: dict[str, Any] = {"arm": pair.name, "baseline": pair.base, "quantity": of.name}
    row |= {"paired": PAIRED[pair.how], "n": pair.arm.value.size, **_level("mean", mine)}
    row |= {**_level("baseline_mean", theirs), "coupled": ", ".join(coupling_of(pair.arm, pair.baseline))}
    return row | (_unpaired(pair, mine, theirs) if pair.how == "none" else _paired(pair, of))


def _level(name: str, found: Estimate) -> dict[str, float]:
    parts = {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    return {key: float(part) for key, part in parts.items()}


def _paired(pair: Pair, of: Quantity) -> dict[str, Any]:
    arm, baseline = pair.arm, pair.baseline
    by, once = joint(arm, baseline), [_once(per_auction(of, each), joint(arm, baseline)) for each in (arm, baseline)]
    if pair.how == "luck":
        found, rate = tested(arm, baseline, of.name), of.rate
    else:
        rate = of.rate and all(each is not None for each in once)
        found = paired_difference(_means(per_auction(of, arm)), _means(per_auction(of, baseline)), by, rate=rate)
    row = _difference(found) | {"clusters": over(arm, baseline), "n_clusters": int(found.clusters)}
    share = changed(arm, baseline) if pair.how == "luck" else np.nan
    row["changed"] = share
    row["test"] = REDRAWN if by == "none" else SCORE if rate else STUDENT
    d = np.nan if by == "none" else paired_d(float(found.value), float(found.se), int(found.clusters))
    ends = (np.nan, np.nan) if of.rate else paired_d_interval(d, int(found.clusters))
    row |= {"effect_size": d, "effect_size_low": ends[0], "effect_size_high": ends[1]}
    mine, theirs = once
    if not of.rate or mine is None or theirs is None or unchanged(share, found.value):
        return row
    return row | _mcnemar(mine > 0, theirs > 0)


def _once(values: FloatArray, by: By) -> FloatArray | None:
    """The values (R, T, 1), or (1, T, 1) of a table with replications alike; None where tasks hold several."""
    if values.shape[2] > 1 or by not in ("task", "pair"):
        return None
    if by == "pair":
        return values
    return values[:1] if (values == values[:1]).all() else None


def _difference(found: Estimate) -> dict[str, float]:
    parts = {"difference": found.value, "difference_low": found.low, "difference_high": found.high}
    return {key: float(part) for key, part in (parts | {"difference_se": found.se, "p": found.p}).items()}


def _mcnemar(mine: BoolArray, theirs: BoolArray) -> dict[str, Any]:
    counts = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    found = {"only_arm": counts[0], "only_baseline": counts[1], "p": float(mid_p(*counts))}
    return {**found, "p_exact": exact_p(*counts), "test": MCNEMAR}


def _means(values: FloatArray) -> FloatArray:
    """(1, T, m) means over replications."""
    return np.asarray(values.mean(axis=0, keepdims=True))


def _unpaired(pair: Pair, mine: Estimate, theirs: Estimate) -> dict[str, Any]:
    found = welch(mine, theirs)
    what = list(dict.fromkeys((pair.arm.over, pair.baseline.over)))
    counts = int(mine.clusters), int(theirs.clusters)
    row = {"difference": found.value, "difference_low": found.low, "difference_high": found.high, "p": found.p}
    row |= {"difference_se": found.se, "degrees": found.degrees}
    g = hedges_g(found.value, (float(mine.se), float(theirs.se)), counts)
    words = {"clusters": " and ".join(what), "n_clusters": counts[0], "baseline_clusters": counts[1], "test": WELCH}
    return {**row, **words, "effect_size": g}


def renamed(arm: ArmData, run: str) -> ArmData:
    """The same arm, by a name that no arm of another run has."""
    return replace(arm, name=f"{arm.name} ({run})")
