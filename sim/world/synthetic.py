"""A World drawn from a population: as many tasks as one likes, with abilities known.

Tasks are named "task 0", "task 1", ... and drawn by their number. With parameters = "bootstrap" each replication has
the parameters of one of the profile's bootstrap draws, so that intervals over replications carry parameter error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.retry import after_each
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.errors import ScenarioError, closest
from sim.kit.names import EVERYBODY
from sim.kit.remembered import Remembered
from sim.population.beliefs import to_grid
from sim.population.knobs import Knobs, Shock, turn
from sim.population.population import Population, draw_named, family_of
from sim.population.profile import Profile
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import WorldSpec
from sim.standing.pilots import pilot_advice
from sim.world.as_read import drawn_as_read
from sim.world.formula import made
from sim.world.fresh import fresh_sums
from sim.world.history import Base, Histories, Sums
from sim.world.luck import Identities, luck, most_failures, most_tries, tries_of
from sim.world.organisation_kinds import organised
from sim.world.organisations import Drawn, tries_within
from sim.world.principals import dealt, principal_names
from sim.world.second_names import most_names
from sim.world.world import World


def synthetic_base(
    profile: Profile, bootstrap: Sequence[Profile], spec: WorldSpec, seed: int, replications: int, first: int = 0
) -> Base:
    """Replications first, first + 1, ... before records; raises ScenarioError where a knob is wrong.

    bootstrap: the profile's parameter draws, read where the scenario asks for them.
    """
    world = spec.world
    names = kept_agents(profile, world)
    n_tasks, n_tries = world.tasks or 0, most_tries(spec.tender, world.loses) * most_names(world)
    n_tries *= tries_within(world)
    r = draws.words_range(replications, first)
    ids = Identities(r, draws.words_range(n_tasks), draws.words_of(names), tries_of(world, n_tries))
    skill, overconfidence, outage = _shocks(world.shocks or [], names, n_tasks)

    parameters = bootstrap if world.parameters == "bootstrap" else (profile,)
    chosen = np.floor(draws.uniform(seed, "parameters", r) * len(parameters)).astype(np.int64)
    turned = {at: turned_profile(parameters[at], world, names) for at in np.unique(chosen).tolist()}

    harder = _of_principals(spec)

    def draw(at: int, words: draws.Words) -> Population:
        own = skill if harder is None else skill - _of_owners(harder, dealt(spec.tender, seed, words, ids.t, ()))
        return draw_named(turned[at], seed, words, ids.t, ids.k, skill=own, overconfidence=overconfidence)

    plain = all(one.own_beliefs is None for one in turned.values()) and harder is None
    as_read = len(turned) == 1 and spec.on_retry is None and not world.shocks and plain
    drawn = vars(_by_draw(chosen, r, draw)) if not as_read else drawn_as_read(next(iter(turned.values())), seed, ids)
    some = next(iter(turned.values()))  # durations, latencies and non-response are the same in every parameter draw
    lucky = luck(spec, seed, ids, drawn["success"], agents=tuple(some.agents.values()))
    family, n_families = family_of(some, seed, ids.t), some.families
    pool = pool_of(world, names)
    if spec.planner is not None:
        lucky["pilot"] = pilot_advice(spec.planner, turned, chosen, seed, (r, ids.t, ids.i), family, pool)
    if outage.any():
        lucky["infra"] = made(lucky["infra"]) | outage[..., None]
    played = World(
        agents=names,
        tasks=task_names(n_tasks),
        family=tuple(f"family {f}" for f in family) if n_families > 1 else ("",) * n_tasks,
        block=("",) * n_tasks,
        from_table=False,
        repeats=False,
        belief=drawn["claim"],
        cost_belief=drawn["cost_belief"],
        ability=drawn["ability"],
        success=drawn["success"],
        cost=drawn["cost"],
        present=np.broadcast_to(np.arange(len(names)) < pool, ids.per_agent),
        shared=_shared(world, some),
        **lucky,
        **_retries(spec, turned, chosen, drawn["claim"]),
    )

    def fresh(tasks: int, summed: Collection[str]) -> Sums:
        return _by_replication(chosen, r, lambda at, words: fresh_sums(turned[at], seed, words, tasks, summed))

    first_try = np.broadcast_to(np.arange(n_tries) == 0, ids.per_try)
    sigma_u = np.array([turned[at].sigma_u for at in chosen.tolist()])
    market = organised(played, Drawn(spec, seed, ids, sigma_u, n_families))
    return Base(market, Histories(played, seed, ids[:2], first_try, fresh))


def _of_principals(spec: WorldSpec) -> FloatArray | None:
    """(P,) logits that the tasks of each principal are harder by; None where they do not differ."""
    stated, names = spec.world.difficulty, principal_names(spec.tender)
    if not isinstance(stated, dict):
        return None
    for name in stated:
        if name not in names or not name:
            hint = closest(name, names)
            allowed = f"allowed: {', '.join(names)}" if all(names) else "none are stated"
            raise ScenarioError(f"world.difficulty: no principal {name!r} in tender.principals{hint}; {allowed}")
    return np.array([stated.get(name, 0.0) for name in names])


def _of_owners(harder: FloatArray, owner: IntArray | None) -> FloatArray:
    """(R, T, 1) of `harder` (P,), by who owns each task; (1,) where there is only one."""
    return harder[0 if owner is None else owner, None]


def _retries(spec: WorldSpec, profiles: Mapping[int, Profile], chosen: IntArray, claim: FloatArray) -> dict[str, Any]:
    """spread and retry_belief of a World with these claims (R, T, n); empty where beliefs stay.

    chosen (R,): which of the profiles each replication has.
    """
    update, most = spec.on_retry, most_failures(spec.tender)
    if update is None or most == 0:
        return {}
    agents = next(iter(profiles.values())).agents
    at, place_of = np.unique(chosen, return_inverse=True)
    unknown = np.array([[profiles[number].unknown(name) for name in agents] for number in at.tolist()])
    stated = unknown[place_of][:, None] if update.spread is None else np.float64(update.spread)
    spread = np.broadcast_to(stated, claim.shape)
    belief = after_each(claim, spread, most)
    for place, agent in enumerate(agents.values()):
        if agent.grid is not None:
            belief[..., place, :] = to_grid(belief[..., place, :], np.array(agent.grid))
    return {"spread": spread, "retry_belief": belief}


def _shared(world: WorldSettings, profile: Profile) -> tuple[str, ...]:
    """What is drawn once for all tasks of a replication."""
    drawn = {"world.parameters": world.parameters == "bootstrap", "world.sigma_f": profile.sigma_f > 0}
    return tuple(name for name, is_drawn in drawn.items() if is_drawn)


def task_names(n_tasks: int) -> tuple[str, ...]:
    """Names of a synthetic world's tasks."""
    return tuple(f"task {t}" for t in range(n_tasks))


