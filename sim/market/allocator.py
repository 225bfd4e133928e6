"""The allocator's desk: puts the bids on a posting, and what is known of their agents, to the mechanism.

Where a source knows all first postings' bids beforehand, those of a whole block of replications are put to the
mechanism in one batch, with the inputs expected at their clearing: every agent that bids in time is free, nothing has
been learned yet. A market that finds exactly these inputs uses the answer; any other clearing asks again for its own
row. A mechanism is a pure function: batches equal their rows bit for bit, so the two never differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.market.rules import Rules
from sim.market.source import Offers
from sim.market.tasks import Known, Tasks
from sim.standing.advisors import Posted
from sim.standing.advisors.read_advice import read_advice
from sim.standing.reputation import State


@dataclass(frozen=True, eq=False)
class Clearing:
    """One clearing, or a batch of them: what was in front of the mechanism and what it answered.

    bids.ask and bids.claim hold every bid made, NaN where there is none.
    """

    offers: Offers
    bids: Bids
    tender: Tender
    standing: Standing
    award: Award


class Learned(NamedTuple):
    """What has been learned: states of the reputation, the expected cost, and the advisor (one for each family)."""

    reputation: State | None
    cost: State | None
    advice: tuple[State, ...] | None


class Allocator:
    """Clears postings of one block of replications under one arm's rules. opening: of all first postings, or None."""

    def __init__(self, tasks: Tasks, known: Known, rules: Rules, opening: Offers | None = None) -> None:
        self.tasks, self.rules, self._known = tasks, rules, known
        self._ones = np.ones(tasks.n_agents)
        self.opening = None if opening is None else self.open(opening)

    def initial(self) -> Learned:
        """States before anything was seen."""
        n, rules = self.tasks.n_agents, self.rules
        reputation, cost = rules.reputation, rules.expected_cost.learner
        return Learned(
            None if reputation is None else reputation.init(n),
            None if cost is None else cost.init(n),
            None if rules.advisor is None else (rules.advisor.init(n),) * self.tasks.n_families,
        )

    def tender(self, at: tuple[int, int], posting: int, reserve: float) -> Tender:
        """What a posting of task `at` = (replication, task) offers."""
        return Tender.trusted(
            value=self.tasks.value[at],
            reserve=np.float64(reserve),
            penalty=self.tasks.penalty[at],
            posting=np.int64(posting),
        )

    def clear(
        self,
        at: tuple[int, int],
        posting: int,
        reserve: float,
        tries: IntArray,
        free: BoolArray,
        states: Learned,
        offers: Offers,
    ) -> Clearing:
        """Clear one posting of task `at` = (replication, task).

        tries (n,): of each agent at the task. free (n,): it has a slot and is not excluded.
        """
        tender = self.tender(at, posting, reserve)
        active = offers.willing & (offers.latency <= self.rules.window) & free
        bids = self.rules.menus(Bids.trusted(ask=offers.ask, claim=offers.claim, active=active))
        standing = self._standing(at, tries, states, self._posted(at, posting, offers.claim))
        if offers.advice is not None:
            standing = Standing.trusted(**vars(standing) | {"advice": offers.advice})
        award = self.rules.ask(bids, tender, standing, self.tasks.lottery[at][posting])
        return Clearing(offers, bids, tender, standing, award)

    def ask_without(self, clearing: Clearing, at: tuple[int, int], posting: int, barred: BoolArray) -> Clearing:
        """The same clearing once the agents in `barred` (n,) are away."""
        bids = clearing.bids
        left = Bids.trusted(**vars(bids) | {"active": bids.active & ~barred})
        lottery = self.tasks.lottery[at][posting]
        return replace(clearing, bids=left, award=self.rules.ask(left, clearing.tender, clearing.standing, lottery))

    def open(self, offers: Offers) -> Clearing:
        """All first postings (R, T, n), as they clear where everybody is free and nothing has been learned."""
        tasks, rules = self.tasks, self.rules
        first = np.broadcast_to(np.int64(0), tasks.shape)
        tender = Tender.trusted(value=tasks.value, reserve=tasks.reserve, penalty=tasks.penalty, posting=first)
        tries = np.broadcast_to(np.int64(0), offers.ask.shape)
        active = offers.willing & (offers.latency <= rules.window)
        bids = rules.menus(Bids.trusted(ask=offers.ask, claim=offers.claim, active=active))
        standing = self._standing((), tries, self.initial(), self._posted((), 0, offers.claim))
        award = rules.ask(bids, tender, standing, tasks.lottery[:, :, 0])
        return Clearing(offers, bids, tender, standing, award)

    def _posted(self, at: tuple[int, ...], posting: int, claim: FloatArray) -> Posted:
        drawn = self.tasks.exploration
        return Posted(claim, None if drawn is None else drawn[at][..., posting, :])

    def _standing(self, at: tuple[int, ...], tries: IntArray, states: Learned, posted: Posted) -> Standing:
        rules, learner, shape = self.rules, self.rules.expected_cost.learner, tries.shape
        reputation = self._ones if rules.reputation is None else rules.reputation.read(states.reputation or ())
        cost, advice = self._known.at(at, tries)
        if learner is not None:
            cost = learner.read(states.cost or ())
        if rules.advisor is not None and states.advice is not None:
            family = self.tasks.family[at[1]] if at else 0  # before anything was seen, all are alike
            advice = np.broadcast_to(read_advice(rules.advisor, states.advice[family], posted), shape)
        if len(shape) > 1:
            reputation, cost = np.broadcast_to(reputation, shape), np.broadcast_to(cost, shape)
        return Standing.trusted(reputation=reputation, expected_cost=cost, advice=advice)
