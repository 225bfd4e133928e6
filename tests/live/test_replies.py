"""What a model wrote is read as it stands, or not at all."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.live.question import Answer
from sim.live.replies import READ, WORDS, read_advice, read_bid, read_claim, read_verdict
from tests.tried import tried


def answer(text: str, finish: str = "stop") -> Answer:
    return Answer(text, finish)


def as_json(**values: Any) -> Answer:
    return answer(json.dumps(values))


BIDS = [
    ('{"ask": 0.35, "claim": 72}', 0.35, 0.72),
    ('{"ask": 3, "claim": 72.0}', 3.0, 0.72),
    (' \n{"claim": 1, "ask": 1e2, "why": "sure"}\n', 100.0, 0.01),
    ('```json\n{"ask": 0, "claim": 100}\n```', 0.0, 1.0),
    ('```\n{"ask": 0.0, "claim": 0.0}```', 0.0, 0.0),
    ('{"ask": -0.0, "claim": -0}', 0.0, 0.0),
    ('{"ask": 0.2, "claim": 50, "abstain": false}', 0.2, 0.5),
]


@pytest.mark.parametrize(("text", "ask", "claim"), BIDS)
def test_a_bid(text: str, ask: float, claim: float) -> None:
    read = read_bid(answer(text))
    assert (read.word, read.ask, read.claim, read.note) == ("bid", ask, claim, "")
    assert math.copysign(1.0, read.ask) == math.copysign(1.0, read.claim) == 1.0


MALFORMED = [
    "",
    "about 80%",
    "72",
    "[0.35, 72]",
    '"ask"',
    'My bid: {"ask": 0.35, "claim": 72}',
    '{"ask": 0.35, "claim": 72} is my bid',
    '```json\n{"ask": 0.35, "claim": 72}\n``` as said',
    '{"ask": 0.35, "claim": 72}{"ask": 0.35, "claim": 72}',
    '{"ask": 0.35, "claim": 72, "claim": 90}',
    '{"ask": 0.35}',
    '{"claim": 72}',
    '{"ask": "0.35", "claim": 72}',
    '{"ask": "$0.35", "claim": 72}',
    '{"ask": 0.35, "claim": "72"}',
    '{"ask": 0.35, "claim": "72%"}',
    '{"ask": 0.35, "claim": 0.72}',
    '{"ask": 0.35, "claim": 72.5}',
    '{"ask": 0.35, "claim": 1.0}',
    '{"ask": 0.35, "claim": true}',
    '{"ask": true, "claim": 72}',
    '{"ask": 0.35, "claim": null}',
    '{"ask": null, "claim": 72}',
    '{"ask": null, "claim": 72, "reason": " "}',
    '{"ask": NaN, "claim": 72}',
    '{"ask": Infinity, "claim": 72}',
    '{"ask": 1e999, "claim": 72}',
    '{"ask": 0.35, "claim": 72, "abstain": "no"}',
    '{"ask": 0.35, "claim": [72]}',
    "[" * 100_000,
    '{"ask": ' + "9" * 5000 + ', "claim": 72}',
]


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_bid_is_never_guessed(text: str) -> None:
    read = read_bid(answer(text))
    assert read.word == "malformed"
    assert read.note
    assert len(read.note) < 200
    assert math.isnan(read.ask)
    assert math.isnan(read.claim)


@pytest.mark.parametrize(("ask", "claim"), [(-0.01, 72), (0.35, 101), (0.35, -1), (10**400, 72), (0.35, 1e20)])
def test_numbers_out_of_range_are_not_clamped(ask: float, claim: float) -> None:
    assert read_bid(as_json(ask=ask, claim=claim)).word == "out of range"


def test_abstaining() -> None:
    assert read_bid(as_json(abstain=True)).word == "abstained"
    assert read_bid(as_json(abstain=True, ask=0.2, claim=50)).word == "abstained"
    assert read_bid(as_json(ask=None, claim=None, reason="not my field")).note == "not my field"
    assert read_bid(as_json(ask=None, claim=None, reason="not my field")).word == "abstained"
    assert read_bid(as_json(abstain=True), "claim").word == "abstained"
    assert read_claim(as_json(abstain=True)).word == "abstained"


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        ("length", "cut off"),
        ("refused", "refused"),
        ("timeout", "late"),
        ("cut body", "late"),
        ("server error", "late"),
    ],
)
def test_an_answer_that_did_not_end_is_no_bid(finish: str, word: str) -> None:
    assert read_bid(answer('{"ask": 0.35, "claim": 72}', finish)).word == word
    assert read_claim(answer('{"claim": 72}', finish)).word == word


def test_a_claim_has_no_ask() -> None:
    read = read_bid(as_json(claim=40), "claim")
    assert (read.word, read.claim) == ("bid", 0.4)
    assert math.isnan(read.ask)
    assert math.isnan(read_claim(as_json(claim=40)).cost)
    assert math.isnan(read_claim(as_json(claim=40, cost=None)).cost)
    assert read_claim(as_json(claim=40, cost=0.02))[:3] == ("bid", 0.4, 0.02)
    assert read_claim(as_json(claim=40, cost="cheap")).word == "malformed"
    assert read_claim(as_json(claim=40, cost=-1)).word == "out of range"


def test_verdicts() -> None:
    assert read_verdict(as_json(**{"pass": True, "reason": "right"}))[:2] == (READ, True)
    assert read_verdict(as_json(**{"pass": False, "score": 25})).score == 0.25
    assert read_verdict(as_json(**{"pass": "true"})).word == "malformed"
    assert read_verdict(answer("PASS")).word == "malformed"
    assert not read_verdict(answer("PASS")).passed


def advice(**percent: Any) -> Answer:
    return as_json(advice=[{"agent": name, "percent": value} for name, value in percent.items()])


def test_advice() -> None:
    assert read_advice(advice(a=20, b=100), ["b", "a"]).advice == {"b": 1.0, "a": 0.2}
    assert read_advice(advice(a=20), ["b", "a"]).word == "malformed"
    assert read_advice(advice(a=20, c=30), ["b", "a"]).word == "malformed"
    assert read_advice(advice(a=20, b=0.5), ["b", "a"]).word == "malformed"
    assert read_advice(advice(a=20, b=120), ["b", "a"]).word == "out of range"
    assert read_advice(as_json(advice=3), ["a"]).word == "malformed"
    assert read_advice(as_json(advice=[{"agent": 1, "percent": 5}]), ["1"]).word == "malformed"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.fixed_dictionaries({}, optional=dict.fromkeys(("ask", "claim", "abstain", "reason", "pass"), VALUES))
TEXTS = st.text() | OBJECTS.map(json.dumps) | OBJECTS.map(lambda made: f"```json\n{json.dumps(made)}\n```")


@tried(400)
@given(TEXTS, st.sampled_from(["stop", "length", "refused", "timeout"]))
def test_a_bid_only_where_both_numbers_stood_there_as_numbers(text: str, finish: str) -> None:
    reply = answer(text, finish)
    read = read_bid(reply)
    assert read.word in WORDS
    for other in (read_claim(reply), read_verdict(reply), read_advice(reply, ["a"])):
        assert other.word in (*WORDS, READ)
    if read.word != "bid":
        assert math.isnan(read.ask)
        assert math.isnan(read.claim)
        return
    stood = json.loads(text.removeprefix("```json\n").removesuffix("\n```"))
    assert finish == "stop"
    assert type(stood["ask"]) in (int, float)
    assert type(stood["claim"]) in (int, float)
    assert (read.ask, read.claim) == (float(stood["ask"]), stood["claim"] / 100)
    assert 0 <= read.claim <= 1
    assert 0 <= read.ask < math.inf
