"""Markets that only SimPy processes play, each with the key that says so."""

from __future__ import annotations

import math

from sim.specs.settings import MarketSpec
from sim.standing.advisors import ADVISORS, Advisor
from sim.world.card import PastCard


def refusal(
    market: MarketSpec,
    card: PastCard | None,
    every: int | None = None,
    processes: object = None,
    advisor: Advisor | None = None,
    most_bids: float | None = None,
) -> str | None:
    """Why only the processes play a market, None where others can.

    card: of their own past, that agents read. every: ticks between rounds, where all open postings clear together.
    processes: agents that have one of their own. advisor: one that learns. most_bids: that an agent may make.
    """
    if processes:
        return "bidders.process: an agent with a process of its own acts moment by moment"
    if market.refusal is not None:
        return market.refusal
    if most_bids is not None and most_bids < math.inf:
        return "bidders.most_bids: it keeps no count of the bids of an agent"
    if every is not None:
        return "market.round: it clears postings one by one, not all that are open at a tick together"
    if card is not None:
        return 'bidders.card.record = "past": what is on a card when a bid is formed depends on what ended before'
    if advisor is not None and _remembers_attempts(advisor):
        name = ADVISORS.name_of(advisor)
        return f"standing.advice: {name} remembers single attempts, where the loop keeps a few numbers of each agent"
    return None


def _remembers_attempts(advisor: Advisor) -> bool:
    """Its state has an axis after that of agents."""
    return any(array.ndim > 1 for array in advisor.init(1))
