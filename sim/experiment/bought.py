"""The attempts of a live run as a recorded table: one row per agent, task and try, over all its arms.

Arms share attempts, so that each stands there once. An attempt that was lost (INFRA), cancelled or ended by the
deadline says nothing of the work and is left out; so is an agent whose outcomes are all alike, which no fit can place.

Outcomes are those of agents that were hired. Where a rule hires by claims, who claims most is seen most.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.experiment.run_folder import Run
from sim.kit.errors import RunError
from sim.world.origin import LiveOrigin

if TYPE_CHECKING:
    import pandas as pd

_KEY = ["agent", "task", "try"]


class Bought(NamedTuple):
    """table: agent, task, trial, claim (where all were asked), success, cost. note: a line about who is in it."""

    table: pd.DataFrame
    note: str


def bought_in(folder: Path) -> Bought:
    """Of the live run in `folder`; raises RunError where it holds none, or no outcome."""
    run = Run.open(folder)
    if not isinstance(run.origin, LiveOrigin):
        raise RunError(f"{folder}: holds no live run; give a recorded table, or the folder of a live run")
    found = bought(run)
    if found.table.empty:
        raise RunError(f"{folder}: {found.note}")
    return found


def bought(run: Run) -> Bought:
    """Of a live run."""
    attempts = _once(run)
    judged = attempts[attempts["status"].isin(["PASS", "FAIL"]) & ~attempts["timed_out"]]
    judged = judged.drop_duplicates(_KEY, ignore_index=True)
    pairs = len(judged[["agent", "task"]].drop_duplicates())
    note = (
        f"{pairs} of {len(run.origin.agents) * len(run.origin.tasks)} pairs of agent and task have an outcome, those "
        "of agents hired: a rule that hires by claims sees the boldest"
    )
    if lost := len(attempts.drop_duplicates(_KEY)) - len(judged):
        note += f"; {lost} attempt(s) lost or cut short, left out"
    passed = judged.groupby("agent", observed=True)["status"].agg(lambda own: (own == "PASS").mean())
    if alike := [str(name) for name, share in passed.items() if share in (0.0, 1.0)]:
        note += f"; left out, as all their attempts ended alike: {', '.join(alike)}"
    table = judged[~judged["agent"].isin(alike)]
    return Bought(_columns(table, claims=not judged["claim"].isna().any()), note)


def _once(run: Run) -> pd.DataFrame:
    """Attempts in the order of the arms; those of arms that asked for a claim stand first."""
    rows: pd.DataFrame = run.ledger.attempts.astype(dict.fromkeys(("agent", "task", "status"), str))
    order = {arm.name: place for place, arm in enumerate(run.scenario.arms)}
    keys: dict[str, Any] = {"place": rows["arm"].astype(str).map(order), "unclaimed": rows["claim"].isna()}
    return rows.assign(**keys).sort_values(["unclaimed", "place"], kind="stable")


def _columns(judged: pd.DataFrame, *, claims: bool) -> pd.DataFrame:
    """As a recorded table has them; a claim is missing of all or of none."""
    success = (judged["status"] == "PASS").astype(int)
    table = judged[["agent", "task", "claim", "cost"]].assign(trial=judged["try"], success=success)
    return table if claims else table.drop(columns="claim")
