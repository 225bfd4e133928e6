"""Deadlines: what they end, what they cost, and how the two mappings of a timeout differ."""

from __future__ import annotations

import pytest

from sim.kit.arrays import Status
from sim.standing.reputation import LiveReputation
from tests.market.play import Play
from tests.worlds import make_rules, make_world

MAPPINGS = [Status.FAIL, Status.INFRA]


@pytest.mark.parametrize("timeout", MAPPINGS)
def test_attempt_that_ends_at_the_deadline_is_in_time(timeout: Status) -> None:
    play = Play(make_world(1, 1, arrival=10, duration=5), make_rules(deadline=5, timeout=timeout))
    assert play.worked() == [(0, 0, 10, 15, "PASS")]
    assert play.closed() == [(0, 0, 10, "solved")]


@pytest.mark.parametrize("timeout", MAPPINGS)
def test_attempt_a_tick_longer_ends_at_the_deadline_at_full_cost(timeout: Status) -> None:
    world = make_world(1, 1, arrival=10, duration=6, cost=0.5, reserve=3.0)
    play = Play(world, make_rules(deadline=5, timeout=timeout, penalty=2.0, postings=4, exclude="none"))
    (row,) = play.attempts
    assert (row["start"], row["finish"], row["status"], row["timed_out"]) == (10, 15, timeout.name, True)
    assert (row["success"], row["cost"]) == (False, 0.5)
    assert row["payment"] == (-2.0 if timeout == Status.FAIL else 0.0)
    assert play.closed() == [(0, 0, 10, "deadline")]


@pytest.mark.parametrize(("timeout", "reputation"), [(Status.FAIL, 0.8), (Status.INFRA, 1.0)])
def test_timeout_lowers_the_reputation_only_where_it_is_a_failure(timeout: Status, reputation: float) -> None:
    """Score of the second task: rep x .5 - ask - .5 x .5 x clamp((rep - .5) / .75)."""
    world = make_world(2, 1, arrival=[0, 3], duration=9, belief=1.0, cost_belief=0.0)
    rules = make_rules("agent_economy", deadline=3, timeout=timeout, reputation=LiveReputation())
    play = Play(world, rules)
    assert [row["score"] for row in play.bids] == [1.0, reputation]


def test_posting_that_would_clear_at_the_deadline_is_not_made() -> None:
    world = make_world(1, 1, tries=2, duration=2, success=False)
    rules = {"postings": 2, "exclude": "none", "repost_delay": 2, "window": 1}
    assert Play(world, make_rules(deadline=6, **rules)).closed() == [(0, 0, 1, "deadline")]
    assert Play(world, make_rules(deadline=7, **rules)).closed() == [(0, 0, 1, "reposted"), (0, 1, 6, "deadline")]


def test_last_posting_that_fails_in_time_is_closed_as_failed() -> None:
    play = Play(make_world(1, 1, success=False), make_rules(deadline=7))
    assert play.closed() == [(0, 0, 0, "failed")]


def test_unfilled_task_that_cannot_be_posted_again_in_time_closes_by_deadline() -> None:
    play = Play(make_world(1, 1, present=False), make_rules(postings=4, exclude="none", repost_delay=2, deadline=3))
    assert play.closed() == [(0, 0, 0, "reposted"), (0, 1, 2, "deadline")]


def test_pass_in_time_solves_the_task_although_a_rival_times_out() -> None:
    world = make_world(1, 2, duration=[[1, 9]])
    play = Play(world, make_rules("hire_all", deadline=4))
    assert play.worked() == [(0, 0, 0, 1, "PASS"), (0, 1, 0, 4, "FAIL")]
    assert play.closed() == [(0, 0, 0, "solved")]


def test_timed_out_attempt_frees_its_slot_at_the_deadline() -> None:
    world = make_world(2, 1, arrival=[0, 3], duration=[9, 1])
    play = Play(world, make_rules(capacity=1, deadline=3))
    assert play.worked() == [(0, 0, 0, 3, "FAIL"), (1, 0, 3, 4, "PASS")]
