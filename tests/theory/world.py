"""The two worlds whose results are known: the hand example H and the test world E1.

H:   V = r = 1, p = (.9, .6, .5), c = (.30, .05, .20).
E1:  n = 4, V = r = 1, p ~ U[.3, .95], c ~ U[0, .4], all independent, everybody truthful; beliefs are exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kit.arrays import Award, FloatArray
from sim.mechanisms import Mechanism
from tests.scenes import Scene, chance, scene, truthful, utility

H_BELIEF = np.array([0.9, 0.6, 0.5])
H_COST = np.array([0.30, 0.05, 0.20])

E1_SIZE = 200_000
E1_BELIEF = chance("E1/p", E1_SIZE, 4, low=0.3, high=0.95)
E1_COST = chance("E1/c", E1_SIZE, 4, high=0.4)
# Published figures of E1 come from a simulation with this standard error.
E1_SE = 2e-4


class Truth(NamedTuple):
    """A truthful market: bids, award, and its money, one value per posting."""

    bids: Scene
    award: Award
    agents: FloatArray
    principal: FloatArray

    @property
    def welfare(self) -> FloatArray:
        return self.agents + self.principal


def market(rule: Mechanism, posted: Scene, belief: FloatArray, cost: FloatArray, value: float = 1.0) -> Truth:
    """Everybody bids the truth; at most one is hired, and beliefs are right."""
    bids = truthful(rule, posted, belief, cost, np.ones(belief.shape, np.bool_))
    award = bids.award(rule)
    paid = np.where(award.hired, belief * award.pay_success + (1.0 - belief) * award.pay_failure, 0.0)
    principal = np.where(award.hired, belief * value, 0.0) - paid
    return Truth(bids, award, utility(award, belief, cost).sum(axis=-1), principal.sum(axis=-1))


def e1(rule: Mechanism, reserve: FloatArray | float = 1.0) -> Truth:
    """E1 under a single-winner rule; advice = ability and expected cost = cost for the planner, else ec = 0."""
    planned = "advice" in rule.capabilities.needs
    posted = scene(
        np.zeros(E1_BELIEF.shape),
        0.5,
        reserve=reserve,
        advice=E1_BELIEF,
        expected_cost=E1_COST if planned else 0.0,
        lottery=chance("E1/lottery", E1_SIZE, 4),
    )
    return market(rule, posted, E1_BELIEF, E1_COST)


def hand(rule: Mechanism, **posting: object) -> Truth:
    """H under a single-winner rule, lottery (.3, .1, .2)."""
    planned = "advice" in rule.capabilities.needs or rule.name == "always"
    defaults = {"lottery": [0.3, 0.1, 0.2], "advice": H_BELIEF, "expected_cost": H_COST if planned else 0.0}
    return market(rule, scene(np.zeros(3), 0.5, **(defaults | posting)), H_BELIEF, H_COST)
