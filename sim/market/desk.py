"""What is on the table when a posting goes out and when it clears: slots, exclusions, standing, accounts, offers.

- A bid is formed at the posting and reserves nothing. Slots, exclusions and standing are read at the clearing.
- A fee that an award asks of a bid is due at the clearing, won or lost.
- A bid that does not count is reported as the first of exited, withdrawn, excluded, abstained (or malformed, or late
  where none came), late, busy, no bond. A bid that was made costs what a bid costs, late, busy and bondless ones too;
  so does an answer that is no bid.
- Wealth and budgets are read at the clearing as well (sim/market/wealth.py). A tender withdrawn for want of budget
  closes its task; no bid on it is asked for or costs anything.
- Where an agent may make so many bids and no more, it makes the first of them, as postings clear.
- Exclusion "failed" keeps out who verified FAIL on the task, "hired" whoever was hired for it.
- The reserve rises at verified failures, timeouts mapped to FAIL included, never above the task's value unless the
  rules let it (sim/market/escalation.py); a bid on the next posting is formed from the new notice.
- An attempt that was cancelled uses up the try and its exclusion, and teaches nobody anything.
"""

from __future__ import annotations

import math

import numpy as np

from sim.agents.bidding import see
from sim.kit.arrays import BoolArray, IntArray, Status
from sim.market.allocator import Allocator, Clearing
from sim.market.books import Books
from sim.market.knowledge import Knowledge
from sim.market.open_task import Hire, OpenTask, Slots
from sim.market.participants import Participants
from sim.market.rows import Barred
from sim.market.source import Offers, Outcome, Source, answered
from sim.market.tape import AttemptNote, Tape

_NONE, _FAIL, _CANCELLED = int(Status.NONE), int(Status.FAIL), int(Status.CANCELLED)


