"""Memory for rows, used again once nobody reads them: the system takes a while to hand out clean pages."""

from __future__ import annotations

import weakref
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 2**23, 2**27  # bytes that are kept for the next rows; what is less the allocator itself uses again

_LEFT: list[NDArray[np.uint8]] = []  # one at most


def memory_of(size: int) -> NDArray[np.uint8]:
    """So many bytes that nobody else reads or writes; what is in them is left over."""
    if not LEAST <= size <= MOST:
        return np.empty(size, np.uint8)
    memory = _taken(size)
    handed = np.frombuffer(memory.data, np.uint8, size)  # the base of all views of it
    weakref.finalize(handed, _leave, memory).atexit = False
    return handed


def _taken(size: int) -> NDArray[np.uint8]:
    with suppress(IndexError):  # another thread may be sooner
        memory = _LEFT.pop()
        if memory.size >= size:
            return memory
    return np.empty(size, np.uint8)


def _leave(memory: NDArray[np.uint8]) -> None:
    _LEFT[:] = [memory]
