"""Who does the jobs changes nothing: one process, two, a Dask cluster, in any order."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.sweep_metrics import Reducer
from sim.experiment import sweep
from sim.experiment.batch import batches
from sim.experiment.job import run_jobs
from sim.experiment.local_workers import Processes
from sim.experiment.plan import Options
from sim.experiment.workers import Here
from sim.ledger.ledger import read_frame
from sim.mechanisms.registry import MECHANISMS
from tests.cli.command import ARM, bidlab
from tests.cli.test_commands import PLUGIN
from tests.market.folders import contents
from tests.sweep.scenes import RECORDED, SWEEP, SYNTHETIC, plan_of, run, write


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Workers in threads of this process keep the plugin's rule for as long as the process lives."""
    yield
    MECHANISMS.unregister("best_claim")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep done by one process, with a plugin's rule and its ledger; the scenario lies beside it."""
    MECHANISMS.unregister("best_claim")  # workers in threads of this process keep it
    folder = tmp_path_factory.mktemp("alone")
    write(folder)
    (folder / "rule.py").write_text(PLUGIN)
    said = bidlab("sweep", folder / "s.toml", "--out", folder / "o", "--jobs", "1", *options(folder))
    assert said.code == 0, said.err
    return folder / "o"


def options(folder: Path) -> list[str | Path]:
    rules = ["--mechanism", "second_price", "--mechanism", "best_claim"]
    return ["--plugin", folder / "rule.py", *rules, "--ledger"]


def test_two_processes_and_the_same_bytes(alone: Path, tmp_path: Path) -> None:
    folder = alone.parent
    said = bidlab("sweep", folder / "s.toml", "--out", tmp_path / "o", "--jobs", "2", *options(folder))
    assert said.code == 0, said.err
    assert contents(tmp_path / "o") == contents(alone)


_HELD: list[bytes] = []


def hold(count: int) -> int:
    """Hold so many bytes more, for longer than the pool waits between two looks at its processes."""
    _HELD.append(b"x" * count)
    time.sleep(1.1)
    return os.getpid()


def test_a_process_that_holds_much_goes_on(recwarn: pytest.WarningsRecorder) -> None:
    pytest.importorskip("psutil")
    pool = Processes(1)
    try:
        assert len({done for count in (1, 4 * 10**8, 1) for done in pool.each(hold, [(count,)])}) == 1
    finally:
        pool.close()
    assert not [one for one in recwarn if "worker stopped" in str(one.message)]


@pytest.mark.parametrize(
    ("name", "fault", "silent"),
    [("ExecutorManagerThread", KeyError, True), ("ExecutorManagerThread", OSError, False), ("other", KeyError, False)],
)
def test_stopping_a_pool_hides_one_fault_alone(
    name: str, fault: type[Exception], silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda given: said.append(given.exc_type))

    def fail() -> None:
        raise fault(5)

    class Pool:
        def shutdown(self, **how: bool) -> None:
            thread = threading.Thread(target=fail, name=name)
            thread.start()
            thread.join()

    stopped = Processes.__new__(Processes)
    stopped._executor = Pool()
    stopped.close()
    assert said == ([] if silent else [fault])


@pytest.mark.slow
def test_any_order_and_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(write(tmp_path))
    expected = contents(run(plan, tmp_path / "o"))
    there = Here.run
    monkeypatch.setattr(Here, "run", lambda self, jobs: there(self, list(jobs)[::-1]))
    assert contents(run(plan, tmp_path / "reversed")) == expected


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_dask_cluster_and_the_same_bytes(alone: Path, tmp_path: Path, workers: int) -> None:
    distributed: Any = pytest.importorskip("distributed")
    folder = alone.parent
    with distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        said = bidlab("sweep", folder / "s.toml", "--out", tmp_path / "o", "--scheduler", address, *options(folder))
    assert said.code == 0, said.err
    assert contents(tmp_path / "o") == contents(alone)


