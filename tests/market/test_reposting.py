"""Who may bid again, what a failure changes, and how the reserve rises: the numbers of the live engines."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kit.arrays import Status
from sim.market.escalation import Escalation
from sim.mechanisms import lookup
from sim.standing.reputation import LiveReputation, RunningMeanCost
from sim.standing.sources import ExpectedCost
from tests.market.play import Play
from tests.worlds import Nosy, make_rules, make_world

CREDITS = Escalation(credits_per_dollar=90.0, above_value=True)


@pytest.mark.parametrize(
    ("exclude", "second"),
    [
        ("none", ["won", "lost", "lost"]),
        ("failed", ["excluded", "won", "lost"]),
        ("hired", ["excluded", "won", "lost"]),
    ],
)
def test_agent_with_a_verified_failure_is_excluded_where_the_scenario_says_so(exclude: str, second: list[str]) -> None:
    world = make_world(1, 3, tries=2, success=False)
    assert Play(world, make_rules(postings=2, exclude=exclude)).outcomes(0, 1) == second


@pytest.mark.parametrize(("exclude", "second"), [("failed", ["won", "lost"]), ("hired", ["excluded", "won"])])
def test_attempt_lost_to_the_system_excludes_only_the_hired(exclude: str, second: list[str]) -> None:
    world = make_world(1, 2, tries=2, infra=True)
    assert Play(world, make_rules(postings=2, exclude=exclude)).outcomes(0, 1) == second


def test_exclusion_is_for_the_task_and_not_for_others() -> None:
    world = make_world(2, 1, arrival=[0, 5], success=False)
    play = Play(world, make_rules(postings=2, exclude="hired"))
    assert [play.outcomes(0, 1), play.outcomes(1, 0)] == [["excluded"], ["won"]]


def test_failure_by_the_verifier_excludes_although_it_truly_succeeded() -> None:
    world = make_world(1, 2, tries=2, success=True, verified=[[False, True]])
    play = Play(world, make_rules(postings=2, exclude="failed"))
    assert play.outcomes(0, 1) == ["excluded", "won"]
    assert [row["success"] for row in play.attempts] == [True, True]


def test_task_passed_in_error_is_solved_and_not_posted_again() -> None:
    play = Play(make_world(1, 1, success=False, verified=True), make_rules(postings=2, exclude="hired"))
    assert play.closed() == [(0, 0, 0, "solved")]
    assert (play.attempts[0]["success"], play.attempts[0]["payment"]) == (False, 0.25)


def test_excluded_agent_makes_no_bid_and_pays_for_none() -> None:
    world = make_world(1, 1, success=False)
    play = Play(world, make_rules(postings=2, exclude="hired", bid_cost=0.5))
    assert [row["bid_cost"] for row in play.bids] == [0.5, 0.0]
    assert play.bids[1]["ask"] != play.bids[1]["ask"]


def test_phase_2_protocol_gives_a_task_to_two_different_agents_at_most() -> None:
    """Two postings, timeouts are failures, nobody is hired twice for a task. Source: [P2]."""
    world = make_world(2, 3, tries=2, success=[[False] * 3, [True] * 3], infra=[[True, False, False]] * 2)
    rules = make_rules("agent_economy_phase2", postings=2, exclude="hired", expected_cost=ExpectedCost("fixed", 0.0))
    play = Play(world, rules)
    assert play.worked() == [(0, 0, 0, 1, "INFRA"), (1, 0, 0, 1, "INFRA"), (0, 1, 1, 2, "FAIL"), (1, 1, 1, 2, "PASS")]
    assert [row["closed"] for row in play.clearings] == ["reposted", "reposted", "failed", "solved"]


def test_bounty_nobody_cleared_rises_by_15_percent_in_whole_credits_up_to_twice_the_first() -> None:
    """Rounding is Python's, of the product as a float: 1.15 x 90 lies just below 103.5."""
    world = make_world(1, 1, present=False)
    play = Play(world, make_rules(postings=4, exclude="none", escalation=CREDITS))
    assert [round(90 * reserve, 9) for reserve in play.reserves()] == [90, 103, 118, 136]


