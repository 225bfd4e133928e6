"""A sweep may be stopped at any moment; given again, it ends as if it never had been."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from analysis import load
from analysis.sweep_report import analysis_of
from sim.experiment import store
from sim.experiment.folder import partial_of
from sim.experiment.job import Done
from sim.experiment.plan import Options
from sim.experiment.sweep import InterruptedSweepError, execute_sweep
from tests.cli.command import bidlab
from tests.market.folders import contents
from tests.sweep.scenes import plan_of, run, write

LONGER = ("--set", "world.tasks=40")
ONE_BY_ONE = (*LONGER, "--ledger")  # jobs with a ledger are not played together


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep that nobody stopped; the scenario lies beside it."""
    folder = tmp_path_factory.mktemp("whole")
    return run(plan_of(write(folder), "world.tasks=40"), folder / "o")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `whole`, with its ledger."""
    folder = tmp_path_factory.mktemp("ledger")
    return run(plan_of(write(folder), "world.tasks=40", options=Options(ledger=True)), folder / "o")


def start(ledger: Path, out: Path, jobs: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bidlab", "sweep", str(ledger.parent / "s.toml"), "--out", str(out)]
    command += ["--jobs", str(jobs), *ONE_BY_ONE]
    # A shell that runs the tests in the background has its children ignore Ctrl-C.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed)


def wait_for(out: Path, jobs: int, process: subprocess.Popen[str]) -> None:
    """Until so many jobs are finished."""
    limit = time.monotonic() + 60
    while len(store.finished(partial_of(out))) < jobs:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < limit
        time.sleep(0.005)


@pytest.mark.slow
def test_killed_at_several_moments_and_given_again(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    for jobs, workers in ((1, 1), (3, 2)):
        process = start(ledger, out, workers)
        wait_for(out, jobs, process)
        process.send_signal(signal.SIGKILL)
        process.wait()  # its workers may hold the pipes a while longer, so they are not read to the end
        for pipe in (process.stdout, process.stderr):
            pipe.close()  # type: ignore[union-attr]
        assert not out.exists()
    table = load(partial_of(out))
    assert table.attrs["partial"].startswith("partial: ")
    kept = store.finished(partial_of(out))
    assert len(kept) >= 3
    said = bidlab("sweep", ledger.parent / "s.toml", "--out", out, "--jobs", "1", "--resume", *ONE_BY_ONE)
    assert said.code == 0, said.err
    done = json.loads((out / "clock.json").read_text())["seconds"]
    assert not {f"job {number}" for number in kept} & set(done)
    assert contents(out) == contents(ledger)
    assert not partial_of(out).exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_it_leaves_a_labelled_part(ledger: Path, tmp_path: Path, workers: int) -> None:
    out = tmp_path / "o"
    process = start(ledger, out, workers)
    wait_for(out, 2, process)
    os.kill(process.pid, signal.SIGINT)
    said = process.communicate()
    assert process.returncode == 130, said
    assert said[0] == ""
    (line,) = said[1].splitlines()
    assert "interrupted; partial: " in line
    held = len(store.finished(partial_of(out)))
    table = load(partial_of(out))
    assert table.attrs["partial"] == f"partial: {held} of 8 jobs"
    assert table["n"].unique().tolist() == [held * 2 * 40]
    assert f"partial: {held} of 8 jobs" in bidlab("show", partial_of(out)).out
    assert bidlab("cell", partial_of(out), "0").code == 2
    assert bidlab("sweep", ledger.parent / "s.toml", "--out", out, "--jobs", "1", "--resume", *ONE_BY_ONE).code == 0
    assert contents(out) == contents(ledger)
    assert load(out).attrs["partial"] == ""
    said_whole = bidlab("sweep", ledger.parent / "s.toml", "--out", out, "--jobs", "1", "--resume", *ONE_BY_ONE)
    assert (said_whole.code, said_whole.err.count("\n")) == (2, 1)
    assert "is whole; there is nothing to resume" in said_whole.err


class StoppedError(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("moment", ["before", pytest.param("half", marks=pytest.mark.slow), "after"])
def test_stopped_while_a_job_is_written(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    plan, keep = plan_of(whole.parent / "s.toml", "world.tasks=40"), store.keep

    def stop(folder: Path, done: Done) -> None:
        if done.number == 5:
            if moment == "half":
                (folder / "jobs" / "job-000005.parquet.1.tmp").write_bytes(done.table[:99])
            elif moment == "after":
                keep(folder, done)
            raise StoppedError
        keep(folder, done)

    with monkeypatch.context() as patch:
        patch.setattr(store, "keep", stop)
        with pytest.raises(StoppedError):
            run(plan, tmp_path / "o")
    assert contents(run(plan, tmp_path / "o", resume=True)) == contents(whole)


def test_finished_jobs_are_not_done_again(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, done = plan_of(whole.parent / "s.toml", "world.tasks=40"), []

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    stopped = replace(analysis_of(plan), finish=stop)
    with pytest.raises(KeyboardInterrupt):
        execute_sweep(plan, tmp_path / "o", stopped)
    keep = store.keep
    monkeypatch.setattr(store, "keep", lambda folder, job: (done.append(job.number), keep(folder, job)))
    run(plan, tmp_path / "o")
    assert done == []


def test_interrupted_before_any_job(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "keep", stop)
    with pytest.raises(InterruptedSweepError, match="partial: 0 of 8 jobs"):
        run(plan_of(whole.parent / "s.toml"), tmp_path / "o")
    said = bidlab("show", tmp_path / "o.partial")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "no job of the sweep is finished yet" in said.err


def test_another_sweep_is_not_replaced(whole: Path) -> None:
    before = contents(whole)
    for options in (("--seed", "4"), ("--ledger",), ("--set", 'sweep={"tender.penalty"=[0,3]}')):
        said = bidlab("sweep", whole.parent / "s.toml", "--out", whole, "--jobs", "1", *LONGER, *options)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert "holds another run" in said.err
    assert contents(whole) == before
    assert json.loads((whole / "clock.json").read_text())["jobs"] == 1
