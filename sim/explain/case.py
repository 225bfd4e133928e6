"""One clearing as the mechanism saw it, and what it would have answered with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.explain.round import ExplainedRound
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.kit.digits import alone
from sim.market.allocator import Allocator
from sim.market.rows import Cleared, owed
from sim.market.rules import Rules
from sim.mechanisms import Mechanism
from sim.world.world import World


@dataclass(frozen=True, eq=False)
class Case:
    """One clearing as the mechanism saw it, (n,), and its place on the tape.

    owed: dollars (n,) that bids and names owe, by what is said of them.
    """

    at: int
    task: int
    posting: int
    posted: int
    tick: int
    rule: Mechanism
    world: World
    window: int
    bids: Bids
    tender: Tender
    standing: Standing
    award: Award
    lottery: FloatArray
    round: ExplainedRound | None
    rules: Rules
    owed: Mapping[str, FloatArray]
    belief: FloatArray
    cost_belief: FloatArray

    @classmethod
    def of(cls, allocator: Allocator, world: World, cleared: Cleared, at: int) -> Case:
        def row(kind: Any, batch: Any) -> Any:
            return kind.trusted(**{name: array[at] for name, array in vars(batch).items() if array is not None})

        rules = allocator.rules
        return cls(
            at=at,
            task=int(cleared.task[at]),
            posting=int(cleared.posting[at]),
            posted=int(cleared.posted[at]),
            tick=int(cleared.tick[at]),
            rule=allocator.rules.mechanism,
            world=world,
            window=allocator.rules.window,
            bids=row(Bids, cleared.bids),
            tender=row(Tender, cleared.tender),
            standing=row(Standing, cleared.standing),
            award=row(Award, cleared.award),
            lottery=allocator.tasks.lottery[cleared.replication[at], cleared.task[at], cleared.posting[at]],
            rules=rules,
            owed={words: fee[at] for words, fee in owed(cleared, rules).items()},
            belief=cleared.belief[at],
            cost_belief=cleared.cost_belief[at],
            round=None if allocator.rules.market.round is None else ExplainedRound.of(allocator, cleared, at),
        )

    def hires(self, agent: int, *, alone: bool = False, lucky: bool = False) -> bool:
        """Would the agent be hired if nobody else bid, or if the lottery favoured it?"""
        active = self.bids.active & (np.arange(len(self.lottery)) == agent) if alone else self.bids.active
        lottery = self.lottery.copy()
        if lucky:
            lottery[agent] = -1.0
        bids = Bids.trusted(**vars(self.bids) | {"active": active})
        if self.round is not None and not alone:
            return bool(self.round.asked(active, lottery).hired[agent])
        return bool(self.rule(bids, self.tender, self.standing, lottery).hired[agent])

    def without(self, agent: int) -> Award:
        """The award had the agent not bid, in a round on no task of it."""
        active = self.bids.active & (np.arange(len(self.lottery)) != agent)
        if self.round is not None:
            return self.round.asked(active, self.lottery, absent=agent)
        bids = Bids.trusted(**vars(self.bids) | {"active": active})
        return self.rule(bids, self.tender, self.standing, self.lottery)


def dollars(amount: float) -> str:
    """Money to a hundredth of a cent.

    >>> dollars(-2.0)
    '-$2.0000'
    """
    return f"{'-' if amount < 0 else ''}${alone(abs(amount))}"
