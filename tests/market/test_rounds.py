"""Rounds in the market: when they are held, who takes part, what they leave open. Hand-written markets.

Everybody asks the break-even price cost belief / belief, with a belief of .5, unless a test says otherwise.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.compiled.lanes import play_compiled
from sim.kit.errors import MarketError
from sim.market.escalation import Escalation
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.assignment import AssignmentVCG
from sim.mechanisms.price import FirstPrice, SecondPrice
from sim.mechanisms.score import FirstScore
from sim.scenario.scenario import label_of
from tests.market.compare import assert_same_rows, rows
from tests.market.play import Play
from tests.tried import tried, tried_on_each
from tests.worlds import changed, each_example, make_rules, make_world, rules, worlds

RANKING = [FirstPrice(), SecondPrice(), FirstScore(), AssignmentVCG()]


def test_postings_wait_for_the_first_round_after_their_window() -> None:
    world = make_world(4, 4, arrival=[0, 1, 4, 8])
    play = Play(world, make_rules(round=4, window=1))
    assert [(row["task"], row["posted"], row["tick"]) for row in play.clearings] == [
        (0, 0, 4),
        (1, 1, 4),
        (2, 4, 8),
        (3, 8, 12),
    ]


def test_what_is_posted_at_the_tick_of_a_round_takes_part() -> None:
    world = make_world(2, 2, arrival=[8, 5], cost_belief=[[0.1, 0.2], [0.1, 0.4]])
    play = Play(world, make_rules(round=4, assignment="greedy"))
    assert play.closed() == [(0, 0, 8, "solved"), (1, 0, 8, "solved")]
    assert play.worked() == [(0, 0, 8, 9, "PASS"), (1, 1, 8, 9, "PASS")]


def test_agent_takes_one_task_a_round_and_its_slot_is_free_again_at_the_next() -> None:
    world = make_world(3, 1, duration=4)
    play = Play(world, make_rules(round=4, capacity=1, postings=3, exclude="none"))
    assert play.worked() == [(0, 0, 0, 4, "PASS"), (1, 0, 4, 8, "PASS"), (2, 0, 8, 12, "PASS")]
    assert [play.outcomes(2, posting) for posting in range(3)] == [["lost"], ["lost"], ["won"]]


def test_agent_at_work_is_busy_at_a_round() -> None:
    world = make_world(2, 1, arrival=[0, 1], duration=5)
    play = Play(world, make_rules(round=4, capacity=1, postings=2, exclude="none"))
    assert [play.outcomes(1, posting) for posting in range(2)] == [["busy"], ["won"]]
    assert [row["n_active"] for row in play.clearings] == [1, 0, 1]


@pytest.mark.parametrize("delay", [0, 1, 4, 5])
def test_what_a_round_posts_again_waits_for_the_next(delay: int) -> None:
    play = Play(make_world(1, 1, reserve=0.1), make_rules(round=4, postings=2, repost_delay=delay))
    assert [row["posted"] for row in play.clearings] == [0, delay]
    assert [row["tick"] for row in play.clearings] == [0, 4 if delay <= 4 else 8]


def test_attempt_without_duration_is_posted_again_for_the_next_round() -> None:
    play = Play(make_world(1, 1, success=False, duration=0, tries=2), make_rules(round=4, postings=2))
    assert play.closed() == [(0, 0, 0, "reposted"), (0, 1, 4, "failed")]


def test_in_order_and_greedy_differ_in_who_comes_first() -> None:
    world = make_world(2, 2, cost_belief=[[0.2, 0.3], [0.1, 0.4]], cost=0.0)
    in_order, greedily = (Play(world, make_rules(round=1, assignment=how)) for how in ("in_order", "greedy"))
    assert [(row["task"], row["agent"], row["payment"]) for row in in_order.attempts] == [(0, 0, 0.4), (1, 1, 0.8)]
    assert [(row["task"], row["agent"], row["payment"]) for row in greedily.attempts] == [(0, 1, 0.6), (1, 0, 0.2)]


def test_assignment_rule_pays_the_published_example() -> None:
    worth = np.array([[0.6, 0.7, 0.4], [0.46, 0.06, 0.28]])
    value = np.array([1.0, 0.8])
    world = make_world(2, 3, value=value, reserve=value, belief=1.0, cost_belief=value[:, None] - worth)
    play = Play(world, make_rules(AssignmentVCG(), round=1))
    contracts = [(row["task"], row["agent"], row["pay_success"], row["pay_failure"]) for row in play.attempts]
    assert contracts == [
        (0, 1, pytest.approx(0.58), pytest.approx(-0.42)),
        (1, 0, pytest.approx(0.52), pytest.approx(-0.28)),
    ]
    assert play.outcomes(0) == ["lost", "won", "lost"]
    assert [row["score"] for row in play.bids] == pytest.approx(worth.ravel().tolist())


def test_best_scores_start_where_there_is_room_and_the_others_are_put_off() -> None:
    """Task 1 has the cheapest agent; every attempt takes two rounds, so tasks come one at a time."""
    world = make_world(3, 3, cost_belief=[[0.3, 0.9, 0.9], [0.9, 0.1, 0.9], [0.9, 0.9, 0.2]], duration=3)
    rising = Escalation(unfilled_factor=1.5)
    rule = make_rules(round=2, assignment="greedy", concurrency=1, postings=4, exclude="none", escalation=rising)
    play = Play(world, rule)
    assert play.worked() == [(1, 1, 0, 3, "PASS"), (2, 2, 4, 7, "PASS")]
    assert play.closed()[:5] == [
        (0, 0, 0, "reposted"),
        (1, 0, 0, "solved"),
        (2, 0, 0, "reposted"),
        (0, 1, 2, "reposted"),
        (2, 1, 2, "reposted"),
    ]
    assert play.closed()[5:] == [(0, 2, 4, "reposted"), (2, 2, 4, "solved"), (0, 3, 6, "unfilled")]
    assert play.reserves(0) == [1.0] * 4
    assert play.outcomes(0) == ["lost"] * 3


def test_in_order_the_first_tasks_start() -> None:
    world = make_world(3, 3, cost_belief=[[0.3, 0.9, 0.9], [0.9, 0.1, 0.9], [0.9, 0.9, 0.2]])
    assert Play(world, make_rules(round=2, concurrency=2)).worked() == [(0, 0, 0, 1, "PASS"), (1, 1, 0, 1, "PASS")]


def test_reserve_rises_only_where_no_bid_is_good_enough_by_itself() -> None:
    """The only agent takes task 0; it would do task 1 as well, and asks too much for task 2."""
    world = make_world(3, 1, value=2.0, cost_belief=[[0.1], [0.2], [0.6]])
    play = Play(world, make_rules(round=1, postings=2, exclude="none", escalation=Escalation(unfilled_factor=1.5)))
    assert (play.reserves(1), play.reserves(2)) == ([1.0, 1.0], [1.0, 1.5])


def test_reserve_does_not_rise_in_a_round_without_room() -> None:
    """Task 0 is worked on until tick 3; the only agent asks 1.8 for task 1."""
    world = make_world(2, 1, value=2.0, cost_belief=[[0.1], [0.9]], duration=3)
    rising = Escalation(unfilled_factor=1.5)
    play = Play(world, make_rules(round=2, concurrency=1, postings=4, exclude="none", escalation=rising))
    assert play.reserves(1) == [1.0, 1.5, 1.5, 2.0]
    assert play.worked() == [(0, 0, 0, 3, "PASS"), (1, 0, 6, 9, "PASS")]


def test_task_that_would_close_before_the_next_round_is_not_posted_again() -> None:
    world = make_world(1, 1, reserve=0.1)
    late, in_time = (Play(world, make_rules(round=4, postings=2, deadline=ticks)) for ticks in (4, 5))
    assert late.closed() == [(0, 0, 0, "deadline")]
    assert in_time.closed() == [(0, 0, 0, "reposted"), (0, 1, 4, "unfilled")]


def test_bids_of_a_round_cost_what_one_call_costs() -> None:
    world = make_world(3, 2, arrival=[0, 0, 1], present=[[True, False], [True, True], [True, True]])
    by_round, by_bid = (make_rules(round=2, bid_cost=0.5, bid_cost_per=per) for per in ("round", "bid"))
    play = Play(world, by_round)
    assert [row["bid_cost"] for row in play.bids] == [0.5, 0.0, 0.0, 0.5, 0.5, 0.5]
    assert simulate(world, by_round, detail="auctions")["auctions"]["n_bids"].tolist() == [1, 1, 2]
    assert simulate(world, by_bid, detail="auctions")["auctions"]["n_bids"].tolist() == [1, 2, 2]


def test_compiled_engine_refuses_rounds_by_name() -> None:
    with pytest.raises(MarketError, match=r"cannot play this market: market\.round"):
        play_compiled(make_world(1, 1), make_rules(round=1))


@pytest.mark.parametrize(
    "mechanism",
    [
        one
        for one in each_example()
        if not (one.values[0].capabilities.in_turns or one.values[0].capabilities.takes_menu)
    ],
)
@tried(20)
@given(data=st.data())
def test_rounds_of_one_task_at_every_tick_are_no_rounds(mechanism: Mechanism, data: st.DataObject) -> None:
    """Where a posting is never made again at the tick of its clearing."""
    world, rule = data.draw(worlds((3, 1, 5))), data.draw(rules(mechanism))
    rule = changed(rule, repost_delay=max(1, rule.market.repost_delay))
    assert_same_rows(rows(simulate(world, changed(rule, round=1))), rows(simulate(world, rule)))


@pytest.mark.parametrize("mechanism", RANKING, ids=label_of)
@tried_on_each(60)
@given(data=st.data())
def test_every_round_keeps_its_promises(mechanism: Mechanism, data: st.DataObject) -> None:
    every, room = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    world = data.draw(worlds())
    how = data.draw(st.sampled_from(["in_order", "greedy"]))
    rule = changed(data.draw(rules(mechanism)), round=every, assignment=how, concurrency=room, card=None, deadline=None)
    play = Play(world, rule)
    ticks = {(row["replication"], row["task"], row["posting"]): row["tick"] for row in play.clearings}
    for row in play.clearings:
        assert row["tick"] % every == 0
        assert 0 <= row["tick"] - row["posted"] - rule.window <= every
    hires = Counter(
        (r["replication"], ticks[r["replication"], r["task"], r["posting"]], r["agent"]) for r in play.attempts
    )
    assert set(hires.values()) <= {1}
    for row in play.attempts:
        at_work = [
            a
            for a in play.attempts
            if a["replication"] == row["replication"] and a["start"] <= row["start"] < a["finish"]
        ]
        assert len(at_work) <= room
    lost = [row for row in play.bids if row["outcome"] in ("won", "lost")]
    active = sum(row["n_active"] for row in play.clearings)
    assert len(lost) == active
