"""Unfinished folders: what is damaged is made again, what is another's is refused, and no two processes meet."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.sweep_report import analysis_of
from sim.experiment import store
from sim.experiment.execute import execute
from sim.experiment.folder import partial_of
from sim.experiment.lock import lock_of, locked
from sim.experiment.plan import Options, Plan
from sim.experiment.run_folder import Run
from sim.experiment.sweep import execute_sweep
from sim.experiment.versions import versions
from sim.kit.errors import RunError
from tests.cli.command import bidlab
from tests.market.folders import contents
from tests.market.folders import plan_of as run_plan
from tests.sweep.scenes import RECORDED, plan_of, write

SWEEP = '\n[sweep]\n"tender.penalty" = [0.0, 1.0]\n'
KEEP = store.keep


class StoppedError(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.figures.sweeps.draw_all", lambda *_: None)


def sweep_of(folder: Path, **changes: int) -> Plan:
    return plan_of(folder / "s.toml", options=Options(ledger=True), **changes)


def swept(plan: Plan, out: Path, stop_at: int = -1, **how: object) -> list[str]:
    """Play the sweep into `out`, until job `stop_at` is there; what was said."""
    said: list[str] = []

    def keep(folder: Path, done: store.Done) -> None:
        KEEP(folder, done)
        if done.number == stop_at:
            raise StoppedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "keep", keep)
        try:
            execute_sweep(plan, out, analysis_of(plan), say=said.append, **how)  # type: ignore[arg-type]
        except StoppedError:
            assert stop_at >= 0
    return said


def ran(out: Path, stop: bool = False, **how: object) -> list[str]:
    """Play the golden run "live" into `out`, until its arms are there; what was said."""
    said: list[str] = []

    def finish(_: Run) -> None:
        if stop:
            raise StoppedError

    try:
        execute(run_plan(), out, finish=finish, say=said.append, **how)  # type: ignore[arg-type]
    except StoppedError:
        assert stop
    return said


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whole and unfinished: a run, and a sweep of five jobs of which three are there."""
    folder = tmp_path_factory.mktemp("place")
    write(folder, RECORDED, SWEEP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.figures.sweeps.draw_all", lambda *_: None)
        ran(folder / "run")
        ran(folder / "r", stop=True)
        swept(sweep_of(folder), folder / "sweep")
        swept(sweep_of(folder), folder / "s", stop_at=2)
        swept(sweep_of(folder, seed=8), folder / "other", stop_at=2)
    return folder


def copied(place: Path, tmp_path: Path, name: str) -> Path:
    """The unfinished folder, in a place of its own; returns the name it will have."""
    shutil.copytree(partial_of(place / name), partial_of(tmp_path / name))
    return tmp_path / name


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    """One bit of the first page is another; the file can still be opened."""
    content = bytearray(path.read_bytes())
    content[60] ^= 4
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [halved, flipped, Path.unlink])
@pytest.mark.parametrize("name", ["jobs/job-000001.parquet", "ledger/cell-00001.arm-000.job-000001.parquet"])
def test_damaged_job_is_played_again(place: Path, tmp_path: Path, name: str, damage: Callable[[Path], None]) -> None:
    out = copied(place, tmp_path, "s")
    damage(partial_of(out) / name)
    said = swept(sweep_of(place), out, resume=True)
    if (damage, name[:4]) != (Path.unlink, "jobs"):  # without its sums a job was never done
        assert len(said) == 1
        assert name in said[0]
        assert said[0].endswith("job 1 is played again")
    assert contents(out) == contents(place / "sweep")


