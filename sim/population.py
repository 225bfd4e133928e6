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

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from sim import draws
from sim.arrays import BoolArray, FloatArray, IntArray
from sim.beliefs import to_grid
from sim.profile import Profile


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
    names = tuple(profile.agents)
    i = draws.words_of(names)
    difficulty, cue = draws.normal(seed, "difficulty", r, t), draws.normal(seed, "cue", r, t)
    fit, noise = draws.normal(seed, "fit", r, t, i), draws.normal(seed, "signal noise", r, t, i)
    weights = np.array([profile.signal_weights(name) for name in names]).T
    signal = weights[0] * difficulty[..., None] + weights[1] * fit + weights[2] * cue[..., None] + weights[3] * noise
    agents = [profile.agents[name] for name in names]
    alpha = np.array([agent.alpha for agent in agents])
    family = family_of(profile, seed, t)
    family_fit = draws.normal(seed, "family fit", r, draws.words_range(profile.families), i)[:, family]
    latent = alpha + profile.sigma_d * difficulty[..., None] + profile.sigma_u * fit + profile.sigma_f * family_fit
    ability = expit(latent + skill)
    level, slope = np.array([a.m for a in agents]), np.array([a.slope for a in agents])
    claim = expit(level + slope * signal + overconfidence)
    for place, agent in enumerate(agents):
        if agent.grid is not None:
            claim[..., place] = to_grid(claim[..., place], np.array(agent.grid))
    chance = draws.uniform(seed, "outcome", r, t, i, k)
    return Population(
        difficulty=difficulty,
        cue=cue,
        fit=fit,
        signal=signal,
        ability=ability,
        claim=claim,
        cost_belief=_log_normal(profile, "cost_belief", signal, draws.normal(seed, "cost belief", r, t, i)),
        success=chance < ability[..., None],
        cost=_log_normal(profile, "cost", signal[..., None], draws.normal(seed, "cost", r, t, i, k)),
    )


def family_of(profile: Profile, seed: int, t: draws.Words) -> IntArray:
    """Number (T,) of the family each task belongs to, the same in every replication."""
    return np.floor(draws.uniform(seed, "family", t) * profile.families).astype(np.int64)


def _log_normal(profile: Profile, what: str, signal: FloatArray, own: FloatArray) -> FloatArray:
    """exp(mean + sd x), x correlated with the signal as the profile says. own: independent standard normals."""
    laws = [getattr(agent, what) for agent in profile.agents.values()]
    shape = (-1,) if own.ndim == 3 else (-1, 1)
    mean, sd, r = (
        np.array([getattr(law, key) for law in laws]).reshape(shape) for key in ("mean", "sd", "correlation")
    )
    return np.asarray(np.exp(mean + sd * (r * signal + np.sqrt(1.0 - r * r) * own)))
