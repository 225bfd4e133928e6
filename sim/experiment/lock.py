"""One process at a time works on a folder of results.

`DIR.lock` beside the folder names it, its host and when it began. The system frees the lock of a process that ends,
however it ends, so that what a dead one left is taken over.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from sim.kit.errors import RunError
from sim.kit.holding import LOCKS, hold

_SOMEBODY = "another process"


def lock_of(folder: Path) -> Path:
    """Where it says who works on `folder`."""
    return folder.with_name(folder.name + ".lock")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; raises RunError, naming the other, where another works on it."""
    path = lock_of(folder)
    if not LOCKS:  # nobody is refused
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _held(path, folder)
    except OSError as error:
        raise RunError(f"--out {path}: cannot be written: {error.strerror or error}") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is still held, so that none but this process's own is removed
        os.close(handle)


def _held(path: Path, folder: Path) -> int:
    """The open lock; another's that was removed meanwhile is tried again."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            hold(handle)
            if _same(handle, path):
                _check_ours(handle, path)
                with contextlib.suppress(OSError):  # on a full disk it holds all the same
                    _say_who(handle)
                return handle
            os.close(handle)
        except BlockingIOError:
            who = _who(handle)
            os.close(handle)
            wait = "wait for its end or choose another folder"
            raise RunError(f"--out {folder}: {who} is at work on it; {wait}") from None
        except BaseException:
            os.close(handle)
            raise


def _check_ours(handle: int, path: Path) -> None:
    """Raise RunError where a file of that name is there which is no lock."""
    if os.fstat(handle).st_size and _who(handle) == _SOMEBODY:
        raise RunError(f"--out {path}: is in the way, and no lock of bidlab; choose another folder")


def _same(handle: int, path: Path) -> bool:
    """The file of that name is the one that is open."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _say_who(handle: int) -> None:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    me = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "started": now}) + "\n"
    os.ftruncate(handle, 0)
    os.pwrite(handle, me.encode(), 0)


def _who(handle: int) -> str:
    try:
        other = json.loads(os.pread(handle, 4096, 0))
        return f"process {other['pid']} on {other['host']}, begun {other['started']},"
    except (OSError, ValueError, KeyError, TypeError):
        return _SOMEBODY
