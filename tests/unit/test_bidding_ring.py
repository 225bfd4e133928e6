"""Rings: who bids, posting by posting."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from sim.agents.bidding_ring import Ring
from sim.agents.learning import Seen
from sim.kit.arrays import FloatArray, Notice
from sim.kit.errors import ScenarioError

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


def test_names_that_are_nobodys_or_stand_twice_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"ring\.members: no agent 'e'; allowed: a, b, c, d"):
        Ring(("a", "e")).for_agents(AGENTS)
    with pytest.raises(ScenarioError, match="'a' stands twice"):
        Ring(("a", "a")).for_agents(AGENTS)
