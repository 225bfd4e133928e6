"""Which agent does which task when each agent takes at most one and each task goes to at most one.

worth (m, n): what agent i is worth at task t, -inf where it cannot have it. floor (m,): what leaving the task unfilled
is worth. The best matching maximises the total over tasks of worth where filled and floor where not; it is found by
`scipy.optimize.linear_sum_assignment` on the tasks against the agents and one empty place a task.

Ties: among matchings of exactly the same total the tasks choose in their order, each the agent with the lowest lottery
at that task; an agent goes before leaving the task unfilled. Totals are summed without rounding error (math.fsum), so
that the order of the tasks decides nothing. Sources: [Kuhn1955], [Leonard1983].
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray

NOBODY = -1


def best_matching(worth: FloatArray, floor: FloatArray) -> IntArray | None:
    """Agent of each task, (m,), `NOBODY` where unfilled; None where no matching is possible."""
    from scipy.optimize import linear_sum_assignment

    m, n = worth.shape
    places = np.full((m, n + m), -np.inf)
    places[:, :n] = worth
    places[np.arange(m), n + np.arange(m)] = floor
    try:
        column = linear_sum_assignment(places, maximize=True)[1]
    except ValueError:  # a task with neither an agent nor leave to stay unfilled
        return None
    return np.where(column < n, column, NOBODY)


def total(worth: FloatArray, floor: FloatArray, agent: IntArray) -> float:
    """Total of a matching, rounded once."""
    return math.fsum(floor[t] if i == NOBODY else worth[t, i] for t, i in enumerate(agent.tolist()))


def luckiest_matching(worth: FloatArray, floor: FloatArray, lottery: FloatArray) -> tuple[IntArray, BoolArray]:
    """The best matching, ties broken by lottery (m, n); and where the lottery decided, (m,)."""
    by_tie = np.zeros(len(worth), np.bool_)
    agent = best_matching(worth, floor)
    if agent is None:
        raise ValueError("floor must be finite")
    best = total(worth, floor, agent)
    if not any(_as_good(change, best) for change in _without_each(worth, floor, agent)):
        return agent, by_tie
    for task in range(len(worth)):
        order = [*np.argsort(lottery[task], kind="stable").tolist(), NOBODY]
        good = [option for option in order if _as_good(_fixed(worth, floor, task, option), best)]
        by_tie[task] = sum(option != NOBODY for option in good) > 1
        worth, floor = _fixed(worth, floor, task, good[0])
        agent[task] = good[0]
    return agent, by_tie


def _as_good(case: tuple[FloatArray, FloatArray], best: float) -> bool:
    found = best_matching(*case)
    return found is not None and total(*case, found) >= best


def _without_each(worth: FloatArray, floor: FloatArray, agent: IntArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """For each task, the case in which what it has is denied to it."""
    for task, i in enumerate(agent.tolist()):
        fewer, bound = worth.copy(), floor.copy()
        if i == NOBODY:
            bound[task] = -np.inf
        else:
            fewer[task, i] = -np.inf
        yield fewer, bound


def _fixed(worth: FloatArray, floor: FloatArray, task: int, option: int) -> tuple[FloatArray, FloatArray]:
    """The case in which the task has nothing but this option."""
    fewer, bound = worth.copy(), floor.copy()
    fewer[task] = -np.inf
    if option == NOBODY:
        return fewer, bound
    bound[task] = -np.inf
    fewer[task, option] = worth[task, option]
    return fewer, bound
