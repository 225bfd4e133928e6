"""The kinds of parts that a plugin may register, each with a registry of its own.

Who keeps a registry adds its kind to KINDS, so that `--plugin` (sim/scenario/plugins.py) finds what a file has added to
any of them, checks it, and forgets it when the command ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """How to get at a registry.

    names: what is registered now, of a plugin's at least. admit: check a plugin's part; raises RunError with the file's
    path. unregister: forget it. how: what a file writes to register one.
    """

    names: Callable[[], Iterable[Any]]
    admit: Callable[[Path, Any], None]
    unregister: Callable[[Any], None]
    how: str


KINDS: dict[str, Kind] = {}


def registered() -> set[tuple[str, Any]]:
    """(kind, name) of all that is registered."""
    return {(kind, name) for kind, of in list(KINDS.items()) for name in of.names()}
