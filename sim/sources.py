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

from sim.arrays import FloatArray
from sim.parameters import choose
from sim.standing import COST_LEARNERS, REPUTATIONS, Learner
from sim.world import World


class ExpectedCost(NamedTuple):
    """kind: "unknown", "fixed", "leave_one_task_out", "actual" or "learned"."""

    kind: str
    dollars: float = math.nan
    learner: Learner | None = None


def parse_reputation(raw: Any) -> Learner | None:
    """The reputation rule asked for, None for "none"; raises ValueError."""
    return None if raw == "none" else choose(raw, {**REPUTATIONS})


def parse_expected_cost(raw: Any) -> ExpectedCost:
    """The source of expected cost asked for; raises ValueError saying what is allowed."""
    if raw is None:
        return ExpectedCost("unknown")
    if raw in ("leave_one_task_out", "actual"):
        return ExpectedCost(raw)
    if isinstance(raw, dict) and len(raw) == 1:
        match raw:
            case {"fixed": int() | float() as dollars} if not isinstance(dollars, bool):
                if math.isfinite(dollars) and dollars >= 0:
                    return ExpectedCost("fixed", float(dollars))
            case {"running_mean": dict()}:
                return ExpectedCost("learned", learner=choose(raw, {**COST_LEARNERS}))
    raise ValueError(
        'must be "leave_one_task_out", "actual", {fixed = dollars >= 0} or '
        f"{{running_mean = {{prior = dollars, weight = attempts}}}}; got {raw!r}"
    )


def leave_one_task_out(world: World, per_try: FloatArray) -> FloatArray:
    """Mean (R, T, n) over an agent's other tasks of the first try of per_try (R, T, n, K); NaN where it has none."""
    first = np.where(world.present, per_try[..., 0], 0.0)
    count = world.present.sum(axis=1, keepdims=True) - world.present
    others = first.sum(axis=1, keepdims=True) - first
    return np.divide(others, count, out=np.full(first.shape, np.nan), where=count > 0)
