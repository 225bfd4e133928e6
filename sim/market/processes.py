"""The event market: overlapping auctions of one replication, in SimPy.

posted -> bids inside the window -> clearing -> award -> attempt -> verification -> standing updated -> closed, or
posted again while postings remain.

Time is whole ticks. The market always executes the least pending moment by (tick, kind, task, posting, agent), with
completion < clearing < posting; a moment created while executing joins at once. SimPy's own order within a tick is
that of scheduling, so every moment is a plain event whose priority is that key.

- A bid is formed at the posting and reserves nothing. Slots, exclusions and standing are read at the clearing.
- An award takes the agent's slot at once; its completion frees the slot and updates the standing.
- A fee that an award asks of a bid is due at the clearing, won or lost.
- A bid that does not count is told as the first of exited, withdrawn, excluded, abstained, late, busy, no bond. A bid
  that was made costs what a bid costs, late, busy and bondless ones too.
- Wealth and budgets are read at the clearing as well (sim/market/wealth.py). A tender withdrawn for want of budget
  closes its task; no bid on it is asked for or costs anything.
- Exclusion "failed" keeps out who verified FAIL on the task, "hired" whoever was hired for it.
- An agent's own verified failures at the task move its belief where the World says so, and its attempts that ended
  before the posting went out are on its card of the past: both are read at the posting.
- The posting closes when its last hired agent completes; only then is the task closed or posted again.
- Where an award names turns, all hired hold a slot from the clearing. A turn starts at the tick at which the one before
  it ended without a PASS, if that is before the deadline; when none starts, those still waiting are let go unpaid,
  their bonds with them, and the posting closes.
- `success` is False for an attempt lost to the system (INFRA) or ended by the deadline.
- The reserve rises once for a posting that nobody cleared and at verified failures, timeouts mapped to FAIL included,
  never above the task's value unless the rules let it (sim/escalation.py); a bid on the next posting is formed from the
  new notice.
- A deadline ends running attempts as timeouts, at their full cost. A posting that could not clear before the deadline
  is not made: the task closes instead.

In rounds (sim/market/rounds.py) no posting is cleared by itself. A posting joins the first round at or after posting +
window; rounds are at the multiples of `round`, and at a tick completion < posting < round, so that whatever is posted at the
tick of a round takes part. What its clearing posts again waits for the next one: every round in which a task takes part
is a posting of it. The reserve rises for a posting whose bids would have hired nobody by themselves; a task whose agent
took another, or that was put off, keeps its reserve, and so does every task of a round without room to start any.
Where bids are limited an agent bids on the first tasks of the round, in task order, that it may and would bid on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import simpy
from simpy.events import Event

from sim.arrays import Award, BoolArray, FloatArray, IntArray, Status
from sim.bidding import BidderState
from sim.errors import MarketError
from sim.ledger import REASON
from sim.market.allocator import Allocator
from sim.market.books import Books
from sim.market.knowledge import Completed, Knowledge
from sim.market.open_task import OpenTask, Turns, in_turns
from sim.market.rounds import clear_round, next_round
from sim.market.tape import AttemptNote, ClearingNote, Tape
from sim.plans import spent, stopped, ticks
from sim.rows import Barred
from sim.standing import State

_COMPLETION, _CLEARING, _POSTING, _ROUND = range(4)
_NONE, _FAIL, _PASS = int(Status.NONE), int(Status.FAIL), int(Status.PASS)
_OPEN = -1
_REPOSTED, _SOLVED, _FAILED, _UNFILLED, _DEADLINE, _NO_BUDGET = (
    REASON.index(name) for name in ("reposted", "solved", "failed", "unfilled", "deadline", "no budget")
)


class Market:
    """One replication's market. `run` plays it to the end and writes to the tape."""

    def __init__(self, allocator: Allocator, replication: int, tape: Tape) -> None:
        world, rules = allocator.world, allocator.rules
        self._allocator, self._rules, self._replication, self._tape = allocator, rules, replication, tape
        self._env = simpy.Environment()
        self._n_tasks, self._n_agents, self._n_tries = world.n_tasks, world.n_agents, world.n_tries
        status = np.where(world.verified[replication], int(Status.PASS), int(Status.FAIL))
        self._status = np.where(world.infra[replication], int(Status.INFRA), status).tolist()
        self._duration = world.duration[replication].tolist()
        self._cost, self._value = world.cost[replication], world.value[replication]
        self._arrival = world.arrival[replication].tolist()
        self._tasks = [OpenTask(reserve, math.inf) for reserve in world.reserve[replication].tolist()]
        if rules.deadline is not None:
            for task, arrival in zip(self._tasks, self._arrival, strict=True):
                task.deadline = arrival + rules.deadline
        opening = allocator.opening
        self._expected = opening.bids.active[replication]
        self._award, self._winners = opening.award, in_turns(opening.award, replication)
        self._slots = [rules.capacity] * self._n_agents
        self._full: set[int] = set()
        self._tries: dict[tuple[int, int], int] = {}
        self._failures: dict[tuple[int, int], int] = {}
        untried: IntArray = np.zeros(self._n_agents, np.int64)
        self._untried = BidderState(untried, untried)
        self._everybody = np.ones(self._n_agents, np.bool_)
        self._known = Knowledge(allocator, replication)
        self.books = Books.of(world, rules, replication)
        # tick of a round -> task, posting, tick of the posting and card of each that takes part
        self._rounds: dict[int, list[tuple[int, int, int, State | None]]] = {}
        self._last_round, self._n_working = -1, 0

    def run(self) -> None:
        """Play the replication to its end."""
        for task, arrival in enumerate(self._arrival):
            self._at(arrival, _POSTING, self._post, task, 0)
        self._env.run()

    def _at(
        self, tick: int, kind: int, happen: Callable[[Event], None], task: int, posting: int, *more: Any, agent: int = 0
    ) -> None:
        """Schedule a moment. SimPy compares priorities as numbers, so the key is packed into one."""
        event = Event(self._env)
        event._ok, event._value = True, (task, posting, *more)
        event.callbacks.append(happen)
        key = ((kind * self._n_tasks + task) * self._rules.postings + posting) * self._n_agents + agent
        self._env.schedule(event, key, tick - self._env.now)  # type: ignore[arg-type]

    def _post(self, event: Event) -> None:
        task, posting = event._value
        now: int = self._env.now  # type: ignore[assignment]
        if self._rules.round is not None:
            self._wait(task, posting, now)
            return
        self._at(now + self._rules.window, _CLEARING, self._clear, task, posting, now, self._known.card)

    def _clears_at(self, posted: int) -> int:
        """Tick at which a posting made now is cleared."""
        tick = posted + self._rules.window
        return tick if self._rules.round is None else next_round(tick, self._rules.round, self._last_round)

    def _clear(self, event: Event) -> None:
        task, posting, posted, card = event._value
        tape = self._tape
        own = -1
        if self._as_expected(task, posting):
            award, winners = self._award, self._winners[task]
            budget = None if award.budget is None else award.budget[self._replication, task]
        else:
            own = len(tape.own)
            award = self._ask_again(task, posting, card)
            winners, budget = in_turns(award)[0], award.budget
        self._conclude(task, posting, posted, own, winners, budget, raises=not winners)

    def _conclude(
        self,
        task: int,
        posting: int,
        posted: int,
        own: int,
        winners: Turns,
        budget: FloatArray | None,
        *,
        raises: bool,
    ) -> None:
        """Write the clearing down and start what it awards. raises: the reserve rises where nobody is hired."""
        tape, clearing = self._tape, len(self._tape.clearings)
        if winners and self._rules.advisor is not None:
            bids = self._allocator.opening.bids if own < 0 else tape.own[own].bids
            self._known.claims[task, posting] = bids.claim[self._replication, task] if own < 0 else bids.claim
        tape.clearings.append(
            ClearingNote(self._replication, task, posting, posted, self._env.now, own)  # type: ignore[arg-type]
        )
        tape.closed.append(_OPEN)
        state = self._tasks[task]
        state.n_verified, state.budget = 0, budget
        for agent in itertools.chain(*winners):
            self._slots[agent] -= 1
            if self._slots[agent] == 0:
                self._full.add(agent)
        self._n_working += bool(winners)
        if winners:
            state.waiting = winners
            self._next_turn(task, posting, clearing)
        elif self.books is not None and self._withdrawn(own):
            tape.closed[clearing] = _NO_BUDGET
        else:
            if raises and self._rules.escalation is not None:
                value, first = self._value[task], state.first_reserve
                state.reserve = float(self._rules.escalation.after_unfilled(state.reserve, first, value))
            self._end_posting(task, posting, clearing, _UNFILLED)

    def _wait(self, task: int, posting: int, now: int) -> None:
        """Have the posting take part in the round that is its first."""
        tick = self._clears_at(now)
        self._rounds.setdefault(tick, []).append((task, posting, now, self._known.card))
        if len(self._rounds[tick]) == 1:
            self._at(tick, _ROUND, self._clear_round, 0, 0, tick)

    def _clear_round(self, event: Event) -> None:
        """Clear all postings of the round together."""
        rules, tape, tick = self._rules, self._tape, event._value[2]
        waiting = sorted(self._rounds.pop(tick), key=lambda one: one[0])
        self._last_round, first = tick, len(tape.own)
        able, left = [], np.full(self._n_agents, rules.max_bids)
        for task, posting, _, card in waiting:
            able.append(bool(self._ask_again(task, posting, card, left <= 0).hired.any()))
            left = left - tape.barred[-1].asked(tape.own[-1].willing)
        lottery = self._allocator.world.lottery[self._replication]
        lots = np.array([lottery[task, posting] for task, posting, *_ in waiting])
        room = rules.concurrency - self._n_working
        tape.own[first:] = clear_round(rules.mechanism, rules.assignment, tape.own[first:], lots, room)
        for place, (task, posting, posted, _) in enumerate(waiting):
            award = tape.own[first + place].award
            raises = room > 0 and not able[place]
            winners, budget = in_turns(award)[0], award.budget
            self._conclude(task, posting, posted, first + place, winners, budget, raises=raises)

    def _as_expected(self, task: int, posting: int) -> bool:
        """The clearing has the very inputs for which the opening asked the mechanism."""
        if posting or self._known.learned or self.books is not None:  # accounts are read at every clearing
            return False
        row = self._expected[task]
        return not any(row[agent] for agent in self._full)

    def _ask_again(self, task: int, posting: int, card: State | None, limited: BoolArray | None = None) -> Award:
        """Clear the posting by itself. limited (n,): makes no bid on it, having made all it may in the round."""
        state = self._tasks[task]
        own, barred, books = self._untried, Barred(), self.books
        if limited is not None:
            barred = barred._replace(limited=limited)
        if posting:
            own = BidderState(self._at_task(self._tries, task), self._at_task(self._failures, task))
            excluded = ~self._everybody
            excluded[list(state.excluded)] = True
            barred = barred._replace(excluded=excluded)
        if books is not None:
            withdrawn = np.full(self._n_agents, books.withdrawn(task, state.reserve))
            barred = barred._replace(exited=books.exited(), withdrawn=withdrawn)
        free = barred.asked(self._everybody).copy()
        if self._full:
            free[list(self._full)] = False
        at = self._replication, task
        clearing = self._allocator.clear(at, posting, state.reserve, own, free, self._known.states, card)
        if books is not None:
            made = barred.asked(clearing.willing)
            clearing, no_bond = books.bonded(
                clearing, made, lambda asked, out: self._allocator.ask_without(asked, at, posting, out)
            )
            barred = barred._replace(no_bond=no_bond)
            if clearing.award.fee is not None:
                books.collect(task, clearing.award.fee)
        self._tape.own.append(clearing)
        self._tape.barred.append(barred)
        if books is not None:
            for agent in np.flatnonzero(clearing.award.hired).tolist():
                books.award(task, posting, agent, clearing.award)
        return clearing.award

    def _withdrawn(self, own: int) -> bool:
        withdrawn = self._tape.barred[own].withdrawn
        return withdrawn is not None and bool(withdrawn.any())

    def _at_task(self, counts: dict[tuple[int, int], int], task: int) -> IntArray:
        return np.array([counts.get((task, agent), 0) for agent in range(self._n_agents)], np.int64)

    def _next_turn(self, task: int, posting: int, clearing: int) -> None:
        state = self._tasks[task]
        agents, state.waiting = state.waiting[0], state.waiting[1:]
        state.n_running = len(agents)
        for agent in agents:
            self._attempt(task, posting, agent, clearing)

    def _free(self, agent: int) -> None:
        self._slots[agent] += 1
        self._full.discard(agent)

    def _attempt(self, task: int, posting: int, agent: int, clearing: int) -> None:
        state, rules = self._tasks[task], self._rules
        start: int = self._env.now  # type: ignore[assignment]
        turn = self._tries.get((task, agent), 0)
        self._tries[task, agent] = turn + 1
        if turn >= self._n_tries:
            if not self._allocator.world.repeats:
                raise MarketError(f"try {turn + 1} of agent {agent} at task {task}: only {self._n_tries} are known")
            known = self._n_tries - 1
        else:
            known = turn
        if rules.exclude == "hired":
            state.excluded |= {agent}
        lasts, status = self._duration[task][agent][known], self._status[task][agent][known]
        if state.budget is not None:
            cost, budget = self._cost[task, agent, known], state.budget[agent]
            lasts = int(ticks(lasts, cost, budget))
            if stopped(cost, budget) and status == _PASS:
                status = _FAIL
        finish = start + lasts
        timed_out = finish > state.deadline
        if timed_out:
            finish = int(state.deadline)
        status = int(rules.timeout) if timed_out else status
        self._at(
            finish,
            _COMPLETION,
            self._complete,
            task,
            posting,
            agent,
            known,
            status,
            timed_out,
            clearing,
            turn,
            start,
            agent=agent,
        )

    def _complete(self, event: Event) -> None:
        task, posting, agent, known, status, timed_out, clearing, turn, start = event._value
        state, rules = self._tasks[task], self._rules
        self._free(agent)
        cost = float(self._costs(task, known)[agent])
        self._note(clearing, agent, turn, start, status, timed_out, known, cost)
        if self.books is not None:
            self.books.complete(task, posting, agent, status, cost)
        failures = self._failures.get((task, agent), 0)
        if self._known.learns:
            self._known.add(Completed(task, posting, agent, status, failures, self._costs(task, known)))
        state.n_running -= 1
        state.timed_out |= timed_out
        if status == _PASS:
            state.n_verified += 1
        elif status == _FAIL:
            state.failures += 1
            self._failures[task, agent] = failures + 1
            if rules.escalation is not None:
                value, first = self._value[task], state.first_reserve
                state.reserve = float(rules.escalation.after_failure(state.reserve, first, state.failures, value))
            if rules.exclude == "failed":
                state.excluded |= {agent}
        if state.n_running == 0:
            if state.waiting and not state.n_verified and self._env.now < state.deadline:
                self._next_turn(task, posting, clearing)
                return
            for waiting in itertools.chain(*state.waiting):
                self._free(waiting)
                if self.books is not None:
                    self.books.complete(task, posting, waiting, _NONE, 0.0)
            state.waiting = ()
            self._n_working -= 1
            if state.n_verified:
                self._tape.closed[clearing] = _SOLVED
            else:
                self._end_posting(task, posting, clearing, _DEADLINE if state.timed_out else _FAILED)

    def _note(
        self, clearing: int, agent: int, turn: int, start: int, status: int, timed_out: bool, known: int, cost: float
    ) -> None:
        tape, world, r = self._tape, self._allocator.world, self._replication
        note = tape.clearings[clearing]
        award = self._award if note.own < 0 else tape.own[note.own].award
        at = agent if note.own >= 0 else (r, note.task, agent)
        budget = None if award.budget is None else award.budget[at]
        ended = budget is not None and bool(stopped(self._cost[note.task, agent, known], budget))
        success = bool(world.delivered[r, note.task, agent, known]) and not timed_out and not ended
        pay = award.pay_success if status == _PASS else award.pay_failure if status == _FAIL else None
        payment = 0.0 if pay is None else float(pay[at])
        finish: int = self._env.now  # type: ignore[assignment]
        tape.attempts.append(
            AttemptNote(clearing, agent, turn, start, finish, status, timed_out, success, cost, payment)
        )

    def _costs(self, task: int, known: int) -> FloatArray:
        """(n,) what the posting's attempts cost."""
        cost: FloatArray = self._cost[task, :, known]
        budget = self._tasks[task].budget
        return cost if budget is None else spent(cost, budget)

    def _end_posting(self, task: int, posting: int, clearing: int, reason: int) -> None:
        """Post the task again where a posting remains and can clear before the deadline; else close it."""
        rules = self._rules
        if posting + 1 < rules.postings:
            tick: int = self._env.now + rules.repost_delay  # type: ignore[assignment]
            if self._clears_at(tick) < self._tasks[task].deadline:
                self._tape.closed[clearing] = _REPOSTED
                self._at(tick, _POSTING, self._post, task, posting + 1)
                return
            reason = _DEADLINE
        self._tape.closed[clearing] = reason
