"""What reads claims, cost beliefs and costs: an arm that does is refused where a recorded table does not hold them.

    claims          the truthful ask of a rule that asks for bids, its score, and policies; an advisor that corrects
                    claims; a card
    cost beliefs    the truthful ask; a card with a cost_weight
    costs           records and running means of them, and the oracle's; accounts of agents; a card with a cost_weight;
                    budgets at which attempts stop; attempts that another's success cancels

A rule that asks for no bids (`always`, `route_by_advice`) reads neither claims nor cost beliefs. Both may be made from
a record (world.claim, world.cost_belief).
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.kit.errors import ScenarioError
from sim.mechanisms import Mechanism
from sim.specs.settings import Terms
from sim.world.world import World

_OTHERWISE = {
    "belief": ("claims", 'map columns.claim, or state world.claim = {record = "split"}'),
    "cost_belief": ("cost beliefs", 'map columns.cost_belief, or state world.cost_belief = {record = "split"}'),
    "cost": ("costs", "map columns.cost"),
}


def check_known(mechanism: Mechanism, settings: Terms, world: World) -> None:
    """Raise ScenarioError where the arm reads what the World's table does not hold, with all that reads it."""
    faults = []
    for name, readers in (("belief", _of_claims), ("cost_belief", _of_cost_beliefs), ("cost", _of_costs)):
        if not world.knows(name):
            what, hint = _OTHERWISE[name]
            reading = list(readers(mechanism, settings))
            faults += [f"{reader} reads {what}, and the table has none; {hint}" for reader in reading]
    if faults:
        raise ScenarioError(*faults)


def _of_claims(mechanism: Mechanism, settings: Terms) -> Iterator[str]:
    advisor, card = settings.standing.advice.advisor, settings.bidders.card
    if mechanism.capabilities.solicits_bids:
        yield f"mechanism: {mechanism.name}"
    if advisor is not None and advisor.reads_claims and "advice" in mechanism.capabilities.needs:
        yield "standing.advice: the advisor"
    if card is not None:
        yield "bidders.card"


def _of_cost_beliefs(mechanism: Mechanism, settings: Terms) -> Iterator[str]:
    card = settings.bidders.card
    if mechanism.capabilities.solicits_bids:
        yield f"mechanism: {mechanism.name}"
    if card is not None and card.cost_weight > 0:
        yield "bidders.card.cost_weight"


def _of_costs(mechanism: Mechanism, settings: Terms) -> Iterator[str]:
    bidders, expected = settings.bidders, settings.standing.expected_cost
    if "expected_cost" in mechanism.capabilities.needs and expected.kind in ("actual", "record", "learned"):
        yield "standing.expected_cost"
    if bidders.card is not None and bidders.card.cost_weight > 0:
        yield "bidders.card.cost_weight"
    if bidders.bankroll is not None:
        yield "bidders.bankroll"
    if bidders.plans is not None:
        yield "bidders.plans"
    if settings.market.first_success_cancels:
        yield "market.first_success_cancels"
