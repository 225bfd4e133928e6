"""A program that is running: lines go in, lines come out and are tied to what was asked by their `id`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Self

_LONGEST = 16_000_000  # bytes of a line
_KEPT = 2_000  # of what it says on standard error
_PATIENCE = 1.0  # seconds it has to end


class RunningProgram:
    """asked: ids that wait for a reply. answered: it has replied at least once. ended: it takes no more questions."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.asked: dict[int, asyncio.Future[bytes | None]] = {}
        self.answered = self.ended = False
        self._said = b""
        self._readers = [asyncio.create_task(self._read()), asyncio.create_task(self._listen())]

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str]) -> Self:
        """Start it, in a group of its own, which a Ctrl-C does not reach; raises OSError."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, limit=_LONGEST, start_new_session=True
        )
        return cls(process)

    @property
    def last_said(self) -> str:
        """The last line on its standard error, "" where there is none."""
        lines = self._said.decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    async def ask(self, place: int, line: bytes) -> bytes | None:
        """The line that comes back with the id `place`, or one that is no reply; None where it ended before."""
        if self.ended:
            return None
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.asked[place] = future
        try:
            assert self._process.stdin is not None
            with contextlib.suppress(ConnectionError):  # it has ended, which the reader finds
                self._process.stdin.write(line)
                await self._process.stdin.drain()
            return await future
        finally:
            self.asked.pop(place, None)

    async def end(self, patience: float = _PATIENCE) -> None:
        """Close its input, and end it, and what it started, where that does not do within `patience` seconds."""
        self.ended = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        waited = asyncio.create_task(self._process.wait())
        for sign in (None, signal.SIGTERM, signal.SIGKILL):
            if sign is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, sign)
            if (await asyncio.wait([waited], timeout=None if sign is signal.SIGKILL else patience))[0]:
                break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what it started and left behind
        await asyncio.wait(self._readers, timeout=_PATIENCE)
        for reader in self._readers:
            reader.cancel()

    async def _read(self) -> None:
        """Hand each line to whom it belongs; one that is no reply at all, to all that wait."""
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError, ConnectionError):  # a line without an end
            while line := await self._process.stdout.readline():
                self._hand(line)
        self.ended = True
        for future in self.asked.values():
            if not future.done():
                future.set_result(None)

    def _hand(self, line: bytes) -> None:
        place = _id_of(line)
        if place is None:
            meant = list(self.asked.values())
        else:
            meant = [self.asked[place]] if place in self.asked else []  # too late
            self.answered = True
        for future in meant:
            if not future.done():
                future.set_result(line)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while some := await self._process.stderr.read(_KEPT):
            self._said = (self._said + some)[-_KEPT:]


def _id_of(line: bytes) -> int | None:
    try:
        place = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return place if type(place) is int else None
