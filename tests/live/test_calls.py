"""Many questions at once: what is sent, how often, within which budget, and what a stop leaves behind."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest

from sim.kit.errors import RunError
from sim.live.answers import Answers
from sim.live.calls import Calls, Unknown
from sim.live.meter import Meter
from sim.live.purse import BudgetSpent, Purse
from sim.live.question import Answer, Question
from sim.live.respondent import Failed, Stopped
from sim.live.sender import Sender
from tests.live.fakes import Fake, Step, timeout, works


def test_questions_are_asked_at_once_and_in_order() -> None:
    fake, answers = Fake(seconds=0.01), Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=100.0, concurrency=7) as calls:
        futures = [calls.ask(question) for question in works(40)]
        assert [future.result(5).text for future in futures] == [f"prompt {place}" for place in range(40)]
    assert fake.together == 7
    assert fake.closed
    meter = calls.meter.of("a")
    assert (meter.asked, meter.held, meter.sends, meter.answered, calls.meter.in_flight) == (40, 0, 40, 40, 0)
    assert meter.dollars == pytest.approx(4.0)
    assert answers.spent == pytest.approx(calls.meter.spent)
    assert calls.meter.reserved == 0


def test_the_same_question_is_sent_once_however_many_ask() -> None:
    fake, answers = Fake(seconds=0.02), Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=9.0) as calls:
        futures = [calls.ask(works(1)[0]) for _ in range(5)]
        assert len({id(future) for future in futures}) == 1
        assert not futures[0].cancel(), "it is shared"
        futures[0].result(5)
    with Calls({"a": fake}, answers, budget_usd=9.0) as calls:
        assert calls.ask(works(1)[0]).done(), "what the journal holds is there at once"
        assert calls.meter.of("a").held == 1
    assert sum(fake.sends.values()) == 1


@pytest.mark.parametrize("word", ["429", "500", "503", "refused"])
def test_what_nobody_worked_on_is_free_and_sent_again(word: str) -> None:
    fake = Fake(lambda question, nth: Failed(word) if nth < 5 else Answer("4", "stop", 1, 1, 0.1))
    answers = Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=0.7, back_off=0.001) as calls:
        assert calls.ask(works(1)[0]).result(5).text == "4"
    assert answers.spent == pytest.approx(0.1)
    assert answers.sends == 5


@pytest.mark.parametrize(
    ("word", "most"), [("timeout", 0.65), ("cut body", 0.65), ("unreadable", 0.65), ("crash", 0.0)]
)
def test_what_may_be_billed_is_charged_and_sent_again_once(word: str, most: float) -> None:
    fake, answers = Fake(lambda question, nth: Failed(word, most), most=most), Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=9.0, back_off=0.001) as calls:
        found = calls.ask(works(1)[0]).result(5)
    assert (found.finish, found.error, found.usd) == (word, True, 0.0)
    assert answers.sends == 2
    assert answers.spent == pytest.approx(2 * most)
    with Calls({}, answers, budget_usd=0.0, offline=True) as calls:
        assert calls.ask(works(1)[0]).result() == found


def test_a_charge_of_an_earlier_run_counts(tmp_path: Path) -> None:
    question, path = works(1)[0], tmp_path / "a.jsonl"
    with Answers.open(path) as answers:
        answers.failed(answers.sent(question, 0.65), "timeout", 0.65)
        answers.sent(question, 0.65)  # lost
    fake = Fake(lambda question, nth: timeout())
    with Answers.open(path) as answers, Calls({"a": fake}, answers, budget_usd=9.0) as calls:
        assert calls.ask(question).result(5).finish == "timeout"
        assert (answers.sends, answers.spent) == (3, pytest.approx(3 * 0.65))
    content = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(content[:-1]))  # killed between the charge and the end of the question
    with Answers.open(path) as answers, Calls({"a": fake}, answers, budget_usd=9.0) as calls:
        assert calls.ask(question).result(5).finish == "timeout"
        assert answers.sends == 3
    assert path.read_bytes() == b"".join(content)


def test_a_server_that_fails_for_ever_ends_the_question_and_one_that_is_away_stops_the_run() -> None:
    fake, answers = Fake(lambda question, nth: Failed("500", ends=True)), Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=9.0, tries=3, back_off=0.001) as calls:
        assert calls.ask(works(1)[0]).result(5) == Answer("", "server error")
    assert (answers.sends, answers.spent) == (3, 0.0)
    fake, answers = Fake(lambda question, nth: Failed("429", note="slow down")), Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=9.0, tries=3, back_off=0.001) as calls:
        with pytest.raises(Stopped, match="agent 'a': 429 again and again: slow down; run again to go on"):
            calls.ask(works(1)[0]).result(5)
        assert answers.sends == 3
        with pytest.raises(Stopped):
            calls.ask(works(2)[1]).result(5)
    assert answers.sends == 3


def test_a_pause_that_a_server_asks_for_holds_all_its_questions() -> None:
    ok = Answer("4", "stop", 1, 1, 0.1)
    wait = Failed("429", wait=0.2)
    fake = Fake(lambda question, nth: wait if question.task == "t0" and nth == 1 else ok)
    with Calls({"a": fake, "b": Fake(seconds=0.0)}, Answers.memory(), budget_usd=99.0, concurrency=1) as calls:
        first, second = [calls.ask(question) for question in works(2)]
        other = calls.ask(works(1, "b")[0])
        assert other.result(5)
        assert not first.done()
        assert not second.done()
        assert first.result(5) == second.result(5) == ok


def test_a_stop_leaves_what_is_under_way_to_come_back() -> None:
    def step(question: Question, nth: int) -> Step:
        return Stopped("401: mend the key", "401") if question.task == "t1" else Answer("4", "stop", 1, 1, 0.1)

    fake = Fake(step, seconds=lambda question: 0.02 if question.task == "t1" else 0.1)
    answers = Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=99.0, concurrency=3) as calls:
        futures = [calls.ask(question) for question in works(9)]
        for place in (1, *range(3, 9)):
            with pytest.raises(Stopped, match="mend the key"):
                futures[place].result(5)
        assert futures[0].result(5).text == futures[2].result(5).text == "4"
    assert (answers.sends, answers.unended, len(answers)) == (3, 0, 2)
    assert answers.spent == pytest.approx(0.2)


def test_closing_cancels_what_waits_and_keeps_what_comes_back() -> None:
    fake, answers = Fake(seconds=0.05), Answers.memory()
    calls = Calls({"a": fake}, answers, budget_usd=99.0, concurrency=2)
    futures = [calls.ask(question) for question in works(6)]
    while calls.meter.in_flight < 2:
        pass
    calls.close()
    assert [future.result().text for future in futures[:2]] == ["prompt 0", "prompt 1"]
    for future in futures[2:]:
        with pytest.raises(CancelledError):
            future.result()
    assert (answers.sends, answers.unended, len(answers)) == (2, 0, 2)
    with pytest.raises(RunError, match="the calls are closed"):
        calls.ask(works(9)[8])
    calls.close()


def test_a_user_who_stops_does_not_wait_for_ever() -> None:
    fake, answers = Fake(seconds=60.0), Answers.memory()
    calls = Calls({"a": fake}, answers, budget_usd=99.0)
    futures = [calls.ask(question) for question in works(2)]
    while calls.meter.in_flight < 2:
        pass
    calls.close(0.01)
    for future in futures:
        with pytest.raises(CancelledError):
            future.result()
    assert (answers.sends, answers.unended) == (2, 2)
    assert answers.spent == pytest.approx(1.3), "each counts at its reserve"
    assert calls.meter.spent == pytest.approx(1.3)
    assert "bidlab calls" not in {thread.name for thread in threading.enumerate()}


def test_an_error_of_a_respondent_stops_the_run_and_is_charged() -> None:
    fake, answers = Fake(lambda question, nth: ZeroDivisionError("oh")), Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=9.0) as calls:
        with pytest.raises(ZeroDivisionError):
            calls.ask(works(1)[0]).result(5)
        with pytest.raises(ZeroDivisionError):
            calls.ask(works(2)[1]).result(5)
    assert (answers.sends, answers.unended, answers.spent) == (1, 0, 0.65)


def test_a_journal_that_cannot_be_written_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers.memory()
    answers.close()
    fake = Fake()
    with Calls({"a": fake}, answers, budget_usd=9.0) as calls, pytest.raises(RunError, match="closed"):
        calls.ask(works(1)[0]).result(5)
    assert not fake.sends


def test_offline_nobody_is_asked() -> None:
    with Calls({}, Answers.memory(), budget_usd=0.0, offline=True) as calls:
        for question in works(2):
            with pytest.raises(Unknown, match=f"work of task '{question.task}' by agent 'a', sample 0: the answers do"):
                calls.ask(question).result(5)
        assert calls.unknown == works(2)


def test_agents_nobody_answers_for_are_refused() -> None:
    with Calls({"abc": Fake()}, Answers.memory(), budget_usd=0.0) as calls:
        with pytest.raises(RunError, match=r"agent 'abd': nobody answers for it \(did you mean 'abc'\?\)"):
            calls.ask(works(1, "abd")[0])
        with pytest.raises(RunError, match="another model"):
            calls.ask(Question("work", "t", "abc", "p", model="m"))


def test_a_respondent_may_take_fewer_at_once() -> None:
    one = Fake(seconds=0.01)
    one.at_once = 1  # type: ignore[attr-defined]
    with Calls({"a": one, "b": Fake(seconds=0.01)}, Answers.memory(), budget_usd=99.0) as calls:
        for future in [calls.ask(question) for name in "ab" for question in works(6, name)]:
            future.result(5)
    assert one.together == 1


@pytest.mark.parametrize(
    "wrong", [{"concurrency": 0}, {"budget_usd": -1.0}, {"budget_usd": float("nan")}, {"tries": 0}]
)
def test_numbers_that_are_none_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Calls({}, Answers.memory(), **{"budget_usd": 1.0, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(("budget", "least"), [(1.0, 0.3), (10.0, 0.95), (50.0, 0.95)])
def test_budgets_hold_and_are_used(budget: float, least: float) -> None:
    draw = random.Random(8)
    costs = {question.key: draw.uniform(0.10, 0.65) for question in works(300)}

    def step(question: Question, nth: int) -> Step:
        missed = draw.random() < 0.05
        return Failed("timeout", fake.most_usd(question)) if missed else Answer("4", "stop", 1, 1, costs[question.key])

    fake = Fake(
        step,
        most=lambda question: min(2 * costs[question.key], 0.65),
        seconds=lambda question: draw.uniform(0.0, 0.004),
    )
    answers = Answers.memory()
    with Calls({"a": fake}, answers, budget_usd=budget, back_off=0.001) as calls:
        futures = [calls.ask(question) for question in works(300)]
        failures = [future.exception(20) for future in futures]
    answered = sum(failure is None for failure in failures)
    assert {type(failure) for failure in failures if failure} == {BudgetSpent}
    assert "all answers are kept: run again with a larger budget to go on" in str(failures[-1])
    assert calls.meter.peak <= budget + 1e-9
    assert answers.spent == pytest.approx(calls.meter.spent)
    assert answers.spent >= least * budget
    assert answered == len(answers), "no paid answer is thrown away"
    assert answers.unended == 0
    print(f"${budget}: used {answers.spent / budget:.3f}, peak {calls.meter.peak:.3f}, {answered} answers")


def test_a_question_that_is_stopped_before_it_began_has_an_end() -> None:
    async def stopped() -> Future[Answer]:
        future: Future[Answer] = Future()
        sender = Sender({"a": Fake()}, Answers.memory(), Meter(Purse(1.0)), 1, 1, 0.0)
        sender.start(works(1)[0], future)
        await sender.close(None)
        return future

    assert isinstance(asyncio.run(stopped()).exception(timeout=5), CancelledError)
