"""What a naive market knows of its agents: what they believe themselves, and what the principal has learned of them.

Written from the definitions, not from the package, one agent at a time; see `tests.reference_market`.

- An agent believes of a task what its own FAILs at it leave it, and by its card what its attempts that completed
  before the posting went out make of that; the card holds what it believed without one.
"""

from __future__ import annotations

import math

import numpy as np

from sim.agents.retry import posterior
from sim.kit.arrays import Standing
from sim.kit.portable import expit, logit
from sim.market.rules import Rules
from sim.world.world import World
from tests.reference import MeanCost
from tests.reference_standing import advised, reputed

Attempt = tuple[float, float, float, float]  # passed, belief, cost, cost belief


def mean_of(values: tuple[float, ...]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


class NaiveKnowledge:
    """History of one replication, and what follows from it."""

    def __init__(self, world: World, rules: Rules, replication: int) -> None:
        self.world, self.rules, self.r = world, rules, replication
        self.agents = n = range(world.n_agents)
        tasks = range(world.n_tasks)
        self.history: list[list[tuple[int, str]]] = [[] for _ in tasks]  # completed attempts: (agent, status)
        self.hired: list[list[int]] = [[] for _ in tasks]
        self.verified: list[list[bool]] = [[] for _ in n]  # verified outcomes of each agent, in order of completion
        self.lessons: list[tuple[str, int, float, bool]] = []  # family, agent, claim, passed, in order of completion
        learner = rules.expected_cost.learner
        self.card: list[list[Attempt]] = [[] for _ in n]
        self.mean_cost = [MeanCost(learner.prior, learner.weight) for _ in n] if learner is not None else []

    # Beliefs.

    def believed(self, task: int, agent: int) -> float:
        """Belief after the agent's own failures at the task, without any card."""
        failures = self.history[task].count((agent, "FAIL"))
        if failures == 0 or self.world.retry_belief is None:
            return float(self.world.belief[self.r, task, agent])
        return float(self.world.retry_belief[self.r, task, agent, failures - 1])

    def after_card(self, task: int, agent: int) -> tuple[float, float]:
        """Belief and cost belief after own failures and own card."""
        belief, cost = self.believed(task, agent), float(self.world.cost_belief[self.r, task, agent])
        if self.rules.card is None or not self.card[agent]:
            return belief, cost
        card, attempts = self.rules.card.card, self.card[agent][: self.rules.card.card.history]
        success, claim, spent, expected = (mean_of(column) for column in zip(*attempts, strict=True))
        if 0 < claim < 1 and card.weight > 0:
            first = float(self.world.belief[self.r, task, agent])
            if first in (0, 1):
                belief = first
            elif success in (0, 1):
                belief = success
            else:
                belief = float(expit(logit(first) + card.weight * (logit(success) - logit(claim))))
            failures = self.history[task].count((agent, "FAIL"))
            if failures and self.world.spread is not None:
                belief = float(posterior(belief, self.world.spread[self.r, task, agent], failures))
        if expected > 0:
            cost *= float(np.power(np.array([spent / expected]), card.cost_weight)[0])
        return belief, cost

    # Standing.

    def standing(self, task: int, posting: int, claims: list[float]) -> Standing:
        rows = [
            (reputed(self.rules.reputation, self.verified[i], i), self.expected_cost(task, i), self.advice(task, i))
            for i in self.agents
        ]
        if self.rules.advisor is not None:
            rows = [(*row[:2], self.learned(task, posting, i, claims[i])) for i, row in enumerate(rows)]
        reputation, cost, advice = (np.array(column, float) for column in zip(*rows, strict=True))
        return Standing(reputation, cost, advice)

    def expected_cost(self, task: int, agent: int) -> float:
        source = self.rules.expected_cost
        if source.kind == "actual":
            return float(self.world.cost[self.r, task, agent, self.next_try(task, agent)])
        if source.kind == "record":
            return float(self.world.record_cost[self.r, task, agent])
        return self.mean_cost[agent].mean() if source.kind == "learned" else source.dollars

    def advice(self, task: int, agent: int) -> float:
        if self.rules.advice == "outcome":
            return float(self.truly(task, agent, self.next_try(task, agent)))
        if self.rules.advice == "ability":
            return float(self.world.ability[self.r, task, agent])
        if self.rules.advice == "record":
            return float(self.world.record_advice[self.r, task, agent])
        if self.rules.advice == "planner" and self.world.pilot is not None:
            return float(self.world.pilot[self.r, task, agent])
        return math.nan

    def learned(self, task: int, posting: int, agent: int, claim: float) -> float:
        """Advice for this bid from all verified attempts that have completed, or those of the same family."""
        advisor, family = self.rules.advisor, self.world.family[task]
        seen = [lesson for lesson in self.lessons if not advisor.by_family or lesson[0] == family]
        drawn = self.world.exploration
        luck = math.nan if drawn is None else float(drawn[self.r, task, posting, agent])
        return advised(advisor, agent, claim, [lesson[1:] for lesson in seen], luck)

    def truly(self, task: int, agent: int, turn: int) -> bool:
        at = self.r, task, agent, turn
        return bool(self.world.success[at]) and not bool(self.world.infra[at])

    def next_try(self, task: int, agent: int) -> int:
        return min(self.hired[task].count(agent), self.world.n_tries - 1)
