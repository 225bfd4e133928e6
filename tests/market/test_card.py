"""The self-history card holds the record of other tasks and moves claims and cost beliefs to it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from sim.card import with_card
from sim.settings import Card
from sim.world import World
from tests.worlds import make_world

P = np.array([0.6, 0.8, 0.7, 0.9])
COST, COST_BELIEF = np.array([0.4, 0.2, 0.3, 0.5]), np.array([0.1, 0.2, 0.1, 0.2])


def four_tasks(success: list[bool]) -> World:
    per_agent = {"belief": P[:, None], "cost_belief": COST_BELIEF[:, None]}
    per_try = {"success": np.array(success)[:, None, None], "cost": COST[:, None, None]}
    return make_world(4, 1, **per_agent, **per_try)


def test_claim_and_cost_belief_move_by_the_record_of_the_other_tasks() -> None:
    world = with_card(four_tasks([True, False, True, False]), Card(record="others", weight=0.5, cost_weight=0.25))
    for t, others in enumerate(([1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2])):
        rate = np.array([True, False, True, False])[others].mean()
        claim = expit(logit(P[t]) + 0.5 * (logit(rate) - logit(P[others].mean())))
        cost = COST_BELIEF[t] * (COST[others].mean() / COST_BELIEF[others].mean()) ** 0.25
        assert world.belief[0, t, 0] == pytest.approx(claim)
        assert world.cost_belief[0, t, 0] == pytest.approx(cost)


def test_card_never_holds_the_task_itself() -> None:
    card = Card(record="others", weight=1.0, cost_weight=1.0)
    before, after = (with_card(four_tasks([y, False, True, True]), card) for y in (True, False))
    assert before.belief[0, 0, 0] == after.belief[0, 0, 0]
    assert before.belief[0, 1, 0] != after.belief[0, 1, 0]


def test_three_successes_of_three_make_an_agent_certain() -> None:
    world = with_card(
        four_tasks([True, True, True, False]), Card(record="others", weight=0.5, cost_weight=0.0, history=3)
    )
    assert world.belief[0, 3, 0] == 1.0


def test_weights_of_zero_change_nothing() -> None:
    plain = four_tasks([True, False, True, False])
    world = with_card(plain, Card(record="others", weight=0.0, cost_weight=0.0))
    assert np.array_equal(world.belief, plain.belief)
    assert np.array_equal(world.cost_belief, plain.cost_belief)


def test_card_without_tasks_changes_nothing() -> None:
    plain = make_world(1, 2)
    world = with_card(plain, Card(record="others", weight=1.0, cost_weight=1.0))
    assert np.array_equal(world.belief, plain.belief)
    assert np.array_equal(world.cost_belief, plain.cost_belief)
