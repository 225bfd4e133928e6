"""Files that are written at once or not at all, and are on the disk before they have their name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` when all went well; nothing of it is left where it did not."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        sync(unfinished)
        unfinished.replace(path)
        sync(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_at_once(path: Path, content: bytes) -> None:
    """Write `content` to `path`, at once or not at all."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def sync(path: Path) -> None:
    """Have the system put a file, or the names in a folder, on the disk."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        if path.is_dir():  # some systems open no folder
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
