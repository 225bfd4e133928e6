"""Every named format goes in with one command and comes out as the right World, cell by cell."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.front.import_table import import_table
from sim.importing.importer_registry import IMPORTERS
from sim.tables.table import Recorded, read_table
from sim.world.world import World
from tests.cli.command import bidlab
from tests.importing.made_up import AGENTS, LAYOUTS, LOST, NONE, TASKS, TWICE, Layout, attempts

FORMATS = {*LAYOUTS} - {"swe_bench_instances"} | {"inspect"}  # of inspect: test_inspect_logs.py


def test_every_importer_has_made_up_results() -> None:
    assert set(IMPORTERS) == FORMATS


@pytest.fixture(params=LAYOUTS)
def imported(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Layout, Path]:
    """The layout, and the table that one command made of it."""
    layout = LAYOUTS[request.param](tmp_path)
    monkeypatch.chdir(tmp_path)
    said = bidlab("import", *layout.arguments, "--out", "table.parquet")
    assert said.code == 0, said.err
    return layout, tmp_path / "table.parquet"


def read(path: Path) -> Recorded:
    import pyarrow.parquet as pq

    names = pq.read_schema(path).names
    return read_table(path, dict(zip(names, names, strict=True)))


def expected(layout: Layout) -> tuple[dict[tuple[str, str], list[tuple[float, ...]]], dict[tuple[str, str], float]]:
    """(task, agent) -> (lost, success, cost, ticks) of each trial, and -> the claim."""
    found: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    claims = {}
    for one in attempts():
        if (one.run and not layout.repeats) or (one.success is None and not layout.loses):
            continue
        pair, cost = (layout.task(one.task), one.agent), one.cost if layout.cost else 0.5
        ticks = math.ceil(one.seconds / 0.5) if layout.seconds else -1
        found.setdefault(pair, []).append((float(one.success is None), float(bool(one.success)), cost, float(ticks)))
        claims[pair] = one.claim if layout.claim else 0.6
    return found, claims


def test_every_cell_is_right(imported: tuple[Layout, Path]) -> None:
    layout, path = imported
    recorded, (cells, claims) = read(path), expected(layout)
    assert set(recorded.agents) == set(AGENTS)
    assert set(recorded.tasks) == {layout.task(task) for task in TASKS}
    for t, task in enumerate(recorded.tasks):
        for i, agent in enumerate(recorded.agents):
            trials = cells.get((task, agent), [])
            assert (recorded.present[t, i], recorded.trials[t, i]) == (bool(trials), len(trials)), (task, agent)
            assert sorted(trials_of(recorded, t, i)) == [pytest.approx(one, rel=1e-12) for one in sorted(trials)], (
                task,
                agent,
            )
            assert not trials or recorded.belief[t, i] == pytest.approx(claims[task, agent], rel=1e-12)


def trials_of(recorded: Recorded, t: int, i: int) -> list[tuple[float, ...]]:
    """(lost, success, cost, ticks) of each trial of a pair; ticks -1 where there are none."""
    found = []
    for k in range(recorded.trials[t, i]):
        lost = recorded.infra is not None and bool(recorded.infra[t, i, k])
        ticks = -1 if recorded.duration is None else int(recorded.duration[t, i, k])
        found.append((float(lost), float(recorded.success[t, i, k]), float(recorded.cost[t, i, k]), float(ticks)))
    return found


def test_made_up_results_have_a_lost_attempt_a_repeat_and_a_pair_without_a_row() -> None:
    pairs = [(one.agent, one.task) for one in attempts()]
    assert [one.success for one in attempts() if (one.agent, one.task) == LOST] == [None]
    assert pairs.count(TWICE) == 2
    assert NONE not in pairs
    assert len(set(pairs)) == 3 * 20 - 1


def test_python_and_csv_and_parquet_give_the_same_world(imported: tuple[Layout, Path]) -> None:
    layout, path = imported
    said = bidlab("import", *layout.arguments, "--out", "table.csv")
    assert said.code == 0, said.err
    settings = {"seed": 4, "replications": 3, "exclude": "hired"}
    worlds = [World.recorded(name, **settings) for name in (path, Path("table.csv"))]  # type: ignore[attr-defined]
    files = import_table(str(path), columns={})
    worlds.append(World.from_frame(files.frame, **settings))  # type: ignore[attr-defined]
    for other in worlds[1:]:
        assert same(worlds[0], other)


def same(one: World, other: World) -> bool:
    """Bit for bit."""
    names = ("agents", "tasks", "family", "present", "belief", "cost_belief", "success", "infra", "cost", "duration")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
