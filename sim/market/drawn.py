"""The source of a drawn market: bids by belief and policy, outcomes as the World holds them.

A bidder is handed the belief that its own failures at the task leave it, and that its past in the market moved it to
where it reads a card of it; both as they are when the posting goes out. All first postings of a block of replications
are bid on in one batch, which holds as long as nobody reads a card.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sim.agents.bidding import BidderState, see
from sim.agents.production import spent, stopped, ticks
from sim.agents.retry import at_try, posterior
from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Notice, Status, Tender
from sim.kit.errors import MarketError
from sim.market.adapting import Adapting
from sim.market.allocator import Allocator
from sim.market.rules import Rules
from sim.market.source import ABSTAINED, BID, At, Offers, Outcome
from sim.market.tasks import Known, Tasks
from sim.standing.reputation import State
from sim.world.card import Attempted
from sim.world.world import World

_NONE, _FAIL, _PASS = int(Status.NONE), int(Status.FAIL), int(Status.PASS)
_DONE = _FAIL, _PASS
_BILLIONTH = 1e9


class Drawn:
    """A `Source` of one block of replications. Everybody is asked: a bid reserves nothing and waits for no answer."""

    def __init__(self, world: World, rules: Rules) -> None:
        self._world, self._rules = world, rules
        self._all_present = bool(world.present.all())
        self._tries: dict[tuple[int, int, int], int] = {}
        self._failures: dict[tuple[int, int, int], int] = {}
        self._cards: dict[int, State] = {}
        self._formed: dict[At, Offers] = {}
        self._cut: dict[tuple[At, int, int], float] = {}
        self._first: Offers | None = None
        learners = rules.learners
        self._adapting = None if learners is None else Adapting(learners, world.n_agents, rules.public)
        self._asked: dict[At, tuple[int, Notice, BidderState]] = {}  # where bids are made as the window closes
        self._replication = -1

    @property
    def opening(self) -> Offers | None:
        """The bids on first postings, None where a card, or what agents have learned, may change them."""
        return None if self._rules.card is not None or self._adapting is not None else self.first

    @property
    def first(self) -> Offers:
        """(R, T, n) bids on first postings by who has seen nothing yet."""
        if self._first is None:
            world, rules = self._world, self._rules
            none = np.broadcast_to(np.int64(0), world.belief.shape)
            posting = np.broadcast_to(np.int64(0), world.reserve.shape)
            notice = see(rules.public, world.value, world.reserve, rules.penalty_in(world), posting)
            self._first = self._bid((), notice, BidderState(none, none))
        return self._first

    def post(self, at: At, posting: int, notice: Notice, asked: BoolArray) -> None:
        """Form everybody's bid, unless somebody learns until the window closes."""
        if self._adapting is not None:
            self._formed.pop(at, None)
            self._asked[at] = posting, notice, self._own(at)
            return
        if posting == 0 and at[0] not in self._cards:
            self._formed[at] = self.first.row(at)
            return
        self._formed[at] = self._bid(at, notice, self._own(at), self._cards.get(at[0]))

    def offers(self, at: At, posting: int) -> Offers:
        """The bids (n,)."""
        if at not in self._formed:
            posting, notice, own = self._asked[at]
            self._formed[at] = self._bid(at, notice, own, self._cards.get(at[0]), posting)
        return self._formed[at]

    def _own(self, at: At) -> BidderState:
        return BidderState(self._counts(self._tries, at), self._counts(self._failures, at))

    def _counts(self, counts: dict[tuple[int, int, int], int], at: At) -> IntArray:
        return np.array([counts.get((*at, agent), 0) for agent in range(self._world.n_agents)], np.int64)

    def _bid(
        self, at: tuple[int, ...], notice: Notice, own: BidderState, card: State | None = None, posting: int = 0
    ) -> Offers:
        world, rules = self._world, self._rules
        if world.silent is not None:
            own = replace(own, silent=world.silent[at])
        belief, cost_belief = self._beliefs(at, own.failures, card)
        if self._adapting is None or rules.learners is None:
            ask, claim = rules.bidder(belief, cost_belief, notice, own)
        else:
            luck = None if world.choice is None else world.choice[at][posting]
            known, there = self._adapting.known(at[0]), np.where(world.present[at], belief, np.nan)
            own = replace(own, excluded=rules.excluded(own.tries, own.failures))
            ask, claim, memo = rules.learners.formed(there, cost_belief, notice, own, known, luck)
            self._adapting.formed((at[0], at[1]), memo)
        willing = np.isfinite(ask)
        if not self._all_present:
            present = world.present[at]
            willing = present & willing
            belief, cost_belief = np.where(present, belief, np.nan), np.where(present, cost_belief, np.nan)
        return Offers(
            ask=np.where(willing, ask, np.nan),
            claim=np.where(willing, claim, np.nan),
            belief=belief,
            cost_belief=cost_belief,
            latency=world.latency[at],
            bid_cost=np.broadcast_to(np.float64(rules.bid_cost), willing.shape),
            reason=np.where(willing, np.int8(BID), np.int8(ABSTAINED)),
        )

    def _beliefs(self, at: tuple[int, ...], failures: IntArray, card: State | None) -> tuple[FloatArray, FloatArray]:
        """Belief and cost belief of each agent after its own failures at the task and its card."""
        world = self._world
        first, cost_belief = world.belief[at], world.cost_belief[at]
        belief = first if world.retry_belief is None else at_try(first, world.retry_belief[at], failures)
        if card is None or self._rules.card is None:
            return belief, cost_belief
        leaned = self._rules.card.lean(card, first, cost_belief)
        after = leaned.belief if world.spread is None else posterior(leaned.belief, world.spread[at], failures)
        return np.where(leaned.moved, after, belief), leaned.cost_belief

    # Work.

    def start(self, at: At, agent: int, nth: int, budget: float | None) -> int:
        """Ticks as drawn, or the share of them until the budget is spent, rounded up."""
        if at[0] != self._replication:
            self._enter(at[0])
        if self._rules.postings > 1:
            self._tries[*at, agent] = nth + 1
        known = self._known(at, agent, nth)
        lasts: int = self._duration[at[1]][agent][known]
        if budget is None:
            return lasts
        self._cut[at, agent, nth] = budget
        return int(ticks(lasts, self._cost[at[1]][agent][known], budget))

    def outcome(self, at: At, agent: int, nth: int) -> Outcome:
        """As drawn; a try that was stopped at its budget is no success."""
        known, task = min(nth, self._last), at[1]
        status, success = self._status[task][agent][known], self._success[task][agent][known]
        cost = self._cost[task][agent][known]
        if self._cut:
            budget = self._cut.pop((at, agent, nth), math.nan)
            if stopped(cost, budget):
                return Outcome(_FAIL if status == _PASS else status, False, float(spent(cost, budget)))
        if self._score is None or status not in _DONE:
            return Outcome(status, success, cost)
        return Outcome(status, success, cost, score=self._score[task][agent][known])

    def cancel(self, at: At, agent: int, nth: int, elapsed: int) -> Outcome:
        """Of its cost, the share of its ticks that are over, rounded up to a billionth of a dollar."""
        budget = self._cut.get((at, agent, nth), math.nan)
        cost = self.outcome(at, agent, nth).cost
        known, task = min(nth, self._last), at[1]
        lasts = int(ticks(self._duration[task][agent][known], self._cost[task][agent][known], budget))
        so_far = math.ceil(cost * elapsed / lasts * _BILLIONTH) / _BILLIONTH
        return Outcome(int(Status.CANCELLED), False, min(cost, so_far))

    def cleared(self, at: At, posting: int, tender: Tender, bids: Bids, award: Award) -> None:
        """Have those that learn do so."""
        if self._adapting is not None:
            self._adapting.cleared(at, tender, bids, award)

    def heard(self, at: At, agent: int, outcome: Outcome, payment: float) -> None:
        """Count the failure, put the attempt on the agent's card, and have it learn."""
        if self._adapting is not None:
            self._adapting.ended(at, agent, outcome, payment)
        if self._rules.card is not None:
            self._note(at, agent, outcome)
        if outcome.status == _FAIL and self._rules.postings > 1:
            self._failures[*at, agent] = self._failures.get((*at, agent), 0) + 1

    def _note(self, at: At, agent: int, outcome: Outcome) -> None:
        """A card holds what was believed before any card."""
        world, past = self._world, self._rules.card
        if past is None:
            return
        n = world.n_agents
        failures = np.full(n, self._failures.get((*at, agent), 0))
        belief = world.belief[at]
        if world.retry_belief is not None:
            belief = at_try(belief, world.retry_belief[at], failures)
        status = np.full(n, _NONE, np.int8)
        status[agent] = outcome.status
        before = self._cards.get(at[0]) or past.init(n)
        self._cards[at[0]] = past.step(
            before, Attempted(status, belief, np.full(n, outcome.cost), world.cost_belief[at])
        )

    def _known(self, at: At, agent: int, nth: int) -> int:
        """The try that the World knows."""
        if nth > self._last and not self._world.repeats:
            known = self._last + 1
            raise MarketError(f"try {nth + 1} of agent {agent} at task {at[1]}: only {known} are known")
        return min(nth, self._last)

    def _enter(self, replication: int) -> None:
        """Have the outcomes of a replication at hand as plain numbers, by task, agent and try."""
        world = self._world
        self._replication, self._last = replication, world.n_tries - 1
        status = np.where(world.verified[replication], _PASS, _FAIL)
        self._status = np.where(world.infra[replication], int(Status.INFRA), status).tolist()
        self._success = (world.success[replication] & ~world.infra[replication]).tolist()
        self._score = None if world.score is None else world.score[replication].tolist()
        self._duration, self._cost = world.duration[replication].tolist(), world.cost[replication].tolist()


