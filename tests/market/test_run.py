"""Runs: the same command gives the same bytes, and no run is lost or overwritten by accident."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import sim.experiment.execute
import sim.experiment.folder
import sim.experiment.plan
from sim.experiment.execute import execute
from sim.experiment.folder import partial_of
from sim.experiment.run_folder import Run
from sim.kit.errors import RunError
from tests.cli.command import bidlab
from tests.market.folders import GOLDEN, contents, plan_of, run

_ROOT = GOLDEN.parent.parent
_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.market.folders import run
run(Path(sys.argv[1]), lambda arm, done: os.kill(os.getpid(), signal.SIGKILL) if arm == "phase 2" else None)
"""


class StoppedError(Exception):
    """Stands for whatever ends a process."""


def interrupt(arm: str) -> Callable[[str, int], None]:
    """A `progress` that ends the run while `arm` is running."""

    def progress(running: str, done: int) -> None:
        if running == arm:
            raise StoppedError

    return progress


def _python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = os.environ | environment
    return subprocess.run([sys.executable, *arguments], cwd=_ROOT, env=given, capture_output=True, text=True)


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = contents(run(tmp_path / "one")), contents(run(tmp_path / "two"))
    assert one == two
    assert set(one) == {
        "attempts.parquet",
        "bids.parquet",
        "clearings.parquet",
        "accounts.parquet",
        "run.json",
        "scenario.json",
        "inputs/table.csv",
        "SHA256SUMS",
    }


def test_another_seed_gives_another_ledger(tmp_path: Path) -> None:
    one, two = contents(run(tmp_path / "one")), contents(run(tmp_path / "two", seed=6))
    assert [name for name in one if one[name] == two[name]] == ["inputs/table.csv"]


