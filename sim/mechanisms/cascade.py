"""The cascade: agents try one after the other until one passes.

An ask a is the cost of one attempt, q the claim, v what verifying an attempt costs the principal. Trying agent i is
worth q_i R - a_i - v, and lets the next one try with probability 1 - q_i. R = min(V, r): a success is worth V, and the
reserve r caps what a success may be bought for, so that an agent is tried only if

    (a + v) / q <= R,    that is, if its index V - (a + v) / q is at least V - R.

order       who tries
"optimal"   ascending (a + v) / q: the best order of whatever set is tried [Weitzman1979, SimonKadane1975]. Without a
            limit everybody with an index that high is tried; at most m agents: the best set of that size, by dynamic
            programming along the order (the m best indices are often another set)
"b > a"     the best set among those named, in that order

The contract is Vickrey's. For the agent at position i, with W* the value of the best cascade without it, W_before
what those before it are worth, and W_after what those after it are worth once it has failed:

    d = (W* - W_before) / prod_before (1 - q_j)      pay_success = R - v - d      pay_failure = W_after - v - d

so that an honest agent expects W - W*, by how much it makes the cascade better. In the optimal order without a limit
d = W_after: pay_success = R - v - W_after, pay_failure = -v. Where the claims before leave i no chance (a claim of 1)
d is W_after too. The truth is a best reply to the truth, not dominant: the contract counts on rivals' claims.

A claim below one in a billion promises nothing and is never tried. The penalty plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.kit.errors import ScenarioError, closest
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms, contract
from sim.mechanisms.payment_text import SHARE, paragraph, pays, plain
from sim.mechanisms.registry import register
from sim.mechanisms.score import LEAST_CLAIM
from sim.mechanisms.sequence import Chain, best_chain, whole_chain


class _Queue(NamedTuple):
    """Agents in the order of trying, all (..., n). agent: who stands at each place; able: may be tried at all."""

    agent: IntArray
    able: BoolArray
    ratio: FloatArray


@register("cascade")
@dataclass(frozen=True)
class Cascade(Mechanism):
    """Agents try one after the other until one passes. Sources: [Weitzman1979], [SimonKadane1975].

    order: "optimal", or names from the first to the last to try, as "b > a > c". at_most: agents tried at most; all
    where absent. verification: dollars that verifying one attempt costs the principal.
    """

    order: str | tuple[int, ...] = "optimal"
    at_most: Annotated[int, Ge(1), Le(1000)] | None = None
    verification: Annotated[float, Ge(0), Le(1e12)] = 0.0

    summary: ClassVar[str] = "agents try in ascending ask / claim until one passes, on Vickrey contracts"
    promises: ClassVar[Promises] = Promises(
        ask=False, claim=False, rational=True, efficient=False, no_deficit=True, equilibrium=True
    )
    source: ClassVar[str] = "Weitzman1979, SimonKadane1975"
    capabilities: ClassVar[Capabilities] = Capabilities(
        needs=frozenset({"value"}), asks_for="cost", in_turns=True, hires_several=True
    )
    dollars: ClassVar[frozenset[str]] = frozenset({"verification"})

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(at_most=2), cls(verification=0.0625))

    def for_agents(self, agents: Sequence[str]) -> Self:
        """Names in `order` resolved to positions; raises ScenarioError where nobody has a name, or one comes twice."""
        if self.order == "optimal" or not isinstance(self.order, str):
            return self
        named = [name.strip() for name in self.order.split(">")]
        for name in named:
            if name not in agents:
                allowed = ", ".join(agents)
                raise ScenarioError(f"cascade.order: no agent {name!r}{closest(name, agents)}; allowed: {allowed}")
            if named.count(name) > 1:
                raise ScenarioError(f"cascade.order: {name!r} comes twice")
        return replace(self, order=tuple(list(agents).index(name) for name in named))

    def told_to_bidders(self) -> str:
        least = f"(ask + {plain(self.verification)}) / claim" if self.verification else "ask / claim"
        if self.order == "optimal":
            order = f"in the order of {least}, the lowest first, of those for whom it is at most limit"
        else:
            order = f"in an order that is fixed beforehand, of those for whom {least} is at most limit"
        some = "" if self.at_most is None else f" At most {self.at_most} are tried: those who are worth most together."
        less = f" - {plain(self.verification)}" if self.verification else ""
        looked = (
            f" Looking at one attempt costs the principal ${plain(self.verification)}." if self.verification else ""
        )
        return paragraph(
            "cost",
            f"Agents try one after the other until one passes: {order}. Here limit is min(value, "
            f"reserve).{some}{looked} Who is never reached is paid nothing. A line of agents is worth the limit times "
            "its chance, by its claims, of a pass, less what its attempts are expected to cost. Here after is what "
            "those behind you are worth once you have failed. Here bar is what the best line without you is worth "
            "beyond those before you, divided by the chance that you are reached, or after where that is more.",
            pays(f"limit{less} - bar", f"after{less} - bar"),
            f"A higher claim brings you forward. {SHARE}" if self.order == "optimal" else SHARE,
        )

    def told_names(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Terms:
        queue, chain, _ = self._tried(bids, tender, lottery)
        placed = {"after": np.empty_like(chain.after), "bar": np.empty_like(chain.bar)}
        for name, array in placed.items():
            np.put_along_axis(array, queue.agent, getattr(chain, name), -1)
        return placed

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        if self.order != "optimal":
            return {}
        value = np.asarray(tender.value)[..., None]
        ratio = np.where(_promising(bids), self._ratio(bids), np.nan)
        return {"value": np.broadcast_to(value, ratio.shape), "-(ask + verification) / claim": -ratio}

    def threshold(self, tender: Tender) -> FloatArray:
        least = np.asarray(tender.value) - np.minimum(tender.value, tender.reserve)
        return least if self.order == "optimal" else np.full(least.shape, np.nan)

    def _ratio(self, bids: Bids) -> FloatArray:
        """(a + v) / q, infinite where the bid cannot be tried."""
        able = _promising(bids)
        return np.where(able, bids.ask + self.verification, np.inf) / np.where(able, bids.claim, 1.0)

    def _queue(self, bids: Bids, most: FloatArray, lottery: FloatArray) -> _Queue:
        ratio = self._ratio(bids)
        able = ratio <= most
        if self.order == "optimal":
            agent = np.lexsort((lottery, np.where(able, ratio, np.inf)), axis=-1)
        elif isinstance(self.order, str):
            raise ScenarioError(f"cascade.order: {self.order!r} holds names; for_agents turns them into positions")
        else:
            named = [place for place in self.order if place < ratio.shape[-1]]
            others = [place for place in range(ratio.shape[-1]) if place not in named]
            agent = np.broadcast_to(np.array(named + others, np.int64), ratio.shape)
            able = able & np.isin(np.arange(ratio.shape[-1]), named)
        return _Queue(agent, np.take_along_axis(able, agent, -1), np.take_along_axis(ratio, agent, -1))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        return self._award(*self._tried(bids, tender, lottery))

    def _tried(self, bids: Bids, tender: Tender, lottery: FloatArray) -> tuple[_Queue, Chain, FloatArray]:
        """The queue, who of it is tried, and the most that a success may be bought for, (..., 1)."""
        most = np.minimum(tender.value, tender.reserve)[..., None]
        queue = self._queue(bids, most, lottery)
        claim = np.where(queue.able, np.take_along_axis(bids.claim, queue.agent, -1), 0.0)
        spent = np.where(queue.able, np.take_along_axis(bids.ask, queue.agent, -1) + self.verification, 0.0)
        gain, stay = claim * most - spent, 1.0 - claim
        if self.order == "optimal" and self.at_most is None:
            chain = whole_chain(queue.able, gain, stay)
        else:
            chain = best_chain(queue.able, gain, stay, self.at_most or queue.able.shape[-1])
        return queue, chain, most

    def _award(self, queue: _Queue, chain: Chain, most: FloatArray) -> Award:
        def back(array: NDArray[Any]) -> NDArray[Any]:
            placed = np.empty_like(array)
            np.put_along_axis(placed, queue.agent, array, -1)
            return placed

        success = most - self.verification - chain.bar
        failure = (chain.after - chain.bar) - self.verification
        by_tie = np.zeros(queue.able.shape[:-1], np.bool_)
        if self.order == "optimal":
            tied = queue.able[..., 1:] & (queue.ratio[..., 1:] == queue.ratio[..., :-1])
            by_tie = np.asarray((tied & (chain.tried[..., 1:] | chain.tried[..., :-1])).any(axis=-1))
        place = np.where(chain.tried, np.cumsum(chain.tried, axis=-1) - 1, -1)
        award = contract(back(chain.tried), back(success), back(failure), by_tie)
        return Award.trusted(**vars(award), turn=back(place))


def _promising(bids: Bids) -> BoolArray:
    return bids.active & (bids.claim >= LEAST_CLAIM)
