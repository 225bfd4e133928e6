"""The card of the past: an agent's own attempts that had ended when the posting went out, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from sim.agents.retry import posterior
from sim.mechanisms import lookup
from sim.specs.bidders import Card
from sim.world.card import PastCard
from tests.market.play import Play
from tests.worlds import make_rules, make_world


def past(weight: float = 1.0, cost_weight: float = 0.0, history: int | None = None) -> PastCard:
    return PastCard(Card(record="past", weight=weight, cost_weight=cost_weight, history=history))


def claims(play: Play) -> list[float]:
    return [row["claim"] for row in play.bids]


def test_claim_and_cost_belief_move_by_the_attempts_that_ended() -> None:
    """Claims .6, .8, .7, .9; outcomes 1, 0, 1; the break-even price is cost belief / claim."""
    p, y = np.array([0.6, 0.8, 0.7, 0.9]), [True, False, True, True]
    cost, cost_belief = np.array([0.4, 0.2, 0.3, 0.5]), np.array([0.1, 0.2, 0.1, 0.2])
    world = make_world(
        4, 1, arrival=[0, 2, 4, 6], belief=p[:, None], cost_belief=cost_belief[:, None], reserve=9.0,
        success=np.array(y)[:, None, None], cost=cost[:, None, None],
    )  # fmt: skip
    play = Play(world, make_rules(card=past(0.5, 0.25)))
    assert claims(play)[0] == 0.6
    assert claims(play)[1] == 1.0  # one success of one
    for t in (2, 3):
        claim = expit(logit(p[t]) + 0.5 * (logit(np.mean(y[:t])) - logit(p[:t].mean())))
        dollars = cost_belief[t] * (cost[:t].mean() / cost_belief[:t].mean()) ** 0.25
        assert claims(play)[t] == pytest.approx(claim)
        assert play.bids[t]["ask"] == pytest.approx(dollars / claim)


def test_card_is_read_when_the_posting_goes_out() -> None:
    """The attempt at task 0 ends at tick 4: at the posting of task 2, within the window of task 1."""
    world = make_world(3, 1, arrival=[0, 2, 4], duration=1, belief=0.5)
    play = Play(world, make_rules(card=past(), window=3))
    assert claims(play) == [0.5, 0.5, 1.0]


def test_completion_at_the_tick_of_a_posting_is_on_its_card_and_its_own_task_is_not() -> None:
    world = make_world(2, 1, duration=0, belief=0.5, success=True)
    assert claims(Play(world, make_rules(card=past()))) == [0.5, 1.0]


def test_tasks_of_others_and_attempts_lost_to_the_system_are_not_on_it() -> None:
    world = make_world(
        2, 2, arrival=[0, 5], belief=[[0.9, 0.5], [0.9, 0.5]], success=False, infra=[[[1], [0]], [[0], [0]]]
    )
    play = Play(world, make_rules(lookup("always")(agent=0, pay="reserve"), card=past()))
    assert play.worked()[0][-1] == "INFRA"
    assert claims(play) == [0.9, 0.5, 0.9, 0.5]


def test_verified_outcomes_count_not_true_ones() -> None:
    world = make_world(2, 1, arrival=[0, 5], belief=0.5, success=False, verified=True)
    assert claims(Play(world, make_rules(card=past()))) == [0.5, 1.0]


def test_three_successes_of_three_make_an_agent_certain() -> None:
    """The small-sample trap; a longer history gets out of it, the first three do not."""
    success = np.array([True, True, True, False, False])[:, None, None]
    world = make_world(6, 1, arrival=np.arange(6) * 2, belief=0.5, success=np.append(success, [[[False]]], axis=0))
    assert claims(Play(world, make_rules(card=past(history=3))))[3:] == [1.0, 1.0, 1.0]
    assert claims(Play(world, make_rules(card=past())))[3:] == pytest.approx([1.0, 0.75, 0.6])


def test_weights_of_zero_change_nothing() -> None:
    world = make_world(4, 3, arrival=[0, 1, 2, 3], belief=0.7, success=[True, False, True, False])
    plain, told = (Play(world, make_rules(card=card)) for card in (None, past(0.0, 0.0)))
    assert plain.bids == told.bids


def test_failures_at_the_task_count_from_the_claim_the_card_moved() -> None:
    """One PASS and one FAIL at claims of .8 are on the card at the second posting of task 2, which failed once."""
    world = make_world(
        3, 1, arrival=[0, 2, 4], tries=2, belief=[[0.8], [0.8], [0.7]], spread=2.0, reserve=9.0,
        success=np.array([[[True, True]], [[False, True]], [[False, True]]]),
    )  # fmt: skip
    play = Play(world, make_rules(card=past(), postings=2, exclude="none"))
    told = {(row["task"], row["posting"]): row["claim"] for row in play.bids}
    once = float(posterior(0.8, 2.0, 1))
    assert told[1, 1] == pytest.approx(float(posterior(expit(logit(0.8) + logit(0.5) - logit(0.8)), 2.0, 1)))
    shift = logit(2 / 3) - logit((0.8 + 0.8 + once) / 3)
    assert told[2, 0] == pytest.approx(expit(logit(0.7) + shift))
    shift = logit(2 / 4) - logit((0.8 + 0.8 + once + 0.7) / 4)
    assert told[2, 1] == pytest.approx(float(posterior(expit(logit(0.7) + shift), 2.0, 1)))
