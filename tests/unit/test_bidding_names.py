"""Policies of several names and of shills: who bids what, posting by posting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.agents.bidding_names import Shill, Sybil
from sim.agents.learning import Seen
from sim.kit.arrays import FloatArray, Notice
from sim.kit.errors import ScenarioError
from sim.kit.portable import expit, logit

AGENTS = ("b", "a", "c", "a (2)", "a (3)")
BELIEF, COST = [0.5, 0.75, 0.25, 0.75, 0.75], [0.1, 0.3, 0.2, 0.3, 0.3]
TRUTH = [0.2, 0.4, 0.8, 0.4, 0.4]


def made(policy: Any, able: tuple[bool, ...] = (True,) * 5, value: float = 2.0) -> tuple[list[float], list[float]]:
    """Asks and claims for a price auction without penalty."""
    p, c, none = np.array(BELIEF), np.array(COST), np.zeros(5, np.int64)

    def truthful(p: FloatArray, c: FloatArray) -> FloatArray:
        return np.asarray(c / p)

    one = np.float64
    notice = Notice.trusted(value=one(value), reserve=one(0.9), penalty=one(0.0), posting=np.int64(0))
    found = policy.bid((), Seen(np.array(TRUTH), p, c, notice, none, none, np.array(able), np.full(5, 0.5), truthful))
    return found.ask.tolist(), found.claim.tolist()


def test_all_names_bid_the_truth_or_each_its_own_lie() -> None:
    assert made(Sybil("a").for_agents(AGENTS)) == (TRUTH, BELIEF)
    ask, claim = made(Sybil("a", mark_ups=(0.0, 0.5), shifts=(0.0, 0.0, -1.0)).for_agents(AGENTS))
    assert ask[:4] == [0.2, 0.4, 0.8, pytest.approx(0.6)]
    low = float(expit(logit(0.75) - 1.0))
    assert (ask[4], claim[4]) == (pytest.approx(1.5 * 0.3 / low), low)
    assert claim[:4] == BELIEF[:4]


@pytest.mark.parametrize(
    ("out", "bids"), [((), [0, 1, 2]), ((1,), [0, 2, 3]), ((1, 3), [0, 2, 4]), ((3,), [0, 1, 2]), ((1, 3, 4), [0, 2])]
)
def test_the_next_name_bids_where_those_before_are_out(out: tuple[int, ...], bids: list[int]) -> None:
    able = tuple(place not in out for place in range(5))
    ask, _ = made(Sybil("a", "next").for_agents(AGENTS), able)
    assert [place for place in range(5) if np.isfinite(ask[place]) and able[place]] == bids


def test_the_first_name_alone() -> None:
    assert made(Sybil("a", "first").for_agents(AGENTS))[0] == [*TRUTH[:3], np.inf, np.inf]


def test_who_has_one_name_has_no_sybils() -> None:
    with pytest.raises(ScenarioError, match=r"sybil\.agent: 'b' has one name; state world\.names"):
        Sybil("b").for_agents(AGENTS)
    with pytest.raises(ScenarioError, match=r"no agent 'd'; allowed: b, a"):
        Sybil("d").for_agents(AGENTS)
    with pytest.raises(ScenarioError, match=r'no agent "shill"; state world\.shill'):
        Shill().for_agents(AGENTS)


def test_a_blind_shill_asks_a_share_of_the_value_or_of_the_reserve_where_that_is_sealed() -> None:
    blind = Shill(ask=0.25, claim=0.5)
    assert [each[-1] for each in made(blind)] == [0.5, 0.5]
    assert made(blind, value=np.nan)[0][-1] == 0.25 * 0.9


def test_a_shill_that_sees_bids_copies_the_best_of_the_others() -> None:
    """By ask b, .2; by claim x 2 - ask a, 1.1 against .8 and -.3; of the shill itself nothing counts."""
    assert [each[-1] for each in made(Shill("ask", margin=0.125))] == [0.325, 0.5]
    assert [each[-1] for each in made(Shill("worth", margin=0.125))] == [0.525, 0.75]
    assert made(Shill("ask", margin=0.125), (False, True, True, False, True))[0][-1] == 0.525
    assert made(Shill("worth"), (False,) * 5)[0][-1] == np.inf
