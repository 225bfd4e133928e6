"""Policies of an agent that has several names, and of the principal's shill (sim/world/second_names.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Le, MaxLen, MinLen

from sim.agents.learners import MarkUp, Shift, changed
from sim.agents.learning import Feedback, Offer, Seen, State
from sim.kit.arrays import FloatArray
from sim.kit.errors import ScenarioError, closest
from sim.kit.names import SHILL, second_name

Dollars = Annotated[float, Ge(0), Le(1e9)]
Probability = Annotated[float, Ge(0), Le(1)]
MarkUps = Annotated[tuple[MarkUp, ...], MinLen(1), MaxLen(16)]
Shifts = Annotated[tuple[Shift, ...], MinLen(1), MaxLen(16)]


@dataclass(frozen=True)
class Sybil:
    """An agent bids under several names; all other agents bid the truth.

    agent: its first name, or the places of its names once agents have places. uses: "all", every name bids; "next",
    the first of its names that is not kept out of the task, so that it comes back under the next where one is excluded;
    "first", the first alone, as if it had no other. mark_ups, shifts: of each name's bid in turn, as in `Exp3`; names
    beyond the last have the last. With one of each all names bid the same. Source: [YSM2004].
    """

    draws: ClassVar[bool] = False

    agent: str | tuple[int, ...]
    uses: Literal["all", "next", "first"] = "all"
    mark_ups: MarkUps = (0.0,)
    shifts: Shifts = (0.0,)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Of the first two agents, by place."""
        return cls((0, 1)), cls((1, 0), "next", (0.0, 0.5), (0.0, -1.0)), cls((0, 1), "first")

    def for_agents(self, agents: Sequence[str]) -> Self:
        """With the places of its names; raises ScenarioError where the agent has no second one."""
        first = str(self.agent)
        if first not in agents:
            known = ", ".join(agents)
            raise ScenarioError(
                f"bidders.policy: sybil.agent: no agent {first!r}{closest(first, agents)}; allowed: {known}"
            )
        listed, names = list(agents), [first]
        while (further := second_name(first, len(names) + 1)) in listed:
            names.append(further)
        if len(names) < 2:
            raise ScenarioError(
                f"bidders.policy: sybil.agent: {first!r} has one name; state world.names = {{ {first!r} = 2 }}"
            )
        return replace(self, agent=tuple(map(listed.index, names)))

    def init(self, n_agents: int) -> State:
        """Nothing is remembered."""
        return ()

    def bid(self, state: State, seen: Seen) -> Offer:
        """Each name's bid, or none; the truthful bid of all others."""
        n = np.shape(seen.belief)[-1]
        places = [int(place) for place in self.agent if int(place) < n]  # one agent alone has one name
        ask, claim = seen.ask.copy(), seen.belief.copy()
        out = [~seen.able[..., place : place + 1] for place in places]
        for number, place in enumerate(places):
            here = slice(place, place + 1)
            own = self._own(seen, number)
            ask[..., here], claim[..., here] = own[0][..., here], own[1][..., here]
            if number and self.uses == "first":
                ask[..., here] = np.full(np.shape(out[number]), np.inf)
            elif number and self.uses == "next":
                alone = out[0]
                for before in out[1:number]:
                    alone = alone & before
                ask[..., here] = np.where(alone, ask[..., here], np.inf)
        return Offer(ask, claim)

    def _own(self, seen: Seen, number: int) -> tuple[FloatArray, FloatArray]:
        """Bids (..., n) as the name of this number makes them."""
        mark_up, shift = (every[min(number, len(every) - 1)] for every in (self.mark_ups, self.shifts))
        return (seen.ask * (1.0 + mark_up), seen.belief) if shift == 0.0 else changed(seen, mark_up, shift)

    def learn(self, state: State, feedback: Feedback) -> State:
        """Nothing."""
        return ()


@dataclass(frozen=True)
class Shill:
    """A bid of nobody's that the principal puts in, so that whoever is hired is paid less.

    It is the policy of the agent "shill" (world.shill), the last one. beside: "nothing", it asks `ask` x value (x
    reserve where the value is sealed) and claims `claim` on every posting, which is a reserve by another name; "ask",
    it sees the bids, and asks `margin` dollars more than the least truthful ask of the others, with that bidder's
    claim; "worth", the same of the bidder with the greatest claim x value - ask. Source: [YSM2004], of false names.
    """

    draws: ClassVar[bool] = False

    beside: Literal["nothing", "ask", "worth"] = "nothing"
    ask: Dollars = 0.5
    claim: Probability = 1.0
    margin: Dollars = 1e-6

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Of each kind."""
        return cls(), cls("ask"), cls("worth", margin=0.01)

    def for_agents(self, agents: Sequence[str]) -> Self:
        """As it is; raises ScenarioError where there is no shill."""
        if agents[-1] != SHILL:
            raise ScenarioError(
                f'bidders.policy: shill: there is no agent "shill"; state world.shill, one of {", ".join(agents)}'
            )
        return self

    def init(self, n_agents: int) -> State:
        """Nothing is remembered."""
        return ()

    def bid(self, state: State, seen: Seen) -> Offer:
        """The shill's bid, in all places; it is read in its own."""
        value = np.asarray(seen.notice.value)[..., None]
        whole = np.zeros(np.shape(seen.belief))
        if self.beside == "nothing":
            scale = np.where(np.isnan(value), np.asarray(seen.notice.reserve)[..., None], value)
            return Offer(self._or_none(whole + self.ask * scale), whole + self.claim)
        worth = -seen.ask if self.beside == "ask" else seen.belief * value - seen.ask
        worth = np.where(seen.able & ~np.isnan(worth), worth, -np.inf)
        own = np.shape(worth)[-1] - 1
        worth[..., own : own + 1] = np.full(np.shape(worth[..., own : own + 1]), -np.inf)
        best = np.maximum.reduce(worth, axis=-1, keepdims=True)
        winner = (worth == best) & (worth > -np.inf)
        ask = np.minimum.reduce(np.where(winner, seen.ask, np.inf), axis=-1, keepdims=True)
        claim = np.maximum.reduce(np.where(winner, seen.belief, 0.0), axis=-1, keepdims=True)
        return Offer(whole + (ask + self.margin), whole + claim)

    def _or_none(self, ask: FloatArray) -> FloatArray:
        return np.where(np.isnan(ask), np.inf, ask)

    def learn(self, state: State, feedback: Feedback) -> State:
        """Nothing."""
        return ()
