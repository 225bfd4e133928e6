"""A process that is killed again and again: what was answered is kept, and what was lost is counted."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sim.live.answers import Answers
from tests.live.server import FAULTS, Does, Sent, Server, says, serving

KEY = "sk-planted-0123456789abcdefXYZ"
AT_ONCE = 16


def faulty(sent: Sent, nth: int) -> Does:
    """A fault in 30 of 100 sends; each answer echoes the key, and takes a moment."""
    draw = random.Random(f"{sent.prompt} {nth}")
    if draw.random() < 0.3:
        return FAULTS[draw.choice(["429", "500", "503", "html", "cut", "empty 500"])]
    return says(f"{sent.prompt} {KEY}")._replace(hang=draw.uniform(0.0, 0.05))


def start(server: Server, path: Path, count: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "THE_KEY": KEY}
    command = [sys.executable, "-m", "tests.live.worker", server.url, str(path), str(count)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, cwd=Path(__file__).parents[2])


def killed(server: Server, path: Path, count: int, sends: int) -> bytes:
    """What it said until it was killed, these many sends after its first."""
    before = len(server.sends)
    process = start(server, path, count)
    while len(server.sends) < before + sends and process.poll() is None:
        time.sleep(0.0005)
    assert process.poll() is None, "it was to be killed at work"
    process.kill()
    return b"".join(process.communicate())


@pytest.mark.parametrize(("count", "kills"), [(80, 2), pytest.param(300, 20, marks=pytest.mark.slow)])
def test_no_answer_is_lost_by_a_kill_and_all_sends_are_counted(count: int, kills: int, tmp_path: Path) -> None:
    path, draw = tmp_path / "a.jsonl", random.Random(4)
    with serving(faulty) as server:
        said = [killed(server, path, count, draw.randint(1, count // kills)) for _ in range(kills)]
        last = start(server, path, count)
        said += last.communicate(timeout=60)
        assert last.returncode == 0, said[-1]
        sends = len(server.sends)
        again = start(server, path, count)
        said += again.communicate(timeout=60)
        assert len(server.sends) == sends, "all is answered"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    kinds = Counter(event["e"] for event in events)
    got = Counter(event["key"] for event in events if event["e"] == "got")
    assert len(got) == kinds["got"] == count, "none is answered twice"
    ended = {event["n"]: event for event in events if event["e"] in ("got", "err")}
    lost = [event for event in events if event["e"] == "sent" and event["n"] not in ended]
    assert 0 < len(lost) <= AT_ONCE * kills
    assert kinds["sent"] - len(lost) <= sends <= kinds["sent"], "each send is in the journal"
    charges = sum(event["usd"] for event in events if event["e"] == "err")
    charges += sum(event["answer"]["usd"] for event in events if event["e"] == "got")
    assert Answers.read(path).spent == pytest.approx(charges + sum(event["usd"] for event in lost))
    texts = [path.read_bytes(), *said]
    assert not [text for text in texts if KEY[:12].encode() in text]
    print(f"{kills} kills: {len(lost)} sends lost of {kinds['sent']}, {kinds['err']} failures")