def drawn_market(world: World, rules: Rules) -> tuple[Allocator, Drawn]:
    """The allocator and the source of a block of replications."""
    check_world(world, rules)
    source = Drawn(world, rules)
    return Allocator(Tasks.of(world, rules), Known.of(world, rules), rules, source.opening), source


def check_world(world: World, rules: Rules) -> None:
    """Raise MarketError where the World lacks what these rules need, or two of the rules cannot be combined."""
    if rules.market.round is not None and (rules.bankroll is not None or rules.budgets is not None):
        raise MarketError(
            "wealth and budgets are read posting by posting, but a round clears all that are open at once"
        )
    if rules.advisor is not None and rules.advisor.explores and not world.has("exploration"):
        raise MarketError("the advisor explores, but the World holds no draws for it")
    if rules.learners is not None and rules.learners.draws and not world.has("choice"):
        raise MarketError("a policy draws its bids, but the World holds no draws for it")
    if rules.advice == "record" and not world.has("record_advice"):
        raise MarketError("advice comes from a record, but the World holds none (record_advice)")
    if rules.expected_cost.kind == "record" and not world.has("record_cost"):
        raise MarketError("expected costs come from a record, but the World holds none (record_cost)")
    most = rules.postings - 1 if rules.exclude == "none" else 0
    if world.retry_belief is not None and world.retry_belief.shape[-1] < most:
        held = world.retry_belief.shape[-1]
        raise MarketError(f"an agent may bid after {most} failures, but retry_belief holds beliefs after {held}")
    held = world.shape_of("lottery")[2]
    if held < rules.postings:
        raise MarketError(
            f"a task may be posted {rules.postings} times, but the World holds lotteries of {held} postings"
        )