def test_a_run_of_few_bids_is_left_to_the_processes_and_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: list[str] = []
    play = sim.experiment.execute.play
    monkeypatch.setattr(sim.experiment.execute, "play", lambda *a, **k: (engines.append(a[0]), play(*a, **k))[1])
    short = contents(run(tmp_path / "short"))
    monkeypatch.setattr("sim.experiment.engine.FEW", 0)
    assert contents(run(tmp_path / "compiled")) == short
    assert engines == ["market"] * 2 + ["auto"] * 2


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same command, with events, in this process and in another, which hash strings differently."""
    return in_two_processes(tmp_path_factory.mktemp("processes"), figures=False)


def in_two_processes(folder: Path, *, figures: bool) -> list[Path]:
    command = ["run", str(GOLDEN / "live.toml"), "--replications", "2", "--events"]
    command += ["--out"] if figures else ["--no-figures", "--out"]
    said = bidlab(*command, folder / "here", figures=figures, coarse=False)
    assert said.code == 0, said.err
    hash_seed = "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"
    done = _python("-m", "bidlab", *command, str(folder / "there"), PYTHONHASHSEED=hash_seed)
    assert done.returncode == 0, done.stderr
    return [folder / "here", folder / "there"]


def same_files(folders: list[Path]) -> set[str]:
    """Their names, after a look at their bytes."""
    one, two = (contents(folder) for folder in folders)
    assert {name: two.get(name) == content for name, content in one.items()} == dict.fromkeys(two, True)
    return set(one)


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_events_included(two_processes: list[Path]) -> None:
    assert {"agents.csv", "summary.csv", "events.jsonl"} <= same_files(two_processes)


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_figures_included(tmp_path: Path) -> None:
    assert {"summary.csv", "figures/arms.png"} <= same_files(in_two_processes(tmp_path, figures=True))


def test_events_file_tells_every_arm_in_turn(two_processes: list[Path]) -> None:
    lines = (two_processes[0] / "events.jsonl").read_text(encoding="utf-8").splitlines()
    stream = [json.loads(line) for line in lines]
    moments = [(event["arm"], event["replication"], event["tick"]) for event in stream]
    ledger = Run.open(two_processes[0]).ledger
    assert list(dict.fromkeys(arm for arm, _, _ in moments)) == ["agent-economy", "phase 2"]
    for arm in ("agent-economy", "phase 2"):
        own = [moment for moment in moments if moment[0] == arm]
        assert own == sorted(own)
    counts = {kind: sum(event["event"] == kind for event in stream) for kind in ("closed", "bid", "completed")}
    assert counts == {"closed": len(ledger.clearings), "bid": len(ledger.bids), "completed": len(ledger.attempts)}


def test_world_of_a_finished_run_can_be_drawn_again_from_its_folder_alone(two_processes: list[Path]) -> None:
    opened = Run.open(two_processes[0])
    again = execute(sim.experiment.plan.plan(opened.scenario), two_processes[0].parent / "again")
    for table in ("attempts", "bids", "clearings"):
        name = f"{table}.parquet"
        assert (again / name).read_bytes() == (two_processes[0] / name).read_bytes()


def test_interrupted_run_goes_on_after_its_finished_arms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = contents(run(tmp_path / "whole"))
    with pytest.raises(StoppedError):
        run(tmp_path / "run", interrupt("phase 2"))
    assert not (tmp_path / "run").exists()
    ran: list[str] = []
    play = sim.experiment.execute.play
    monkeypatch.setattr(
        sim.experiment.execute, "play", lambda *a, **k: (ran.append(a[2].mechanism.name), play(*a, **k))[1]
    )
    assert contents(run(tmp_path / "run")) == expected
    assert ran == ["agent_economy_phase2"]
    assert not partial_of(tmp_path / "run").exists()


def test_killed_process_leaves_a_run_that_goes_on(tmp_path: Path) -> None:
    assert _python("-c", _KILLED, str(tmp_path / "run")).returncode == -signal.SIGKILL
    held = contents(partial_of(tmp_path / "run"))
    assert "arm-0000.bids.parquet" in held
    assert contents(run(tmp_path / "run")) == contents(run(tmp_path / "whole"))


def test_run_interrupted_in_its_report_goes_on(tmp_path: Path) -> None:
    def stop(_: Path) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        execute(plan_of(), tmp_path / "run", finish=stop)
    assert contents(run(tmp_path / "run")) == contents(run(tmp_path / "whole"))


def test_progress_counts_every_auction_once_resumed_or_not(tmp_path: Path) -> None:
    done: dict[str, int] = {"agent-economy": 0, "phase 2": 0}

    def count(arm: str, more: int) -> None:
        done[arm] += more

    with pytest.raises(StoppedError):
        run(tmp_path / "run", interrupt("phase 2"))
    run(tmp_path / "run", count)
    assert done == {arm.name: plan_of().n_auctions(arm) for arm in plan_of().scenario.arms}
    assert set(done.values()) == {3 * 4}


def test_same_run_is_replaced(tmp_path: Path) -> None:
    before = contents(run(tmp_path / "run"))
    assert contents(run(tmp_path / "run")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("change", [{"seed": 6}, {"replications": 2}])
def test_another_run_is_replaced_only_by_force(tmp_path: Path, change: dict[str, int]) -> None:
    before = contents(run(tmp_path / "run"))
    with pytest.raises(RunError, match=r"holds another run \(live, seed 5, .*--force"):
        run(tmp_path / "run", **change)
    assert contents(tmp_path / "run") == before
    execute(plan_of(**change), tmp_path / "run", force=True)
    assert contents(tmp_path / "run") == contents(run(tmp_path / "other", **change))


def test_unfinished_run_is_replaced_by_another_only_by_force_and_never_mixed_in(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(tmp_path / "run", interrupt("phase 2"), replications=2)
    with pytest.raises(RunError, match=r"run.partial: holds another run \(live"):
        run(tmp_path / "run")
    execute(plan_of(), tmp_path / "run", force=True)
    assert contents(tmp_path / "run") == contents(run(tmp_path / "whole"))


def test_another_scenario_does_not_replace_an_unfinished_run(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(tmp_path / "run", interrupt("phase 2"))
    before = contents(partial_of(tmp_path / "run"))
    with pytest.raises(RunError, match=r"run.partial: holds another run"):
        execute(plan_of("auctions"), tmp_path / "run")
    assert contents(partial_of(tmp_path / "run")) == before


@pytest.mark.parametrize("force", [False, True])
def test_folder_that_holds_something_else_is_never_replaced(tmp_path: Path, force: bool) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.txt").write_text("years of work")
    with pytest.raises(RunError, match="is not empty and holds no run"):
        execute(plan_of(), folder, force=force)
    assert contents(folder) == {"chapter.txt": b"years of work"}


@pytest.mark.parametrize("force", [False, True])
def test_file_is_never_replaced(tmp_path: Path, force: bool) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunError, match="is a file, not a folder"):
        execute(plan_of(), tmp_path / "run", force=force)
    assert (tmp_path / "run").read_text() == "a file"


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert contents(run(tmp_path / "run")) == contents(run(tmp_path / "whole"))


@pytest.mark.parametrize("stage", ["copyfile", "write_bytes"])
def test_run_killed_while_its_folder_is_opened_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Whatever the first writes leave behind, the same command must not refuse it."""

    def stop(target: object, *_: object, **__: object) -> None:
        if stage == "write_bytes":
            with open(str(target), "wb") as file:
                file.write(b'{"hash": "cut o')
        raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr(
            *((sim.experiment.folder.shutil, "copyfile") if stage == "copyfile" else (Path, "write_bytes")), stop
        )
        with pytest.raises(StoppedError):
            run(tmp_path / "run")
    assert contents(run(tmp_path / "run")) == contents(run(tmp_path / "whole"))


def test_neighbour_named_old_is_not_touched(tmp_path: Path) -> None:
    """Somebody may have moved an earlier run, or anything else, out of the way under that name."""
    kept = tmp_path / "run.old"
    kept.mkdir()
    (kept / "chapter.txt").write_text("years of work")
    run(tmp_path / "run")
    run(tmp_path / "run")
    assert contents(kept) == {"chapter.txt": b"years of work"}


def test_leftovers_of_an_interrupted_report_do_not_survive(tmp_path: Path) -> None:
    """A run stopped while its events were written, and given again without them, is as if it had never had any."""

    def stop(made: Run) -> None:
        assert made.folder == partial_of(tmp_path / "run")
        (made.folder / "events.jsonl").write_text("{}\n")
        raise StoppedError

    with pytest.raises(StoppedError):
        execute(plan_of(), tmp_path / "run", finish=stop)
    assert contents(run(tmp_path / "run")) == contents(run(tmp_path / "whole"))
