"""What clearings cost the allocator and the principal, stated once: for rows of a ledger and for the counts of a sweep.

    overhead = clearings x (market.overhead + what the rule says of the task) + advice + awards x the escrow's fee

The rule says it by `Mechanism.overhead`; advice is a router's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.kit.arrays import BoolArray, FloatArray
from sim.market.escrow import fees
from sim.market.rules import Rules


def overheads(
    rules: Rules,
    unasked: BoolArray | None,
    clearings: ArrayLike,
    awards: ArrayLike,
    advising: FloatArray | float = 0.0,
) -> FloatArray:
    """Dollars (...) that so many clearings cost, `awards` (...) of which hired.

    unasked (...): nobody but staff is asked for a bid on their task; None: everybody is. advising (...): dollars that
    advice cost.
    """
    count = np.asarray(clearings)
    stated = rules.overhead * count + advising + fees(rules.market.escrow, awards)
    return np.asarray(stated + rules.mechanism.overhead(unasked) * count)
