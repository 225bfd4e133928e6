"""Policies of several agents together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import MaxLen, MinLen

from sim.agents.learning import Feedback, Offer, Seen, State
from sim.kit.arrays import FloatArray
from sim.kit.errors import ScenarioError, closest

Members = Annotated[tuple[str | int, ...], MinLen(2), MaxLen(1000)]


@dataclass(frozen=True)
class Ring:
    """Of the members one bids the truth on each posting, and the others abstain; all other agents bid the truth.

    members: names. stays: "best", who expects most of a success at the task, belief x value - cost belief, or asks
    least where the notice states no value, the first named of equals; "first", always the first named. A member that is
    absent from the task, excluded from it, or silent at it does not count. One that is busy, late, or below the least
    reputation does: members compare types, not what the market will make of their bids. share: "none", or "equal",
    whoever is hired pays the others equal shares of what the ring gains, as rows of the accounts
    (sim/market/side_payments.py); it moves nothing but their own money. Source: [McAfeeMcMillan1992].
    """

    draws: ClassVar[bool] = False

    members: Members
    stays: Literal["best", "first"] = "best"
    share: Literal["none", "equal"] = "none"

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Of the first two agents, by place."""
        return cls((0, 1)), cls((0, 1), "first")

    def for_agents(self, agents: Sequence[str]) -> Self:
        """With places for names; raises ScenarioError where no agent has a name, or one is named twice."""
        for name in self.members:
            if name not in agents:
                known = ", ".join(agents)
                raise ScenarioError(
                    f"bidders.policy: ring.members: no agent {name!r}{closest(str(name), agents)}; allowed: {known}"
                )
            if self.members.count(name) > 1:
                raise ScenarioError(f"bidders.policy: ring.members: {name!r} stands twice")
        return replace(self, members=tuple(list(agents).index(str(name)) for name in self.members))

    def init(self, n_agents: int) -> State:
        """Nothing is remembered."""
        return ()

    def bid(self, state: State, seen: Seen) -> Offer:
        """The truthful bid of whoever stays, and of all who are no members."""
        n = np.shape(seen.belief)[-1]
        places = [int(place) for place in self.members if int(place) < n]  # one agent alone has no ring
        ask, worth = seen.ask.copy(), self._worth(seen)
        own = [worth[..., place : place + 1] for place in places]
        for number, (place, mine) in enumerate(zip(places, own, strict=True)):
            stays = np.full(np.shape(mine), True)
            for other, theirs in enumerate(own):
                if other != number:
                    stays = stays & (mine > theirs if other < number else mine >= theirs)
            here = slice(place, place + 1)
            ask[..., here] = np.where(stays, seen.ask[..., here], np.inf)
        return Offer(ask, seen.belief)

    def learn(self, state: State, feedback: Feedback) -> State:
        """Nothing."""
        return ()

    def _worth(self, seen: Seen) -> FloatArray:
        """(..., n): who has the greatest one stays, the first named of equals; -inf who cannot win the posting."""
        value = np.asarray(seen.notice.value)[..., None]
        worth = np.where(np.isnan(value), -seen.ask, seen.belief * value - seen.cost_belief)
        if self.stays == "first":
            worth = np.zeros(np.shape(worth))
        return np.where(seen.able & ~np.isnan(worth), worth, -np.inf)


def sharing(bidder: Any) -> Iterator[Ring]:
    """The rings among a market's bidders in which members pay each other."""
    for group in getattr(bidder, "groups", ()):
        if isinstance(group.policy, Ring) and group.policy.share == "equal":
            yield group.policy
