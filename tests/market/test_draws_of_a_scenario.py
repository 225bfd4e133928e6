"""A draw is named by what it is for: more agents, tasks or replications, or one other setting, leave it as it was."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.bundled import find_scenario
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.kit.errors import ScenarioError
from sim.market.simulate import simulate
from sim.scenario.scenario import load_scenario
from sim.world.world import World
from tests.market.compare import assert_same_rows, rows

_SCENARIO = find_scenario("marketbench_head_to_head")
AGENTS = ["claude-opus-4.5", "claude-sonnet-4.5", "gemini-3-pro", "gpt-5.2", "gpt-5.2-pro", "gpt-5-mini"]
# Everything that can be drawn is drawn.
DRAWN = {
    "tender.value": "{lognormal = {mean = 1.0, cv = 0.5}}",
    "tender.reserve": "{uniform = [0.0, 1.0]}",
    "tender.postings": "3",
    "tender.exclude": '"hired"',
    "world.arrivals": "{poisson = 0.5}",
    "world.latency": "{exponential = 3.0}",
    "world.duration": "{uniform = [0, 9]}",
    "world.infra": "0.2",
    "world.verifier": "{false_pass = 0.1, false_fail = 0.1}",
}


def drawn_world(table: Path | None = None, *, replications: int = 2, seed: int = 3, **changes: str) -> World:
    """The World of the scenario with everything drawn; `changes` with dots written as two underscores."""
    chosen = DRAWN | {"world.order": '"table"'} | {key.replace("__", "."): text for key, text in changes.items()}
    if table is not None:
        chosen["world.table"] = f"'{table}'"
    scenario = load_scenario(
        _SCENARIO,
        seed=seed,
        replications=replications,
        overrides=[f"{key}={text}" for key, text in chosen.items()],
        mechanisms=["second_price"],
    )
    return arm_world(scenario, scenario.arms[0], scenario_origin(scenario))


def arrays(world: World) -> dict[str, Any]:
    return world.arrays


def per_task(name: str) -> bool:
    return name in ("value", "reserve", "arrival")


def changed(first: World, second: World) -> set[str]:
    """Names of the arrays that differ."""
    one, other = arrays(first), arrays(second)
    both = one.keys() & other.keys()
    return {name for name in both if not np.array_equal(one[name], other[name], equal_nan=True)} | (one.keys() ^ other)


def tables(folder: Path, keep: Any) -> Path:
    """The recorded table's rows that `keep`, in a file of their own."""
    with (_SCENARIO.parent / "data" / "marketbench_forecasts.csv").open(newline="") as lines:
        reader = csv.DictReader(lines)
        kept = [row for row in reader if keep(row)]
    path = folder / "table.csv"
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(kept[0]))
        writer.writeheader()
        writer.writerows(kept)
    return path


def test_best_reserve_follows_the_value_and_draws_nothing() -> None:
    world = drawn_world(tender__reserve="{best_reserve = {uniform = [0, 2]}}")
    np.testing.assert_array_equal(world.reserve, np.round(np.minimum(2.0, world.value / 2), 9))
    assert changed(world, drawn_world()) == {"reserve"}


def test_another_agent_leaves_every_draw_as_it_was() -> None:
    few, all_ = drawn_world(world__agents=str(AGENTS[1:5])), drawn_world()
    for name, array in arrays(few).items():
        more = arrays(all_)[name]
        at = slice(1, 5)
        cut = more if per_task(name) else more[:, :, :, at] if name == "lottery" else more[:, :, at]
        np.testing.assert_array_equal(array, cut, err_msg=name)


def test_order_of_the_agents_leaves_every_draw_as_it_was() -> None:
    one, other = drawn_world(), drawn_world(world__agents=str(AGENTS[::-1]))
    for name, array in arrays(one).items():
        turned = arrays(other)[name]
        back = turned if per_task(name) else turned[:, :, :, ::-1] if name == "lottery" else turned[:, :, ::-1]
        np.testing.assert_array_equal(array, back, err_msg=name)


def test_another_task_leaves_every_draw_as_it_was(tmp_path: Path) -> None:
    all_ = drawn_world()
    last = all_.tasks[-1]
    few = drawn_world(tables(tmp_path, lambda row: row["task"] != last))
    assert few.tasks == all_.tasks[:-1]
    for name, array in arrays(few).items():
        if name != "record_cost":  # tests/market/test_records.py: it takes a few slots of the history
            np.testing.assert_array_equal(array, arrays(all_)[name][:, :-1], err_msg=name)


def test_task_that_joins_in_the_middle_moves_only_the_arrivals(tmp_path: Path) -> None:
    all_ = drawn_world()
    few = drawn_world(tables(tmp_path, lambda row: row["task"] != all_.tasks[40]))
    for name, array in arrays(few).items():
        if name not in ("arrival", "record_cost"):
            np.testing.assert_array_equal(array, np.delete(arrays(all_)[name], 40, axis=1), err_msg=name)


