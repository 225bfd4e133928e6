"""The allocator's desk: gathers what a clearing needs and asks the mechanism.

First postings of a whole block of replications are put to the mechanism in one batch, with the inputs expected at
their clearing: every agent that bids in time is free, nothing has been learned yet. A market that finds exactly these
inputs uses the answer; any other clearing asks again for its own row. A mechanism is a pure function whose batches
equal their rows bit for bit, so the two never differ.

A bidder is handed the belief that its own failures at the task leave it, and that its past in the market moved it to
where it reads a card of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sim.advisors import Posted
from sim.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.bidding import BidderState, see
from sim.errors import MarketError
from sim.retry import at_try, posterior
from sim.rules import Rules
from sim.sources import family_codes
from sim.standing import State
from sim.world import World


@dataclass(frozen=True, eq=False)
class Clearing:
    """One clearing, or a batch of them: what was in front of the mechanism and what it answered.

    willing (..., n): the agent made a bid. bids.ask and bids.claim hold every bid made, NaN where there is none.
    belief, cost_belief (..., n): behind the bids; not read where an agent is absent.
    """

    willing: BoolArray
    belief: FloatArray
    cost_belief: FloatArray
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
    """Clears postings of one block of replications under one arm's rules."""

    def __init__(self, world: World, rules: Rules) -> None:
        self.world, self.rules = world, rules
        shape = world.belief.shape
        check_world(world, rules)
        self._delivered, self._penalty = world.delivered, rules.penalty_in(world)
        self._fixed_cost = self._static_cost()
        self._fixed_advice = self._static_advice()
        self._ones = np.ones(shape[-1])
        by_family = rules.advisor is not None and rules.advisor.by_family
        self.family, self.n_families = family_codes(world, by_family=by_family)
        self.on_time = world.present & (world.latency <= rules.window)
        self.opening = self._open()

    def initial(self) -> Learned:
        """States before anything was seen."""
        n, rules = self.world.n_agents, self.rules
        reputation, cost = rules.reputation, rules.expected_cost.learner
        return Learned(
            None if reputation is None else reputation.init(n),
            None if cost is None else cost.init(n),
            None if rules.advisor is None else (rules.advisor.init(n),) * self.n_families,
        )

    def empty_card(self) -> State | None:
        """State of the card of the past before anything was seen; None where agents read none."""
        return None if self.rules.card is None else self.rules.card.init(self.world.n_agents)

    def clear(
        self,
        at: tuple[int, int],
        posting: int,
        reserve: float,
        own: BidderState,
        free: BoolArray,
        states: Learned,
        card: State | None = None,
    ) -> Clearing:
        """Clear one posting of task `at` = (replication, task).

        own: tries and failures (n,) of each agent at the task. free (n,): it has a slot and is not excluded.
        card: state of the card at the posting; None where there is none, or nothing on it.
        """
        world, rules = self.world, self.rules
        tender = Tender.trusted(
            value=world.value[at],
            reserve=np.float64(reserve),
            penalty=np.float64(rules.penalty) if rules.penalties is None else self._penalty[at],
            posting=np.int64(posting),
        )
        if posting == 0 and card is None:
            ask, claim = self.opening.bids.ask[at], self.opening.bids.claim[at]
            willing, believed = self.opening.willing[at], (world.belief[at], world.cost_belief[at])
        else:
            ask, claim, willing, believed = self._bid(at, tender, own, card)
        bids = rules.menus(Bids.trusted(ask=ask, claim=claim, active=willing & self.on_time[at] & free))
        standing = self._standing(at, own.tries, states, self._posted(at, posting, claim))
        award = rules.ask(bids, tender, standing, world.lottery[at][posting])
        return Clearing(willing, *believed, bids, tender, standing, award)

    def ask_without(self, clearing: Clearing, at: tuple[int, int], posting: int, barred: BoolArray) -> Clearing:
        """The same clearing once the agents in `barred` (n,) are away."""
        bids = clearing.bids
        left = Bids.trusted(**vars(bids) | {"active": bids.active & ~barred})
        lottery = self.world.lottery[at][posting]
        return replace(clearing, bids=left, award=self.rules.ask(left, clearing.tender, clearing.standing, lottery))

    def _bid(
        self, at: tuple[int, ...], tender: Tender, own: BidderState, card: State | None = None
    ) -> tuple[FloatArray, FloatArray, BoolArray, tuple[FloatArray, FloatArray]]:
        world = self.world
        notice = see(self.rules.public, tender.value, tender.reserve, tender.penalty, tender.posting)
        if world.silent is not None:
            own = BidderState(own.tries, own.failures, world.silent[at])
        believed = self._beliefs(at, own.failures, card)
        ask, claim = self.rules.bidder(*believed, notice, own)
        willing = world.present[at] & np.isfinite(ask)
        return np.where(willing, ask, np.nan), np.where(willing, claim, np.nan), willing, believed

    def _beliefs(self, at: tuple[int, ...], failures: IntArray, card: State | None) -> tuple[FloatArray, FloatArray]:
        """Belief and cost belief of each agent after its own failures at the task and its card."""
        world = self.world
        first, cost_belief = world.belief[at], world.cost_belief[at]
        belief = first if world.retry_belief is None else at_try(first, world.retry_belief[at], failures)
        if card is None or self.rules.card is None:
            return belief, cost_belief
        leaned = self.rules.card.lean(card, first, cost_belief)
        after = leaned.belief if world.spread is None else posterior(leaned.belief, world.spread[at], failures)
        return np.where(leaned.moved, after, belief), leaned.cost_belief

    def _open(self) -> Clearing:
        world, rules = self.world, self.rules
        shape = world.reserve.shape
        tender = Tender.trusted(
            value=world.value,
            reserve=world.reserve,
            penalty=self._penalty,
            posting=np.broadcast_to(np.int64(0), shape),
        )
        tries = np.broadcast_to(np.int64(0), world.belief.shape)
        ask, claim, willing, believed = self._bid((), tender, BidderState(tries, tries))
        bids = rules.menus(Bids.trusted(ask=ask, claim=claim, active=willing & self.on_time))
        standing = self._standing((), tries, self.initial(), self._posted((), 0, claim))
        award = rules.ask(bids, tender, standing, world.lottery[:, :, 0])
        return Clearing(willing, *believed, bids, tender, standing, award)

    def _posted(self, at: tuple[int, ...], posting: int, claim: FloatArray) -> Posted:
        drawn = self.world.exploration
        return Posted(claim, None if drawn is None else drawn[at][..., posting, :])

    def _standing(self, at: tuple[int, ...], tries: IntArray, states: Learned, posted: Posted) -> Standing:
        rules, learner = self.rules, self.rules.expected_cost.learner
        reputation_state, cost_state, advice_states = states
        shape = tries.shape
        reputation = self._ones if rules.reputation is None else rules.reputation.read(reputation_state or ())
        if learner is not None:
            cost = learner.read(cost_state or ())
        elif rules.expected_cost.kind == "actual":
            cost = self._next_try(self.world.cost[at], tries)
        else:
            cost = self._fixed_cost[at]
        advice = self._fixed_advice[at]
        if rules.advice == "outcome":
            advice = self._next_try(self._delivered[at], tries)
        if rules.advisor is not None and advice_states is not None:
            family = self.family[at[1]] if at else 0  # before anything was seen, all are alike
            advice = np.broadcast_to(rules.advisor.read(advice_states[family], posted), shape)
        if len(shape) > 1:
            reputation, cost = np.broadcast_to(reputation, shape), np.broadcast_to(cost, shape)
        return Standing.trusted(reputation=reputation, expected_cost=cost, advice=advice)

    def _next_try(self, per_try: FloatArray | BoolArray, tries: IntArray) -> FloatArray:
        last = self.world.n_tries - 1
        chosen = np.take_along_axis(per_try, np.minimum(tries, last)[..., None], axis=-1)[..., 0]
        return chosen.astype(np.float64)

    def _static_cost(self) -> FloatArray:
        source, shape = self.rules.expected_cost, self.world.belief.shape
        if source.kind == "record" and self.world.record_cost is not None:
            return self.world.record_cost
        return np.broadcast_to(np.float64(source.dollars), shape)

    def _static_advice(self) -> FloatArray:
        if self.rules.advice == "record" and self.world.record_advice is not None:
            return self.world.record_advice
        if self.rules.advice == "ability":
            return self.world.ability
        if self.rules.advice == "planner" and self.world.pilot is not None:
            return self.world.pilot
        return np.broadcast_to(np.nan, self.world.belief.shape)


def check_world(world: World, rules: Rules) -> None:
    """Raise MarketError where the World lacks what these rules need, or two of the rules do not go together."""
    if rules.round is not None and (rules.bankroll is not None or rules.budgets is not None):
        raise MarketError(
            "wealth and budgets are read posting by posting, but a round clears all that are open at once"
        )
    if rules.advisor is not None and rules.advisor.explores and world.exploration is None:
        raise MarketError("the advisor explores, but the World holds no draws for it")
    if rules.advice == "record" and world.record_advice is None:
        raise MarketError("advice comes from a record, but the World holds none (record_advice)")
    if rules.expected_cost.kind == "record" and world.record_cost is None:
        raise MarketError("expected costs come from a record, but the World holds none (record_cost)")
    most = rules.postings - 1 if rules.exclude == "none" else 0
    if world.retry_belief is not None and world.retry_belief.shape[-1] < most:
        held = world.retry_belief.shape[-1]
        raise MarketError(f"an agent may bid after {most} failures, but retry_belief holds beliefs after {held}")
