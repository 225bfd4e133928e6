"""Every set of agents at once: what hiring it is expected to be worth.

Agents stand in the order of their lotteries, the luckiest last; a set is a number; its bit i says that the i-th is
in it. So among sets of equal worth the greatest number is the one a dictator of luck would choose: it takes in the
luckiest agent if any of them does, then the next, and so on. The last axis is sets, 2^n of them; ... are postings.

    chance(S)   1 - prod_S (1 - q), grown agent by agent: chance(S + i) = chance(S) + q_i (1 - chance(S))
    cost(S)     sum_S a, infinite where a bid in S does not count
    worth(S)    V chance(S) - cost(S); of the empty set V - r, the least surplus the principal hires for
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray


class Sets(NamedTuple):
    """chance, cost and worth (..., 2^n) of every set; worth is -inf where the set may not be hired."""

    chance: FloatArray
    cost: FloatArray
    worth: FloatArray


class Extremes(NamedTuple):
    """The greatest worth of a set that leaves out each agent, and of one that holds it, (..., n)."""

    without: FloatArray
    including: FloatArray


def sets_of(ask: FloatArray, claim: FloatArray, value: FloatArray, floor: FloatArray, at_most: int | None) -> Sets:
    """ask, claim (..., n), an ask infinite where the bid does not count; value, floor (...)."""
    n = ask.shape[-1]
    shape = (*ask.shape[:-1], 1 << n)
    chance, cost = np.zeros(shape, order="F"), np.zeros(shape, order="F")  # postings side by side, as blocks have them
    for i in range(n):
        size = 1 << i
        old = chance[..., :size]
        chance[..., size : 2 * size] = (1.0 - old) * claim[..., i, None] + old
        cost[..., size : 2 * size] = cost[..., :size] + ask[..., i, None]
    worth = chance * value[..., None]
    worth -= cost
    worth[..., 0] = floor
    if at_most is not None and at_most < n:
        worth = np.where(members(n) > at_most, -np.inf, worth)
    return Sets(chance, cost, worth)


def members(n: int) -> IntArray:
    """How many agents each of the 2^n sets holds.

    >>> members(2).tolist()
    [0, 1, 1, 2]
    """
    return np.array([number.bit_count() for number in range(1 << n)])


def extremes(worth: FloatArray, n: int) -> Extremes:
    """Of n agents, from the last on: once an agent is dealt with, a set counts for the better one with and without it.

    >>> [array.tolist() for array in extremes(np.array([0.0, 3.0, 1.0, 2.0]), 2)]
    [[1.0, 3.0], [3.0, 2.0]]
    """
    shape = (*worth.shape[:-1], n)
    without, including = np.empty(shape, order="F"), np.empty(shape, order="F")
    for i in reversed(range(n)):
        low, high = worth[..., : 1 << i], worth[..., 1 << i :]
        without[..., i] = np.maximum.reduce(low, axis=-1)
        including[..., i] = np.maximum.reduce(high, axis=-1)
        worth = np.maximum(low, high)
    return Extremes(without, including)


def luckiest_best(worth: FloatArray, best: FloatArray) -> tuple[IntArray, BoolArray]:
    """The greatest number among the sets worth `best` (...), and whether there are several, (...) each."""
    tied = worth == best[..., None]
    several = np.add.reduce(tied, axis=-1, dtype=np.int64) > 1
    return np.maximum.reduce(np.where(tied, np.arange(worth.shape[-1]), -1), axis=-1), several
