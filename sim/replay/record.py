"""The rows of a block as the batch engine writes them down, and the order in which the ledger has them.

Rows come in the order in which clearings were made together; the ledger has them by replication, then by moment of
clearing (tick, task, posting), then by agent. What they say is written by `sim.market.rows`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import Award, IntArray, settle
from sim.market.rows import Barred, Cleared, Columns, Picked, Tried, auction_counts
from sim.market.rules import Rules
from sim.market.source import ABSTAINED, BID
from sim.replay.attempts import Attempts
from sim.replay.lane_desk import Answer, Question
from sim.replay.lane_reads import Cells, Lanes, Place

_SHORT = {"replication": np.int32, "task": np.int32, "agent": np.int32, "posting": np.int16, "try": np.int16}


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
        return {name: _joined(parts, order) for name, parts in self._parts.items()}

    def column(self, name: str) -> NDArray[Any]:
        """One column as it came, in 64 bits."""
        return np.concatenate(self._parts[name], axis=-1).astype(np.int64)


def _joined(parts: list[NDArray[Any]], order: IntArray | None) -> NDArray[Any]:
    """The parts one after the other, in `order`; one number stays one where all of them are that number broadcast."""
    first = parts[0]
    if not any(part.size == 0 or any(part.strides) for part in parts):
        number = first[(slice(1),) * first.ndim].tobytes()
        if all(part[(slice(1),) * first.ndim].tobytes() == number for part in parts):
            count = sum(part.shape[-1] for part in parts)
            return np.broadcast_to(first.flat[0], (*first.shape[:-1], count))
    whole = np.concatenate(parts, axis=-1)
    return whole if order is None else whole.take(order, axis=-1)


def cleared_together(
    question: Question, answer: Answer, rules: Rules, owner: Cells, tick: IntArray, late: Lanes | None
) -> Cleared:
    """A batch of M clearings, all arrays (M, n) with lanes closest in memory."""
    place = question.place
    withdrawn = question.withdrawn
    barred = Barred(
        excluded=_agents_last(question.excluded),
        exited=_agents_last(question.exited),
        no_bond=_agents_last(answer.no_bond),
        withdrawn=None if withdrawn is None else withdrawn[:, None],
    )
    return Cleared(
        replication=place.lane,
        task=place.tasks,
        posting=question.posting,
        posted=tick - rules.window,
        tick=tick,
        owner=owner.per_task(place),
        reason=np.where(answer.willing, np.int8(BID), np.int8(ABSTAINED)).T,
        late=_agents_last(late),
        barred=barred,
        belief=answer.belief.T,
        cost_belief=answer.cost_belief.T,
        bid_cost=np.broadcast_to(np.float64(rules.bid_cost), answer.hired.T.shape),
        bids=answer.bids,
        tender=answer.tender,
        standing=answer.standing,
        award=_lanes_closest(answer),
    )


def _agents_last(lanes: Lanes | None) -> Lanes | None:
    return None if lanes is None else lanes.T


def _lanes_closest(answer: Answer) -> Award:
    """The award as views of what the answer holds."""
    names = ("hired", "pay_success", "pay_failure", "turn", "budget", "fee")
    arrays = {name: _agents_last(getattr(answer, name)) for name in names}
    return Award.trusted(by_tie=answer.award.by_tie, **arrays)


def tried_together(answer: Answer, made: Attempts) -> Tried:
    """The attempts that a batch of clearings started."""
    at = Picked(made.agent, made.position)
    contract = Award.trusted(
        hired=None, pay_success=at.of(answer.pay_success), pay_failure=at.of(answer.pay_failure), by_tie=None
    )
    return Tried(
        clearing=made.position,
        agent=made.agent,
        nth=made.turn,
        start=made.start,
        finish=made.finish,
        status=made.status,
        timed_out=np.broadcast_to(np.False_, made.agent.shape) if made.timed_out is None else made.timed_out,
        success=made.success,
        cost=made.cost,
        payment=settle(contract, made.status),
    )


def short(columns: Columns) -> Columns:
    """The same with codes and counts in as few bits as the ledger keeps."""
    return {name: values.astype(_SHORT[name]) if name in _SHORT else values for name, values in columns.items()}


class Counts:
    """What became of each (replication, task), (B T,) counts as in `sim.market.tape.auction_columns`."""

    def __init__(self, n_lanes: int, n_tasks: int) -> None:
        self._n_tasks = n_tasks
        replication, task = np.indices((n_lanes, n_tasks)).reshape(2, -1)
        self.columns: Columns = {"replication": replication, "task": task}
        for name in ("n_clearings", "n_bids", "n_awards", "n_ties", "n_exits"):
            self.columns[name] = np.zeros(n_lanes * n_tasks, np.int64)
        self.columns["fees"] = np.zeros(n_lanes * n_tasks)

    def add(self, place: Place, cleared: Cleared, rules: Rules, n_exits: Lanes | None, live: Lanes | None) -> None:
        """Count a batch of clearings; live (M,): the lane has not ended."""
        cell = place.lane * self._n_tasks + place.task
        counted = auction_counts(cleared, rules) | ({} if n_exits is None else {"n_exits": n_exits})
        for name, count in counted.items():
            column = self.columns[name]
            if live is None:
                column[cell] += count
            else:
                column[cell[live]] += count[live]
