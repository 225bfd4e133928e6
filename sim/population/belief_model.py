"""Belief models: what the agents of a population think their ability at a task is, made of what was drawn of it.

    fitted          as the profile's numbers and knobs say (sim/population/beliefs.py), moved to each agent's grid
    ability         each agent knows its own ability
    recalibrated    logit belief = shift + slope logit fitted: linear in log odds

A model is named in a profile, or by `world.beliefs` of a scenario. It is a pure function over arrays with agents as
last axis, so that no belief depends on what is drawn beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, Protocol

import numpy as np
from annotated_types import Ge, Le

from sim.kit.arrays import FloatArray
from sim.kit.kinds import Registry
from sim.kit.parameters import choose
from sim.kit.portable import expit, logit


class Seen(NamedTuple):
    """What a belief may follow from, in the notation of sim/population/beliefs.py.

    fitted (..., n): the belief by the profile's own numbers. ability (..., n): the true one, in which no signal is.
    signal, fit (..., n); difficulty, cue (..., 1): standard normal; a high difficulty is easy.
    """

    fitted: FloatArray
    ability: FloatArray
    signal: FloatArray
    fit: FloatArray
    difficulty: FloatArray
    cue: FloatArray


class BeliefModel(Protocol):
    """Makes beliefs."""

    def belief(self, seen: Seen) -> FloatArray:
        """Beliefs (..., n) in [0, 1]."""


@dataclass(frozen=True)
class Fitted:
    """The belief by the profile's own numbers and knobs."""

    def belief(self, seen: Seen) -> FloatArray:
        """As it is."""
        return seen.fitted


@dataclass(frozen=True)
class KnownAbility:
    """Each agent knows its own ability at the task."""

    def belief(self, seen: Seen) -> FloatArray:
        """The ability."""
        return seen.ability


@dataclass(frozen=True)
class Recalibrated:
    """The fitted belief, linear in log odds: `shift` logits more, at `slope` times its distance from one half.

    >>> seen = Seen(np.array([0.5, 0.8]), *[np.zeros(2)] * 5)
    >>> Recalibrated(slope=2.0).belief(seen).round(3).tolist()
    [0.5, 0.941]
    """

    shift: Annotated[float, Ge(-50), Le(50)] = 0.0
    slope: Annotated[float, Ge(0), Le(50)] = 1.0

    def belief(self, seen: Seen) -> FloatArray:
        """Beliefs of 0 and 1 stay, unless the slope is 0."""
        odds = np.minimum(np.maximum(logit(seen.fitted), -1e3), 1e3)
        return np.asarray(expit(self.shift + self.slope * odds))


BELIEF_MODELS: Registry[str, type[Any]] = Registry(
    "belief_model",
    "decorate a frozen dataclass with @register_belief_model('name')",
    methods={"belief": "seen"},
    own={"fitted": Fitted, "ability": KnownAbility, "recalibrated": Recalibrated},
)


def parse_beliefs(raw: Any) -> BeliefModel:
    """The model that `raw` names; raises ValueError saying what is allowed."""
    found: BeliefModel = choose(raw, BELIEF_MODELS)
    return found
