"""Postings on which promises are attacked: anything a market may hold, extremes and ties among it.

Index convention: B postings, n agents, last. Drawn by name from (seed, purpose), so that a counterexample comes back.

    value V     half or quarter dollars in a part of the postings, else anything from .25 to 4
    reserve r   "any": V, 0, or anything up to 2 V; "within": never above V; "value": V
    penalty k   0, or where `penalised` anything up to V
    types       belief p in [.01, 1], 0 or 1; cost c up to V, 0, pV (no surplus) or pr
    bids        ask from -.2 to 1.25 times the greater of V and r, 0, V or r; claim in [.01, 1], 0, 1 or the belief

In a third of the postings all of it lies on quarters, so that agents tie. What is believed is taken as true.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.auditing.deviations import fees, turn_comes
from sim.kit import draws
from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Notice, Standing, Tender
from sim.mechanisms import Mechanism

ReserveLaw = Literal["any", "within", "value"]


@dataclass(frozen=True, eq=False)
class Books:
    """B postings before n agents. belief, cost (B, n); me (B,): who is attacked, where one agent is."""

    belief: FloatArray
    cost: FloatArray
    bids: Bids
    tender: Tender
    standing: Standing
    lottery: FloatArray
    me: IntArray

    @property
    def mine(self) -> BoolArray:
        """(B, n): the attacked agent."""
        return np.asarray(np.arange(self.belief.shape[1]) == self.me[:, None])

    def own(self, column: Any) -> Any:
        """The attacked agent's entry of a column (..., B, n), as (..., B)."""
        return column[..., np.arange(len(self.me)), self.me]

    def notice(self, rule: Mechanism) -> Notice:
        """What agents see: all but a sealed reserve."""
        t = self.tender
        reserve = t.reserve if rule.capabilities.announces_reserve else np.full(t.reserve.shape, np.nan)
        return Notice.trusted(value=t.value, reserve=reserve, penalty=t.penalty, posting=t.posting)

    def honest(self, rule: Mechanism, who: BoolArray | bool = True) -> Books:
        """The same postings with the agents in `who` (B, n) truthful; one with an infinite truthful ask abstains."""
        ask = np.asarray(rule.truthful_ask(self.belief, self.cost, self.notice(rule)))
        able = np.isfinite(ask)
        bids = Bids.trusted(
            ask=np.where(who, np.where(able, ask, np.nan), self.bids.ask),
            claim=np.where(who, self.belief, self.bids.claim),
            active=np.where(who, able, self.bids.active),
        )
        return replace(self, bids=bids)

    def with_own_bid(self, ask: FloatArray, claim: FloatArray) -> Bids:
        """Bids (..., B, n) in which the attacked agent says this, (..., B) each; an infinite ask abstains."""
        active = np.isfinite(ask)
        return Bids.trusted(
            ask=self._with(self.bids.ask, np.where(active, ask, np.nan)),
            claim=self._with(self.bids.claim, claim),
            active=self._with(self.bids.active, active),
        )

    def _with(self, column: NDArray[Any], own: NDArray[Any]) -> NDArray[Any]:
        """The column with the attacked agent's own entries (..., B) put in; postings closest in memory."""
        made = np.empty((column.shape[1], *own.shape), column.dtype)
        for agent in range(len(made)):
            made[agent] = np.where(self.me == agent, own, column[:, agent])
        return np.moveaxis(made, 0, -1)

    def award(self, rule: Mechanism, bids: Bids | None = None) -> Award:
        """What the rule makes of these bids (..., B, n), by default the books' own."""
        bids = self.bids if bids is None else bids
        lead = bids.ask.shape[:-1]
        tender = {name: np.broadcast_to(array, lead) for name, array in vars(self.tender).items()}
        standing = {name: np.broadcast_to(array, bids.ask.shape) for name, array in vars(self.standing).items()}
        lottery = np.broadcast_to(self.lottery, bids.ask.shape)
        return rule(bids, Tender.trusted(**tender), Standing.trusted(**standing), lottery)

    def utility(self, award: Award) -> FloatArray:
        """What the attacked agent expects at its type, (..., B)."""
        p, c = self.own(self.belief), self.own(self.cost)
        pay = p * self.own(award.pay_success) + (1.0 - p) * self.own(award.pay_failure) - c
        return np.asarray(self.own(comes(award, self.belief)) * pay - self.own(fees(award)))


