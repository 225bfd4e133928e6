"""Whether an arm's mechanism and what its scenario states for the market agree."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.kit.errors import ScenarioError
from sim.mechanisms import Mechanism
from sim.scenario.scenario import label_of
from sim.specs.settings import Terms
from sim.specs.tender import TenderSpec
from sim.world.principals import budgets_of, stated_penalties, states_values
from sim.world.world import World


def check_agreement(mechanism: Mechanism, settings: Terms, world: World) -> None:
    """Raise ScenarioError, a line each, where the mechanism needs what is not stated or does not go with what is."""
    faults = [
        *_of_needs(mechanism, settings, world),
        *_of_deadline(settings),
        *_of_penalty(mechanism, settings.tender),
        *_of_round(mechanism, settings),
    ]
    if faults:
        raise ScenarioError(*faults)


def _of_needs(mechanism: Mechanism, settings: Terms, world: World) -> Iterator[str]:
    """What the mechanism lacks or takes otherwise."""
    if settings.bidders.plans is not None and not mechanism.capabilities.takes_menu:
        yield f"bidders.plans: {mechanism.name} takes no menu of budgets; state plans in arms that do"
    given = {
        "value": states_values(settings.tender),
        "expected_cost": settings.standing.expected_cost.kind != "unknown",
        "advice": settings.standing.advice.kind != "unknown",
    }
    place = {"value": "tender.value", "expected_cost": "standing.expected_cost", "advice": "standing.advice"}
    for need in sorted(mechanism.capabilities.needs):
        if not given[need]:
            yield f"{mechanism.name} needs {place[need]}, which the scenario does not state"
    advisor = settings.standing.advice.advisor
    if (
        advisor is not None
        and advisor.index
        and "advice" in mechanism.capabilities.needs
        and not mechanism.capabilities.takes_index
    ):
        yield f"standing.advice: {mechanism.name} needs a probability, and this advice is an index that may exceed 1"
    if settings.standing.advice.planner is not None and not world.has("pilot"):
        yield "standing.advice: planner needs a profile: a table holds no tasks to try agents out on"
    if settings.standing.advice.router is not None and not world.live:
        yield "standing.advice: a router is asked in live runs alone ([world] live); take a record or an advisor"
    if settings.standing.advice.kind == "ability" and not _knows_abilities(world):
        yield 'standing.advice: "ability" needs every ability, and this world does not hold them'


def _of_deadline(settings: Terms) -> Iterator[str]:
    """A deadline at which nothing has cleared, or no work has begun."""
    deadline, window, delay = settings.tender.deadline, settings.market.window, settings.market.approval_delay
    if deadline is not None and deadline <= window:
        yield f"tender.deadline: must exceed market.window ({window}), or nothing clears; got {deadline}"
    elif deadline is not None and deadline <= window + delay:
        yield (
            f"tender.deadline: must exceed market.window + market.approval_delay ({window + delay}), or no work "
            f"begins; got {deadline}"
        )


def _knows_abilities(world: World) -> bool:
    """Every ability of those present is known; those that are yet to be drawn are."""
    return "ability" in world.formulas or not bool((world.present & np.isnan(world.ability)).any())


def _of_penalty(mechanism: Mechanism, tender: TenderSpec) -> Iterator[str]:
    """Penalties that would reward claiming failure."""
    if mechanism.capabilities.takes_penalty:
        return
    for key, penalty in stated_penalties(tender):
        if penalty > 0:
            yield (
                f"{key}: must be 0 with {label_of(mechanism)}, under which a penalty rewards claiming failure: its "
                f"score would credit a bidder with what it pays when it fails; got {penalty}"
            )


def _of_round(mechanism: Mechanism, settings: Terms) -> Iterator[str]:
    """Why rounds and the mechanism cannot be combined."""
    market, deadline = settings.market, settings.tender.deadline
    if market.round is None:
        if mechanism.capabilities.couples_tasks:
            yield (
                f"market.round: must be stated (ticks, >= 1) where the rule assigns several tasks at once, as "
                f"{mechanism.name} does"
            )
        return
    if mechanism.capabilities.in_turns or mechanism.capabilities.takes_menu:
        yield (
            f"market.round: has no meaning with {mechanism.name}: its awards name turns or budgets, and its tasks are "
            "cleared one by one"
        )
    stated = {
        "bidders.bankroll": settings.bidders.bankroll is not None,
        "tender.budget": budgets_of(settings.tender) is not None,
    }
    for key in (name for name, is_stated in stated.items() if is_stated):
        yield (
            f"market.round: has no meaning with {key}, which is read posting by posting: a round clears all open "
            "postings together"
        )
    if mechanism.capabilities.couples_tasks and market.assignment is not None:
        yield f"market.assignment: has no meaning with {mechanism.name}, which assigns tasks itself"
    if mechanism.capabilities.couples_tasks and market.concurrency is not None:
        yield (
            f"market.concurrency: has no meaning with {mechanism.name}: its contracts hold where all it assigns starts"
        )
    if market.assignment == "greedy" and type(mechanism).terms is Mechanism.terms:
        yield (
            f'market.assignment: "greedy" takes the best score first, and {mechanism.name} ranks nobody; '
            'allowed: "in_order"'
        )
    begins = market.window + market.approval_delay
    latest = begins + market.round - 1
    if deadline is not None and begins < deadline <= latest:
        delay = " + market.approval_delay" if market.approval_delay else ""
        yield (
            f"tender.deadline: must exceed market.window + market.round - 1{delay} ({latest}), or a task may close "
            f"before its round; got {deadline}"
        )
