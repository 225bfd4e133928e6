"""One block of replications played side by side: what a batch of clearings does.

Everything about a task is settled at its clearing: who works, when they will have finished, what the verifier will
say, and so when and how the posting ends. What tasks share (slots, learned standing) is read before the clearing by
whoever calls it, in the order of moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray, Status
from sim.ledger.ledger import REASON
from sim.market.accounts import hires as hires_of
from sim.market.rows import attempt_columns, bid_columns, clearing_columns
from sim.market.rules import Rules
from sim.replay.attempts import Attempts, LetGo, Outcomes, let_go
from sim.replay.lane_accounts import Books
from sim.replay.lane_desk import Answer, Desk, Question
from sim.replay.lane_reads import Cells, Lanes, PerCell, Place
from sim.replay.record import Counts, Rows, cleared_together, short, tried_together
from sim.standing.reputation import State
from sim.world.world import World

Detail = Literal["all", "attempts", "auctions"]
_REPOSTED, _SOLVED, _FAILED, _UNFILLED, _DEADLINE, _NO_BUDGET = (
    REASON.index(name) for name in ("reposted", "solved", "failed", "unfilled", "deadline", "no budget")
)


@dataclass(eq=False)
class Closing:
    """How M postings ended. reposted (M,): the task is posted again and clears at `tick` (M,).

    claim (A,): of the bid behind each attempt. let_go: until when each slot taken is held.
    """

    attempts: Attempts
    claim: FloatArray
    reposted: BoolArray
    tick: IntArray
    let_go: LetGo


class Block:
    """The tasks of B replications under one arm's rules."""

    def __init__(self, world: World, rules: Rules, detail: Detail) -> None:
        self.world, self.rules, self._detail = world, rules, detail
        self.n_lanes, self.n_tasks, self.n_agents = world.n_replications, world.n_tasks, world.n_agents
        self.desk, self.outcomes = Desk(world, rules), Outcomes(world, rules)
        self._first_reserve, self._owner = Cells(world.reserve), Cells(world.owner)
        self._value = Cells(world.value)
        shape = world.n_tasks, world.n_replications
        raised = rules.escalation is not None and rules.postings > 1
        self._reserve = PerCell(np.array(world.reserve.T)) if raised else None
        self._n_failures = PerCell(np.zeros(shape, np.int64)) if raised else None
        self.attempts, self.bids, self.clearings, self.hires = Rows(), Rows(), Rows(), Rows()
        self.counts = Counts(self.n_lanes, self.n_tasks) if detail == "auctions" else None

    def clear(
        self,
        place: Place,
        posting: IntArray,
        tick: IntArray,
        live: BoolArray | None = None,
        full: Lanes | None = None,
        reputation: Lanes | None = None,
        cost: Lanes | None = None,
        advice: State | None = None,
        books: Books | None = None,
    ) -> Closing:
        """Clear M postings at tick (M,). live (M,): lanes that have not ended, None: all; full (n, M): no free slot.

        books: accounts of the lanes, which are those of the M postings.
        """
        tries, failures = self.outcomes.so_far(place)
        reserve = (self._reserve or self._first_reserve).per_task(place)
        excluded = self._excluded(tries, failures)
        question = Question(place, posting, reserve, tries, failures, excluded, _barred(full, live))
        if books is not None:
            question.exited, question.n_exits = books.exited()
            question.withdrawn = books.withdrawn(place, reserve)
        answer = self.desk.clear(question, reputation, cost, advice, books)
        hires = np.logical_or.reduce(answer.hired, axis=0)
        if answer.turn is None:
            made = self.outcomes.start(place, answer.hired, tick, int(np.count_nonzero(hires)), answer.budget)
        else:
            made = self.outcomes.in_turns(place, answer.hired, answer.turn, tick, answer.budget)
        if books is not None:
            books.expect(place, answer.hired, made, answer.pay_success, answer.pay_failure)
        end, passed, reason = self._ends(made, hires, tick)
        if reason is not None and question.withdrawn is not None:
            reason[question.withdrawn] = _NO_BUDGET
        if self._reserve is not None:
            self._escalate(place, made, hires, live)
        reposted, again = self._repost(question, end, passed, reason, live)
        self._write(question, answer, tick, made, reason, live)
        gone = let_go(answer.hired, answer.turn, made, end)
        return Closing(made, answer.bids.claim[made.position, made.agent], reposted, again, gone)

    def _excluded(self, tries: Lanes, failures: Lanes) -> Lanes | None:
        if self.rules.exclude == "none" or self.rules.postings == 1:
            return None
        return np.asarray((tries if self.rules.exclude == "hired" else failures) > 0)

    def _ends(self, made: Attempts, hires: BoolArray, tick: IntArray) -> tuple[IntArray, BoolArray, Lanes | None]:
        """When each posting ends, whether it was verified as solved, and (where known) why it ended, (M,) each."""
        end, passed, late = tick.copy(), np.zeros(len(tick), np.bool_), np.zeros(len(tick), np.bool_)
        position, success = made.position, made.status == Status.PASS
        if made.alone:
            end[position], passed[position] = made.finish, success
        else:
            np.maximum.at(end, position, made.finish)
            np.logical_or.at(passed, position, success)
        if made.timed_out is not None:
            late[position[made.timed_out]] = True
        if self._detail != "all":
            return end, passed, None
        return end, passed, np.where(hires, np.where(passed, _SOLVED, np.where(late, _DEADLINE, _FAILED)), _UNFILLED)

    def _escalate(self, place: Place, made: Attempts, hires: BoolArray, live: BoolArray | None) -> None:
        """Raise the reserve of tasks nobody cleared, and at failures as they are verified."""
        rule = self.rules.escalation
        if rule is None or self._reserve is None or self._n_failures is None:
            return
        cell = self._reserve.index(place.lane, place.tasks)
        reserve, first = self._reserve.flat[cell], self._first_reserve.per_task(place)
        value = self._value.per_task(place)
        reserve = np.where(hires, reserve, rule.after_unfilled(reserve, first, value))
        failed = np.bincount(made.position[made.status == Status.FAIL], minlength=len(place))
        failures = self._n_failures.flat[cell]
        for nth in range(int(failed.max(initial=0))):
            due = failed > nth
            failures = failures + due
            reserve = np.where(due, rule.after_failure(reserve, first, failures, value), reserve)
        open_ = slice(None) if live is None else live
        self._reserve.flat[cell[open_]], self._n_failures.flat[cell[open_]] = reserve[open_], failures[open_]

    def _repost(
        self, question: Question, end: IntArray, passed: BoolArray, reason: Lanes | None, live: BoolArray | None
    ) -> tuple[BoolArray, IntArray]:
        """Which tasks are posted again, and the tick at which they clear then; completes `reason`."""
        rules, posting = self.rules, question.posting
        again = end + (rules.repost_delay + rules.window)
        if rules.postings == 1:
            return np.zeros(len(end), np.bool_), again
        wanted = ~passed & (posting + 1 < rules.postings)
        if live is not None:
            wanted &= live
        if question.withdrawn is not None:
            wanted &= ~question.withdrawn
        deadline = self.outcomes.deadline(question.place)
        in_time = wanted if deadline is None else wanted & (again < deadline)
        if reason is not None:
            reason[wanted], reason[in_time] = _DEADLINE, _REPOSTED
        return in_time, again

    def _write(
        self,
        question: Question,
        answer: Answer,
        tick: IntArray,
        made: Attempts,
        reason: Lanes | None,
        live: BoolArray | None,
    ) -> None:
        late = self.desk.late(question.place) if reason is not None else None
        cleared = cleared_together(question, answer, self.rules, self._owner, tick, late)
        attempts = short(attempt_columns(tried_together(answer, made), cleared, self.rules))
        self.attempts.add(**attempts, cleared=tick[made.position])
        if self.counts is not None:
            self.counts.add(question.place, cleared, self.rules, question.n_exits, live)
        if reason is None:
            return
        kept = slice(None) if live is None else np.flatnonzero(live)
        clearings = clearing_columns(cleared, reason, self.rules)
        self.clearings.add(**{name: values[kept] for name, values in clearings.items()})
        bids = bid_columns(cleared, self.rules)
        self.bids.add(**{name: values.T[:, kept] for name, values in bids.items()})
        hired = hires_of(cleared, self.rules)
        if hired is not None:
            self.hires.add(**hired)


def _barred(full: Lanes | None, live: BoolArray | None) -> Lanes | None:
    if live is None or full is None:
        return full if live is None else ~live[None, :]
    return full | ~live
