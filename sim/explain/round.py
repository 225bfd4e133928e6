"""A round explained: the postings cleared together, and what the mechanism answers with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.market.allocator import Allocator
from sim.market.rounds import assign_round
from sim.market.rows import Cleared
from sim.market.rules import Order
from sim.mechanisms import Mechanism


@dataclass(frozen=True, eq=False)
class ExplainedRound:
    """The round of a clearing as the mechanism saw it, (m, n). place: the clearing's own row of it."""

    place: int
    tasks: list[int]
    rule: Mechanism
    order: Order
    bids: Bids
    tender: Tender
    standing: Standing
    award: Award
    lottery: FloatArray

    @classmethod
    def of(cls, allocator: Allocator, cleared: Cleared, at: int) -> ExplainedRound:
        rules = allocator.rules
        rows = np.flatnonzero((cleared.replication == cleared.replication[at]) & (cleared.tick == cleared.tick[at]))

        def part(kind: Any, batch: Any) -> Any:
            return kind.trusted(**{name: array[rows] for name, array in vars(batch).items()})

        return cls(
            place=rows.tolist().index(at),
            tasks=cleared.task[rows].tolist(),
            rule=rules.mechanism,
            order=rules.assignment,
            bids=part(Bids, cleared.bids),
            tender=part(Tender, cleared.tender),
            standing=part(Standing, cleared.standing),
            award=part(Award, cleared.award),
            lottery=allocator.tasks.lottery[cleared.replication[rows], cleared.task[rows], cleared.posting[rows]],
        )

    def asked(self, active: BoolArray, lottery: FloatArray, absent: int | None = None) -> Award:
        """This posting's award with its own bids and lottery changed, and where `absent` bids on no task of the round.

        Whatever was put off counts as awarded.
        """
        everywhere, luck = self.bids.active.copy(), self.lottery.copy()
        everywhere[self.place], luck[self.place] = active, lottery
        if absent is not None:
            everywhere[:, absent] = False
        bids = Bids.trusted(ask=self.bids.ask, claim=self.bids.claim, active=everywhere)
        award = assign_round(self.rule, self.order, bids, self.tender, self.standing, luck)
        return Award.trusted(**{name: array[self.place] for name, array in vars(award).items()})

    def put_off(self) -> bool:
        """The task was to be given to somebody, and there was no room to start it."""
        own = self.asked(self.bids.active[self.place], self.lottery[self.place])
        return bool(own.hired.any() and not self.award.hired[self.place].any())

    def elsewhere(self, agent: int) -> int | None:
        """The other task of the round that the agent took; None where it took none."""
        taken = np.flatnonzero(self.award.hired[:, agent]).tolist()
        others = [self.tasks[row] for row in taken if row != self.place]
        return others[0] if others else None
