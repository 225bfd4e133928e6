"""Policies of an agent under names with a standing: it leaves a spoiled one, or lets another work under a good one.

    whitewash   goes on under its next name where its standing is bad (world.names: sim/world/second_names.py)
    hand_over   one agent earns a name, and another works under it from then on

The standing r of a name is what the market's own rule makes of the verified outcomes under it (standing.reputation). A
policy computes it from the outcomes it hears of (`Knowing`); where the market keeps none, r is 1 for all, so that
no name is worth leaving. Everybody else bids the truth.

Index convention: agents are the last axis; state arrays are (..., n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Ge, Le

from sim.agents.learners import MarkUp, Shift, changed
from sim.agents.learning import Feedback, Offer, Seen, State
from sim.kit.arrays import BoolArray, FloatArray, Status
from sim.kit.errors import ScenarioError, closest
from sim.kit.names import second_name
from sim.standing.reputation import Learner, Outcome, OwnStarts

Standing = Annotated[float, Ge(0), Le(1e6)]
Attempts = Annotated[int, Ge(0), Le(10**9)]
_FAIL, _PASS = int(Status.FAIL), int(Status.PASS)


@dataclass(frozen=True)
class Whitewash:
    """An agent bids under one name at a time, and drops it for good where its standing has become bad.

    agent: its first name, or the places of its names once agents have places. It goes on under the next name where,
    after a verified outcome, r < below and r < the next name's r, that of a newcomer: nobody leaves a name for one that
    stands no better. The last name stays. Work under way as a name is dropped is finished under it, and who is kept out
    of a task under its name does not bid on it. mark_up, shift: of all its bids, as in `Exp3`.
    Source: [FriedmanResnick2001].
    """

    draws: ClassVar[bool] = False
    arrays: ClassVar[int] = 1  # of its state

    agent: str | tuple[int, ...]
    below: Standing
    mark_up: MarkUp = 0.0
    shift: Shift = 0.0

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Of the first two agents, by place."""
        return cls((0, 1), 0.75), cls((1, 0), 0.9, 0.5, 1.0)

    def for_agents(self, agents: Sequence[str]) -> Self:
        """With the places of its names; raises ScenarioError where the agent has no second one."""
        first = _found("whitewash.agent", str(self.agent), agents)
        names = _names(first, agents)
        if len(names) < 2:
            raise ScenarioError(
                f"bidders.policy: whitewash.agent: {first!r} has one name; state world.names = {{ {first!r} = 2 }}"
            )
        return replace(self, agent=tuple(map(list(agents).index, names)))

    def under(self, rule: Learner | None) -> Knowing | Self:
        """In a market that keeps standings by this rule."""
        return self if rule is None else Knowing(self, rule)

    def init(self, n_agents: int) -> State:
        """Whether a name has been dropped, 0 or 1."""
        return (np.zeros(n_agents),)

    def bid(self, state: State, seen: Seen) -> Offer:
        """The bid of the first name that has not been dropped; none of its other names."""
        ask, claim = seen.ask.copy(), seen.belief.copy()
        own = changed(seen, self.mark_up, self.shift) if self.shift else (seen.ask * (1.0 + self.mark_up), seen.belief)
        left = None
        for here in _places(self.agent, ask):
            dropped = state[0][..., here] > 0.0
            bids = ~dropped if left is None else left & ~dropped
            ask[..., here] = np.where(bids, own[0][..., here], np.inf)
            claim[..., here] = own[1][..., here]
            left = dropped if left is None else left & dropped
        return Offer(ask, claim)

    def learn(self, state: State, feedback: Feedback) -> State:
        """As `judge`, where no standing is kept."""
        return self.judge(state, feedback, np.ones(np.shape(feedback.payment)))

    def judge(self, state: State, feedback: Feedback, standing: FloatArray) -> State:
        """Drop a name that its verified outcome has left with a bad standing (..., n)."""
        dropped, places = state[0].copy(), _places(self.agent, state[0])
        for here, following in pairwise(places):
            own = standing[..., here]
            bad = (own < self.below) & (own < standing[..., following])
            dropped[..., here] = np.where(_verified(feedback)[..., here] & bad, 1.0, dropped[..., here])
        return (dropped,)


