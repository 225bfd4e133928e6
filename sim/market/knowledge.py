"""What one replication's event market has learned: reputations, costs, advice, and agents' cards of their past.

All of it is learned from completed attempts, one after the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.advisors import Lesson
from sim.arrays import FloatArray, Status
from sim.card import Attempted
from sim.market.allocator import Allocator, Learned
from sim.retry import at_try
from sim.standing import Outcome, State

_NONE = int(Status.NONE)


class Completed(NamedTuple):
    """An attempt that ended. failures: the agent's own before it at the task; cost (n,): what one of each costs."""

    task: int
    posting: int
    agent: int
    status: int
    failures: int
    cost: FloatArray


class Knowledge:
    """What has been learned so far.

    states: of the learners, as the allocator reads them. card: of the agents' past, None while there is nothing on it.
    claims: of the bids by task and posting, where an advisor learns from them. learns: somebody
    does. learned: somebody has.
    """

    def __init__(self, allocator: Allocator, replication: int) -> None:
        rules = allocator.rules
        self._allocator, self._replication = allocator, replication
        self.states, self.learned = allocator.initial(), False
        self.card: State | None = None
        self.claims: dict[tuple[int, int], FloatArray] = {}
        learners = rules.reputation, rules.expected_cost.learner, rules.advisor, rules.card
        self.learns = any(learner is not None for learner in learners)

    def add(self, done: Completed) -> None:
        """Learn from an attempt that ended."""
        seen = np.full(self._allocator.world.n_agents, _NONE, np.int8)
        seen[done.agent] = done.status
        cost = np.zeros(len(seen))
        cost[done.agent] = done.cost[done.agent]
        outcome = Outcome(seen, cost)
        reputation, learned_cost, advice = self.states
        rules = self._allocator.rules
        if rules.reputation is not None and reputation is not None:
            reputation = rules.reputation.step(reputation, outcome)
        if rules.expected_cost.learner is not None and learned_cost is not None:
            learned_cost = rules.expected_cost.learner.step(learned_cost, outcome)
        if rules.advisor is not None and advice is not None:
            family = self._allocator.family[done.task]
            after = rules.advisor.step(advice[family], Lesson(seen, self.claims[done.task, done.posting]))
            advice = (*advice[:family], after, *advice[family + 1 :])
        self.states, self.learned = Learned(reputation, learned_cost, advice), True
        if rules.card is not None:
            self._note(done)

    def _note(self, done: Completed) -> None:
        """Put a completed attempt on the agent's card, with what it believed before any card."""
        world, at, past = self._allocator.world, (self._replication, done.task), self._allocator.rules.card
        before = self._allocator.empty_card() if self.card is None else self.card
        if past is None or before is None:
            return
        failures = np.full(world.n_agents, done.failures)
        later = None if world.retry_belief is None else world.retry_belief[at]
        seen = np.full(world.n_agents, _NONE, np.int8)
        seen[done.agent] = done.status
        belief = at_try(world.belief[at], later, failures)
        self.card = past.step(before, Attempted(seen, belief, done.cost, world.cost_belief[at]))
