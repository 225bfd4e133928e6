"""Every set of agents at once: what hiring it is expected to be worth.

Agents stand in the order of their lotteries, the luckiest last; a set is a number; its bit i says that the i-th is
in it. So among sets of equal worth the greatest number is the one a dictator of luck would choose: it takes in the
luckiest agent if any of them does, then the next, and so on. The first axis is sets, the second postings (B).

    chance(S)   1 - prod_S (1 - q), grown agent by agent: chance(S + i) = chance(S) + q_i (1 - chance(S))
    cost(S)     sum_S a, infinite where a bid in S does not count
    worth(S)    V chance(S) - cost(S); of the empty set V - r, the least surplus the principal hires for
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Sets:
    """chance, cost and worth (2^n, B) of every set; worth is -inf where the set may not be hired."""

    chance: FloatArray
    cost: FloatArray
    worth: FloatArray

    def without(self, bit: int) -> FloatArray:
        """The greatest worth of a set that leaves out the agent, (B,)."""
        return np.asarray(np.maximum.reduce(self._halves(bit)[:, 0], axis=(0, 1)))

    def including(self, bit: int) -> FloatArray:
        """The greatest worth of a set that holds the agent, (B,)."""
        return np.asarray(np.maximum.reduce(self._halves(bit)[:, 1], axis=(0, 1)))

    def _halves(self, bit: int) -> FloatArray:
        n_sets, n_postings = self.worth.shape
        return self.worth.reshape(n_sets >> (bit + 1), 2, 1 << bit, n_postings)


def sets_of(ask: FloatArray, claim: FloatArray, value: FloatArray, floor: FloatArray, at_most: int | None) -> Sets:
    """ask, claim (n, B), an ask infinite where the bid does not count; value, floor (B,)."""
    n, shape = len(ask), (1 << len(ask), len(value))
    chance, cost = np.zeros(shape), np.zeros(shape)
    for i in range(n):
        size = 1 << i
        old, new = chance[:size], chance[size : 2 * size]
        np.subtract(1.0, old, out=new)
        new *= claim[i]
        new += old
        np.add(cost[:size], ask[i], out=cost[size : 2 * size])
    worth = chance * value
    worth -= cost
    worth[0] = floor
    if at_most is not None and at_most < n:
        worth[members(n) > at_most] = -np.inf
    return Sets(chance, cost, worth)


def members(n: int) -> IntArray:
    """How many agents each of the 2^n sets holds.

    >>> members(2).tolist()
    [0, 1, 1, 2]
    """
    return np.array([number.bit_count() for number in range(1 << n)])


def luckiest_best(worth: FloatArray, best: FloatArray) -> tuple[IntArray, BoolArray]:
    """The greatest number among the sets worth `best` (B,), and whether there are several, (B,) each."""
    tied = worth == best
    several = np.add.reduce(tied, axis=0, dtype=np.int64) > 1
    return len(worth) - 1 - tied[::-1].argmax(axis=0), several
