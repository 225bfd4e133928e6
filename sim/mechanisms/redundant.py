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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.kit.errors import ScenarioError
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms, contract
from sim.mechanisms.payment_text import SHARE, paragraph, pays
from sim.mechanisms.registry import register
from sim.mechanisms.subsets import Extremes, Sets, extremes, luckiest_best, sets_of

MOST_AGENTS = 12
_CELLS = 1 << 17  # sets x postings enumerated at a time, so that they stay in the processor's cache


class _Posting(NamedTuple):
    """Postings, agents in the order of `sim.mechanisms.subsets`: ask, claim (..., n), value, floor (...)."""

    ask: FloatArray
    claim: FloatArray
    value: FloatArray
    floor: FloatArray


class _Contract(NamedTuple):
    """hired, pay_success, pay_failure (..., n), by_tie (...)."""

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

    def told_to_bidders(self) -> str:
        some = "" if self.at_most is None else f" A set has at most {self.at_most}."
        return paragraph(
            "cost",
            f"The set of agents with the greatest worth is hired, and all of them work at once.{some} The worth "
            "of a set is value times the chance, by its claims, that at least one passes, less its asks; that of "
            "nobody is value - reserve. Here others_cost is the sum of the asks of the others who are hired. Here "
            "others_chance is the chance, by their claims, that at least one of these passes. Here best_without is the "
            "greatest worth of a set without you.",
            pays("value - others_cost - best_without", "value * others_chance - others_cost - best_without"),
            f"A higher claim makes it more likely that you are hired. {SHARE}",
        )

    def told_names(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Terms:
        hired = self(bids, tender, standing, lottery).hired
        places = np.broadcast_to(np.arange(bids.ask.shape[-1]), bids.ask.shape)
        without = _in_blocks(self._extremes, _posting(bids, tender, places))[0]
        asked = np.where(hired, bids.ask, 0.0)
        missed = np.where(hired, 1.0 - bids.claim, 1.0)
        others = ~np.eye(asked.shape[-1], dtype=np.bool_)
        return {
            "others_cost": np.where(others, asked[..., None, :], 0.0).sum(axis=-1),
            "others_chance": 1.0 - np.where(others, missed[..., None, :], 1.0).prod(axis=-1),
            "best_without": without,
        }

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        order = np.broadcast_to(np.arange(bids.ask.shape[-1]), bids.ask.shape)
        found = _in_blocks(self._extremes, _posting(bids, tender, order))
        known = {"best worth with it": found[1], "-best worth without it": -found[0]}
        return {name: np.where(bids.active, term, np.nan) for name, term in known.items()}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.zeros(np.shape(tender.reserve))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        order = np.argsort(lottery, axis=-1, kind="stable")[..., ::-1]
        found = _in_blocks(self._clear, _posting(bids, tender, order))
        hired, success, failure = (_unsorted(column, order) for column in found[:3])
        return contract(hired, success, failure, found[3])

    def _sets(self, posting: _Posting) -> Sets:
        return sets_of(*posting, self.at_most)

    def _extremes(self, posting: _Posting) -> Extremes:
        return extremes(self._sets(posting).worth, posting.ask.shape[-1])

    def _clear(self, posting: _Posting) -> _Contract:
        sets, n = self._sets(posting), posting.ask.shape[-1]
        best, value = np.maximum.reduce(sets.worth, axis=-1), posting.value[..., None]
        chosen, several = luckiest_best(sets.worth, best)
        without, including = extremes(sets.worth, n)
        bit = 1 << np.arange(n)
        hired, others = (chosen[..., None] & bit) != 0, chosen[..., None] & ~bit
        owed = np.take_along_axis(sets.cost, others, axis=-1) + without
        success = value - owed
        failure = value * np.take_along_axis(sets.chance, others, axis=-1) - owed
        # luck decided where a set as good holds somebody who is not hired
        rival = np.logical_or.reduce(~hired & (including == best[..., None]), axis=-1)
        return _Contract(hired, success, failure, several & rival)


def _check_size(n: int) -> None:
    if n > MOST_AGENTS:
        raise ScenarioError(f"k_redundant enumerates the sets of at most {MOST_AGENTS} agents; got {n} agents")


def _posting(bids: Bids, tender: Tender, order: IntArray) -> _Posting:
    _check_size(order.shape[-1])
    ask = np.take_along_axis(np.where(bids.active, bids.ask, np.inf), order, axis=-1)
    claim = np.take_along_axis(np.where(bids.active, bids.claim, 0.0), order, axis=-1)
    value = np.asarray(tender.value)
    return _Posting(ask, claim, value, value - np.asarray(tender.reserve))


def _in_blocks(clear: Callable[[_Posting], tuple[Any, ...]], posting: _Posting) -> list[Any]:
    """What `clear` gives of all postings, a cacheful at a time; of one posting as it is."""
    lead, n = posting.ask.shape[:-1], posting.ask.shape[-1]
    count, step = math.prod(lead), max(128, _CELLS >> n)
    if count == 1:
        return list(clear(posting))
    ask, claim, value, floor = (column.reshape(count, *column.shape[len(lead) :]) for column in posting)
    found = []
    for first in range(0, max(1, count), step):
        at = slice(first, first + step)
        found.append(clear(_Posting(_beside(ask[at]), _beside(claim[at]), value[at], floor[at])))
    joined = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return [column.reshape(*lead, *column.shape[1:]) for column in joined]


def _beside(column: FloatArray) -> FloatArray:
    """The column (B, n) with postings side by side in memory."""
    return np.asfortranarray(column)


def _unsorted(column: NDArray[Any], order: IntArray) -> NDArray[Any]:
    """A column (..., n) in the agents' own order."""
    given = np.empty(order.shape, column.dtype)
    np.put_along_axis(given, order, column, axis=-1)
    return given
