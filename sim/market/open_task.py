"""What the event market keeps of one open task, of one clearing that hired, and of the slots agents work in."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from sim.kit.arrays import Award, Status

Turns = tuple[tuple[int, ...], ...]  # agents by turn; tuples of numbers cost the collector of garbage nothing
_FAIL, _PASS = int(Status.FAIL), int(Status.PASS)


class OpenTask:
    """What the principal keeps of one open task. excluded: agents kept out; failures: verified, of all agents."""

    __slots__ = ("deadline", "excluded", "failures", "first_reserve", "reserve")

    def __init__(self, reserve: float, deadline: float) -> None:
        self.reserve = self.first_reserve = reserve
        self.deadline = deadline
        self.excluded: frozenset[int] = frozenset()
        self.failures = 0


class Hire:
    """One clearing and the contracts it awarded. row: where the award has them; winners: agents by turn.

    starts: tick at which work may begin. timed_out: the deadline ended an attempt. raises: the reserve rises where
    nobody is hired. working: the processes at work and the ticks at which they will have finished, by agent, where
    several work at a time.
    """

    __slots__ = ("award", "clearing", "posting", "raises", "row", "starts", "task", "timed_out", "winners", "working")

    def __init__(
        self,
        task: int,
        posting: int,
        clearing: int,
        award: Award,
        row: tuple[int, ...],
        winners: Turns,
        *,
        raises: bool,
    ) -> None:
        self.task, self.posting, self.clearing = task, posting, clearing
        self.award, self.row, self.winners, self.raises = award, row, winners, raises
        self.timed_out, self.starts = False, 0
        self.working: dict[int, Any] = {}

    def pay(self, agent: int, status: int, score: float = math.nan) -> float:
        """Dollars that the contract pays at this status and score, as `sim.kit.arrays.settle` has them."""
        if status not in (_FAIL, _PASS):
            return 0.0
        won, lost = (float(pay[(*self.row, agent)]) for pay in (self.award.pay_success, self.award.pay_failure))
        if 0.0 < score < 1.0:
            return lost + score * (won - lost)
        return won if status == _PASS else lost

    def budget(self, agent: int) -> float | None:
        """Dollars at which the attempt is stopped; None: it is not."""
        return None if self.award.budget is None else float(self.award.budget[(*self.row, agent)])


class Slots:
    """Attempts that each agent can still start. full: agents that can start none."""

    def __init__(self, capacity: float, n_agents: int) -> None:
        self._free = [capacity] * n_agents
        self.full: set[int] = set()

    def take(self, winners: Turns) -> None:
        """Everybody hired takes one."""
        for agent in itertools.chain(*winners):
            self._free[agent] -= 1
            if self._free[agent] == 0:
                self.full.add(agent)

    def give_back(self, agent: int) -> None:
        """One of the agent's is free again."""
        self._free[agent] += 1
        self.full.discard(agent)


def in_turns(award: Award, *at: int) -> list[Turns]:
    """Who is hired in each row of award[at], turn by turn; all at once where it names none."""
    hired = np.atleast_2d(award.hired[at])
    rows: list[dict[int, list[int]]] = [{} for _ in hired]
    if award.turn is None:
        for row, agent in np.argwhere(hired).tolist():
            rows[row].setdefault(0, []).append(agent)
    else:
        turn = np.atleast_2d(award.turn[at])
        for row, agent in np.argwhere(hired).tolist():
            rows[row].setdefault(int(turn[row, agent]), []).append(agent)
    return [tuple(tuple(row[nth]) for nth in sorted(row)) for row in rows]
