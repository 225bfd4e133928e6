"""One agent of a population: its skill, how it claims, what its attempts cost. Formulas: sim/population/profile.py."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from sim.kit.distribution import Distribution, parse_ticks
from sim.kit.section import Section, parsed_by


def _ascending(grid: list[float]) -> list[float]:
    if not grid or sorted(set(grid)) != grid:
        raise ValueError("a grid must hold ascending claims, at least one and none twice")
    return grid


Grid = Annotated[list[Annotated[float, Field(ge=0, le=1)]], AfterValidator(_ascending)]
Correlation = Annotated[float, Field(ge=-1, le=1)]
Sd = Annotated[float, Field(ge=0, le=20)]
Logit = Annotated[float, Field(ge=-50, le=50)]
Rate = Annotated[float, Field(ge=0, le=1)]
TickLaw = Annotated[Distribution | None, parsed_by(parse_ticks)]  # ticks, as sim/kit/distribution.py reads them
LOGISTIC_VARIANCE = math.pi**2 / 3.0  # of the outcome's own chance, in logits


class LogNormal(Section):
    """exp(mean + sd x) dollars, x standard normal, or 0 with chance `zero`, independent of x and of all else.

    correlation: of x with the agent's signal. Source: [Aitchison1955].
    """

    mean: Annotated[float, Field(ge=-50, le=20)] = Field(description="mean of the logarithm of dollars")
    sd: Annotated[float, Field(ge=0, le=5)] = Field(description="standard deviation of the logarithm")
    correlation: Correlation = Field(0.0, description="with the agent's signal of the task")
    zero: Rate = Field(0.0, description="share that is 0; mean and sd are those of the rest; 1: free")


class SignalSettings(Section):
    """What a signal knows: correlations with the two parts of ability."""

    difficulty: Correlation = Field(description="rho_d: with the task's difficulty")
    fit: Correlation = Field(description="rho_u: with one's own fit to the task")


class AgentProfile(Section):
    """One agent of a population."""

    alpha: Logit = Field(description="skill: logit ability on a task of middling difficulty and fit")
    m: Logit = Field(description="logit of the claim at a middling signal")
    slope: Annotated[float, Field(ge=-50, le=50)] = Field(description="logits of claim per unit of signal (lambda)")
    rho: Correlation | None = Field(
        None, description="correlation of the signal with z, split as difficulty and fit are"
    )
    signal: SignalSettings | None = Field(None, description="rho_d and rho_u, where they are known apart")
    gamma: Correlation = Field(0.0, description="correlation of the signal with the common cue")
    grid: Grid | None = Field(None, description="the claims it makes; absent: any")
    cost_belief: LogNormal = Field(description="what it thinks an attempt costs")
    cost: LogNormal = Field(description="what an attempt costs")
    duration: TickLaw = Field(
        None,
        description="ticks its attempts take, a number or a distribution, independent of every other draw; absent: as "
        "world.duration says",
    )
    latency: TickLaw = Field(
        None, description="ticks from posting to its bid, a number or a distribution; absent: as world.latency says"
    )
    nonresponse: Rate | None = Field(
        None, description="share of tasks at which no bid comes from it; absent: as world.nonresponse says"
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if (self.rho is None) == (self.signal is None):
            yield "must hold either rho or signal = {difficulty, fit}"
