"""Accuracy against cost of every policy on a recorded table: frontier.csv, one row per policy.

    accuracy    mean worth of tasks: share solved, or mean score where the table has scores
    cost        dollars a task, of all attempts

A policy without a record has intervals over tasks; one that chooses by a record is replayed on redrawn tables, from 50
tasks on (analysis/by_record.py). A policy lies on the frontier where no other one that needs no oracle is at least as
accurate at no more cost, and better in one of the two; `always` competes where it does all the tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.by_record import Records
from analysis.cells import CLUSTERS as WHAT
from analysis.cells import all_cells, described
from analysis.inference import CLUSTERS, REPLAYED, By, Estimate, ratio, without_error
from analysis.panel import Panel
from analysis.policies import Reckoned, ability_oracle, always, at_random, auctions, outcome_oracle
from analysis.resampled import with_errors
from sim.kit.arrays import BoolArray, FloatArray

_DIGITS = 9  # by which two policies that do the same differ in sums
ALWAYS, RECORD, AUCTION, ORACLE, RANDOM = "always", "record", "auction", "oracle", "random"
COLUMNS = {
    "policy": "what decides who works; of kind always the agent that does",
    "kind": "always, random, record (it chooses by what is known of other tasks), auction or oracle (a bound)",
    "tasks": "tasks that the policy is of: those at which its agent is known, or anybody is",
    "clusters": WHAT,
    **described(
        {
            "accuracy": "tasks solved / tasks; mean score where the table has scores",
            "cost": "dollars of all attempts / tasks; empty where the table has no costs",
        }
    ),
    "on_frontier": "1: no other policy without an oracle is as accurate at no more cost, and better in one of the two",
}


class Policy(NamedTuple):
    """One row: its name, its kind, what it does, and accuracy and cost on redrawn tables where it is by a record."""

    name: str
    kind: str
    does: Reckoned
    redrawn: Mapping[str, FloatArray] | None = None


def frontier_table(panel: Panel, value: float, seed: int) -> pd.DataFrame:
    """One row per policy, agents first. value: dollars that a success is worth to who chooses. attrs: the notes."""
    graded = panel.recorded.score is not None
    found = list(_policies(panel, value, seed))
    rows = [_row(policy, panel, rate=not graded) for policy in found]
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "on_frontier"])
    table["on_frontier"] = _undominated(table, panel.able.sum()).astype(np.int64)
    table.attrs["notes"] = _notes(panel, found)
    return table


def _policies(panel: Panel, value: float, seed: int) -> Iterator[Policy]:
    for place, agent in enumerate(panel.agents):
        yield Policy(agent, ALWAYS, always(panel, place))
    yield Policy("random", RANDOM, at_random(panel))
    records = Records(panel, value, seed)
    redrawn = records.redrawn()
    for name, does in records.reckoned().items():
        yield Policy(name, RECORD, does, redrawn.get(name, {}))
    for name, does in auctions(panel, value, seed):
        yield Policy(name, AUCTION, does)
    able = ability_oracle(panel, value)
    if able is not None:
        yield Policy("ability oracle", ORACLE, able)
    yield Policy("outcome oracle", ORACLE, outcome_oracle(panel, value))


def _row(policy: Policy, panel: Panel, *, rate: bool) -> dict[str, Any]:
    worth, cost, of = policy.does
    by_record = policy.redrawn is not None
    count = np.broadcast_to(of.astype(np.float64), worth.shape)
    by: By = "none" if by_record else "task"
    found: dict[str, Estimate] = {"accuracy": ratio(np.where(of, worth, 0.0), count, by, rate=rate)}
    found["cost"] = ratio(np.where(of, cost, 0.0), count, by) if panel.costly else without_error(np.nan)
    if policy.redrawn:
        kept = {name: values for name, values in policy.redrawn.items() if name == "accuracy" or panel.costly}
        found = with_errors(found, kept, panel.n_tasks, ["accuracy"] if rate else [], by_record=True)
    if panel.n_trials == 1 or by_record:
        found = {name: one.of_copies(2) for name, one in found.items()}
    what = CLUSTERS[by] if not policy.redrawn else REPLAYED
    return {
        "policy": policy.name,
        "kind": policy.kind,
        "tasks": int(of.sum()),
        "clusters": what,
        **all_cells(found),
    }


def _undominated(table: pd.DataFrame, n_tasks: int) -> BoolArray:
    """(policies,): on the frontier."""
    accuracy, cost = (table[name].to_numpy(np.float64).round(_DIGITS) for name in ("accuracy", "cost"))
    paid = np.nan_to_num(cost)
    plays = (table["kind"] != ORACLE).to_numpy() & (table["tasks"] == n_tasks).to_numpy() & ~np.isnan(accuracy)
    order = np.lexsort((-accuracy, paid))  # by cost, the most accurate first
    found, most, at = np.zeros(len(table), np.bool_), -np.inf, np.nan
    for row in order[plays[order]].tolist():
        if accuracy[row] > most or (accuracy[row] == most and paid[row] == at):
            found[row], most, at = True, accuracy[row], paid[row]
    return found


_NO_AUCTIONS = (
    "no auctions: they need claims and cost beliefs; name their columns, e.g. --column claim=p --column cost_belief=usd"
)


def _notes(panel: Panel, found: list[Policy]) -> list[str]:
    """What is left out, and why, a line each."""
    names, recorded = {policy.name for policy in found}, panel.recorded
    lost = int(recorded.present.sum() - panel.known.sum())
    missing = int((~panel.able).sum())
    said = {
        f"{lost:,} cells have no attempt that was not lost to the system, and count as missing": lost > 0,
        f"{missing:,} of {panel.n_tasks:,} tasks have no known outcome and are left out": missing > 0,
        _NO_AUCTIONS: recorded.lacks("belief") or recorded.lacks("cost_belief"),
        "no ability oracle: it needs a column of abilities, or two trials of every cell": "ability oracle" not in names,
        "costs are unknown, and count as 0 where a policy weighs them": not panel.costly,
    }
    return [line for line, holds in said.items() if holds]
