"""What is tried of a scenario before it is played: Worlds, rules and first bids of every arm, some cells of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sim.agents.agent import processes_of
from sim.agents.bankroll import bankrolls
from sim.agents.bidding import BidderState, check_named, see
from sim.experiment.cell import Cell
from sim.experiment.run_folder import Worlds, arm_rules
from sim.kit.errors import MOST_LISTED, ArrayError, ScenarioError, capped
from sim.live_market.from_source import check_live
from sim.live_market.reached import check_router
from sim.market.rules import Rules
from sim.scenario.scenario import Arm, Scenario
from sim.world.origin import LiveOrigin, Origin, ProfileOrigin
from sim.world.world import World

TRIED = 20  # cells of a sweep


def check_arms(scenario: Scenario, origin: Origin) -> None:
    """Raise ScenarioError where World, rules or first bids of an arm cannot be made, with the faults of all arms."""
    worlds = Worlds(scenario, origin, replications=1)
    faults: list[str] = []
    for arm in scenario.arms:
        try:
            if isinstance(origin, ProfileOrigin):
                origin.check(arm.settings.world)
            if isinstance(origin, LiveOrigin):
                check_live(arm.mechanism, arm.settings)
                if (router := arm.settings.standing.advice.router) is not None:
                    check_router(origin.respondents, router.respondent)
            for market in _markets(arm, worlds.of(arm)):
                _first_bids(arm_rules(arm, market), market)
        except ScenarioError as error:
            faults += [f"{scenario.name}: arm {arm.name!r}: {line}" for line in error.args]
    if faults:
        raise ScenarioError(*capped(faults))


def _first_bids(rules: Rules, world: World) -> None:
    """Have every agent bid on every first posting; raises ScenarioError where a policy has no bid for it."""
    posting = np.broadcast_to(np.int64(0), world.reserve.shape)
    notice = see(rules.public, world.value, world.reserve, rules.penalty_in(world), posting)
    none = np.broadcast_to(np.int64(0), world.present.shape)
    rules.bidder(world.belief, world.cost_belief, notice, BidderState(none, none))


def _markets(arm: Arm, world: World) -> list[World]:
    """The Worlds the arm plays in; raises ScenarioError where it names an agent that is in none of them."""
    if not arm.settings.market.alone:
        return [world]
    bidders = arm.settings.bidders
    check_named(bidders.agents, world.agents)
    bankrolls(bidders.bankroll, world.agents)
    processes_of(bidders.process, world.agents)
    return [world.only(agent) for agent in range(world.n_agents)]


def check_alike(path: Path, cells: tuple[Cell, ...]) -> None:
    """Raise ScenarioError where cells differ in their agents or arms."""
    first, named = cells[0], _arm_names(cells[0])
    for cell in cells[1:]:
        for what, one, other in (
            ("agents", first.origin.agents, cell.origin.agents),
            ("arms", named, _arm_names(cell)),
        ):
            if one != other:
                raise ScenarioError(
                    f"{path}: sweep: {cell.label}: all cells must have the same {what}; got {', '.join(other)}, "
                    f"where cell 0 has {', '.join(one)}"
                )


def unplayable(path: Path, cells: Sequence[Cell]) -> list[str]:
    """A line for each fault of cells that cannot be played, of TRIED from first to last; the others are played."""
    return capped((line for cell in _some(cells) for line in _faults(path, cell)), most=MOST_LISTED)


def check_some_playable(path: Path, cells: tuple[Cell, ...]) -> None:
    """Raise the first cell's faults where no cell can be played, of TRIED from first to last."""
    first: list[str] = []
    for cell in _some(cells):
        faults = _faults(path, cell)
        if not faults:
            return
        first = first or faults
    raise ScenarioError(*first)


def _some(cells: Sequence[Cell]) -> list[Cell]:
    """TRIED of the cells, as far apart as can be; all where they are no more."""
    if len(cells) <= TRIED:
        return list(cells)
    return [cells[round(k * (len(cells) - 1) / (TRIED - 1))] for k in range(TRIED)]


def _faults(path: Path, cell: Cell) -> list[str]:
    try:
        check_arms(cell.scenario, cell.origin)
    except (ScenarioError, ArrayError) as error:
        return [f"{path}: sweep: {cell.label}: {line}" for line in error.args]
    return []


def _arm_names(cell: Cell) -> tuple[str, ...]:
    return tuple(arm.name for arm in cell.arms)
