"""Every file of a stored run, sweep or audit, damaged in every way: one line that names it and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.experiment.stored import write_checksums
from sim.front.compare import compare
from sim.front.load import load
from sim.kit.errors import RunError
from tests.cli.command import Said, bidlab, lay_out
from tests.sweep.scenes import RECORDED, write

SWEEP = '\n[sweep]\n"tender.penalty" = [0.0, 1.0]\n'


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, a sweep and an audit."""
    place = tmp_path_factory.mktemp("stored")
    assert bidlab("run", lay_out(place), "--out", place / "run").code == 0
    assert bidlab("sweep", write(place, RECORDED, SWEEP), "--out", place / "sweep", "--jobs", "1").code == 0
    small = ("--types", "2", "--draws", "4", "--jobs", "1")
    assert bidlab("audit", "first_price", "--out", place / "audit", *small).code == 0
    return place


def asked(read: Callable[[], object]) -> Said:
    """As a command, of what is called from Python."""
    try:
        read()
    except RunError as error:
        return Said(2, "", f"{error}\n")
    return Said(0, "", "")


READERS: dict[str, list[tuple[str, Callable[[Path], Said]]]] = {
    "run": [
        *((f"{name}.csv", lambda folder: bidlab("show", folder)) for name in ("agents", "claims", "summary")),
        ("differences.csv", lambda folder: bidlab("show", folder)),
        *((f"{name}.json", lambda folder: bidlab("show", folder)) for name in ("run", "clock")),
        ("SHA256SUMS", lambda folder: bidlab("show", folder)),
        *((f"{name}.json", lambda folder: bidlab("explain", folder, "--task", "t1")) for name in ("run", "clock")),
        ("inputs/t.csv", lambda folder: bidlab("explain", folder, "--task", "t1")),
        ("inputs/t.csv", lambda folder: asked(lambda: load(folder))),
        ("run.json", lambda folder: asked(lambda: load(folder))),
        *(
            (f"{name}.parquet", lambda folder: asked(lambda: load(folder).summary))  # type: ignore[union-attr]
            for name in ("attempts", "bids", "clearings", "accounts")
        ),
        ("attempts.parquet", lambda folder: asked(lambda: compare(load(folder), load(folder)))),  # type: ignore[arg-type]
    ],
    "sweep": [
        *((name, lambda folder: bidlab("show", folder)) for name in ("sweep.parquet", "factors.csv", "run.json")),
        *((name, lambda folder: bidlab("show", folder)) for name in ("clock.json", "SHA256SUMS")),
        *((name, lambda folder: asked(lambda: load(folder))) for name in ("sweep.parquet", "factors.csv")),
        *((name, lambda folder: bidlab("cell", folder, "1")) for name in ("manifest.json", "run.json", "inputs/t.csv")),
    ],
    "audit": [
        *((name, lambda folder: bidlab("show", folder)) for name in ("audit.csv", "run.json", "SHA256SUMS")),
        ("audit.csv", lambda folder: asked(lambda: load(folder))),
    ],
}


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def lost(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00" + path.read_bytes())


def swapped(path: Path) -> None:
    """Another file of the folder in its place."""
    other = next(each for each in sorted(path.parent.iterdir()) if each.is_file() and each.name != path.name)
    path.write_bytes(other.read_bytes())


def edited(path: Path) -> None:
    """One byte in the middle is another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


DAMAGES = (truncated, emptied, lost, a_folder, no_text, edited)
CASES = [(kind, place) for kind, readers in READERS.items() for place in range(len(readers))]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(
    ("kind", "place"), CASES, ids=[f"{kind}-{READERS[kind][place][0]}-{place}" for kind, place in CASES]
)
def test_every_damage_is_one_line(
    stored: Path, tmp_path: Path, kind: str, place: int, damage: Callable[[Path], None]
) -> None:
    name, read = READERS[kind][place]
    folder = shutil.copytree(stored / kind, tmp_path / kind)
    damage(folder / name)
    if name == "clock.json" and damage is edited:
        return  # any time is as good as another
    one_line(read(folder), folder, name if not (name == "SHA256SUMS" and damage is edited) else "")


@pytest.mark.parametrize("name", ["agents.csv", "summary.csv", "attempts.parquet", "bids.parquet", "run.json"])
def test_another_file_in_its_place(stored: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(stored / "run", tmp_path / "run")
    swapped(folder / name)
    one_line(asked(lambda: load(folder).summary) if "parquet" in name else bidlab("show", folder), folder, name)  # type: ignore[union-attr]


def one_line(said: Said, folder: Path, name: str) -> None:
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), said
    assert str(folder / name) in said.err
    assert "again" in said.err


@pytest.mark.parametrize("key", ["seed", "hash", "plugins", "agents", "versions"])
def test_wrong_types_in_run_json(stored: Path, tmp_path: Path, key: str) -> None:
    """Also where somebody wrote the checksums anew."""
    folder = shutil.copytree(stored / "run", tmp_path / "run")
    info = json.loads((folder / "run.json").read_text())
    for value in (None, 1.5):
        (folder / "run.json").write_text(json.dumps({**info, key: value}))
        write_checksums(folder)
        one_line(bidlab("show", folder), folder, "run.json")


def test_edits_with_new_checksums_do_not_pass_for_the_run(stored: Path, tmp_path: Path) -> None:
    run, sweep = (shutil.copytree(stored / kind, tmp_path / kind) for kind in ("run", "sweep"))
    (run / "inputs" / "t.csv").write_text((run / "inputs" / "t.csv").read_text().replace("0.9", "0.8"))
    manifest = json.loads((sweep / "manifest.json").read_text())
    manifest["cells"][1]["parameters"]["tender.penalty"] = 0.5
    (sweep / "manifest.json").write_text(json.dumps(manifest))
    for folder in (run, sweep):
        write_checksums(folder)
    one_line(bidlab("explain", run, "--task", "t1"), run, "")
    one_line(bidlab("cell", sweep, "1"), sweep, "manifest.json")
    assert bidlab("cell", sweep, "0").code == 0


def test_a_manifest_of_another_make(stored: Path, tmp_path: Path) -> None:
    sweep = shutil.copytree(stored / "sweep", tmp_path / "sweep")
    whole = json.loads((sweep / "manifest.json").read_text())
    for key, value in (("cells", 3), ("cells", [{}, {}]), ("scenario", []), ("scenario_file", 3)):
        (sweep / "manifest.json").write_text(json.dumps({**whole, key: value}))
        write_checksums(sweep)
        one_line(bidlab("cell", sweep, "1"), sweep, "manifest.json")


def test_a_whole_folder_is_read(stored: Path) -> None:
    for kind, readers in READERS.items():
        for name, read in readers:
            assert read(stored / kind).code == 0, (kind, name)
