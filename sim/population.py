"""Draws a population: tasks, signals, claims, costs and outcomes of a profile's agents.

    draws, by name                identity
    difficulty, cue               (replication, task)
    family                        (task)
    family fit                    (replication, family, agent)
    fit, signal noise             (replication, task, agent)
    cost belief                   (replication, task, agent)
    cost                          (replication, task, agent, try)
    outcome                       (replication, task, agent, try)

d, u, h, e and the claim are the same at every try; the outcome and the cost are drawn anew. Index convention: R
replications, T tasks, n agents, K tries. Tasks are named by their number, agents by their names, so a longer run or a
larger population leaves every earlier draw as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sim import draws
from sim.arrays import BoolArray, FloatArray, IntArray
from sim.beliefs import to_grid
from sim.profile import LogNormal, Profile

_PIECE = 1 << 15  # (replication, task, agent) cells drawn at a time


@dataclass(frozen=True, eq=False)
class Population:
    """What was drawn. difficulty, cue (R, T) and fit, signal (R, T, n) standard normal; a high difficulty is easy.

    ability, claim (R, T, n) probabilities; cost_belief (R, T, n) and cost (R, T, n, K) dollars; success (R, T, n, K).
    """

    difficulty: FloatArray
    cue: FloatArray
    fit: FloatArray
    signal: FloatArray
    ability: FloatArray
    claim: FloatArray
    cost_belief: FloatArray
    success: BoolArray
    cost: FloatArray


def draw_population(profile: Profile, seed: int, replications: int, n_tasks: int, n_tries: int = 1) -> Population:
    """Draw `replications` sets of `n_tasks` tasks; raises ScenarioError where a signal's correlations exceed 1."""
    words = (draws.words_range(count) for count in (replications, n_tasks, n_tries))
    return draw_named(profile, seed, *words)


def draw_named(
    profile: Profile,
    seed: int,
    r: draws.Words,
    t: draws.Words,
    k: draws.Words,
    *,
    skill: FloatArray | float = 0.0,
    overconfidence: FloatArray | float = 0.0,
) -> Population:
    """As `draw_population`, for the replications, tasks and tries that these words name.

    skill, overconfidence: logits added to ability and to claims before rounding, broadcast to (R, T, n).
    """
    shape = len(r), len(t), len(profile.agents)
    level = np.broadcast_to(skill, shape), np.broadcast_to(overconfidence, shape)
    made = _empty(*shape, len(k))
    size = max(1, _PIECE // max(1, len(r) * shape[2]))
    for start in range(0, len(t), size):
        part = slice(start, start + size)
        piece = _piece(profile, seed, r, t[part], k, *(logits[:, part] for logits in level))
        for field in fields(Population):
            getattr(made, field.name)[:, part] = getattr(piece, field.name)
    return made


def _empty(n_replications: int, n_tasks: int, n_agents: int, n_tries: int) -> Population:
    """A population yet to be drawn; replications lie closest in memory."""

    def room(*others: int, kind: type = np.float64) -> NDArray[Any]:
        return np.moveaxis(np.empty((*others, n_replications), kind), -1, 0)

    task, agent = (n_tasks,), (n_tasks, n_agents)
    return Population(
        **{name: room(*task) for name in ("difficulty", "cue")},
        **{name: room(*agent) for name in ("fit", "signal", "ability", "claim", "cost_belief")},
        success=room(*agent, n_tries, kind=np.bool_),
        cost=room(*agent, n_tries),
    )


def _piece(
    profile: Profile,
    seed: int,
    r: draws.Words,
    t: draws.Words,
    k: draws.Words,
    skill: FloatArray,
    overconfidence: FloatArray,
) -> Population:
    """Some of the tasks, in arrays small enough for the processor's cache; axes inside are (T, n, K, R)."""
    agents = list(profile.agents.values())
    i = draws.words_of(tuple(profile.agents))

    def normal(purpose: str, *identities: draws.Words) -> FloatArray:
        return np.moveaxis(draws.normal(seed, purpose, r, *identities), 0, -1)

    def per_agent(values: Iterable[float]) -> FloatArray:
        return np.array(list(values))[:, None]

    difficulty, cue = normal("difficulty", t), normal("cue", t)
    fit, noise = normal("fit", t, i), normal("signal noise", t, i)
    weights = [per_agent(column) for column in zip(*map(profile.signal_weights, profile.agents), strict=True)]
    signal = weights[0] * difficulty[:, None] + weights[1] * fit + weights[2] * cue[:, None] + weights[3] * noise
    latent = per_agent(agent.alpha for agent in agents) + profile.sigma_d * difficulty[:, None] + profile.sigma_u * fit
    if profile.sigma_f > 0:
        family_fit = normal("family fit", draws.words_range(profile.families), i)
        latent = latent + profile.sigma_f * family_fit[family_of(profile, seed, t)]
    ability = expit(latent + np.moveaxis(skill, 0, -1))
    level, slope = per_agent(agent.m for agent in agents), per_agent(agent.slope for agent in agents)
    claim = expit(level + slope * signal + np.moveaxis(overconfidence, 0, -1))
    for place, agent in enumerate(agents):
        if agent.grid is not None:
            claim[:, place] = to_grid(claim[:, place], np.array(agent.grid))
    chance = np.moveaxis(draws.uniform(seed, "outcome", r, t, i, k), 0, -1)
    cost_belief = _log_normal([agent.cost_belief for agent in agents], signal, normal("cost belief", t, i))
    costs = [agent.cost for agent in agents]
    cost = _log_normal(costs, signal[:, :, None], normal("cost", t, i, k))
    drawn: dict[str, NDArray[Any]] = {
        "difficulty": difficulty,
        "cue": cue,
        "fit": fit,
        "signal": signal,
        "ability": ability,
        "claim": claim,
        "cost_belief": cost_belief,
        "success": chance < ability[:, :, None],
        "cost": cost,
    }
    return Population(**{name: np.moveaxis(array, -1, 0) for name, array in drawn.items()})


def family_of(profile: Profile, seed: int, t: draws.Words) -> IntArray:
    """Number (T,) of the family each task belongs to, the same in every replication."""
    return np.floor(draws.uniform(seed, "family", t) * profile.families).astype(np.int64)


def _log_normal(laws: Sequence[LogNormal], signal: FloatArray, own: FloatArray) -> FloatArray:
    """exp(mean + sd x), x correlated with the signal as each agent's law says. own (T, n, ..., R): standard normals."""
    shape = (-1, 1) if own.ndim == 3 else (-1, 1, 1)
    mean, sd, r = (
        np.array([getattr(law, key) for law in laws]).reshape(shape) for key in ("mean", "sd", "correlation")
    )
    return np.asarray(np.exp(mean + sd * (r * signal + np.sqrt(1.0 - r * r) * own)))
