"""What one replication's allocator has learned: reputations, costs and advice, from attempts one after the other."""

from __future__ import annotations

import numpy as np

from sim.kit.arrays import FloatArray, Status
from sim.market.allocator import Allocator, Learned
from sim.market.source import Outcome
from sim.standing.advisors import Lesson
from sim.standing.reputation import Outcome as Seen

_NONE = int(Status.NONE)


class Knowledge:
    """What has been learned so far.

    states: of the learners, as the allocator reads them. claims: of the bids by task and posting, where an advisor
    learns from them. learns: somebody does. learned: somebody has.
    """

    def __init__(self, allocator: Allocator) -> None:
        rules = allocator.rules
        self._rules, self._tasks = rules, allocator.tasks
        self.states, self.learned = allocator.initial(), False
        self.claims: dict[tuple[int, int], FloatArray] = {}
        learners = rules.reputation, rules.expected_cost.learner, rules.advisor
        self.learns = any(learner is not None for learner in learners)

    def add(self, task: int, posting: int, agent: int, outcome: Outcome) -> None:
        """Learn from an attempt that ended."""
        if not self.learns:
            return
        status, cost = np.full(self._tasks.n_agents, _NONE, np.int8), np.zeros(self._tasks.n_agents)
        status[agent], cost[agent] = outcome.status, outcome.cost
        seen = Seen(status, cost)
        reputation, learned_cost, advice = self.states
        rules = self._rules
        if rules.reputation is not None and reputation is not None:
            reputation = rules.reputation.step(reputation, seen)
        if rules.expected_cost.learner is not None and learned_cost is not None:
            learned_cost = rules.expected_cost.learner.step(learned_cost, seen)
        if rules.advisor is not None and advice is not None:
            family = self._tasks.family[task]
            after = rules.advisor.step(advice[family], Lesson(status, self.claims[task, posting]))
            advice = (*advice[:family], after, *advice[family + 1 :])
        self.states, self.learned = Learned(reputation, learned_cost, advice), True
