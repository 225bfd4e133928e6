"""A file that only grows, by whole lines, and by one process at a time.

What a dead process left of a last line is cut when the file is opened for appending, and passed over when it is read.
The system frees the file when the process that holds it ends, however it ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sim.kit.errors import RunError
from sim.kit.holding import hold
from sim.live.record import BEGIN


def lines_in(path: Path, content: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and text of each whole line; raises RunError where what is left at the end is no line of a journal."""
    whole = content.rfind(b"\n") + 1
    torn = content[whole:].rstrip(b"\0")  # a file system may leave zeros where the power failed
    if torn[: len(BEGIN)] != BEGIN[: len(torn)]:
        raise RunError(f"{path}: is no journal of answers: it ends with {torn[:40]!r}")
    yield from enumerate(content[:whole].split(b"\n")[:-1], 1)


def read_bytes(path: Path) -> bytes:
    """What the file holds; raises RunError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None


class JournalFile:
    """The file, open for appending. Raises RunError where it cannot be, or where another process has it open."""

    def __init__(self, path: Path) -> None:
        self._path, self._fault = path, ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise RunError(f"{path}: cannot be written: {error.strerror or error}") from None
        try:
            self._hold()
        except BaseException:
            os.close(self._handle)
            raise
        self._length = os.fstat(self._handle).st_size

    def cut(self, length: int) -> None:
        """Keep the first `length` bytes."""
        if length < self._length:
            os.ftruncate(self._handle, length)
            self._length = length

    def append(self, line: bytes, *, sync: bool) -> None:
        """Add a line; on the disk, whatever happens to the machine, where `sync`.

        Raises RunError where it cannot be; then the file is as before, and takes no more.
        """
        if self._fault:
            raise RunError(self._fault)
        try:
            left = memoryview(line)
            while left:
                left = left[os.write(self._handle, left) :]
            self._length += len(line)
            if sync:
                os.fsync(self._handle)
        except OSError as error:
            self._fault = f"{self._path}: cannot be written: {error.strerror or error}; what it holds is kept"
            self._restore()
            raise RunError(self._fault) from None

    def close(self) -> None:
        """Put what was added on the disk and let others have the file."""
        if self._handle < 0:
            return
        try:
            os.fsync(self._handle)
        finally:
            handle, self._handle = self._handle, -1
            self._fault = self._fault or f"{self._path}: is closed"
            os.close(handle)

    def _hold(self) -> None:
        try:
            hold(self._handle)
        except BlockingIOError:
            wait = "wait for its end or choose another file"
            raise RunError(f"{self._path}: another process is at work on it; {wait}") from None

    def _restore(self) -> None:
        try:
            os.ftruncate(self._handle, self._length)
        except OSError:
            return  # the next to open it cuts it
