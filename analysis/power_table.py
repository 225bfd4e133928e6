"""power.csv: tasks and dollars that tell two arms apart, one row for each (pair, quantity).

The interval of a number of tasks is the 2.5 and 97.5 % points of redrawn runs; where the difference points the other
way in a redrawn run, no number of tasks is enough there. It is wide: what one run says of a difference says little of
how many tasks the next one needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.anytime_power import Stops
from analysis.paired_outcomes import Differs, PairedOutcomes, of_counts
from analysis.sample_size import (
    MOST,
    approximate_t,
    connor,
    least_discordant,
    mid_p_power,
    mid_p_tasks,
    paired_t,
    t_power,
    unpaired_rates,
    unpaired_t,
)
from sim.kit.arrays import FloatArray

RERUN_TASKS = 50
RERUN_SD = 2.76 * math.sqrt(2)  # passes: one run of 50 tasks, given tasks and agents, has 2.76 (docs/paper.md); of two
PUBLISHED = (
    of_counts("29 v 24 of 50 [P2]", 11, 6, 50, 18),
    of_counts("27 v 23 of 50 [P2]", 6, 2, 50, 21),
)
RATE, MEAN = "McNemar", "paired t"
COLUMNS = {
    "pair": "the two arms, first v second; or a published pair of counts",
    "quantity": "what they are to be told apart in",
    "test": "McNemar, of tasks solved or not (mid-p); or paired t",
    "power": "chance to tell them apart that is asked for",
    "alpha": "chance of a false alarm, two-sided",
    "n_seen": "tasks behind the estimate: of a table its tasks, else those of all replications",
    "clusters": "what is redrawn for intervals, whole",
    "first": "the quantity of the first arm; empty where unknown",
    "second": "that of the second",
    "only_first": "share of tasks that only the first solves",
    "only_second": "share that only the second solves",
    "difference": "first minus second",
    "sd": "standard deviation of a task's difference",
    "tasks": "tasks, each played by both arms; McNemar: from Connor's formula on, the first with that power by "
    "mid-p; inf where they do not differ",
    "tasks_low": "lower end of its 95% interval over redrawn clusters",
    "tasks_high": "upper end; inf: in more than 2.5% of redrawn runs no number of tasks is enough",
    "power_there": "chance that the test rejects with so many tasks; McNemar: of mid-p, exactly; empty above a million",
    "anytime_tasks": "tasks by which the e-value, looked at after each, reaches 1 / alpha with the power asked",
    "anytime_mean": "tasks at which it reaches it on average",
    "unpaired_tasks": "tasks of each arm where each has tasks of its own; empty where unknown",
    "saved_by_pairing": "share of the variance that pairing takes away",
    "dollars_per_task": "dollars of attempts of both arms a task, where each pays for all of its own",
    "shared_per_task": "dollars a task of attempts that both arms make, which shared outcomes pay once",
    "dollars_shared": "dollars of `tasks` tasks where outcomes are shared",
    "dollars": "dollars of `tasks` tasks where they are not",
    "rerun_sd": "solve_rate: standard deviation of the difference in passes of two runs of the same agents on `tasks` "
    "tasks",
}


def power_table(pairs: Sequence[PairedOutcomes], quantities: Sequence[str], power: float, alpha: float) -> pd.DataFrame:
    """One row for each (pair, quantity), columns COLUMNS; published pairs have the quantity solve_rate alone."""
    rows = [_of_rate(pair, power, alpha) for pair in pairs] if "solve_rate" in quantities else []
    for pair in pairs:
        rows += [_of_mean(pair, name, found, power, alpha) for name, found in pair.differs.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def name_of(pair: PairedOutcomes) -> str:
    """The pair, in words."""
    return f"{pair.first} v {pair.second}" if pair.second else pair.first


def tasks_interval(pair: PairedOutcomes, power: float, alpha: float) -> tuple[float, float]:
    """95 % interval of the tasks that McNemar's test needs; inf: no number is enough. NaN where nothing was seen."""
    b, c = pair.redrawn[:, 0], pair.redrawn[:, 1]
    return _ends(np.maximum(connor(b, c, power, alpha), least_discordant(alpha)), b - c, pair.delta)


def _of_rate(pair: PairedOutcomes, power: float, alpha: float) -> dict[str, Any]:
    tasks = mid_p_tasks(pair.b, pair.c, power, alpha)
    ends = tasks_interval(pair, power, alpha)
    p, q = pair.rates
    row = _start(pair, "solve_rate", RATE, power, alpha) | {"first": p, "second": q}
    row |= {"only_first": pair.b, "only_second": pair.c, "difference": pair.delta}
    row |= {"sd": math.sqrt(max(pair.psi - pair.delta**2, 0.0)), "tasks": tasks}
    row |= {"tasks_low": ends[0], "tasks_high": ends[1], "saved_by_pairing": pair.saved}
    row |= {"unpaired_tasks": float(np.ceil(unpaired_rates(p, q, power, alpha)))}
    row["rerun_sd"] = RERUN_SD * math.sqrt(tasks / RERUN_TASKS)
    if tasks <= MOST:
        stops = Stops.of(pair.b, pair.c, alpha)
        row |= {"power_there": mid_p_power(int(tasks), pair.b, pair.c, alpha)}
        row |= {"anytime_tasks": stops.least(power), "anytime_mean": stops.mean}
    return row | _dollars(pair, tasks)


def _of_mean(pair: PairedOutcomes, name: str, found: Differs, power: float, alpha: float) -> dict[str, Any]:
    d = found.mean / found.sd if found.sd > 0 else math.nan
    tasks = paired_t(d, power, alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = approximate_t(found.redrawn_mean / found.redrawn_sd, power, alpha)
    ends = _ends(drawn, found.redrawn_mean, found.mean) if found.sd > 0 else (math.nan, math.nan)
    row = _start(pair, name, MEAN, power, alpha) | {"difference": found.mean, "sd": found.sd, "tasks": tasks}
    row |= {"tasks_low": ends[0], "tasks_high": ends[1]}
    if tasks <= MOST:
        row |= {"power_there": t_power(int(tasks), d, alpha)}
    if found.sd_of_one > 0:
        row |= {"unpaired_tasks": unpaired_t(found.mean / found.sd_of_one, power, alpha)}
        row |= {"saved_by_pairing": 1.0 - found.sd**2 / (2 * found.sd_of_one**2)}
    return row | _dollars(pair, tasks)


def _start(pair: PairedOutcomes, quantity: str, test: str, power: float, alpha: float) -> dict[str, Any]:
    row: dict[str, Any] = {"pair": name_of(pair), "quantity": quantity, "test": test, "power": power, "alpha": alpha}
    return row | {"n_seen": pair.n, "clusters": pair.clusters}


def _dollars(pair: PairedOutcomes, tasks: float) -> dict[str, float]:
    each, shared = pair.dollars, pair.shared
    found = {"dollars_per_task": each, "shared_per_task": shared}
    return found | {"dollars_shared": (each - shared) * tasks, "dollars": each * tasks}


def _ends(tasks: FloatArray, gaps: FloatArray, seen: float) -> tuple[float, float]:
    """2.5 and 97.5 % points; inf counts where a redrawn difference points the other way."""
    if seen == 0 or np.isnan(gaps).any():
        return math.nan, math.nan
    found = np.sort(np.where(np.sign(gaps) == np.sign(seen), np.ceil(tasks), np.inf))
    at = [int(share * (len(found) - 1)) for share in (0.025, 0.975)]
    return float(found[at[0]]), float(found[at[1]])