def kept_agents(profile: Profile, world: WorldSettings) -> tuple[str, ...]:
    """Names of the agents that take part; raises ScenarioError where one is not in the profile or named twice."""
    if not isinstance(world.agents, list):
        return tuple(profile.agents)
    for name in world.agents:
        if name not in profile.agents:
            allowed = ", ".join(profile.agents)
            raise ScenarioError(f"world.agents: no agent {name!r}{closest(name, profile.agents)}; allowed: {allowed}")
        if world.agents.count(name) > 1:
            raise ScenarioError(f"world.agents: {name!r} twice")
    return tuple(world.agents)


def pool_of(world: WorldSettings, names: Sequence[str]) -> int:
    """How many of the agents are there; raises ScenarioError where the scenario asks for more than there are."""
    if world.pool_size is None:
        return len(names)
    if world.pool_size > len(names):
        raise ScenarioError(f"world.pool_size: must lie in 1 ... {len(names)}, the agents; got {world.pool_size}")
    return world.pool_size


_TURNED = Remembered(256)


def turned_profile(profile: Profile, world: WorldSettings, names: Sequence[str]) -> Profile:
    """The profile as the scenario changes it: with its families, at its sigma_u, with its knobs, only these agents."""
    knobs = repr(
        [getattr(world, name) for name in ("sigma_f", "families", "sigma_d", "sigma_u", "private_share", "difficulty")]
    )
    values = knobs, repr(world.agents), tuple(names), world.beliefs
    turned: Profile = _TURNED.of(profile, values, lambda: _turned_profile(profile, world, names))
    return turned