@pytest.mark.parametrize("damage", [halved, flipped, Path.unlink])
def test_damaged_arm_is_played_again(place: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    out = copied(place, tmp_path, "r")
    damage(partial_of(out) / "arm-0001.bids.parquet")
    said = ran(out)
    if damage is not Path.unlink:
        assert len(said) == 1
        assert "arm-0001.bids.parquet" in said[0]
        assert said[0].endswith("arm 'phase 2' is played again")
    assert contents(out) == contents(place / "run")


PARTS = ("jobs/job-{}.parquet", "ledger/cell-00000.arm-000.job-{}.parquet")


@pytest.mark.parametrize("part", PARTS)
def test_swapped_job_is_refused(place: Path, tmp_path: Path, part: str) -> None:
    out = copied(place, tmp_path, "s")
    one, two = (partial_of(out) / part.format(f"{number:06d}") for number in (0, 1))
    shutil.copyfile(one, two)
    with pytest.raises(RunError, match=r"000001.parquet: holds .*job 0, not .*job 1; remove it and give"):
        swept(sweep_of(place), out)
    shutil.copyfile(partial_of(place / "other") / part.format("000001"), two)
    with pytest.raises(RunError, match=r"000001.parquet: is of another experiment \(hash .*remove it and give"):
        swept(sweep_of(place), out)
    two.unlink()
    swept(sweep_of(place), out)
    assert contents(out) == contents(place / "sweep")


def test_swapped_job_is_not_shown(place: Path, tmp_path: Path) -> None:
    jobs = partial_of(copied(place, tmp_path, "s")) / "jobs"
    shutil.copyfile(jobs / "job-000000.parquet", jobs / "job-000001.parquet")
    said = bidlab("show", jobs.parent)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "holds job 0, not job 1" in said.err


def test_swapped_arm_is_refused(place: Path, tmp_path: Path) -> None:
    out = copied(place, tmp_path, "r")
    one, two = (partial_of(out) / f"arm-000{number}.attempts.parquet" for number in (0, 1))
    for target, source in ((one, two), (one, partial_of(out) / "arm-0000.bids.parquet")):
        kept = one.read_bytes()
        shutil.copyfile(source, target)
        with pytest.raises(RunError, match=r"arm-0000.attempts.parquet: holds arm ., table .*, not arm 0, table att"):
            ran(out)
        one.write_bytes(kept)
    ran(out)
    assert contents(out) == contents(place / "run")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of numpy."""
    other = versions() | {"numpy": "99.1"}
    monkeypatch.setattr("sim.experiment.versions._installed", lambda: other)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("name", ["s", "r"])
def test_other_versions_are_refused_or_named(place: Path, tmp_path: Path, name: str) -> None:
    out = copied(place, tmp_path, name)
    if name == "r":
        for part in partial_of(out).glob("arm-0001.*"):
            part.unlink()
    before = contents(partial_of(out))

    def given(force: bool) -> None:
        if name == "r":
            ran(out, force=force)
        else:
            swept(sweep_of(place), out, force=force)

    with pytest.raises(RunError, match=r"was begun under numpy [0-9.]+, and this is numpy 99.1; .*--force"):
        given(False)
    assert contents(partial_of(out)) == before
    given(True)
    info = json.loads((out / "run.json").read_text())
    parts = [["agent-economy"], ["phase 2"]] if name == "r" else [[0, 1, 2], [3, 4]]
    assert [group["parts"] for group in info["mixed"]] == parts
    assert [group["versions"]["numpy"] == "99.1" for group in info["mixed"]] == [False, True]
    whole = contents(place / ("run" if name == "r" else "sweep"))
    if name == "r":
        assert contents(out)["attempts.parquet"] == whole["attempts.parquet"]
    else:
        assert json.loads((out / "manifest.json").read_text())["made_by"] == info["mixed"]
        shown = bidlab("show", out)
        assert shown.code == 0
        assert "mixed: made under several versions: jobs 0, 1, 2 by numpy" in shown.out
        for number in range(3):
            assert contents(out)[f"jobs/job-{number:06d}.parquet"] == before[f"jobs/job-{number:06d}.parquet"]
        assert contents(out)["sweep.csv"] == whole["sweep.csv"]


def test_another_engine_does_not_throw_away_what_is_finished(place: Path, tmp_path: Path) -> None:
    out = copied(place, tmp_path, "s")
    plan = plan_of(place / "s.toml", options=Options(ledger=True, engine="market"))
    before = contents(partial_of(out))
    with pytest.raises(RunError, match=r"was begun with another engine \(.*auto.*, not .*market.*--force"):
        swept(plan, out)
    assert contents(partial_of(out)) == before


def test_a_second_process_is_refused(place: Path, tmp_path: Path) -> None:
    for play in (lambda out: ran(out), lambda out: swept(sweep_of(place), out)):
        out = tmp_path / "o"
        who = rf"process {os.getpid()} on {socket.gethostname()}, begun .* UTC, is at work on it"
        with locked(out), pytest.raises(RunError, match=who):
            play(out)  # type: ignore[no-untyped-call]
        assert not lock_of(out).exists()
        assert not list(tmp_path.iterdir())


def test_the_lock_of_a_dead_process_is_taken_over(place: Path, tmp_path: Path) -> None:
    for left in ('{"pid": 1, "host": "elsewhere", "started": "long ago"}', ""):
        lock_of(tmp_path / "o").write_text(left)
        ran(tmp_path / "o")
        assert contents(tmp_path / "o") == contents(place / "run")
        assert not lock_of(tmp_path / "o").exists()


def test_a_file_that_is_no_lock_is_left_alone(tmp_path: Path) -> None:
    for content in ("years of work", '{"pid": 1}', "[]", "\xff"):
        lock_of(tmp_path / "o").write_text(content)
        with pytest.raises(RunError, match=r"o.lock: is in the way, and no lock of bidlab; choose another folder"):
            ran(tmp_path / "o")
        assert contents(tmp_path) == {"o.lock": content.encode()}


@pytest.mark.parametrize("kind", ["run", "sweep"])
@pytest.mark.parametrize("writes", [1, 4, 9])
def test_full_disk(place: Path, tmp_path: Path, kind: str, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write it is that fails: one line, and what was finished is kept."""
    out, write_bytes, done = tmp_path / "o", Path.write_bytes, []

    def full(path: Path, content: bytes) -> int:
        done.append(path)
        if len(done) > writes:
            write_bytes(path, content[:7])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, content)

    def play() -> None:
        if kind == "run":
            ran(out)
        else:
            swept(sweep_of(place), out)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(RunError, match=r"cannot be written: No space left on device; what was finished is kept"):
            play()
    assert not out.exists()
    assert not list(partial_of(out).rglob("*.tmp"))
    assert all(_named(path).exists() for path in done[:writes])
    play()
    assert contents(out) == contents(place / kind)


def _named(unfinished: Path) -> Path:
    return unfinished.with_name(unfinished.name.rsplit(".", 2)[0])
