"""Bundles that somebody made to do harm, or that are broken: refused in one line, with nothing unpacked."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.bundling import open_bundle as opening
from sim.bundling.bundle_folder import zipped
from sim.bundling.bundle_format import ABOUT, SUMS
from tests.bundling.packed import bundle_of, changed, members
from tests.cli.command import SCENARIO, bidlab, lay_out


def refused(path: Path) -> str:
    """What the command says; it is one line, with exit code 2."""
    said = bidlab("verify", path)
    assert said.code == 2
    assert said.err.count("\n") == 1, said.err
    return said.err


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("results/inputs/link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("../up.txt", "../up.txt would be written outside its folder"),
        ("results/../../up.txt", "would be written outside its folder"),
        ("/etc/up.txt", "would be written outside its folder"),
        ("results\\up.txt", "would be written outside its folder"),
        ("C:/up.txt", "would be written outside its folder"),
        ("results//up.txt", "would be written outside its folder"),
        ("results/inputs/", "would be written outside its folder"),
        ("results/a\x1b[31m.csv", "is no name of a file"),
        ("RESULTS/agents.CSV", "holds RESULTS/agents.CSV twice"),
        ("elsewhere.txt", "elsewhere.txt belongs to no bundle"),
        ("results/more.csv", "results/more.csv is not among the checksums"),
        (link(), "results/inputs/link is a link or no file"),
    ],
)
def test_a_member_that_is_none(kept: Path, tmp_path: Path, entry, words: str) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(kept.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, b"x")
    assert words in refused(path)


def test_a_name_twice(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(kept.read_bytes())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(ABOUT, b"{}")
    assert f"holds {ABOUT} twice" in refused(path)


def test_what_unpacks_to_too_much(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_BYTES", 1000)
    assert "unpacks to more than" in refused(kept)
    monkeypatch.setattr(opening, "MOST_FILES", 3)
    assert "at most 3" in refused(kept)


def test_a_member_that_unpacks_to_more_than_it_states(kept: Path, tmp_path: Path) -> None:
    content, made = b"0" * 100_000, io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results/agents.csv", content)
    size = len(content).to_bytes(4, "little")
    path = tmp_path / "b.zip"
    path.write_bytes(made.getvalue().replace(size, (10).to_bytes(4, "little")))
    assert "is no bundle, or is broken" in refused(path) or "has not the size" in refused(path)


Change = Callable[[dict[str, bytes]], dict[str, bytes]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: {n: c for n, c in files.items() if n != ABOUT}, f"has no {ABOUT}"),
        (lambda files: {n: c for n, c in files.items() if n != "results/run.json"}, "has no results/run.json"),
        (lambda files: {**files, ABOUT: b"[]"}, f"{ABOUT} is broken (no JSON object)"),
        (lambda files: {**files, ABOUT: b"{" * 100_000}, f"{ABOUT} is broken (no JSON object)"),
        (lambda files: {**files, ABOUT: b'{"bundle": 7}'}, "is a bundle of format 7; this version reads format 1"),
        (lambda files: {**files, ABOUT: b'{"bundle": 1}'}, "kind is missing or no str"),
        (lambda files: {**files, "results/run.json": b'{"plugins": {}}'}, "cannot be played: KeyError: 'scenario'"),
    ],
)
def test_a_bundle_without_what_it_needs(kept: Path, tmp_path: Path, change: Change, words: str) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(zipped(change(members(kept))))
    assert words in refused(path)


def test_an_altered_member(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(kept) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name, words in (("results/agents.csv", "was altered (its SHA-256"), (SUMS, "was altered (line 1")):
        with zipfile.ZipFile(path, "w") as archive:
            for other, content in files.items():
                archive.writestr(other, content + b"\n" if other == name else content)
        assert f"{name} {words}" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        for other, content in files.items():
            if other != "results/agents.csv":
                archive.writestr(other, content)
    assert "results/agents.csv is missing" in refused(path)


def test_what_is_no_bundle_at_all(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    assert "cannot be read: No such file" in refused(path)
    path.write_bytes(b"PK")
    assert "is no bundle, or is broken" in refused(path)
    path.write_bytes(kept.read_bytes()[:-400])
    assert "is no bundle, or is broken" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README.txt", json.dumps({}))
    assert f"is no bundle: has no {SUMS}" in refused(path)


@pytest.mark.parametrize(("table", "code"), [("../../../t.csv", 0), ("deep/er/t.csv", 0), ("/t.csv", 2)])
def test_inputs_of_a_sweep_are_laid_out_below_one_folder(tmp_path: Path, table: str, code: int) -> None:
    """However far a scenario climbs to its table, the folder it is staged in is made as deep."""
    folder = tmp_path / "a" / "b" / "c" / "d"
    folder.mkdir(parents=True)
    place = (folder / table.lstrip("/")).resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    path = lay_out(folder, SCENARIO.replace("t.csv", table.lstrip("/")) + '[sweep]\n"tender.penalty" = [0.0, 1.0]\n')
    if place != folder / "t.csv":
        (folder / "t.csv").rename(place)
    assert bidlab("sweep", path, "--out", folder / "o", "--jobs", "1").code == 0
    bundle = bundle_of(folder / "o")
    if code:
        given = json.loads(members(bundle)["results/scenario.json"])
        given["written"]["world"]["table"] = table
        changed(bundle, {"results/scenario.json": json.dumps(given).encode()})
        assert "does not hold t.csv where its scenario reads it" in refused(bundle)
    else:
        assert bidlab("verify", bundle, "--jobs", "1").code == 0
