"""postings.csv: how often each posting of a task succeeds, and whether a rescue is better left to another agent.

One row per (arm, posting, who): who is "any" attempt, an agent that tried the task at an earlier posting ("same"), or
one that did not ("other"). A rate is attempts that truly succeeded / attempts, over all agents hired at that posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.cells import CLUSTERS as WHAT
from analysis.cells import cells, described
from analysis.inference import CLUSTERS, By, ratio
from sim.ledger.ledger import Ledger
from sim.world.world import World

COLUMNS = {
    "arm": "name of the arm",
    "posting": "0 for the first offering of a task",
    "who": '"any" attempt, by the "same" agent as an earlier posting\'s, or by an "other" one',
    "attempts": "attempts at this posting",
    "clusters": WHAT,
    **described({"success_rate": "attempts that truly succeeded / attempts at this posting"}),
}


def postings_table(arms: Sequence[tuple[str, World, Ledger, By]]) -> pd.DataFrame:
    """postings.csv from each arm's name, World, rows and clusters."""
    rows: list[dict[str, Any]] = []
    for name, world, ledger, by in arms:
        attempts = ledger.attempts
        for posting in sorted(attempts["posting"].unique().tolist()):
            here = attempts[attempts["posting"] == posting]
            again = (here["try"] > 0).to_numpy()
            kinds = {"any": np.ones(len(here), np.bool_)}
            if posting > 0:
                kinds |= {"same": again, "other": ~again}
            for who, chosen in kinds.items():
                rows.append({"arm": name, "posting": posting, "who": who} | _rate(world, here[chosen], by))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rate(world: World, rows: pd.DataFrame, by: By) -> dict[str, Any]:
    shape = (world.n_replications, world.n_tasks)
    hits, tries = np.zeros(shape), np.zeros(shape)
    at = rows["replication"].to_numpy(), rows["task"].cat.codes.to_numpy()
    np.add.at(tries, at, 1.0)
    np.add.at(hits, at, rows["success"].to_numpy().astype(np.float64))
    rate = ratio(hits, tries, by, rate=True)
    return {"attempts": len(rows), "clusters": CLUSTERS[by], **cells("success_rate", rate)}
