"""Puts a finished run or sweep into one file. The same folder gives the same bytes, whenever and wherever it is."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.bundling.bundle_format import ABOUT, FORMAT, INPUTS, README, RESULTS, SUMS, check_name, default_path, readme
from sim.bundling.ledger_hashes import ledger_hashes
from sim.bundling.plugin_sources import sources
from sim.bundling.private_words import private_faults
from sim.experiment.manifest import PARTIAL
from sim.experiment.stored import RUN, Stored
from sim.experiment.written_scenario import WRITTEN
from sim.kit.at_once import write_at_once
from sim.kit.errors import RunError, capped
from sim.ledger.ledger import SCHEMAS
from sim.live_market.transcripts import ANSWERS

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP file can state
_PLAIN = ("run.json", "manifest.json", WRITTEN)
_DRAWN = (".csv", ".pdf", ".png")
_KIND = {None: "run", "sweep": "sweep"}
Tick = Callable[[int], None]


class Bundled(NamedTuple):
    """A bundle that was written. files: how many are in it; bytes: its size."""

    path: Path
    files: int
    bytes: int
    left_out: str

    def __str__(self) -> str:
        """Where it is and how big."""
        line = f"written: {self.path}, {self.files} files, {self.bytes / 1e6:.2f} MB"
        return f"{line}\n{self.left_out}" if self.left_out else line


def bundle(
    folder: Path,
    out: Path | None = None,
    *,
    plugins: Sequence[Path] = (),
    answers: bool = False,
    force: bool = False,
    tick: Tick = lambda done: None,
) -> Bundled:
    """Write the bundle of the run or sweep in `folder` to `out`, by default FOLDER.zip.

    plugins: the files it ran with. answers: those of a live run are put in, with the tasks that were asked. tick: is
    given 1 for each table of the ledger. Raises RunError where a file is not as it was written, or holds a key or a
    path of this machine.
    """
    path = default_path(folder) if out is None else out
    check_name(path, force)
    stored = Stored.open(folder)
    kind = kind_of(stored)
    code = sources(plugins, stored.info["plugins"], folder)
    live = f"{INPUTS}{ANSWERS}" in stored
    results = _results(stored, kind, secret=live and not answers)
    about: dict[str, Any] = {
        "bundle": FORMAT,
        "kind": kind,
        "name": stored.info["scenario"]["name"],
        "hash": stored.info["hash"],
        "versions": stored.info["versions"],
        "plugins": {n: {"sha256": stored.info["plugins"][n], "files": list(files)} for n, files in code.items()},
        "ledger": ledger_hashes(ledger_files(stored), tick),
    }
    if live:
        about["answers"] = answers
    files = {f"{RESULTS}{name}": content for name, content in results.items()}
    files |= {name: content for own in code.values() for name, content in own.items()}
    files[ABOUT] = (json.dumps(about, indent=1, ensure_ascii=False) + "\n").encode()
    files[README] = readme(_facts(stored.info, about))
    if faults := private_faults(files, folder):
        remedy = "name files from the scenario's folder on, and run it again"
        raise RunError(*capped(f"{folder}: no bundle is made: {fault}; {remedy}" for fault in faults))
    content = zipped(files)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(path, content)
    except OSError as error:
        raise RunError(f"--out {path}: cannot be written: {error.strerror or error}") from None
    left_out = "left out: answers and tasks; --answers puts them in" if about.get("answers") is False else ""
    return Bundled(path, len(files) + 1, len(content), left_out)


def ledger_files(stored: Stored) -> dict[str, Path]:
    """The tables of the ledger that a folder holds, by name; each as it was written."""
    own = [name for name in stored.digests or () if name.startswith("ledger/")]
    names = [f"{name}.parquet" for name in SCHEMAS if f"{name}.parquet" in stored] + sorted(own)
    return {name.removesuffix(".parquet"): stored.path(name) for name in names}


def result_names(names: Sequence[str]) -> list[str]:
    """Of the files of a folder those that a bundle holds beside the inputs."""
    tables = (name for name in names if "/" not in name and (name in _PLAIN or name.endswith(".csv")))
    return sorted([*tables, *(name for name in names if name.startswith("figures/") and name.endswith(_DRAWN))])


def kind_of(stored: Stored) -> str:
    """Run or sweep; raises RunError where the folder holds neither, or not all of it as it was written."""
    kind = stored.info.get("kind")
    if kind not in _KIND:
        what, of = ("a run of an economy", " of a task market") if kind == "economy" else (f"an {kind}", "")
        raise RunError(f"{stored.folder}: holds {what}; a run or a sweep{of} can be bundled")
    if not stored.finished or PARTIAL in stored:
        raise RunError(f"{stored.folder}: is not finished; give its command again, then bundle it")
    if kind == "sweep" and WRITTEN not in stored:
        raise RunError(f"{stored.folder}: does not hold its scenario as it was given; {stored.again}")
    for name in stored.digests or ():
        stored.path(name)
    return _KIND[kind]


def _results(stored: Stored, kind: str, secret: bool) -> dict[str, bytes]:
    names = result_names(list(stored.digests or ()))
    inputs = [] if secret else [name for name in stored.digests or () if name.startswith(INPUTS)]
    if kind == "sweep" and f"{INPUTS}imported.csv" in inputs:
        raise RunError(
            f"{stored.folder}: sweeps imported results, which a bundle does not hold; make a table of them with "
            "`bidlab import` and sweep that"
        )
    if RUN not in names:
        raise RunError(f"{stored.folder}: holds no {RUN}")
    return {name: stored.path(name).read_bytes() for name in sorted([*names, *inputs])}


def _facts(info: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, str]:
    plugins = answers = ""
    if about["plugins"]:
        listed = "\n".join(f"    {name}  SHA-256 {one['sha256']}" for name, one in about["plugins"].items())
        plugins = f"\nIt ran with code of its own. Read it before you have it executed, by --allow-plugins:\n{listed}\n"
    if about.get("answers") is False:
        answers = "\nThe answers of its live agents are not in here, so that it cannot be played again.\n"
    return {
        "name": about["name"],
        "kind": about["kind"],
        "version": about["versions"].get("bidlab", "unknown"),
        "question": info["scenario"]["question"],
        "plugins": plugins,
        "answers": answers,
        "versions": ", ".join(f"{name} {version}" for name, version in about["versions"].items()),
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP file of these and of their checksums: sorted, with one date for all."""
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    sums = f"# {hashlib.sha256(lines.encode()).hexdigest()}\n{lines}".encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in sorted({**files, SUMS: sums}.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # as on Unix, wherever it is made
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return made.getvalue()
