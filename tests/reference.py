"""Naive scalar rules, one loop per definition, against which the package's array rules are compared.

Written from the definitions of the rules, not from the package: plain floats, no arrays. One task is posted to a list
of `Agent`. Money is in dollars except where a name says credits. Every rule returns a `Result`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple


@dataclass(frozen=True)
class Agent:
    """A bid and what the allocator knows of the bidder."""

    ask: float
    claim: float = 1.0
    lottery: float = 0.5
    active: bool = True
    reputation: float = 1.0
    expected_cost: float = 0.0
    advice: float = math.nan


@dataclass(frozen=True)
class Task:
    """value V, reserve r (the bounty of live rules), penalty k."""

    value: float = 1.0
    reserve: float = 1.0
    penalty: float = 0.0


class Result(NamedTuple):
    """Who is hired, and what each agent is promised on success and on failure (0 where not hired)."""

    hired: set[int]
    pay_success: list[float]
    pay_failure: list[float]


def result(n: int, contracts: dict[int, tuple[float, float]]) -> Result:
    """`contracts`: agent -> (pay on success, pay on failure) of everybody hired."""
    success, failure = [0.0] * n, [0.0] * n
    for i, (won, lost) in contracts.items():
        success[i], failure[i] = won, lost
    return Result(set(contracts), success, failure)


def luckiest(agents: list[Agent], who: Iterable[int]) -> int:
    """The lowest lottery; among equal lotteries the first agent."""
    return min(who, key=lambda i: (agents[i].lottery, i))


def qualifiers(agents: list[Agent], reserve: float) -> list[int]:
    """Agents whose bid counts and who ask no more than the reserve."""
    return [i for i, agent in enumerate(agents) if agent.active and agent.ask <= reserve]


def posted_price(agents: list[Agent], task: Task) -> Result:
    """A lottery among those who accept the reserve as a price."""
    able = qualifiers(agents, task.reserve)
    hired = [luckiest(agents, able)] if able else []
    return result(len(agents), dict.fromkeys(hired, (task.reserve, -task.penalty)))


def hire_all(agents: list[Agent], task: Task) -> Result:
    """Everybody who accepts the reserve as a price."""
    return result(len(agents), dict.fromkeys(qualifiers(agents, task.reserve), (task.reserve, -task.penalty)))


def _lowest_ask(agents: list[Agent], able: list[int]) -> int:
    least = min(agents[i].ask for i in able)
    return luckiest(agents, [i for i in able if agents[i].ask == least])


def first_price(agents: list[Agent], task: Task) -> Result:
    """The lowest ask within the reserve, paid its ask."""
    able = qualifiers(agents, task.reserve)
    if not able:
        return result(len(agents), {})
    winner = _lowest_ask(agents, able)
    return result(len(agents), {winner: (agents[winner].ask, -task.penalty)})


def second_price(agents: list[Agent], task: Task) -> Result:
    """The lowest ask within the reserve, paid the lower of the reserve and the next ask."""
    able = qualifiers(agents, task.reserve)
    if not able:
        return result(len(agents), {})
    winner = _lowest_ask(agents, able)
    price = min([task.reserve] + [agents[i].ask for i in able if i != winner])
    return result(len(agents), {winner: (price, -task.penalty)})


def score(agent: Agent, task: Task, form: str) -> float:
    """qV - a, q (V - a) + (1 - q) k, or qV / (a + ec), infinite where a + ec <= 0 buys something."""
    if form == "qV-a":
        return agent.claim * task.value - agent.ask
    if form == "q(V-a)":
        return agent.claim * (task.value - agent.ask) + (1.0 - agent.claim) * task.penalty
    worth, spent = agent.claim * task.value, agent.ask + agent.expected_cost
    if worth <= 0:
        return 0.0
    return worth / spent if spent > 0 else math.inf


def least_score(task: Task, form: str) -> float:
    """V - r, or V / r: the score of a sure success at the reserve."""
    if form != "qV/(a+ec)":
        return task.value - task.reserve
    return task.value / task.reserve if task.value > 0 and task.reserve > 0 else math.inf


def _scored(agents: list[Agent], task: Task, form: str) -> dict[int, float]:
    """Scores of those at or above the least; under q(V-a) a claim of 0 promises nothing and is left out."""
    scores = {i: score(agent, task, form) for i, agent in enumerate(agents) if agent.active}
    if form == "q(V-a)":
        scores = {i: s for i, s in scores.items() if agents[i].claim >= 1e-9}
    return {i: s for i, s in scores.items() if s >= least_score(task, form)}


def _best(agents: list[Agent], scores: dict[int, float]) -> int:
    top = max(scores.values())
    return luckiest(agents, [i for i, s in scores.items() if s == top])


def first_score(agents: list[Agent], task: Task, form: str) -> Result:
    """The best score, paid its ask."""
    scores = _scored(agents, task, form)
    if not scores:
        return result(len(agents), {})
    winner = _best(agents, scores)
    return result(len(agents), {winner: (agents[winner].ask, -task.penalty)})


def second_score(agents: list[Agent], task: Task, form: str) -> Result:
    """The best score, paid the ask at which its score would equal bar = max(least score, best rival score)."""
    scores = _scored(agents, task, form)
    if not scores:
        return result(len(agents), {})
    winner = _best(agents, scores)
    bar = max([least_score(task, form)] + [s for i, s in scores.items() if i != winner])
    return result(len(agents), {winner: (critical_ask(agents[winner], bar, task, form), -task.penalty)})


def critical_ask(agent: Agent, bar: float, task: Task, form: str) -> float:
    """The ask at which the agent's claim scores exactly `bar`."""
    q = agent.claim
    if form == "qV-a":
        return q * task.value - bar
    if form == "q(V-a)":
        return task.value - (bar - (1.0 - q) * task.penalty) / q
    return q * task.value / bar - agent.expected_cost


