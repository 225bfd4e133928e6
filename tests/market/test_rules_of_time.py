"""Which moment comes first: hand-written markets with the exact sequence that the definition asks for.

Everybody asks the break-even price .25 (belief .5, cost belief .125, no penalty) unless a test says otherwise.
"""

from __future__ import annotations

import math

import pytest

from sim.kit.arrays import Status
from sim.kit.errors import MarketError
from sim.standing.reputation import LiveReputation
from tests.market.play import Play
from tests.worlds import make_rules, make_world


def test_slot_freed_at_a_tick_can_be_awarded_at_that_tick() -> None:
    world = make_world(2, 1, arrival=[0, 3], duration=3)
    assert Play(world, make_rules(capacity=1)).worked() == [(0, 0, 0, 3, "PASS"), (1, 0, 3, 6, "PASS")]


def test_slot_taken_at_a_tick_is_taken_for_later_tasks_of_that_tick() -> None:
    play = Play(make_world(3, 1, duration=2), make_rules(capacity=2))
    assert [play.outcomes(task) for task in range(3)] == [["won"], ["won"], ["busy"]]


def test_busy_agent_bids_again_when_it_is_free() -> None:
    world = make_world(2, 1, duration=3)
    play = Play(world, make_rules(capacity=1, postings=4, repost_delay=1, exclude="none"))
    assert play.worked() == [(0, 0, 0, 3, "PASS"), (1, 0, 3, 6, "PASS")]
    assert play.closed() == [
        (0, 0, 0, "solved"),
        (1, 0, 0, "reposted"),
        (1, 1, 1, "reposted"),
        (1, 2, 2, "reposted"),
        (1, 3, 3, "solved"),
    ]


def test_without_a_window_a_task_is_cleared_before_the_next_is_posted() -> None:
    play = Play(make_world(2, 1), make_rules(capacity=1))
    assert play.closed() == [(0, 0, 0, "solved"), (1, 0, 0, "unfilled")]


def test_completion_comes_before_the_clearing_of_a_lower_task() -> None:
    world = make_world(2, 1, arrival=[1, 0], duration=[5, 2])
    play = Play(world, make_rules(capacity=1, window=1))
    assert play.worked() == [(1, 0, 1, 3, "PASS")]
    world = make_world(2, 1, arrival=[2, 0], duration=[5, 2])
    play = Play(world, make_rules(capacity=1, window=1))
    assert play.worked() == [(1, 0, 1, 3, "PASS"), (0, 0, 3, 8, "PASS")]


def test_attempts_without_duration_leave_the_slot_free_for_the_same_tick() -> None:
    play = Play(make_world(3, 1, duration=0), make_rules(capacity=1))
    assert play.worked() == [(task, 0, 0, 0, "PASS") for task in range(3)]


def test_failure_without_duration_is_posted_again_before_the_next_task_of_the_tick() -> None:
    world = make_world(2, 1, tries=4, duration=0, success=[False, True])
    play = Play(world, make_rules(postings=3, exclude="none"))
    expected = [(0, 0, 0, "reposted"), (0, 1, 0, "reposted"), (0, 2, 0, "failed"), (1, 0, 0, "solved")]
    assert play.closed() == expected


def test_task_is_posted_again_after_the_delay_and_cleared_after_the_window() -> None:
    world = make_world(1, 1, tries=4, arrival=10, duration=3, success=False)
    play = Play(world, make_rules(postings=2, repost_delay=4, window=2, exclude="none"))
    assert [(row["posted"], row["tick"]) for row in play.clearings] == [(10, 12), (19, 21)]
    assert play.worked() == [(0, 0, 12, 15, "FAIL"), (0, 0, 21, 24, "FAIL")]


def test_bid_that_arrives_at_the_clearing_counts_and_a_tick_later_is_late() -> None:
    play = Play(make_world(1, 2, latency=[[3, 4]]), make_rules(window=3))
    assert play.outcomes(0) == ["won", "late"]


