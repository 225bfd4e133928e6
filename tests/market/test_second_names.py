"""Second names of an agent in a World: its own next tries, and nothing else moves; a shill that never works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pytest
from numpy.typing import NDArray

from sim.agents.bankroll import bankrolls
from sim.compiled.lanes import play_compiled
from sim.kit.errors import ScenarioError
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.planner import Always
from sim.mechanisms.price import SecondPrice
from sim.mechanisms.redundant import KRedundant
from sim.world.world import World
from tests.market.compare import assert_same_rows, rows

PER_TRY = ("success", "verified", "infra", "cost", "duration")
PER_AGENT = ("present", "belief", "cost_belief", "ability", "latency", "silent", "record_cost", "record_advice")
BODY = 1  # the place of claude-sonnet-4.5 in the profile
NAMES = {"claude-sonnet-4.5": 3, "gpt-5-mini": 2}
LUCK: dict[str, Any] = {
    "sigma_u": 1.0,
    "infra": 0.2,
    "nonresponse": 0.2,
    "verifier": {"false_pass": 0.25, "false_fail": 0.125},
    "duration": {"uniform": [1, 9]},
    "expected_cost": {"record": "redrawn", "tasks": 7},
    "advice": {"record": "redrawn", "tasks": 7},
}


def drawn(postings: int = 2, **more: Any) -> World:
    return bl.World.drawn(
        "marketbench", 5, seed=3, replications=4, postings=postings, exclude="none", on_retry="same", **LUCK, **more
    )


def cells(world: World, name: str, count: int) -> NDArray[Any]:
    """An array of the first so many agents."""
    array = world.arrays[name]
    return array[..., :count] if name in ("lottery", "exploration", "choice") else array[:, :, :count]


def test_nothing_of_any_other_agent_moves() -> None:
    plain, named = drawn(), drawn(names=NAMES, shill="gpt-5.2")
    n = plain.n_agents
    assert named.agents[n:] == ("claude-sonnet-4.5 (2)", "claude-sonnet-4.5 (3)", "gpt-5-mini (2)", "shill")
    assert named.body == (*range(n), BODY, BODY, 5, 9)
    assert {"silent", "record_cost", "record_advice", "lottery"} <= plain.arrays.keys()
    others = [place for place in range(n) if place not in (BODY, 5)]
    for name, array in plain.arrays.items():
        if array.ndim < 3:
            np.testing.assert_array_equal(named.arrays[name], array, err_msg=name)
        elif name in PER_TRY:
            np.testing.assert_array_equal(named.arrays[name][:, :, others], array[:, :, others], err_msg=name)
            np.testing.assert_array_equal(named.arrays[name][:, :, :n, 0], array[..., 0], err_msg=name)
        else:
            np.testing.assert_array_equal(cells(named, name, n), array, err_msg=name)


def test_names_are_the_next_tries_of_one_agent() -> None:
    """Try k of name j is the agent's own try j + 3 k, counted from 0; all else is the agent's own."""
    named, long = drawn(2, names=NAMES), drawn(6)
    for number, place in enumerate((BODY, 6, 7)):
        for name in PER_TRY:
            own = long.arrays[name][:, :, BODY, [number, number + 3]]
            np.testing.assert_array_equal(named.arrays[name][:, :, place], own, err_msg=name)
        for name in PER_AGENT:
            np.testing.assert_array_equal(named.arrays[name][:, :, place], long.arrays[name][:, :, BODY], err_msg=name)
    lots = named.lottery[..., [BODY, 6, 7]].reshape(-1, 3)
    assert len(np.unique(lots)) == lots.size


def test_claims_are_those_of_the_first_name() -> None:
    named = drawn(names=NAMES, shill="gpt-5.2")
    assert named.observed is not None
    assert named.observed[..., :6, 0].all()
    assert not named.observed[..., 1:].any()
    assert not named.observed[..., 6:, :].any()


def test_a_shill_stands_as_another_and_never_works() -> None:
    named = drawn(names=NAMES, shill="gpt-5.2")
    like = named.agents.index("gpt-5.2")
    for name in ("belief", "cost_belief", "record_cost", "record_advice"):
        np.testing.assert_array_equal(named.arrays[name][:, :, -1], named.arrays[name][:, :, like])
    assert not named.success[:, :, -1].any()
    assert named.infra[:, :, -1].all()
    assert not named.cost[:, :, -1].any()
    assert not named.duration[:, :, -1].any()


def table(folder: Path, trials: int) -> Path:
    lines = ["task,agent,trial,claim,success,cost,cost_belief"]
    for place, (task, agent) in enumerate((task, agent) for task in ("t1", "t0", "t2") for agent in ("b", "a")):
        for trial in range(trials):
            lines.append(f"{task},{agent},{trial},0.{3 + place},{(place + trial) % 2},{place + 0.1 * trial:.1f},0.2")
    (folder / "t.csv").write_text("\n".join(lines))
    return folder / "t.csv"


@pytest.mark.parametrize("trials", ["exchangeable", "in_order"])
def test_of_a_table_names_meet_its_trials_in_turn(tmp_path: Path, trials: str) -> None:
    path, stated = table(tmp_path, 4), {"seed": 2, "replications": 5, "trials": trials}
    plain = bl.World.recorded(path, **stated)
    named = bl.World.recorded(path, names={"a": 2}, postings=2, exclude="none", on_retry="same", **stated)
    own, place = plain.agents.index("a"), named.agents.index("a (2)")
    np.testing.assert_array_equal(named.cost[:, :, own, :2], plain.cost[:, :, own, [0, 2]])
    np.testing.assert_array_equal(named.cost[:, :, place, :2], plain.cost[:, :, own, [1, 3]])
    np.testing.assert_array_equal(named.belief[:, :, place], plain.belief[:, :, own])
    np.testing.assert_array_equal(named.cost[:, :, 1 - own], plain.cost[:, :, 1 - own])


def test_of_one_trial_there_is_no_second_outcome(tmp_path: Path) -> None:
    path = table(tmp_path, 1)
    with pytest.raises(ScenarioError, match=r"world\.names: 2 names of 'a' may try a task 2 times, .* 1 trial\(s\)"):
        bl.World.recorded(path, names={"a": 2})
    named = bl.World.recorded(path, names={"a": 2}, beyond_tries="repeat")
    own, place = named.agents.index("a"), named.agents.index("a (2)")
    np.testing.assert_array_equal(named.success[:, :, place], named.success[:, :, own])


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"names": {"gpt-5-min": 2}}, r"world\.names: no agent 'gpt-5-min'.*'gpt-5-mini'"),
        ({"names": {"gpt-5-mini": 1}}, "greater than or equal to 2|>= 2|at least 2"),
        ({"shill": "nobody"}, r"world\.shill: no agent 'nobody'"),
        (
            {"names": {"gpt-5-mini": 2}, "postings": 2, "on_retry": "update"},
            r"on_retry.*cannot be combined with world\.",
        ),
    ],
)
def test_bad_input(stated: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        bl.World.drawn("marketbench", 5, **{"exclude": "none", **stated})


def test_names_share_a_bankroll_unless_they_have_their_own() -> None:
    agents, body = ("a", "b", "a (2)", "a (3)"), (0, 1, 0, 0)
    assert bankrolls({"*": 3.0}, agents, body=body) == (1.0, 3.0, 1.0, 1.0)
    assert bankrolls({"a": 8.0, "*": 3.0, "a (3)": 0.5}, agents, body=body) == (4.0, 3.0, 4.0, 0.5)


SYBIL = {"agent": "claude-sonnet-4.5", "uses": "all"}
POLICIES: dict[str, dict[str, Any]] = {
    "all": {"policy": {"sybil": SYBIL | {"mark_ups": [0.0, 0.5], "shifts": [0.0, -1.0]}}},
    "next": {"policy": {"sybil": SYBIL | {"uses": "next"}}},
    "shill": {"bidders": {"agents": {"shill": {"shill": {"beside": "worth"}}}}},
}


QUICK = {("second_price", "all")}


@pytest.mark.parametrize(
    ("rule", "bidders"),
    [
        pytest.param(
            rule, own, id=f"{rule.name}-{name}", marks=[] if (rule.name, name) in QUICK else [pytest.mark.slow]
        )
        for rule in (SecondPrice(), KRedundant())
        for name, own in POLICIES.items()
    ],
)
def test_both_engines_play_names_alike(rule: Mechanism, bidders: dict[str, Any]) -> None:
    pytest.importorskip("numba")
    asked = {"postings": 3, "exclude": "failed"}
    few = {"agents": ["gpt-5.2", "claude-sonnet-4.5"], "names": {"claude-sonnet-4.5": 2}, "shill": "gpt-5.2"}
    world = bl.World.drawn("marketbench", 9, seed=3, replications=3, arrivals={"every": 1}, **few, **asked, **LUCK)
    market = bl.Market(world, rule, **asked, reputation="agent_economy", expected_cost={"fixed": 0.02}, **bidders)
    rules = market.rules(world)
    assert_same_rows(rows(play_compiled(world, rules)), rows(simulate(world, rules)))


def test_where_nobody_asks_for_bids_names_have_no_meaning() -> None:
    world = bl.World.drawn("marketbench", 5, seed=3, names={"gpt-5-mini": 2}, shill="gpt-5.2")
    rule, costs = Always(agent="gpt-5.2"), {"expected_cost": {"fixed": 0.02}}
    with pytest.raises(ScenarioError, match="sybil has no meaning with always, which asks for no bids"):
        bl.Market(world, rule, **costs, policy={"sybil": {"agent": "gpt-5-mini"}}).run()
    with pytest.raises(ScenarioError, match="shill has no meaning with always"):
        bl.Market(world, rule, **costs, bidders={"agents": {"shill": "shill"}}).run()
    quiet = bl.Market(world, rule, **costs, bidders={"agents": {"shill": "silent"}}).run()
    assert set(quiet.attempts["agent"]) == {"gpt-5.2"}


def played(world: World, rule: Mechanism, uses: str, **more: Any) -> Any:
    policy = {"sybil": {"agent": "gpt-5-mini", "uses": uses}}
    return bl.Market(world, rule, policy=policy, engine="market", **more).run()


def test_with_the_first_name_alone_the_market_is_that_without_names() -> None:
    stated = {"postings": 2, "exclude": "failed"}
    plain = bl.World.drawn("marketbench", 40, seed=3, **stated)
    named = bl.World.drawn("marketbench", 40, seed=3, names={"gpt-5-mini": 2}, **stated)
    one = bl.Market(plain, SecondPrice(), engine="market", **stated).run().attempts
    two = played(named, SecondPrice(), "first", **stated).attempts
    assert one["agent"].astype(str).tolist() == two["agent"].astype(str).tolist()
    same = ["task", "posting", "status", "cost", "payment"]
    assert one[same].astype({"task": str}).equals(two[same].astype({"task": str}))


def test_an_excluded_agent_comes_back_under_its_second_name() -> None:
    """What it does then is its second try at the task, as if it had not been excluded."""
    keeps = {"postings": 2, "exclude": "failed"}
    named = bl.World.drawn("marketbench", 60, seed=3, names={"gpt-5-mini": 2}, **keeps)
    attempts = played(named, SecondPrice(), "next", **keeps).attempts
    back = attempts[attempts["agent"] == "gpt-5-mini (2)"]
    assert len(back) > 5
    assert (back["posting"] == 1).all()
    lets = {"postings": 2, "exclude": "none", "on_retry": "same"}
    plain = bl.World.drawn("marketbench", 60, seed=3, **lets)
    task = [plain.tasks.index(name) for name in back["task"]]
    assert back["success"].tolist() == plain.success[0, task, 5, 1].tolist()
    assert back["cost"].tolist() == plain.cost[0, task, 5, 1].tolist()


def test_what_a_shill_wins_is_not_done_and_costs_nobody() -> None:
    world = bl.World.drawn("marketbench", 30, seed=3, shill="gpt-5.2")
    wins = {"shill": {"shill": {"ask": 0.0}}}
    found = bl.Market(world, SecondPrice(), bidders={"agents": wins}).run().attempts
    assert set(found["agent"]) == {"shill"}
    assert set(found["status"]) == {"INFRA"}
    assert not found[["payment", "cost"]].to_numpy().any()


STATED: dict[str, Any] = {
    "question": "Whose profit?",
    "seed": 5,
    "replications": 2,
    "tender": {"value": 1.0, "reserve": "value", "penalty": 0.25},
    "arms": {"x": {"mechanism": KRedundant(), "bidders": {"policy": {"sybil": {"agent": "gpt-5-mini"}}}}},
}
WORLD: dict[str, Any] = {"profile": "marketbench", "parameters": "point", "tasks": 30, "names": {"gpt-5-mini": 2}}


def test_the_profit_of_a_body_is_that_of_all_its_names() -> None:
    agents = bl.run(bl.Scenario.of(world=WORLD, **STATED)).agents.set_index("agent")
    names = ["gpt-5-mini", "gpt-5-mini (2)"]
    assert agents.loc[names, "cash_profit"].all()
    assert agents.loc["gpt-5-mini", "body_profit"] == pytest.approx(agents.loc[names, "cash_profit"].sum())
    assert np.isnan(agents.loc["gpt-5-mini (2)", "body_profit"])
    assert agents.loc["gpt-5.2", "body_profit"] == agents.loc["gpt-5.2", "cash_profit"]


def test_arms_of_a_scenario_have_the_same_names() -> None:
    arm = {"mechanism": SecondPrice(), "world": {"names": {"gpt-5-mini": 3}}}
    with pytest.raises(ScenarioError, match=r"world\.names: all arms share one world"):
        bl.Scenario.of(world=WORLD, **STATED | {"arms": {"x": arm}})
