"""What agents that learn know, replication by replication, and the feedback they get (sim/agents/learning.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.agents.bidding import see
from sim.agents.everybody import Bidders
from sim.agents.learning import Feedback, State, rivals
from sim.kit.arrays import Award, Bids, FloatArray, Status, Tender
from sim.market.source import At, Outcome

_NONE = int(Status.NONE)


class _Bid(NamedTuple):
    """What is remembered of an agent's bid while its attempt is under way. memo: a number of each."""

    memo: tuple[float, ...]
    fee: float


class Adapting:
    """The learning of a block of replications of n agents. public: what the market shows."""

    def __init__(self, bidders: Bidders, n_agents: int, public: Sequence[str]) -> None:
        self._bidders, self._n, self._public = bidders, n_agents, public
        self._known: dict[int, State] = {}
        self._memos: dict[At, tuple[FloatArray, ...]] = {}
        self._under_way: dict[tuple[At, int], _Bid] = {}

    def known(self, replication: int) -> State:
        """What is known now."""
        if replication not in self._known:
            self._known[replication] = self._bidders.init(self._n)
        return self._known[replication]

    def formed(self, at: At, memo: tuple[FloatArray, ...]) -> None:
        """Keep the memos (n,) of the bids on a posting until it clears."""
        self._memos[at] = memo

    def cleared(self, at: At, tender: Tender, bids: Bids, award: Award) -> None:
        """All whose bids counted learn whether they were hired. Arrays are (n,)."""
        memo, fee = self._memos.pop(at), np.zeros(self._n) if award.fee is None else award.fee
        none = np.zeros(self._n)
        rival = np.full(self._n, np.nan)
        if "asks" in self._public:
            notice = see(self._public, tender.value, tender.reserve, tender.penalty, tender.posting)
            rival = rivals(bids.ask, bids.active, notice)
        feedback = Feedback(
            informed=bids.active,
            status=np.full(self._n, _NONE),
            hired=award.hired,
            payment=np.where(award.hired, none, none - fee),
            cost=none,
            rival=rival,
            memo=memo,
        )
        self._learn(at[0], feedback)
        for agent in np.flatnonzero(award.hired).tolist():
            self._under_way[at, agent] = _Bid(tuple(float(one[agent]) for one in memo), float(fee[agent]))

    def ended(self, at: At, agent: int, outcome: Outcome, payment: float) -> None:
        """The agent learns how its attempt ended."""
        bid, here = self._under_way.pop((at, agent)), np.arange(self._n) == agent
        none = np.zeros(self._n)
        feedback = Feedback(
            informed=here,
            status=np.where(here, outcome.status, _NONE),
            hired=here,
            payment=np.where(here, payment - bid.fee, 0.0),
            cost=np.where(here, outcome.cost, 0.0),
            rival=np.full(self._n, np.nan),
            memo=tuple(np.where(here, one, none) for one in bid.memo),
        )
        self._learn(at[0], feedback)

    def _learn(self, replication: int, feedback: Feedback) -> None:
        known = self.known(replication)
        with np.errstate(all="ignore"):  # numbers of agents that are not informed mean nothing
            self._known[replication] = self._bidders.learn(known, feedback)
