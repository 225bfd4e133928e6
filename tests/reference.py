"""Naive scalar rules, one loop per definition, against which the package's array rules are compared.

Written from the definitions of the rules, not from the package: plain floats, no arrays. One task is posted to a list
of `Agent`. Money is in dollars except where a name says credits. Every rule returns a `Result`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations
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
    """Who is hired, and what each agent is promised on success and on failure (0 where not hired).

    order: the agents hired in the order in which they try; None: all at once.
    """

    hired: set[int]
    pay_success: list[float]
    pay_failure: list[float]
    order: list[int] | None = None


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
    """qV - a, q (V - a), or qV / (a + ec), infinite where a + ec <= 0 buys something."""
    if form == "qV-a":
        return agent.claim * task.value - agent.ask
    if form == "q(V-a)":
        return agent.claim * (task.value - agent.ask)
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
    """Scores of those at or above the least; under q(V-a) without claims of 0, which promise nothing, and without asks
    above the reserve, and never with a penalty.
    """
    scores = {i: score(agent, task, form) for i, agent in enumerate(agents) if agent.active}
    if form == "q(V-a)":
        assert task.penalty == 0
        scores = {i: s for i, s in scores.items() if agents[i].claim >= 1e-9 and agents[i].ask <= task.reserve}
    return {i: s for i, s in scores.items() if s >= least_score(task, form)}


def best(agents: list[Agent], scores: dict[int, float]) -> int:
    """The highest score; of infinite ones the highest claim."""
    top = max(scores.values())
    tied = [i for i, s in scores.items() if s == top]
    if top == math.inf:
        most = max(agents[i].claim for i in tied)
        tied = [i for i in tied if agents[i].claim == most]
    return luckiest(agents, tied)


def first_score(agents: list[Agent], task: Task, form: str) -> Result:
    """The best score, paid its ask."""
    scores = _scored(agents, task, form)
    if not scores:
        return result(len(agents), {})
    winner = best(agents, scores)
    return result(len(agents), {winner: (agents[winner].ask, -task.penalty)})


def second_score(agents: list[Agent], task: Task, form: str) -> Result:
    """The best score, paid the ask at which its score would equal bar = max(least score, best rival score)."""
    scores = _scored(agents, task, form)
    if not scores:
        return result(len(agents), {})
    winner = best(agents, scores)
    bar = max([least_score(task, form)] + [s for i, s in scores.items() if i != winner])
    return result(len(agents), {winner: (critical_ask(agents[winner], bar, task, form), -task.penalty)})


def critical_ask(agent: Agent, bar: float, task: Task, form: str) -> float:
    """The ask at which the agent's claim scores exactly `bar`."""
    q = agent.claim
    if form == "qV-a":
        return q * task.value - bar
    if form == "q(V-a)":
        return min(task.reserve, task.value - bar / q)
    return q * task.value / bar - agent.expected_cost


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
    """Best positive score, then rounded to 6 decimals of a credit; then the higher reputation; then the lottery.

    What floats make of a score of 0 credits on the way through dollars is not positive.
    """
    ranked = []
    for i, agent in enumerate(agents):
        in_credits = replace(agent, ask=agent.ask * credit, expected_cost=agent.expected_cost * credit)
        points = scorer(in_credits, task.reserve * credit)
        if agent.active and points > 1e-9:
            ranked.append((-round(points, 6), -agent.reputation, agent.lottery, i))
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


def assignment(agents: list[list[Agent]], tasks: list[Task]) -> list[Result]:
    """VCG over every matching there is; agents[t][i] is agent i's bid on task t."""
    n = len(agents[0])

    def worth(t: int, i: int | None) -> float:
        return (
            tasks[t].value - tasks[t].reserve if i is None else agents[t][i].claim * tasks[t].value - agents[t][i].ask
        )

    def luck(t: int, i: int | None) -> tuple[float, float]:
        return (math.inf, math.inf) if i is None else (agents[t][i].lottery, i)

    def best(absent: int | None = None) -> tuple[float, tuple[int | None, ...]]:
        options = [[None, *(i for i in range(n) if agents[t][i].active and i != absent)] for t in range(len(tasks))]
        found = []
        for chosen in itertools.product(*options):
            taken = [i for i in chosen if i is not None]
            if len(taken) == len(set(taken)):
                total = math.fsum(worth(t, i) for t, i in enumerate(chosen))
                found.append((-total, [luck(t, i) for t, i in enumerate(chosen)], chosen))
        total, _, chosen = min(found, key=lambda one: one[:2])
        return -total, chosen

    _, chosen = best()
    results = []
    for t, i in enumerate(chosen):
        contracts = {}
        if i is not None:
            others = math.fsum(worth(u, j) for u, j in enumerate(chosen) if u != t)
            harm = best(absent=i)[0] - others
            contracts[i] = (tasks[t].value - harm, -harm)
        results.append(result(n, contracts))
    return results


def assignment_vcg(agents: list[Agent], task: Task) -> Result:
    """One task of `assignment`."""
    return assignment([agents], [task])[0]


class Pair(NamedTuple):
    """An agent at a task, with what a greedy assignment sorts by."""

    score: float
    reputation: float
    task: int
    lottery: float
    agent: int


