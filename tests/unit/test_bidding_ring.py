"""Rings: who bids, posting by posting."""

from __future__ import annotations

from typing import Literal

import bidlab as bl
import numpy as np
import pytest

from sim.agents.bidding import BidderState
from sim.agents.bidding_ring import Ring
from sim.agents.everybody import Bidders
from sim.agents.learning import Seen
from sim.kit.arrays import FloatArray, Notice
from sim.kit.errors import ScenarioError
from sim.mechanisms.price import SecondPrice
from sim.specs.bidders import BidderSpec

AGENTS = ("a", "b", "c", "d")


def asks(
    ring: Ring, belief: list[float], cost: list[float], value: float = 1.0, able: list[bool] | None = None
) -> list[float]:
    """What all ask for a price auction without penalty."""
    p, c, none = np.array(belief), np.array(cost), np.zeros(4, np.int64)

    def truthful(p: FloatArray, c: FloatArray) -> FloatArray:
        return np.asarray(c / p)

    one = np.float64
    notice = Notice.trusted(value=one(value), reserve=one(np.nan), penalty=one(0.0), posting=np.int64(0))
    made = ring.bid((), Seen(c / p, p, c, notice, none, none, np.array(able or [True] * 4), np.full(4, 0.5), truthful))
    assert made.claim.tolist() == belief
    return [float(ask) for ask in made.ask]


def test_the_member_that_expects_most_bids_and_the_others_abstain() -> None:
    """By belief x value - cost: .4, .5625, .3 among a, b, d; c is no member."""
    ring = Ring(("b", "a", "d")).for_agents(AGENTS)
    assert ring.members == (1, 0, 3)
    assert asks(ring, [0.5, 0.75, 0.5, 0.5], [0.1, 0.1875, 0.4, 0.2]) == [np.inf, 0.25, 0.8, np.inf]


def test_of_equal_members_the_first_named_bids() -> None:
    for names, bids in ((("a", "d"), 0), (("d", "a"), 3)):
        found = asks(Ring(names).for_agents(AGENTS), [0.5] * 4, [0.25] * 4)
        assert [ask < np.inf for ask in found] == [place in (bids, 1, 2) for place in range(4)]


def test_where_the_value_is_sealed_the_member_that_asks_least_bids() -> None:
    ring = Ring(("a", "b")).for_agents(AGENTS)
    assert asks(ring, [0.5, 1.0, 0.5, 0.5], [0.1, 0.3, 0.1, 0.1], np.nan) == [0.2, np.inf, 0.2, 0.2]


def test_a_fixed_member_bids_whatever_the_others_expect() -> None:
    ring = Ring(("a", "b"), "first").for_agents(AGENTS)
    assert asks(ring, [0.5, 1.0, 0.5, 0.5], [0.1] * 4) == [0.2, np.inf, 0.2, 0.2]


@pytest.mark.parametrize("stays", ["best", "first"])
def test_a_member_that_cannot_win_does_not_stand_for_the_others(stays: Literal["best", "first"]) -> None:
    ring = Ring(("a", "b"), stays).for_agents(AGENTS)
    found = asks(ring, [1.0, 0.5, 0.5, 0.5], [0.1] * 4, able=[False, True, True, True])
    assert found[1] == 0.2
    assert found[0] == np.inf


def test_a_member_that_is_silent_does_not_stand_for_the_others() -> None:
    """With a fallback and without: the next best one bids, and of two who are silent none does."""
    belief, cost, none = np.array([0.9, 0.5, 0.5, 0.5]), np.full(4, 0.25), np.zeros(4, np.int64)
    notice = Notice.trusted(value=np.float64(1), reserve=np.float64(1), penalty=np.float64(0), posting=np.int64(0))
    for silent, bids in (((), [0, 2, 3]), ((0,), [1, 2, 3]), ((0, 1), [2, 3]), ((0, 1, 3), [2])):
        bidders = Bidders.of(SecondPrice(), Ring(("a", "b")), {}, AGENTS)
        state = BidderState(none, none, np.isin(np.arange(4), silent))
        found = bidders(belief, cost, notice, state)[0]
        assert np.flatnonzero(np.isfinite(found)).tolist() == bids


@pytest.mark.parametrize("engine", ["market", "compiled"])
def test_a_ring_sends_a_member_that_answers(engine: str) -> None:
    ring = {"ring": {"members": ["gpt-5-mini", "gpt-5.2"]}}
    settings = {"world.nonresponse": 0.5, "world.tasks": 20, "bidders.policy": ring}
    run = bl.run("collusion", replications=2, mechanisms=["second_price"], settings=settings, engine=engine)
    bids = run.bids[run.bids["agent"].isin(["gpt-5-mini", "gpt-5.2"])]
    heard = bids.assign(bid=bids["ask"].notna()).groupby(["replication", "task"])["bid"].sum()
    assert heard.max() == 1
    assert heard.mean() == pytest.approx(0.75, abs=0.15)  # two who answer half of the time each; the best alone: .5


def test_a_member_with_another_policy_is_refused() -> None:
    members = {"ring": {"members": ["a", "b"]}}
    with pytest.raises(ValueError, match="agents: b: is a member of a ring and bids by another policy"):
        BidderSpec.model_validate({"policy": members, "agents": {"b": "silent"}})
    with pytest.raises(ValueError, match="agents: a: is a member of a ring"):
        BidderSpec.model_validate({"agents": {"b": members}})
    BidderSpec.model_validate({"agents": {"a": members, "b": members, "c": "silent"}})


def test_names_that_are_nobodys_or_stand_twice_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"ring\.members: no agent 'e'; allowed: a, b, c, d"):
        Ring(("a", "e")).for_agents(AGENTS)
    with pytest.raises(ScenarioError, match="'a' stands twice"):
        Ring(("a", "a")).for_agents(AGENTS)
