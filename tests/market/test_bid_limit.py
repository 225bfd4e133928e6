"""Rounds in which an agent may bid on so many tasks: it bids on the first, in task order, that it would bid on."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.ledger.ledger import REASON
from sim.market.simulate import simulate
from sim.mechanisms import lookup
from sim.standing.sources import ExpectedCost
from sim.world.world import World
from tests.market.play import Play
from tests.market.test_fees import EntryFee
from tests.scenes import chance
from tests.worlds import make_rules, make_world

LIMIT = 2


def test_who_bids_on_what() -> None:
    """a0 would bid on all four tasks, a1 not on the first, a2 comes late for the second, which counts as its bid."""
    world = make_world(
        4,
        3,
        value=2.0,
        reserve=1.5,
        belief=[[0.5, 0.0, 0.5], *[[0.5] * 3] * 3],
        latency=[[0, 0, 0], [0, 0, 9], [0, 0, 0], [0, 0, 0]],
    )
    told = Play(world, make_rules(round=4, max_bids=LIMIT, bid_cost=0.125))
    assert [told.outcomes(task) for task in range(4)] == [
        ["won", "abstained", "lost"],
        ["lost", "won", "late"],
        ["bid limit", "lost", "bid limit"],
        ["bid limit", "bid limit", "bid limit"],
    ]
    unmade = [row for row in told.bids if row["outcome"] == "bid limit"]
    assert all(row["bid_cost"] == 0 and math.isnan(row["ask"]) for row in unmade)
    assert [row["n_active"] for row in told.clearings] == [2, 2, 1, 0]


def test_the_limit_is_for_a_round_and_those_not_bid_on_wait_for_the_next() -> None:
    world = make_world(3, 1, value=2.0, reserve=1.5, duration=1)
    told = Play(world, make_rules(round=4, max_bids=1, postings=3, exclude="none"))
    assert told.worked() == [(0, 0, 0, 1, "PASS"), (1, 0, 4, 5, "PASS"), (2, 0, 8, 9, "PASS")]


def books(n_books: int, tasks: int, workers: int) -> World:
    """Random books of whole credits, a dollar worth 90, one replication each."""
    shape = (n_books, tasks, workers)
    ask = np.floor(chance("bid limit/ask", *shape, low=1.0, high=60.0)) / 90
    world = make_world(tasks, workers, replications=n_books, value=1.25, reserve=1.0)
    claim = np.round(chance("bid limit/claim", *shape, low=0.3), 2)
    return replace(world, belief=claim, cost_belief=ask, lottery=np.broadcast_to(world.lottery, world.lottery.shape))


@pytest.mark.parametrize("assignment", ["greedy", "in_order"])
@pytest.mark.parametrize("rule", ["agent_economy", "first_price"])
def test_a_limited_round_is_the_round_without_the_later_bids(rule: str, assignment: str) -> None:
    """60 random books of 5 tasks and 4 workers; 27 of 60 such books differ from those without a limit (here: many)."""
    world = books(60, 5, 4)
    stated: dict[str, Any] = {"round": 2, "assignment": assignment, "expected_cost": ExpectedCost("fixed", 2 / 90)}
    limited = simulate(world, make_rules(lookup(rule)(), max_bids=LIMIT, **stated))
    willing = np.isfinite(simulate(world, make_rules(lookup(rule)(), **stated))["bids"]["ask"]).reshape(60, 5, 4)
    present = willing & (np.cumsum(willing, axis=1) <= LIMIT)
    expected = simulate(replace(world, present=present), make_rules(lookup(rule)(), **stated))
    for name in ("replication", "task", "agent", "pay_success", "status"):
        np.testing.assert_array_equal(limited["attempts"][name], expected["attempts"][name])
    np.testing.assert_array_equal(limited["bids"]["ask"], expected["bids"]["ask"])
    free = simulate(world, make_rules(lookup(rule)(), **stated))["clearings"]["closed"] != REASON.index("unfilled")
    filled = limited["clearings"]["closed"] != REASON.index("unfilled")
    assert (free.reshape(60, 5) != filled.reshape(60, 5)).any(axis=1).sum() > 20


def test_fees_are_owed_in_rounds_as_well() -> None:
    """Two tasks, two agents, two bids each but for the limit of the last round: every bid that counts owes the fee."""
    world = make_world(2, 2, value=2.0, reserve=1.5, cost_belief=[[0.25, 0.5]] * 2)
    told = Play(world, make_rules(EntryFee(0.125), round=4, assignment="greedy"))
    assert [row["fee"] for row in told.bids] == [0.125, 0.125, 0.0, 0.125]  # a0 has task 0 when task 1 is given
