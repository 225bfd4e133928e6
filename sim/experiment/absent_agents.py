"""Agents that a scenario names and that are in no market, as world.pool_size leaves them out: likely mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from sim.experiment.cell import Cell
from sim.experiment.plan import Plan
from sim.experiment.run_folder import Worlds
from sim.kit.errors import ArrayError, ScenarioError
from sim.mechanisms.planner import Always
from sim.scenario.file import key_path
from sim.scenario.scenario import Arm, Scenario
from sim.world.world import World


def absent_agents(plan: Plan) -> list[str]:
    """A line for each key that names an agent that is absent from every task, in the cell with the most agents."""
    if not plan.swept and sweeps_pool(plan.scenario):
        return []
    playable = [cell for cell in plan.cells if all(_size(arm, cell) <= len(cell.origin.agents) for arm in cell.arms)]
    if not playable:
        return []
    cell = max(playable, key=lambda cell: min(_size(arm, cell) for arm in cell.arms))
    worlds = Worlds(cell.scenario, cell.origin, replications=1)
    found: dict[str, list[str]] = {}
    for arm in cell.arms:
        if _size(arm, cell) < len(cell.origin.agents):
            with suppress(ScenarioError, ArrayError):  # the cell fails then, and says why
                for key, agent in _named(arm, worlds.of(arm)):
                    line = f"{key}: {agent!r} is at no task, as world.pool_size is {arm.settings.world.pool_size}"
                    found.setdefault(line, []).append(arm.name)
    name, many = plan.scenario.name, len(cell.arms)
    return [
        f"{name}: warning: {'' if len(arms) == many else 'arm ' + ', '.join(map(repr, arms)) + ': '}{line}"
        for line, arms in found.items()
    ]


def sweeps_pool(scenario: Scenario) -> bool:
    """The number of agents is swept, so that no run says who is nowhere."""
    return any(key_path(key) == ["world", "pool_size"] for factor in scenario.factors for key in factor.keys)


def _size(arm: Arm, cell: Cell) -> int:
    size = arm.settings.world.pool_size
    return len(cell.origin.agents) if size is None else size


def _named(arm: Arm, world: World) -> Iterator[tuple[str, str]]:
    """Keys that name absent agents, with the agent."""
    absent = [agent for place, agent in enumerate(world.agents) if not world.present[..., place].any()]
    settings, bidders = arm.settings, arm.settings.bidders
    for agent in absent:
        if bidders.names(agent):
            yield "bidders.policy", agent
        stated = {
            "bidders.agents": bidders.agents,
            "bidders.process": bidders.process or (),
            "world.shill": (settings.world.shill,),
            "tender.own": settings.tender.staff,
        }
        yield from ((key, agent) for key, names in stated.items() if agent in names)
    if isinstance(arm.mechanism, Always):
        yield from _of_rule(arm.mechanism, world.agents, set(absent))


def _of_rule(rule: Always, agents: Sequence[str], absent: set[str]) -> Iterator[tuple[str, str]]:
    for key in ("agent", "then", "beside"):
        stated = getattr(rule, key)
        agent = agents[stated] if isinstance(stated, int) else stated
        if agent in absent:
            yield f"mechanism.always.{key}", agent
