"""The one reader of folders of results. Whatever is read is first compared with what was written.

SHA256SUMS holds the SHA-256 of every file of a finished folder but the clock's, as `sha256sum -c` reads it, and in its
first line that of the other lines. A file that is damaged, missing or another's is refused in one line that names it
and says what to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.format import check_format
from sim.kit.at_once import sync, write_at_once
from sim.kit.csv_file import read_csv
from sim.kit.errors import RunError

if TYPE_CHECKING:
    import pandas as pd

CHECKSUMS, CLOCK, RUN = "SHA256SUMS", "clock.json", "run.json"
_AGAIN = {"sweep": "run the sweep again", "audit": "run the audit again"}  # of a run: the scenario
_OF_ALL = {"hash": str, "seed": int, "plugins": dict, "agents": list, "tasks": list, "versions": dict}


def write_checksums(folder: Path, without: Collection[Path] = ()) -> None:
    """Write SHA256SUMS of all that is in `folder` but `without`, and have all of it put on the disk."""
    there = (path for path in folder.rglob("*") if path.is_file() and path not in without)
    files = {path.relative_to(folder).as_posix(): path for path in there}
    lines = []
    for name, path in sorted(files.items()):
        sync(path)
        if name not in (CLOCK, CHECKSUMS):
            lines.append(f"{_digest(path)}  {name}\n")
    for place in folder.rglob("*"):
        if place.is_dir():
            sync(place)
    whole = "".join(lines)
    write_at_once(folder / CHECKSUMS, f"# {_of_text(whole)}\n{whole}".encode())


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object in a file; raises RunError, with the remedy, where it is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: {_unreadable(error)}; {remedy}") from None
    try:
        found = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise RunError(f"{path}: is broken (no UTF-8); {remedy}") from None
    except (ValueError, RecursionError):
        raise RunError(f"{path}: is broken ({'no JSON' if content.strip() else 'empty'}); {remedy}") from None
    if not isinstance(found, dict):
        raise RunError(f"{path}: is broken (no JSON object, but {type(found).__name__}); {remedy}")
    return found


def run_info(folder: Path) -> dict[str, Any] | None:
    """What run.json in `folder` says, not compared with what was written; None where there is none.

    Raises RunError where it is of another format, or no run's.
    """
    path = folder / RUN
    if not path.exists() and not path.is_symlink():
        if (folder / CHECKSUMS).exists():
            raise RunError(f"{path}: is missing, so that {folder} holds no run; remove the folder and run it again")
        return None
    lost = f"so that {folder} holds no run; remove the folder and run it again"
    info = read_json(path, lost)
    scenario = info.get("scenario")
    missing = [name for name, kind in _OF_ALL.items() if name not in info]
    if not missing and isinstance(scenario, dict) and "name" in scenario:
        check_format(folder, info)
        wrong = [name for name, kind in _OF_ALL.items() if not isinstance(info[name], kind)]
        if not wrong:
            return info
        raise RunError(f"{path}: is broken ({wrong[0]} is no {_OF_ALL[wrong[0]].__name__}), {lost}")
    raise RunError(f"{path}: is broken (has no {(missing or ['scenario'])[0]}), {lost}")


@dataclass(frozen=True, eq=False)
class Stored:
    """A folder of results. info: its run.json. digests: name -> SHA-256; None of a sweep that is not finished."""

    folder: Path
    info: dict[str, Any]
    digests: Mapping[str, str] | None

    @classmethod
    def open(cls, folder: Path) -> Stored:
        """The run, sweep or audit in `folder`; raises RunError where there is none, or run.json is not as written."""
        info = run_info(folder)
        if info is None:
            raise RunError(f"{folder}: holds no run (no run.json)")
        path, again = folder / CHECKSUMS, _again(info)
        if not path.exists():
            if info.get("kind") == "sweep" and not (folder / "manifest.json").exists():
                return cls(folder, info, None)
            raise RunError(f"{path}: is missing, be it lost or the folder not finished; {again}")
        made = cls(folder, info, _read_checksums(path, again))
        made.path(RUN)
        if info.get("kind") != "audit" and "partial.json" not in made:
            read_json(folder / CLOCK, again)
        return made

    @property
    def again(self) -> str:
        """What to do where something is damaged."""
        return _again(self.info)

    @property
    def finished(self) -> bool:
        """It was finished, or interrupted in a way that let it be written up."""
        return self.digests is not None

    def __contains__(self, name: str) -> bool:
        """The folder was written with a file of that name."""
        return self.digests is not None and name in self.digests

    def path(self, name: str) -> Path:
        """Where the file is; raises RunError where it is not as it was written."""
        path = self.folder / name
        if name not in self:
            raise RunError(f"{path}: is not among the files that were written; {self.again}")
        try:
            found = _digest(path)
        except OSError as error:
            raise RunError(f"{path}: {_unreadable(error)}; {self.again}") from None
        if self.digests is not None and found != self.digests[name]:
            size = "empty" if not path.stat().st_size else "its SHA-256 is not that in SHA256SUMS"
            raise RunError(f"{path}: is broken or was changed ({size}); {self.again}")
        return path

    def json(self, name: str) -> dict[str, Any]:
        """The JSON object in a file."""
        return read_json(self.path(name), self.again)

    def csv(self, name: str, **how: Any) -> pd.DataFrame:
        """A CSV table. how: as pandas.read_csv takes it."""
        content = self.path(name).read_bytes()
        try:
            return read_csv(content, **how)
        except ValueError as error:
            raise RunError(f"{self.folder / name}: is broken ({type(error).__name__}); {self.again}") from None

    def header(self, name: str) -> list[str]:
        """Names of the columns of a CSV table."""
        return list(self.csv(name, nrows=0).columns)

    def check_inputs(self) -> None:
        """Raise RunError where a file of inputs/ is not as it was written."""
        for name in self.digests or ():
            if name.startswith("inputs/"):
                self.path(name)


def _again(info: Mapping[str, Any]) -> str:
    return _AGAIN.get(str(info.get("kind")), "run the scenario again")


def _unreadable(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is missing"
    return f"cannot be read ({error.strerror or error})"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read_checksums(path: Path, again: str) -> dict[str, str]:
    try:
        head, _, whole = path.read_bytes().decode("utf-8").partition("\n")
    except OSError as error:
        raise RunError(f"{path}: {_unreadable(error)}; {again}") from None
    except UnicodeDecodeError:
        raise RunError(f"{path}: is broken (no UTF-8); {again}") from None
    if not whole or head != f"# {_of_text(whole)}":
        why = "line 1 is not the SHA-256 of the others" if whole else "no lines"
        raise RunError(f"{path}: is broken or was changed ({why}); {again}")
    lines = (line.partition("  ") for line in whole.removesuffix("\n").split("\n"))
    return {name: digest for digest, _, name in lines}
