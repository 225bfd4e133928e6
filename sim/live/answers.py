"""The journal of answers: every send with what it may cost before it is made, every answer before it is used.

A market is a function of scenario, seed and answers. So this file is all that a live run must keep: a run that was
killed is resumed from it, a finished one played again, another rule tried on the same answers. Format: sim.live.record.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from sim.kit.errors import RunError
from sim.live.journal_file import JournalFile, lines_in, read_bytes
from sim.live.question import Answer, Question, Verdict
from sim.live.record import event_of, line_of
from sim.live.respondent import billed


class Answers:
    """Questions with their answers, and what they cost. Made by `open`, `read` or `memory`.

    Several threads may use one.
    """

    def __init__(self) -> None:
        self._file: JournalFile | None = None
        self._frozen = False
        self._questions: dict[str, Question] = {}
        self._got: dict[str, Answer] = {}
        self._verdicts: dict[str, dict[str, Verdict]] = {}  # by key and verifier, the last one last
        self._key_of: list[str] = []  # of send n, at n - 1
        self._usd: list[float] = []  # what it costs as far as is known: its reserve while it has no end
        self._open: set[int] = set()
        self._last: dict[str, int] = {}
        self._charged: dict[str, tuple[str, ...]] = {}
        self._lock = threading.RLock()

    @classmethod
    def memory(cls) -> Self:
        """An empty journal that no file keeps."""
        return cls()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The journal as it stands, which may be growing; nothing can be added.

        Raises RunError naming file and line where it is none.
        """
        answers = cls()
        answers._replay(Path(path), read_bytes(Path(path)))
        answers._frozen = True
        return answers

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The journal to go on with, new where there is none; a torn last line is cut.

        Raises RunError where it is none, cannot be written, or another process is at work on it.
        """
        answers, path = cls(), Path(path)
        file = JournalFile(path)
        try:
            content = read_bytes(path)
            answers._replay(path, content)
            file.cut(content.rfind(b"\n") + 1)
        except BaseException:
            file.close()
            raise
        answers._file = file
        return answers

    def find(self, key: str) -> Answer | None:
        """The answer, if there is one."""
        return self._got.get(key)

    def question(self, key: str) -> Question:
        """The question of that key, without details; raises KeyError where it was never sent."""
        return self._questions[key]

    def charged(self, key: str) -> tuple[str, ...]:
        """Words of the sends of the question that failed and may be billed."""
        return self._charged.get(key, ())

    def last_send(self, key: str) -> int:
        """Number of the last send of the question; raises KeyError where there is none."""
        return self._last[key]

    @property
    def keys(self) -> tuple[str, ...]:
        """Of all questions that have answers, in the order in which these came."""
        return tuple(self._got)

    @property
    def spent(self) -> float:
        """Dollars: of answers, of failures that were charged, and of sends without an end at their reserve."""
        with self._lock:
            return math.fsum(self._usd)

    @property
    def sends(self) -> int:
        """How many were made."""
        return len(self._key_of)

    @property
    def unended(self) -> int:
        """Sends of which nothing is known: under way, or lost with the process that made them."""
        return len(self._open)

    def __len__(self) -> int:
        """How many questions have answers."""
        return len(self._got)

    def __iter__(self) -> Iterator[tuple[Question, Answer]]:
        """Each question with its answer, in the order in which these came."""
        for key, answer in self._got.items():
            yield self._questions[key], answer

    @property
    def writable(self) -> bool:
        """More can be added."""
        return not self._frozen

    def sent(self, question: Question, usd: float) -> int:
        """Number of a send that is about to be made and costs at most `usd`; it is on the disk."""
        with self._lock:
            n = len(self._key_of) + 1
            fields = {"n": n, "key": question.key, "usd": usd, "question": question.record()}
            self._add(line_of("sent", **fields), sync=True)
            self._take_sent({**fields, "question": question})
            return n

    def got(self, n: int, answer: Answer) -> None:
        """The send brought this answer; or it failed, and this is how its question ends."""
        with self._lock:
            event = {"n": n, "key": self._key_of[n - 1], "answer": answer}
            self._add(line_of("got", **{**event, "answer": answer.record()}))
            self._take_got(event)

    def failed(self, n: int, word: str, usd: float) -> None:
        """The send brought no answer, and may have cost these dollars."""
        with self._lock:
            event = {"n": n, "key": self._key_of[n - 1], "word": word, "usd": usd}
            self._add(line_of("err", **event))
            self._take_err(event)

    def verdict(self, key: str, verifier: str) -> Verdict | None:
        """How the verifier of that fingerprint judged the answer, if it did."""
        return self._verdicts.get(key, {}).get(verifier)

    def last_verdict(self, key: str) -> Verdict | None:
        """The verdict on the answer that came last, whichever verifier's."""
        return next(reversed(self._verdicts.get(key, {}).values()), None)

    def judged(self, key: str, verifier: str, verdict: Verdict) -> None:
        """Keep a verdict; a later one of the same verifier takes its place."""
        with self._lock:
            self._add(line_of("verdict", key=key, verifier=verifier, **verdict.record()))
            self._take_verdict({"key": key, "verifier": verifier, "verdict": verdict})

    def learn_verdicts(self, other: Answers) -> None:
        """Know what `other` knows of verdicts; no file keeps it."""
        with self._lock:
            self._verdicts |= {key: dict(found) for key, found in other._verdicts.items()}

    def close(self) -> None:
        """Put all on the disk and let others have the file; nothing can be added any more."""
        self._frozen = True
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        """Itself, closed at the end."""
        return self

    def __exit__(self, *why: object) -> None:
        """Close it."""
        self.close()

    def _add(self, line: bytes, sync: bool = False) -> None:
        if self._frozen:
            raise RunError("the journal of answers is closed, or open for reading only")
        if self._file is not None:
            self._file.append(line, sync=sync)

    def _replay(self, path: Path, content: bytes) -> None:
        takes = {"sent": self._take_sent, "got": self._take_got, "err": self._take_err, "verdict": self._take_verdict}
        for number, line in lines_in(path, content):
            try:
                event = event_of(line)
                takes[event["e"]](event)
            except ValueError as error:
                raise RunError(f"{path}, line {number}: {error}") from None

    def _take_sent(self, event: Mapping[str, Any]) -> None:
        if event["n"] != len(self._key_of) + 1:
            raise ValueError(f"n must be {len(self._key_of) + 1}; got {event['n']}")
        self._questions.setdefault(event["key"], event["question"])
        self._key_of.append(event["key"])
        self._last[event["key"]] = event["n"]
        self._usd.append(event["usd"])
        self._open.add(event["n"])

    def _take_got(self, event: Mapping[str, Any]) -> None:
        self._check_end(event)
        if event["key"] in self._got:
            raise ValueError("answers a question for the second time")
        self._got[event["key"]] = event["answer"]
        self._end(event["n"], event["answer"].usd)

    def _take_err(self, event: Mapping[str, Any]) -> None:
        self._check_end(event)
        self._end(event["n"], event["usd"])
        if billed(event["word"]):
            self._charged[event["key"]] = (*self.charged(event["key"]), event["word"])

    def _take_verdict(self, event: Mapping[str, Any]) -> None:
        known = self._verdicts.setdefault(event["key"], {})
        known.pop(event["verifier"], None)  # so that it comes last
        known[event["verifier"]] = event["verdict"]

    def _check_end(self, event: Mapping[str, Any]) -> None:
        n = event["n"]
        if not 1 <= n <= len(self._key_of) or self._key_of[n - 1] != event["key"]:
            raise ValueError(f"ends send {n} of a question that was not sent so")

    def _end(self, n: int, usd: float) -> None:
        """An ended send costs what its end says; the end of its question, which may follow, adds to that."""
        self._usd[n - 1] = usd if n in self._open else self._usd[n - 1] + usd
        self._open.discard(n)
