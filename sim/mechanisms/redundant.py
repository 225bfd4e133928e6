"""Redundant hiring: hires the set of agents with the greatest joint expected surplus at once, at VCG prices.

    worth       W(S) = V (1 - prod_S (1 - q)) - sum_S a;  W of nobody = V - r, the floor under surplus
    hired       S*, the set of greatest worth, W* (of at most `at_most` agents, where stated)
    pay_success V - sum_{j in S*, j != i} a_j - W*_{-i}
    pay_failure V (1 - prod_{j in S*, j != i} (1 - q_j)) - sum_{j in S*, j != i} a_j - W*_{-i}

W*_{-i} is the greatest worth of a set without i. An ask is the cost of an attempt. The payment reads the rivals'
reports and the agent's own outcome, so truth is dominant in ask and claim, even where outcomes are correlated; then
only W is wrong. Sets are enumerated: adding agents while it helps, or taking a prefix of the order of c / p, misses
the best set. Source: [Stein2011].
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.kit.errors import ScenarioError
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms, contract
from sim.mechanisms.registry import register
from sim.mechanisms.subsets import Sets, luckiest_best, sets_of

MOST_AGENTS = 12
_CELLS = 1 << 17  # sets x postings enumerated at a time, so that they stay in the processor's cache


class _Posting(NamedTuple):
    """B postings, agents in the order of `sim.mechanisms.subsets`: ask, claim (n, B), value, floor (B,)."""

    ask: FloatArray
    claim: FloatArray
    value: FloatArray
    floor: FloatArray


class _Contract(NamedTuple):
    """hired, pay_success, pay_failure (n, B), by_tie (B,)."""

    hired: BoolArray
    pay_success: FloatArray
    pay_failure: FloatArray
    by_tie: BoolArray


@register("k_redundant")
@dataclass(frozen=True)
class KRedundant(Mechanism):
    """The best set of agents, each paid what it adds to the others. Source: [Stein2011].

    at_most: the most agents hired for one posting; any number where absent. With 1 it is the contingent contract
    without a limit of liability. Between sets of equal worth luck decides: the set that holds the lowest lottery if
    any of them does, then the next lowest, and so on; agents that add nothing are taken in.
    """

    at_most: Annotated[int, Ge(1), Le(MOST_AGENTS)] | None = None

    summary: ClassVar[str] = "the set of agents with the best joint surplus, each paid what it adds to the others"
    source: ClassVar[str] = "Stein2011"
    capabilities: ClassVar[Capabilities] = Capabilities(
        needs=frozenset({"value"}), asks_for="cost", hires_several=True, most_agents=MOST_AGENTS
    )

    @property
    def promises(self) -> Promises:
        return Promises(
            ask=True,
            claim=True,
            rational=True,
            efficient=True,
            no_deficit=self.at_most == 1,
            ask_at_true_claim=True,
        )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(at_most=1))

    def for_agents(self, agents: Sequence[str]) -> Self:
        """This rule; raises ScenarioError where there are too many agents to enumerate."""
        _check_size(len(agents))
        return self

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        order = np.broadcast_to(np.arange(bids.ask.shape[-1]), bids.ask.shape)
        within, outside = np.empty((2, *_flat(order).T.shape))
        for at, posting in _blocks(bids, tender, order):
            sets = self._sets(posting)
            for i in range(len(within)):
                within[i, at], outside[i, at] = sets.including(i), sets.without(i)
        known = {"best worth with it": within, "-best worth without it": -outside}
        return {name: np.where(bids.active, _unsorted(term, order), np.nan) for name, term in known.items()}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.zeros(np.shape(tender.reserve))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        order = np.argsort(lottery, axis=-1, kind="stable")[..., ::-1]
        shape = _flat(order).T.shape
        whole = _Contract(np.empty(shape, np.bool_), np.empty(shape), np.empty(shape), np.empty(shape[1], np.bool_))
        for at, posting in _blocks(bids, tender, order):
            for column, part in zip(whole, _clear(posting, self._sets(posting)), strict=True):
                column[..., at] = part
        hired, success, failure = (_unsorted(column, order) for column in whole[:3])
        return contract(hired, success, failure, whole.by_tie.reshape(bids.ask.shape[:-1]))

    def _sets(self, posting: _Posting) -> Sets:
        return sets_of(posting.ask, posting.claim, posting.value, posting.floor, self.at_most)


def _check_size(n: int) -> None:
    if n > MOST_AGENTS:
        raise ScenarioError(f"k_redundant enumerates the sets of at most {MOST_AGENTS} agents; got {n} agents")


def _blocks(bids: Bids, tender: Tender, order: IntArray) -> Iterator[tuple[slice, _Posting]]:
    """The postings, a cacheful at a time, and where they belong."""
    n = order.shape[-1]
    _check_size(n)
    ask = _flat(np.take_along_axis(np.where(bids.active, bids.ask, np.inf), order, axis=-1))
    claim = _flat(np.take_along_axis(np.where(bids.active, bids.claim, 0.0), order, axis=-1))
    value = np.asarray(tender.value).reshape(-1)
    floor = value - np.asarray(tender.reserve).reshape(-1)
    step = max(128, _CELLS >> n)
    for first in range(0, len(value), step):
        at = slice(first, first + step)
        yield at, _Posting(_rows(ask[at]), _rows(claim[at]), value[at], floor[at])


def _flat(column: NDArray[Any]) -> NDArray[Any]:
    """A column (..., n) as (B, n)."""
    return column.reshape(math.prod(column.shape[:-1]), column.shape[-1])


def _rows(column: FloatArray) -> FloatArray:
    return np.ascontiguousarray(column.T)


def _unsorted(column: NDArray[Any], order: IntArray) -> NDArray[Any]:
    """A column (n, B) in the agents' own order and the batch's own shape."""
    given = np.empty(order.shape, column.dtype)
    np.put_along_axis(given, order, column.T.reshape(order.shape), axis=-1)
    return given


def _clear(posting: _Posting, sets: Sets) -> _Contract:
    best = np.maximum.reduce(sets.worth, axis=0)
    chosen, several = luckiest_best(sets.worth, best)
    n, each = len(posting.ask), np.arange(len(best))
    hired = (chosen >> np.arange(n)[:, None]) & 1 == 1
    success, failure = np.empty(hired.shape), np.empty(hired.shape)
    for i in range(n):
        others = chosen & ~(1 << i)
        owed = sets.cost[others, each] + sets.without(i)
        success[i] = posting.value - owed
        failure[i] = posting.value * sets.chance[others, each] - owed
    by_tie = several & False
    if several.any():  # luck decided where a set as good holds somebody who is not hired
        for i in range(n):
            by_tie |= several & ~hired[i] & (sets.including(i) == best)
    return _Contract(hired, success, failure, by_tie)