def test_bounty_stops_at_twice_the_first() -> None:
    world = make_world(1, 1, present=False, reserve=1.0)
    steep = Escalation(unfilled_factor=1.5, credits_per_dollar=90.0, above_value=True)
    play = Play(world, make_rules(postings=4, exclude="none", escalation=steep))
    assert [round(90 * reserve, 9) for reserve in play.reserves()] == [90, 135, 180, 180]


def test_small_bounty_rises_by_a_whole_credit_at_least_and_never_beyond_the_cap() -> None:
    world = make_world(1, 1, present=False, reserve=2 / 90)
    play = Play(world, make_rules(postings=4, exclude="none", escalation=CREDITS))
    assert [round(90 * reserve, 9) for reserve in play.reserves()] == [2, 3, 4, 4]


def test_every_second_failure_raises_the_bounty_by_10_percent() -> None:
    world = make_world(1, 1, tries=4, success=False)
    play = Play(world, make_rules(postings=4, exclude="none", escalation=CREDITS))
    assert [round(90 * reserve, 9) for reserve in play.reserves()] == [90, 90, 99, 99]


def test_two_failures_of_one_posting_count_as_two() -> None:
    world = make_world(1, 2, tries=2, success=False)
    play = Play(world, make_rules("hire_all", postings=2, exclude="none", escalation=CREDITS))
    assert [round(90 * reserve, 9) for reserve in play.reserves()] == [90, 99]


def test_attempts_lost_to_the_system_raise_nothing() -> None:
    world = make_world(1, 1, tries=4, infra=True)
    play = Play(world, make_rules(postings=4, exclude="none", escalation=CREDITS))
    assert play.reserves() == [1.0] * 4


def test_escalation_in_dollars_is_not_rounded_to_credits_and_the_value_never_rises() -> None:
    play = Play(
        make_world(1, 1, present=False, reserve=0.5),
        make_rules(postings=4, exclude="none", escalation=Escalation(unfilled_factor=1.5)),
    )
    assert play.reserves() == [0.5, 0.75, 1.0, 1.0]
    assert {row["value"] for row in play.clearings} == {1.75}


def test_a_reserve_stops_at_the_value_unless_the_rules_let_it_rise_above() -> None:
    """Value 2, reserve 1.5 raised by half; one that starts above the value stays where it is."""
    world = make_world(2, 1, present=False, value=2.0, reserve=[1.5, 2.5])
    found = {}
    for above in (False, True):
        steep = Escalation(unfilled_factor=1.5, cap=4.0, above_value=above)
        played = Play(world, make_rules(postings=3, exclude="none", escalation=steep)).clearings
        found[above] = [[row["reserve"] for row in played if row["task"] == task] for task in (0, 1)]
    assert found[False] == [[1.5, 2.0, 2.0], [2.5, 2.5, 2.5]]
    assert found[True] == [[1.5, 2.25, 3.375], [2.5, 3.75, 5.625]]


def test_no_contract_pays_more_than_the_value_after_an_escalation() -> None:
    """An agent that nobody rivals is paid the reserve: value 2 and not the 2.25 or 3.375 of a free escalation."""
    world = make_world(1, 2, tries=3, success=[[False, True]], cost=0.25, cost_belief=0.25, value=2.0, reserve=1.5)
    steep = Escalation(failed_factor=1.5, every=1, cap=4.0)
    rules = make_rules(lookup("contingent")(bond=np.inf), postings=3, exclude="failed", escalation=steep)
    assert max(row["payment"] for row in Play(world, rules).attempts) == 2.0