class Desk:
    """The state of one replication's market, but for who waits for what."""

    def __init__(
        self, allocator: Allocator, source: Source, replication: int, tape: Tape, participants: Participants | None
    ) -> None:
        tasks, rules = allocator.tasks, allocator.rules
        self.allocator, self.source, self._replication, self._tape = allocator, source, replication, tape
        self._rules, self._n_agents, self._value = rules, tasks.n_agents, tasks.value[replication]
        limit = math.inf if rules.deadline is None else rules.deadline
        terms = zip(tasks.reserve[replication].tolist(), tasks.arrival[replication].tolist(), strict=True)
        self.tasks = [OpenTask(reserve, arrival + limit) for reserve, arrival in terms]
        self.slots, self.known = Slots(rules.capacity, tasks.n_agents), Knowledge(allocator)
        self.books = Books.of(tasks, rules, replication)
        self._participants = participants
        self._tries: dict[tuple[int, int], int] = {}
        self._untried: IntArray = np.zeros(tasks.n_agents, np.int64)
        self._everybody = np.ones(tasks.n_agents, np.bool_)
        self._finish: dict[tuple[int, int], int] = {}  # of each attempt running
        self._bids_are_known = allocator.opening is not None and participants is None
        self._made = np.zeros(tasks.n_agents, np.int64)  # bids of each agent at clearings so far
        most = rules.bidders.most_bids
        self._most = np.full(tasks.n_agents, math.inf if most is None else float(most))  # bids that each may make
        self._most[list(rules.staff)] = math.inf  # the principal's own make none
        limited = most is not None
        self._may_be_expected = self._bids_are_known and self.books is None and not limited  # read at every clearing
        if allocator.opening is not None:
            self._expected = allocator.opening.bids.active[replication]

    def post(self, task: int, posting: int, clears: int) -> None:
        """Ask for bids on a posting that goes out. clears: tick of its clearing."""
        if posting == 0 and self._bids_are_known:
            return
        at, state = (self._replication, task), self.tasks[task]
        tender = self.allocator.tender(at, posting, state.reserve)
        notice = see(self._rules.public, tender.value, tender.reserve, tender.penalty, tender.posting)
        if posting or self.source.opening is None:
            self.source.post(at, posting, notice, self._asked(task, clears))
        if self._participants is not None:
            self._participants.post(task, posting, notice, self._offers(task, posting))

    def _asked(self, task: int, clears: int) -> BoolArray:
        """(n,): in the market, not excluded, and a slot free now or freed by what will have ended by the clearing."""
        asked = self._everybody.copy()
        asked[list(self.tasks[task].excluded)] = False
        freed = {agent for (_, agent), tick in self._finish.items() if tick <= clears}
        asked[list(self.slots.full - freed)] = False
        asked &= self._made < self._most
        if self.books is not None and self.books.agents is not None:
            asked &= ~self.books.agents.exited
        return asked

    def _offers(self, task: int, posting: int) -> Offers:
        """(n,) what the source answers."""
        at, opening = (self._replication, task), self.source.opening
        return self.source.offers(at, posting) if posting or opening is None else opening.row(at)

    def as_expected(self, task: int, posting: int) -> bool:
        """The clearing has the very inputs for which the opening asked the mechanism."""
        if posting or not self._may_be_expected or self.known.learned:
            return False
        row = self._expected[task]
        return not any(row[agent] for agent in self.slots.full)

    def clear(self, task: int, posting: int, limited: BoolArray | None = None) -> int:
        """Clear the posting by itself; its place on the tape.

        limited (n,): makes no bid on it, having made all it may in the round.
        """
        at, state, tries = (self._replication, task), self.tasks[task], self._untried
        if posting:
            tries = np.array([self._tries.get((task, agent), 0) for agent in range(self._n_agents)], np.int64)
        barred = self._barred(task, posting, limited)
        free = barred.asked(self._everybody).copy()
        free[list(self.slots.full)] = False
        offers = self._offers(task, posting)
        if self._participants is not None:
            offers = self._participants.offers(task, posting, offers)
        clearing = self.allocator.clear(at, posting, state.reserve, tries, free, self.known.states, offers)
        self._made += barred.asked(answered(offers.reason))
        if self.books is not None:
            clearing, barred = self._with_means(self.books, at, posting, clearing, barred)
        self._tape.own.append(clearing)
        self._tape.barred.append(barred)
        return len(self._tape.own) - 1

    def _barred(self, task: int, posting: int, limited: BoolArray | None) -> Barred:
        """Who is not asked for a bid."""
        excluded = exited = withdrawn = None
        if self._rules.bidders.most_bids is not None:
            spent = self._made >= self._most
            limited = spent if limited is None else limited | spent
        if posting:
            excluded = ~self._everybody
            excluded[list(self.tasks[task].excluded)] = True
        if self.books is not None:
            withdrawn = np.full(self._n_agents, self.books.withdrawn(task, self.tasks[task].reserve))
            exited = self.books.exited()
        return Barred(excluded=excluded, exited=exited, withdrawn=withdrawn, limited=limited)

    def _with_means(
        self, books: Books, at: tuple[int, int], posting: int, clearing: Clearing, barred: Barred
    ) -> tuple[Clearing, Barred]:
        """The clearing once nobody lacks bond or fee; bids, fees and holds are taken."""
        made, task = barred.asked(answered(clearing.offers.reason)), at[1]
        clearing, no_bond = books.bonded(
            clearing, made, lambda asked, out: self.allocator.ask_without(asked, at, posting, out)
        )
        if clearing.award.fee is not None:
            books.collect(task, clearing.award.fee)
        for agent in np.flatnonzero(clearing.award.hired).tolist():
            books.award(task, posting, agent, clearing.award)
        return clearing, barred._replace(no_bond=no_bond)

    def withdrawn(self, own: int) -> bool:
        """The tender was withdrawn for want of budget."""
        gone = None if own < 0 else self._tape.barred[own].withdrawn
        return gone is not None and bool(gone.any())

    def hear_award(self, hire: Hire, own: int) -> None:
        """Tell each agent what became of the posting, as far as it may see it."""
        if hire.winners and self._rules.advisor is not None:
            at = (self._replication, hire.task)
            opening = self.allocator.opening
            claim = opening.bids.claim[at] if own < 0 and opening is not None else self._tape.own[own].bids.claim
            self.known.claims[hire.task, hire.posting] = claim
        if own >= 0:
            clearing, at = self._tape.own[own], (self._replication, hire.task)
            self.source.cleared(at, hire.posting, clearing.tender, clearing.bids, hire.award)
        if self._participants is not None:
            self._participants.hear_award(hire)

    def raise_unfilled(self, task: int) -> None:
        """Nobody was hired: the reserve rises."""
        rule, state = self._rules.escalation, self.tasks[task]
        if rule is not None:
            state.reserve = float(rule.after_unfilled(state.reserve, state.first_reserve, self._value[task]))

    def begin(self, task: int, agent: int) -> int:
        """An attempt begins; how many tries at the task the agent has had before."""
        nth = self._tries.get((task, agent), 0)
        self._tries[task, agent] = nth + 1
        if self._rules.exclude == "hired":
            self.tasks[task].excluded |= {agent}
        return nth

    def runs_until(self, task: int, agent: int, finish: int) -> None:
        """Tick at which the attempt will end."""
        self._finish[task, agent] = finish

    def complete(
        self, hire: Hire, agent: int, nth: int, start: int, now: int, outcome: Outcome, timed_out: bool
    ) -> None:
        """An attempt ended: free the slot, settle, and let everybody learn of it."""
        task, posting, status = hire.task, hire.posting, outcome.status
        payment = hire.pay(agent, status, outcome.score)
        self._tape.attempts.append(AttemptNote(hire.clearing, agent, nth, start, now, timed_out, payment, outcome))
        self._finish.pop((task, agent), None)
        self.slots.give_back(agent)
        if self.books is not None:
            self.books.complete(task, posting, agent, outcome)
        if status != _CANCELLED:
            self.known.add(task, posting, agent, outcome)
            self.source.heard((self._replication, task), agent, outcome, payment)
        if status == _FAIL:
            self._failed(task, agent)
        if self._participants is not None:
            self._participants.hear_outcome(hire, agent, outcome, payment)

    def _failed(self, task: int, agent: int) -> None:
        state, rules = self.tasks[task], self._rules
        state.failures += 1
        if rules.escalation is not None:
            value, first = self._value[task], state.first_reserve
            state.reserve = float(rules.escalation.after_failure(state.reserve, first, state.failures, value))
        if rules.exclude == "failed":
            state.excluded |= {agent}

    def let_go(self, hire: Hire, agent: int) -> None:
        """An agent's turn never came: its slot and its bond are free again."""
        self.slots.give_back(agent)
        if self.books is not None:
            self.books.complete(hire.task, hire.posting, agent, Outcome(_NONE, False, 0.0))

    def finish(self, task: int, agent: int) -> float:
        """Tick at which a running attempt will end, inf where it has not begun."""
        return self._finish.get((task, agent), math.inf)
