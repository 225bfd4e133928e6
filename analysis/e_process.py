"""Evidence that one arm solves more tasks than another, which may be looked at after every task.

Of the tasks that one arm solved and the other did not, a by the first and b by the second, a fair coin would give each
half. The e-value is the mean likelihood of all coins, weighted by Beta(1/2, 1/2), over that of the fair one:

    e = B(a + 1/2, b + 1/2) / B(1/2, 1/2) x 2^(a + b)

Under the fair coin its expectation is 1 at every stopping time, so that by Ville's inequality it ever reaches 1 / alpha
with chance alpha at most: 20 for 5 %. It needs no plan for when to stop. Source: [Ville1939], [RamdasEtAl2023].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betaln

from sim.kit.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

REJECT = 20.0  # 1 / .05


def e_value(first: IntArray | FloatArray | int, second: IntArray | FloatArray | int) -> FloatArray:
    """Of so many tasks that only the first, and only the second arm solved, (...).

    >>> float(e_value(0, 0)), round(float(e_value(11, 6)), 3), float(e_value(11, 6)) == float(e_value(6, 11))
    (1.0, 0.402, True)
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return np.asarray(np.exp(betaln(a + 0.5, b + 0.5) - betaln(0.5, 0.5) + (a + b) * math.log(2.0)))


def lines_of_ledger(clearings: Mapping[str, pd.DataFrame], baseline: str) -> list[str]:
    """As `lines_of`, from rows of the ledger by arm."""
    return lines_of({name: _solved(frame) for name, frame in clearings.items()}, baseline)


def lines_of(solved: Mapping[str, Mapping[Any, bool]], baseline: str) -> list[str]:
    """A line for each other arm: how many tasks only one of the two solved, and the e-value. None without another arm.

    solved: by arm, of each task that is closed for good, whether it was solved. Tasks that are open in one of the two
    do not count yet, so that it may be looked at at any time.
    """
    if baseline not in solved or len(solved) < 2:
        return []
    lines = ["e-values of solving more or less than the baseline; 20 or more: not by chance (5 %), whenever looked at"]
    for name, own in solved.items():
        if name != baseline:
            both = set(own) & set(solved[baseline])
            first = sum(own[task] and not solved[baseline][task] for task in both)
            second = sum(solved[baseline][task] and not own[task] for task in both)
            found = float(e_value(first, second))
            lines.append(
                f"{name}: solved {first} tasks that {baseline} did not, {second} the other way: e = {found:.3g}"
            )
    return lines


def _solved(clearings: pd.DataFrame) -> dict[tuple[int, str], bool]:
    names = ("replication", "task", "closed")
    rows = zip(*(clearings[name].tolist() for name in names), strict=True)
    return {(replication, task): closed == "solved" for replication, task, closed in rows if closed != "reposted"}
