"""postings.csv: how often each posting of a task succeeds, and whether a rescue is better left to another agent.

One row per (arm, posting, who): who is "any" attempt, an agent that tried the task at an earlier posting ("same"), or
one that did not ("other"). A rate is attempts that truly succeeded / attempts, over all agents hired at that posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference import ratio
from sim.ledger import Ledger
from sim.world import World

COLUMNS = {
    "arm": "name of the arm",
    "posting": "0 for the first offering of a task",
    "who": '"any" attempt, by the "same" agent as an earlier posting\'s, or by an "other" one',
    "attempts": "attempts at this posting",
    "success_rate": "attempts that truly succeeded / attempts at this posting",
    "success_rate_se": "standard error of success_rate for another draw of tasks like these, independent of each other",
    "success_rate_se_mc": "standard error of success_rate from the simulation's own noise",
}


def postings_table(arms: Sequence[tuple[str, World, Ledger]]) -> pd.DataFrame:
    """postings.csv from each arm's name, World and rows."""
    rows: list[dict[str, Any]] = []
    for name, world, ledger in arms:
        attempts = ledger.attempts
        for posting in sorted(attempts["posting"].unique().tolist()):
            here = attempts[attempts["posting"] == posting]
            again = (here["try"] > 0).to_numpy()
            kinds = {"any": np.ones(len(here), np.bool_)}
            if posting > 0:
                kinds |= {"same": again, "other": ~again}
            for who, chosen in kinds.items():
                rows.append({"arm": name, "posting": posting, "who": who} | _rate(world, here[chosen]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rate(world: World, rows: pd.DataFrame) -> dict[str, float]:
    shape = (world.n_replications, world.n_tasks)
    hits, tries = np.zeros(shape), np.zeros(shape)
    at = rows["replication"].to_numpy(), rows["task"].cat.codes.to_numpy()
    np.add.at(tries, at, 1.0)
    np.add.at(hits, at, rows["success"].to_numpy().astype(np.float64))
    rate = ratio(hits, tries, world.recorded)
    return {
        "attempts": len(rows),
        "success_rate": float(rate.value),
        "success_rate_se": float(rate.se),
        "success_rate_se_mc": float(rate.se_mc),
    }
