"""Prompts tell what is known and nothing else, and ask for JSON that is read."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.errors import ScenarioError
from sim.live.prompts import FIELDS, SHAPES, dollars, template
from sim.live.question import Answer
from sim.live.replies import READ, read_advice, read_bid, read_claim, read_verdict

ALL: dict[str, Any] = {
    "task": "Add 2 and 2.\n\n\n  $5 and $task stay.\n",
    "family": "sums",
    "agents": 3,
    "reserve": 0.5,
    "value": 1.25,
    "penalty": 0.1,
    "deadline": "90 seconds",
    "capacity": 2,
    "reputation": 0.75,
    "card": "7 of 9 passed",
    "payment": "The lowest ask wins.",
    "budget": 0.02,
    "work": "4",
    "expected": "the sum",
    "records": "a: 3 of 4\nb: none",
}


def told(purpose: str) -> dict[str, Any]:
    return {name: value for name, value in ALL.items() if name in FIELDS[purpose]}


@pytest.mark.parametrize("purpose", FIELDS)
def test_ours_are_whole(purpose: str) -> None:
    made = template(purpose).fill(told(purpose))
    assert "Add 2 and 2.\n\n\n  $5 and $task stay.\n" in made.prompt
    assert made.system
    assert "\n\n\n\n" not in made.prompt
    alone = template(purpose).fill({name: value for name, value in told(purpose).items() if name in ("task", "work")})
    assert len(alone.prompt) < len(made.prompt)
    assert ": \n" not in alone.prompt
    if "answer_form" in FIELDS[purpose]:
        assert alone.prompt.endswith(SHAPES[{"judge": "verdict"}.get(purpose, purpose)].sentence)


def test_a_bid_tells_what_it_is_given() -> None:
    prompt = template("bid").fill(told("bid")).prompt
    assert "Reserve: $0.5\n" in prompt
    assert "What a success is worth to the principal: $1.25\n" in prompt
    assert "Number of agents asked: 3\n" in prompt
    assert "Your record: 7 of 9 passed\n" in prompt


@pytest.mark.parametrize("sealed", [math.nan, None, "", " \n"])
def test_what_is_not_public_has_no_line(sealed: Any) -> None:
    whole = template("bid").fill(told("bid")).prompt
    prompt = template("bid").fill({**told("bid"), "reserve": sealed}).prompt
    assert prompt == whole.replace("Reserve: $0.5\n", "")


def test_zero_is_told() -> None:
    assert "Penalty: $0\n" in template("bid").fill({"task": "x", "penalty": 0.0}).prompt


def test_a_judge_is_told_no_claim() -> None:
    assert not {"claim", "ask", "payment", "card", "reputation"} & set(FIELDS["judge"])
    with pytest.raises(ValueError, match="has no claim"):
        template("judge").fill({"task": "x", "work": "y", "claim": "0.9"})


def test_a_task_must_be_told() -> None:
    with pytest.raises(ValueError, match="must tell task"):
        template("bid").fill({"family": "x"})
    with pytest.raises(ValueError, match="must tell work"):
        template("judge").fill({"task": "x", "work": " "})


def test_own_templates(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("$task costs $$5\nworth $value\n$answer_form")
    mine = template("bid", file)
    assert mine.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert mine.fill({"task": "It", "value": 2}).prompt == f"It costs $5\nworth $2\n{SHAPES['bid'].sentence}"
    assert mine.fill({"task": "It"}).system == ""


def test_all_faults_of_a_template_at_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("$taks\n$ 5\n$reserve")
    with pytest.raises(ScenarioError) as error:
        template("bid", file)
    allowed = "allowed: $task, $family, $agents, $reserve, $value, $penalty, $deadline, $capacity, $reputation, $card"
    allowed += ", $payment, $answer_form"
    assert error.value.args == (
        f"{file}: line 1: unknown field 'taks' (did you mean 'task'?); {allowed}",
        f"{file}: line 2: a $ that begins no field; write $$ for a dollar sign",
        f"{file}: field 'task' is missing; {allowed}",
        f"{file}: field 'answer_form' is missing; {allowed}",
    )


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        template("bid", tmp_path / "none.txt")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ScenarioError, match="no UTF-8"):
        template("bid", tmp_path / "bytes.txt")


@given(st.floats(min_value=0, max_value=1e9, allow_nan=False))
def test_an_ask_at_the_reserve_that_is_told_is_within_it(reserve: float) -> None:
    shown = float(dollars(reserve).removeprefix("$"))
    assert shown <= reserve
    assert shown == pytest.approx(reserve, rel=1e-8)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "bid": [{"claim": 70, "ask": 0.2, "abstain": False}, {"claim": 0, "ask": 0, "abstain": True}],
    "claim": [{"claim": 70, "cost": 0.1}, {"claim": 100, "cost": None}],
    "verdict": [{"reason": "right", "pass": True}],
    "advice": [{"advice": [{"agent": "a", "percent": 20}, {"agent": "b", "percent": 30}]}],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_keeps_the_schema_is_read(shape: str) -> None:
    schema = SHAPES[shape].schema
    for example in EXAMPLES[shape]:
        assert list(example) == schema["required"] == list(schema["properties"])
        answer = Answer(json.dumps(example), "stop")
        words = {
            "bid": read_bid(answer).word,
            "claim": read_claim(answer).word,
            "verdict": read_verdict(answer).word,
            "advice": read_advice(answer, ["b", "a"]).word,
        }
        assert words[shape] in ("bid", READ, "abstained")
    for key in schema["required"]:
        assert f'"{key}"' in SHAPES[shape].sentence
