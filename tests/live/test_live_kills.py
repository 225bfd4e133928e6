"""`bidlab live` killed again and again, interrupted, given a torn journal: the ledger is as if nothing had been."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.live.answers import Answers
from tests.cli.command import bidlab
from tests.live.adders import KEY, adds, always, events, kinds, lay_out, ledger, model
from tests.live.server import FAULTS, Does, Sent, Server, serving

pytestmark = pytest.mark.usefixtures("key")
ROOT = Path(__file__).parents[2]
AT_ONCE = 16
MONEY = ("--budget-usd", "100000")
WORLD = 'order = "shuffled"\nlatency = { uniform = [0, 3] }'
MARKET = '[market]\nwindow = 4\ncapacity = 4\n[standing]\nreputation = "agent_economy"\n'
TENDER = 'value = 1.5\nreserve = 0.9\npenalty = 0.25\npostings = 3\nexclude = "hired"\n'


def faulty() -> Callable[[Sent, int], Does]:
    """Faults in 30 of 100 sends, such that every question comes to its answer; each takes a moment."""
    counts: Counter[tuple[str, str]] = Counter()
    lock = threading.Lock()

    def script(sent: Sent, nth: int) -> Does:
        with lock:
            counts[model(sent), sent.prompt] += 1
            nth = counts[model(sent), sent.prompt]
        draw = random.Random(f"{model(sent)} {sent.prompt} {nth}")
        soon = {"Retry-After": "0.01"}
        if draw.random() < 0.3:
            free = [FAULTS["429"]._replace(headers=soon), FAULTS["503"]._replace(headers=soon)]
            charged = [FAULTS["html"], FAULTS["cut"], FAULTS["empty 500"]] if nth == 1 else []
            return draw.choice(free + charged)
        return adds(sent)._replace(hang=draw.uniform(0.0, 0.08))

    return script


def live(server: Server, folder: Path, tasks: int) -> Path:
    """A market in which many questions are under way at a time."""
    path = lay_out(folder, server.url, tasks=tasks, world=WORLD, tender=TENDER, top="card = true", arms=[MARKET, *ARMS])
    path.write_text(path.read_text().replace("arrivals = { every = 1 }", 'arrivals = "together"'))
    return path


ARMS = ('[[arm]]\nname = "first"\nmechanism = { first_score = {} }\n',)


def start(scenario: Path) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "sim.bidlab", "live", str(scenario), "--out", str(scenario.parent / "out"), *MONEY]
    pipe = subprocess.PIPE
    environment = {**os.environ, "THE_KEY": KEY}
    return subprocess.Popen(
        [*command, "--no-figures"], stdout=pipe, stderr=pipe, env=environment, cwd=ROOT, start_new_session=True
    )


def wait_for(server: Server, sends: int, process: subprocess.Popen[bytes]) -> None:
    while len(server.sends) < sends and process.poll() is None:
        time.sleep(0.0005)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], dict[str, bytes]]:
    """The ledger of a run against a server without faults, by number of tasks."""
    known: dict[int, dict[str, bytes]] = {}

    def played(tasks: int) -> dict[str, bytes]:
        if tasks not in known:
            folder = tmp_path_factory.mktemp(f"undisturbed{tasks}")
            with serving(always) as server, pytest.MonkeyPatch.context() as patch:
                patch.setenv("THE_KEY", KEY)
                made = bidlab("live", live(server, folder, tasks), "--out", folder / "out", *MONEY, "--no-figures")
            assert made.code == 0, made.err
            known[tasks] = ledger(folder / "out")
        return known[tasks]

    return played


@pytest.mark.slow
@pytest.mark.parametrize(("tasks", "kills"), [(10, 2), pytest.param(40, 20, marks=pytest.mark.slow)])
def test_kills_change_no_byte_of_the_ledger(
    tasks: int, kills: int, tmp_path: Path, undisturbed: Callable[[int], dict[str, bytes]]
) -> None:
    journal, draw, said = tmp_path / "answers.jsonl", random.Random(8), b""
    with serving(faulty()) as server:
        path = live(server, tmp_path, tasks)
        done, most = 0, 2 * 3 * tasks // kills
        while done < kills:
            process, before = start(path), len(server.sends)
            wait_for(server, before + draw.randint(1, most), process)
            time.sleep(draw.uniform(0.0, 0.03))
            if process.poll() is not None:
                break
            process.kill()
            said += b"".join(process.communicate())
            done += 1
        last = start(path)
        out, err = last.communicate(timeout=120)
        assert last.returncode == 0, err.decode()
        sends = len(server.sends)
    assert done == kills, "it was to be killed at work"
    assert ledger(tmp_path / "out") == undisturbed(tasks)
    lines = events(journal)
    got = Counter(event["key"] for event in lines if event["e"] == "got")
    assert set(got.values()) == {1}, "none is answered twice"
    ended = {event["n"] for event in lines if event["e"] in ("got", "err")}
    lost = [event for event in lines if event["e"] == "sent" and event["n"] not in ended]
    assert 0 < len(lost) <= AT_ONCE * kills
    count = kinds(journal)
    assert count["sent"] - len(lost) <= sends <= count["sent"]
    charges = [event["usd"] for event in lines if event["e"] == "err"]
    charges += [event["answer"]["usd"] for event in lines if event["e"] == "got"]
    spent = math.fsum(charges) + math.fsum(event["usd"] for event in lost)
    assert Answers.read(journal).spent == pytest.approx(spent)
    assert KEY[:12].encode() not in b"".join([journal.read_bytes(), said, out, err])
    print(f"{kills} kills: {len(lost)} sends lost of {count['sent']}, {count['err']} failures, {len(got)} answers")


@pytest.mark.slow
@pytest.mark.parametrize("cuts", [1, 40])
def test_a_torn_line_is_gone_on_from(cuts: int, tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    with serving(always) as server:
        path = lay_out(tmp_path, server.url, tasks=2, arms=ARMS)
        command = ("live", path, "--out", tmp_path / "out", "--budget-usd", "4000", "--no-figures")
        assert bidlab(*command).code == 0
        whole, expected = journal.read_bytes(), ledger(tmp_path / "out")
        for event in ("verdict", "got", "sent"):
            begin = whole.rfind(b'{"e":"%s"' % event.encode())
            end = whole.index(b"\n", begin)
            for cut in range(begin + 1, end + 1, max(1, (end - begin) // cuts)):
                journal.write_bytes(whole[:cut])
                said = bidlab(*command)
                assert (said.code, said.err) == (0, ""), (event, cut - begin)
                assert ledger(tmp_path / "out") == expected
                kinds(journal)


def test_the_last_record_may_be_torn_at_every_byte(tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    with serving(always) as server:
        path = lay_out(tmp_path, server.url, tasks=2, arms=ARMS)
        assert bidlab("live", path, "--out", tmp_path / "out", "--budget-usd", "40", "--no-figures").code == 0
    whole = journal.read_bytes()
    begin = whole[:-1].rfind(b"\n") + 1
    for cut in range(begin, len(whole)):
        journal.write_bytes(whole[:cut])
        with Answers.open(journal) as answers:
            held = len(answers)
        assert journal.read_bytes() == whole[:begin]
        assert held == len(Answers.read(journal))


@pytest.mark.parametrize(
    ("hang", "signals", "most"),
    [
        pytest.param(0.0, 1, 3.0, marks=pytest.mark.slow),
        pytest.param(30.0, 1, 12.0, marks=pytest.mark.slow),
        pytest.param(30.0, 2, 5.0, marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_keeps_all_and_the_same_command_goes_on(
    hang: float, signals: int, most: float, tmp_path: Path, undisturbed: Callable[[int], dict[str, bytes]]
) -> None:
    journal, tasks = tmp_path / "answers.jsonl", 10
    slow = threading.Event()
    slow.set()

    def script(sent: Sent, nth: int) -> Does:
        stuck = hang and slow.is_set() and len(server.sends) > 12
        return adds(sent)._replace(hang=hang if stuck else 0.05)

    with serving(script) as server:
        path = live(server, tmp_path, tasks)
        path.parent.joinpath("respondents.toml").write_text(
            path.parent.joinpath("respondents.toml").read_text().replace("timeout = 5.0", "timeout = 60.0")
        )
        process = start(path)
        wait_for(server, 15, process)
        began = time.monotonic()
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        out, err = process.communicate(timeout=30)
        took = time.monotonic() - began
        assert (process.returncode, out) == (130, b""), err.decode()
        kept = f"bidlab: interrupted; {journal} keeps every answer, the same command goes on from there\n"
        assert err.decode() == kept
        answers = Answers.read(journal)
        assert kinds(journal)["sent"] == len(server.sends)
        assert answers.unended <= (AT_ONCE if hang else 0), "what was under way was waited for"
        assert took < most
        slow.clear()
        last = start(path)
        _, err = last.communicate(timeout=120)
        assert last.returncode == 0, err.decode()
        assert kinds(journal)["sent"] == len(server.sends)
    assert ledger(tmp_path / "out") == undisturbed(tasks)
    print(f"stopped {took:.1f} s after Ctrl-C, {answers.unended} sends without an end")
