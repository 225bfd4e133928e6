"""`bidlab bundle`: what is in the file, that it is the same every time, and what it never holds."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import bidlab as bl
import pytest

from sim.bundling.bundle_folder import kind_of
from sim.bundling.bundle_format import ABOUT
from sim.bundling.private_words import private_faults
from sim.experiment.stored import Stored
from sim.kit.errors import RunError
from tests.bundling.packed import PLUGIN, bundle_of, members, run_of
from tests.cli.command import SCENARIO, bidlab, lay_out


def test_it_holds_what_the_run_was_made_from_and_what_came_of_it(kept: Path) -> None:
    held = members(kept)
    results = {name.removeprefix("results/") for name in held if name.startswith("results/")}
    assert {"run.json", "scenario.json", "inputs/t.csv", "agents.csv", "summary.csv", "differences.csv"} <= results
    assert not [name for name in held if name.endswith(".parquet") or "clock" in name]
    about = json.loads(held[ABOUT])
    assert set(about["ledger"]) == {"attempts", "bids", "clearings", "accounts"}
    assert about["ledger"]["attempts"]["columns"]["payment"]
    given = json.loads(held["results/scenario.json"])
    assert given["file"] == "s.toml"
    assert given["written"]["world"]["table"] == "t.csv"
    assert b"bidlab verify" in held["README.txt"]


def test_the_same_run_gives_the_same_bytes_wherever_it_is(kept: Path, tmp_path: Path) -> None:
    elsewhere = run_of(tmp_path / "elsewhere")
    assert bundle_of(elsewhere).read_bytes() == kept.read_bytes()
    assert bundle_of(elsewhere, "--force").read_bytes() == kept.read_bytes()


def test_it_names_no_path_of_the_machine(kept: Path) -> None:
    held = members(kept)
    for place in (kept.parent, Path.cwd(), Path.home()):
        assert not [name for name, content in held.items() if str(place).encode() + b"/" in content]


def test_a_table_named_by_its_whole_path_is_refused(tmp_path: Path) -> None:
    folder = run_of(tmp_path, scenario=SCENARIO.replace('"t.csv"', f'"{tmp_path}/t.csv"'))
    said = bidlab("bundle", folder)
    assert said.code == 2
    assert "a path of this machine; name files from the scenario's folder on" in said.err
    assert not (tmp_path / "o.zip").exists()


def test_a_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hunter2-hunter2")
    faults = private_faults({"a.csv": b"x,hunter2-hunter2\n", "b.csv": b"x\n"}, tmp_path)
    assert faults == ["a.csv: holds what the environment variable SOME_API_KEY holds"]


@pytest.mark.parametrize("name", ["agents.csv", "attempts.parquet", "inputs/t.csv"])
def test_a_folder_that_is_not_as_it_was_written_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    said = bidlab("bundle", folder)
    assert said.code == 2
    assert f"{name}: is broken or was changed" in said.err
    assert not (tmp_path / "o.zip").exists()


def test_what_is_there_is_replaced_by_force_alone(folder: Path, tmp_path: Path) -> None:
    bundle_of(folder)
    assert "is there; choose another file, or give --force" in bidlab("bundle", folder).err
    assert "must end in .zip" in bidlab("bundle", folder, "--out", tmp_path / "o.tar").err


def test_an_audit_is_refused(folder: Path) -> None:
    stored = Stored.open(folder)
    with pytest.raises(RunError, match="holds an audit; a run or a sweep can be bundled"):
        kind_of(replace(stored, info={**stored.info, "kind": "audit"}))


def test_plugins_are_put_in_with_the_modules_beside_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "beside_it.py").write_text('NAME = "mine"\n')
    folder = run_of(tmp_path, "--plugin", "mine.py", "--mechanism", "mine")
    assert "its plugins must be given, as they were, with --plugin: it ran with mine.py" in bidlab("bundle", folder).err
    os.remove("executed")
    held = members(bundle_of(folder, "--plugin", tmp_path / "mine.py"))
    assert held["plugins/0/mine.py"].decode() == PLUGIN
    assert "plugins/0/beside_it.py" in held
    assert not Path("executed").exists()
    (tmp_path / "beside_it.py").write_text('NAME = "other"\n')
    said = bidlab("bundle", folder, "--plugin", tmp_path / "mine.py", "--force")
    assert "mine.py is not as it was then" in said.err


def test_from_python(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    in_memory = bl.run(path)
    with pytest.raises(bl.SimError, match="in memory alone"):
        in_memory.bundle(tmp_path / "x.zip")
    made = bl.run(path, out=tmp_path / "o", figures=False).bundle(tmp_path / "x.zip")
    assert made.bytes == (tmp_path / "x.zip").stat().st_size
    found = bl.verify(tmp_path / "x.zip")
    assert found.agrees
    assert found.versions is None
    with pytest.raises(bl.SimError, match="allow_plugins: must be True or False"):
        bl.verify(tmp_path / "x.zip", allow_plugins=1)  # type: ignore[arg-type]
