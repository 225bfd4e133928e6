"""A program that answers: one JSON line a question on its standard input, one a reply on its standard output.

    in   {"id": 7, "purpose": "bid", "task": "t1", "sample": 0, "system": "", "prompt": "...", "shape": "bid",
          "most_tokens": 100}
    out  {"id": 7, "text": "..."}    with "finish" ("stop", "length", "refused"), "input_tokens", "output_tokens"
                                     where it likes

It runs in an environment that is empty but for the variables named, as long as questions come, and is ended with the
run. What else it has to say belongs on its standard error, whose last line is shown where it crashes. Every call that
may have been made costs `usd_per_call`.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sim.kit.errors import ScenarioError
from sim.live.agent_program import RunningProgram
from sim.live.question import ENDED, Answer, Question, canonical
from sim.live.respondent import Failed, Stopped
from sim.live.secret import Secret

_PLAIN = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "PYTHONPATH", "VIRTUAL_ENV")  # hold no secrets
_CRASHES = 5  # starts in a row that answer nothing


class CommandRespondent:
    """Answers for `agent` by a program.

    command: program and arguments; no shell reads them. environment: names of the variables it gets. usd_per_call:
    dollars. timeout: seconds a question may take. at_once: questions it is given at a time. Raises ScenarioError with
    all that is wrong.
    """

    def __init__(
        self,
        agent: str,
        *,
        command: Sequence[str],
        usd_per_call: float,
        environment: Sequence[str] = (),
        timeout: float = 120.0,
        at_once: int = 1,
    ) -> None:
        if faults := _faults(command, usd_per_call, timeout, at_once):
            raise ScenarioError(*(f"agent {agent!r}: {fault}" for fault in faults))
        self.agent, self.at_once = agent, at_once
        self.fingerprint = canonical({"command": list(command)})
        self._command, self._usd, self._timeout = tuple(command), float(usd_per_call), timeout
        self._environment = tuple(environment)
        self._secrets = [Secret(name) for name in environment if name not in _PLAIN]
        self._program: RunningProgram | None = None
        self._starting = asyncio.Lock()
        self._place = self._crashes = 0

    def most_usd(self, question: Question) -> float:
        """`usd_per_call`."""
        return self._usd

    async def answer(self, question: Question) -> Answer:
        """Hand the question to the program, started where it does not run, and wait for the reply of the same id."""
        program = await self._running()
        self._place += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                reply = await program.ask(self._place, _line(self._place, question))
        except TimeoutError:
            if not program.asked:  # it may hang: the next question gets a new one
                await program.end(patience=0.0)
            raise Failed("timeout", self._usd) from None
        if reply is None:
            raise await self._crashed(program)
        self._crashes = 0
        answer = self._read(reply, round(time.monotonic() - began, 4))
        if answer is None:
            await program.end()
            shown = self._scrub(reply.decode("utf-8", "replace"))[:200].strip()
            rule = 'a reply is {"id": ..., "text": "..."}, all else belongs on standard error'
            raise Stopped(f"agent {self.agent!r}: its program wrote {shown!r}; {rule}", "unreadable", self._usd)
        return answer

    async def close(self) -> None:
        """End the program."""
        if self._program is not None:
            await self._program.end()

    async def _running(self) -> RunningProgram:
        async with self._starting:
            if self._program is None or self._program.ended:
                chosen = {name: os.environ[name] for name in self._environment if name in os.environ}
                try:
                    self._program = await RunningProgram.start(self._command, chosen)
                except OSError as error:
                    what = error.strerror or type(error).__name__
                    raise Stopped(f"agent {self.agent!r}: {self._command[0]} cannot be started: {what}") from None
            return self._program

    async def _crashed(self, program: RunningProgram) -> Failed | Stopped:
        """It ended before it answered: a failure, or the end of the run where it never answers."""
        await program.end()
        self._crashes += not program.answered
        said = self._scrub(program.last_said)[:200]
        if self._crashes < _CRASHES * self.at_once:
            return Failed("crash", self._usd, note=said)
        line = f"its program ends before it answers, {self._crashes} times in a row; it said: {said}"
        return Stopped(f"agent {self.agent!r}: {line}", "crash", self._usd)

    def _read(self, line: bytes, seconds: float) -> Answer | None:
        """The answer that a line is; None where it is none."""
        try:
            reply = json.loads(line)
            text, finish = reply["text"], reply.get("finish", "stop")
            read, made = reply.get("input_tokens"), reply.get("output_tokens")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        counts = all(each is None or (type(each) is int and each >= 0) for each in (read, made))
        if not (isinstance(text, str) and finish in ENDED and counts):
            return None
        valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return Answer(self._scrub(valid), finish, read, made, self._usd, seconds)

    def _scrub(self, text: str) -> str:
        for secret in self._secrets:
            text = secret.scrub(text)
        return text


def _line(place: int, question: Question) -> bytes:
    """What the program reads."""
    record: Mapping[str, Any] = question.record()
    shown = ("purpose", "task", "sample", "system", "prompt", "shape", "most_tokens")
    return json.dumps({"id": place, **{name: record[name] for name in shown}}).encode() + b"\n"


def _faults(command: Sequence[str], usd: float, timeout: float, at_once: int) -> list[str]:
    found = []
    if isinstance(command, str) or not command or not all(isinstance(each, str) and each for each in command):
        found.append('command must be a list of program and arguments, as ["python3", "bot.py"]')
    if not (isinstance(usd, int | float) and math.isfinite(usd) and usd >= 0):
        found.append(f"usd_per_call must be dollars >= 0; got {usd!r}")
    if not 0 < timeout < math.inf:
        found.append(f"timeout must be seconds > 0; got {timeout!r}")
    if at_once < 1:
        found.append(f"at_once must be >= 1; got {at_once!r}")
    return found
