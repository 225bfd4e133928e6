"""What the event market keeps of one open task, and who tries at it in which turn."""

from __future__ import annotations

import numpy as np

from sim.arrays import Award, FloatArray

Turns = tuple[tuple[int, ...], ...]  # agents by turn; tuples of numbers cost the collector of garbage nothing


class OpenTask:
    """What the principal keeps of one open task."""

    __slots__ = (
        "budget",
        "deadline",
        "excluded",
        "failures",
        "first_reserve",
        "n_running",
        "n_verified",
        "reserve",
        "timed_out",
        "waiting",
    )

    def __init__(self, reserve: float, deadline: float) -> None:
        self.reserve = self.first_reserve = reserve
        self.deadline = deadline
        self.excluded: frozenset[int] = frozenset()
        self.failures = self.n_running = self.n_verified = 0
        self.timed_out = False
        self.budget: FloatArray | None = None  # (n,) of the posting's award
        self.waiting: Turns = ()  # agents hired whose turn is still to come


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
