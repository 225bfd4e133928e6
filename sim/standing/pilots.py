"""A planner that tries agents out before the market opens, on a fixed budget of evidence.

    pair             one agent and one family of tasks
    pilots           budget / (agents x families) attempts of each pair; what is left over goes to as many pairs by lot
    outcomes         passed with the pair's own success rate E[sigma(alpha + sigma_f f + task_sd x)], on its own tasks
    estimate         (prior mean + passed) / (prior + pilots)
    advice           sigma(logit estimate + bias + noise z), z standard normal for each task and agent

What it knows gets thinner as the pool grows: a market's agents know themselves, a planner must find out. Shocks come
after the pilots. Pilots cost nothing here; state what they cost as market.overhead.

    draws, by name                identity
    pilot outcomes, pilot lot     (replication, family, agent)
    planner noise                 (replication, task, agent)

Index convention: R replications, T tasks, F families, n agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from sim.kit import draws
from sim.kit.arrays import FloatArray, IntArray
from sim.kit.portable import expit, logit
from sim.population.beliefs import success_at
from sim.population.profile import Profile


@dataclass(frozen=True, kw_only=True)
class Planner:
    """An estimate from pilot attempts, on a fixed budget spread over agents and families.

    budget: pilot attempts in all. prior, mean: attempts the prior is worth, and its mean; bias, noise: logits.
    """

    budget: Annotated[int, Ge(0), Le(10**9)]
    prior: Annotated[float, Gt(0), Le(1e9)]
    mean: Annotated[float, Gt(0), Le(1)] = 0.5
    bias: Annotated[float, Ge(-50), Le(50)] = 0.0
    noise: Annotated[float, Ge(0), Le(50)] = 0.0


def pilot_advice(
    planner: Planner,
    profiles: Mapping[int, Profile],
    chosen: IntArray,
    seed: int,
    words: tuple[draws.Words, draws.Words, draws.Words],
    family: IntArray,
    pool: int,
) -> FloatArray:
    """Advice (R, T, n) of the planner.

    profiles, chosen (R,): which of the profiles each replication has. words: names of replications, tasks and agents.
    family (T,): number of each task's family. pool: only the first so many agents are tried out.
    """
    from scipy.stats import binom  # slow to load, and few markets need it

    r, t, i = words
    rate = _rates(profiles, chosen, seed, r, i[:pool])
    pairs = r, draws.words_range(rate.shape[1]), i[:pool]
    pilots = _spread(planner.budget, draws.uniform(seed, "pilot lot", *pairs))
    passed = binom.ppf(draws.uniform(seed, "pilot outcomes", *pairs), pilots, rate)
    estimate = np.full((len(r), rate.shape[1], len(i)), planner.mean)
    prior = planner.prior
    estimate[..., :pool] = (prior * planner.mean + np.where(pilots > 0, passed, 0.0)) / (prior + pilots)
    advice = estimate[:, family]
    if planner.bias == 0 and planner.noise == 0:
        return advice
    noise = planner.noise * draws.normal(seed, "planner noise", r, t, i) if planner.noise > 0 else 0.0
    return np.asarray(expit(logit(advice) + planner.bias + noise))


def _rates(profiles: Mapping[int, Profile], chosen: IntArray, seed: int, r: draws.Words, i: draws.Words) -> FloatArray:
    """Success rate (R, F, n) of each pair over the tasks of its family. i: names of the first so many agents."""
    families = next(iter(profiles.values())).families
    fit = draws.normal(seed, "family fit", r, draws.words_range(families), i)
    rate = np.empty(fit.shape)
    for at, profile in profiles.items():
        mine = chosen == at
        alpha = np.array([agent.alpha for agent in profile.agents.values()])[: len(i)]
        level = alpha + profile.sigma_f * fit[mine]
        rate[mine] = success_at(level, profile.task_sd)
    return rate


def _spread(budget: int, lot: FloatArray) -> IntArray:
    """Attempts of each pair, (R, F, n): equal shares, and one more for the pairs with the lowest lots."""
    n_pairs = lot.shape[1] * lot.shape[2]
    share, left = divmod(budget, n_pairs)
    rank = lot.reshape(len(lot), n_pairs).argsort(axis=1).argsort(axis=1).reshape(lot.shape)
    return np.asarray(share + (rank < left))