def greedy_pairs(pairs: list[Pair]) -> list[Pair]:
    """Pairs by score (rounded to six decimals) desc, reputation desc, task asc, lottery asc, while both are free."""
    chosen: list[Pair] = []
    for pair in sorted(pairs, key=lambda p: (-round(p.score, 6), -p.reputation, p.task, p.lottery, p.agent)):
        if all(pair.task != other.task and pair.agent != other.agent for other in chosen):
            chosen.append(pair)
    return chosen


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
    return _planned(agents, task, [best(agents, margin)] if margin else [], pay)


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


def virtual_cost(cost: float, low: float, high: float, shape: float) -> float:
    """c + F(c) / f(c) for F(c) = ((c - low) / (high - low))^shape; F = 0 below low, f = 0 above high."""
    if cost > high:
        return math.inf
    if cost <= low:
        return cost
    x = (cost - low) / (high - low)
    return cost + x**shape / (shape * x ** (shape - 1.0) / (high - low))


def critical_cost(worth: float, low: float, high: float, shape: float) -> float:
    """The greatest cost whose virtual cost is at most `worth`, by bisection: no formula."""
    if worth < low:
        return worth
    below, above = low, high
    if virtual_cost(high, low, high, shape) <= worth:
        return high
    for _ in range(200):
        middle = 0.5 * (below + above)
        fits = virtual_cost(middle, low, high, shape) <= worth
        below, above = (middle, above) if fits else (below, middle)
    return below


def best_reserve(agents: list[Agent], task: Task, low: float = 0.0, high: float = 1.0, shape: float = 1.0) -> Result:
    """Second price among those whose virtual cost is at most V, capped by the greatest such cost."""
    able = [i for i in qualifiers(agents, task.reserve) if virtual_cost(agents[i].ask, low, high, shape) <= task.value]
    if not able:
        return result(len(agents), {})
    winner = _lowest_ask(agents, able)
    cap = min(task.reserve, critical_cost(task.value, low, high, shape))
    price = min([cap] + [agents[i].ask for i in able if i != winner])
    return result(len(agents), {winner: (price, -task.penalty)})


def best_reserve_public(
    agents: list[Agent], task: Task, low: float = 0.0, high: float = 1.0, shape: float = 1.0, ability: str = "claim"
) -> Result:
    """The greatest qV - psi(a) at or above max(0, V - r), paid the greatest ask that still wins."""
    worth = {i: getattr(agent, ability) * task.value for i, agent in enumerate(agents) if agent.active}
    floor = max(0.0, task.value - task.reserve)
    scores = {i: w - virtual_cost(agents[i].ask, low, high, shape) for i, w in worth.items()}
    scores = {i: s for i, s in scores.items() if s >= floor}
    if not scores:
        return result(len(agents), {})
    winner = best(agents, scores)
    bar = max([floor] + [s for i, s in scores.items() if i != winner])
    pay = critical_cost(worth[winner] - bar, low, high, shape)
    return result(len(agents), {winner: (pay, pay)})


def joint_surplus(agents: list[Agent], who: Iterable[int], value: float) -> float:
    """V (1 - prod (1 - q)) - sum of asks."""
    missed, asked = 1.0, 0.0
    for i in who:
        missed *= 1.0 - agents[i].claim
        asked += agents[i].ask
    return value * (1.0 - missed) - asked


def every_set(agents: list[Agent], at_most: int | None = None) -> list[tuple[int, ...]]:
    """All sets of agents whose bids count, nobody included, of at most so many."""
    able = [i for i, agent in enumerate(agents) if agent.active]
    most = len(able) if at_most is None else min(at_most, len(able))
    return [who for size in range(most + 1) for who in combinations(able, size)]


def k_redundant(agents: list[Agent], task: Task, at_most: int | None = None) -> Result:
    """The best set of all; nobody is worth V - r. Among equals the luckiest agent decides, then the next."""
    worth = {
        who: joint_surplus(agents, who, task.value) if who else task.value - task.reserve
        for who in every_set(agents, at_most)
    }
    by_luck = sorted(range(len(agents)), key=lambda i: (agents[i].lottery, i))
    top = max(worth.values())
    best = max((who for who, w in worth.items() if w == top), key=lambda who: [i in who for i in by_luck])
    contracts = {}
    for i in best:
        others = [j for j in best if j != i]
        without = max(w for who, w in worth.items() if i not in who)
        on_failure = joint_surplus(agents, others, task.value) - without
        contracts[i] = (task.value - sum(agents[j].ask for j in others) - without, on_failure)
    return result(len(agents), contracts)


def budget_feasible(agents: list[Agent], task: Task, values: str = "advice") -> Result:
    """By cost per value while c_i <= B v_i / (v so far), paid min(B v_i / v of all, v_i c/v of the first left out)."""
    value = [agent.advice if values == "advice" else 1.0 for agent in agents]
    able = [i for i, agent in enumerate(agents) if agent.active and value[i] >= 1e-9]
    able.sort(key=lambda i: (agents[i].ask / value[i], agents[i].lottery, i))
    taken: list[int] = []
    for i in able:
        if agents[i].ask * sum(value[j] for j in [*taken, i]) > task.reserve * value[i]:
            break
        taken.append(i)
    left = able[len(taken) :]
    next_density = agents[left[0]].ask / value[left[0]] if left else math.inf
    total = sum(value[i] for i in taken)
    pay = {i: min(task.reserve * value[i] / total, value[i] * next_density) for i in taken}
    return result(len(agents), {i: (pay[i], pay[i]) for i in taken})
