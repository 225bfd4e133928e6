"""What a new name is worth to an agent that fails: hires of a fresh one, by an exact chain and by the policy.

A name with the live reputation is hired while r >= .75 and is dropped once it is lower, and a name that is kept is not
hired again: so every change of name brings the hires that a fresh name has, T, and m dollars at each. A fee f for a new
name takes that away from f* = m T on. T of the start solves T(r) = 1 + p T(r + .06) + (1 - p) T(r - .2), r at most
1.25, T = 0 below .75. The lower newcomers start, the less a name is worth, and the longer an honest one is kept out.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.bidding_under_names import Knowing, Whitewash
from sim.agents.learning import Feedback, Seen
from sim.kit.arrays import Notice, Status
from sim.kit.draws import uniform, words_range
from sim.standing.reputation import LiveReputation
from tests.statistics import assert_mean

RATE, LEAST, MARKETS, NAMES = 0.45, 0.75, 2000, 3


def hires_of_a_name(start: float) -> float:
    """Expected hires until r < .75, exactly: every step is a whole number of cents."""
    cents = np.arange(round(100 * LEAST), 126)
    stays = np.zeros((len(cents), len(cents)))
    for at, cent in enumerate(cents):
        stays[at, min(125, cent + 6) - cents[0]] += RATE
        if cent - 20 >= cents[0]:
            stays[at, cent - 20 - cents[0]] += 1.0 - RATE
    found = np.linalg.solve(np.eye(len(cents)) - stays, np.ones(len(cents)))
    return float(found[round(100 * start) - cents[0]])


def hires(start: float) -> np.ndarray:
    """Hires (MARKETS,) under the first name, by the policy in a market that hires it while r >= .75."""
    policy, shape = Knowing(Whitewash((0, 1, 2), LEAST), LiveReputation(start=start)), (MARKETS, NAMES)
    state = tuple(np.broadcast_to(array, shape) for array in policy.init(NAMES))
    luck = uniform(0, f"tests/cheap names {start}", words_range(MARKETS), words_range(200))
    count, none, one = np.zeros(shape), np.zeros(shape), np.float64(1.0)
    notice = Notice.trusted(value=one, reserve=one, penalty=one * 0, posting=np.int64(0))
    for step in range(200):
        seen = Seen(none, none + 0.5, none, notice, none, none, none == 0, none + 0.5, lambda belief, cost: cost)
        bids = np.isfinite(policy.bid(state, seen).ask)
        assert (bids.sum(axis=1) == 1).all()
        hired = bids & (policy.rule.read(state) >= LEAST)
        count += hired
        status = np.where(hired, np.where(luck[:, step, None] < RATE, Status.PASS, Status.FAIL), Status.NONE)
        state = policy.learn(state, Feedback(hired, status, hired, none, none, none, ()))
    return count[:, 0]


@pytest.mark.parametrize("start", [1.0, 0.85, 0.75])
def test_a_fresh_name_has_the_hires_of_the_chain(start: float) -> None:
    assert_mean(hires(start), hires_of_a_name(start))


def test_a_lower_start_makes_a_name_worth_less() -> None:
    worth = [hires_of_a_name(start) for start in (0.75, 0.85, 1.0, 1.25)]
    assert worth == sorted(worth)
    assert worth[0] < worth[-1] / 2
