"""What a principal that may work itself (tender.own) cannot be combined with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.kit.names import SHILL, second_name


def against_own_hand(settings: Any, own: str) -> Iterator[str]:
    """A line for each. settings: of an arm (sim/specs/settings.py); own: name of the hand."""
    stated: dict[str, object] = {
        "bidders.bankroll: what is made costs the principal, whose wealth is no agent's": settings.bidders.bankroll,
        "world.bid_cost: its own hand makes no bid; state tender.posting_cost": settings.world.bid_cost or None,
        "market.alone: there is nobody to buy from": settings.market.alone or None,
        "market.round, which clears several postings together": settings.market.round,
        "market.escrow, of which nobody has need with itself": settings.market.escrow,
        "market.entry, which it would pay to itself": settings.market.entry,
        f"a policy of {own!r} in bidders.agents: it bids for nobody": settings.bidders.agents.get(own),
        f"a policy of several agents that names {own!r}: it bids for nobody": settings.bidders.names(own) or None,
        "bidders.process, by which agents bid: it bids for nobody": settings.bidders.process,
        f"several names of {own!r} in world.names: it bids for nobody": (settings.world.names or {}).get(own),
        f"world.names, in which {own!r} is another name of an agent that bids": _is_further(settings, own) or None,
        'world.shill where it is the "shill", which never works': settings.world.shill if own == SHILL else None,
    }
    if settings.tender.autarky > 0:
        stated["bidders.fallback, put in where nobody was asked"] = settings.bidders.fallback
    yield from (f"tender.own: cannot be combined with {key}" for key, one in stated.items() if one is not None)


def _is_further(settings: Any, own: str) -> bool:
    """It is a further name of an agent."""
    names = settings.world.names or {}
    return any(own == second_name(name, number) for name in names for number in range(2, names[name] + 1))
