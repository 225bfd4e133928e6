"""Real processes, killed at any moment, two at once, on a disk that is full: nothing is lost and nothing mixed."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sim.experiment.folder import partial_of
from sim.experiment.lock import lock_of
from tests.cli.command import bidlab
from tests.market.folders import GOLDEN, contents
from tests.sweep.scenes import write

MOMENTS = 20
ROOT = GOLDEN.parent.parent
COMMAND = """
import sys
from tests.cli.command import bidlab
said = bidlab(*sys.argv[1:])
sys.stderr.write(said.err)
sys.exit(said.code)
"""  # no figures, which take most of the time
pytestmark = pytest.mark.slow


class Undisturbed(NamedTuple):
    """What a command gives when nobody stops it. seconds: that it works on the folder."""

    command: list[str]
    folder: Path
    seconds: float


def started(command: list[str], out: Path) -> subprocess.Popen[str]:
    whole = [sys.executable, "-c", COMMAND, *command, "--out", str(out)]
    return subprocess.Popen(whole, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = process.communicate()[1]
    return process.returncode, said


@pytest.fixture(scope="module", params=["run", "sweep"])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run of two arms, and a sweep of eight jobs."""
    place = tmp_path_factory.mktemp(request.param)
    command = ["run", str(GOLDEN / "live.toml")]
    if request.param == "sweep":
        command = ["sweep", str(write(place)), "--jobs", "2", "--ledger"]
    assert told(started(command, place / "o")) == (0, "")
    clock = json.loads((place / "o" / "clock.json").read_text())
    return Undisturbed(command, place / "o", clock["finished"] - clock["started"])


def wait_for_work(process: subprocess.Popen[str], out: Path) -> None:
    """Until the lock of the folder is the process's."""
    while True:
        assert process.poll() is None, told(process)
        with contextlib.suppress(OSError, ValueError):
            if json.loads(lock_of(out).read_text())["pid"] == process.pid:
                return
        time.sleep(0.001)


def test_killed_at_random_moments(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Each time in another folder, and all times in one: the same command goes on to the same bytes."""
    rng, whole, begun = random.Random(20), contents(undisturbed.folder), 0
    for moment in range(MOMENTS):
        out = tmp_path / ("one" if moment % 2 else str(moment))
        process = started(undisturbed.command, out)
        wait_for_work(process, out)
        time.sleep(rng.random() * undisturbed.seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]
        begun += partial_of(out).exists()
        if moment % 2 and moment < MOMENTS - 1:
            continue
        said = bidlab(*undisturbed.command, "--out", out)
        assert (said.code, said.err) == (0, ""), said
        assert contents(out) == whole
        assert not partial_of(out).exists()
        assert not lock_of(out).exists()
    assert begun >= MOMENTS // 2  # were at work when they were killed


def test_two_processes_on_one_folder(undisturbed: Undisturbed, tmp_path: Path) -> None:
    out = tmp_path / "o"
    first = started(undisturbed.command, out)
    wait_for_work(first, out)
    first.send_signal(signal.SIGSTOP)  # so that it is at work for as long as the second looks
    who = json.loads(lock_of(out).read_text())
    second = bidlab(*undisturbed.command, "--out", out)
    assert (second.code, second.out, second.err.count("\n")) == (2, "", 1)
    assert f"process {first.pid} on {who['host']}, begun {who['started']}, is at work on it" in second.err
    first.send_signal(signal.SIGCONT)
    assert told(first) == (0, "")
    assert contents(out) == contents(undisturbed.folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own; this process must be allowed to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("this user may mount nothing")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_on_a_full_disk(undisturbed: Undisturbed, disk: Path) -> None:
    size = sum(len(content) for content in contents(undisturbed.folder).values())
    seen = set()
    for share in (0.02, 0.1, 0.4, 0.8):
        ballast, out = disk / "ballast", disk / str(share)
        ballast.write_bytes(bytes(8 * 2**20 - int(share * size) // 4096 * 4096 - 16384))
        code, said = told(started(undisturbed.command, out))
        assert (code, said.count("\n")) == (2, 1), said
        assert "cannot be written: " in said
        seen |= {path.name for path in partial_of(out).glob("*")}
        ballast.unlink()
        assert told(started(undisturbed.command, out)) == (0, "")
        assert contents(out) == contents(undisturbed.folder)
        subprocess.run(["rm", "-r", out], check=True)
    assert {"run.json"} < seen
