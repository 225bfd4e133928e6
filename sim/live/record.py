"""The lines of a journal of answers: how each is written, read and checked. Pure functions of text.

{"e":"sent","n":1,"key":k,"usd":reserve,"question":{...}}    a send is about to be made
{"e":"got","n":1,"key":k,"answer":{...}}                     it brought an answer
{"e":"err","n":1,"key":k,"word":"429","usd":0.0}             it brought none
{"e":"verdict","key":k,"verifier":v,"status":"PASS","note":"","score":null}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from sim.live.question import Answer, Question, Verdict

BEGIN = b'{"e":'  # of every line, so that the rest of a torn one is known for what it is
_FIELDS: dict[str, dict[str, type]] = {
    "sent": {"n": int, "key": str, "usd": float, "question": dict},
    "got": {"n": int, "key": str, "answer": dict},
    "err": {"n": int, "key": str, "word": str, "usd": float},
    "verdict": {"key": str, "verifier": str, "status": str, "note": str},
}


def line_of(event: str, **fields: Any) -> bytes:
    """One event as a line, its end included.

    >>> line_of("err", n=1, key="k", word="429", usd=0.0)
    b'{"e":"err","n":1,"key":"k","word":"429","usd":0.0}\\n'
    """
    return json.dumps({"e": event, **fields}, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def event_of(line: bytes) -> dict[str, Any]:
    """The event that a line holds, its question, answer or verdict parsed; raises ValueError saying what is wrong."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON") from None
    fields = _FIELDS.get(event.get("e", "")) if isinstance(event, dict) and isinstance(event.get("e"), str) else None
    if fields is None:
        raise ValueError(f"is no event of a journal; allowed as e: {', '.join(_FIELDS)}")
    _check(event, fields)
    return _parsed(event)


def _check(event: Mapping[str, Any], fields: Mapping[str, type]) -> None:
    for name, kind in fields.items():
        value = event.get(name)
        if kind is float:
            if not _dollars(value):
                raise ValueError(f"{name} must be dollars >= 0; got {value!r}")
        elif type(value) is not kind:
            raise ValueError(f"{name} must be of type {kind.__name__}; got {value!r}")


def _dollars(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


def _parsed(event: dict[str, Any]) -> dict[str, Any]:
    """The event with objects in place of tables."""
    try:
        if event["e"] == "sent":
            event["question"] = Question(**event["question"])
        elif event["e"] == "got":
            _check(event["answer"], {"text": str, "finish": str, "usd": float})
            event["answer"] = Answer(**event["answer"])
        elif event["e"] == "verdict":
            event["verdict"] = Verdict(event["status"], event["note"], event.get("score"))
    except TypeError as error:
        raise ValueError(f"has other fields than this version writes: {error}") from None
    return event
