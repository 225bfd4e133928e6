"""What a row of compare.csv says, as a sentence.

second price loses .030 of welfare against always gpt-5-mini, 95 % interval [-.010, .070], p = .14, n = 93 tasks:
not told apart
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.basis import FEW, missing, plural
from analysis.comparison_table import MCNEMAR, WELCH, number_of
from analysis.inference import CLUSTERS
from sim.kit.digits import LEVEL, estimated, number, p_value

_BETTER = ("welfare", "surplus", "utility", "score", "solve_rate")  # of these more is a gain to somebody named by them


def sentence(row: Any) -> str:
    """Of a row of comparison_table: what differs, by how much, how sure that is, and the verdict."""
    name, base, what = row["arm"], row["baseline"], str(row["quantity"]).replace("_", " ")
    if pd.isna(row["difference"]):
        return f"{name} against {base}: {what} is undefined"
    if row["changed"] == 0 and row["difference"] == 0:
        return f"{name} hires as {base} does at every task: no decision differs, so neither does {what}"
    head = _gap(row, what) if row["clusters"] == CLUSTERS["none"] else f"{_gap(row, what)}, n = {_size(row)}"
    if pd.isna(row["p"]):
        return f"{head}: {_unknown(row)}"
    return f"{head}: {_verdict(row)}"


def _gap(row: Any, what: str) -> str:
    """Arm, verb, amount with its interval, counts and p; the amount is positive in the direction of the verb."""
    gap, low, high = row["difference"], row["difference_low"], row["difference_high"]
    more = gap >= 0
    ends = (low, high) if more else (-high, -low)
    amount, better = number_of_gap(abs(gap), *ends), row["quantity"] in _BETTER
    if gap == 0:
        said = f"{row['arm']} and {row['baseline']} have the same {what}"
    elif better:
        said = f"{row['arm']} {'gains' if more else 'loses'} {amount} of {what} against {row['baseline']}"
    else:
        said = f"{row['arm']} has {amount} {'more' if more else 'less'} {what} than {row['baseline']}"
    if not pd.isna(low):
        said += f", 95 % interval {_ends(abs(gap), *ends)}"
    if row["test"] == MCNEMAR:
        said += f", {_tasks(row['only_arm'])} that only it {_did(row)} and {int(row['only_baseline'])} the other way"
    return said + ("" if pd.isna(row["p"]) else f", {_p(row['p'], row['test'])}")


def number_of_gap(gap: float, low: float, high: float) -> str:
    """The amount with as many decimals as its interval has.

    >>> number_of_gap(0.03, -0.0104, 0.0695), number_of_gap(0.5, float("nan"), float("nan"))
    ('.030', '.5000')
    """
    return number(gap) if pd.isna(low) else estimated(gap, low, high).partition(" ")[0]


def _ends(gap: float, low: float, high: float) -> str:
    return estimated(gap, low, high).partition(" ")[2]


def _tasks(count: float) -> str:
    """So many tasks, in words."""
    return f"{int(count):,} task{'' if count == 1 else 's'}"


def _did(row: Any) -> str:
    return "solved" if row["quantity"] == "solve_rate" else "counts in"


def _p(p: float, test: str) -> str:
    """The p value in two digits, as a sentence has it; of McNemar's test which one it is."""
    shown = p_value(p)
    equal = f"p {shown[0]} {shown[1:]}" if shown.startswith("<") else f"p = {shown}"
    return f"mid-{equal}" if test == MCNEMAR else equal


def _size(row: Any) -> str:
    """How many clusters of what."""
    few = "only " if 2 <= row["n_clusters"] < FEW else ""
    if row["test"] == WELCH:
        degrees = "" if pd.isna(row["degrees"]) else f" (Welch's t, {row['degrees']:.0f} degrees of freedom)"
        sizes = f"{int(row['n_clusters']):,} and {int(row['baseline_clusters']):,}"
        return f"{sizes} {row['clusters']}, not paired{degrees}"
    coupled = f" (coupled by {row['coupled']})" if few and row["coupled"] and row["clusters"] == "replications" else ""
    return f"{few}{int(row['n_clusters']):,} {plural(row['clusters'], int(row['n_clusters']))}{coupled}"


def _unknown(row: Any) -> str:
    if row["difference_se"] == 0:
        same = "the same at every task" if row["difference"] == 0 else "exactly so at every task"
        return f"{same}: nothing varied, so there is no interval and no test"
    reason = missing([number_of(row)._replace(known=False)])[0].removeprefix("no interval: ")
    return f"no interval ({reason}), so not judged"


def _verdict(row: Any) -> str:
    """By the p value itself and by Holm's; both are said where they part."""
    alone, together = row["p"] <= LEVEL, row["p_holm"] <= LEVEL
    if not alone:
        return "not told apart"
    if str(row["family"]).startswith("1 arm,"):
        return "told apart"
    shown = p_value(row["p_holm"])
    holm = f"p {shown[0]} {shown[1:]}" if shown.startswith("<") else f"p = {shown}"
    family = str(row["family"]).partition(",")[0]
    if together:
        return f"told apart, also after Holm over {family} ({holm})"
    return f"told apart by itself, but not after Holm over {family} ({holm})"
