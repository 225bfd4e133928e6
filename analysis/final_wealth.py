"""What agents end with and when they leave, from ledger rows: wealth, exits, attempts at a loss.

    final wealth   bankroll + payment - fee - cost - bid_cost, summed over the agent's rows of a replication
    exit tick      tick of the first clearing at which a bid of the agent has the outcome "exited"

An agent that loses its last dollar after the replication's last clearing has no exit: nobody read its wealth again.
Index convention: R replications, n agents. A replication is one observation of these, so that on a recorded table,
whose replications share their tasks, they have no standard error for another draw of tasks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.kit.arrays import FloatArray
from sim.ledger.ledger import Ledger

Bankroll = tuple[float, ...] | None


def exit_ticks(ledger: Ledger, agents: tuple[str, ...], n_replications: int) -> FloatArray:
    """(R, n) tick at which each agent was found to have left, NaN where it stayed; of one arm's rows."""
    found = np.full((n_replications, len(agents)), np.nan)
    gone = ledger.bids[ledger.bids["outcome"] == "exited"]
    if len(gone) == 0:
        return found
    key = ["replication", "task", "posting"]
    ticks = ledger.clearings[[*key, "tick", "alone"]]
    keys = [*key, "alone"] if bool((ledger.clearings["alone"] != "").any()) else key
    rows = gone.assign(alone=gone["agent"].astype(str)).merge(
        ticks.assign(alone=ticks["alone"].astype(str))[[*keys, "tick"]], on=keys
    )
    first = rows.groupby(["replication", "agent"], observed=True)["tick"].min().reset_index()
    at = first["replication"].to_numpy(), pd.Index(agents).get_indexer(pd.Index(first["agent"].astype(str)))
    found[at] = first["tick"].to_numpy()
    return found


def final_wealth(bankroll: Bankroll, utility: FloatArray) -> FloatArray:
    """(R, n) dollars at the end; NaN where no account is kept, or one without limit. utility: (R, T, n) dollars."""
    start = np.full(utility.shape[2], np.nan) if bankroll is None else np.array(bankroll)
    return np.asarray(np.where(np.isfinite(start), start, np.nan) + utility.sum(axis=1))
