"""All agents of a market as one bidder: each bids by its policy, and those that learn learn by theirs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sim.agents.bidding import Bid, BidderState, Fallback, Policy, Shaded, Truthful, check_named
from sim.agents.learning import Feedback, LearningPolicy, Offer, Seen, State
from sim.kit.arrays import FloatArray, Notice
from sim.kit.errors import ScenarioError
from sim.mechanisms import Mechanism


class Formed(NamedTuple):
    """Bids (..., n), and the memos (..., n) of those that learn."""

    ask: FloatArray
    claim: FloatArray
    memo: tuple[FloatArray, ...]


class _Group(NamedTuple):
    """Agents that learn by one policy. places: theirs; None: all but those with a policy of their own.

    state, memo: which of the arrays of all groups are theirs.
    """

    policy: LearningPolicy
    places: tuple[int, ...] | None
    state: slice
    memo: slice


@dataclass(frozen=True)
class Bidders:
    """All agents under a rule: everybody bids by `everybody`, but for those with a policy of their own.

    own: agent's place -> policy. fallback: the bid put in for the silent; without one they abstain.
    """

    mechanism: Mechanism
    everybody: Policy | LearningPolicy
    own: Mapping[int, Policy | LearningPolicy]
    fallback: Fallback | None = None

    @classmethod
    def of(
        cls,
        mechanism: Mechanism,
        everybody: Policy | LearningPolicy,
        own: Mapping[str, Policy | LearningPolicy],
        agents: Sequence[str],
        *,
        alone: bool = False,
        fallback: Fallback | None = None,
    ) -> Bidders:
        """own: by agent's name. Raises ScenarioError where no agent has a name, unless each is alone."""
        if not alone:
            check_named(own, agents)
        everybody, *others = (_named(one, agents) for one in (everybody, *own.values()))
        own = dict(zip(own, others, strict=True))
        places = {list(agents).index(name): policy for name, policy in own.items() if name in agents}
        if mechanism.capabilities.asks_for != "price" and any(
            isinstance(one, Shaded) for one in (everybody, *places.values())
        ):
            raise ScenarioError(f"bidders.policy: shaded is a price, and under {mechanism.name} an ask is a cost")
        return cls(mechanism, everybody, places, fallback)

    @classmethod
    def truthful(cls, mechanism: Mechanism) -> Bidders:
        """Everybody bids truthfully."""
        return cls(mechanism, Truthful(), {})

    def __call__(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice, state: BidderState) -> Bid:
        """Every agent's bid, of those that learn the one before they know anything, at a draw of 0.5."""
        none_yet = self.init(belief.shape[-1]) if self.learns else ()
        return self.formed(belief, cost_belief, notice, state, none_yet, None)[:2]

    def formed(
        self,
        belief: FloatArray,
        cost_belief: FloatArray,
        notice: Notice,
        state: BidderState,
        known: State,
        luck: FloatArray | None,
    ) -> Formed:
        """Every agent's bid. belief: NaN where an agent is absent.

        known: what is known by those that learn; luck (..., n): uniform draws, None: 0.5.
        """

        honest = self.mechanism.truthful_ask(belief, cost_belief, notice)
        made = self._offers(honest, belief, cost_belief, notice, state, known, luck) if self.groups else []
        ask, claim = honest, belief
        everybody, own_policies = self._plain
        if everybody is not None:
            ask, claim = everybody.bid(honest, belief, notice)
        for places, bid in made:
            ask, claim = (bid.ask, bid.claim) if places is None else _put(places, (ask, claim), bid[:2])
        for place, policy in own_policies:
            one = slice(place, place + 1)
            ask, claim = _put_one(one, (ask, claim), policy.bid(honest[..., one], belief[..., one], notice))
        if state.silent is not None:
            forced = (math.inf, 0.0) if self.fallback is None else (self.fallback.ask, self.fallback.claim)
            ask, claim = np.where(state.silent, forced[0], ask), np.where(state.silent, forced[1], claim)
        return Formed(ask, claim, tuple(one for _, bid in made for one in bid.memo))

    def _offers(
        self,
        honest: FloatArray,
        belief: FloatArray,
        cost_belief: FloatArray,
        notice: Notice,
        state: BidderState,
        known: State,
        luck: FloatArray | None,
    ) -> list[tuple[tuple[int, ...] | None, Offer]]:
        """The offers of each group that learns, of all agents, and the places that are the group's."""

        def truthful(belief: FloatArray, cost_belief: FloatArray) -> FloatArray:
            return self.mechanism.truthful_ask(belief, cost_belief, notice)

        draws = np.full(np.shape(belief), 0.5) if luck is None else luck
        able = ~np.isnan(belief)
        for out in (state.excluded, state.silent):
            able = able if out is None else able & ~out
        seen = Seen(honest, belief, cost_belief, notice, state.tries, state.failures, able, draws, truthful)
        return [(group.places, group.policy.bid(known[group.state], seen)) for group in self.groups]

    @cached_property
    def _plain(self) -> tuple[Policy | None, tuple[tuple[int, Policy], ...]]:
        """Policies that do not learn: everybody's, and those of single places."""
        own = [(place, one) for place, one in self.own.items() if not isinstance(one, LearningPolicy)]
        return None if isinstance(self.everybody, LearningPolicy) else self.everybody, tuple(own)

    # Those that learn.

    @property
    def learns(self) -> bool:
        """Some agent learns."""
        return bool(self.groups)

    @property
    def draws(self) -> bool:
        """Some agent's bid hangs on a draw."""
        return any(group.policy.draws for group in self.groups)

    @property
    def n_memos(self) -> int:
        """Arrays that bids leave behind."""
        return self.groups[-1].memo.stop if self.groups else 0

    @cached_property
    def groups(self) -> tuple[_Group, ...]:
        """Those that learn, by policy."""
        found, states, memos = [], 0, 0
        for policy, places in self._learners():
            n_states, n_memos = len(policy.init(1)), _memos(policy)
            found.append(_Group(policy, places, slice(states, states + n_states), slice(memos, memos + n_memos)))
            states, memos = states + n_states, memos + n_memos
        return tuple(found)

    def _learners(self) -> Iterator[tuple[LearningPolicy, tuple[int, ...] | None]]:
        if isinstance(self.everybody, LearningPolicy):
            yield self.everybody, None
        own: dict[Any, list[int]] = {}
        for place, policy in self.own.items():
            if isinstance(policy, LearningPolicy):
                own.setdefault(policy, []).append(place)
        for policy, places in own.items():
            yield policy, tuple(places)

    def init(self, n_agents: int) -> State:
        """What all groups know at the start."""
        return tuple(one for group in self.groups for one in group.policy.init(n_agents))

    def learn(self, known: State, feedback: Feedback) -> State:
        """What all groups know then; agents that are not informed keep their state."""
        found: list[FloatArray] = []
        for group in self.groups:
            before, informed = known[group.state], feedback.informed
            informed = _without(informed, tuple(self.own)) if group.places is None else _only(informed, group.places)
            after = group.policy.learn(before, feedback._replace(informed=informed, memo=feedback.memo[group.memo]))
            found += [np.where(informed, new, old) for new, old in zip(after, before, strict=True)]
        return tuple(found)


