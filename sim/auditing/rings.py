"""Rings: k agents that agree who of them bids, one-shot; side payments share what that gains.

    ring     all bid truthfully -> they compare types, and only the member with the best truthful score bids, truthfully
    fixed    all bid truthfully -> only the first member bids, whatever the types

Where a rule ranks nobody the member with the greatest belief x scale - cost bids. The gain is that of the members'
joint utility, at their beliefs, all others truthful; side payments cancel in it. Source: [GrahamMarshall1987].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.auditing.crowd import Gain, Means, clear, gain, utility, without
from sim.auditing.problem import Draws, Problem
from sim.kit.arrays import Bids, BoolArray, FloatArray
from sim.kit.errors import RunError


class Ring(NamedTuple):
    """members: places. gain, fixed: of joint utility; their base is joint utility when all are truthful."""

    members: tuple[int, ...]
    gain: Gain
    fixed: Gain


def ring(problem: Problem, k: int) -> Ring:
    """The ring of the audited agent and the k - 1 agents after it, the first ones following the last.

    Raises RunError where there are fewer than k agents.
    """
    draws, n = problem.draws, problem.draws.ask.shape[1]
    if not 2 <= k <= n:
        raise RunError(f"ring {k}: must be from 2 to the {n} agents there are")
    members = tuple((problem.agent + place) % n for place in range(k))
    alone = np.zeros(draws.ask.shape, np.bool_)
    alone[:, members[1:]] = True
    base = _joint(problem, draws, members)
    gains = (_joint(problem, without(draws, out), members) - base for out in (_worse(problem, members), alone))
    return Ring(members, *(_gain(each, base) for each in gains))


def _gain(values: FloatArray, base: FloatArray) -> Gain:
    means = Means.of_draws(values)
    return gain(means, means, Means.of_draws(base))


def _joint(problem: Problem, draws: Draws, members: Sequence[int]) -> FloatArray:
    """(R,) dollars: what the members expect together."""
    award = clear(problem.rule, draws)
    return np.asarray(sum(utility(award, draws, member, problem.verifier) for member in members))


def _worse(problem: Problem, members: tuple[int, ...]) -> BoolArray:
    """(R, n): the members that stand down."""
    draws, at = problem.draws, list(members)
    bids = Bids.trusted(ask=np.where(draws.active, draws.ask, np.nan), claim=draws.claim, active=draws.active)
    score = problem.rule.scores(bids, draws.tender, draws.standing)[:, at]
    if np.isnan(score).all():
        score = draws.belief[:, at] * draws.scale[:, None] - draws.cost[:, at]
    score = np.where(draws.active[:, at] & ~np.isnan(score), score, -np.inf)
    out = np.zeros(draws.ask.shape, np.bool_)
    out[:, at] = np.arange(len(at)) != score.argmax(axis=1)[:, None]
    return out
