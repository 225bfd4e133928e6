"""Escrow: what a contract may pay is set aside at its award, and its work decides who gets it.

    deposit   = max(0, pay_success, pay_failure)          principal -> escrow, at the award
    released  = (1 - holdback) max(0, payment)            escrow -> agent, as the attempt ends
    held back = holdback max(0, payment)                  escrow -> agent, once the principal's last task has closed
    returned  = deposit - max(0, payment)                 escrow -> principal, as the attempt ends

so that deposits = released + held back and paid + returned + the open balance at every event, and nothing is left at
the end of a replication. A rejected attempt is paid nothing and returns all of its deposit, as does one whose
turn never comes; a fine moves from the agent to the principal, as it does without escrow. The escrow holds money and
decides nothing: bids, awards and attempts are those of the market without it. Each award costs the allocator a fee.

Index convention: A contracts, C clearings.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.kit.arrays import FloatArray
from sim.specs.settings import Escrow


class Shares(NamedTuple):
    """Dollars (A,) of deposits that go to agents at once and later, and back to principals."""

    released: FloatArray
    held_back: FloatArray
    returned: FloatArray


def divided(deposit: FloatArray, payment: FloatArray, holdback: FloatArray | float) -> Shares:
    """Who gets the deposits (A,) of contracts that pay these dollars (A,), below 0 the agent; holdback: shares (A,).

    >>> [share.tolist() for share in divided(np.array([1.0, 1.0]), np.array([0.5, -0.25]), 0.25)]
    [[0.375, 0.0], [0.125, 0.0], [0.5, 1.0]]
    """
    paid = np.maximum(0.0, payment)
    held_back = holdback * paid
    return Shares(paid - held_back, held_back, deposit - paid)


def fees(escrow: Escrow | None, awards: ArrayLike) -> FloatArray | float:
    """Dollars (C,) that clearings cost the allocator beside their overhead. awards (C,): how many of them hired.

    >>> fees(Escrow(fee=0.25), [0, 1, 2]).tolist(), fees(None, [0, 1])
    ([0.0, 0.25, 0.5], 0.0)
    """
    return 0.0 if escrow is None else escrow.fee * np.asarray(awards, np.float64)
