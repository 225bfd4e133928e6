"""What agents end with and when they leave, from ledger rows: wealth, exits, attempts at a loss.

    final wealth   bankroll + payment - fee - cost - bid_cost, summed over the agent's rows of a replication
    exit tick      tick of the first clearing at which a bid of the agent has the outcome "exited"

An agent that loses its last dollar after the replication's last clearing has no exit: nobody read its wealth again.
Index convention: R replications, n agents. A replication is one observation of these, so that on a recorded table,
whose replications share their tasks, they have no standard error for another draw of tasks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.ledger_rows import Columns, Rows
from sim.kit.arrays import FloatArray
from sim.ledger.ledger import OUTCOME
from sim.world.world import World

Bankroll = tuple[float, ...] | None


def exit_ticks(rows: Rows, world: World) -> FloatArray:
    """(R, n) tick at which each agent was found to have left, NaN where it stayed; of one arm's rows."""
    n = world.n_agents
    found = np.full((world.n_replications, n), np.inf)
    gone = rows.bids["outcome"] == OUTCOME.index("exited")
    if gone.any():
        alone = bool((rows.clearings["alone"] != n).any())
        left = {name: rows.bids[name][gone].astype(np.int64) for name in ("replication", "task", "posting", "agent")}
        market = left["agent"] if alone else np.full_like(left["agent"], n)
        most = int(rows.clearings["posting"].max()) + 1
        cleared = _place(rows.clearings, rows.clearings["alone"], world, most)
        order = np.argsort(cleared, kind="stable")
        at = order[np.searchsorted(cleared[order], _place(left, market, world, most))]
        np.minimum.at(found, (left["replication"], left["agent"]), rows.clearings["tick"][at])
    return np.where(np.isinf(found), np.nan, found)


def _place(rows: Columns, market: NDArray[Any], world: World, postings: int) -> Any:
    """A number for each clearing."""
    replication, task, posting = (rows[name].astype(np.int64) for name in ("replication", "task", "posting"))
    return ((replication * world.n_tasks + task) * postings + posting) * (world.n_agents + 1) + market


def final_wealth(bankroll: Bankroll, utility: FloatArray) -> FloatArray:
    """(R, n) dollars at the end; NaN where no account is kept, or one without limit. utility: (R, T, n) dollars."""
    start = np.full(utility.shape[2], np.nan) if bankroll is None else np.array(bankroll)
    return np.asarray(np.where(np.isfinite(start), start, np.nan) + utility.sum(axis=1))
