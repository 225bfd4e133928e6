"""What one market drew of all its tasks at once, later markets that draw the same read, and no others do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim.bundled import find_scenario
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.scenario.scenario import Arm, Scenario, load_scenario
from tests.market.compare import assert_same_rows, rows

pytest.importorskip("numba")
from sim.compiled import kept_draws
from sim.compiled.lanes import play_compiled


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    kept_draws._KEPT.clear()
    yield
    kept_draws._KEPT.clear()


def scenario(*changes: str) -> Scenario:
    tasks = [] if any(one.startswith("world.tasks=") for one in changes) else ["world.tasks=30"]
    return load_scenario(
        find_scenario("marketbench_population"),
        overrides=[*tasks, *changes],
        mechanisms=["second_score", "first_price"],
        replications=9,
    )


def tables(of: Scenario, arm: Arm, replications: int = 9, first: int = 0) -> dict[str, dict[str, np.ndarray]]:
    world = arm_world(of, arm, scenario_origin(of), replications, first)
    return play_compiled(world, arm_rules(arm, world))


def kept() -> list[np.ndarray]:
    """What is kept, each (R, ...)."""
    made = [one for one in kept_draws._KEPT.values() if one is not None]
    assert all(one.made.array.all() for one in made)
    return [one.at.array.reshape(len(one.made.array), -1) for one in made]


def test_markets_that_draw_again_and_that_read_are_played_alike() -> None:
    some = scenario()
    for arm in some.arms:
        expected = rows(tables(some, arm))
        for _ in range(3):
            assert_same_rows(rows(tables(some, arm)), expected)
    assert 2 * len(kept()) == len(some.arms), "both rules read the same in each population"


def test_the_first_market_keeps_nothing_the_third_reads_what_the_second_left() -> None:
    some = scenario()
    tables(some, some.arms[0])
    assert kept() == []
    tables(some, some.arms[0])
    (left,) = kept()
    left[:] = np.nan  # nobody bids
    assert not len(tables(some, some.arms[0])["attempts"]["task"])


@pytest.mark.parametrize(
    "change", ["seed", "world.tasks=31", "replications", "first", 'world.agents."*".overconfidence=0.5']
)
def test_another_market_reads_none_of_it(change: str) -> None:
    some = scenario()
    for _ in range(2):
        tables(some, some.arms[0])
    kept()[0][:] = np.nan
    other = scenario(change) if "=" in change else some
    if change == "seed":
        other = load_scenario(
            find_scenario("marketbench_population"), overrides=["world.tasks=30"], mechanisms=["second_score"], seed=5
        )
    found = tables(other, other.arms[0], 8 if change == "replications" else 9, 9 if change == "first" else 0)
    assert len(found["attempts"]["task"])


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    some = scenario()
    for _ in range(2):
        tables(some, some.arms[0])
    size = kept()[0].nbytes
    monkeypatch.setattr(kept_draws, "_MOST", size)
    for _ in range(2):
        tables(some, some.arms[0], first=9)
    assert [one.nbytes for one in kept()] == [size]
    monkeypatch.setattr(kept_draws, "_MOST", size - 1)
    for _ in range(3):
        tables(some, some.arms[0], first=18)
    assert kept() == []
