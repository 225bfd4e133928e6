"""Where each field of `Standing` comes from, as a scenario states it.

    reputation      none (always 1), or a rule that learns from verified outcomes
    expected_cost   {fixed = dollars}; leave_one_task_out (the agent's mean actual cost on the other tasks);
                    actual (what the next try will cost: an oracle's); {running_mean = {...}} (learned as attempts end)
    advice          outcome (whether the next try succeeds: an oracle's); ability; leave_one_task_out (the agent's
                    success rate on the other tasks)

A leave-one-out mean uses the first try of every other task the agent can bid on, in the same replication.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.arrays import FloatArray, IntArray, thin
from sim.distribution import MOST, is_number
from sim.errors import closest
from sim.invalid import number, written
from sim.parameters import choose, split
from sim.standing import COST_LEARNERS, REPUTATIONS, Learner
from sim.world import World


class ExpectedCost(NamedTuple):
    """kind: "unknown", "fixed", "leave_one_task_out", "actual" or "learned"."""

    kind: str
    dollars: float = math.nan
    learner: Learner | None = None


def parse_reputation(raw: Any) -> Learner | None:
    """The reputation rule asked for, None for "none"; raises ValueError."""
    if raw == "none":
        return None
    name, _ = split(raw)
    if name not in REPUTATIONS:
        allowed = ("none", *REPUTATIONS)
        raise ValueError(f"unknown name {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}")
    rule: Learner = choose(raw, {**REPUTATIONS})
    low, start, high = (getattr(rule, field, 0.0) for field in ("low", "start", "high"))
    if not low <= start <= high <= MOST:
        raise ValueError(f"{name}: must have low <= start <= high <= {number(MOST)}; got {low:g}, {start:g}, {high:g}")
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
