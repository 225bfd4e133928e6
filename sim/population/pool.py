"""A pool of agents in a profile: many of them, drawn around one, by a recipe that is part of the profile.

    [pool]              size, seed; spread between agents
    [pool.agent]        the agent they are drawn around, with the keys of any agent

    alpha       = its alpha + spread.skill x_1
    m, slope    keep its distance from calibrated claims, which move with alpha; m + spread.overconfidence x_2
    costs       = its mean logarithms + spread.cost x_3; actual costs and cost beliefs alike

x standard normal, named by (pool's seed, agent). Agents are called "agent 1", "agent 2", ...; the first are the same
whatever the size, so pools of several sizes are nested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from sim.kit import draws
from sim.kit.section import Section
from sim.population.beliefs import calibrated

if TYPE_CHECKING:
    from sim.population.agent_profile import AgentProfile

Spread = Annotated[float, Field(ge=0, le=20)]


class PoolSpread(Section):
    """Standard deviations between the agents of a pool."""

    skill: Spread = Field(0.0, description="sd of alpha, logits; agents know their skill, claims move along")
    overconfidence: Spread = Field(0.0, description="sd of m beyond that, logits")
    cost: Annotated[float, Field(ge=0, le=5)] = Field(0.0, description="sd of the logarithm of dollars")


def drawn_agents(
    size: int, seed: int, centre: AgentProfile, spread: PoolSpread, tau: float, reach: float
) -> dict[str, AgentProfile]:
    """The agents of a pool, by name. tau, reach: as in sim/population/beliefs.py, of profile and `centre`."""
    names = [f"agent {k + 1}" for k in range(size)]
    words = draws.words_of(names)
    shift = {
        name: (draws.normal(seed, f"pool {name}", words) * getattr(spread, name)).tolist()
        for name in ("skill", "overconfidence", "cost")
    }
    agents, was = {}, calibrated(centre.alpha, tau, reach)
    for name, skill, louder, dearer in zip(names, *shift.values(), strict=True):
        now = calibrated(centre.alpha + skill, tau, reach)
        changes: dict[str, Any] = {
            key: law.model_copy(update={"mean": law.mean + dearer})
            for key, law in (("cost", centre.cost), ("cost_belief", centre.cost_belief))
        }
        changes |= {"alpha": centre.alpha + skill, "m": centre.m + (now.m - was.m) + louder}
        agents[name] = centre.model_copy(update={**changes, "slope": centre.slope + (now.slope - was.slope)})
    return agents
