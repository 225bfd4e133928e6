"""The format of what runs, sweeps and audits write. A folder of another one is refused, never read or replaced.

1   bidlab 0.1.x; it said nothing of its format
2   from bidlab 0.2.0 on
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.kit.errors import RunError

FORMAT = 2
_READ_BY = {1: "bidlab 0.1.x"}


def check_format(place: Path, info: Mapping[str, Any]) -> None:
    """Raise RunError in one line, naming the version that reads it, where `info` of `place` is of another format."""
    found = info.get("format", 1)
    if found != FORMAT:
        reader = _READ_BY.get(found, "a later bidlab") if isinstance(found, int) else "no bidlab"
        raise RunError(f"{place}: is of format {found}, which {reader} reads; this version reads format {FORMAT}")
