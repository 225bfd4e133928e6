"""Reads a bundle, which may be anybody's: whatever is not as a bundle is made is refused before any of it is used.

Nothing is unpacked onto the disk here. Refused are: what is no ZIP file, names that are absolute, climb out of the
folder or stand twice, links, members that are encrypted or unpack to more than they state or than is allowed, members
that no checksum names, and those that differ from theirs.
"""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.bundling.bundle_format import ABOUT, FORMAT, INPUTS, MOST_BYTES, MOST_FILES, PLUGINS, README, RESULTS, SUMS
from sim.kit.errors import RunError
from sim.kit.terminal import shown_name

_DOS_DRIVE = ":"
_KEYS = {"kind": str, "name": str, "hash": str, "versions": dict, "plugins": dict, "ledger": dict}
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, eq=False)
class Opened:
    """A bundle that is whole. about: its bundle.json. files: all members by name."""

    path: Path
    about: dict[str, Any]
    files: Mapping[str, bytes]

    @property
    def results(self) -> dict[str, bytes]:
        """The files of the folder of results, without its inputs."""
        return {n.removeprefix(RESULTS): c for n, c in self.files.items() if n.startswith(RESULTS) and not _input(n)}

    @property
    def inputs(self) -> dict[str, bytes]:
        """The inputs, by the name of each."""
        return {name.removeprefix(RESULTS + INPUTS): content for name, content in self.files.items() if _input(name)}

    def json(self, name: str) -> dict[str, Any]:
        """The JSON object in a file of the results; raises RunError where it is none."""
        return _object(self.path, RESULTS + name, self.files)


def open_bundle(path: Path) -> Opened:
    """The bundle at `path`; raises RunError in one line where it is none, or not as it was made."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = _members(path, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{path}: is no bundle, or is broken ({' '.join(str(error).split())[:100]})") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    _check_sums(path, files)
    about = _object(path, ABOUT, files)
    _check_about(path, about, files)
    return Opened(path, about, files)


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if fault := _fault_of_names(entries) or next(filter(None, map(_fault, entries)), ""):
        raise RunError(f"{path}: is refused: {fault}")
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise RunError(f"{path}: is refused: unpacks to more than {MOST_BYTES >> 30} GiB")
    return {entry.filename: _content(path, archive, entry) for entry in entries}


def _content(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as member:
        content = member.read(entry.file_size + 1)  # no more than it states, whatever it would unpack to
    if len(content) != entry.file_size:
        raise RunError(f"{path}: is refused: {shown_name(entry.filename)} has not the size that it states")
    return content


def _fault_of_names(entries: Sequence[zipfile.ZipInfo]) -> str:
    if len(entries) > MOST_FILES:
        return f"holds {len(entries):,} files; at most {MOST_FILES:,}"
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename.casefold()
        if name in seen:
            return f"holds {shown_name(entry.filename)} twice"
        seen.add(name)
    return ""


def _fault(entry: zipfile.ZipInfo) -> str:
    """Why a member is refused by its entry alone, "" where it is not."""
    name, shown = entry.filename, shown_name(entry.filename)
    if entry.orig_filename != name or not name or not name.isprintable():
        return f"{shown} is no name of a file"
    parts = name.split("/")
    if "\\" in name or _DOS_DRIVE in name or any(part in ("", ".", "..") for part in parts):
        return f"{shown} would be written outside its folder"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return f"{shown} is a link or no file"
    if entry.flag_bits & 0x1 or entry.compress_type not in _WAYS:
        return f"{shown} is encrypted, or packed in a way that bundles are not"
    known = name in (ABOUT, README, SUMS) or name.startswith((RESULTS, PLUGINS))
    return "" if known else f"{shown} belongs to no bundle"


def _check_sums(path: Path, files: Mapping[str, bytes]) -> None:
    """Raise RunError where a member is missing, altered, or not among the checksums."""
    if SUMS not in files:
        raise RunError(f"{path}: is no bundle: has no {SUMS}")
    head, _, lines = files[SUMS].decode("utf-8", "replace").partition("\n")
    if head != f"# {hashlib.sha256(lines.encode()).hexdigest()}":
        raise RunError(f"{path}: {SUMS} was altered (line 1 is not the SHA-256 of the others)")
    stated = {name: digest for digest, _, name in (line.partition("  ") for line in lines.splitlines())}
    for name in sorted({*stated, *files} - {SUMS}):
        if name not in files:
            raise RunError(f"{path}: {shown_name(name)} is missing")
        if name not in stated:
            raise RunError(f"{path}: {shown_name(name)} is not among the checksums")
        if hashlib.sha256(files[name]).hexdigest() != stated[name]:
            raise RunError(f"{path}: {shown_name(name)} was altered (its SHA-256 is not that in {SUMS})")


def _check_about(path: Path, about: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    if about.get("bundle") != FORMAT:
        raise RunError(f"{path}: is a bundle of format {about.get('bundle')!r}; this version reads format {FORMAT}")
    for key, kind in _KEYS.items():
        if not isinstance(about.get(key), kind):
            raise RunError(f"{path}: {ABOUT} is broken ({key} is missing or no {kind.__name__})")
    if about["kind"] not in ("run", "sweep"):
        raise RunError(f"{path}: {ABOUT} is broken (kind must be run or sweep)")
    for name, one in about["plugins"].items():
        own = one.get("files") if isinstance(one, dict) else None
        if not own or not isinstance(own, list) or not all(file in files for file in own) or "sha256" not in one:
            raise RunError(f"{path}: {ABOUT} is broken (plugin {shown_name(name)} has no files)")


def _object(path: Path, name: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    if name not in files:
        raise RunError(f"{path}: is no bundle: has no {name}")
    try:
        found = json.loads(files[name].decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RunError(f"{path}: {name} is broken (no JSON object)")
    return found


def _input(name: str) -> bool:
    return name.startswith(RESULTS + INPUTS)
