"""Inspection: agents claim that they are done, and the market looks at some of the work before it pays.

Without inspection a claim is accepted: the status is PASS whatever happened. An inspected attempt has the status that
the verifier gives it; with `world.verifier` it finds a failure with sensitivity s = 1 - false_pass and leaves good work
alone with specificity 1 - false_fail. An inspection costs the allocator `cost`; a failure that is accepted, inspected
or not, does its principal `harm`. Attempts lost to the system, cancelled or ended by the deadline claim nothing.

Where the verifier never rejects good work, nothing is posted again and nobody learns, inspecting one attempt more
changes welfare by f s harm - cost, f the share of failures among attempts claimed done: it pays iff cost < f s harm.
The payment is a transfer, so for the principal's surplus harm + payment stands in for harm.
"""

from __future__ import annotations

from sim.kit.arrays import Status
from sim.market.source import Outcome
from sim.specs.settings import Inspection

_CLAIMED = (int(Status.PASS), int(Status.FAIL))


def reviewed(outcome: Outcome, rule: Inspection, luck: float) -> Outcome:
    """The outcome as the market takes it; luck: uniform on (0, 1), inspected where it lies below the rate."""
    if outcome.status not in _CLAIMED:
        return outcome
    looked = luck < rule.rate
    status = outcome.status if looked else int(Status.PASS)
    harm = rule.harm if status == Status.PASS and not outcome.success else 0.0
    return outcome._replace(status=status, beside={"inspection": rule.cost if looked else 0.0, "harm": harm})
