"""Naive scalar definitions, as in `tests.reference`, of the contracts that pay by more than a price on success."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tests.reference import (
    Agent,
    Result,
    Task,
    agent_economy_penalty,
    agent_economy_score,
    best,
    phase2_penalty,
    phase2_score,
    qualifiers,
    result,
    second_score,
)


def contingent(agents: list[Agent], task: Task, bond: float, settlement: str = "truncated") -> Result:
    """The best qV - a, a cost, paid V - bar on success and -bar on failure, as far as the bond goes."""
    scores = {i: a.claim * task.value - a.ask for i, a in enumerate(agents) if a.active}
    scores = {i: s for i, s in scores.items() if s >= task.value - task.reserve}
    if settlement == "compensated" and bond < math.inf:
        scores = {i: s for i, s in scores.items() if agents[i].claim >= 1e-9}
    if not scores:
        return result(len(agents), {})
    winner = best(agents, scores)
    bar = max([task.value - task.reserve] + [s for i, s in scores.items() if i != winner])
    success, uncovered = task.value - bar, max(0.0, bar - bond)
    if settlement == "compensated" and uncovered > 0:
        success -= (1.0 - agents[winner].claim) / agents[winner].claim * uncovered
    return result(len(agents), {winner: (success, -min(bar, bond))})


def quadratic_bonus(claim: float, outcome: int, kappa: float, m0: float) -> float:
    """kappa [m0 - (y - q)^2]."""
    return kappa * (m0 - (outcome - claim) ** 2)


def fixed_price_bonus(agents: list[Agent], task: Task, kappa: float, m0: float) -> Result:
    """The highest claim among those who accept the reserve as a price, plus the bonus."""
    claims = {i: agents[i].claim for i in qualifiers(agents, task.reserve) if agents[i].claim >= 1e-9}
    if not claims:
        return result(len(agents), {})
    winner = best(agents, claims)
    success = task.reserve + quadratic_bonus(claims[winner], 1, kappa, m0)
    return result(len(agents), {winner: (success, -task.penalty + quadratic_bonus(claims[winner], 0, kappa, m0))})


def second_score_bonus(agents: list[Agent], task: Task, kappa: float, m0: float) -> Result:
    """Second score qV - a, plus the bonus; a claim of 0 is left out."""
    sure = [agent if agent.claim >= 1e-9 else replace(agent, active=False) for agent in agents]
    plain = second_score(sure, task, "qV-a")
    contracts = {
        i: (
            plain.pay_success[i] + quadratic_bonus(agents[i].claim, 1, kappa, m0),
            plain.pay_failure[i] + quadratic_bonus(agents[i].claim, 0, kappa, m0),
        )
        for i in plain.hired
    }
    return result(len(agents), contracts)


def hybrid(agents: list[Agent], task: Task) -> Result:
    """Second score q(V-a) with the advice in place of the claim; who has no advice is left out."""
    return second_score([replace(a, claim=a.advice, active=a.active and a.advice >= 0) for a in agents], task, "q(V-a)")


def _live_second_score(
    agents: list[Agent],
    task: Task,
    scorer: Callable[[Agent, float], float],
    fine: Callable[[float, float], float],
) -> Result:
    """The best score of a live rule at or above 0 within the bounty, paid the ask at which it scores the bar."""
    able = qualifiers(agents, task.reserve)
    scores = {i: scorer(agents[i], task.reserve) for i in able}
    scores = {i: s for i, s in scores.items() if s >= 0}
    if not scores:
        return result(len(agents), {})
    winner = best(agents, scores)
    bar = max([0.0] + [s for i, s in scores.items() if i != winner])
    critical = scorer(replace(agents[winner], ask=0.0), task.reserve) - bar
    return result(len(agents), {winner: (min(task.reserve, critical), -fine(agents[winner].claim, task.reserve))})


def agent_economy_second_score(agents: list[Agent], task: Task) -> Result:
    """The score of agent-economy, paid its critical ask; nothing is rounded."""
    return _live_second_score(agents, task, agent_economy_score, partial(agent_economy_penalty, rounded=False))


def agent_economy_phase2_second_score(agents: list[Agent], task: Task) -> Result:
    """The score of its fork, paid its critical ask."""
    return _live_second_score(agents, task, phase2_score, phase2_penalty)
