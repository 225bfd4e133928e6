"""Formulas of a population: one for all Worlds that draw the same, as long as one of them is there."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from sim.bundled import find_scenario
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.scenario.scenario import load_scenario
from sim.world import as_read
from sim.world.world import World

CHANGES = [
    "seed=8",
    "replications=4",
    "world.tasks=6",
    'world.agents={"*"={overconfidence=1.0}}',
]


def world(*changes: str, first: int = 0, **stated: Any) -> World:
    wanted: dict[str, Any] = {"seed": 7, "replications": 3} | stated
    tasks = [] if any(one.startswith("world.tasks=") for one in changes) else ["world.tasks=5"]
    scenario = load_scenario(
        find_scenario("overconfidence"), overrides=[*tasks, *changes], mechanisms=["second_price"], **wanted
    )
    return arm_world(scenario, scenario.arms[0], scenario_origin(scenario), first=first)


def test_worlds_that_draw_the_same_share_an_array() -> None:
    one, other = world(), world("tender.value=2.0", "standing.advice={planner={budget=9,prior=1.0}}")
    assert np.shares_memory(one.belief, other.belief)
    assert np.shares_memory(one.cost, other.cost)
    assert other.pilot is not None


@pytest.mark.parametrize("change", [*CHANGES, "first"])
def test_worlds_that_draw_otherwise_share_none(change: str) -> None:
    key, _, value = change.partition("=")
    one, changed = world(), world(first=3) if change == "first" else None
    if changed is None:
        changed = world(change) if "." in key else world(**{key: int(value)})
    for name in ("belief", "cost"):
        assert not np.shares_memory(getattr(one, name), getattr(changed, name))


def test_formulas_go_with_the_last_world_that_has_them() -> None:
    gc.collect()
    before = len(as_read._ALIVE)
    one = world(seed=91)
    assert one.belief.shape == (3, 5, 6)
    assert len(as_read._ALIVE) > before
    del one
    gc.collect()
    assert len(as_read._ALIVE) == before
