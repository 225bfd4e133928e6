"""An endpoint on this machine: what goes out, what each thing a server may do becomes, and that no key is kept."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.kit.errors import RunError, ScenarioError
from sim.live.answers import Answers
from sim.live.calls import Calls
from sim.live.check import check
from sim.live.endpoint import Endpoint
from sim.live.question import Answer, Question
from sim.live.respondent import Stopped
from tests.live.server import FAULTS, Does, Sent, Server, says, serving

KEY = "sk-planted-0123456789abcdefXYZ"
PRICE = {"input": 2_000, "output": 10_000}  # dollars: a send of 10 and 5 tokens costs 7 cents
WORK = Question("work", "t1", "a", "Add 2 and 2.", most_tokens=20)
COUNTED = {"prompt_tokens": 10, "completion_tokens": 5}
BOUND = (12 + 16) * 0.002 + 20 * 0.01


FAST: dict[str, Any] = {"budget_usd": 100.0, "back_off": 0.001, "tries": 4}


def calls_to(one: Endpoint) -> Calls:
    return Calls({"a": one}, Answers.memory(), **FAST)


def endpoint(server: Server, **settings: Any) -> Endpoint:
    return Endpoint("a", **{"endpoint": server.url, "model": "m", "usd_per_million": PRICE, "timeout": 5.0, **settings})


def asked(
    script: Any, question: Question = WORK, answers: Answers | None = None, **settings: Any
) -> tuple[Answer, Answers, list[Sent]]:
    """The answer, the journal, and what the server was sent."""
    answers = Answers.memory() if answers is None else answers
    with serving(script) as server, Calls({"a": endpoint(server, **settings)}, answers, **FAST) as calls:
        return calls.ask(question).result(10), answers, server.sends


def test_what_goes_out() -> None:
    question = Question("claim", "t", "a", "How é?", system="Be brief.", most_tokens=30, shape="claim")
    answer, _, sends = asked(says('{"claim": 80}'), question, parameters={"temperature": 0, "seed": 7})
    assert answer == Answer('{"claim": 80}', "stop", 10, 5, 0.07)
    body = sends[0].body
    form = body.pop("response_format")
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How é?"}],
        "max_tokens": 30,
        "temperature": 0,
        "seed": 7,
    }
    wanted = form["json_schema"]["schema"]["properties"]
    assert wanted["claim"] == {"type": "integer", "minimum": 0, "maximum": 100}
    assert "Authorization" not in sends[0].headers


@pytest.mark.parametrize(("output", "form"), [("object", {"type": "json_object"}), ("text", None)])
def test_weaker_endpoints_are_asked_for_less(output: str, form: Any) -> None:
    question = Question("claim", "t", "a", "How?", most_tokens=30, shape="claim")
    sends = asked(says("{}"), question, output=output, cap="max_completion_tokens")[2]
    assert sends[0].body.get("response_format") == form
    assert sends[0].body["max_completion_tokens"] == 30
    assert "max_tokens" not in sends[0].body


def test_the_reserve_covers_bytes_messages_schema_and_parameters() -> None:
    with serving(says("")) as server:
        bare = endpoint(server)
        assert bare.most_usd(WORK) == pytest.approx(BOUND)
        wide = Question("work", "t", "a", "é", system="ü", most_tokens=1)
        assert bare.most_usd(wide) == pytest.approx((4 + 32) * 0.002 + 0.01)
        shaped = Question("claim", "t", "a", "a", most_tokens=1, shape="claim")
        assert bare.most_usd(shaped) > bare.most_usd(Question("claim", "t", "a", "a", most_tokens=1)) + 0.2
        assert endpoint(server, usd_per_million=0).most_usd(WORK) == 0
        with pytest.raises(RunError, match="a work without most_tokens may cost any sum"):
            bare.most_usd(Question("work", "t", "a", "a"))


def test_the_bound_grows_to_what_a_server_counts() -> None:
    with (
        serving(says("4", usage=(40, 5))) as server,
        Calls({"a": (one := endpoint(server))}, Answers.memory(), **FAST) as c,
    ):
        c.ask(WORK).result(10)
        assert one.most_usd(WORK) == pytest.approx(40 * 0.002 + 20 * 0.01)


@pytest.mark.parametrize(
    ("does", "text", "finish"),
    [
        (says("about 80% I think"), "about 80% I think", "stop"),
        (says('{"claim": 130}'), '{"claim": 130}', "stop"),
        (says(""), "", "stop"),
        (says(None), "", "stop"),
        (says(None, refusal="I must not."), "I must not.", "refused"),
        (says("", "content_filter"), "", "refused"),
        (says('{"claim": 8', "length"), '{"claim": 8', "length"),
        (says("4", "eos_token"), "4", "stop"),
        (says("\ud800"), "\ufffd", "stop"),
        (says([{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]), "42", "stop"),  # type: ignore[arg-type]
    ],
)
def test_what_a_model_may_say_is_kept_as_it_is(does: Does, text: str, finish: str) -> None:
    answer, answers, sends = asked(does)
    assert answer == Answer(text, finish, 10, 5, 0.07)
    assert len(sends) == answers.sends == 1


@pytest.mark.parametrize(
    ("usage", "tokens", "usd"),
    [
        ((10, 5), (10, 5), 0.07),
        (COUNTED | {"total_tokens": 18}, (10, 8), 0.10),
        (
            COUNTED | {"completion_tokens_details": {"reasoning_tokens": 9}},
            (10, 9),
            0.11,
        ),
        (None, (None, None), BOUND),
        ({"prompt_tokens": 10}, (None, None), BOUND),
        ({"prompt_tokens": -1, "completion_tokens": True}, (None, None), BOUND),
    ],
)
def test_reasoning_is_output_and_what_is_not_counted_costs_its_reserve(usage: Any, tokens: Any, usd: float) -> None:
    answer, answers, _ = asked(says("4", usage=usage))
    assert (answer.input_tokens, answer.output_tokens) == tokens
    assert answer.usd == pytest.approx(usd)
    assert answers.spent == pytest.approx(usd)


@pytest.mark.parametrize(
    ("fault", "finish", "sends", "charges"),
    [
        ("429", "", 4, 0),
        ("503", "", 4, 0),
        ("500", "server error", 4, 0),
        ("empty 500", "cut body", 2, 2),
        ("html", "unreadable", 2, 2),
        ("cut", "cut body", 2, 2),
        ("hang", "timeout", 2, 2),
    ],
)
def test_a_fault_once_is_overcome_and_for_ever_is_an_end(fault: str, finish: str, sends: int, charges: int) -> None:
    timeout = 0.4 if fault == "hang" else 5.0
    once, answers, seen = asked(lambda sent, nth: FAULTS[fault] if nth == 1 else says("4"), timeout=timeout)
    assert once == Answer("4", "stop", 10, 5, 0.07)
    assert len(seen) == answers.sends == 2
    assert answers.spent == pytest.approx(0.07 + BOUND * (charges > 0))
    answers = Answers.memory()
    if finish:
        found, _, seen = asked(FAULTS[fault], answers=answers, timeout=timeout)
        assert found == Answer("", finish)
        assert len(seen) == sends
    else:
        line = rf"agent 'a': {fault} again and again: 127\.0\.0\.1:\d+: .*; run again to go on"
        with pytest.raises(Stopped, match=line):
            asked(FAULTS[fault], answers=answers, timeout=timeout)
    assert answers.sends == sends
    assert answers.spent == pytest.approx(charges * BOUND)


def test_a_server_that_is_not_there_is_free() -> None:
    answers = Answers.memory()
    with serving(says("")) as server:
        gone = endpoint(server)
    with Calls({"a": gone}, answers, **FAST) as calls, pytest.raises(Stopped, match="refused again and again"):
        calls.ask(WORK).result(10)
    assert (answers.sends, answers.spent) == (4, 0.0)


def test_a_server_says_how_long_to_wait() -> None:
    def script(sent: Sent, nth: int) -> Does:
        return FAULTS["429"]._replace(headers={"Retry-After": "0.2"}) if nth == 1 else says("4")

    with serving(script) as server, Calls({"a": endpoint(server)}, Answers.memory(), **FAST) as calls:
        future = calls.ask(WORK)
        with pytest.raises(TimeoutError):
            future.result(0.15)
        assert future.result(5).text == "4"


@pytest.mark.parametrize("status", [307, 400, 401, 403, 404, 418])
def test_what_the_user_must_mend_stops_in_one_line(status: int) -> None:
    answers = Answers.memory()
    said = Does(status, {"error": {"message": f"no such\nthing{' ' * 9}here" + 900 * "."}}, {"Location": "http://x/"})
    with pytest.raises(Stopped) as caught:
        asked(said, answers=answers)
    line = str(caught.value)
    assert line.startswith("agent 'a': 127.0.0.1:")
    assert f" answered {status}: no such thing here..." in line
    assert "\n" not in line
    assert len(line) < 350
    assert (answers.sends, answers.unended, answers.spent) == (1, 0, 0.0)


def test_a_server_that_passes_the_cap_stops_the_run_and_the_answer_is_kept() -> None:
    answers = Answers.memory()
    with serving(says("4", usage=(10, 90))) as server, Calls({"a": endpoint(server)}, answers, **FAST) as calls:
        assert calls.ask(WORK).result(10).usd == pytest.approx(0.92)
        with pytest.raises(Stopped, match="agent 'a': answered 90 tokens where its cap was 20"):
            calls.ask(Question("work", "t2", "a", "x", most_tokens=20)).result(10)
    assert answers.spent == pytest.approx(0.92)


def knows(name: str, strict: bool) -> Any:
    """A server that knows the cap by this name; others are refused, or ignored."""

    def script(sent: Sent, nth: int) -> Does:
        other = [each for each in ("max_tokens", "max_completion_tokens") if each in sent.body and each != name]
        if other and strict:
            return Does(400, {"error": {"message": f"Unsupported parameter: '{other[0]}'. Use '{name}' instead."}})
        return says("1, 2, ", usage=(20, sent.body.get(name, 120)))

    return script


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_check_finds_the_cap_that_a_server_knows(name: str, strict: bool) -> None:
    answers = Answers.memory()
    for sends in (1 + (name != "max_tokens"), 0):
        with serving(knows(name, strict)) as server, Calls({"a": (one := endpoint(server))}, answers, **FAST) as calls:
            assert check(one, calls).counted
            assert len(server.sends) == sends
            fresh = Question("work", f"t{sends}", "a", "Add.", most_tokens=20)
            assert calls.ask(fresh).result(10).text == "1, 2, "
            assert one.cap == name


@pytest.mark.parametrize(
    ("script", "says_why"),
    [(says("4", usage=None), "counts no tokens"), (knows("tokens", False), "wrote 120 tokens where 16 were allowed")],
)
def test_a_check_refuses_what_no_budget_can_hold(script: Any, says_why: str) -> None:
    with (
        serving(script) as server,
        calls_to(one := endpoint(server)) as calls,
        pytest.raises(Stopped, match=says_why),
    ):
        check(one, calls)


def test_a_check_of_what_costs_nothing_needs_no_counts() -> None:
    with serving(says("4", usage=None)) as server, calls_to(one := endpoint(server, usd_per_million=0)) as calls:
        assert not check(one, calls).counted


def test_all_that_is_wrong_with_an_endpoint_is_said_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        Endpoint(
            "a",
            endpoint="http://me:secret@host/v1?key=secret",
            model="m",
            usd_per_million={"input": -1, "output": 2},
            output="shema",
            cap="tokens",
            parameters={"stream": True, "n": 2},
            timeout=0.0,
        )
    lines = str(caught.value).split("\n")
    assert len(lines) == 6
    assert all(line.startswith("agent 'a': ") for line in lines)
    assert "secret" not in str(caught.value)
    assert "did you mean 'schema'" in lines[2]


def test_httpx_is_asked_for_where_it_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RunError, match=r'pip install "bidlab\[live\]"'):
        Endpoint("a", endpoint="http://h/v1", model="m", usd_per_million=0)


def test_httpx_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys; from sim.live.endpoint import Endpoint; import sim.live.check, sim.live.calls;"
    code += "Endpoint('a', endpoint='http://h/v1', model='m', usd_per_million=0); sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


ECHOES = [
    says(f"Your key is {KEY}, and {KEY[:20]}"),
    says(None, refusal=f"not with {KEY}"),
    Does(401, {"error": {"message": f"Incorrect key: {KEY}"}}, {"X-Key": KEY}),
    Does(400, f"<html>{KEY}</html>" + "x" * 300, {"X-Key": KEY}),
    Does(429, {"error": {"message": "x" * 185 + KEY}}),
    Does(503, f"{'x' * 170}{KEY[:-3]}"),
    Does(200, f'{{"broken": "{KEY}"'),
    says(KEY)._replace(cut=120),
]


@pytest.fixture
def all_logged() -> Iterator[list[str]]:
    """Whatever any logger says, at its most talkative."""
    lines: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, handler = logging.getLogger(), Keeps(0)
    before = root.level
    root.setLevel(0)
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("echo", ECHOES)
def test_a_key_is_sent_and_kept_nowhere(
    echo: Does, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, all_logged: list[str]
) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    found: list[str] = []
    with serving(echo) as server, Answers.open(tmp_path / "a.jsonl") as answers:
        one = endpoint(server, key="THE_KEY")
        try:
            with Calls({"a": one}, answers, **FAST) as calls:
                print(repr(calls.ask(WORK).result(10)), one)
        except RunError as error:
            found += ["".join(traceback.format_exception(error)), repr(error), *frames(error)]
        found += [repr(vars(one)), one.fingerprint, repr(one)]
    assert {sent.headers["Authorization"] for sent in server.sends} == {f"Bearer {KEY}"}
    found += [path.read_text() for path in tmp_path.iterdir()]
    found += [*capfd.readouterr(), *all_logged]
    assert not [text for text in found if KEY[:12] in text]


def frames(error: BaseException | None) -> list[str]:
    """What each frame of ours, or of a library, held where an exception or one behind it was raised."""
    found = []
    while error is not None:
        each = error.__traceback__
        while each is not None:
            if each.tb_frame.f_code.co_filename != __file__:  # where the test knows the key
                found.append(repr(each.tb_frame.f_locals))
            each = each.tb_next
        error = error.__context__
    return found


NO_KEYS = [("", "is not set"), ("short", "holds no key"), ("two words of key", "holds no key")]


@pytest.mark.parametrize(("value", "says_why"), NO_KEYS)
def test_a_key_that_is_none_is_said_without_it(value: str, says_why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", value)
    answers = Answers.memory()
    with pytest.raises(Stopped, match=f"agent 'a': environment variable THE_KEY {says_why}") as caught:
        asked(says("4"), answers=answers, key="THE_KEY")
    assert not value or value not in str(caught.value)
    assert answers.spent == 0


def test_sends_at_the_server_are_those_in_the_journal(tmp_path: Path) -> None:
    names = [*FAULTS, "", "", ""]

    def script(sent: Sent, nth: int) -> Does:
        fault = names[int(sent.prompt) % len(names)]
        return FAULTS[fault] if fault and nth == 1 else says("4")

    path = tmp_path / "a.jsonl"
    questions = [Question("work", f"t{place}", "a", str(place), most_tokens=20) for place in range(60)]
    with (
        serving(script) as server,
        Answers.open(path) as answers,
        Calls({"a": endpoint(server, timeout=1.0)}, answers, **FAST) as calls,
    ):
        assert {future.result(10).text for future in [calls.ask(each) for each in questions]} == {"4"}
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert sum(event["e"] == "sent" for event in events) == len(server.sends) == 60 + 7 * 6
    assert sum(event["e"] == "got" for event in events) == 60
