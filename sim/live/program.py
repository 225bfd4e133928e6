"""The verifier that runs a program: exit 0 is PASS, 1 is FAIL, anything else INFRA.

It runs in a fresh folder that is removed afterwards, with the work in `answer.txt` and on its standard input, and what
the task expects in `expected.json` where it expects anything. Its environment holds the names listed and nothing else,
so no key. The folder keeps work apart; it is no wall: work that is run as code can do what the user may do.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Gt, Le, MinLen

from sim.live.question import Verdict
from sim.live.verifier import FAIL, INFRA, PASS, Case, blank

_NOTE = 200  # letters of its output that a note keeps
_EXAMPLE = ("sh", "-c", '[ "$(cat)" = 42 ]')


@dataclass(frozen=True)
class Program:
    """A program decides: exit 0 PASS, 1 FAIL, others INFRA.

    command: the program and its arguments; one that names a file beside the task file is that file. seconds: it may
    take; on_timeout: what it is then. environment: names of variables it may see. It and its children are killed when
    it ends. The last line it writes is the note.
    """

    command: Annotated[tuple[str, ...], MinLen(1)]
    seconds: Annotated[float, Gt(0), Le(86_400)] = 60.0
    environment: tuple[str, ...] = ()
    on_timeout: Literal["FAIL", "INFRA"] = "INFRA"
    folder: str = field(default="", compare=False)

    summary: ClassVar[str] = "a program's exit code: 0 PASS, 1 FAIL, others INFRA"

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Passes what is 42."""
        return (cls(command=_EXAMPLE),)

    def beside(self, folder: Path) -> Self:
        """The program whose files stand in that folder."""
        return replace(self, folder=str(folder.resolve()))

    def digests(self) -> dict[str, str]:
        """SHA-256 of the files beside the task file that the command names."""
        files = {word: path for word in self.command if (path := self._file(word)) is not None}
        return {word: hashlib.sha256(path.read_bytes()).hexdigest() for word, path in files.items()}

    def cases(self) -> tuple[Case, ...]:
        """Those of the example; of another command nobody knows any."""
        return ((None, "42", PASS), (42, "43", FAIL)) if self.command == _EXAMPLE else ()

    def verify(self, expected: Any, text: str) -> Verdict:
        """What the program says; work that is blank fails without it."""
        if blank(text):
            return Verdict(FAIL, "is blank")
        with tempfile.TemporaryDirectory(prefix="bidlab-", ignore_cleanup_errors=True) as made:
            inside = Path(made, "work")
            inside.mkdir()
            answer = inside / "answer.txt"
            answer.write_bytes(text.encode("utf-8", "replace"))
            if expected is not None:
                (inside / "expected.json").write_text(json.dumps(expected), encoding="utf-8")
            return self._run(inside, answer, Path(made, "output"))

    def _run(self, inside: Path, answer: Path, output: Path) -> Verdict:
        command = [str(self._file(word) or word) for word in self.command]
        environment = {name: os.environ[name] for name in self.environment if name in os.environ}
        with answer.open("rb") as given, output.open("wb") as said:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=inside,
                    env=environment,
                    stdin=given,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                return Verdict(INFRA, f"cannot be run: {error}"[:_NOTE])
            try:
                code = process.wait(self.seconds)
            except subprocess.TimeoutExpired:
                return Verdict(self.on_timeout, f"took more than {self.seconds:g} seconds")
            finally:
                _end(process)
        status = {0: PASS, 1: FAIL}.get(code, INFRA)
        note = _last_line(output)
        return Verdict(status, note if status != INFRA else f"exit {code}: {note}".removesuffix(": "))

    def _file(self, word: str) -> Path | None:
        """The file beside the task file that a word of the command names."""
        if not self.folder or not word or Path(word).is_absolute() or "\0" in word:
            return None
        path = Path(self.folder, word)
        return path if path.is_file() else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program, and whatever it started and left running."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(output: Path) -> str:
    """The last line that is not blank."""
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - 4096))
        lines = file.read().decode("utf-8", "replace").split("\n")
    return next((" ".join(line.split()) for line in reversed(lines) if line.strip()), "")[:_NOTE]
