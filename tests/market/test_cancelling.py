"""The first success cancels the rest: paid nothing, at the share of their cost that is spent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.arrays import Status
from sim.ledger.ledger import KIND, STATUS
from sim.market.accounts import ESCROW
from sim.market.simulate import simulate
from sim.mechanisms.price import HireAll
from sim.standing.reputation import BetaReputation
from tests.market.compare import as_rows
from tests.market.play import Play
from tests.tried import tried
from tests.worlds import CANCELS, accounted, changed, make_rules, make_world, rules, worlds


def race(**changes: Any) -> Play:
    """Three agents at work from tick 0: one fails at 2, one succeeds at 5, one would succeed at 9."""
    world = make_world(
        1, 3, duration=[[2, 5, 9]], success=[[False, True, True]], cost=0.5, cost_belief=0.125, tries=3, repeats=True
    )
    return Play(world, make_rules("hire_all", market=CANCELS, **changes))


def test_by_hand() -> None:
    """5 of 9 ticks of $.50 are $.2777..., rounded up to a billionth."""
    play = race()
    assert play.worked() == [(0, 0, 0, 2, "FAIL"), (0, 1, 0, 5, "PASS"), (0, 2, 0, 5, "CANCELLED")]
    assert [row["cost"] for row in play.attempts] == [0.5, 0.5, 0.277777778]
    assert [row["success"] for row in play.attempts] == [False, True, False]
    assert play.attempts[2]["payment"] == 0.0
    assert play.attempts[2]["pay_success"] > 0
    assert play.closed() == [(0, 0, 0, "solved")]


def test_what_is_spent_counts_from_the_start_of_the_work() -> None:
    play = race(window=3)
    assert play.worked() == [(0, 0, 3, 5, "FAIL"), (0, 1, 3, 8, "PASS"), (0, 2, 3, 8, "CANCELLED")]
    assert [row["cost"] for row in play.attempts] == [0.5, 0.5, 0.277777778]


def test_bonds_are_released_where_it_is_cancelled() -> None:
    play = race(penalty=0.25, bankroll=(3.0, 3.0, 3.0))
    moved = [(row["tick"], row["from"], row["to"], KIND[row["kind"]]) for row in as_rows(play.tables["accounts"])]
    assert [row for row in moved if row[0] == 5] == [
        (5, ESCROW, 4, "release"),
        (5, 6, 4, "pay"),
        (5, 4, 0, "cost"),
        (5, ESCROW, 5, "release"),
        (5, 5, 0, "cost"),
    ]


def test_attempts_that_end_at_the_very_tick_are_not_cancelled() -> None:
    world = make_world(1, 3, duration=[[5, 5, 6]], cost_belief=0.125)
    play = Play(world, make_rules("hire_all", market=CANCELS))
    assert [row["status"] for row in play.attempts] == ["PASS", "PASS", "CANCELLED"]


def test_it_teaches_nothing_and_uses_up_the_try() -> None:
    """Agent 2's reputation is as good as new at the next task; agent 1's has risen."""
    world = make_world(
        2, 3, arrival=[0, 6], duration=[[2, 5, 9]] * 2, success=[[False, True, True]] * 2, cost_belief=0.125
    )
    rule = make_rules("hire_all", market=CANCELS, reputation=BetaReputation(1.0, 1.0, 1.0))
    standing: list[Any] = []

    class Watching(HireAll):
        def __call__(self, bids: Any, tender: Any, known: Any, lottery: Any) -> Any:
            standing.append(np.array(known.reputation))
            return super().__call__(bids, tender, known, lottery)

    simulate(world, replace(rule, mechanism=Watching()))
    after = standing[-1]
    assert after[0] < after[2] < after[1]


@pytest.mark.parametrize("exclude", ["none", "failed", "hired"])
@tried(40)
@given(data=st.data())
def test_whatever_the_market_a_cancelled_attempt_is_paid_nothing_and_costs_no_more(
    exclude: str, data: st.DataObject
) -> None:
    world = data.draw(worlds())
    rule = data.draw(accounted(data.draw(rules(HireAll())), world))
    rule = replace(rule, exclude=exclude)
    tables = simulate(world, changed(rule, first_success_cancels=True))
    for row in as_rows(tables["attempts"]):
        known = min(row["try"], world.n_tries - 1)
        at = row["replication"], row["task"], row["agent"], known
        if row["status"] == int(Status.CANCELLED):
            assert (row["payment"], row["success"], row["timed_out"]) == (0.0, False, False)
            assert row["cost"] <= world.cost[at]
            assert row["finish"] - row["start"] < world.duration[at]
            assert STATUS[row["status"]] == "CANCELLED"
    escrow = 0.0
    for row in as_rows(tables["accounts"]):
        escrow += row["dollars"] * ((row["to"] == ESCROW) - (row["from"] == ESCROW))
        assert escrow > -1e-9
    assert abs(escrow) < 1e-9
