"""Where each field of `Standing` comes from, as a scenario states it.

    reputation      none (always 1), or a rule that learns from verified outcomes
    expected_cost   {fixed = dollars}; leave_one_task_out (the agent's mean actual cost on the other tasks);
                    actual (what the next try will cost: an oracle's); {running_mean = {...}} (learned as attempts end)
    advice          outcome (whether the next try succeeds: an oracle's); ability; leave_one_task_out (the agent's
                    success rate on the other tasks); {planner = {...}} (pilot attempts before the market opens:
                    sim/planner.py); or an advisor, which learns as attempts end (sim/advisors)

A leave-one-out mean uses the first try of every other task the agent can bid on, in the same replication.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.advisors import ADVISORS, Advisor
from sim.arrays import FloatArray, IntArray, thin
from sim.distribution import MOST, is_number
from sim.errors import closest
from sim.invalid import number, written
from sim.parameters import choose, split
from sim.planner import Planner
from sim.standing import COST_LEARNERS, REPUTATIONS, Learner, LiveReputation
from sim.world import World


class ExpectedCost(NamedTuple):
    """kind: "unknown", "fixed", "leave_one_task_out", "actual" or "learned"."""

    kind: str
    dollars: float = math.nan
    learner: Learner | None = None


ORACLES = ("outcome", "ability", "leave_one_task_out")


class Advice(NamedTuple):
    """kind: "unknown", one of ORACLES, "planner" or "learned"."""

    kind: str
    planner: Planner | None = None
    advisor: Advisor | None = None

    @property
    def explores(self) -> bool:
        """It needs a uniform draw of its own at every posting."""
        return self.advisor is not None and self.advisor.explores


def parse_advice(raw: Any) -> Advice:
    """The source of advice asked for; raises ValueError saying what is allowed."""
    if raw is None:
        return Advice("unknown")
    name, parameters = split(raw)
    if name in ORACLES:
        if parameters:
            raise ValueError(f"{name} has no parameters; got {written(raw)}")
        return Advice(name)
    allowed = (*ORACLES, "planner", *ADVISORS)
    if name not in allowed:
        raise ValueError(f"unknown name {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}")
    found = choose(raw, {"planner": Planner, **ADVISORS})
    return Advice("planner", planner=found) if isinstance(found, Planner) else Advice("learned", advisor=found)


def parse_reputation(raw: Any) -> Learner | None:
    """The reputation rule asked for, None for "none"; raises ValueError."""
    if raw == "none":
        return None
    name, _ = split(raw)
    if name not in REPUTATIONS:
        allowed = ("none", *REPUTATIONS)
        raise ValueError(f"unknown name {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}")
    rule: Learner = choose(raw, {**REPUTATIONS})
    if isinstance(rule, LiveReputation) and not rule.low <= rule.start <= rule.high <= MOST:
        got = f"{rule.low:g}, {rule.start:g}, {rule.high:g}"
        raise ValueError(f"{name}: must have low <= start <= high <= {number(MOST)}; got {got}")
    return rule


def parse_expected_cost(raw: Any) -> ExpectedCost:
    """The source of expected cost asked for; raises ValueError saying what is allowed."""
    if raw is None:
        return ExpectedCost("unknown")
    if raw in ("leave_one_task_out", "actual"):
        return ExpectedCost(raw)
    if isinstance(raw, dict) and len(raw) == 1:
        match raw:
            case {"fixed": dollars} if is_number(dollars):
                return ExpectedCost("fixed", float(dollars))
            case {"running_mean": {**parameters}}:
                learner: Learner = choose(raw, {**COST_LEARNERS})
                if all(is_number(value) for value in parameters.values()):
                    return ExpectedCost("learned", learner=learner)
    raise ValueError(
        f'must be "leave_one_task_out", "actual", {{fixed = dollars from 0 to {number(MOST)}}} or '
        f"{{running_mean = {{prior = dollars, weight = attempts}}}}; got {written(raw)}"
    )


def family_codes(world: World, *, by_family: bool) -> tuple[IntArray, int]:
    """Number (T,) of each task's family in order of first appearance, and how many there are; one if not by_family."""
    if not by_family:
        return np.zeros(world.n_tasks, np.int64), 1
    known = {name: place for place, name in enumerate(dict.fromkeys(world.family))}
    return np.array([known[name] for name in world.family], np.int64), max(1, len(known))


def leave_one_task_out(world: World, per_try: FloatArray) -> FloatArray:
    """Mean (R, T, n) over an agent's other tasks of the first try of per_try (R, T, n, K); NaN where it has none."""
    present, first = world.present, per_try[..., 0]
    if present.strides[0] == first.strides[0] == 0:  # the same in every replication
        present, first = present[:1], first[:1]
    others: IntArray | int = present.shape[1] - 1
    if not thin(present).all():
        first, others = np.where(present, first, 0.0), present.sum(axis=1, keepdims=True) - present
    total = np.zeros(first[:, 0].shape)
    for task in range(first.shape[1]):  # one addition after the other, however the array lies in memory
        total = total + first[:, task]
    mean = np.subtract(total[:, None], first)
    np.divide(mean, np.where(np.equal(others, 0), np.nan, others), out=mean)
    return np.broadcast_to(mean, world.belief.shape)
