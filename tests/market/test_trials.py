"""Repeated trials of a table: exchangeable, so that every replication meets them in an order of its own."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.compiled.lanes import play_compiled
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.kit.arrays import Status
from sim.market.simulate import simulate
from sim.mechanisms.planner import Always
from sim.scenario.scenario import Scenario, load_scenario
from sim.tables.table import Recorded, read_table
from sim.world.world import World
from tests.cli.command import SCENARIO, WORLD, bidlab
from tests.cli.test_tables import PLAIN, Rows, cell, write
from tests.market.compare import assert_same_rows, rows
from tests.reference_market import naive_market
from tests.statistics import assert_rate
from tests.tried import tried
from tests.worlds import make_rules

COLUMNS = {**PLAIN, "trial": "trial", "duration": "duration"}


def trials(sizes: dict[tuple[str, str], int], seed: int = 1, **more: Any) -> Rows:
    """Rows of cells (agent, task) with so many trials each, no two of one cost or duration; some are lost."""
    chance = np.random.default_rng(seed)
    found = []
    for (agent, task), size in sizes.items():
        for trial in range(size):
            success = ["", 0, 1][int(chance.integers(0, 3))]
            row = cell(agent, task, 0.5, 1, 0.01 * len(found), cost_belief=0.1, trial=trial, duration=3 * len(found))
            found.append(row | {"success": success, "claim": float(chance.integers(0, 9)) / 8} | more)
    return found


SIZES = {("b", "t1"): 3, ("a", "t1"): 1, ("a", "t2"): 2, ("b", "t0"): 3, ("a", "t0"): 3, ("c", "t2"): 2}


def load(folder: Path, table: Rows, *, seed: int = 5, replications: int = 7, world: str = "", **sets: str) -> Scenario:
    """A scenario that plays the table, with lines more in its [world]."""
    write(folder, "csv", table)
    columns = ", ".join(f'{name} = "{name}"' for name in COLUMNS if name in table[0])
    section = f'\n[world]\ntable = "t.csv"\ncolumns = {{{columns}}}\nbeyond_tries = "repeat"\n{world}'
    path = folder / "s.toml"
    path.write_text(SCENARIO.replace(WORLD, section), encoding="utf-8")
    overrides = [f"{key.replace('__', '.')}={text}" for key, text in sets.items()]
    return load_scenario(path, seed=seed, replications=replications, overrides=overrides)


def drawn(folder: Path, table: Rows, **more: Any) -> World:
    scenario = load(folder, table, **more)
    return arm_world(scenario, scenario.arms[0], scenario_origin(scenario))


def orders(world: World, agent: str, task: str, table: Rows) -> list[tuple[int, ...]]:
    """The trials of a cell as each replication meets them, told by their costs."""
    cost = world.cost[:, world.tasks.index(task), world.agents.index(agent)]
    known = {row["cost"]: row["trial"] for row in table if (row["agent"], row["task"]) == (agent, task)}
    return [tuple(known[dollars] for dollars in one) for one in cost.tolist()]


def same_in_all(world: World) -> bool:
    """Nothing of the table takes memory for each replication."""
    names = ("success", "infra", "cost", "duration", "belief", "cost_belief")
    return all(getattr(world, name).strides[0] == 0 for name in names)


def test_success_rates_are_those_of_all_trials(tmp_path: Path) -> None:
    """a fails only the first of its five trials, b passes only its first: .8 and .2, in tables and in the market."""
    table = [
        cell(agent, f"t{t}", 0.5, int((trial > 0) == (agent == "a")), 0.1, cost_belief=0.1, trial=trial)
        for agent in "ab"
        for t in range(4)
        for trial in range(5)
    ]
    scenario = load(tmp_path, table, replications=500)
    world = arm_world(scenario, scenario.arms[0], scenario_origin(scenario))
    for agent, rate in ((0, 0.8), (1, 0.2)):
        came = play_compiled(world, make_rules(Always(agent=agent), penalty=0.0))["attempts"]["success"]
        assert len(came) == 500 * 4
        assert_rate(np.asarray(came, np.bool_), rate)
    assert bidlab("run", tmp_path / "s.toml", "--out", tmp_path / "o").code == 0
    table_of_agents = pd.read_csv(tmp_path / "o" / "agents.csv").set_index("agent")
    rates = table_of_agents["success_rate"].to_dict()
    assert rates == pytest.approx({"a": 0.8, "b": 0.2})


def test_every_order_is_equally_likely(tmp_path: Path) -> None:
    table = trials(SIZES)
    met = Counter(orders(drawn(tmp_path, table, replications=3000), "b", "t1", table))
    assert set(met) == set(permutations(range(3)))
    for order in permutations(range(3)):
        assert_rate(np.repeat([True, False], [met[order], 3000 - met[order]]), 1 / 6)


def test_what_became_of_a_trial_moves_together_and_the_last_is_repeated(tmp_path: Path) -> None:
    table = trials(SIZES)
    world = drawn(tmp_path, table)
    assert world.observed is not None
    for t, task in enumerate(world.tasks):
        for i, agent in enumerate(world.agents):
            own = [row for row in table if (row["agent"], row["task"]) == (agent, task)]
            assert bool(world.present[:, t, i].all()) == bool(own)
            by_cost = {row["cost"]: row for row in own}
            for r in range(world.n_replications if own else 0):
                met = [by_cost[dollars] for dollars in world.cost[r, t, i].tolist()]
                assert {row["trial"] for row in met[: len(own)]} == set(range(len(own)))
                assert all(row is met[len(own) - 1] for row in met[len(own) :])
                assert world.belief[r, t, i] == met[0]["claim"]
                for k, row in enumerate(met):
                    assert world.success[r, t, i, k] == (row["success"] == 1)
                    assert world.infra[r, t, i, k] == (row["success"] == "")
                    assert world.duration[r, t, i, k] == row["duration"]
                    assert world.observed[r, t, i, k] == (k < len(own) and row["success"] != "")
    assert not world.observed[:, ~world.present[0]].any()


def test_trials_in_order_are_met_as_they_are_numbered(tmp_path: Path) -> None:
    table = trials(SIZES)
    world = drawn(tmp_path, table[::-1], world='trials = "in_order"\n')
    assert orders(world, "b", "t1", table) == [(0, 1, 2)] * 7
    assert orders(world, "a", "t2", table) == [(0, 1, 1)] * 7
    assert same_in_all(world)
    assert world.observed is not None
    assert not world.observed[..., 1:].any()
    lost = {(row["agent"], row["task"]) for row in table if row["trial"] == 0 and row["success"] == ""}
    assert lost
    for t, task in enumerate(world.tasks):
        for i, agent in enumerate(world.agents):
            assert world.observed[0, t, i, 0] == ((agent, task) in SIZES and (agent, task) not in lost)


def test_one_known_trial_everywhere_draws_nothing(tmp_path: Path) -> None:
    world = drawn(tmp_path, trials(dict.fromkeys(SIZES, 1), success=1))
    assert same_in_all(world)
    assert world.observed is None


def test_more_rows_leave_the_orders_of_the_others(tmp_path: Path) -> None:
    table = trials(SIZES)
    more = [*trials({("z", "t1"): 3, ("a", "t9"): 2}, seed=2), *table]
    for row in more[:5]:
        row["cost"] += 1.0
    few, many = drawn(tmp_path, table, replications=5), drawn(tmp_path, more, replications=9)
    for agent, task in SIZES:
        before, after = orders(few, agent, task, table), orders(many, agent, task, more)
        assert after[:5] == [one[: len(one)] for one in before]


def test_a_rerun_meets_the_trials_anew_and_keeps_claims(tmp_path: Path) -> None:
    table = trials(SIZES)
    first, again = drawn(tmp_path, table, replications=40), drawn(tmp_path, table, replications=40, world__rerun="1")
    np.testing.assert_array_equal(first.belief, again.belief)
    assert orders(first, "b", "t0", table) != orders(again, "b", "t0", table)
    assert len({tuple(x) for x in first.belief[:, 0, 0, None].tolist()}) > 1


def aligned(world: World) -> dict[str, Any]:
    """Arrays with agents and tasks in the order of their names, what is not present as 0; orders as they are met."""
    t, i = np.argsort(world.tasks), np.argsort(world.agents)
    found = {}
    for name in ("present", "belief", "cost_belief", "success", "verified", "infra", "cost", "duration", "observed"):
        array = getattr(world, name)[:, t][:, :, i]
        here = world.present[:, t][:, :, i]
        found[name] = np.where(here if array.ndim == 3 else here[..., None], array, 0)
    return found


IDS = {
    "numbers": ["0", "1", "2"],
    "texts": ["c", "a", "b"],
    "long": [str(2**53), str(2**53 + 1), str(2**53 + 2)],
    "mixed": ["7", "x", "10"],
}


@pytest.mark.parametrize("ids", list(IDS))
@tried(15)
@given(data=st.data())
def test_tables_are_invariant_to_the_order_of_rows_and_of_trials(
    tmp_path_factory: pytest.TempPathFactory, ids: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    table = [row | {"trial": IDS[ids][row["trial"]]} for row in trials(SIZES)]
    shuffled = data.draw(st.permutations(table))
    one, other = (aligned(drawn(folder, rows_, replications=3)) for rows_ in (table, shuffled))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


@pytest.mark.parametrize("exclude", ["none", "failed", "hired"])
def test_engines_agree_on_repeated_and_lost_trials(tmp_path: Path, exclude: str) -> None:
    scenario = load(
        tmp_path,
        trials(SIZES),
        tender__postings="3",
        tender__exclude=f'"{exclude}"',
        bidders__on_retry='"same"',
        world__infra="0.2",
        market__capacity="1",
        world__arrivals="{every = 2}",
        world__bid_cost="0.01",
    )
    world = arm_world(scenario, scenario.arms[0], scenario_origin(scenario))
    rules = arm_rules(scenario.arms[0], world)
    expected = rows(simulate(world, rules))
    assert_same_rows(rows(play_compiled(world, rules)), expected)
    assert_same_rows(naive_market(world, rules), expected)
    for row in expected["attempts"]:
        at = row["replication"], row["task"], row["agent"], min(row["try"], world.n_tries - 1)
        assert (row["status"] == Status.INFRA) == world.infra[at]
    assert any(row["status"] == Status.INFRA for row in expected["attempts"])


@pytest.mark.parametrize(
    ("ids", "order"),
    [
        (["10", "9", "1e1000"], [1, 0, 2]),
        ([str(10**12 + 2), str(10**12 + 1), str(10**18)], [1, 0, 2]),
        ([str(2**53 + 1), str(2**53), str(2**53 + 2)], [1, 0, 2]),
        (["-1.5", "-2", "0"], [1, 0, 2]),
        (["run-9", "run-10", "run-1"], [0, 1, 2]),
        (["9", "x", "1"], [0, 1, 2]),
    ],
    ids=["numbers", "above 1e12", "neighbours beyond a float", "below 0", "texts", "one text"],
)
def test_trials_are_sorted_as_numbers_or_by_their_rows(tmp_path: Path, ids: list[str], order: list[int]) -> None:
    table = [cell("a", "t", 0.5, 1, float(k), cost_belief=1.0, trial=name) for k, name in enumerate(ids)]
    for kind in ("csv", "jsonl"):
        assert read(tmp_path, kind, table).cost[0, 0].tolist() == order


def read(folder: Path, kind: str, table: Rows) -> Recorded:
    return read_table(write(folder, kind, table), {**PLAIN, "trial": "trial"})
