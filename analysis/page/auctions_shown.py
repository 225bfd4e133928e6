"""Which auctions of a run its page holds, and which of them are notable.

All of them where there are at most MOST, with at most about MOST_BIDS bids. Of more every arm has an equal share: whole
replications from number 0 on, or, where not even the tasks of one fit, tasks of replication 0 evenly spaced, both ends
among them. Beside these come, of every arm that has one, the first decided by a tie, the first with a bond that could
not be posted, the first posted again and the one of the largest regret, unless they are among them. Where a bond binds
that was posted shows when the market is played again (analysis/page/explorer.py).

An auction here is a (replication, task) of an arm; where agents are alone it is one in all of their markets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.arm import ArmData
from analysis.ledger_rows import Columns, Rows
from analysis.quantities.regrets import regret_outcome
from sim.kit.arrays import FloatArray
from sim.ledger.ledger import OUTCOME

MOST, MOST_BIDS = 1_200, 24_000
_LEAST = 5  # of an arm

Place = tuple[int, int]  # replication, task
KINDS = ("tie", "bond", "repost", "regret")


@dataclass(frozen=True)
class Choice:
    """places: those of each arm, in order. notable: of each arm, by kind, where the whole run has them.

    regret: (R, T) of each arm, dollars. rule: how places were chosen, "" where they are all there are.
    """

    places: Mapping[str, list[Place]]
    notable: Mapping[str, Mapping[str, list[Place]]]
    regret: Mapping[str, FloatArray]
    rule: str


def choose_auctions(rows: Mapping[str, Rows], arms: Sequence[ArmData], most: int = MOST) -> Choice:
    """The auctions of a page. rows: the ledger of each arm."""
    most = min(most, int(MOST_BIDS / max(1.0, _bids_of_each(rows, arms))))
    share = max(_LEAST, most // len(arms))
    n_replications, n_tasks = arms[0].world.n_replications, arms[0].world.n_tasks
    total = n_replications * n_tasks
    base = _spread(n_replications, n_tasks, total if total * len(arms) <= most else share)
    places, notable, regret = dict[str, list[Place]](), dict[str, Mapping[str, list[Place]]](), dict[str, FloatArray]()
    for arm in arms:
        regret[arm.name] = regret_outcome(arm).max(axis=2, initial=-np.inf)
        notable[arm.name] = found = _notable(rows[arm.name], regret[arm.name])
        chosen = set(base)
        for kind in KINDS:
            if found[kind] and not chosen.intersection(found[kind]):
                chosen.add(found[kind][0])
        places[arm.name] = sorted(chosen)
    return Choice(places, notable, regret, "" if len(base) == total else _rule(n_replications, n_tasks, len(base)))


def _bids_of_each(rows: Mapping[str, Rows], arms: Sequence[ArmData]) -> float:
    """Bids of an auction, on average."""
    auctions = sum(arm.world.n_replications * arm.world.n_tasks for arm in arms)
    return sum(len(one.bids["task"]) for one in rows.values()) / max(1, auctions)


def _spread(n_replications: int, n_tasks: int, share: int) -> list[Place]:
    """The auctions of an arm that were chosen without looking at them."""
    if n_tasks <= share:
        return [(r, task) for r in range(min(n_replications, share // n_tasks)) for task in range(n_tasks)]
    return [(0, int(task)) for task in np.unique(np.linspace(0, n_tasks - 1, share).round().astype(np.int64))]


def _rule(n_replications: int, n_tasks: int, count: int) -> str:
    if count >= n_tasks:
        which = f"all {n_tasks:,} tasks of replications 0 to {count // n_tasks - 1} of {n_replications:,}"
        which = which.replace("replications 0 to 0", "replication 0")
    else:
        which = f"{count:,} of {n_tasks:,} tasks of replication 0, evenly spaced"
    return (
        f"in every arm {which}; beside them, where they are not among those, the first auction decided by a tie, the "
        "first with a bond that binds, the first posted again and the one of the largest regret"
    )


def _notable(rows: Rows, regret: FloatArray) -> dict[str, list[Place]]:
    """By kind, the auctions of the whole run; a bond that binds shows only where the market is played again."""
    return {
        "tie": _places(rows.clearings, rows.clearings["by_tie"]),
        "bond": _places(rows.bids, rows.bids["outcome"] == OUTCOME.index("no bond")),
        "repost": _places(rows.clearings, rows.clearings["posting"] > 0),
        "regret": _largest(regret),
    }


def _places(rows: Columns, which: NDArray[np.bool_]) -> list[Place]:
    pairs = zip(rows["replication"][which].tolist(), rows["task"][which].tolist(), strict=True)
    return sorted({(int(replication), int(task)) for replication, task in pairs})


def _largest(regret: FloatArray) -> list[Place]:
    """Where the regret is largest, the first of equals; nowhere if it is unknown or 0."""
    known = np.where(np.isfinite(regret), regret, -np.inf)
    if known.size == 0 or known.max() <= 0:
        return []
    at = np.unravel_index(int(known.argmax()), known.shape)
    return [(int(at[0]), int(at[1]))]