def _turned_profile(profile: Profile, world: WorldSettings, names: Sequence[str]) -> Profile:
    families = {"sigma_f": world.sigma_f, "families": world.families}
    profile = profile.model_copy(update={key: value for key, value in families.items() if value is not None})
    if world.sigma_d is not None:
        profile = profile.model_copy(update={"sigma_d": world.sigma_d, "sigma_u": world.sigma_u})
    elif world.sigma_u is not None:
        profile = profile.with_sigma_u(world.sigma_u)
    if world.private_share is not None:
        common, private = math.sqrt(1.0 - world.private_share), math.sqrt(world.private_share)
        task_sd = profile.task_sd
        profile = profile.model_copy(update={"sigma_d": task_sd * common, "sigma_u": task_sd * private})
    if world.beliefs is not None:
        profile = profile.model_copy(update={"beliefs": world.beliefs})
    knobs: dict[str, Knobs] = world.agents if isinstance(world.agents, dict) else {}
    agents = turn(profile, knobs).agents
    harder = world.difficulty if isinstance(world.difficulty, float) else 0.0
    kept = {name: agents[name].model_copy(update={"alpha": agents[name].alpha - harder}) for name in names}
    return profile.model_copy(update={"agents": kept})


def _by_draw(chosen: IntArray, r: draws.Words, draw: Callable[[int, draws.Words], Population]) -> Population:
    """The population in which each replication r (R,) has the parameters `chosen` (R,) for it.

    draw: the population of one parameter draw, for some replications; called once for all that chose the same.
    """
    return Population(**_by_replication(chosen, r, lambda at, words: vars(draw(at, words))))


def _by_replication(
    chosen: IntArray, r: draws.Words, draw: Callable[[int, draws.Words], dict[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Arrays (R, ...) in which each replication has the parameters chosen for it; as `_by_draw`."""
    places = {at: np.flatnonzero(chosen == at) for at in np.unique(chosen).tolist()}
    parts = [draw(at, r[where]) for at, where in places.items()]
    if len(parts) == 1:
        return parts[0]
    back = np.argsort(np.concatenate(list(places.values())))
    return {name: _in_order([part[name] for part in parts], back) for name in parts[0]}


def _in_order(parts: Sequence[NDArray[Any]], back: IntArray) -> NDArray[Any]:
    """The replications (axis 0) of all parts in the order `back`, closest in memory."""
    joined = np.concatenate([np.moveaxis(part, 0, -1) for part in parts], axis=-1)
    return np.moveaxis(np.take(joined, back, axis=-1), -1, 0)


def _shocks(shocks: Sequence[Shock], names: Sequence[str], n_tasks: int) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Logits added to ability and to claims, and outages, (T, n) each."""
    shape = (n_tasks, len(names))
    skill, overconfidence, outage = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.bool_)
    for shock in shocks:
        if shock.agent != EVERYBODY and shock.agent not in names:
            raise ScenarioError(f"world.shocks: no agent {shock.agent!r}{closest(shock.agent, names)}")
        when = slice(*(int(np.ceil(round(share * n_tasks, 6))) for share in (shock.at, shock.until)))
        who = slice(None) if shock.agent == EVERYBODY else names.index(shock.agent)
        skill[when, who] += shock.skill
        overconfidence[when, who] += shock.overconfidence
        outage[when, who] |= shock.outage
    return skill, overconfidence, outage
