"""Knobs: a profile's agents changed in the terms people use.

    overconfidence   logits of its claims above those of the same slope that are right on average: 0 means that mean
                     claim = success rate, +1 claims a logit too much
    overprecision    slope = calibrated slope x (1 + overprecision): 0 moves its claims as much as it knows
    miscalibration   share kept of its own overconfidence and of its own slope's distance from the calibrated one: 0
                     calibrated, 1 as it is, 2 twice
    grid             the claims it makes. Absent: its own; none where one of the three above is turned (see below)
    signal           what it knows: {difficulty = rho_d, fit = rho_u}; only fit can route
    rho              what it knows of both, as they make up its ability: 0 nothing, 1 its ability
    hold             what stays when skill or signal change: its "calibration" (overconfidence and distance of its slope
                     from the calibrated one, before rounding; claims follow), or its "claims" (m and slope)
    cost_ratio       median cost belief / median cost, of those above 0; shares of 0 stay
    cost_misforecast share kept of log(median cost belief / median cost): 0 right in the median, 1 as it is
    cost_sd          spread of its cost beliefs over tasks
    actual_cost_sd   spread of its costs, at the same mean cost
    mean_cost_ratio  mean cost belief / mean cost, in place of cost_ratio
    duration, latency, nonresponse    instead of the profile's, which go before the scenario's [world]

Overconfidence 0 with overprecision 0 is calibrated (`beliefs.calibrated`); both move with skill and signal. Where a
knob is not turned, the profile's own stays. A stronger signal takes its share from cue and noise alike, so that their
ratio stays.

Rounding. A grid is the set of claims an agent was seen to make at its own calibration. Rounded to it, other claims no
longer average to what the knob says, and end at its highest: a loud agent might not even claim its success rate. So a
knob of calibration turns an unstated grid off. One that is stated, "own" or a list, is kept, and m is then set so that
the rounded claims are right on average at overconfidence 0; what is added moves claims before they are rounded. A grid
on which no claims average to the success rate is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.kit.errors import ScenarioError, closest
from sim.kit.names import EVERYBODY
from sim.kit.section import Section
from sim.population.agent_profile import (
    AgentProfile,
    Correlation,
    Grid,
    Logit,
    LogNormal,
    Rate,
    SignalSettings,
    TickLaw,
)
from sim.population.beliefs import Calibrated, calibrated, right_on_average, success_rate
from sim.population.profile import Profile

Share = Annotated[float, Field(ge=0, le=10)]
CALIBRATION = ("overconfidence", "overprecision", "miscalibration")
RATIOS = ("cost_ratio", "cost_misforecast", "mean_cost_ratio")
PACE = ("duration", "latency", "nonresponse")  # taken over as they are; claims and ability know nothing of them


class Knobs(Section):
    """What is changed of one agent, or of everybody under the name "*"."""

    skill: Logit = Field(0.0, description="logits added to its ability")
    overconfidence: Logit | None = Field(
        None,
        description="logits added to its calibrated claims: at 0, mean claim = success rate, whatever its "
        "slope; turns the grid off unless grid is stated",
    )
    overprecision: Annotated[float, Field(ge=-1, le=100)] | None = Field(
        None,
        description="slope of its claims over the calibrated slope, minus 1; turns the grid off unless grid is stated",
    )
    miscalibration: Share | None = Field(
        None,
        description="share kept of its own distance from calibration: 0 calibrated, 1 as it is, 2 twice as far; turns "
        "the grid off unless grid is stated",
    )
    signal: SignalSettings | None = Field(None, description="what it knows: {difficulty, fit}")
    rho: Correlation | None = Field(
        None, description="correlation of its signal with its ability, split as difficulty and fit are; or signal"
    )
    cue: Correlation | None = Field(None, description="correlation of its signal with the cue all agents share")
    hold: Literal["calibration", "claims"] | None = Field(
        None,
        description='what stays when skill or signal change, before rounding: "calibration" (distance from calibrated '
        'claims) or "claims"; must be stated with them',
    )
    grid: Literal["own", "none"] | Grid | None = Field(
        None,
        description='claims it makes: its "own" grid, "none" (any claim), or a list; absent: its own, but none where '
        "overconfidence, overprecision or miscalibration is stated; with a grid they are of rounded claims, and what "
        "it cannot express is refused",
    )
    cost_ratio: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="median cost belief over median cost, of those above 0; single forecasts keep their spread"
    )
    cost_misforecast: Share | None = Field(
        None, description="share kept of the logarithm of its cost ratio: 0 right in the median, 1 as it is"
    )
    cost_sd: Annotated[float, Field(ge=0, le=5)] | None = Field(
        None, description="sd of the logarithm of its cost beliefs; 0 forecasts the same for every task"
    )
    actual_cost_sd: Annotated[float, Field(ge=0, le=5)] | None = Field(
        None,
        description="sd of the logarithm of its costs; their mean stays, beliefs change with mean_cost_ratio alone",
    )
    mean_cost_ratio: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="mean cost belief over mean cost, after cost_sd and actual_cost_sd; or cost_ratio"
    )
    duration: TickLaw = Field(
        None,
        description="ticks its attempts take, a number or a distribution, independent of every other draw; replaces "
        "world.duration",
    )
    latency: TickLaw = Field(
        None, description="ticks from posting to its bid, a number or a distribution; replaces world.latency"
    )
    nonresponse: Rate | None = Field(
        None, description="share of tasks on which it does not bid; replaces world.nonresponse"
    )

    @property
    def recalibrates(self) -> bool:
        """Whether its claims are put at a stated distance from calibration."""
        return any(getattr(self, key) is not None for key in CALIBRATION)

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.signal is not None and self.rho is not None:
            yield "must hold one of signal and rho, not both"
        for share, others in (
            ("miscalibration", ("overconfidence", "overprecision")),
            ("cost_misforecast", ("cost_ratio", "mean_cost_ratio")),
            ("cost_ratio", ("mean_cost_ratio",)),
        ):
            for other in others:
                if getattr(self, share) is not None and getattr(self, other) is not None:
                    yield f"must hold one of {share} and {other}, not both"
        if self.hold is None and (self.signal is not None or self.rho is not None or self.skill != 0):
            yield 'hold must be stated where skill, signal or rho change: "calibration" or "claims"'


class Shock(Section):
    """A change of one agent, or of everybody ("*"), for the tasks numbered from at x tasks up to until x tasks."""

    at: Annotated[float, Field(ge=0, lt=1)] = Field(description="share of the tasks before it")
    until: Annotated[float, Field(gt=0, le=1)] = Field(1.0, description="share of the tasks before its end")
    agent: str = Field(description='name of the agent, or "*"')
    skill: Logit = Field(0.0, description="logits added to its ability; claims unchanged")
    overconfidence: Logit = Field(0.0, description="logits added to its claims, before they are rounded to its grid")
    outage: bool = Field(False, description="its attempts are lost to the system (INFRA)")

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.at >= self.until:
            yield f"at must be < until; got {self.at} and {self.until}"


def turn(profile: Profile, knobs: Mapping[str, Knobs]) -> Profile:
    """The profile with its agents changed; knobs of "*" are turned first, then each agent's own.

    Raises ScenarioError where no agent has that name.
    """
    for name in knobs:
        if name != EVERYBODY and name not in profile.agents:
            allowed = ", ".join(profile.agents)
            raise ScenarioError(f"world.agents: no agent {name!r}{closest(name, profile.agents)}; allowed: {allowed}")
    agents = dict(profile.agents)
    for name in profile.agents:
        layers = _layers(knobs, name)
        agents[name] = agents[name].model_copy(update={"grid": _grid(agents[name], layers)})
        for layer in layers:
            before = profile.model_copy(update={"agents": agents})
            agents[name] = _turned(before, name, layer)
    return profile.model_copy(update={"agents": agents})


def ungridded(profile: Profile, knobs: Mapping[str, Knobs]) -> list[str]:
    """Names of the agents that lose their own grid though no knob states one."""
    return [
        name
        for name, agent in profile.agents.items()
        if agent.grid is not None
        and _grid(agent, _layers(knobs, name)) is None
        and all(layer.grid is None for layer in _layers(knobs, name))
    ]


def _layers(knobs: Mapping[str, Knobs], name: str) -> list[Knobs]:
    """Knobs that are turned of this agent, everybody's first."""
    return [knobs[key] for key in (EVERYBODY, name) if key in knobs]


