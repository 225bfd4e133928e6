"""`bidlab verify`: what agrees, what differs and where, and which code is executed."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from sim.bundling.bundle_format import ABSOLUTE, RELATIVE
from sim.bundling.cell_by_cell import TableDifference, table_difference
from tests.bundling.packed import PLUGIN, bundle_of, changed, members, run_of
from tests.cli.command import SCENARIO, bidlab, lay_out
from tests.live_market.live_scenes import written
from tests.live_market.run_scenes import SCENARIO as LIVE
from tests.live_market.run_scenes import live_run

OLDER = {"versions": {"python": "3.0", "bidlab": "0.2.0"}}


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Temporary folders are made in one place, which is empty in the end."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


def altered(bundle: Path, name: str, column: str, line: int, by: float) -> tuple[Path, str, str]:
    """The bundle with a number of a table off by a share; both values."""
    rows = [row.split(",") for row in members(bundle)[name].decode().splitlines()]
    at = rows[0].index(column)
    was = rows[line - 1][at]
    assert float(was) != 0.0
    rows[line - 1][at] = now = repr(float(was) * (1 + by))
    return changed(bundle, {name: ("\n".join(map(",".join, rows)) + "\n").encode()}), was, now


def json_of(bundle: Path, name: str = "run.json") -> dict[str, Any]:
    """A JSON file of the results."""
    found: dict[str, Any] = json.loads(members(bundle)[f"results/{name}"])
    return found


def test_a_run_agrees(run_bundle: Path) -> None:
    said = bidlab("verify", run_bundle)
    assert (said.code, said.err) == (0, "")
    assert "versions: the same; files are compared byte by byte" in said.out
    assert said.out.endswith("every number agrees\n")


def test_a_sweep_agrees(tmp_path: Path) -> None:
    path, out = lay_out(tmp_path, SCENARIO + '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'), tmp_path / "o"
    assert bidlab("sweep", path, "--out", out, "--jobs", "1", "--ledger").code == 0
    bundle = bundle_of(out)
    said = bidlab("verify", bundle, "--jobs", "1")
    assert (said.code, said.err) == (0, "")
    bundle, was, now = altered(bundle, "results/sweep.csv", "value", 4, 0.5)
    said = bidlab("verify", bundle, "--jobs", "1")
    assert said.code == 1
    assert f"sweep.csv: 1 cell(s) differ; first row 4, column value: {now} in the bundle, {was} now" in said.out


def test_a_number_that_differs_is_named(run_bundle: Path) -> None:
    bundle, was, now = altered(run_bundle, "results/summary.csv", "cost", 2, 0.25)
    said = bidlab("verify", bundle)
    assert said.code == 1
    assert f"summary.csv: 1 cell(s) differ; first row 2, column cost: {now} in the bundle, {was} now" in said.out
    assert said.out.endswith("1 different\n")


@pytest.mark.parametrize(
    ("about", "code", "words"), [(None, 1, "under the same versions"), (OLDER, 0, "which is within 1e-09")]
)
def test_last_digits_count_under_the_same_versions_alone(run_bundle, about, code, words) -> None:
    bundle, _, _ = altered(run_bundle, "results/summary.csv", "cost", 2, 1e-12)
    info = json.loads(members(bundle)["results/run.json"]) | (about or {})
    said = bidlab("verify", changed(bundle, {"results/run.json": json.dumps(info).encode()}, about))
    assert said.code == code
    assert words in said.out


def test_other_versions_in_one_file_alone_are_named(run_bundle: Path) -> None:
    said = bidlab("verify", changed(run_bundle, {}, {"versions": json_of(run_bundle)["versions"] | {"numpy": "1.0"}}))
    assert said.code == 2
    assert "bundle.json names other versions than results/run.json: numpy 1.0, there numpy " in said.err


@pytest.mark.parametrize("key", ["seed", "replications", "tender"])
def test_the_scenario_as_given_is_the_one_that_was_played(run_bundle: Path, key: str) -> None:
    given = json_of(run_bundle, "scenario.json")
    given["written"][key] = {**given["written"][key], "penalty": 0.25} if key == "tender" else 29
    said = bidlab("verify", changed(run_bundle, {"results/scenario.json": json.dumps(given).encode()}))
    assert said.code == 2
    assert "results/scenario.json states another scenario than the one that was played" in said.err


def test_a_column_of_the_ledger_that_differs_is_named(run_bundle: Path) -> None:
    ledger = json.loads(members(run_bundle)["bundle.json"])["ledger"]
    ledger["bids"]["columns"]["score"] = "0" * 64
    said = bidlab("verify", changed(run_bundle, {}, {"ledger": ledger}))
    assert said.code == 1
    assert "ledger bids: other values in column(s) score" in said.out


def test_another_seed_has_not_the_hash(run_bundle: Path) -> None:
    info = json.loads(members(run_bundle)["results/run.json"])
    info["scenario"]["seed"] = 5
    said = bidlab("verify", changed(run_bundle, {"results/run.json": json.dumps(info).encode()}))
    assert said.code == 2
    assert "have not the hash that it states" in said.err


def test_code_is_executed_on_request_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "beside_it.py").write_text('NAME = "mine"\n')
    bundle = bundle_of(run_of(tmp_path, "--plugin", "mine.py", "--mechanism", "mine"), "--plugin", "mine.py")
    os.remove("executed")
    said = bidlab("verify", bundle)
    assert said.code == 2
    assert "holds code, which is not executed: mine.py (plugins/0/mine.py, plugins/0/beside_it.py; SHA-256" in said.err
    assert not Path("executed").exists()
    said = bidlab("verify", bundle, "--allow-plugins")
    assert said.code == 0
    assert "executes mine.py (plugins/0/mine.py, plugins/0/beside_it.py; SHA-256" in said.err
    os.remove("executed")
    forged = changed(bundle, {"plugins/0/beside_it.py": b'NAME = "mine"\nprint()\n'})
    said = bidlab("verify", forged, "--allow-plugins")
    assert "ran with other plugins (mine.py), or other code of them" in said.err
    assert not Path("executed").exists()
    assert bidlab("verify", forged, "--plugin", "mine.py").code == 0


def test_a_live_run_is_played_from_its_answers(tmp_path: Path) -> None:
    folder = live_run(tmp_path, n_tasks=4)
    bundle = bundle_of(folder)
    held = members(bundle)
    assert not [name for name in held if "inputs" in name]
    assert "is of a live run without its answers" in bidlab("verify", bundle).err
    bundle_of(folder, "--answers", "--force")
    said = bidlab("verify", bundle)
    assert (said.code, said.err) == (0, "")


def test_programs_that_verify_work_are_executed_on_request_alone(tmp_path: Path) -> None:
    written(tmp_path, ("gpt-5.2", "gemini-3-pro"), 2)
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text(tasks.read_text().replace('"number"', '{"program": {"command": ["touch", "executed"]}}'))
    (tmp_path / "s.toml").write_text(LIVE)
    assert bidlab("live", tmp_path / "s.toml", "--out", tmp_path / "run", "--budget-usd", "1000").code == 0
    bundle = bundle_of(tmp_path / "run", "--answers")
    said = bidlab("verify", bundle)
    assert said.code == 2
    assert "work is verified by programs (touch executed); read them, then give --allow-plugins" in said.err
    assert bidlab("verify", bundle, "--allow-plugins").code == 0


def test_an_interrupt_leaves_nothing(run_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.report.write_report", stop)
    said = bidlab("verify", run_bundle)
    assert (said.code, said.err) == (130, "bidlab: interrupted; nothing is left behind\n")


def test_tables_are_compared_cell_by_cell() -> None:
    one = b"a,b\nx,1.0\ny,2.0\n"
    assert table_difference(one, b"a,b\nx,1\ny,2.0\n") == TableDifference(None, None, 0, 0.0)
    near = table_difference(one, f"a,b\nx,{1 + RELATIVE / 3!r}\ny,2.0\n".encode())
    assert isinstance(near, TableDifference)
    assert near.wrong is None
    assert near.worst == pytest.approx(RELATIVE / 3, rel=1e-6)
    tiny = table_difference(b"a\n0.0\n", f"a\n{ABSOLUTE / 2!r}\n".encode())
    assert isinstance(tiny, TableDifference)
    assert tiny.wrong is None
    assert tiny.first is not None
    for other, words in (
        (b"a,c\nx,1.0\ny,2.0\n", "has other columns: b, c"),
        (b"a,b\nx,1.0\n", "has 2 rows in the bundle, 1 now"),
    ):
        assert table_difference(one, other) == words
    for other in (b"a,b\nx,1.0\nz,2.0\n", b"a,b\nx,1.0\ny,\n", b"a,b\nx,1.0\ny,nan\n", b"a,b\nx,1.0\ny,2.0,3\n"):
        found = table_difference(one, other)
        assert isinstance(found, TableDifference)
        assert found.wrong is not None
        assert found.wrong.row == 3