def contingent(agents: list[Agent], task: Task, bond: float, settlement: str = "truncated") -> Result:
    """The best qV - a, a cost, paid V - bar on success and -bar on failure, as far as the bond goes."""
    scores = {i: a.claim * task.value - a.ask for i, a in enumerate(agents) if a.active}
    scores = {i: s for i, s in scores.items() if s >= task.value - task.reserve}
    if settlement == "compensated" and bond < math.inf:
        scores = {i: s for i, s in scores.items() if agents[i].claim >= 1e-9}
    if not scores:
        return result(len(agents), {})
    winner = _best(agents, scores)
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
    winner = _best(agents, claims)
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
    winner = _best(agents, scores)
    bar = max([0.0] + [s for i, s in scores.items() if i != winner])
    critical = scorer(replace(agents[winner], ask=0.0), task.reserve) - bar
    return result(len(agents), {winner: (min(task.reserve, critical), -fine(agents[winner].claim, task.reserve))})


def agent_economy_second_score(agents: list[Agent], task: Task) -> Result:
    """The score of agent-economy, paid its critical ask; nothing is rounded."""
    return _live_second_score(agents, task, agent_economy_score, partial(agent_economy_penalty, rounded=False))


def agent_economy_phase2_second_score(agents: list[Agent], task: Task) -> Result:
    """The score of its fork, paid its critical ask."""
    return _live_second_score(agents, task, phase2_score, phase2_penalty)


def largest_winning_ask(
    rule: Callable[[list[Agent], Task], Result], agents: list[Agent], task: Task, who: int
) -> float:
    """The largest ask with which `who`, a winner of `rule`, is still hired, by bisection: no formula."""

    def wins(ask: float) -> bool:
        return who in rule([replace(a, ask=ask) if i == who else a for i, a in enumerate(agents)], task).hired

    low = agents[who].ask
    step = 1.0
    while wins(low + step):
        step *= 2.0
    high = low + step
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if wins(middle) else (low, middle)
    return low


def agent_economy_score(bid: Agent, bounty: float) -> float:
    """rep q B - a - ec - (1 - q) (B / 2) clamp((rep - .5) / .75, 0, 1), in the unit of `bounty`."""
    trust = min(1.0, max(0.0, (bid.reputation - 0.5) / 0.75))
    risk = (1.0 - bid.claim) * 0.5 * bounty * trust
    return bid.reputation * bid.claim * bounty - bid.ask - bid.expected_cost - risk


def agent_economy_penalty(claim: float, bounty_credits: float, rounded: bool = True) -> float:
    """Credits a FAIL takes: a tenth of the bounty between 1 and 10 credits, up to doubled by a confident claim."""
    over = max(0.0, (claim - 0.5) / 0.5)
    if not rounded:
        return 0.1 * bounty_credits * (1.0 + over)
    base = min(10, max(1, round(0.1 * bounty_credits)))
    return float(base + round(base * over))


def phase2_penalty(claim: float, bounty: float) -> float:
    """.1 B (.5 + q), in the unit of `bounty`."""
    return 0.1 * bounty * (0.5 + claim)