def test_reserve_raised_after_a_posting_lets_a_dear_agent_win_the_next() -> None:
    world = make_world(1, 1, cost_belief=0.3, reserve=0.5)
    play = Play(world, make_rules(postings=3, exclude="none", escalation=Escalation()))
    assert play.worked() == [(0, 0, 0, 1, "PASS")]
    assert play.closed() == [(0, 0, 0, "reposted"), (0, 1, 0, "reposted"), (0, 2, 0, "solved")]


def test_reposted_bid_is_formed_with_the_new_notice() -> None:
    world = make_world(1, 1, reserve=1.0, belief=0.5, cost_belief=0.25, tries=2, success=False)
    rule = lookup("agent_economy_phase2")()
    play = Play(world, make_rules(rule, postings=2, exclude="none", escalation=Escalation(unfilled_factor=2.0)))
    assert [row["ask"] for row in play.bids] == [(0.25 + 0.5 * 0.1) / 0.5, (0.25 + 0.5 * 0.2) / 0.5]


def test_bidder_sees_the_reserve_of_its_own_posting_only_where_it_is_public() -> None:
    world = make_world(1, 1, tries=2, success=False, cost_belief=0.25)
    steep = Escalation(every=1, failed_factor=2.0, above_value=True)
    terms = {"bidder": Nosy(), "postings": 2, "exclude": "none", "escalation": steep}
    seen = Play(world, make_rules(public=("penalty", "reserve"), **terms))
    assert [row["ask"] for row in seen.bids] == [0.5, 1.0]
    sealed = Play(world, make_rules(public=("penalty", "value"), **terms))
    assert [row["ask"] for row in sealed.bids] == [0.25, 0.75]  # once for every try and failure


def test_reputation_moves_at_the_completion_and_infra_leaves_it() -> None:
    """Tasks 0, 2, 4, ... ticks apart; an attempt takes 1; claim 1 makes the score rep - ask, with ask 0."""
    world = make_world(
        4, 1, arrival=[0, 2, 4, 6], belief=1.0, cost_belief=0.0, success=[True, False, True, True], infra=[0, 0, 1, 0]
    )
    play = Play(world, make_rules("agent_economy", reputation=LiveReputation()))
    assert [row["score"] for row in play.bids] == [1.0, 1.06, 1.06 - 0.2, 1.06 - 0.2]


def test_reputation_of_an_attempt_still_running_is_not_known() -> None:
    world = make_world(2, 1, arrival=[0, 2], belief=1.0, cost_belief=0.0, duration=3)
    play = Play(world, make_rules("agent_economy", reputation=LiveReputation()))
    assert [row["score"] for row in play.bids] == [1.0, 1.0]


def test_running_mean_learns_the_cost_of_every_completed_attempt_whatever_its_status() -> None:
    world = make_world(
        4,
        1,
        arrival=[0, 2, 4, 6],
        cost=[0.25, 0.5, 1.0, 0.0],
        success=[True, False, True, True],
        infra=[0, 0, 1, 0],
    )
    learner = ExpectedCost("learned", learner=RunningMeanCost(prior=0.125, weight=1.0))
    play = Play(world, make_rules(lookup("always")(agent=0), expected_cost=learner))
    assert [row["pay_success"] for row in play.attempts] == [0.125, 0.375 / 2, 0.875 / 3, 1.875 / 4]


def test_next_try_and_not_the_first_is_what_an_oracle_sees() -> None:
    world = make_world(1, 1, tries=2, success=[[[False, True]]], cost=[[[0.5, 0.25]]])
    rule = lookup("route_by_advice")()
    rules = make_rules(
        rule, postings=2, exclude="none", advice="outcome", expected_cost=ExpectedCost("actual"), timeout=Status.FAIL
    )
    play = Play(world, rules)
    assert play.worked() == []
    rules = make_rules(lookup("always")(agent=0), postings=2, exclude="none", expected_cost=ExpectedCost("actual"))
    assert [row["pay_success"] for row in Play(world, rules).attempts] == [0.5, 0.25]
