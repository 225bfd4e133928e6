"""What a row of power.csv says, as a sentence."""

from __future__ import annotations

import math
from typing import Any

from analysis.power_table import MEAN, RERUN_SD, RERUN_TASKS
from sim.kit.digits import number


def sentence(row: Any) -> str:
    """How many tasks and dollars, how sure that is, and what looking after each task, or not pairing, would take."""
    what, chance = str(row["quantity"]).replace("_", " "), f"{100 * row['power']:g} % power"
    if math.isnan(row["tasks"]):
        return f"{row['pair']}: {_unknown(row, what)}"
    if math.isinf(row["tasks"]):
        return f"{row['pair']}: no difference in {what} was seen, so no number of tasks tells them apart"
    gap = f"a difference of {number(abs(row['difference']))} in {what}"
    parts = [f"{row['pair']}: to tell {gap} apart with {chance} takes {counted(row['tasks'])} tasks{_between(row)}"]
    parts += [_dollars(row)] if not math.isnan(row["dollars"]) else []
    if row["test"] != MEAN and math.isfinite(row["anytime_tasks"]):
        parts.append(
            f"looked at after every task, it takes {counted(row['anytime_tasks'])}, and stops at "
            f"{counted(row['anytime_mean'])} on average"
        )
    if math.isfinite(row["unpaired_tasks"]):
        parts.append(f"without pairs it takes {counted(row['unpaired_tasks'])} tasks for each arm")
    return "; ".join(parts)


def rerun(row: Any) -> str:
    """What two runs of the same agents differ by on so many tasks; "" of other quantities."""
    if row["test"] == MEAN or not math.isfinite(row["tasks"]):
        return ""
    passes = abs(row["difference"]) * row["tasks"]
    sd = f"a standard deviation of {row['rerun_sd']:.1f} passes ({RERUN_SD:.2f} on {RERUN_TASKS})"
    return (
        f"rerun noise: two live runs of the same agents on {counted(row['tasks'])} tasks differ by {sd}, the "
        f"difference sought is {passes:.1f} passes: arms that do not share outcomes need more tasks than these"
    )


def counted(tasks: float) -> str:
    """A number of tasks; "no limit" where none is enough.

    >>> counted(1265.0), counted(float("inf")), counted(float("nan"))
    ('1,265', 'no limit', '-')
    """
    if math.isnan(tasks):
        return "-"
    return "no limit" if math.isinf(tasks) else f"{tasks:,.0f}"


def _unknown(row: Any, what: str) -> str:
    """Why there is no number of tasks."""
    if math.isnan(row["difference"]):
        return f"{what} is undefined"
    if row["n_seen"] < 2:
        return f"one task does not say how much {what} differs from task to task"
    if row["difference"] == 0:
        return f"{what} is the same at every task"
    return f"{what} differs by {number(abs(row['difference']))} at every task: nothing varied, so there is no test"


def _between(row: Any) -> str:
    if math.isnan(row["tasks_low"]):
        return ""
    if math.isinf(row["tasks_low"]):
        return " (95 % interval: no limit)"
    return f" (95 % interval {counted(row['tasks_low'])} to {counted(row['tasks_high'])})"


def _dollars(row: Any) -> str:
    if not row["shared_per_task"] > 0:
        return f"${row['dollars']:,.2f}"
    return (
        f"${row['dollars_shared']:,.2f} where shared outcomes are paid once, ${row['dollars']:,.2f} where each arm pays"
    )
