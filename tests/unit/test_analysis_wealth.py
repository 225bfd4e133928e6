"""Losses, exits and final wealth, worked by hand, and how `show` tells them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.arm import ArmData
from analysis.quantities.of_run import agents, summary
from analysis.tables import columns
from sim.agents.bankroll import bankrolls, parse_bankroll
from sim.compiled.lanes import play_compiled
from sim.kit.errors import ScenarioError
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.world.world import World
from tests.market.play import ledger_of
from tests.worlds import make_rules, make_world


def arm_of(world: World, rule: Rules) -> ArmData:
    ledger = ledger_of(world, simulate(world, rule))
    return ArmData.build("arm", "rule", world, ledger, alone=False, bankroll=rule.bankroll)


def broke() -> World:
    """Two replications: in the first a0 fails twice at .25 each and is out; in the second it earns .125 - .25 twice."""
    success = np.zeros((2, 3, 2, 1), np.bool_)
    success[1] = True
    world = make_world(
        3, 2, replications=2, arrival=[0, 1, 2], belief=1.0, cost_belief=[[0.125, 0.5]], cost=[[0.25, 0.25]], duration=0
    )
    object.__setattr__(world, "success", success)
    object.__setattr__(world, "verified", success)
    return world


def test_losses_exits_and_final_wealth_by_hand() -> None:
    found = agents(arm_of(broke(), make_rules(bankroll=(0.5, 1.0))))
    # a0: two failures; three successes paid .125 for .25. a1: one failure in its stead.
    np.testing.assert_array_equal(found["negative_utility_rate"].value, [1.0, 1.0])
    np.testing.assert_array_equal(found["exit_rate"].value, [0.5, 0.0])
    np.testing.assert_allclose(found["exit_rate"].se, [0.5, 0.0])
    np.testing.assert_allclose(found["final_wealth"].value, [(0.0 + 0.125) / 2, (0.75 + 1.0) / 2])
    np.testing.assert_array_equal(found["claim_minus_success_hired"].value, [2 / 5, 1.0])
    assert float(summary(arm_of(broke(), make_rules(bankroll=(0.5, 1.0))))["exit_rate"].value) == 0.25


def test_attempt_paid_its_cost_is_no_loss() -> None:
    world = make_world(2, 1, belief=1.0, cost_belief=0.25, cost=[[0.25], [0.375]])
    assert agents(arm_of(world, make_rules()))["negative_utility_rate"].value.tolist() == [0.5]


def test_without_accounts_exits_are_undefined_and_limitless_wealth_has_no_mean() -> None:
    none, rich = (arm_of(broke(), make_rules(bankroll=each)) for each in (None, (math.inf, 1.0)))
    assert np.isnan(agents(none)["exit_rate"].value).all()
    assert np.isnan(agents(none)["final_wealth"].value).all()
    assert math.isnan(float(summary(none)["exit_rate"].value))
    np.testing.assert_array_equal(agents(rich)["exit_rate"].value, [0.0, 0.0])
    assert np.isnan(agents(rich)["final_wealth"].value).tolist() == [True, False]


def test_counts_of_exits_are_those_of_the_rows() -> None:
    world, rule = broke(), make_rules(bankroll=(0.5, 1.0))
    for engine in (simulate, play_compiled):
        counts = engine(world, rule, detail="auctions")["auctions"]["n_exits"]
        assert counts.reshape(2, 3).tolist() == [[0, 0, 1], [0, 0, 0]]


def test_bankrolls_of_agents() -> None:
    assert bankrolls(None, ["a", "b"]) is None
    assert bankrolls(parse_bankroll(2), ["a", "b"]) == (2.0, 2.0)
    assert bankrolls({"b": math.inf, "*": 1.5}, ["a", "b"]) == (1.5, math.inf)
    assert bankrolls({"a": 1.0, "b": 3.0}, ["b"], alone=True) == (3.0,)
    with pytest.raises(ScenarioError, match=r"'b' has none"):
        bankrolls({"a": 1.0}, ["a", "b"])


def test_columns_of_the_tables_say_what_they_are() -> None:
    assert {"negative_utility_rate", "exit_rate", "final_wealth"} <= set(columns()["agents"])
    assert "exit_rate" in columns()["summary"]
    assert {"principal", "budget", "spent", "no_budget_rate"} <= set(columns()["principals"])
