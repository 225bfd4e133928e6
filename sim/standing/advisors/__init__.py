"""Advisors: what a central planner makes of claims and of the outcomes it has seen, one idea a file.

An advisor gives `Standing.advice` and clears nothing: the router that follows it is a planner, a score rule that ranks
by it is a hybrid. What a rule promises it promises for given advice: where an advisor reads claims, a claim can still
pay through the advice, this time or later. Who must be asked for a claim pays what a bid costs.
"""

from typing import Any

from sim.kit.kinds import Registry
from sim.standing.advisors.advisor import Advisor, Lesson, Posted
from sim.standing.advisors.bandit import UCB1, Thompson
from sim.standing.advisors.platt import PlattBatch, PlattOnline
from sim.standing.advisors.rates import BaseRate, Beta

ADVISORS: Registry[str, type[Any]] = Registry(
    "advisor",
    "decorate a frozen dataclass with @register_advisor('name')",
    methods={"init": "n_agents", "step": "state, seen", "read": "state, posted"},
    own={
        "base_rate": BaseRate,
        "beta": Beta,
        "platt_online": PlattOnline,
        "platt_batch": PlattBatch,
        "thompson": Thompson,
        "ucb1": UCB1,
    },
)

__all__ = [
    "ADVISORS",
    "UCB1",
    "Advisor",
    "BaseRate",
    "Beta",
    "Lesson",
    "PlattBatch",
    "PlattOnline",
    "Posted",
    "Thompson",
]
