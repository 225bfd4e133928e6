"""Second attempts: who makes them, what a rerun keeps, and the table that tells rescues apart."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.postings import postings_table
from sim.bundled import find_scenario
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.ledger.ledger import Ledger
from sim.market.simulate import simulate
from sim.mechanisms.planner import Always
from sim.scenario.scenario import Arm, Scenario, load_scenario
from sim.world.world import World
from tests.market.play import ledger_of
from tests.statistics import assert_rate
from tests.worlds import make_rules, make_world


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(find_scenario("two_attempts"), replications=60)


def played(scenario: Scenario, name: str) -> tuple[World, Ledger]:
    arm = next(arm for arm in scenario.arms if arm.name == name)
    world = arm_world(scenario, arm, scenario_origin(scenario))
    return world, ledger_of(world, simulate(world, arm_rules(arm, world)))


def test_always_hires_another_agent_for_later_postings() -> None:
    world = make_world(2, 3, success=False)
    rules = make_rules(Always(agent=0, then=2, pay="reserve"), postings=2)
    attempts = ledger_of(world, simulate(world, rules)).attempts
    assert attempts.groupby("posting")["agent"].unique().map(list).tolist() == [["a0"], ["a2"]]


def test_always_resolves_both_names() -> None:
    assert Always(agent="b", then="a").for_agents(("a", "b")) == Always(agent=1, then=0)


def test_rerun_keeps_tasks_and_beliefs_and_draws_outcomes_anew(scenario: Scenario) -> None:
    origin = scenario_origin(scenario)
    by_name: dict[str, Arm] = {arm.name: arm for arm in scenario.arms}
    first, again = (arm_world(scenario, by_name[name], origin) for name in ("random_exclude", "random_exclude, rerun"))
    for kept in ("ability", "belief", "cost_belief", "lottery", "reserve", "arrival"):
        np.testing.assert_array_equal(getattr(first, kept), getattr(again, kept))
    assert (first.success != again.success).any()
    assert (first.cost != again.cost).any()


@pytest.mark.slow
def test_first_attempts_and_rescues_are_those_of_the_live_experiment(scenario: Scenario) -> None:
    """The world is fitted to first attempt .36, rescue by the same agent .19, by another .33; 60 x 50 tasks each."""
    for name, rescue in (("solo", 0.190), ("market_exclude", 0.335)):
        attempts = played(scenario, name)[1].attempts
        for posting, expected in ((0, 0.360), (1, rescue)):
            assert_rate(attempts.loc[attempts["posting"] == posting, "success"].to_numpy(), expected)


def test_postings_table_counts_every_attempt_once(scenario: Scenario) -> None:
    world, ledger = played(scenario, "random")
    rows = postings_table([("random", world, ledger, "pair")]).set_index(["posting", "who"])["attempts"]
    assert rows[0, "any"] + rows[1, "any"] == len(ledger.attempts)
    assert rows[1, "same"] + rows[1, "other"] == rows[1, "any"]
