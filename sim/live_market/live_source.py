"""What agents of a live market answer: each question is sent when its moment comes, and joined when its answer matters.

Order and awards hang on the scenario's clock alone: latencies and durations are drawn, seconds are not. An agent that
cannot win a posting is not asked about it. Index convention: n agents; at = (replication, task).
"""

from __future__ import annotations

import math
from concurrent.futures import Future

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Notice, Status, Tender
from sim.ledger.ledger import OUTCOME
from sim.live_market.own_past import Cards
from sim.live_market.questioner import AdviceReply, BidReply, Questioner, WorkReply
from sim.market.rules import Rules
from sim.market.source import BID, At, Offers, Outcome
from sim.world.world import World

_REASON = {"bid": BID} | {word: place for place, word in enumerate(OUTCOME)}
_BILLIONTH = 1e9


class Live:
    """A `Source` of a live World. asking: puts the questions."""

    opening: Offers | None = None

    def __init__(self, world: World, rules: Rules, asking: Questioner) -> None:
        self._world, self._rules, self._asking = world, rules, asking
        self._bids: dict[tuple[At, int], dict[int, Future[BidReply]]] = {}
        self._work: dict[tuple[At, int, int], Future[WorkReply]] = {}
        self._cards = Cards()
        self._asked = rules.mechanism.capabilities.solicits_bids
        reads = rules.advisor is not None and rules.advisor.reads_claims
        advised = "advice" in rules.mechanism.capabilities.needs
        self._claims = reads and advised
        self._router = rules.router if advised else None
        self._routed: dict[tuple[At, int], Future[AdviceReply]] = {}
        self.advised: dict[tuple[At, int], FloatArray] = {}  # what was joined of it

    def post(self, at: At, posting: int, notice: Notice, asked: BoolArray) -> None:
        """Ask those who can win for a bid, or for a claim where only an advisor reads it, and the router about them."""
        if self._router is not None and asked.any():
            names = {self._world.agents[agent]: agent for agent in np.flatnonzero(asked).tolist()}
            records = {name: self._cards.record(at[0], agent) for name, agent in names.items()}
            value = float(self._world.value[at])
            self._routed[at, posting] = self._asking.advice(at[1], self._router, value, records)
        if not (self._asked or self._claims):
            return
        shape = "bid" if self._asked else "claim"
        self._bids[at, posting] = {
            agent: self._asking.bid(at[1], agent, notice, self._rules, shape, self._cards.text(at[0], agent))
            for agent in np.flatnonzero(asked).tolist()
        }

    def offers(self, at: At, posting: int) -> Offers:
        """What they answered. Who was not asked could not win, and is written down as who bid nothing."""
        n = self._world.n_agents
        ask, claim, cost = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)
        reason = np.full(n, BID, np.int8)
        if not self._asked:
            ask[:] = 0.0
        for agent, future in self._bids.get((at, posting), {}).items():
            said = future.result()
            word, cost[agent] = said.word, said.usd
            fallback = self._asking.fallback(self._rules)
            if word == "bid":
                claim[agent] = said.claim
                if self._asked:
                    ask[agent] = said.ask
            elif word != "abstained" and fallback is not None:
                ask[agent], claim[agent] = fallback.ask, fallback.claim
            elif self._asked:
                reason[agent] = _REASON[word]
        unknown = np.full(n, np.nan)
        advice, usd = self._advice(at, posting)
        return Offers(ask, claim, unknown, unknown, self._world.latency[at], cost, reason, advice, usd)

    def _advice(self, at: At, posting: int) -> tuple[FloatArray | None, float]:
        """(n,) what the router said, NaN where nothing that can be read; and what asking cost. None: there is none."""
        if self._router is None:
            return None, 0.0
        future = self._routed.get((at, posting))
        said = AdviceReply({}, 0.0) if future is None else future.result()
        self.advised[at, posting] = np.array([said.share.get(name, math.nan) for name in self._world.agents])
        return self.advised[at, posting], said.usd

    def start(self, at: At, agent: int, nth: int, budget: float | None) -> int:
        """Ask for the work; ticks as drawn."""
        self._work[at, agent, nth] = self._asking.work(at, agent, nth)
        lasts = self._world.duration[at][agent]
        return int(lasts[min(nth, len(lasts) - 1)])

    def outcome(self, at: At, agent: int, nth: int) -> Outcome:
        """What the verifier makes of the work. A PASS is a success: nobody knows better.

        Contracts pay by the status alone: outcomes are graded where a scenario says so, and a live one cannot.
        """
        worked = self._work[at, agent, nth].result()
        return Outcome(int(Status[worked.status]), worked.status == "PASS", worked.usd)

    def cancel(self, at: At, agent: int, nth: int, elapsed: int) -> Outcome:
        """Of its cost, the share of its ticks that are over, rounded up to a billionth of a dollar."""
        lasts = self._world.duration[at][agent]
        cost = self.outcome(at, agent, nth).cost
        so_far = math.ceil(cost * elapsed / int(lasts[min(nth, len(lasts) - 1)]) * _BILLIONTH) / _BILLIONTH
        return Outcome(int(Status.CANCELLED), False, min(cost, so_far))

    def cleared(self, at: At, posting: int, tender: Tender, bids: Bids, award: Award) -> None:
        """Nothing is heard of it but the award."""

    def heard(self, at: At, agent: int, outcome: Outcome, payment: float) -> None:
        """What came of an attempt stands on the agent's card."""
        self._cards.add(at[0], agent, outcome)