def comes(award: Award, ability: FloatArray) -> FloatArray:
    """Chance (..., n) that each agent works: it is hired and, where there are turns, all before it fail."""
    fail = [1.0 - ability[..., agent] for agent in range(ability.shape[-1])]
    return np.stack([turn_comes(award, agent, fail) for agent in range(len(fail))], axis=-1)


@lru_cache(maxsize=32)
def books(n: int, size: int, seed: int, reserve: ReserveLaw = "any", penalised: bool = False) -> Books:
    """Draws `size` postings before n agents; rules share them, so that nobody may change them."""
    streams = _Streams(n, size, f"{reserve} {penalised}", seed)
    coarse = streams.each("coarse") < 1 / 3

    def rounded(x: FloatArray, step: FloatArray | float) -> FloatArray:
        where = coarse if x.ndim == 1 else coarse[:, None]
        return np.where(where, np.rint(x / step) * step, x)

    value = np.maximum(0.25, rounded(0.25 + 3.75 * streams.each("value"), 0.25))
    cap = _reserve(streams, value, reserve, coarse)
    penalty = rounded(value * streams.each("penalty"), 0.25 * value) if penalised else np.zeros(size)
    v, r = value[:, None], cap[:, None]
    belief = streams.mixed("belief", rounded(0.01 + 0.99 * streams.all("p"), 0.25), [0.0, 1.0])
    cost = streams.mixed("cost", rounded(v * streams.all("c"), 0.25 * v), [0.0 * v, belief * v, belief * r])
    most = np.maximum(v, r)
    ask = streams.mixed("ask", rounded(most * (1.45 * streams.all("a") - 0.2), 0.25 * v), [0.0 * v, v, r])
    claim = streams.mixed("claim", rounded(0.01 + 0.99 * streams.all("q"), 0.25), [0.0, 1.0, belief])
    active = streams.all("active") < 0.85
    usage = np.where(streams.each("usage")[:, None] < 0.5, 0.0, 0.5 * v * streams.all("expected cost"))
    return _fixed(
        belief=belief,
        cost=cost,
        bids=Bids.trusted(ask=np.where(active, ask, np.nan), claim=claim, active=active),
        tender=Tender.trusted(value=value, reserve=cap, penalty=penalty, posting=np.zeros(size, np.int64)),
        standing=Standing.trusted(
            reputation=0.5 + 0.75 * streams.all("reputation"),
            expected_cost=usage,
            advice=streams.mixed("advice", streams.all("w"), [0.0, 1.0, belief]),
        ),
        lottery=streams.all("lottery"),
        me=(streams.each("who") * n).astype(np.int64),
    )


def _fixed(**of: Any) -> Books:
    """Books whose arrays are for reading alone."""
    for one in of.values():
        for array in [one] if isinstance(one, np.ndarray) else vars(one).values():
            if array is not None:
                array.flags.writeable = False
    return Books(**of)


def _reserve(streams: _Streams, value: FloatArray, law: ReserveLaw, coarse: BoolArray) -> FloatArray:
    if law == "value":
        return value
    share = streams.each("reserve") * (2.0 if law == "any" else 1.0)
    share = np.where(coarse, np.rint(4.0 * share) / 4.0, share)
    kind = streams.each("kind of reserve")
    return value * np.where(kind < 0.3, 1.0, np.where(kind < 0.4, 0.0, share))


class _Streams:
    """Named draws of `size` postings, or of the n agents in them."""

    def __init__(self, n: int, size: int, purpose: str, seed: int) -> None:
        self._n, self._size, self._purpose, self._seed = n, size, f"promises {n} {purpose}", seed

    def each(self, name: str) -> FloatArray:
        return draws.uniform(self._seed, f"{self._purpose} {name}", draws.words_range(self._size))

    def all(self, name: str) -> FloatArray:
        words = draws.words_range(self._size), draws.words_range(self._n)
        return draws.uniform(self._seed, f"{self._purpose} {name}", *words)

    def mixed(self, name: str, usual: FloatArray, extremes: list[Any]) -> FloatArray:
        """A tenth of the draws at each extreme."""
        kind, made = self.all(f"{name} extreme"), usual
        for place, extreme in enumerate(extremes):
            made = np.where((kind >= 0.1 * place) & (kind < 0.1 * (place + 1)), extreme, made)
        return made
