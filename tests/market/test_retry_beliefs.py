"""An agent that failed a task bids on it again with what its own failures leave of its belief."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.arm import ArmData
from sim.agents.retry import after_each, posterior
from sim.experiment.engine import play_alone
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.kit.errors import ArrayError, MarketError
from sim.market.simulate import simulate
from sim.mechanisms import lookup
from sim.population.beliefs import to_grid
from sim.population.profile import Profile
from sim.scenario.scenario import load_scenario
from tests.cli.command import HEADER, ROWS, SCENARIO, lay_out
from tests.market.play import Play, ledger_of
from tests.market.test_synthetic import PROFILE, TENDER, scenario
from tests.records import recorded
from tests.records import settings as read_settings
from tests.reference_market import NaiveMarket
from tests.tried import tried
from tests.worlds import examples, make_rules, make_world, rules, worlds

LATER = [[[0.5, 0.25, 0.125], [0.25, 0.125, 0.0625]]]  # of two agents that believe .75 and .5 at first
AGAIN = 'postings = 3\nexclude = "none"\n[bidders]\non_retry = '


def always(agent: int) -> object:
    return lookup("always")(agent=agent, pay="reserve")


def claims(play: Play, agent: int) -> list[float]:
    return [row["claim"] for row in play.bids if row["agent"] == agent]


def test_own_failures_count_and_nobody_elses() -> None:
    world = make_world(1, 2, tries=4, belief=[[0.75, 0.5]], success=False, retry_belief=LATER)
    play = Play(world, make_rules(always(1), postings=4, exclude="none"))  # type: ignore[arg-type]
    assert claims(play, 1) == [0.5, 0.25, 0.125, 0.0625]
    assert claims(play, 0) == [0.75] * 4


def test_attempts_lost_to_the_system_say_nothing_and_verified_failures_count() -> None:
    infra = [[[0, 0, 0, 0], [1, 0, 1, 0]]]
    world = make_world(1, 2, tries=4, belief=0.5, success=True, verified=False, infra=infra, retry_belief=LATER)
    play = Play(world, make_rules(always(1), postings=4, exclude="none"))  # type: ignore[arg-type]
    assert [row["status"] for row in play.attempts] == ["INFRA", "FAIL", "INFRA", "FAIL"]
    assert claims(play, 1) == [0.5, 0.5, 0.25, 0.25]


def test_update_moves_the_second_attempt_to_another_agent() -> None:
    same = make_world(1, 2, tries=2, value=1.0, belief=[[0.75, 0.5]], success=False)
    updated = make_world(1, 2, tries=2, value=1.0, belief=[[0.75, 0.5]], success=False, spread=3.0)
    rule = make_rules("first_score", postings=2, exclude="none")
    assert [row["agent"] for row in Play(same, rule).attempts] == [0, 0]
    assert [row["agent"] for row in Play(updated, rule).attempts] == [0, 1]


def test_more_postings_than_failures_foreseen_are_refused() -> None:
    world = make_world(2, 6, replications=5, tries=4, spread=1.0)
    with pytest.raises(MarketError, match=r"may bid after 5 failures, but retry_belief holds beliefs after 3$"):
        simulate(world, make_rules(postings=6, exclude="none"))
    simulate(world, make_rules(postings=4, exclude="failed"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"spread": None}, "together"),
        ({"retry_belief": None}, "together"),
        ({"spread": np.ones((1, 2))}, "spread must have shape"),
        ({"spread": np.full((1, 1, 2), -1.0)}, "spread must be finite and >= 0; got -1.0"),
        ({"retry_belief": np.ones((1, 1, 2))}, "retry_belief must have shape"),
        ({"retry_belief": np.ones((1, 1, 2, 0))}, "at least 1"),
        ({"retry_belief": np.full((1, 1, 2, 3), 1.5)}, r"retry_belief must lie in \[0, 1\]; got 1.5 at \(0, 0, 0, 0\)"),
    ],
)
def test_world_refuses(changes: dict[str, object], says: str) -> None:
    world = make_world(1, 2, spread=1.0)
    with pytest.raises(ArrayError, match=says):
        replace(world, **changes)


def test_slices_of_a_world_keep_beliefs_after_failures() -> None:
    world = make_world(2, 2, replications=3, belief=[[0.2, 0.4], [0.6, 0.8]], spread=[[1.0, 2.0], [1.0, 2.0]])
    assert world.only(1).retry_belief.tolist() == world.retry_belief[:, :, 1:].tolist()  # type: ignore[index, union-attr]
    assert world.replication(1, 2).retry_belief.shape == (2, 2, 2, 3)  # type: ignore[union-attr]
    assert world.replication(1).spread.shape == (1, 2, 2)  # type: ignore[union-attr]


def test_card_of_other_tasks_is_read_before_the_failures() -> None:
    world = make_world(3, 1, belief=[[0.6], [0.8], [0.7]], success=[[True], [False], [True]], spread=2.0)
    card = {"record": "redrawn", "tasks": 5, "cost_weight": 0.0}
    read = recorded(world, read_settings({**card, "weight": 1.0}))
    assert (read.belief != world.belief).all()
    np.testing.assert_array_equal(read.retry_belief, after_each(read.belief, np.full((1, 3, 1), 2.0), 3))  # type: ignore[arg-type]
    silent = recorded(world, read_settings({**card, "weight": 0.0}))
    np.testing.assert_array_equal(silent.retry_belief, world.retry_belief)  # type: ignore[arg-type]


def test_profile_updates_by_what_its_own_signal_leaves_unknown(tmp_path: Path) -> None:
    of = scenario(tmp_path, tender=TENDER + AGAIN + '"update"\n')
    world = arm_world(of, of.arms[0], scenario_origin(of))
    profile = Profile.model_validate(tomllib.loads(PROFILE))
    assert world.spread is not None
    assert world.retry_belief is not None
    for place, name in enumerate(profile.agents):
        v = np.sqrt(profile.tau**2 - profile.reach(name) ** 2)
        np.testing.assert_allclose(world.spread[..., place], v, rtol=1e-12)
        expected = np.stack([posterior(world.belief[..., place], v, f) for f in (1, 2)], axis=-1)
        grid = profile.agents[name].grid
        expected = expected if grid is None else to_grid(expected, np.array(grid))
        np.testing.assert_allclose(world.retry_belief[..., place, :], expected, rtol=1e-12)
    for text, arrays in (("{ update = { spread = 1.5 } }", {1.5}), ('"same"', None)):
        of = scenario(tmp_path, tender=TENDER + AGAIN + text + "\n")
        spread = arm_world(of, of.arms[0], scenario_origin(of)).spread
        assert (None if spread is None else set(np.unique(spread).tolist())) == arrays


def test_beliefs_after_failures_follow_the_bootstrap_draw(tmp_path: Path) -> None:
    of = load_scenario(
        Path("scenarios/marketbench_population.toml"),
        replications=4,
        mechanisms=["posted_price"],
        overrides=[
            "world.parameters=bootstrap", "world.sigma_u=2.3", "tender.postings=2", 'tender.exclude="none"',
            'bidders.on_retry="update"', "world.tasks=3",
        ],
    )  # fmt: skip
    world = arm_world(of, of.arms[0], scenario_origin(of))
    assert world.spread is not None
    assert len(np.unique(world.spread[:, 0, 0])) == 4
    assert (world.spread == world.spread[:, :1]).all()


def test_table_updates_by_the_spread_stated(tmp_path: Path) -> None:
    more = '[tender]\npostings = 3\nexclude = "none"'
    text = SCENARIO.replace("[tender]", more).replace(
        "[[arm]]", "[bidders]\non_retry = {update = {spread = 2}}\n[[arm]]"
    )
    text = text.replace("[tender]", 'beyond_tries = "repeat"\n[tender]', 1)
    of = load_scenario(lay_out(tmp_path, text, HEADER + ROWS))
    world = arm_world(of, of.arms[0], scenario_origin(of))
    expected = np.stack([posterior(world.belief, 2.0, f) for f in (1, 2)], axis=-1)
    np.testing.assert_array_equal(world.retry_belief, expected)  # type: ignore[arg-type]


@tried(60)
@given(data=st.data())
def test_analysis_of_agents_alone_is_that_of_each(data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(make_rules("posted_price").mechanism))
    tables = play_alone("market", world, lambda _: rule)
    arm = ArmData.build("arm", "x", world, ledger_of(world, tables), True)
    for agent in range(world.n_agents):
        own = world.only(agent)
        one = ArmData.build("arm", "x", own, ledger_of(own, simulate(own, rule)), False)
        for name in ("belief", "cost_belief", "expected"):
            np.testing.assert_array_equal(getattr(arm, name)[..., agent], getattr(one, name)[..., 0])


@tried(150)
@given(data=st.data())
def test_analysis_reads_the_belief_held_at_each_try(data: st.DataObject) -> None:
    """Against the naive market's own: at first postings, and in the profit the hired agents expected."""
    world = data.draw(worlds())
    rule = data.draw(rules(data.draw(st.sampled_from(examples()))))
    arm = ArmData.build("arm", "x", world, ledger_of(world, simulate(world, rule)), False)
    expected = np.zeros(world.present.shape)
    for replication in range(world.n_replications):
        naive = NaiveMarket(world, rule, replication)
        for row in naive.run()["attempts"]:
            belief, cost = row["belief"], row["cost_belief"]
            profit = belief * row["pay_success"] + (1 - belief) * row["pay_failure"] - cost
            expected[replication, row["task"], row["agent"]] += profit
        for task in range(world.n_tasks):
            here = world.present[replication, task]
            believed = np.array(naive.offers[task, 0]["believed"])[here]
            np.testing.assert_allclose(arm.belief[replication, task][here], believed[:, 0], rtol=1e-12)
            np.testing.assert_allclose(arm.cost_belief[replication, task][here], believed[:, 1], rtol=1e-12)
    np.testing.assert_allclose(arm.expected, expected, atol=1e-9)
