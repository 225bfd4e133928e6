"""Verifiers say PASS and FAIL of the work, and INFRA where they themselves failed."""

from __future__ import annotations

import os
import signal
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contracts.verifier_contract import verifier_faults
from sim.kit.parameters import choose
from sim.live.judge import Judge
from sim.live.program import Program
from sim.live.question import Answer, Verdict
from sim.live.verifier import VERIFIERS, Check
from sim.live.verifiers import Exact, Number, Pattern, last_number


def test_exact() -> None:
    assert Exact().verify("Paris", " Paris\n").status == "PASS"
    assert Exact(strip=False).verify("Paris", " Paris\n").status == "FAIL"
    assert Exact().verify("Paris", "PARIS").status == "FAIL"
    assert Exact(casefold=True).verify("Straße", "STRASSE").status == "PASS"
    assert Exact().verify(7, "7").status == "PASS"
    assert Exact().fault_of(" ") == "must not be blank"
    assert Exact().fault_of(["a"]) == "must be a text; got ['a']"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", "42"),
        ("**42.**", "42"),
        ("2 + 2 = 4", "4"),
        ("3-5", "5"),
        ("3 - -5", "-5"),
        ("3 \u2212 \u22125", "-5"),
        ("$1,234.50 in all", "1234.50"),
        ("1,23", "23"),
        ("costs .5", "0.5"),
        ("1e3 m", "1e3"),
        ("\\boxed{7}", "7"),
        ("x2 or H2O", None),
        ("e5", None),
        ("1e999999999", None),
        ("nan inf", None),
        ("٣", None),
        ("version 1.2.3", "1.2"),
    ],
)
def test_the_last_number(text: str, number: str | None) -> None:
    assert last_number(text) == (None if number is None else Decimal(number))


def test_number_to_within_a_tolerance() -> None:
    assert Number().verify(0.3, "0.30").status == "PASS"
    assert Number().verify(10**20, str(10**20 + 1)).status == "FAIL"
    assert Number(tolerance=0.5).verify(3, "3.5").status == "PASS"
    assert Number(tolerance=0.5).verify(3, "3.51").status == "FAIL"
    assert Number(relative=0.01).verify(-200, "-202").status == "PASS"
    assert Number(relative=0.01).verify(-200, "202").status == "FAIL"
    assert Number(field="sum").verify(3, '{"sum": "3", "of": 9}').status == "PASS"
    assert Number(field="sum").verify(3, "3").status == "FAIL"
    assert Number().fault_of("many") == "must be a number; got 'many'"
    assert Number().fault_of("1,5") != ""


def test_pattern() -> None:
    assert Pattern().verify("[0-9]+", "in 1904").status == "PASS"
    assert Pattern(whole=True).verify("[0-9]+", "in 1904").status == "FAIL"
    assert Pattern(whole=True).verify("[0-9]+", " 1904\n").status == "PASS"
    assert Pattern(ignore_case=True).verify("paris", "PARIS").status == "PASS"
    assert Pattern().verify(".*", "").status == "FAIL"
    assert "must be a regular expression" in Pattern().fault_of("(")


@given(st.text(), st.sampled_from([Exact(), Number(), Number(field="x"), Pattern(), Pattern(whole=True)]))
def test_any_work_has_a_verdict(text: str, verifier: Any) -> None:
    made = Check(verifier, "7").verify(text)
    assert made.status in ("PASS", "FAIL")
    assert made.status == "FAIL" or "7" in text


def shell(script: str, **how: Any) -> Program:
    return Program(command=("sh", "-c", script), **how)


@pytest.mark.parametrize(("code", "status"), [(0, "PASS"), (1, "FAIL"), (2, "INFRA"), (127, "INFRA")])
def test_a_program_says_so_by_its_exit_code(code: int, status: str) -> None:
    made = shell(f"echo first; echo the reason >&2; exit {code}").verify(None, "work")
    assert made.status == status
    assert made.note == ("the reason" if status != "INFRA" else f"exit {code}: the reason")


def test_a_program_is_given_the_work_in_a_fresh_folder() -> None:
    look = 'test "$(cat)" = "$(cat answer.txt)" && cat expected.json && ls && ls .. && pwd'
    made = shell(look + " && test $(ls | wc -l) = 2").verify({"a": [1]}, "two\nlines")
    assert made.status == "PASS"
    assert not Path(made.note).exists()
    assert shell("test ! -e expected.json").verify(None, "x").status == "PASS"
    assert shell("rm -r ../work; exit 1").verify(None, "x").status == "FAIL"