@dataclass(frozen=True)
class HandOver:
    """One agent earns a name; once it is trusted another works under it, and nobody sees that (milk and exit).

    agent: who earns the name; to: who works under it then, for good, and bids at no time before, nor ever under further
    names of its own; both by name, or by places once agents have places. It is handed over after a verified outcome
    with which there are `attempts` of them and r >= above. Outcomes of both make one standing, the name's
    (sim/standing/reputation.py, `OneName`). `to` may be whoever bought the name, or the agent itself at no effort once
    its career ends. Source: [Tadelis1999], [Holmstrom1999].
    """

    draws: ClassVar[bool] = False
    arrays: ClassVar[int] = 2  # of its state

    agent: str | int
    to: str | tuple[int, ...]
    attempts: Attempts = 0
    above: Standing = 0.0

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Of the first two agents, by place."""
        return cls(0, (1,), 1), cls(1, (0,), 0, 1.05)

    def for_agents(self, agents: Sequence[str]) -> Self:
        """With the places of both; raises ScenarioError where there are not two such agents."""
        earns, works = (_found(f"hand_over.{key}", str(getattr(self, key)), agents) for key in ("agent", "to"))
        if earns == works:
            raise ScenarioError(f"bidders.policy: hand_over.to: must be another agent than {earns!r}")
        listed = list(agents)
        return replace(self, agent=listed.index(earns), to=tuple(map(listed.index, _names(works, agents))))

    def under(self, rule: Learner | None) -> Knowing | Self:
        """In a market that keeps standings by this rule."""
        return self if rule is None else Knowing(self, rule)

    def init(self, n_agents: int) -> State:
        """Verified outcomes of whoever earns the name, and whether it has been handed over, 0 or 1."""
        return np.zeros(n_agents), np.zeros(n_agents)

    def bid(self, state: State, seen: Seen) -> Offer:
        """The truthful bid of who works under the name; none of the other, nor under its further names."""
        ask = seen.ask.copy()
        earns, works = _places((self.agent,), ask), _places(self.to, ask)
        for here in earns:
            over = state[1][..., here] > 0.0
            ask[..., here] = np.where(over, np.inf, seen.ask[..., here])
            for number, other in enumerate(works):
                ask[..., other] = np.where(over & (number == 0), seen.ask[..., other], np.inf)
        return Offer(ask, seen.belief)

    def learn(self, state: State, feedback: Feedback) -> State:
        """As `judge`, where no standing is kept."""
        return self.judge(state, feedback, np.ones(np.shape(feedback.payment)))

    def judge(self, state: State, feedback: Feedback, standing: FloatArray) -> State:
        """Count, and hand over where it is time. standing (..., n): after the outcome."""
        seen = _verified(feedback)
        count = state[0] + np.where(seen, 1.0, 0.0)
        ready = seen & (count >= float(self.attempts)) & (standing >= self.above)
        return count, np.where(ready, 1.0, state[1])


@dataclass(frozen=True)
class Knowing:
    """A policy that knows the standings of its own names, as the market's rule makes them of their outcomes."""

    draws: ClassVar[bool] = False

    policy: Whitewash | HandOver
    rule: Learner

    def for_agents(self, agents: Sequence[str]) -> Self:
        """With places for names."""
        return replace(self, policy=self.policy.for_agents(agents))

    def init(self, n_agents: int) -> State:
        """What the rule knows of each name, and the policy's own."""
        return *self._start(n_agents), *self.policy.init(n_agents)

    def _start(self, n_agents: int) -> State:
        if not isinstance(self.rule, OwnStarts):
            return self.rule.init(n_agents)
        return tuple(array[:n_agents] for array in self.rule.init(len(self.rule.of)))

    def bid(self, state: State, seen: Seen) -> Offer:
        """The policy's bid."""
        return self.policy.bid(state[-self.policy.arrays :], seen)

    def learn(self, state: State, feedback: Feedback) -> State:
        """The rule's step, and what the policy makes of the standing after it."""
        known, own = state[: -self.policy.arrays], state[-self.policy.arrays :]
        after = self.rule.step(known, Outcome(feedback.status, feedback.cost))
        return *after, *self.policy.judge(own, feedback, self.rule.read(after))


def _found(key: str, name: str, agents: Sequence[str]) -> str:
    if name not in agents:
        known = ", ".join(agents)
        raise ScenarioError(f"bidders.policy: {key}: no agent {name!r}{closest(name, agents)}; allowed: {known}")
    return name


def _names(first: str, agents: Sequence[str]) -> list[str]:
    """All names of an agent."""
    names = [first]
    while (further := second_name(first, len(names) + 1)) in agents:
        names.append(further)
    return names


def _places(stated: Sequence[str | int], array: FloatArray) -> list[slice]:
    """Places of these along the last axis, of those that are there."""
    return [slice(int(place), int(place) + 1) for place in stated if int(place) < np.shape(array)[-1]]


def _verified(feedback: Feedback) -> BoolArray:
    """Told of an attempt that passed or failed."""
    return np.asarray(feedback.informed & ((feedback.status == _PASS) | (feedback.status == _FAIL)))