def test_late_bid_costs_its_agent_and_a_bid_never_made_does_not() -> None:
    world = make_world(1, 3, latency=[[0, 9, 0]], belief=[[0.5, 0.5, 0.0]])
    play = Play(world, make_rules(bid_cost=0.25))
    assert play.outcomes(0) == ["won", "late", "abstained"]
    assert [row["bid_cost"] for row in play.bids] == [0.25, 0.25, 0.0]


def test_posting_closes_only_when_its_last_hired_agent_completes() -> None:
    world = make_world(1, 2, tries=2, duration=[[1, 5]], success=False)
    play = Play(world, make_rules("hire_all", postings=2, exclude="none"))
    assert [row["posted"] for row in play.clearings] == [0, 5]


def test_solved_task_is_not_posted_again_although_another_agent_failed_last() -> None:
    world = make_world(1, 2, tries=2, duration=[[1, 5]], success=[[True, False]])
    play = Play(world, make_rules("hire_all", postings=2, exclude="none"))
    assert play.closed() == [(0, 0, 0, "solved")]


def test_standing_is_read_at_the_clearing_and_not_at_the_posting() -> None:
    """Task 1 is posted at 1 and cleared at 3; the attempt at task 0 ends at 3 and earns .06."""
    world = make_world(2, 1, arrival=[0, 1], belief=1.0, cost_belief=0.0, duration=1)
    play = Play(world, make_rules("agent_economy", window=2, reputation=LiveReputation()))
    assert play.worked() == [(0, 0, 2, 3, "PASS"), (1, 0, 3, 4, "PASS")]
    assert [row["score"] for row in play.bids] == [1.0, 1.06]


def test_last_try_is_repeated_only_where_the_world_says_so() -> None:
    rules = make_rules(postings=3, exclude="none")
    play = Play(make_world(1, 1, tries=2, repeats=True, success=False, cost=[[[0.125, 0.25]]]), rules)
    assert [(row["try"], row["cost"]) for row in play.attempts] == [(0, 0.125), (1, 0.25), (2, 0.25)]
    with pytest.raises(MarketError, match="only 2 are known"):
        Play(make_world(1, 1, tries=2, success=False), rules)


def test_one_agent_alone_is_hired_without_a_tie() -> None:
    play = Play(make_world(1, 1), make_rules("second_price"))
    assert (play.clearings[0]["n_active"], play.clearings[0]["by_tie"]) == (1, False)
    assert play.attempts[0]["pay_success"] == 1.0


def test_where_nobody_can_bid_every_posting_is_cleared_and_told() -> None:
    play = Play(make_world(1, 2, present=False), make_rules(postings=2, exclude="none"))
    assert play.closed() == [(0, 0, 0, "reposted"), (0, 1, 0, "unfilled")]
    assert play.attempts == []
    assert [row["outcome"] for row in play.bids] == ["abstained"] * 4


def test_equal_asks_go_to_the_lowest_lottery_of_that_posting() -> None:
    luck = [[[0.5, 0.25], [0.25, 0.5], [0.5, 0.5], [0.5, 0.5]]]
    play = Play(make_world(1, 2, success=False, lottery=luck, tries=2), make_rules(postings=2, exclude="none"))
    assert [row["agent"] for row in play.attempts] == [1, 0]
    assert [row["by_tie"] for row in play.clearings] == [True, True]


def test_capacity_counts_attempts_across_replications_apart() -> None:
    play = Play(make_world(1, 1, replications=2, duration=9), make_rules(capacity=1))
    assert play.outcomes(0) == ["won", "won"]


def test_unlimited_capacity_is_never_busy() -> None:
    play = Play(make_world(5, 1, duration=9), make_rules(capacity=math.inf))
    assert len(play.attempts) == 5


def test_infra_and_timeout_are_told_apart_from_failures() -> None:
    world = make_world(3, 1, infra=[True, False, False], duration=[1, 9, 1], success=[True, True, False])
    play = Play(world, make_rules(deadline=4, timeout=Status.INFRA))
    told = [(row["status"], row["timed_out"], row["success"]) for row in play.attempts]
    assert told == [("INFRA", False, False), ("INFRA", True, False), ("FAIL", False, False)]