def test_a_program_sees_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "s")
    monkeypatch.setenv("WANTED", "w")
    script = 'test -z "$SECRET_KEY" && test "$WANTED" = w'
    assert shell(script, environment=("WANTED", "NOT_SET")).verify(None, "x").status == "PASS"
    assert shell(script).verify(None, "x").status == "FAIL"


@pytest.mark.parametrize("on_timeout", ["FAIL", "INFRA"])
def test_a_program_that_takes_too_long_is_killed_with_its_children(on_timeout: Any, tmp_path: Path) -> None:
    left = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {left}; wait"
    began = time.monotonic()
    made = shell(script, seconds=0.3, on_timeout=on_timeout).verify(None, "x")
    assert time.monotonic() - began < 10
    assert made == Verdict(on_timeout, "took more than 0.3 seconds")
    assert is_gone(int(left.read_text()))


def test_children_that_are_left_running_are_killed(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    assert shell(f"sleep 60 & echo $! > {left}; exit 0").verify(None, "x").status == "PASS"
    assert is_gone(int(left.read_text()))


def is_gone(process: int) -> bool:
    """The process ends within a second."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            state = "gone"
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                return True
        if state in ("Z", "X"):
            return True
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    return False


def test_a_program_that_cannot_be_run() -> None:
    made = Program(command=("no-such-program",)).verify(None, "x")
    assert made.status == "INFRA"
    assert "cannot be run" in made.note
    with pytest.raises(ValueError, match="command: is missing"):
        choose({"program": {}}, VERIFIERS)


def test_a_program_beside_the_tasks(tmp_path: Path) -> None:
    (tmp_path / "check.sh").write_text("grep -q 42")
    program = Program(command=("sh", "check.sh"))
    assert program.verify(None, "42").status == "INFRA"
    assert program.beside(tmp_path).verify(None, "42").status == "PASS"
    assert program.beside(tmp_path).verify(None, "43").status == "FAIL"
    assert list(program.beside(tmp_path).digests()) == ["check.sh"]


def test_a_judge_sees_task_and_work_alone() -> None:
    made = Judge("mind").question("t1", {"task": "Add.", "work": "4", "expected": 4}, model="m", most_tokens=50)
    assert (made.purpose, made.task, made.agent, made.shape, made.most_tokens) == ("judge", "t1", "mind", "verdict", 50)
    assert "Add." in made.prompt
    assert "What a right answer must say: 4\n" in made.prompt
    for word in ("claim", "bid", "percent"):
        assert word not in made.prompt
    assert Judge("mind").verdict(Answer('{"reason": "right", "pass": true}', "stop")) == Verdict("PASS", "right")
    assert Judge("mind").verdict(Answer('{"pass": false, "score": 40}', "stop")) == Verdict("FAIL", "", 0.4)
    assert Judge("mind").verdict(Answer("", "timeout")) == Verdict("INFRA", "judge: late: timeout")
    assert Judge("mind").verdict(Answer("It passes.", "stop")).status == "INFRA"


class _Wrong:
    def __init__(self, made: Any, cases: Any = ((1, "a", "PASS"), (1, "b", "FAIL"))) -> None:
        self.made, self.stated = made, cases

    def cases(self) -> Any:
        return self.stated

    def verify(self, expected: Any, text: str) -> Any:
        return self.made(expected, text)


def _counting() -> Any:
    calls: list[str] = []

    def made(expected: Any, text: str) -> Verdict:
        calls.append(text)
        return Verdict("PASS" if text == "a" else "FAIL", str(len(calls)))

    return made


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (_Wrong(lambda e, t: True), "verify: must return a Verdict; got bool"),
        (_Wrong(lambda e, t: Verdict("pass")), "verify: status must be PASS, FAIL, INFRA; got 'pass'"),
        (_Wrong(lambda e, t: Verdict("PASS", "", 2.0)), "verify: score must lie in [0, 1], or be None; got 2.0"),
        (_Wrong(lambda e, t: Verdict("PASS", None)), "verify: note must be a text; got NoneType"),  # type: ignore[arg-type]
        (_Wrong(lambda e, t: Verdict("PASS")), "verify: passes work that is blank"),
        (_Wrong(lambda e, t: Verdict("PASS")), "verify: of 'b', where 1 is expected, says PASS and its cases FAIL"),
        (_Wrong(_counting()), "verify: gives another verdict when it is asked again"),
        (_Wrong(lambda e, t: Verdict("FAIL"), ()), "cases: must hold one that passes and one that does not"),
        (_Wrong(lambda e, t: Verdict("FAIL"), ("x",)), "cases: must return a tuple of (expected, text, status)"),
    ],
)
def test_the_contract_tells_every_fault(wrong: Any, told: str) -> None:
    assert told in list(verifier_faults(wrong))
