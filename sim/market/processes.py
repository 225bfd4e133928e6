"""The market of one replication: a principal for each task, the allocator, and agents at work, as SimPy processes.

posted -> bids inside the window -> clearing -> award -> attempt -> verification -> standing updated -> closed, or
posted again while postings remain.

Time is whole ticks. The market always executes the least pending moment (sim/market/moment.py). What is read at a
posting and at a clearing is in sim/market/desk.py.

- An award takes the agent's slot at once; its completion frees the slot and updates the standing.
- Where an award waits for approval the work of its first turn starts so many ticks later.
- The posting closes when its last hired agent completes; only then is the task closed or posted again.
- Where an award names turns, all hired hold a slot from the clearing. A turn starts at the tick at which the one before
  it ended without a PASS, if that is before the deadline; when none starts, those still waiting are let go unpaid,
  their bonds with them, and the posting closes.
- Where the first success cancels the rest, those of its turn that would end at a later tick are cancelled there: paid
  nothing, at the share of their cost that is spent.
- `success` is False for an attempt lost to the system (INFRA), cancelled, or ended by the deadline.
- The reserve rises once for a posting that nobody cleared.
- A deadline ends running attempts as timeouts, at their full cost. A posting that could not clear before the deadline
  is not made: the task closes instead.

In rounds (sim/market/rounds.py) no posting is cleared by itself. A posting joins the first round at or after posting +
window; rounds are at the multiples of `round`, and at a tick completion < posting < round, so that whatever is posted
at the tick of a round takes part. What its clearing posts again waits for the next one: every round in which a task
takes part is a posting of it. The reserve rises for a posting whose bids would have hired nobody by themselves; a task
whose agent took another, or that was put off, keeps its reserve, and so does every task of a round without room to
start any. Where bids are limited an agent bids on the first tasks of the round, in task order, that it may and would
bid on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from inspect import GEN_CREATED, getgeneratorstate
from typing import Any

import numpy as np
import simpy
from simpy.events import Event

from sim.agents.agent import Agent
from sim.kit.arrays import Award, Status
from sim.ledger.ledger import REASON
from sim.market.allocator import Allocator
from sim.market.desk import Desk
from sim.market.inspection import reviewed
from sim.market.moment import CLEARING, COMPLETION, POSTING, ROUND, Clock
from sim.market.open_task import Hire, Turns, in_turns
from sim.market.participants import Participants
from sim.market.rounds import clear_round, next_round
from sim.market.source import Outcome, Source, answered
from sim.market.tape import ClearingNote, Tape

Process = Generator[Event, Any, Any]
_PASS = int(Status.PASS)
_OPEN = -1
_EXPECTED = -1  # a clearing's place among those that asked themselves: it is the opening's row
_REPOSTED, _SOLVED, _FAILED, _UNFILLED, _DEADLINE, _NO_BUDGET = (
    REASON.index(name) for name in ("reposted", "solved", "failed", "unfilled", "deadline", "no budget")
)


class Market:
    """One replication's market. `run` plays it to the end and writes to the tape.

    agents: those with processes of their own, by place; a class or a factory each.
    """

    def __init__(
        self,
        allocator: Allocator,
        source: Source,
        replication: int,
        tape: Tape,
        agents: Mapping[int, Callable[[], Agent]] | None = None,
    ) -> None:
        tasks, rules = allocator.tasks, allocator.rules
        self._env = simpy.Environment()
        self._clock = Clock(self._env, len(tasks.names), rules.postings, tasks.n_agents)
        own = None if not agents else Participants(agents, self._clock, tasks, replication)
        self._participants, self._desk = own, Desk(allocator, source, replication, tape, own)
        self._allocator, self._source, self._rules = allocator, source, rules
        self._replication, self._tape = replication, tape
        self._arrival = tasks.arrival[replication].tolist()
        opening = allocator.opening
        self._winners = [] if opening is None else in_turns(opening.award, replication)
        self._rounds: dict[int, list[tuple[int, int, int, Event]]] = {}  # tick -> task, posting, tick of it, its answer
        self._last_round, self._n_working = -1, 0

    @property
    def books(self) -> Any:
        """The accounts; None where none are kept."""
        return self._desk.books

    def run(self) -> None:
        """Play the replication to its end."""
        for task in range(len(self._arrival)):
            self._env.process(self.principal(task))
        self._env.run()

    def principal(self, task: int) -> Process:
        """Post the task, wait for the allocator, then for the work, and post again while it may."""
        tick = self._arrival[task]
        for posting in itertools.count():
            yield self._clock.at(tick, POSTING, task, posting)
            self._desk.post(task, posting, self._clears_at(self._clock.now))
            hire = yield from self.allocator(task, posting)
            reason = (yield from self._worked(hire)) if hire.winners else self._unfilled(hire)
            tick = self._clock.now + self._rules.market.repost_delay
            if not self._again(hire, reason, tick):
                return

    def allocator(self, task: int, posting: int) -> Process:
        """Clear the posting when its window ends, or have it take part in the round that is its first."""
        posted = self._clock.now
        if self._rules.market.round is not None:
            return (yield self._join_round(task, posting, posted))
        yield self._clock.at(posted + self._rules.window, CLEARING, task, posting)
        opening = self._allocator.opening
        if opening is not None and self._desk.as_expected(task, posting):
            return self._hire(task, posting, posted, _EXPECTED, opening.award, self._winners[task])
        own = self._desk.clear(task, posting)
        award = self._tape.own[own].award
        return self._hire(task, posting, posted, own, award, in_turns(award)[0])

    def agent(self, agent: int, hire: Hire) -> Process:
        """Work on an award; in its own way where the agent has a process of its own. Returns the status."""
        attempt = self._attempt(agent, hire)
        participants = self._participants
        own = None if participants is None else participants.find(agent)
        if participants is None or own is None:
            return (yield from attempt)
        with suppress(simpy.Interrupt):
            yield from participants.working(agent, attempt)
        if getgeneratorstate(attempt) == GEN_CREATED:  # cancelled before it began, or never begun
            return self._not_tried(agent, hire)
        return own.last_status

    def _attempt(self, agent: int, hire: Hire) -> Process:
        """One attempt: it takes its time and costs its money, is verified, and everybody learns of it."""
        at, deadline = (self._replication, hire.task), self._desk.tasks[hire.task].deadline
        start = max(self._clock.now, hire.starts)
        nth = self._desk.begin(hire.task, agent)
        finish = start + self._source.start(at, agent, nth, hire.budget(agent))
        timed_out = finish > deadline
        if timed_out:
            finish = max(start, int(deadline))
        self._desk.runs_until(hire.task, agent, finish)
        try:
            yield self._clock.at(finish, COMPLETION, hire.task, hire.posting, agent)
            outcome = self._source.outcome(at, agent, nth)
            if self._rules.market.inspection is not None:
                luck = self._allocator.tasks.luck("inspection", at, hire.posting, agent)
                outcome = reviewed(outcome, self._rules.market.inspection, luck)
        except simpy.Interrupt:
            start = min(start, self._clock.now)  # cancelled before its work began
            timed_out, outcome = False, self._source.cancel(at, agent, nth, self._clock.now - start)
        if timed_out:
            outcome, hire.timed_out = Outcome(int(self._rules.timeout), False, outcome.cost), True
        self._desk.complete(hire, agent, nth, start, self._clock.now, outcome, timed_out)
        hire.working.pop(agent, None)
        if outcome.status == _PASS and hire.working and self._rules.market.first_success_cancels:
            self._cancel(hire)
        return outcome.status

    def _not_tried(self, agent: int, hire: Hire) -> int:
        """An agent that walked away from its award, or was too late to begin: CANCELLED, at no cost."""
        nth, now = self._desk.begin(hire.task, agent), self._clock.now
        outcome = Outcome(int(Status.CANCELLED), False, 0.0)
        self._desk.complete(hire, agent, nth, now, now, outcome, False)
        return outcome.status

    def _cancel(self, hire: Hire) -> None:
        """End what is still at work, but for attempts that end at this very tick."""
        for agent, process in hire.working.items():
            if process.is_alive and self._desk.finish(hire.task, agent) > self._clock.now:
                process.interrupt()

    def _worked(self, hire: Hire) -> Process:
        """Have those hired work, turn after turn, until one passes or the deadline comes. Returns how it closed."""
        statuses: list[int] = []
        begun, deadline = 0, self._desk.tasks[hire.task].deadline
        for turn in hire.winners:
            if begun and (_PASS in statuses or self._clock.now >= deadline):
                break
            begun += 1
            if len(turn) == 1:
                statuses = [(yield from self.agent(turn[0], hire))]
            else:
                statuses = yield from self._together(turn, hire)
        for agent in itertools.chain(*hire.winners[begun:]):
            self._desk.let_go(hire, agent)
        self._n_working -= 1
        return _SOLVED if _PASS in statuses else _DEADLINE if hire.timed_out else _FAILED

    def _together(self, turn: tuple[int, ...], hire: Hire) -> Process:
        """Those of one turn at work at a time; their statuses when all have ended."""
        hire.working = {agent: self._env.process(self.agent(agent, hire)) for agent in turn}
        statuses = []
        for process in list(hire.working.values()):
            statuses.append((yield process))
        return statuses

    def _unfilled(self, hire: Hire) -> int:
        """How a posting that hired nobody closed; the reserve rises."""
        if self._desk.withdrawn(self._tape.clearings[hire.clearing].own):
            return _NO_BUDGET
        if hire.raises:
            self._desk.raise_unfilled(hire.task)
        return _UNFILLED

    def _again(self, hire: Hire, reason: int, tick: int) -> bool:
        """Write down how the posting closed; True where the task is posted again, at `tick`."""
        if reason not in (_SOLVED, _NO_BUDGET) and hire.posting + 1 < self._rules.postings:
            in_time = self._clears_at(tick) + self._rules.market.approval_delay < self._desk.tasks[hire.task].deadline
            reason = _REPOSTED if in_time else _DEADLINE
        self._tape.closed[hire.clearing] = reason
        return reason == _REPOSTED

    def _hire(
        self, task: int, posting: int, posted: int, own: int, award: Award, winners: Turns, *, raises: bool = True
    ) -> Hire:
        """Write the clearing down and take the slots of whom it hires."""
        tape, place = self._tape, len(self._tape.clearings)
        tape.clearings.append(ClearingNote(self._replication, task, posting, posted, self._clock.now, own))
        tape.closed.append(_OPEN)
        hire = Hire(task, posting, place, award, (self._replication, task) if own < 0 else (), winners, raises=raises)
        hire.starts = self._clock.now + self._rules.market.approval_delay
        self._desk.slots.take(winners)
        self._n_working += bool(winners)
        self._desk.hear_award(hire, own)
        return hire

    # Rounds.

    def _clears_at(self, posted: int) -> int:
        """Tick at which a posting made then is cleared."""
        tick, every = posted + self._rules.window, self._rules.market.round
        return tick if every is None else next_round(tick, every, self._last_round)

    def _join_round(self, task: int, posting: int, posted: int) -> Event:
        """Take part in a round; the event that answers with what it hires."""
        tick, answer = self._clears_at(posted), self._env.event()
        waiting = self._rounds.setdefault(tick, [])
        if not waiting:
            self._env.process(self._round(tick))
        waiting.append((task, posting, posted, answer))
        return answer

    def _round(self, tick: int) -> Process:
        """The allocator clears all postings of a round together."""
        yield self._clock.at(tick, ROUND)
        rules, tape, tasks = self._rules, self._tape, self._allocator.tasks
        waiting = sorted(self._rounds.pop(tick), key=lambda one: one[0])
        self._last_round, first = tick, len(tape.own)
        able, left = [], np.full(tasks.n_agents, rules.max_bids)
        for task, posting, *_ in waiting:
            own = self._desk.clear(task, posting, left <= 0)
            able.append(bool(tape.own[own].award.hired.any()))
            left = left - tape.barred[own].asked(answered(tape.own[own].offers.reason))
        lots = np.array([tasks.lottery[self._replication, task, posting] for task, posting, *_ in waiting])
        room = rules.concurrency - self._n_working
        tape.own[first:] = clear_round(rules.mechanism, rules.assignment, tape.own[first:], lots, room)
        for place, (task, posting, posted, answer) in enumerate(waiting):
            award, raises = tape.own[first + place].award, room > 0 and not able[place]
            hire = self._hire(task, posting, posted, first + place, award, in_turns(award)[0], raises=raises)
            answer.succeed(hire)
