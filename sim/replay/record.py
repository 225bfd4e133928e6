"""The rows of a block as the batch engine writes them down, and the ledger columns made of them.

Rows come in the order in which clearings were made together; the ledger has them by replication, then by moment of
clearing (tick, task, posting), then by agent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Award, IntArray, settle
from sim.ledger import OUTCOME
from sim.replay.attempts import Attempts
from sim.replay.cells import Cells, Lanes, Place
from sim.replay.desk import Answer, Question
from sim.rules import Rules
from sim.tape import Columns, hired_for

_TOLD = ("won", "lost", "late", "busy", "excluded", "abstained", "exited", "no bond", "withdrawn")
_WON, _LOST, _LATE, _BUSY, _EXCLUDED, _ABSTAINED, _EXITED, _NO_BOND, _WITHDRAWN = map(OUTCOME.index, _TOLD)


class Rows:
    """Columns gathered part by part."""

    def __init__(self) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {}

    def add(self, **columns: NDArray[Any]) -> None:
        """Append equally long columns."""
        for name, values in columns.items():
            self._parts.setdefault(name, []).append(values)

    def joined(self, order: IntArray | None = None) -> Columns:
        """The columns; rows along the last axis, in `order`."""
        whole = {name: np.concatenate(parts, axis=-1) for name, parts in self._parts.items()}
        return whole if order is None else {name: values.take(order, axis=-1) for name, values in whole.items()}

    def column(self, name: str) -> NDArray[Any]:
        """One column as it came, in 64 bits."""
        return np.concatenate(self._parts[name], axis=-1).astype(np.int64)


def attempt_rows(question: Question, answer: Answer, rules: Rules, tick: IntArray, made: Attempts) -> Columns:
    """Columns of the attempts table for the attempts a batch of clearings started, and when they were `cleared`."""
    cell = made.agent * len(question.place) + made.position
    success, failure = answer.pay_success.ravel().take(cell), answer.pay_failure.ravel().take(cell)
    contract = Award.trusted(hired=None, pay_success=success, pay_failure=failure, by_tie=None)
    budget = np.full(len(cell), np.nan) if answer.budget is None else answer.budget.ravel().take(cell)
    timed_out = np.zeros(len(cell), np.bool_) if made.timed_out is None else made.timed_out
    return {
        "replication": made.lane.astype(np.int32),
        "task": made.task.astype(np.int32),
        "posting": question.posting[made.position].astype(np.int16),
        "agent": made.agent.astype(np.int32),
        "try": made.turn.astype(np.int16),
        "turn": np.zeros(len(cell), np.int16) if answer.turn is None else answer.turn.ravel().take(cell),
        "start": made.start,
        "finish": made.finish,
        "status": made.status,
        "timed_out": timed_out,
        "success": made.success,
        **hired_for(rules, _flat(answer.bids.ask).take(cell), _flat(answer.bids.claim).take(cell), budget),
        "pay_success": success,
        "pay_failure": failure,
        "budget": np.where(np.isfinite(budget), budget, np.nan),
        "payment": settle(contract, made.status),
        "cost": made.cost,
        "cleared": tick[made.position],
    }


def clearing_rows(
    question: Question, answer: Answer, rules: Rules, whose: Cells, tick: IntArray, closed: Lanes
) -> Columns:
    """Columns of the clearings table, (M,)."""
    place, tender = question.place, answer.tender
    return {
        "replication": place.lane,
        "task": place.tasks,
        "posting": question.posting,
        "principal": whose.per_task(place),
        "posted": tick - rules.window,
        "tick": tick,
        "value": tender.value,
        "reserve": tender.reserve,
        "penalty": tender.penalty,
        "n_active": answer.bids.active.sum(axis=1),
        "n_hired": answer.hired.sum(axis=0),
        "by_tie": answer.award.by_tie,
        "overhead": np.full(len(place), rules.overhead),
        "closed": closed,
    }


def bid_rows(question: Question, answer: Answer, rules: Rules, late: Lanes | None) -> Columns:
    """Columns of the bids table, (n, M) each."""
    place, bids = question.place, answer.bids
    made = question.made(answer.willing)
    outcome = np.full(answer.hired.shape, _BUSY, np.int8)
    if late is not None:
        outcome[late] = _LATE
    outcome[bids.active.T] = _LOST
    outcome[answer.hired] = _WON
    if answer.no_bond is not None:
        outcome[answer.no_bond] = _NO_BOND
    outcome[~answer.willing] = _ABSTAINED
    if question.excluded is not None:
        outcome[question.excluded] = _EXCLUDED
    if question.withdrawn is not None:
        outcome[:, question.withdrawn] = _WITHDRAWN
    if question.exited is not None:
        outcome[question.exited] = _EXITED
    score = rules.mechanism.scores(bids, answer.tender, answer.standing)

    def each(per_clearing: Lanes) -> Lanes:
        return np.broadcast_to(per_clearing, outcome.shape)

    return {
        "replication": each(place.lane),
        "task": each(place.tasks),
        "posting": each(question.posting),
        "agent": np.broadcast_to(np.arange(len(outcome))[:, None], outcome.shape),
        "ask": np.where(made, bids.ask.T, np.nan),
        "claim": np.where(made, bids.claim.T, np.nan),
        "score": np.where(bids.active, score, np.nan).T,
        "outcome": outcome,
        "bid_cost": np.where(made, rules.bid_cost, 0.0),
        "fee": np.zeros(outcome.shape) if answer.fee is None else answer.fee,
    }


def _flat(array: Any) -> NDArray[Any]:
    """(M, n) with lanes closest in memory, as (n M,)."""
    return np.asarray(array.T).reshape(-1)


class Counts:
    """What became of each (replication, task), (B T,) counts as in `sim.tape.auction_columns`."""

    def __init__(self, n_lanes: int, n_tasks: int) -> None:
        self._n_tasks = n_tasks
        replication, task = np.indices((n_lanes, n_tasks)).reshape(2, -1)
        self.columns: Columns = {"replication": replication, "task": task}
        for name in ("n_clearings", "n_bids", "n_awards", "n_ties", "n_exits"):
            self.columns[name] = np.zeros(n_lanes * n_tasks, np.int64)
        self.columns["fees"] = np.zeros(n_lanes * n_tasks)

    def add(self, question: Question, answer: Answer, hires: Lanes, live: Lanes | None) -> None:
        """Count a batch of clearings; hires (M,): it hired somebody; live (M,): the lane has not ended."""
        place: Place = question.place
        cell = place.lane * self._n_tasks + place.task
        n_bids = np.add.reduce(question.made(answer.willing), axis=0, dtype=np.int64)
        counted = {"n_clearings": 1, "n_bids": n_bids, "n_awards": hires, "n_ties": hires & answer.award.by_tie}
        if question.n_exits is not None:
            counted["n_exits"] = question.n_exits
        if answer.fee is not None:
            counted["fees"] = sum(answer.fee, np.zeros(len(place)))
        for name, count in counted.items():
            column = self.columns[name]
            if live is None:
                column[cell] += count
            else:
                column[cell[live]] += count if isinstance(count, int) else count[live]