def _grid(agent: AgentProfile, layers: Sequence[Knobs]) -> list[float] | None:
    """The claims it makes after the knobs: the last grid stated, else its own unless its calibration is turned."""
    stated = [layer.grid for layer in layers if layer.grid is not None]
    if not stated:
        return None if any(layer.recalibrates for layer in layers) else agent.grid
    if isinstance(stated[-1], list):
        return stated[-1]
    return agent.grid if stated[-1] == "own" else None


def _turned(profile: Profile, name: str, knobs: Knobs) -> AgentProfile:
    agent = profile.agents[name]
    changes: dict[str, Any] = {"alpha": agent.alpha + knobs.skill}
    if knobs.signal is not None:
        changes |= {"rho": None, "signal": knobs.signal, "gamma": _cue(profile, name, _both(knobs.signal))}
    if knobs.rho is not None:
        changes |= {"rho": knobs.rho, "signal": None, "gamma": _cue(profile, name, profile.split(knobs.rho))}
    if knobs.cue is not None:
        changes["gamma"] = knobs.cue
    changes |= _costs(name, agent, knobs)
    after = agent.with_stated(knobs, PACE).model_copy(update=changes)
    return after.model_copy(update=_claims(profile, name, after, knobs))


def _costs(name: str, agent: AgentProfile, knobs: Knobs) -> dict[str, LogNormal]:
    """cost and cost_belief after the knobs; above 0 their mean is exp(mean + sd^2 / 2), their median exp(mean)."""
    cost, law = agent.cost, agent.cost_belief
    if knobs.actual_cost_sd is not None:
        kept = cost.mean + (cost.sd**2 - knobs.actual_cost_sd**2) / 2.0
        cost = cost.model_copy(update={"mean": kept, "sd": knobs.actual_cost_sd})
    sd = law.sd if knobs.cost_sd is None else knobs.cost_sd
    mean = _forecast(name, cost, law.model_copy(update={"sd": sd}), knobs)
    return {"cost": cost, "cost_belief": law.model_copy(update={"mean": mean, "sd": sd})}


