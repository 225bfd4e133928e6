"""What a name owes for being new: a fee, and a bond that it has back if it stands well at the end.

    [market]
    entry = { fee = 0.25, bond = 0.5, least = 0.8 }

With its first bid that counts, read or not, a name owes `fee`, to the principal of that clearing, and posts `bond`. At
the last clearing of the replication every name that has posted one has it back if its reputation r is at least `least`,
and forfeits it to the principal of that clearing otherwise. At least = 0 everybody has it back, whoever the name was,
so that it serves the next name as it did the last (a transferable bond) and moves no money. Who bids under several
names owes for each; the market does not know who is behind them. Both stand in the bids' column `fee` and among the
accounts.

Index convention: C clearings of whole replications, in the order in which they cleared; n agents.
"""

from __future__ import annotations

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.specs.settings import Entry


def entry_fees(entry: Entry, replication: IntArray, counts: BoolArray, reputation: FloatArray) -> dict[str, FloatArray]:
    """(C, n) dollars owed at each clearing, by what is said of them.

    replication (C,); counts (C, n): a bid that counts; reputation (C, n).

    >>> counts, r = np.array([[True, False], [True, True], [True, False]]), np.array([[1.0, 1], [0.8, 1], [0.6, 1]])
    >>> found = entry_fees(Entry(fee=0.25, bond=0.5, least=0.8), np.zeros(3, int), counts, r)
    >>> {words: dollars.tolist() for words, dollars in found.items()}
    {'owes, as a new name,': [[0.25, 0.0], [0.0, 0.25], [0.0, 0.0]], 'forfeits': [[0.0, 0.0], [0.0, 0.0], [0.5, 0.0]]}
    """
    last = np.append(replication[1:] != replication[:-1], True)[: len(replication)]
    first, entered = _first(replication, counts)
    lost = last[:, None] & entered & (reputation < entry.least)
    return {"owes, as a new name,": np.where(first, entry.fee, 0.0), "forfeits": np.where(lost, entry.bond, 0.0)}


def _first(replication: IntArray, counts: BoolArray) -> tuple[BoolArray, BoolArray]:
    """(C, n): a name's first bid that counts; one was made by then."""
    begins = np.append(True, replication[1:] != replication[:-1])[: len(replication)]
    so_far = np.cumsum(counts, axis=0)
    before: IntArray = (so_far - counts)[begins][np.cumsum(begins) - 1]
    made = so_far - before
    return counts & (made == 1), made > 0
