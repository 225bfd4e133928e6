"""Reputations and advisors as naive loops over the whole past, written from their definitions.

The past is a list of what has completed and been verified, oldest first. Nothing is kept between calls.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import betaincinv

from sim.kit.portable import expit, log, logit
from sim.standing.advisors import UCB1, BaseRate, Beta, PlattBatch, PlattOnline, Thompson
from sim.standing.advisors.bandit import UNTRIED
from sim.standing.advisors.platt import fitted_shift
from sim.standing.reputation import BetaReputation, ExponentialReputation, LiveReputation, OwnStarts
from tests.reference import reputation_step

Lessons = list[tuple[int, float, bool]]  # agent, claim, passed


def reputed(rule: Any, verified: list[bool], agent: int = 0) -> float:
    """Reputation of an agent with these verified outcomes."""
    match rule:
        case OwnStarts(of=of):
            return reputed(of[agent], verified)
        case LiveReputation(start=value):
            for passed in verified:
                value = reputation_step(value, "PASS" if passed else "FAIL")
            return value
        case ExponentialReputation(weight=w, start=value):
            for passed in verified:
                value = value + w * (float(passed) - value)
            return value
        case BetaReputation(a=a, b=b, decay=decay):
            passes, count = faded(verified, decay)
            return (a + passes) / (a + b + count)
    return 1.0


def faded(verified: list[bool], decay: float) -> tuple[float, float]:
    """Successes and outcomes, each worth `decay` for every later one."""
    passes = count = 0.0
    for passed in verified:
        passes, count = passes * decay + passed, count * decay + 1.0
    return passes, count


def advised(rule: Any, agent: int, claim: float, lessons: Lessons, luck: float) -> float:
    """Advice on an agent that claims this, given everybody's verified attempts."""
    own = [(said, passed) for who, said, passed in lessons if who == agent]
    outcomes = [passed for _, passed in own]
    passes, count = sum(outcomes), len(outcomes)
    match rule:
        case BaseRate(prior=m, mean=mu):
            return (m * mu + passes) / (m + count)
        case Beta(prior=m, mean=mu, decay=decay):
            worth, total = faded(outcomes, decay)
            return (m * (claim if mu is None else mu) + worth) / (m + total)
        case Thompson():
            return float(betaincinv(1 + passes, 1 + count - passes, luck))
        case UCB1():
            return passes / count + math.sqrt(2.0 * float(log(len(lessons))) / count) if count else UNTRIED
        case PlattOnline(eta=eta, eps=eps):
            theta = 0.0
            for said, passed in own:
                theta += eta * (passed - float(expit(logit(moved(said, eps)) + theta)))
            return float(expit(logit(moved(claim, eps)) + theta))
        case PlattBatch(eps=eps, memory=memory):
            return float(expit(logit(moved(claim, eps)) + batch_shift(own, eps, memory)))
    raise AssertionError(rule)


def moved(claim: float, eps: float) -> float:
    """The claim in [eps, 1 - eps]; NaN stays."""
    return claim if math.isnan(claim) else min(1.0 - eps, max(eps, claim))


def batch_shift(own: list[tuple[float, bool]], eps: float, memory: int) -> float:
    """theta fitted to the last `memory` attempts, laid out as the ring the advisor remembers them in.

    The root is the package's: that it is one is tests/theory/test_advisors.py's business; here its last bits count.
    """
    if not own:
        return 0.0
    ring: list[tuple[float, float]] = [(0.0, 0.0)] * memory
    for place, (said, passed) in enumerate(own):
        ring[place % memory] = float(logit(moved(said, eps))), float(passed)
    columns = np.array(ring).T
    held = np.arange(memory) < len(own)
    return float(fitted_shift(columns[:1], columns[1:], held[None], eps)[0])
