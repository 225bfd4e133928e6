"""How much memory there is, what a process keeps of it, and sizes as text."""

from __future__ import annotations

import os
from pathlib import Path

_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))  # of a container
# A process that makes many large arrays keeps the room of those it is done with (glibc), up to 64 MiB: to ask for
# it again takes longer than most of what is done with an array. The variables count from the start of the process.
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**26)}


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
