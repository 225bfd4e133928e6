"""What no bundle may hold: a key, or a path of the machine it was made on."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.live.secret import SHORTEST

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW", re.IGNORECASE)  # in the name of an environment variable
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_BEFORE, _AFTER = rb"(?<![\w.\-/])", rb"(?=/|\\|\"|'|\s|$)"  # a path begins, and a name of it ends
_SHORT = 3  # letters of a folder, such as /, that stands for nobody's machine


def private_faults(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """A line for each file that names a place of this machine or holds a key. folder: of the results."""
    found = []
    for name, content in files.items():
        found += [f"{name}: names {path}, a path of this machine" for path in _paths(name, content, folder)]
        found += [f"{name}: holds what the environment variable {key} holds" for key in _keys(content)]
    return found


def _keys(content: bytes) -> Iterator[str]:
    for name, value in sorted(os.environ.items()):
        if _SECRET.search(name) and len(value) >= SHORTEST and value.encode(errors="replace") in content:
            yield name


def _paths(name: str, content: bytes, folder: Path) -> Iterator[str]:
    here = {Path.home(), Path.cwd(), Path(tempfile.gettempdir()), folder.resolve().parent}
    for place in sorted(map(str, here)):
        if len(place) > _SHORT and re.search(_BEFORE + re.escape(place.encode()) + _AFTER, content):
            yield place
            return
    if name.endswith(".json"):
        yield from dict.fromkeys(_absolute(_world(json.loads(content))))


def _world(value: Any) -> Iterator[Any]:
    """Whatever stands under a key "world", where a scenario names its files."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "world" else _world(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _world(inner)


def _absolute(values: Iterator[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict):
            yield from _absolute(iter(value.values()))
        elif isinstance(value, list):
            yield from _absolute(iter(value))
        elif isinstance(value, str) and (value.startswith(("/", "~")) or _DRIVE.match(value)):
            yield value
