"""Profiles: a population of agents as numbers in a TOML file, fitted to a table by `bidlab fit` or written by hand.

    sigma_d, sigma_u    sd of the tasks' difficulty and of the private fit, logits
    sigma_f, families   sd of an agent's fit to each of so many families of tasks, logits; none where absent
    [pool]              in place of agents: many of them, drawn around one (sim/population/pool.py)
    [agents.NAME]       alpha, m, lambda, rho, gamma as in sim/population/beliefs.py; grid of its claims;
                        cost, cost_belief: log-normal, cost_belief correlated with the signal; zero: share of 0;
                        duration, latency, nonresponse: the agent's own where stated, else the scenario's [world]
    beliefs             what they think of it all, where that is not fitted (sim/population/belief_model.py)

rho is the correlation of the signal with z = (sigma_d d + sigma_u u) / task_sd, task_sd^2 = sigma_d^2 + sigma_u^2, the
only one that outcomes identify: it stands for rho_d = rho sigma_d / task_sd and rho_u = rho sigma_u / task_sd. A
profile or a scenario that knows more says `signal = { difficulty = rho_d, fit = rho_u }` instead.

sigma_u is not identified by one outcome per (task, agent); a table fixes only the ratio of sigma_d to the rest of the
latent variance. `with_sigma_u` gives the profile that fits as well at another sigma_u.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError

from sim.kit.errors import ScenarioError
from sim.kit.invalid import invalid, written
from sim.kit.names import EVERYBODY, NAME, alike, is_name, look_alike
from sim.kit.section import Section, parsed_by
from sim.kit.toml_file import read_toml
from sim.population.agent_profile import LOGISTIC_VARIANCE, AgentProfile, Sd
from sim.population.belief_model import BeliefModel, Fitted, parse_beliefs
from sim.population.beliefs import success_rate
from sim.population.pool import PoolSpread, drawn_agents


class Pool(Section):
    """Many agents drawn around one."""

    size: Annotated[int, Field(ge=1, le=10_000)] = Field(description="agents of the pool")
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(description="of the draws that set its agents apart")
    agent: AgentProfile = Field(description="the agent they are drawn around")
    spread: PoolSpread = Field(description="standard deviations between agents")


class Profile(Section):
    """A population of agents."""

    source: str = Field("", description="where the numbers come from")
    sigma_d: Sd = Field(description="sd of the tasks' difficulty, logits")
    sigma_u: Sd = Field(description="sd of an agent's private fit to a task, logits")
    sigma_f: Sd = Field(0.0, description="sd of an agent's fit to a family of tasks, logits; nobody's signal knows it")
    families: Annotated[int, Field(ge=1, le=10**6)] = Field(1, description="number of families, equally likely")
    agents: dict[str, AgentProfile] = Field(default_factory=dict, description="the agents, by name")
    pool: Pool | None = Field(None, description="agents to be drawn, in place of agents")
    beliefs: Annotated[BeliefModel | None, parsed_by(parse_beliefs)] = Field(
        None, description="the belief model of all agents; absent: as their numbers say"
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if bool(self.agents) == (self.pool is not None):
            yield "must hold either [agents.NAME] for at least one agent, or [pool]"
        yield from (f"agents: a name must be {NAME}; got {written(name)}" for name in self.agents if not is_name(name))
        if EVERYBODY in self.agents:
            yield f'agents: no agent may be named "{EVERYBODY}", which stands for all agents'
        if two := look_alike(self.agents):
            yield f"agents: {alike(*two)}"

    @property
    def own_beliefs(self) -> BeliefModel | None:
        """The belief model; None where beliefs are what the agents' numbers say."""
        return None if isinstance(self.beliefs, Fitted) else self.beliefs

    @property
    def tau(self) -> float:
        """sd of the logit ability over tasks."""
        return math.hypot(self.sigma_d, self.sigma_u, self.sigma_f)

    @property
    def task_sd(self) -> float:
        """sd of the logit ability over tasks, the fit to families left out: what a signal can carry."""
        return math.hypot(self.sigma_d, self.sigma_u)

    def rhos(self, name: str) -> tuple[float, float]:
        """rho_d and rho_u of an agent."""
        agent = self.agents[name]
        if agent.signal is not None:
            return agent.signal.difficulty, agent.signal.fit
        return self.split(agent.rho or 0.0)

    def split(self, rho: float) -> tuple[float, float]:
        """rho_d and rho_u of a signal that knows of difficulty and fit alike."""
        task_sd = self.task_sd
        return (rho * self.sigma_d / task_sd, rho * self.sigma_u / task_sd) if task_sd > 0 else (0.0, 0.0)

    def signal_weights(self, name: str) -> tuple[float, float, float, float]:
        """Weights of difficulty, fit, cue and private noise in an agent's signal; their squares sum to 1.

        Raises ScenarioError where the first three leave nothing for the noise.
        """
        difficulty, fit = self.rhos(name)
        gamma = self.agents[name].gamma
        left = 1.0 - difficulty**2 - fit**2 - gamma**2
        if left < -1e-12:
            raise ScenarioError(
                f"agent {name!r}: squares of the signal's correlations with difficulty ({difficulty:.3f}), fit "
                f"({fit:.3f}) and cue ({gamma:.3f}) must not exceed 1 together"
            )
        return difficulty, fit, gamma, math.sqrt(max(left, 0.0))

    def reach(self, name: str) -> float:
        """Covariance of the agent's signal with its logit ability."""
        difficulty, fit = self.rhos(name)
        return difficulty * self.sigma_d + fit * self.sigma_u

    def unknown(self, name: str) -> float:
        """sd of the logit ability given the agent's signal."""
        return math.sqrt(max(self.tau**2 - self.reach(name) ** 2, 0.0))

    def with_sigma_u(self, sigma_u: float) -> Self:
        """The profile that a table of one outcome per (task, agent) cannot tell from this one, at another sigma_u.

        sigma_d keeps its share of the latent variance, alpha its success rate, and rho the correlation of the signal
        with the latent outcome, gamma its ratio to the private noise; claims and costs stay. An explicit `signal` stays
        as it is.
        """
        from scipy.optimize import brentq  # slow to load

        latent = self.sigma_u**2 + LOGISTIC_VARIANCE, sigma_u**2 + LOGISTIC_VARIANCE
        sigma_d = self.sigma_d * math.sqrt(latent[1] / latent[0])
        tau = math.hypot(sigma_d, sigma_u, self.sigma_f)
        agents = {}
        for name, agent in self.agents.items():
            rate = success_rate(agent.alpha, self.tau)
            alpha = float(brentq(lambda a, r=rate, t=tau: success_rate(a, t) - r, -60.0, 60.0, xtol=1e-12))
            changes: dict[str, Any] = {"alpha": alpha}
            if agent.rho is not None and math.hypot(sigma_d, sigma_u) > 0:
                reach = agent.rho * self.task_sd / math.sqrt(self.tau**2 + LOGISTIC_VARIANCE)
                rho = reach * math.sqrt(tau**2 + LOGISTIC_VARIANCE) / math.hypot(sigma_d, sigma_u)
                if abs(rho) > 1:
                    raise ScenarioError(f"agent {name!r}: at sigma_u {sigma_u} its rho would be {rho:.3f}, beyond 1")
                changes["rho"] = rho
                left = 1.0 - agent.rho**2
                changes["gamma"] = agent.gamma * math.sqrt((1.0 - rho**2) / left) if left > 0 else 0.0
            agents[name] = agent.model_copy(update=changes)
        return self.model_copy(update={"sigma_d": sigma_d, "sigma_u": sigma_u, "agents": agents})


def read_profile(path: Path) -> Profile:
    """The profile at `path`; raises ScenarioError, in one line, naming file, key and what is allowed."""
    raw = read_toml(path)
    try:
        return _with_pool(Profile.model_validate(raw))
    except ValidationError as error:
        raise invalid(str(path), "", error, Profile) from None


def _with_pool(profile: Profile) -> Profile:
    """The profile with the agents of its pool drawn, so that it is one like any other."""
    pool = profile.pool
    if pool is None:
        return profile
    centre = profile.model_copy(update={"agents": {"centre": pool.agent}})
    centre.signal_weights("centre")
    agents = drawn_agents(pool.size, pool.seed, pool.agent, pool.spread, profile.tau, centre.reach("centre"))
    return profile.model_copy(update={"agents": agents, "pool": None})
