"""The allocator's desk of the batch engine: forms the bids of many clearings and asks the mechanism once.

What is in front of the mechanism is what the event market's `Allocator` would put there, row by row. Index convention
as in `sim.replay.lane_reads`: (n, M) inside; a mechanism is handed transposed views: its last axis is agents while
lanes stay closest in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.agents.bidding import BidderState, see
from sim.kit.arrays import Award, Bids, FloatArray, IntArray, Standing, Tender, thin
from sim.market.drawn import check_world
from sim.market.rules import Rules
from sim.market.wealth import Accounts
from sim.replay.lane_accounts import Books
from sim.replay.lane_reads import Cells, Lanes, Place
from sim.standing.advisors import Posted
from sim.standing.reputation import State
from sim.world.world import World


@dataclass(eq=False)
class Question:
    """M clearings as they come up.

    posting, reserve (M,); tries, failures (n, M): attempts of each agent at the task so far, and those of them that
    verified FAIL (0 where nobody bids by them). barred (n, M): agents that cannot win (no free slot, or the lane has
    ended); excluded: those kept out for what happened at this task; exited: those without wealth left. withdrawn
    (M,): the tender is, for want of budget; n_exits (M,): agents found to have left for the first time. None: nobody.
    """

    place: Place
    posting: IntArray
    reserve: FloatArray
    tries: Lanes
    failures: Lanes
    excluded: Lanes | None = None
    barred: Lanes | None = None
    exited: Lanes | None = None
    withdrawn: Lanes | None = None
    n_exits: Lanes | None = None

    def made(self, willing: Lanes) -> Lanes:
        """(n, M) bids that are made, which are charged before bonds are asked for."""
        for out in (self.excluded, self.exited, self.withdrawn):
            willing = willing if out is None else willing & ~out
        return willing


@dataclass(eq=False)
class Answer:
    """What the mechanism saw, in its own types (M, n), and answered; hired, pay_success, pay_failure are (n, M).

    belief, cost_belief (n, M): behind the bids, NaN where an agent is absent.
    turn, budget, fee (n, M): as in `Award`, None where it has none.
    no_bond (n, M): who could not post the bond and was barred; None: nobody has an account.
    """

    willing: Lanes
    belief: Lanes
    cost_belief: Lanes
    bids: Bids
    tender: Tender
    standing: Standing
    award: Award
    hired: Lanes
    pay_success: Lanes
    pay_failure: Lanes
    turn: Lanes | None = None
    budget: Lanes | None = None
    fee: Lanes | None = None
    no_bond: Lanes | None = None


class Desk:
    """Clears postings of one block of replications under one arm's rules."""

    def __init__(self, world: World, rules: Rules) -> None:
        check_world(world, rules)
        self.rules, self.n_agents = rules, world.n_agents
        self._retry = None if world.retry_belief is None else Cells(world.retry_belief)
        self._belief, self._cost_belief = Cells(world.belief), Cells(world.cost_belief)
        self._penalty = Cells(rules.penalty_in(world))
        self._value, self._lottery = Cells(world.value), Cells(world.lottery)
        self._silent = None if world.silent is None else Cells(world.silent)
        self._present = _unless_all(world.present)
        late = thin(world.latency) > rules.window
        self._late = Cells(np.broadcast_to(late, world.latency.shape)) if late.any() else None
        self._cost, self._advice = self._sources(world)
        self._delivered = Cells(world.delivered) if rules.advice == "outcome" else None
        self._exploration = None if world.exploration is None else Cells(world.exploration)
        self._actual = Cells(world.cost) if rules.expected_cost.kind == "actual" else None

    def _sources(self, world: World) -> tuple[Cells, Cells]:
        """Expected cost and advice where they do not change as the market goes."""
        source, shape = self.rules.expected_cost, world.belief.shape
        cost = np.broadcast_to(np.float64(source.dollars), shape)
        advice = np.broadcast_to(np.float64(np.nan), shape)
        if source.kind == "record" and world.record_cost is not None:
            cost = world.record_cost
        if self.rules.advice == "record" and world.record_advice is not None:
            advice = world.record_advice
        elif self.rules.advice == "ability":
            advice = world.ability
        elif self.rules.advice == "planner" and world.pilot is not None:
            advice = world.pilot
        return Cells(cost), Cells(advice)

    def late(self, place: Place) -> Lanes | None:
        """(n, M): the bid comes after the window; None: no bid does."""
        return None if self._late is None else self._late.per_agent(place)

    def clear(
        self,
        question: Question,
        reputation: Lanes | None,
        learned_cost: Lanes | None,
        advice: State | None,
        books: Books | None = None,
    ) -> Answer:
        """Ask the mechanism with what has been learned, None where nothing is.

        reputation, learned_cost (n, M); advice: the advisor's state of each lane for its task's family, (M, n, ...).
        books: accounts by which bids are charged and bonds asked for.
        """
        place, rules = question.place, self.rules
        tender = Tender.trusted(
            value=self._value.per_task(place),
            reserve=question.reserve,
            penalty=self._penalty.per_task(place),
            posting=question.posting,
        )
        ask, claim, willing, believed = self._bid(question, tender)
        active, late = willing, self.late(place)
        for out in (late, question.excluded, question.barred, question.exited, question.withdrawn):
            active = active if out is None else active & ~out
        bids = rules.menus(Bids.trusted(ask=ask.T, claim=claim.T, active=active.T))
        standing = self._standing(question, reputation, learned_cost, self._learned_advice(question, advice, claim))
        lottery = self._lottery.at_posting(place, question.posting).T
        award = rules.ask(bids, tender, standing, lottery)
        answer = Answer(willing, *believed, bids, tender, standing, award, **_in_lanes(award))
        if books is None:
            return answer
        if books.agents is not None:
            books.agents.charge(question.made(willing), rules.bid_cost)
            answer = self._bonded(answer, books.agents, lottery)
        if answer.fee is not None:
            books.collect(place, answer.fee)
        return answer

    def _bonded(self, answer: Answer, accounts: Accounts, lottery: FloatArray) -> Answer:
        """Ask again without those who cannot post their bonds, until nobody hired is one of them."""
        barred = np.zeros(answer.hired.shape, np.bool_)
        while True:
            lacking = accounts.lacking(answer.hired, answer.pay_success, answer.pay_failure, answer.fee)
            if not lacking.any():
                return replace(answer, no_bond=barred)
            barred |= lacking
            bids = Bids.trusted(**vars(answer.bids) | {"active": answer.bids.active & ~barred.T})
            award = self.rules.ask(bids, answer.tender, answer.standing, lottery)
            answer = replace(answer, bids=bids, award=award, **_in_lanes(award))

    def _bid(self, question: Question, tender: Tender) -> tuple[Lanes, Lanes, Lanes, tuple[Lanes, Lanes]]:
        place = question.place
        notice = see(self.rules.public, tender.value, tender.reserve, tender.penalty, tender.posting)
        silent = None if self._silent is None else self._silent.per_agent(place).T
        state = BidderState(question.tries.T, question.failures.T, silent)
        belief, cost = self._belief.per_agent(place), self._cost_belief.per_agent(place)
        if self._retry is not None:
            later = self._retry.next_try(place, np.maximum(question.failures - 1, 0))
            belief = np.where(question.failures > 0, later, belief)
        asked, claimed = self.rules.bidder(belief.T, cost.T, notice, state)
        ask, claim = _lanes(asked), _lanes(claimed)
        willing: Lanes = np.isfinite(ask)
        if self._present is not None:
            present = self._present.per_agent(place)
            willing &= present
            belief, cost = np.where(present, belief, np.nan), np.where(present, cost, np.nan)
        if willing.all():
            return ask, claim, willing, (belief, cost)
        return np.where(willing, ask, np.nan), np.where(willing, claim, np.nan), willing, (belief, cost)

    def _learned_advice(self, question: Question, state: State | None, claim: Lanes) -> Lanes | None:
        """(M, n): what the advisor makes of these claims (n, M)."""
        if state is None or self.rules.advisor is None:
            return None
        uniform = None
        if self._exploration is not None:
            uniform = self._exploration.at_posting(question.place, question.posting).T
        advice = self.rules.advisor.read(state, Posted(claim.T, uniform))
        return np.broadcast_to(advice, (len(question.place), self.n_agents))

    def _standing(
        self, question: Question, reputation: Lanes | None, learned_cost: Lanes | None, learned: Lanes | None
    ) -> Standing:
        place = question.place
        shape = self.n_agents, len(place)
        known = np.broadcast_to(np.float64(1.0), shape) if reputation is None else reputation
        cost = self._cost.per_agent(place) if learned_cost is None else learned_cost
        if self._actual is not None:
            cost = self._actual.next_try(place, question.tries)
        advice = self._advice.per_agent(place)
        if self._delivered is not None:
            advice = self._delivered.next_try(place, question.tries).astype(np.float64)
        return Standing.trusted(
            reputation=known.T, expected_cost=cost.T, advice=advice.T if learned is None else learned
        )


def _unless_all(mask: Any) -> Cells | None:
    return None if thin(mask).all() else Cells(mask)


def _lanes(array: Any) -> Lanes:
    """(n, M) in lanes-last memory, of what a rule gave back as (M, n)."""
    return np.ascontiguousarray(array.T)


def _in_lanes(award: Award) -> dict[str, Any]:
    """The parts of an award that `Answer` has as (n, M)."""
    parts = {name: getattr(award, name) for name in ("hired", "pay_success", "pay_failure", "turn", "budget", "fee")}
    return {name: None if array is None else _lanes(array) for name, array in parts.items()}