def test_another_task_leaves_the_shuffled_order_of_the_others(tmp_path: Path) -> None:
    one = {"world__order": '"shuffled"', "world__arrivals": "{every = 1}"}
    all_ = drawn_world(**one)
    few = drawn_world(tables(tmp_path, lambda row: row["task"] != all_.tasks[40]), **one)
    order = np.argsort(np.delete(all_.arrival, 40, axis=1), axis=1)
    np.testing.assert_array_equal(np.argsort(few.arrival, axis=1), order)


def test_another_replication_leaves_every_draw_as_it_was() -> None:
    few, many = drawn_world(replications=2), drawn_world(replications=5)
    for name, array in arrays(few).items():
        np.testing.assert_array_equal(array, arrays(many)[name][:2], err_msg=name)


@pytest.mark.parametrize(
    ("key", "text", "moves"),
    [
        ("tender__value", "{uniform = [0.0, 2.0]}", {"value"}),
        ("tender__reserve", "{exponential = 1.0}", {"reserve"}),
        ("world__arrivals", "{poisson = 2.0}", {"arrival"}),
        ("world__order", '"shuffled"', {"arrival"}),
        ("world__latency", "{uniform = [0, 50]}", {"latency"}),
        ("world__duration", "{exponential = 5.0}", {"duration"}),
        ("world__infra", "0.4", {"infra"}),
        ("world__verifier", "{false_pass = 0.5, false_fail = 0.5}", {"verified"}),
        ("tender__penalty", "2.0", set()),
        ("market__window", "3", set()),
        ("world__bid_cost", "0.5", set()),
        ("standing__advice", '"outcome"', set()),
    ],
)
def test_one_other_setting_changes_one_draw(key: str, text: str, moves: set[str]) -> None:
    assert changed(drawn_world(), drawn_world(**{key: text})) == moves


def test_more_postings_leave_the_lotteries_of_the_first() -> None:
    few, many = drawn_world(), drawn_world(tender__postings="5")
    np.testing.assert_array_equal(few.lottery, many.lottery[:, :, :3])
    few, many = arrays(few), arrays(many)
    assert all(np.array_equal(few[name], many[name], equal_nan=True) for name in few if name != "lottery")


def test_another_seed_draws_everything_anew() -> None:
    drawn = {"value", "reserve", "arrival", "latency", "duration", "infra", "verified", "lottery", "record_cost"}
    assert changed(drawn_world(seed=3), drawn_world(seed=4)) == drawn


def test_mechanism_has_no_say_in_its_world() -> None:
    scenario = load_scenario(_SCENARIO, replications=20)
    recorded = scenario_origin(scenario)
    first, *others = [arm_world(scenario, arm, recorded) for arm in scenario.arms]
    assert set().union(*(changed(first, other) for other in others)) <= {
        "reserve",
        "record_cost",
        "record_advice",
        "half",
    }


def test_naming_every_agent_of_the_table_changes_nothing() -> None:
    """The expected cost of a record is the same number whatever the arrays' layout in memory."""
    told = []
    for overrides in ([], [f"world.agents={AGENTS}"]):
        scenario = load_scenario(_SCENARIO, replications=1, overrides=overrides, mechanisms=["agent_economy"])
        world = arm_world(scenario, scenario.arms[0], scenario_origin(scenario))
        told.append(rows(simulate(world, arm_rules(scenario.arms[0], world))))
    assert_same_rows(*told)


def test_bids_of_an_agent_alone_score_as_beside_others() -> None:
    """What the allocator expects of an agent's cost does not depend on who else is there."""
    told = []
    for agents in (AGENTS, AGENTS[:1]):
        scenario = load_scenario(
            _SCENARIO, replications=1, overrides=[f"world.agents={agents}"], mechanisms=["agent_economy"]
        )
        world = arm_world(scenario, scenario.arms[0], scenario_origin(scenario))
        bids = rows(simulate(world, arm_rules(scenario.arms[0], world)))["bids"]
        told.append([row["score"] for row in bids if row["agent"] == 0])
    assert told[0] == told[1]


def test_agent_the_table_does_not_hold_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"no agent 'gpt-5-min' .*did you mean 'gpt-5-mini'"):
        drawn_world(world__agents='["gpt-5-min"]')


def test_replications_from_the_middle_are_those_of_the_whole() -> None:
    scenario = load_scenario(
        _SCENARIO, replications=5, overrides=[f"{key}={text}" for key, text in DRAWN.items()], mechanisms=["hire_all"]
    )
    arm, origin = scenario.arms[0], scenario_origin(scenario)
    whole, part = arm_world(scenario, arm, origin), arm_world(scenario, arm, origin, 2, first=3)
    for name, array in arrays(part).items():
        np.testing.assert_array_equal(array, arrays(whole)[name][3:], err_msg=name)
