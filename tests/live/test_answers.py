"""The journal of answers: what it keeps, what it cuts, what it refuses, what it says was spent."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.kit.errors import RunError
from sim.live.answers import Answers
from sim.live.question import Answer, Question, Verdict

FIRST = Question("bid", "t1", "a", "What do you ask for 'é'?", system="Be brief.", model='{"model":"m"}', shape="bid")
SECOND = Question("work", "t2", "b", "Add 2\nand 3.", sample=1, most_tokens=50)
FOUR = Answer('{"ask": 0.5}', "stop", 12, 7, 0.25, 1.5)


def written(path: Path) -> Path:
    """A journal with each kind of line; the last is an answer."""
    with Answers.open(path) as answers:
        answers.got(answers.sent(FIRST, 0.5), FOUR)
        answers.judged(FIRST.key, "exact", Verdict("PASS", "as it should be", 1.0))
        answers.failed(answers.sent(SECOND, 0.7), "timeout", 0.7)
        answers.sent(SECOND, 0.7)  # lost
        answers.got(answers.sent(SECOND, 0.7), Answer("5", "length", None, None, 0.0625))
    return path


def test_a_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    for answers in (Answers.read(written(tmp_path / "a.jsonl")), Answers.open(tmp_path / "a.jsonl")):
        assert list(answers) == [(FIRST, FOUR), (SECOND, Answer("5", "length", None, None, 0.0625))]
        assert answers.find(FIRST.key) == FOUR
        assert answers.question(SECOND.key) == SECOND
        assert answers.keys == (FIRST.key, SECOND.key)
        assert answers.last_send(SECOND.key) == 4
        assert answers.verdict(FIRST.key, "exact") == Verdict("PASS", "as it should be", 1.0)
        assert answers.verdict(FIRST.key, "other") is None
        assert (len(answers), answers.sends, answers.unended, answers.charged(SECOND.key)) == (2, 4, 1, ("timeout",))
        answers.close()


def test_spent_counts_sends_without_an_end_at_their_reserve(tmp_path: Path) -> None:
    assert Answers.read(written(tmp_path / "a.jsonl")).spent == pytest.approx(0.25 + 0.7 + 0.7 + 0.0625)


def test_the_end_of_a_question_adds_to_the_charge_of_its_send() -> None:
    answers = Answers.memory()
    n = answers.sent(FIRST, 0.5)
    assert answers.spent == 0.5
    answers.failed(n, "timeout", 0.5)
    answers.got(n, Answer("", "timeout"))
    assert answers.spent == 0.5
    assert answers.find(FIRST.key).error  # type: ignore[union-attr]


def test_a_line_torn_at_any_byte_is_cut_and_what_was_before_is_kept(tmp_path: Path) -> None:
    content = written(tmp_path / "a.jsonl").read_bytes()
    begin = content.rstrip(b"\n").rfind(b"\n") + 1
    path = tmp_path / "torn.jsonl"
    for end in range(begin, len(content)):
        for tail in (b"", b"\0\0\0") if end % 16 == 0 else (b"",):
            path.write_bytes(content[:end] + tail)
            assert Answers.read(path).keys == (FIRST.key,)
            assert path.read_bytes() == content[:end] + tail, "reading changes nothing"
            Answers.open(path).close()
            assert path.read_bytes() == content[:begin]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "is no JSON"),
        (b"[1]", "is no event"),
        (b'{"e":"sold"}', "allowed as e: sent, got, err, verdict"),
        (b'{"e":"err","n":1,"key":"k","word":"429","usd":-1}', "usd must be dollars >= 0; got -1"),
        (b'{"e":"err","n":9,"key":"k","word":"429","usd":0}', "ends send 9 of a question that was not sent so"),
        (b'{"e":"sent","n":7,"key":"k","usd":0,"question":{"a":1}}', "has other fields"),
        (b'{"e":"got","n":true,"key":"k","answer":{}}', "n must be of type int"),
    ],
)
def test_any_other_line_is_refused_by_file_and_number(tmp_path: Path, line: bytes, says: str) -> None:
    lines = written(tmp_path / "a.jsonl").read_bytes().splitlines(keepends=True)
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"".join([*lines[:2], line + b"\n", *lines[2:]]))
    for how in (Answers.read, Answers.open):
        with pytest.raises(RunError, match=r"bad\.jsonl, line 3: ") as caught:
            how(bad)
        assert says in str(caught.value)
    assert line in bad.read_bytes()


def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_bytes(b"buy milk")
    with pytest.raises(RunError, match="is no journal of answers: it ends with b'buy milk'"):
        Answers.open(other)
    assert other.read_bytes() == b"buy milk"


def test_two_may_read_but_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Answers.open(path):
        Answers.read(path)
        with pytest.raises(RunError, match="another process is at work on it"):
            Answers.open(path)
        code = f"from sim.live.answers import Answers; Answers.open({str(path)!r})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "another process is at work on it" in done.stderr
    Answers.open(path).close()


def test_a_closed_journal_and_one_that_is_read_take_nothing(tmp_path: Path) -> None:
    answers = Answers.open(tmp_path / "a.jsonl")
    answers.close()
    answers.close()
    for each in (answers, Answers.read(tmp_path / "a.jsonl")):
        with pytest.raises(RunError, match="closed, or open for reading only"):
            each.sent(FIRST, 0.5)


def test_a_send_is_on_the_disk_before_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "a.jsonl", []
    sync = os.fsync

    def watched(handle: int) -> None:
        sync(handle)
        seen.append([json.loads(line)["e"] for line in path.read_bytes().splitlines()])

    monkeypatch.setattr(os, "fsync", watched)
    with Answers.open(path) as answers:
        n = answers.sent(FIRST, 0.5)
        assert seen == [["sent"]]
        answers.got(n, FOUR)
    assert seen[-1] == ["sent", "got"]


def test_a_full_disk_leaves_whole_lines_and_ends_all_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = tmp_path / "a.jsonl", os.write
    answers = Answers.open(path)
    n = answers.sent(FIRST, 0.5)
    before, calls = path.read_bytes(), []

    def full(handle: int, content: Any) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, bytes(content)[:9])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunError, match=r"a\.jsonl: cannot be written: No space left"):
        answers.got(n, FOUR)
    monkeypatch.undo()
    assert path.read_bytes() == before
    with pytest.raises(RunError, match="No space left"):
        answers.got(n, FOUR)
    assert answers.find(FIRST.key) is None


def test_details_are_in_no_key_and_every_other_field_is() -> None:
    base = SECOND.record()
    other = {"purpose": "bid", "sample": 2, "most_tokens": 9, "shape": "claim"}
    keys = {Question(**{**base, name: other.get(name, "x")}).key for name in base} | {SECOND.key}
    assert len(keys) == len(base) + 1
    assert Question(**base, details={"posting": 3}).key == SECOND.key
    assert Question(**base, details={"posting": 3}) == SECOND


@pytest.mark.parametrize("wrong", [{"purpose": "talk"}, {"sample": -1}, {"most_tokens": -1}])
def test_a_question_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Question(**{**SECOND.record(), **wrong})