def phase2_score(bid: Agent, bounty: float) -> float:
    """q B - a - ec - (1 - q) .1 B (.5 + q), in the unit of `bounty`."""
    risk = (1.0 - bid.claim) * phase2_penalty(bid.claim, bounty)
    return bid.claim * bounty - bid.ask - bid.expected_cost - risk


def _live_winner(agents: list[Agent], task: Task, credit: float, scorer: Callable[[Agent, float], float]) -> int | None:
    """Best positive score, rounded to 6 decimals of a credit; then the higher reputation; then the lottery."""
    ranked = []
    for i, agent in enumerate(agents):
        in_credits = replace(agent, ask=agent.ask * credit, expected_cost=agent.expected_cost * credit)
        points = round(scorer(in_credits, task.reserve * credit), 6)
        if agent.active and points > 0:
            ranked.append((-points, -agent.reputation, agent.lottery, i))
    return min(ranked)[-1] if ranked else None


def agent_economy(
    agents: list[Agent], task: Task, pay: str = "ask", rounded: bool = True, credits_per_dollar: float = 90.0
) -> Result:
    """The public live engine."""
    winner = _live_winner(agents, task, credits_per_dollar, agent_economy_score)
    if winner is None:
        return result(len(agents), {})
    price = agents[winner].ask if pay == "ask" else task.reserve
    fine = agent_economy_penalty(agents[winner].claim, task.reserve * credits_per_dollar, rounded) / credits_per_dollar
    return result(len(agents), {winner: (price, -fine)})


def agent_economy_phase2(agents: list[Agent], task: Task, credits_per_dollar: float = 90.0) -> Result:
    """The study's fork of the live engine."""
    winner = _live_winner(agents, task, credits_per_dollar, phase2_score)
    if winner is None:
        return result(len(agents), {})
    return result(len(agents), {winner: (agents[winner].ask, -phase2_penalty(agents[winner].claim, task.reserve))})


def _planned(agents: list[Agent], task: Task, hired: list[int], pay: str) -> Result:
    if pay == "reserve":
        return result(len(agents), dict.fromkeys(hired, (task.reserve, 0.0)))
    return result(len(agents), {i: (agents[i].expected_cost, agents[i].expected_cost) for i in hired})


def always(
    agents: list[Agent], task: Task, agent: int = 0, pay: str = "expected_cost", beside: int | None = None
) -> Result:
    """One agent does everything it can be given, and so does the one beside it."""
    hired = [i for i in (agent, beside) if i is not None and i < len(agents) and agents[i].active]
    return _planned(agents, task, hired, pay)


def route_by_advice(agents: list[Agent], task: Task, pay: str = "expected_cost") -> Result:
    """argmax advice V - expected cost, if positive."""
    margin = {i: a.advice * task.value - a.expected_cost for i, a in enumerate(agents) if a.active}
    margin = {i: m for i, m in margin.items() if m > 0}
    return _planned(agents, task, [_best(agents, margin)] if margin else [], pay)


def break_even(belief: float, cost: float, penalty: float = 0.0) -> float:
    """(c + k (1 - p)) / p: the price on success that leaves an agent nothing; infinite at p = 0."""
    return (cost + penalty * (1.0 - belief)) / belief if belief > 0 else math.inf


def reputation_step(reputation: float, status: str) -> float:
    """PASS +.06, FAIL -.20, clamped to [.5, 1.25]; anything else leaves it."""
    change = {"PASS": 0.06, "FAIL": -0.20}.get(status)
    return reputation if change is None else min(1.25, max(0.50, reputation + change))


def bounty_after_no_fill(bounty: int, first: int) -> int:
    """Whole credits: min(2 B0, max(B + 1, round(1.15 B)))."""
    return min(2 * first, max(bounty + 1, round(1.15 * bounty)))


def bounty_after_failure(bounty: int, first: int, failures: int) -> int:
    """Whole credits: every second failure of the task raises by a factor 1.10, with the same cap."""
    return bounty if failures % 2 else min(2 * first, max(bounty + 1, round(1.10 * bounty)))


@dataclass
class MeanCost:
    """Mean of the costs seen, with a prior worth `weight` attempts."""

    prior: float
    weight: float
    seen: list[float] = field(default_factory=list)

    def mean(self) -> float:
        return (self.prior * self.weight + sum(self.seen)) / (self.weight + len(self.seen))


def phase2_excluded(history: list[tuple[int, str]]) -> set[int]:
    """Agents barred from a task: those with FAIL, INFRA or TIMEOUT on it. history: (agent, status) of its attempts."""
    return {agent for agent, status in history if status in {"FAIL", "INFRA", "TIMEOUT"}}
