"""Gates and attention: which bids on a posting the allocator looks at, and what a bid costs.

    least reputation   a bid counts only where standing.reputation >= the least
    attention          of the bids that count it reads m, in an order drawn for each posting; the others have lost
    bid price          every bid that counts owes the principal so many dollars at the clearing, read or not

The order in which bids are read is that of the last 32 of the 52 random bits of each agent's lottery number: a draw for
each (replication, task, posting, agent) that is independent of who wins a tie, which the first bits decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.kit.digits import alone
from sim.mechanisms.around import Around, without
from sim.mechanisms.payment_text import plain

_FIRST_BITS = 2.0**20


@dataclass(frozen=True)
class Gate(Around):
    """Nobody below the `least` reputation can be hired."""

    least: float

    def told_to_bidders(self) -> str:
        return f"{self.rule.told_to_bidders()} Nobody with a reputation below {plain(self.least)} is hired."

    def handed(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Bids:
        return without(bids, standing.reputation < self.least)

    def said(
        self, agent: int, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray, award: Award
    ) -> str:
        own = float(standing.reputation[agent])
        if own < self.least:
            return f"its reputation, {alone(own)}, is below the least, {alone(self.least)}"
        return super().said(agent, bids, tender, standing, lottery, award)


@dataclass(frozen=True)
class Attention(Around):
    """The allocator reads `most` of the bids on a posting. Source: [HR]."""

    most: int

    def told_to_bidders(self) -> str:
        return f"{self.rule.told_to_bidders()} The principal reads at most {self.most} of the bids, in random order."

    def handed(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Bids:
        return without(bids, ~read(bids.active, lottery, self.most))

    def said(
        self, agent: int, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray, award: Award
    ) -> str:
        if bids.active[agent] and not read(bids.active, lottery, self.most)[agent]:
            return f"was not read: {self.most} of {int(bids.active.sum())} bids were"
        return super().said(agent, bids, tender, standing, lottery, award)


@dataclass(frozen=True)
class PricedBids(Around):
    """Every bid that counts pays the principal `price` dollars, beside any fee of the inner rule."""

    price: float

    def told_to_bidders(self) -> str:
        return f"{self.rule.told_to_bidders()} Every bid pays the principal ${plain(self.price)}, hired or not."

    def answered(self, award: Award, handed: Bids, bids: Bids, tender: Tender) -> Award:
        owed = np.where(bids.active, self.price, 0.0)
        stated = vars(award).get("fee")
        return Award.trusted(**vars(award) | {"fee": owed if stated is None else owed + stated})


def read(active: BoolArray, lottery: FloatArray, most: int) -> BoolArray:
    """Which of the bids that count (..., n) are among the first `most` in the order of reading.

    >>> read(np.array([True, True, False]), np.array([0.25, 0.25 + 2.0**-21, 0.5]), 1).tolist()
    [True, False, False]
    """
    scaled = lottery * _FIRST_BITS
    order = scaled - np.floor(scaled)
    before = np.zeros(active.shape, np.int64)
    for rival in range(active.shape[-1]):
        one = slice(rival, rival + 1)
        before = before + (active[..., one] & (order[..., one] < order))
    return np.asarray(active & (before < most))
