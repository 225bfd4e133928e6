"""Folders of another format: refused in one line that names who reads them, and left as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.experiment.manifest import MANIFEST
from sim.experiment.stored import write_checksums
from tests.cli.command import bidlab, lay_out
from tests.market.folders import contents
from tests.sweep.scenes import RECORDED, write

LINE = "is of format 1, which bidlab 0.1.x reads; this version reads format 2"


def older(path: Path) -> None:
    """Take the format out of a JSON file, as 0.1.0 wrote none."""
    said = json.loads(path.read_text())
    assert said.pop("format") == 2
    path.write_text(json.dumps(said))


@pytest.mark.parametrize("force", [pytest.param((), marks=pytest.mark.slow), ("--force",)])
@pytest.mark.parametrize("partial", ["", ".partial"])
def test_a_run_of_an_older_format_is_neither_read_nor_replaced(
    tmp_path: Path, partial: str, force: tuple[str, ...]
) -> None:
    path = lay_out(tmp_path)
    assert bidlab("run", path, "--out", tmp_path / "out").code == 0
    place = tmp_path / f"out{partial}"
    (tmp_path / "out").rename(place)
    older(place / "run.json")
    before = contents(place)
    for command in (
        ["run", path, "--out", tmp_path / "out", *force],
        ["show", place],
        ["explain", place, "--task", "t1"],
    ):
        said = bidlab(*command)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert LINE in said.err
    assert contents(place) == before


def test_a_manifest_of_an_older_format(tmp_path: Path) -> None:
    path = write(tmp_path, RECORDED, '\n[sweep]\n"tender.penalty" = [0.0, 1.0]\n')
    assert bidlab("sweep", path, "--out", tmp_path / "out", "--jobs", "1").code == 0
    older(tmp_path / "out" / MANIFEST)
    write_checksums(tmp_path / "out")
    assert LINE in bidlab("cell", tmp_path / "out", "1").err
