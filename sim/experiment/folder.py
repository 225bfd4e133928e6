"""Folders of results: made in `DIR.partial`, which takes the name DIR when it is whole.

A folder holds run.json, which says what was run and by which hash it is known. The same run is replaced, and a sweep
of which no cell could be played; another one only by force; anything that is no run never. What was killed goes on from
what its `.partial` holds.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.experiment.lock import locked
from sim.experiment.stored import CLOCK, RUN, run_info, write_checksums
from sim.experiment.versions import differing, made_by
from sim.kit.at_once import sync, write_at_once
from sim.kit.errors import RunError
from sim.world.origin import Input

Say = Callable[[str], None]
_BEGUN = re.compile(r"run\.json\.(\d+\.)?tmp")  # all that a run killed at its very start leaves behind
_OF_PARTS = ("versions", "mixed")  # in run.json, what parts of one folder may differ in


def warned(line: str) -> None:
    """Say it as a warning, to who calls from Python."""
    warnings.warn(line, stacklevel=2)


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
    try:
        old = run_info(place)
    except RunError as error:
        raise RunError(f"--out {error}") from None
    if old is None:
        if not all(_BEGUN.fullmatch(entry.name) for entry in place.iterdir()):
            raise RunError(f"--out {place}: is not empty and holds no run; choose another folder")
    elif old["hash"] != info["hash"] and not force and not _all_failed(place):
        raise RunError(
            f"--out {place}: holds another run ({old['scenario']['name']}, seed {old['seed']}, hash "
            f"{old['hash'][:12]}, not {info['hash'][:12]}); choose another folder or give --force to replace it"
        )


def _all_failed(place: Path) -> bool:
    """It holds a sweep of which no cell could be played: failures, and a table without a row."""
    table = place / "sweep.csv"
    if not (place / "failures.csv").is_file() or not table.is_file():
        return False
    with table.open("rb") as lines:
        return len(list(itertools.islice(lines, 2))) == 1


def partial_of(folder: Path) -> Path:
    """Where a run is made until it is whole."""
    return folder.with_name(folder.name + ".partial")


def open_partial(partial: Path, info: Mapping[str, Any], inputs: Sequence[Input], kept: str, force: bool) -> None:
    """Make `partial` ready: what this very run finished before, and nothing else.

    kept: pattern of the names that stay. inputs: to be written into it. force: go on with what other versions
    made; begin anew where anything else differs. Raises RunError where it is not given.
    """
    there = run_info(partial)
    if there is not None and not _goes_on(partial, there, json.loads(json.dumps(info)), force):
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    for entry in partial.iterdir():
        if entry.name != RUN and not re.fullmatch(kept, entry.name):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    write_info(partial, info)
    copies = partial / "inputs"
    for one in inputs:
        copies.mkdir(exist_ok=True)
        if one.path is not None:
            shutil.copyfile(one.path, copies / one.name)
        else:
            (copies / one.name).write_bytes(one.content())


def _goes_on(partial: Path, old: Mapping[str, Any], info: Mapping[str, Any], force: bool) -> bool:
    """What is there is to be kept: it is of the very run, by the same versions or, with force, by others."""
    changed = [key for key in dict.fromkeys([*old, *info]) if key not in _OF_PARTS and old.get(key) != info.get(key)]
    if "hash" in changed:
        return False  # by force, as `check_folder` saw to
    if changed and not force:
        raise RunError(
            f"--out {partial}: was begun with another {changed[0]} ({old.get(changed[0])}, not "
            f"{info.get(changed[0])}); begin anew with --force"
        )
    if not changed and old["versions"] != info["versions"] and not force:
        before, now = differing(old["versions"], info["versions"])
        raise RunError(
            f"--out {partial}: was begun under {before}, and this is {now}; go on under the former, or give --force to "
            "keep what is finished and have the rest made under the latter"
        )
    return not changed


@contextlib.contextmanager
def making(
    folder: Path,
    info: Mapping[str, Any],
    inputs: Sequence[Input] = (),
    kept: str = "",
    force: bool = False,
    joined: bool = False,
) -> Iterator[Path]:
    """The `.partial` of `folder`, made ready as `open_partial` does; it takes the folder's name once all went well.

    joined: what is `kept` to go on from is no part of the result, and is removed when all else is on the disk.

    No other process may work on it meanwhile. Raises RunError as `check_folder` does, where another is at work, and
    where something cannot be written; what was finished is kept then.
    """
    check_folder(folder, info, force)
    partial = partial_of(folder)
    with locked(folder):
        check_folder(folder, info, force)  # another process may have ended since
        try:
            open_partial(partial, info, inputs, kept, force)
            yield partial
            passing = [path for path in partial.iterdir() if joined and re.fullmatch(kept, path.name)]
            write_checksums(partial, passing)
            for path in passing:
                path.unlink()
            take_name(folder, partial)
        except OSError as error:
            why = f"--out {folder}: cannot be written: {error.strerror or error}"
            goes_on = "; what was finished is kept, and the same command goes on from there" if kept else ""
            raise RunError(f"{why}{goes_on}") from None


def write_clock(partial: Path, clock: Mapping[str, Any]) -> None:
    """Write clock.json, all that depends on the clock."""
    (partial / CLOCK).write_text(json.dumps({**clock, "finished": time.time()}, indent=2) + "\n")


def write_info(folder: Path, info: Mapping[str, Any]) -> None:
    """Write run.json, at once or not at all."""
    write_at_once(folder / RUN, (json.dumps(info, indent=2, ensure_ascii=False) + "\n").encode())


def say_who_made(folder: Path, info: Mapping[str, Any], parts: Iterable[tuple[Any, Mapping[str, str]]]) -> None:
    """Have run.json say which versions made which part, where they are not all the same."""
    groups = made_by(parts)
    if len(groups) > 1:
        write_info(folder, {**info, "mixed": groups})


def take_name(folder: Path, partial: Path) -> None:
    """`partial` becomes `folder`, in the place of what was there."""
    if not folder.exists():
        partial.rename(folder)
        sync(folder.parent)
        return
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as aside:
        folder.rename(Path(aside) / "replaced")
        partial.rename(folder)
        sync(folder.parent)
