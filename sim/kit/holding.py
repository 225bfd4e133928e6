"""Files that one process at a time holds. The system frees those of a process that ends, however it ends."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCKS = importlib.util.find_spec("fcntl") is not None  # where the system has none, everybody has what it asks for


def hold(handle: int, *, wait: bool = False) -> None:
    """Hold an open file until it is closed; raises BlockingIOError where another does and nobody is to `wait`."""
    if LOCKS:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Wait until nobody else holds the file or folder, and hold it; where it cannot be held, go on without."""
    handle = -1
    try:
        if LOCKS:
            handle = os.open(path, os.O_RDONLY)
            hold(handle, wait=True)
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        if handle >= 0:
            os.close(handle)
