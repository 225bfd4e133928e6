"""A World from a recorded table: outcomes, claims and costs are the table's, the rest is drawn per replication.

What is drawn, and by what it is named (besides the seed): value, reserve (replication, task); place in the order,
arrival gap (replication, task or place); latency (replication, task, agent); duration, infra, verifier
(replication, task, agent, try); lottery (replication, task, posting, agent). Agents and tasks are named by their
names, so a table with one row more leaves every other draw as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sim import draws
from sim.arrays import BoolArray, FloatArray, IntArray
from sim.distribution import parse_arrivals, parse_distribution, parse_reserve, parse_ticks
from sim.errors import ScenarioError, closest
from sim.invalid import written
from sim.settings import Settings, TenderSettings, WorldSettings
from sim.table import Recorded
from sim.world import World


def recorded_world(recorded: Recorded, settings: Settings, seed: int, replications: int) -> World:
    """The World of `replications` draws around the table; raises ScenarioError where table and settings disagree."""
    world, tender = settings.world, settings.tender
    recorded = _keep_agents(recorded, world.agents)
    _check_tries(recorded, settings)
    n_tasks, n_agents, n_tries = recorded.success.shape
    r, t = draws.words_range(replications), draws.words_of(recorded.tasks)
    i, k = draws.words_of(recorded.agents), draws.words_range(n_tries)
    per_agent, per_try = (replications, n_tasks, n_agents), (replications, n_tasks, n_agents, n_tries)
    value = _values(tender, seed, r, t)
    success = np.broadcast_to(recorded.success, per_try)
    verifier, verified = world.verifier, success
    if verifier.false_pass > 0 or verifier.false_fail > 0:
        luck = draws.uniform(seed, "verifier", r, t, i, k)
        verified = np.where(success, luck >= verifier.false_fail, luck < verifier.false_pass)
    infra: BoolArray = np.broadcast_to(np.False_, per_try)
    if world.infra > 0:
        infra = draws.uniform(seed, "infra", r, t, i, k) < world.infra
    return World(
        agents=recorded.agents,
        tasks=recorded.tasks,
        family=recorded.family,
        block=recorded.block,
        recorded=True,
        repeats=world.beyond_tries == "repeat",
        value=value,
        reserve=_reserves(tender, value, seed, r, t),
        arrival=parse_arrivals(world.arrivals or "together").draw(seed, r, _places(world.order, seed, r, t)),
        present=np.broadcast_to(recorded.present, per_agent),
        belief=np.broadcast_to(recorded.belief, per_agent),
        cost_belief=np.broadcast_to(recorded.cost_belief, per_agent),
        latency=parse_ticks(world.latency).draw_ticks(seed, "latency", r, t, i),
        ability=np.broadcast_to(recorded.ability, per_agent),
        success=success,
        verified=verified,
        infra=infra,
        cost=np.broadcast_to(recorded.cost, per_try),
        duration=_durations(world, recorded, seed, (r, t, i, k)),
        lottery=draws.uniform(seed, "lottery", r, t, draws.words_range(tender.postings), i),
    )


def _keep_agents(recorded: Recorded, keep: list[str] | None) -> Recorded:
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


def most_tries(tender: TenderSettings, infra: float) -> int:
    """The most often one agent can be hired for one task."""
    lost = infra > 0 or tender.timeout == "INFRA"
    once = tender.exclude == "hired" or (tender.exclude == "failed" and not lost)
    return 1 if once else tender.postings


def _check_tries(recorded: Recorded, settings: Settings) -> None:
    needed = most_tries(settings.tender, settings.world.infra)
    held = recorded.trials[recorded.present]
    if settings.world.beyond_tries == "refuse" and len(held) and needed > held.min():
        task, agent = np.argwhere(recorded.present & (recorded.trials == held.min()))[0]
        raise ScenarioError(
            f"tender.postings: an agent may try a task {needed} times, but the table holds {held.min()} trial(s) of "
            f"{recorded.agents[agent]!r} at {recorded.tasks[task]!r}; exclude agents that were hired, or set "
            'world.beyond_tries = "repeat"'
        )


def _values(tender: TenderSettings, seed: int, r: draws.Words, t: draws.Words) -> FloatArray:
    if tender.value is None:
        return np.broadcast_to(np.nan, (len(r), len(t)))
    return parse_distribution(tender.value).draw(seed, "value", r, t)


def _reserves(tender: TenderSettings, value: FloatArray, seed: int, r: draws.Words, t: draws.Words) -> FloatArray:
    policy = parse_reserve(tender.reserve)
    if policy.distribution is not None:
        return policy.distribution.draw(seed, "reserve", r, t)
    if tender.value is None:
        raise ScenarioError(f"tender.value: is missing; tender.reserve = {written(tender.reserve)} is a share of it")
    return value * policy.share


def _places(order: str, seed: int, r: draws.Words, t: draws.Words) -> IntArray:
    """Place (R, T) of each task in the order of arrival."""
    if order == "table":
        return np.broadcast_to(np.arange(len(t)), (len(r), len(t)))
    return draws.uniform(seed, "order", r, t).argsort(axis=1).argsort(axis=1)


def _durations(world: WorldSettings, recorded: Recorded, seed: int, identities: tuple[draws.Words, ...]) -> IntArray:
    if world.duration is None and recorded.duration is not None:
        return np.broadcast_to(recorded.duration, tuple(len(words) for words in identities))
    stated = 1 if world.duration is None else world.duration
    return parse_ticks(stated).draw_ticks(seed, "duration", *identities)
