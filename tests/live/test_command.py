"""A program that answers: what it is given, how it is timed, and what its crashes cost."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sim.kit.errors import ScenarioError
from sim.live.answers import Answers
from sim.live.calls import Calls
from sim.live.command_respondent import CommandRespondent
from sim.live.question import Answer, Question
from sim.live.respondent import Stopped

BOT = [sys.executable, "-S", "-E", str(Path(__file__).with_name("bot.py"))]
KEY = "sk-planted-0123456789abcdefXYZ"


def asked(*prompts: str, answers: Answers | None = None, **settings: Any) -> list[Answer]:
    answers = Answers.memory() if answers is None else answers
    bot = CommandRespondent("a", **{"command": BOT, "usd_per_call": 0.25, "timeout": 5.0, **settings})
    with Calls({"a": bot}, answers, budget_usd=20.0, back_off=0.001) as calls:
        questions = [Question("work", f"t{place}", "a", prompt) for place, prompt in enumerate(prompts)]
        return [future.result(20) for future in [calls.ask(each) for each in questions]]


def test_a_program_answers() -> None:
    answers = Answers.memory()
    first, second, one, other = asked("say 4", "counts é", "pid", "pid", answers=answers)
    assert first == Answer("4", "stop", None, None, 0.25)
    assert second == Answer("é", "length", 3, 4, 0.25)
    assert one.text == other.text, "it is one program"
    assert answers.spent == 1.0
    with pytest.raises(ProcessLookupError):
        os.kill(int(one.text), 0)


def test_its_environment_is_empty_but_for_what_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    monkeypatch.setenv("COLOUR", "red")
    bare = json.loads(asked("environment")[0].text)
    assert not {"PATH", "THE_KEY", "COLOUR"} & {name for name, _ in bare}
    named = dict(json.loads(asked("environment", environment=["COLOUR", "THE_KEY", "ABSENT"])[0].text))
    assert (named["COLOUR"], named["THE_KEY"]) == ("red", "[THE_KEY]"), "what it says of a key is not kept"


def test_a_question_that_hangs_costs_what_a_time_out_costs_and_others_go_on() -> None:
    answers = Answers.memory()
    began = time.monotonic()
    hung, fine = asked("hang", "say 4", answers=answers, timeout=0.3)
    assert (hung.finish, fine.text) == ("timeout", "4")
    assert answers.spent == pytest.approx(3 * 0.25)
    assert time.monotonic() - began < 8


def test_a_crash_is_charged_and_asked_again_once(tmp_path: Path) -> None:
    answers = Answers.memory()
    found = asked("crash", "say 4", f"once {tmp_path / 'seen'}", answers=answers)
    assert [each.finish for each in found] == ["crash", "stop", "stop"]
    assert answers.spent == pytest.approx(5 * 0.25)


def test_a_program_that_only_crashes_stops_the_run() -> None:
    answers = Answers.memory()
    with pytest.raises(Stopped, match="its program ends before it answers, 5 times in a row; it said: this is why"):
        asked(*["crash"] * 9, answers=answers)
    assert answers.spent == pytest.approx(5 * 0.25)


@pytest.mark.parametrize(("prompt", "shown"), [("prints x", "thinking ..."), ("number", '"text": 4')])
def test_a_line_that_is_no_reply_stops_the_run(prompt: str, shown: str) -> None:
    with pytest.raises(Stopped) as caught:
        asked(prompt)
    assert str(caught.value).startswith("agent 'a': its program wrote ")
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_program_that_cannot_be_started_stops_the_run() -> None:
    answers = Answers.memory()
    with pytest.raises(Stopped, match="agent 'a': no-such-bot cannot be started: No such file"):
        asked("x", command=["no-such-bot"], answers=answers)
    assert answers.spent == 0


def test_a_program_may_take_several_questions_at_once() -> None:
    assert [each.text for each in asked(*(f"say {place}" for place in range(30)), at_once=8)] == [*map(str, range(30))]


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        CommandRespondent("a", command="bot.py", usd_per_call=float("nan"), timeout=0, at_once=0)
    assert len(str(caught.value).split("\n")) == 4
