"""What a scenario sets around an arm's rule: least reputation, attention, a price of bids, the principal's own hand.

From the inside out: the rule; the bids that are read; what bids pay; nobody below the least reputation; make or buy. So
a bid that is barred is not read and does not pay, one that is not read does, and the principal's own hand is neither
read nor pays.
"""

from __future__ import annotations

from sim.kit.errors import ScenarioError, closest
from sim.kit.section import OF_BIDS
from sim.mechanisms import Mechanism
from sim.mechanisms.gates import Attention, Gate, PricedBids
from sim.mechanisms.make_or_buy import MakeOrBuy
from sim.specs.settings import Terms
from sim.world.principals import states_values
from sim.world.world import World


def arranged(mechanism: Mechanism, settings: Terms, world: World) -> Mechanism:
    """The mechanism with what the scenario sets around it; raises ScenarioError where the two cannot be combined."""
    least, most, price = settings.standing.least_reputation, settings.market.attention, settings.market.bid_price
    of_bids = [f"market.{key}" for key, _ in settings.market.notes(OF_BIDS)]
    of_bids += [f"bidders.{key}" for key, _ in settings.bidders.notes(OF_BIDS)]
    if of_bids and not mechanism.capabilities.solicits_bids:
        why = f"has no meaning with {mechanism.name}, which asks for no bids"
        raise ScenarioError(*(f"{key}: {why}" for key in of_bids))
    if most is not None:
        mechanism = Attention(mechanism, most)
    if price > 0:
        mechanism = PricedBids(mechanism, price)
    if least is not None:
        mechanism = Gate(mechanism, least)
    return mechanism if settings.tender.own is None else _with_own_hand(mechanism, settings.tender.own, settings, world)


def _with_own_hand(mechanism: Mechanism, own: str, settings: Terms, world: World) -> Mechanism:
    has = mechanism.capabilities
    if own not in world.agents:
        allowed = ", ".join(world.agents)
        raise ScenarioError(f"tender.own: no agent {own!r}{closest(own, world.agents)}; allowed: {allowed}")
    stated = {
        f"{mechanism.name}, which asks for no bids": not has.solicits_bids,
        f"{mechanism.name}, which hires in turns": has.in_turns,
        f"{mechanism.name}, which takes menus": has.takes_menu,
        "live respondents: its belief is none of theirs": world.live,
        "a table without costs: what it would make cannot be valued": not world.knows("cost_belief"),
    }
    faults = [f"tender.own: cannot be combined with {key}" for key, is_stated in stated.items() if is_stated]
    if not states_values(settings.tender):
        faults.append("tender.own needs tender.value, which the scenario does not state")
    if faults:
        raise ScenarioError(*faults)
    return MakeOrBuy(mechanism, list(world.agents).index(own), settings.tender.posting_cost)
