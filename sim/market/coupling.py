"""What couples the tasks of a replication, so that they are not independent observations of the market.

One task couples with another where they share a draw, or where what happened to the one changes what happens to the
other:

    parameters, family effect    drawn once a replication
    record, pilots               one history of each agent a replication; claims may be a record, too
    reputation, learned cost, advisor, router, card of the past    learned from earlier tasks
    capacity, rounds             tasks compete for the same agents; so do assignment and concurrency, which need rounds
    keys that say so (COUPLES)   entry, of which a name owes once a replication; bids that an agent may make
    agents with processes        they may remember; policies that learn do (sim/agents/learning.py)
    bankroll, budget             money spent on the one is missing at the other

What a rule does not read does not couple. Shocks at a stated share of the tasks do not couple them: they are the same
in every replication.

Where tasks are coupled, a synthetic world leaves the replications as clusters of an interval. A recorded table has one
draw of tasks: there an interval needs the rule to be replayed on redrawn tasks (`replayed`), since a task that is drawn
or not changes what happens at the others. (A record of costs or a card changes it too little to tell; one of claims is
what hires.)
"""

from __future__ import annotations

import math

from sim.kit.section import COUPLES
from sim.market.rules import Rules
from sim.world.world import World

_COST, _ADVICE, _CARD = "standing.expected_cost, a record", "standing.advice, a record", "bidders.card, a record"
_CLAIM, _COST_BELIEF = "world.claim, a record", "world.cost_belief, a record"


def coupling(rules: Rules, world: World) -> tuple[str, ...]:
    """Names of what couples the tasks of a replication, in the words of the scenario; empty where nothing does."""
    needs = rules.mechanism.capabilities.needs
    pays, advised = "expected_cost" in needs, "advice" in needs
    asked = rules.mechanism.capabilities.solicits_bids
    found = {
        _COST: pays and world.has("record_cost"),
        _ADVICE: advised and world.has("record_advice"),
        _CLAIM: asked and "belief" in world.by_record,
        _COST_BELIEF: asked and "cost_belief" in world.by_record,
        _CARD: world.uncarded is not None,
        "standing.advice, pilots": advised and rules.advice == "planner",
        "standing.advice, learned": advised and rules.advisor is not None,
        "standing.advice, a router": advised and rules.router is not None,
        "standing.expected_cost, learned": pays and rules.expected_cost.learner is not None,
        "standing.reputation": rules.reputation is not None,
        "bidders.card, of the past": rules.card is not None,
        "bidders.process": bool(rules.processes),
        "bidders.policy, learned": rules.learners is not None and bool(rules.learners.init(1)),
        **{f"bidders.{key}": True for key, _ in rules.bidders.notes(COUPLES)},
        **{f"market.{key}": True for key, _ in rules.market.notes(COUPLES)},
        "market.capacity": not math.isinf(rules.capacity),
        "market.round": rules.market.round is not None,
        "bidders.bankroll": rules.bankroll is not None and not all(map(math.isinf, rules.bankroll)),
        "tender.budget": rules.budgets is not None,
    }
    return (*world.shared, *(name for name, does in found.items() if does))


def hires_by_record(coupled: tuple[str, ...]) -> bool:
    """Whom an arm with this `coupling` hires follows from a record of the agents."""
    return _ADVICE in coupled or _CLAIM in coupled


def replayed(rules: Rules, world: World) -> bool:
    """What happens at a task of this recorded table follows from the other tasks that are in it."""
    return world.from_table and bool(set(coupling(rules, world)) - {_COST, _COST_BELIEF, _CARD})
