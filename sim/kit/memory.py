"""How much memory there is, and sizes as text."""

from __future__ import annotations

import os
from pathlib import Path

_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))  # of a container


def available() -> int:
    """Bytes of memory this machine, or the container, can give."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in _LIMITS:
        if limit.is_file():
            text = limit.read_text().strip()
            if text.isdigit():
                total = min(total, int(text))
    return total


def gib(count: int) -> str:
    """Bytes as text.

    >>> gib(3 * 2**29)
    '1.5 GiB'
    """
    tenths = count * 10 // 2**30
    return f"{tenths // 10:,}.{tenths % 10} GiB"
