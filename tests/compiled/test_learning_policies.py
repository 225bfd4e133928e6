"""Policies that learn bid and learn the same in both engines, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.bidding import Fallback, Truthful
from sim.agents.bidding_entry import Enters
from sim.agents.bidding_names import Shill, Sybil
from sim.agents.bidding_ring import Ring
from sim.agents.bidding_under_names import HandOver, Knowing, Whitewash
from sim.agents.everybody import Bidders
from sim.agents.learners import Exp3, Hedge, Imitate, Recalibrate
from sim.agents.learning import Feedback, LearningPolicy, Offer, Seen, State
from sim.mechanisms import Mechanism
from sim.mechanisms.price import HireAll, SecondPrice
from sim.scenario.scenario import label_of
from sim.standing.reputation import BetaReputation, LiveReputation
from tests.compiled.test_lanes import assert_same
from tests.tried import tried, tried_on_each
from tests.worlds import accounted, examples, rules, worlds

pytest.importorskip("numba")


@dataclass(frozen=True)
class Louder:
    """Claims more after each loss, less after each failure; remembers what it claimed."""

    draws: ClassVar[bool] = False
    step: float = 0.25

    def init(self, n_agents: int) -> State:
        return (np.zeros(n_agents),)

    def bid(self, state: State, seen: Seen) -> Offer:
        return Offer(seen.ask, np.minimum(seen.belief + state[0], 1.0), (seen.belief,))

    def learn(self, state: State, feedback: Feedback) -> State:
        failed = feedback.ended & (feedback.status == 0)
        moved = np.where(feedback.lost, self.step, 0.0) - np.where(failed, feedback.memo[0], 0.0)
        return (np.maximum(state[0] + moved, 0.0),)


@dataclass(frozen=True)
class Pact:
    """Of two agents the second stands down where the first believes more, and asks more after each of its failures."""

    draws: ClassVar[bool] = False
    places: tuple[int, int] = (0, 1)

    def init(self, n_agents: int) -> State:
        return (np.zeros(n_agents),)

    def bid(self, state: State, seen: Seen) -> Offer:
        first, second = (slice(place, place + 1) for place in self.places)
        if np.shape(seen.belief)[-1] <= max(self.places):  # one agent alone has nobody to agree with
            return Offer(seen.ask, seen.belief)
        ask = seen.ask + state[0][..., first]
        more = seen.belief[..., first] > seen.belief[..., second]
        ask[..., second] = np.where(more, np.inf, ask[..., second])
        return Offer(ask, seen.belief)

    def learn(self, state: State, feedback: Feedback) -> State:
        return (state[0] + np.where(feedback.status == 0, 0.125, 0.0),)


POLICIES: tuple[LearningPolicy, ...] = (
    Exp3(low=-1.0, high=1.0, rounds=20, mark_ups=(0.0, 0.5), shifts=(-1.0, 0.0)),
    Hedge(low=0.0, high=1.0, rounds=20, mark_ups=(-0.25, 0.0, 0.5)),
    Recalibrate(rate=0.5),
    Imitate(mark_ups=(0.0, 0.25, 1.0), rate=0.5),
    Louder(),
    Pact(),
    Pact((1, 0)),
    Ring((0, 1)),
    Ring((1, 0), "first"),
    Sybil((0, 1)),
    Sybil((1, 0), "next", (0.25, 0.5), (0.0, -1.0)),
    Sybil((0, 1), "first"),
    Enters(0.05, 0.25, 0.5),
    Shill(ask=0.25),
    Shill("ask", margin=0.01),
    Shill("worth"),
    Whitewash((0, 1), 0.75),
    Knowing(Whitewash((0, 1), 0.95, 0.25, -1.0), LiveReputation()),
    Knowing(Whitewash((1, 0), 0.75), BetaReputation()),
    HandOver(0, (1,), 1),
    Knowing(HandOver(1, (0,), 0, 1.05), LiveReputation()),
)


@st.composite
def learning(draw: st.DrawFn, mechanism: Mechanism) -> Bidders:
    """Everybody, or some, learn by one policy or another; others bid the truth."""
    chosen = st.sampled_from([*POLICIES, Truthful()])
    everybody = draw(chosen, label="everybody")
    own = draw(st.dictionaries(st.integers(0, 1), chosen, max_size=2), label="own")
    fallback = draw(st.none() | st.just(Fallback(0.25, 0.5)), label="fallback")
    return Bidders(mechanism, everybody, own, fallback)


def assert_alike(mechanism: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds((3, 5, 4)))
    world = replace(world, choice=np.random.default_rng(5).random(world.lottery.shape))
    rule = data.draw(accounted(data.draw(rules(mechanism)), world))
    shown = (*rule.public, "asks") if data.draw(st.booleans(), label="asks are public") else rule.public
    own = data.draw(learning(mechanism))
    own = replace(own, own={place: one for place, one in own.own.items() if place < world.n_agents})
    assert_same(world, replace(rule, bidder=own, public=shown))


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", [SecondPrice(), HireAll()], ids=label_of)
@tried_on_each(25)
@given(data=st.data())
def test_policies_that_learn_are_the_same_in_both_engines(mechanism: Mechanism, data: st.DataObject) -> None:
    assert_alike(mechanism, data)


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", examples(), ids=label_of)
@tried(15)
@given(data=st.data())
def test_under_every_rule(mechanism: Mechanism, data: st.DataObject) -> None:
    assert_alike(mechanism, data)
