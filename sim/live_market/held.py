"""The bids and outcomes of a market that was played, held fixed: the same ledger without a question, or another rule's.

Under the rule that was played every question has its answer. Another rule may hire somebody who was not: what such a
try would have been is not known. It is an error, a failure or a success, as is asked for, at the mean cost of the
agent's tries; two runs, all failures and all successes, show how much hangs on it. They bound what the rule would have
done only where no outcome moves a later bid: one posting, nothing learned. Where a task is posted more often than it
was, bids are those of its last posting. Bids answered another rule's prompt: claims carry over better than asks do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Notice, Status, Tender
from sim.kit.errors import MarketError
from sim.ledger.ledger import BESIDE
from sim.market.source import BID, At, Offers, Outcome, no_bid
from sim.world.world import World

Unknown = Literal["error", "fail", "pass"]
Columns = Mapping[str, NDArray[Any]]


@dataclass(eq=False)
class Held:
    """A `Source`. bids, outcomes: by (at, posting) and (at, agent, nth). missed: tries that were not known.

    advice: a router's, by (at, posting), which no ledger holds.
    """

    world: World
    bids: Mapping[tuple[At, int], Offers]
    outcomes: Mapping[tuple[At, int, int], Outcome]
    unknown: Unknown = "error"
    missed: list[tuple[At, int, int]] = field(default_factory=list)
    advice: Mapping[tuple[At, int], FloatArray] = field(default_factory=dict)
    opening: Offers | None = None

    @classmethod
    def of(cls, world: World, bids: Columns, attempts: Columns, unknown: Unknown = "error") -> Self:
        """From rows of the ledger's tables, with places for names and statuses."""
        return cls(world, _offers(world, bids), _outcomes(attempts), unknown)

    def post(self, at: At, posting: int, notice: Notice, asked: BoolArray) -> None:
        """All is known."""

    def offers(self, at: At, posting: int) -> Offers:
        """Those of the posting, or of the last one before it."""
        for earlier in range(posting, -1, -1):
            if (at, earlier) in self.bids:
                return replace(self.bids[at, earlier], advice=self.advice.get((at, earlier)))
        raise MarketError(f"task {self.world.tasks[at[1]]}: no bids are held")

    def start(self, at: At, agent: int, nth: int, budget: float | None) -> int:
        """Ticks as drawn."""
        lasts = self.world.duration[at][agent]
        return int(lasts[min(nth, len(lasts) - 1)])

    def outcome(self, at: At, agent: int, nth: int) -> Outcome:
        """As it was, or what an unknown one is taken for."""
        if (at, agent, nth) in self.outcomes:
            return self.outcomes[at, agent, nth]
        if self.unknown == "error":
            who, task = self.world.agents[agent], self.world.tasks[at[1]]
            raise MarketError(f"try {nth + 1} of {who} at {task} was never made; its outcome is not known")
        self.missed.append((at, agent, nth))
        passed = self.unknown == "pass"
        return Outcome(int(Status.PASS if passed else Status.FAIL), passed, self.mean_cost(agent))

    def mean_cost(self, agent: int) -> float:
        """Dollars of the agent's known tries on average; of everybody's where it has none; 0 where nobody has."""
        own = [one.cost for (_, who, _), one in self.outcomes.items() if who == agent]
        costs = own or [one.cost for one in self.outcomes.values()]
        return float(np.mean(costs)) if costs else 0.0

    def cancel(self, at: At, agent: int, nth: int, elapsed: int) -> Outcome:
        """As it was."""
        return self.outcome(at, agent, nth)

    def cleared(self, at: At, posting: int, tender: Tender, bids: Bids, award: Award) -> None:
        """Nobody answers to it."""

    def heard(self, at: At, agent: int, outcome: Outcome, payment: float) -> None:
        """Nobody answers to it."""


def _offers(world: World, bids: Columns) -> dict[tuple[At, int], Offers]:
    n, found = world.n_agents, dict[tuple[At, int], Offers]()
    shape = -1, n
    rows = {name: np.asarray(bids[name]).reshape(shape) for name in ("ask", "claim", "bid_cost", "outcome")}
    places = [np.asarray(bids[name]).reshape(shape)[:, 0].tolist() for name in ("replication", "task", "posting")]
    for row, (replication, task, posting) in enumerate(zip(*places, strict=True)):
        at = (replication, task)
        ask, word = rows["ask"][row], rows["outcome"][row]
        none = no_bid(word) & np.isnan(ask)
        unknown = np.full(n, np.nan)
        found[at, posting] = Offers(
            ask=ask,
            claim=rows["claim"][row],
            belief=unknown,
            cost_belief=unknown,
            latency=world.latency[at],
            bid_cost=rows["bid_cost"][row],
            reason=np.where(none, word, BID).astype(np.int8),
        )
    return found


def _outcomes(attempts: Columns) -> dict[tuple[At, int, int], Outcome]:
    names = ("replication", "task", "agent", "try", "status", "success", "cost", "score", *BESIDE)
    found = {}
    for replication, task, agent, nth, status, success, cost, score, *more in zip(
        *(np.asarray(attempts[name]).tolist() for name in names), strict=True
    ):
        graded = score if 0.0 < score < 1.0 else np.nan
        found[(replication, task), agent, nth] = Outcome(
            status, success, cost, graded, dict(zip(BESIDE, more, strict=True))
        )
    return found