def _forecast(name: str, cost: LogNormal, law: LogNormal, knobs: Knobs) -> float:
    """Mean logarithm of the cost beliefs; raises ScenarioError where a ratio to or from nothing is asked for."""
    turned = [key for key in RATIOS if getattr(knobs, key) is not None]
    free = law.zero == 1.0, cost.zero == 1.0
    if not turned or all(free):
        return law.mean
    if any(free):
        which = "costs are" if free[1] else "cost beliefs are"
        raise ScenarioError(f"agent {name!r}: {turned[0]} has no meaning where all of its {which} 0 and the others not")
    if knobs.cost_ratio is not None:
        return cost.mean + math.log(knobs.cost_ratio)
    if knobs.cost_misforecast is not None:
        return cost.mean + knobs.cost_misforecast * (law.mean - cost.mean)
    ratio = (knobs.mean_cost_ratio or 1.0) * (1.0 - cost.zero) / (1.0 - law.zero)
    return cost.mean + (cost.sd**2 - law.sd**2) / 2.0 + math.log(ratio)


def _both(signal: SignalSettings) -> tuple[float, float]:
    return signal.difficulty, signal.fit


def _cue(profile: Profile, name: str, after: tuple[float, float]) -> float:
    """gamma that keeps its ratio to the private noise when the signal takes more or less of the whole."""
    left, now = (1.0 - difficulty**2 - fit**2 for difficulty, fit in (profile.rhos(name), after))
    return profile.agents[name].gamma * math.sqrt(max(now, 0.0) / left) if left > 0 else 0.0


def _claims(profile: Profile, name: str, after: AgentProfile, knobs: Knobs) -> dict[str, float]:
    """m and slope after the knobs."""
    agent = profile.agents[name]
    changed = profile.model_copy(update={"agents": {**profile.agents, name: after}})
    changed.signal_weights(name)  # refuses a signal that knows more than there is
    was = calibrated(agent.alpha, profile.tau, profile.reach(name))
    now = calibrated(after.alpha, profile.tau, changed.reach(name))
    m, slope = agent.m, agent.slope
    if knobs.hold == "calibration" and now != was:
        above = m - _level(agent.alpha, profile.tau, was, slope)
        slope = now.slope + (slope - was.slope)
        m = _level(after.alpha, profile.tau, now, slope) + above

    def level(at: float) -> float:
        found = _level(after.alpha, profile.tau, now, at, after.grid)
        if math.isnan(found):
            raise ScenarioError(_no_level(name, after, profile.tau, at))
        return found

    if knobs.miscalibration is not None:
        above, kept = m - level(slope), knobs.miscalibration
        slope = now.slope + kept * (slope - now.slope)
        m = level(slope) + kept * above
    if knobs.overprecision is not None:
        slope = now.slope * (1.0 + knobs.overprecision)
    if knobs.overconfidence is not None:
        m = level(slope) + knobs.overconfidence
    return {"m": m, "slope": slope}


def _level(alpha: float, tau: float, target: Calibrated, slope: float, grid: Sequence[float] | None = None) -> float:
    """m of claims right on average at this slope, on this grid; target: the calibrated claims, right on average too."""
    if grid is None and slope == target.slope:
        return target.m
    return right_on_average(success_rate(alpha, tau), slope, None if grid is None else tuple(grid))


def _no_level(name: str, agent: AgentProfile, tau: float, slope: float) -> str:
    """Why no claims on the agent's grid are right on average, and what to write instead."""
    grid, rate = agent.grid or [], success_rate(agent.alpha, tau)
    why = f"its claims there are all one (slope {slope:g})" if grid[0] < rate < grid[-1] else "beyond its ends"
    return (
        f"world.agents.{name}.grid: no claims on a grid from {grid[0]:g} to {grid[-1]:g} average to the success rate "
        f'{rate:.3f}, {why}; allowed: "none", or a list of claims around the rate'
    )
