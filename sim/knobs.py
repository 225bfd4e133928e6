"""Knobs: a profile's agents changed in the terms people use.

    overconfidence   m = calibrated m + overconfidence: 0 means what it claims, +1 claims a logit too much
    overprecision    slope = calibrated slope x (1 + overprecision): 0 moves its claims as much as it knows
    miscalibration   share kept of its own distance from the calibrated m and slope: 0 calibrated, 1 as it is, 2 twice
    signal           what it knows: {difficulty = rho_d, fit = rho_u}; only fit can route
    rho              what it knows of both, as they make up its ability: 0 nothing, 1 its ability
    hold             what stays when skill or signal change: its "calibration" (claims follow), or its "claims"
    cost_ratio       median cost belief / median cost
    cost_misforecast share kept of log(median cost belief / median cost): 0 right in the median, 1 as it is
    cost_sd          spread of its cost beliefs over tasks
    actual_cost_sd   spread of its costs, at the same mean cost
    mean_cost_ratio  mean cost belief / mean cost, in place of cost_ratio
    duration, latency, nonresponse    instead of the profile's, which go before the scenario's [world]

Every measure is from the agent's own calibrated claim (`beliefs.calibrated`), which moves with its skill and signal.
Where a knob is not turned, the profile's own distance from calibration stays. A stronger signal takes its share from
cue and noise alike, so that their ratio stays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.beliefs import calibrated
from sim.errors import ScenarioError, closest
from sim.profile import AgentProfile, Correlation, Grid, Logit, LogNormal, Profile, Rate, SignalSettings, TickLaw
from sim.section import Section

EVERYBODY = "*"
Share = Annotated[float, Field(ge=0, le=10)]
PACE = ("duration", "latency", "nonresponse")  # taken over as they are; claims and ability know nothing of them


class Knobs(Section):
    """What is changed of one agent, or of everybody under the name "*"."""

    skill: Logit = Field(0.0, description="logits added to its ability")
    overconfidence: Logit | None = Field(None, description="logits from its calibrated claim")
    overprecision: Annotated[float, Field(ge=-1, le=100)] | None = Field(
        None, description="slope of its claims over the calibrated slope, minus 1"
    )
    miscalibration: Share | None = Field(
        None, description="share kept of its own distance from calibration: 0 calibrated, 1 as it is, 2 twice as far"
    )
    signal: SignalSettings | None = Field(None, description="what it knows: {difficulty, fit}")
    rho: Correlation | None = Field(
        None, description="correlation of its signal with its ability, split as difficulty and fit are; or signal"
    )
    cue: Correlation | None = Field(None, description="correlation of its signal with the cue all agents share")
    hold: Literal["calibration", "claims"] | None = Field(
        None, description="what stays when skill or signal change; must be stated with them"
    )
    grid: Literal["own", "none"] | Grid = Field(
        "own", description="claims it makes: its own grid, none (any claim), or a list"
    )
    cost_ratio: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="median cost belief over median cost; single forecasts keep their spread"
    )
    cost_misforecast: Share | None = Field(
        None, description="share kept of the logarithm of its cost ratio: 0 right in the median, 1 as it is"
    )
    cost_sd: Annotated[float, Field(ge=0, le=5)] | None = Field(
        None, description="sd of the logarithm of its cost beliefs; 0 forecasts the same for every task"
    )
    actual_cost_sd: Annotated[float, Field(ge=0, le=5)] | None = Field(
        None,
        description="sd of the logarithm of its costs, whose mean stays; beliefs know of it by mean_cost_ratio alone",
    )
    mean_cost_ratio: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="mean cost belief over mean cost, after cost_sd and actual_cost_sd; or cost_ratio"
    )
    duration: TickLaw | None = Field(
        None,
        description="ticks its attempts take, a number or a distribution, independent of every other draw; goes before "
        "world.duration",
    )
    latency: TickLaw | None = Field(
        None, description="ticks from posting to its bid, a number or a distribution; goes before world.latency"
    )
    nonresponse: Rate | None = Field(
        None, description="share of tasks at which no bid comes from it; goes before world.nonresponse"
    )

    @model_validator(mode="after")
    def _stated(self) -> Knobs:
        if self.signal is not None and self.rho is not None:
            raise ValueError("must hold one of signal and rho, not both")
        for share, others in (
            ("miscalibration", ("overconfidence", "overprecision")),
            ("cost_misforecast", ("cost_ratio", "mean_cost_ratio")),
            ("cost_ratio", ("mean_cost_ratio",)),
        ):
            for other in others:
                if getattr(self, share) is not None and getattr(self, other) is not None:
                    raise ValueError(f"must hold one of {share} and {other}, not both")
        if self.hold is None and (self.signal is not None or self.rho is not None or self.skill != 0):
            raise ValueError('hold must be stated where skill, signal or rho change: "calibration" or "claims"')
        return self


class Shock(Section):
    """A change of one agent, or of everybody ("*"), for the tasks numbered from at x tasks up to until x tasks."""

    at: Annotated[float, Field(ge=0, lt=1)] = Field(description="share of the tasks before it")
    until: Annotated[float, Field(gt=0, le=1)] = Field(1.0, description="share of the tasks before its end")
    agent: str = Field(description='name of the agent, or "*"')
    skill: Logit = Field(0.0, description="logits added to its ability; its claims do not know")
    overconfidence: Logit = Field(0.0, description="logits added to its claims")
    outage: bool = Field(False, description="its attempts are lost to the system (INFRA)")

    @model_validator(mode="after")
    def _lasts(self) -> Shock:
        if self.at >= self.until:
            raise ValueError(f"at must be < until; got {self.at} and {self.until}")
        return self


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
        for turned in (knobs.get(EVERYBODY), knobs.get(name)):
            if turned is not None:
                before = profile.model_copy(update={"agents": agents})
                agents[name] = _turned(before, name, turned)
    return profile.model_copy(update={"agents": agents})


def _turned(profile: Profile, name: str, knobs: Knobs) -> AgentProfile:
    agent = profile.agents[name]
    changes: dict[str, Any] = {"alpha": agent.alpha + knobs.skill}
    if knobs.signal is not None:
        changes |= {"rho": None, "signal": knobs.signal, "gamma": _cue(profile, name, _both(knobs.signal))}
    if knobs.rho is not None:
        changes |= {"rho": knobs.rho, "signal": None, "gamma": _cue(profile, name, profile.split(knobs.rho))}
    if knobs.cue is not None:
        changes["gamma"] = knobs.cue
    if knobs.grid != "own":
        changes["grid"] = None if knobs.grid == "none" else knobs.grid
    changes |= _costs(agent, knobs)
    changes |= {key: getattr(knobs, key) for key in PACE if getattr(knobs, key) is not None}
    after = agent.model_copy(update=changes)
    return after.model_copy(update=_claims(profile, name, after, knobs))


def _costs(agent: AgentProfile, knobs: Knobs) -> dict[str, LogNormal]:
    """cost and cost_belief after the knobs; a log-normal's mean is exp(mean + sd^2 / 2), its median exp(mean)."""
    cost, law = agent.cost, agent.cost_belief
    if knobs.actual_cost_sd is not None:
        kept = cost.mean + (cost.sd**2 - knobs.actual_cost_sd**2) / 2.0
        cost = cost.model_copy(update={"mean": kept, "sd": knobs.actual_cost_sd})
    mean, sd = law.mean, law.sd if knobs.cost_sd is None else knobs.cost_sd
    if knobs.cost_ratio is not None:
        mean = cost.mean + math.log(knobs.cost_ratio)
    if knobs.cost_misforecast is not None:
        mean = cost.mean + knobs.cost_misforecast * (law.mean - cost.mean)
    if knobs.mean_cost_ratio is not None:
        mean = cost.mean + (cost.sd**2 - sd**2) / 2.0 + math.log(knobs.mean_cost_ratio)
    return {"cost": cost, "cost_belief": law.model_copy(update={"mean": mean, "sd": sd})}


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
        m, slope = now.m + (agent.m - was.m), now.slope + (agent.slope - was.slope)
    if knobs.miscalibration is not None:
        m, slope = (own + knobs.miscalibration * (told - own) for own, told in zip(now, (m, slope), strict=True))
    if knobs.overconfidence is not None:
        m = now.m + knobs.overconfidence
    if knobs.overprecision is not None:
        slope = now.slope * (1.0 + knobs.overprecision)
    return {"m": m, "slope": slope}
