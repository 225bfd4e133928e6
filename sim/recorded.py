"""A World from a recorded table: outcomes, claims and costs are the table's, the rest is drawn per replication.

Agents and tasks are named by their names, so a table with one row more leaves every other draw as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sim import draws
from sim.arrays import FloatArray
from sim.errors import ScenarioError, closest
from sim.luck import Identities, luck, most_failures, most_tries, tries_of
from sim.retry import after_each, parse_on_retry
from sim.settings import Settings
from sim.table import Recorded
from sim.world import World


def recorded_world(recorded: Recorded, settings: Settings, seed: int, replications: int, first: int = 0) -> World:
    """The World of replications first, first + 1, ...; raises ScenarioError where table and settings disagree."""
    kept = settings.world.agents
    recorded = keep_agents(recorded, kept if isinstance(kept, list) else None)
    _check_tries(recorded, settings)
    ids = Identities(
        draws.words_range(replications, first),
        draws.words_of(recorded.tasks),
        draws.words_of(recorded.agents),
        tries_of(settings.world, recorded.success.shape[-1]),
    )
    success = np.broadcast_to(recorded.success, ids.per_try)
    lucky = luck(settings, seed, ids, success, recorded.duration, labels=recorded.principal)
    return World(
        agents=recorded.agents,
        tasks=recorded.tasks,
        family=recorded.family,
        block=recorded.block,
        recorded=True,
        repeats=settings.world.beyond_tries == "repeat",
        belief=np.broadcast_to(recorded.belief, ids.per_agent),
        cost_belief=np.broadcast_to(recorded.cost_belief, ids.per_agent),
        ability=np.broadcast_to(recorded.ability, ids.per_agent),
        success=success,
        cost=np.broadcast_to(recorded.cost, ids.per_try),
        present=np.broadcast_to(recorded.present, ids.per_agent),
        **lucky,
        **_retries(settings, np.broadcast_to(recorded.belief, ids.per_agent)),
    )


def _retries(settings: Settings, belief: FloatArray) -> dict[str, Any]:
    """spread and retry_belief of a World with these beliefs (R, T, n); empty where beliefs stay."""
    update, most = parse_on_retry(settings.bidders.on_retry), most_failures(settings.tender)
    if update is None or update.spread is None or most == 0:
        return {}
    one = after_each(belief[:1], np.broadcast_to(update.spread, belief[:1].shape), most)
    return {
        "spread": np.broadcast_to(np.float64(update.spread), belief.shape),
        "retry_belief": np.broadcast_to(one, (*belief.shape, most)),
    }


def keep_agents(recorded: Recorded, keep: list[str] | None) -> Recorded:
    """The table with these agents only, in this order; raises ScenarioError where one is not in it or named twice."""
    if keep is None:
        return recorded
    for name in keep:
        if name not in recorded.agents or keep.count(name) > 1:
            what = f"{name!r} twice" if keep.count(name) > 1 else f"no agent {name!r}{closest(name, recorded.agents)}"
            raise ScenarioError(f"world.agents: {what}; the table has {', '.join(recorded.agents)}")
    at = [recorded.agents.index(name) for name in keep]
    per_agent = ("present", "belief", "cost_belief", "ability", "success", "cost", "duration", "trials")
    arrays = {name: getattr(recorded, name) for name in per_agent}
    kept: dict[str, Any] = {name: None if array is None else array[:, at] for name, array in arrays.items()}
    return replace(recorded, agents=tuple(keep), **kept)


def _check_tries(recorded: Recorded, settings: Settings) -> None:
    needed = most_tries(settings.tender, settings.world.infra)
    held = recorded.trials[recorded.present]
    if settings.world.beyond_tries != "repeat" and len(held) and needed > held.min():
        task, agent = np.argwhere(recorded.present & (recorded.trials == held.min()))[0]
        raise ScenarioError(
            f"tender.postings: an agent may try a task {needed} times, but the table holds {held.min()} trial(s) of "
            f"{recorded.agents[agent]!r} at {recorded.tasks[task]!r}; exclude agents that were hired, or set "
            'world.beyond_tries = "repeat"'
        )
