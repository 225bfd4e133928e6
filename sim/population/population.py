"""Draws a population: tasks, signals, claims, costs and outcomes of a profile's agents.

    draws, by name                identity
    difficulty, cue               (replication, task)
    family                        (task)
    family fit                    (replication, family, agent)
    fit, signal noise             (replication, task, agent)
    cost belief                   (replication, task, agent)
    cost                          (replication, task, agent, try)
    cost belief zero, cost zero   as cost belief and cost, drawn where some agent has a share of zeros
    outcome                       (replication, task, agent, try)

d, u, h, e and the claim are the same at every try; the outcome and the cost are drawn anew. Index convention: R
replications, T tasks, n agents, K tries. Tasks are named by their number, agents by their names, so a longer run or a
larger population leaves every earlier draw as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.portable import exp, expit
from sim.population.agent_profile import LogNormal
from sim.population.belief_model import BeliefModel, Seen
from sim.population.beliefs import to_grid
from sim.population.profile import Profile

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
    drawn = LazyPopulation(profile, seed, r, t, k, skill=skill, overconfidence=overconfidence)
    return Population(**{field.name: drawn.array(field.name) for field in fields(Population)})


class LazyPopulation:
    """As `draw_named`, each array drawn when it is asked for; what several of them follow from is drawn once."""

    def __init__(
        self,
        profile: Profile,
        seed: int,
        r: draws.Words,
        t: draws.Words,
        k: draws.Words,
        *,
        skill: FloatArray | float = 0.0,
        overconfidence: FloatArray | float = 0.0,
    ) -> None:
        shape = len(r), len(t), len(profile.agents)
        logits = [np.broadcast_to(x, shape) for x in (skill, overconfidence)]
        size = max(1, _PIECE // max(1, len(r) * shape[2]))
        parts = [slice(start, start + size) for start in range(0, max(1, len(t)), size)]
        self._pieces = [Piece(profile, seed, (r, t[part], k), *(x[:, part] for x in logits)) for part in parts]

    def array(self, name: str) -> NDArray[Any]:
        """The field of `Population` of that name; replications lie closest in memory."""
        return np.moveaxis(np.concatenate([getattr(piece, name) for piece in self._pieces]), -1, 0)


class Piece:
    """Some of the tasks, in arrays small enough for the processor's cache, each drawn when it is first read.

    Arrays are (T, n, K, R), or as many of these axes as they have. skill, overconfidence: broadcast to (R, T, n). Where
    an array gets another axis, and where words become draws, is said in methods of their own, so that the same formulas
    can be followed with symbols (sim/compiled/trace/words.py).
    """

    def __init__(
        self,
        profile: Profile,
        seed: int,
        words: tuple[draws.Words, draws.Words, draws.Words],
        skill: FloatArray | float = 0.0,
        overconfidence: FloatArray | float = 0.0,
    ) -> None:
        """words: names of replications, tasks and tries."""
        self.profile, self.seed = profile, seed
        self.r, self.t, self.k = words
        self.i = draws.words_of(tuple(profile.agents))
        self.agents = list(profile.agents.values())
        self._skill, self._overconfidence = (np.moveaxis(np.atleast_1d(x), 0, -1) for x in (skill, overconfidence))

    def _normal(self, purpose: str, *identities: draws.Words) -> FloatArray:
        return np.moveaxis(draws.normal(self.seed, purpose, self.r, *identities), 0, -1)

    def _uniform(self, purpose: str, *identities: draws.Words) -> FloatArray:
        return np.moveaxis(draws.uniform(self.seed, purpose, self.r, *identities), 0, -1)

    def _over_agents(self, of_tasks: FloatArray) -> FloatArray:
        """(T, 1, R) from (T, R)."""
        return of_tasks[:, None]

    def _over_tries(self, of_agents: FloatArray) -> FloatArray:
        """(T, n, 1, R) from (T, n, R)."""
        return of_agents[:, :, None]

    def _of_agents(self, values: Iterable[float], *, tries: bool = False) -> FloatArray:
        """(n, 1), or (n, 1, 1) where there are tries."""
        return np.array(list(values)).reshape(-1, *(1,) * (1 + tries))

    def _on_grids(self, claim: FloatArray) -> FloatArray:
        """Claims (T, n, R) moved to their agents' grids, in place."""
        for place, agent in enumerate(self.agents):
            if agent.grid is not None:
                claim[:, place] = to_grid(claim[:, place], np.array(agent.grid))
        return claim

    def _family_fit(self) -> FloatArray:
        """(T, n, R) fit to the family of each task."""
        family_fit = self._normal("family fit", draws.words_range(self.profile.families), self.i)
        return family_fit[family_of(self.profile, self.seed, self.t)]

    @cached_property
    def difficulty(self) -> FloatArray:
        """(T, R)."""
        return self._normal("difficulty", self.t)

    @cached_property
    def cue(self) -> FloatArray:
        """(T, R)."""
        return self._normal("cue", self.t)

    @cached_property
    def fit(self) -> FloatArray:
        """(T, n, R)."""
        return self._normal("fit", self.t, self.i)

    @cached_property
    def signal(self) -> FloatArray:
        """(T, n, R)."""
        noise = self._normal("signal noise", self.t, self.i)
        weights = zip(*map(self.profile.signal_weights, self.profile.agents), strict=True)
        of_difficulty, of_fit, of_cue, of_noise = map(self._of_agents, weights)
        known = of_difficulty * self._over_agents(self.difficulty) + of_fit * self.fit
        return known + of_cue * self._over_agents(self.cue) + of_noise * noise

    @cached_property
    def ability(self) -> FloatArray:
        """(T, n, R)."""
        profile = self.profile
        common = profile.sigma_d * self._over_agents(self.difficulty)
        latent = self._of_agents(agent.alpha for agent in self.agents) + common
        latent = latent + profile.sigma_u * self.fit
        if profile.sigma_f > 0:
            latent = latent + profile.sigma_f * self._family_fit()
        return np.asarray(expit(latent + self._skill))

    @cached_property
    def claim(self) -> FloatArray:
        """(T, n, R)."""
        level, slope = (self._of_agents(getattr(agent, key) for agent in self.agents) for key in ("m", "slope"))
        fitted = self._on_grids(np.asarray(expit(level + slope * self.signal + self._overconfidence)))
        model = self.profile.own_beliefs
        return fitted if model is None else self._believed(model, fitted)

    def _believed(self, model: BeliefModel, fitted: FloatArray) -> FloatArray:
        """(T, n, R) by a belief model, whose last axis is agents."""
        seen = Seen(
            fitted=np.moveaxis(fitted, 1, -1),
            ability=np.moveaxis(self.ability, 1, -1),
            signal=np.moveaxis(self.signal, 1, -1),
            fit=np.moveaxis(self.fit, 1, -1),
            difficulty=self.difficulty[..., None],
            cue=self.cue[..., None],
        )
        return np.moveaxis(np.asarray(model.belief(seen), np.float64), -1, 1)

    @cached_property
    def success(self) -> BoolArray:
        """(T, n, K, R)."""
        return np.asarray(self._uniform("outcome", self.t, self.i, self.k) < self._over_tries(self.ability))

    @cached_property
    def cost_belief(self) -> FloatArray:
        """(T, n, R) dollars."""
        return self._dollars([agent.cost_belief for agent in self.agents], "cost belief")

    @cached_property
    def cost(self) -> FloatArray:
        """(T, n, K, R) dollars."""
        return self._dollars([agent.cost for agent in self.agents], "cost", self.k)

    def _dollars(self, laws: Sequence[LogNormal], purpose: str, *tries: draws.Words) -> FloatArray:
        """(T, n, R), or (T, n, K, R) where there are tries."""
        names, several = (self.t, self.i, *tries), bool(tries)
        mean, sd, r = (
            self._of_agents((getattr(law, key) for law in laws), tries=several) for key in ("mean", "sd", "correlation")
        )
        own = np.sqrt(1.0 - r * r) * self._normal(purpose, *names)
        # x is correlated with the signal as each agent's law says
        x = r * self._signal_for(laws, tries=several) + own
        drawn = np.asarray(exp(mean + sd * x))
        if any(law.zero > 0 for law in laws):
            zero = self._of_agents((law.zero for law in laws), tries=several)
            drawn = np.where(self._uniform(f"{purpose} zero", *names) < zero, 0.0, drawn)
        return drawn

    def _signal_for(self, laws: Sequence[LogNormal], *, tries: bool) -> FloatArray | float:
        """(T, n, R), (T, n, 1, R) where there are tries, or 0 where no law asks for the signal."""
        if all(law.correlation == 0 for law in laws):
            return 0.0
        return self._over_tries(self.signal) if tries else self.signal


def family_of(profile: Profile, seed: int, t: draws.Words) -> IntArray:
    """Number (T,) of the family each task belongs to, the same in every replication."""
    return np.floor(draws.uniform(seed, "family", t) * profile.families).astype(np.int64)
