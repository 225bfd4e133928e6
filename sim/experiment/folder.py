"""Folders of results: made in `DIR.partial`, which takes the name DIR when it is whole.

A folder holds run.json, which says what was run and by which hash it is known. The same run is replaced; another one
only by force; anything that is no run never. What was killed goes on from what its `.partial` holds.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.experiment.run_folder import run_info
from sim.kit.errors import RunError

_BEGUN = "run.json.tmp"  # all that a run killed at its very start leaves behind


def check_folder(folder: Path, info: Mapping[str, Any], force: bool) -> None:
    """Raise RunError where `folder`, or its unfinished `.partial`, may not be replaced by the run `info` describes.

    The same run is replaced; another one, be it another scenario, seed or setting, only by `force`; anything that is
    no run never.
    """
    if folder.name in ("", ".."):
        raise RunError(f"--out {folder}: must name a folder of its own, e.g. out/my_run")
    for place in (folder, partial_of(folder)):
        try:
            there, taken = place.exists(), place.is_symlink()
        except OSError as error:
            raise RunError(f"--out {place}: cannot be used: {error.strerror}") from None
        if taken and not there:
            raise RunError(f"--out {place}: is a link to nothing")
        if there:
            _check_place(place, info, force)


def _check_place(place: Path, info: Mapping[str, Any], force: bool) -> None:
    if not place.is_dir():
        raise RunError(f"--out {place}: is a file, not a folder")
    old = run_info(place)
    if old is None:
        if any(entry.name != _BEGUN for entry in place.iterdir()):
            raise RunError(f"--out {place}: is not empty and holds no run; choose another folder")
    elif old["hash"] != info["hash"] and not force:
        raise RunError(
            f"--out {place}: holds another run ({old['scenario']['name']}, seed {old['seed']}, hash "
            f"{old['hash'][:12]}, not {info['hash'][:12]}); choose another folder or give --force to replace it"
        )


def partial_of(folder: Path) -> Path:
    """Where a run is made until it is whole."""
    return folder.with_name(folder.name + ".partial")


def open_partial(partial: Path, info: Mapping[str, Any], inputs: Sequence[Path], kept: str) -> None:
    """Make `partial` ready: what this very run finished before, under the same versions, and nothing else.

    kept: pattern of the names that stay. inputs: files to be copied into it.
    """
    there = run_info(partial)
    if there is not None and there != json.loads(json.dumps(info)):
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    for entry in partial.iterdir():
        if entry.name != "run.json" and not re.fullmatch(kept, entry.name):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    write_info(partial, info)
    copies = partial / "inputs"
    copies.mkdir()
    for path in inputs:
        shutil.copyfile(path, copies / path.name)


@contextlib.contextmanager
def making(folder: Path, info: Mapping[str, Any], inputs: Sequence[Path], kept: str) -> Iterator[Path]:
    """The `.partial` of `folder`, made ready as `open_partial` does; it takes the folder's name once all went well.

    Raises RunError where something cannot be written. `check_folder` comes first.
    """
    partial = partial_of(folder)
    try:
        open_partial(partial, info, inputs, kept)
        yield partial
        take_name(folder, partial)
    except OSError as error:
        raise RunError(f"--out {folder}: cannot be written: {error.strerror or error}") from None


def write_clock(partial: Path, clock: Mapping[str, Any]) -> None:
    """Write clock.json, all that depends on the clock."""
    (partial / "clock.json").write_text(json.dumps({**clock, "finished": time.time()}, indent=2) + "\n")


def write_info(folder: Path, info: Mapping[str, Any]) -> None:
    """Write run.json, at once or not at all."""
    begun = folder / _BEGUN
    begun.write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    begun.replace(folder / "run.json")


def take_name(folder: Path, partial: Path) -> None:
    """`partial` becomes `folder`, in the place of what was there."""
    if not folder.exists():
        partial.rename(folder)
        return
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as aside:
        folder.rename(Path(aside) / "replaced")
        partial.rename(folder)