@pytest.mark.parametrize("address", ["here", "tcp://127.0.0.1:9"])
def test_scheduler_that_does_not_answer(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("sim.experiment.workers.PATIENCE", "1s")
    said = bidlab("sweep", write(tmp_path), "--out", tmp_path / "o", "--scheduler", address)
    assert (said.code, said.err.count("\n")) == (2, 1), said.err
    assert f"--scheduler {address}" in said.err


def test_without_dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = bidlab("sweep", write(tmp_path), "--out", tmp_path / "o", "--scheduler", "tcp://127.0.0.1:9")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "pip install 'bidlab[dask]'" in said.err


def test_jobs_and_their_size_depend_on_the_scenario_alone(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert [plan_of(path, replications=count).block for count in (1, 7, 16, 100, 10**6)] == [1, 1, 2, 12, 2048]
    assert plan_of(path, "world.tasks=100000", replications=10**4).block == 1
    plan = plan_of(path, replications=21)
    jobs = [plan.job(number) for number in range(plan.jobs_for(21))]
    assert jobs[-1] == (20, 1)
    assert sum(count for _, count in jobs) == 21


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(SYNTHETIC, marks=pytest.mark.slow),
        RECORDED,
        pytest.param(SYNTHETIC.replace("tasks = 7", "tasks = 1"), marks=pytest.mark.slow),
    ],
)
def test_jobs_played_together_give_the_same_bytes(scenario: str, tmp_path: Path) -> None:
    """Jobs of one replication, of several, and a last one that is short."""
    sweep_of = SWEEP if scenario is not RECORDED else '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'
    for count in (5, 17):
        plan = plan_of(write(tmp_path, scenario, sweep_of), replications=count)
        jobs = [(number, *plan.job(number)) for number in range(plan.jobs_for(count))]
        work = sweep.work_of(plan, Reducer())
        found = [
            {done.number: done.table for batch in batches(jobs, most) for done in run_jobs(work, batch)}
            for most in (1, 2, min(work.together, 4))
        ]
        assert found[0] == found[1] or work.together == 1
        assert found[0] == found[2]


def test_an_arm_that_cells_share_is_played_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three arms one states its own penalty, and two have the one that is swept over two levels."""
    played: list[object] = []
    play = importlib.import_module("sim.experiment.job").play
    monkeypatch.setattr("sim.experiment.job.play", lambda *a: (played.append(a), play(*a))[1])
    scenario = SYNTHETIC.replace("sigma_u = [0.0, 2.3]", "sigma_u = 1.0")
    plan = plan_of(write(tmp_path, scenario, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'), replications=1)
    list(Here(sweep.work_of(plan, Reducer())).run([(0, 0, 1)]))
    assert len(played) == 5


def test_worlds_are_drawn_once_for_all_that_share_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two panels, two levels of the overconfidence: four Worlds a job; the penalty needs none of its own.

    An arm with a record that others do not have makes it from what they draw.
    """
    drawn: list[object] = []
    draw = importlib.import_module("sim.experiment.job").draw_base
    monkeypatch.setattr("sim.experiment.job.draw_base", lambda *a: (drawn.append(a), draw(*a))[1])
    advised = (
        SYNTHETIC + ARM.replace('"x"', '"advised"') + 'standing = { advice = { record = "redrawn", tasks = 7 } }\n'
    )
    for scenario in (SYNTHETIC, advised):
        drawn.clear()
        plan = plan_of(write(tmp_path, scenario), replications=1)
        list(Here(sweep.work_of(plan, Reducer())).run([(0, 0, 1)]))
        assert len(drawn) == 4


def test_ledger_holds_the_attempts_of_each_cell_and_arm(alone: Path, tmp_path: Path) -> None:
    said = bidlab("cell", alone, "1", "--out", tmp_path / "cell", "--plugin", alone.parent / "rule.py")
    assert said.code == 0, said.err
    whole = read_frame(tmp_path / "cell" / "attempts.parquet")
    for place, arm in enumerate(dict.fromkeys(whole["arm"])):
        parts = sorted((alone / "ledger").glob(f"cell-00001.arm-{place:03d}.job-*.parquet"))
        kept = pd.concat([read_frame(part) for part in parts], ignore_index=True)
        own = whole[whole["arm"] == arm].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, own)
    assert bidlab("cell", alone, "1").code == 2
    assert "numbered 0 ... 3" in bidlab("cell", alone, "4", "--plugin", alone.parent / "rule.py").err


@pytest.mark.slow
def test_engines_and_the_same_numbers(tmp_path: Path) -> None:
    """Decisions, too: factors.csv compares their digests."""
    path = write(tmp_path)
    folders = [run(plan_of(path, options=Options(engine=name)), tmp_path / name) for name in ("market", "compiled")]
    for file in ("sweep.parquet", "factors.csv", "manifest.json", "jobs/job-000003.parquet"):
        assert len({(folder / file).read_bytes() for folder in folders}) == 1
