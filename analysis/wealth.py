"""What agents end with and when they leave, from ledger rows: wealth, exits, attempts at a loss.

    final wealth   bankroll + payment - fee - cost - bid_cost, summed over the agent's rows of a replication
    exit tick      tick of the first clearing at which a bid of the agent is told as "exited"

An agent that loses its last dollar after the replication's last clearing has no exit: nobody read its wealth again.
Index convention: R replications, n agents. A replication is one observation of these, so that on a recorded table,
whose replications share their tasks, they have no standard error for another draw of tasks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.inference import By, Estimate, ratio, without_error
from sim.arrays import BoolArray, FloatArray
from sim.ledger import Ledger

Bankroll = tuple[float, ...] | None


def exit_ticks(ledger: Ledger, agents: tuple[str, ...], n_replications: int) -> FloatArray:
    """(R, n) tick at which each agent was found to have left, NaN where it stayed; of one arm's rows."""
    found = np.full((n_replications, len(agents)), np.nan)
    gone = ledger.bids[ledger.bids["outcome"] == "exited"]
    if len(gone) == 0:
        return found
    key = ["replication", "task", "posting"]
    ticks = ledger.clearings[[*key, "tick", "alone"]]
    whose = [*key, "alone"] if bool((ledger.clearings["alone"] != "").any()) else key
    rows = gone.assign(alone=gone["agent"].astype(str)).merge(
        ticks.assign(alone=ticks["alone"].astype(str))[[*whose, "tick"]], on=whose
    )
    first = rows.groupby(["replication", "agent"], observed=True)["tick"].min().reset_index()
    at = first["replication"].to_numpy(), pd.Index(agents).get_indexer(pd.Index(first["agent"].astype(str)))
    found[at] = first["tick"].to_numpy()
    return found


def final_wealth(bankroll: Bankroll, utility: FloatArray) -> FloatArray:
    """(R, n) dollars at the end; NaN where no account is kept, or one without limit. utility: (R, T, n) dollars."""
    start = np.full(utility.shape[2], np.nan) if bankroll is None else np.array(bankroll)
    return np.asarray(np.where(np.isfinite(start), start, np.nan) + utility.sum(axis=1))


def exit_rate(bankroll: Bankroll, exited: BoolArray, by: By) -> Estimate:
    """Agents that left / agents, (), NaN where no account is kept. exited: (R, n)."""
    if bankroll is None:
        return without_error(np.nan)
    return ratio(exited.sum(axis=1, keepdims=True), np.full((len(exited), 1), exited.shape[1]), by, rate=True)


def estimates(bankroll: Bankroll, exited: BoolArray, utility: FloatArray, by: By) -> dict[str, Estimate]:
    """exit_rate and final_wealth (n,), NaN where no account is kept. exited: (R, n)."""
    if bankroll is None:
        unknown = without_error(np.full(exited.shape[1], np.nan))
        return {"exit_rate": unknown, "final_wealth": unknown}
    each = np.ones((*exited.shape[:1], 1, exited.shape[1]))
    return {
        "exit_rate": ratio(exited[:, None], each, by, rate=True),
        "final_wealth": ratio(final_wealth(bankroll, utility)[:, None], each, by),
    }