def _named(policy: Any, agents: Sequence[str]) -> Any:
    """The policy with places for the names of agents that it states."""
    return policy.for_agents(agents) if hasattr(policy, "for_agents") else policy


def _put(places: Sequence[int], into: Bid, bid: Bid) -> Bid:
    for place in places:
        one = slice(place, place + 1)
        into = _put_one(one, into, (bid[0][..., one], bid[1][..., one]))
    return into


def _put_one(one: slice, into: Bid, own: Bid) -> Bid:
    ask, claim = into[0].copy(), into[1].copy()
    ask[..., one], claim[..., one] = own
    return ask, claim


def _without(informed: Any, places: Sequence[int]) -> Any:
    left = informed.copy() if places else informed
    for place in places:
        left[..., place : place + 1] = False
    return left


def _only(informed: Any, places: Sequence[int]) -> Any:
    left = np.zeros(np.shape(informed), np.bool_)
    for place in places:
        left[..., place : place + 1] = informed[..., place : place + 1]
    return left


def _memos(policy: LearningPolicy) -> int:
    """Arrays that a bid of this policy leaves behind."""
    half, none = np.full(1, 0.5), np.zeros(1, np.int64)
    one = np.float64(1.0)
    notice = Notice.trusted(value=one, reserve=one, penalty=np.float64(0.0), posting=np.int64(0))
    seen = Seen(half, half, half, notice, none, none, np.full(1, True), half, lambda belief, cost: cost)
    return len(policy.bid(policy.init(1), seen).memo)
