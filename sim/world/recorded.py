"""A World from a recorded table: outcomes, claims and costs are the table's, the rest is drawn per replication.

Repeated trials are met in an order of their own in each replication, unless the scenario says they are in order. Agents
and tasks are named by their names, so a table with one row more leaves every other draw as it was.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from sim.agents.retry import after_each
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.errors import ScenarioError, closest
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import WorldSpec
from sim.tables.table import Recorded
from sim.world.formula import made
from sim.world.history import Base, Histories
from sim.world.luck import Identities, luck, most_failures, most_tries, tries_of
from sim.world.second_names import check_trials
from sim.world.trials import played
from sim.world.world import World


def recorded_base(recorded: Recorded, spec: WorldSpec, seed: int, replications: int, first: int = 0) -> Base:
    """Replications first, first + 1, ... before records; raises ScenarioError where table and settings disagree."""
    world, observed = without_records(recorded, spec, seed, replications, first)
    words = draws.words_range(replications, first), draws.words_of(world.tasks)
    return Base(world, Histories(world, seed, words, observed))


def without_records(
    recorded: Recorded, spec: WorldSpec, seed: int, replications: int, first: int = 0
) -> tuple[World, BoolArray]:
    """The World before records are made, and which trials can be in one, broadcast to (R, T, n, K)."""
    kept = spec.world.agents
    recorded = keep_agents(recorded, kept if isinstance(kept, list) else None)
    check_graded(recorded, spec.world)
    _check_tries(recorded, spec)
    ids = Identities(
        draws.words_range(replications, first),
        draws.words_of(recorded.tasks),
        draws.words_of(recorded.agents),
        tries_of(spec.world, recorded.success.shape[-1]),
    )
    trials = played(recorded, spec.world, seed, ids)
    lucky = luck(spec, seed, ids, trials.success, trials.duration, labels=recorded.principal, worth=recorded.value)
    if recorded.infra is not None:
        lucky["infra"] = made(lucky["infra"]) | trials.infra if spec.world.infra > 0 else trials.infra
    world = World(
        agents=recorded.agents,
        tasks=recorded.tasks,
        family=recorded.family,
        block=recorded.block,
        from_table=True,
        repeats=spec.world.beyond_tries == "repeat",
        belief=trials.belief,
        cost_belief=trials.cost_belief,
        ability=np.broadcast_to(recorded.ability, ids.per_agent),
        success=trials.success,
        cost=trials.cost,
        present=np.broadcast_to(recorded.present, ids.per_agent),
        observed=trials.observed,
        score=trials.score,
        **lucky,
        **_retries(spec, trials.belief),
    )
    observed = np.arange(recorded.success.shape[-1]) < recorded.trials[..., None]
    return world, np.broadcast_to(observed, ids.per_try)


def _retries(spec: WorldSpec, belief: FloatArray) -> dict[str, Any]:
    """spread and retry_belief of a World with these beliefs (R, T, n); empty where beliefs stay."""
    update, most = spec.on_retry, most_failures(spec.tender)
    if update is None or update.spread is None or most == 0:
        return {}
    some = belief[:1] if belief.strides[0] == 0 else belief
    one = after_each(some, np.broadcast_to(update.spread, some.shape), most)
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
    arrays = {field.name: getattr(recorded, field.name) for field in fields(recorded)}
    of_agents = {name: x for name, x in arrays.items() if isinstance(x, np.ndarray) and x.ndim > 1}  # not the tasks'
    kept: dict[str, Any] = {name: x[:, at] for name, x in of_agents.items()}
    return replace(recorded, agents=tuple(keep), **kept)


def check_graded(recorded: Recorded, world: WorldSettings) -> None:
    """Raise ScenarioError where the table has scores and no mark, or a mark and no scores."""
    if recorded.score is not None and world.graded is None:
        raise ScenarioError(
            "world.graded must be stated with a table of scores: {mark = least score that is a success}"
        )
    if recorded.score is None and world.graded is not None:
        raise ScenarioError("world.graded needs a column of scores: map columns.score")


def _check_tries(recorded: Recorded, spec: WorldSpec) -> None:
    needed = most_tries(spec.tender, spec.world.infra > 0 or recorded.infra is not None)
    check_trials(needed, spec.world, recorded.trials, recorded.present, recorded.agents)
    held = recorded.trials[recorded.present]
    if spec.world.beyond_tries != "repeat" and len(held) and needed > held.min():
        task, agent = np.argwhere(recorded.present & (recorded.trials == held.min()))[0]
        raise ScenarioError(
            f"tender.postings: an agent may try a task {needed} times, but the table holds {held.min()} trial(s) of "
            f"{recorded.agents[agent]!r} at {recorded.tasks[task]!r}; exclude agents that were hired, or set "
            'world.beyond_tries = "repeat"'
        )
