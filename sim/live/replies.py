"""Reads what a model wrote: bids, claims, verdicts and advice, each one JSON object.

A reply is the object alone, or one fenced block that holds it, and nothing else. Whatever else it is, it is malformed:
numbers are never taken out of prose, never clamped and never converted. A reply says one of these words:

    bid            the numbers asked for stood there ("read" of a verdict or advice)
    abstained      {"abstain": true}, or "ask": null with a "reason"
    malformed      no such object, a key missing, or a value that is no number
    out of range   numbers, but no such bid: an ask below 0, a claim below 0 or above 100
    refused        the model would not answer
    cut off        it reached its cap of tokens: what stands there may not be all it was to say
    late           no answer came, or not in one piece: a time-out, a server that failed

A claim is a whole percent, 0 to 100. 72 and 72.0 are the same number. 72.5 is malformed, and so is 0.72: a fraction
could be a percent or a probability, and so could 1.0, which is malformed while 1 is one percent. Keys that are not
asked for are ignored; a key that stands twice makes the reply malformed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sim.kit.arrays import MOST_PAID
from sim.live.question import Answer
from sim.tables.table_file import once, short

BID, READ, ABSTAINED, MALFORMED, OUT_OF_RANGE = "bid", "read", "abstained", "malformed", "out of range"
REFUSED, CUT_OFF, LATE = "refused", "cut off", "late"
WORDS = (BID, ABSTAINED, MALFORMED, OUT_OF_RANGE, REFUSED, CUT_OFF, LATE)

_FENCED = re.compile(r"```[A-Za-z]*[ \t]*\r?\n?(.*?)```", re.DOTALL)


class ReadBid(NamedTuple):
    """word: one of WORDS. ask: dollars; claim: probability; NaN where there is no bid. note: why it is no bid."""

    word: str
    ask: float = math.nan
    claim: float = math.nan
    note: str = ""


class ReadClaim(NamedTuple):
    """word: as of a bid. claim: probability. cost: dollars the agent expects to spend, NaN where it does not say."""

    word: str
    claim: float = math.nan
    cost: float = math.nan
    note: str = ""


class ReadVerdict(NamedTuple):
    """word: "read", or why there is no verdict. passed: what the judge says. score: in [0, 1], or None."""

    word: str
    passed: bool = False
    score: float | None = None
    note: str = ""


class ReadAdvice(NamedTuple):
    """word: "read", or why there is no advice. advice: probability by agent."""

    word: str
    advice: Mapping[str, float] = {}
    note: str = ""


class _Unread(Exception):  # noqa: N818 -- it is an outcome, not an error
    """word and note of a reply that is not what was asked for."""


def read_bid(answer: Answer, shape: str = "bid") -> ReadBid:
    """The bid that an answer is. shape: "bid", or "claim", which has no ask.

    >>> read_bid(Answer('{"ask": 0.35, "claim": 72}', "stop"))
    ReadBid(word='bid', ask=0.35, claim=0.72, note='')
    >>> read_bid(Answer("about 80%", "stop")).word
    'malformed'
    """
    try:
        found = _object(answer)
        _abstention(found, priced=shape == "bid")
        ask = _dollars(found, "ask") if shape == "bid" else math.nan
        return ReadBid(BID, ask, _percent(found, "claim"))
    except _Unread as unread:
        word, note = unread.args
        return ReadBid(word, note=note)


def read_claim(answer: Answer) -> ReadClaim:
    """The claim that an answer is, with the cost in dollars that it expects where it states one."""
    try:
        found = _object(answer)
        _abstention(found, priced=False)
        claim = _percent(found, "claim")
        return ReadClaim(BID, claim, math.nan if found.get("cost") is None else _dollars(found, "cost"))
    except _Unread as unread:
        word, note = unread.args
        return ReadClaim(word, note=note)


def read_verdict(answer: Answer) -> ReadVerdict:
    """What a judge says: {"pass": true or false}, where it likes with a "score" in whole percent and a "reason"."""
    try:
        found = _object(answer)
        if not isinstance(found.get("pass"), bool):
            raise _Unread(MALFORMED, _lacks(found, "pass", "true or false"))
        score = None if found.get("score") is None else _percent(found, "score")
        return ReadVerdict(READ, found["pass"], score, _reason(found))
    except _Unread as unread:
        word, note = unread.args
        return ReadVerdict(word, note=note)


def read_advice(answer: Answer, agents: Iterable[str]) -> ReadAdvice:
    """A planner's own estimates: {"advice": [{"agent": NAME, "percent": P}, ...]}, one for each of `agents`."""
    try:
        given = _object(answer).get("advice")
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise _Unread(MALFORMED, "advice is missing, or is no list of objects")
        wanted, named = sorted(agents), [one.get("agent") for one in given]
        if not all(isinstance(name, str) for name in named) or sorted(named) != wanted:
            raise _Unread(MALFORMED, f"advice must be one entry for each of {', '.join(wanted)}")
        return ReadAdvice(READ, {one["agent"]: _percent(one, "percent") for one in given})
    except _Unread as unread:
        word, note = unread.args
        return ReadAdvice(word, note=note)


def _object(answer: Answer) -> dict[str, Any]:
    """The one JSON object of an answer."""
    if answer.error:
        raise _Unread(LATE, answer.finish)
    if answer.finish == "refused":
        raise _Unread(REFUSED, short(answer.text))
    if answer.finish == "length":
        raise _Unread(CUT_OFF, "reached its cap of tokens")
    text = answer.text.strip()
    fenced = _FENCED.fullmatch(text)
    try:
        found = json.loads(fenced.group(1) if fenced else text, object_pairs_hook=once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _Unread(MALFORMED, f"is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise _Unread(MALFORMED, f"is no JSON object: {short(text)}")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _abstention(found: dict[str, Any], *, priced: bool) -> None:
    """Raise where the object says that there is no bid."""
    abstain = found.get("abstain", False)
    if not isinstance(abstain, bool) and abstain is not None:
        raise _Unread(MALFORMED, _lacks(found, "abstain", "true or false"))
    if abstain or (priced and "ask" in found and found["ask"] is None and _reason(found)):
        raise _Unread(ABSTAINED, _reason(found))


def _reason(found: dict[str, Any]) -> str:
    reason = found.get("reason")
    return reason.strip() if isinstance(reason, str) else ""


def _dollars(found: dict[str, Any], key: str) -> float:
    """A number of dollars >= 0."""
    return _within(found, key, _number(found, key, "a number of dollars"), MOST_PAID)


def _percent(found: dict[str, Any], key: str) -> float:
    """A whole percent, as a probability."""
    value = _number(found, key, "a whole percent")
    if isinstance(value, float) and (not value.is_integer() or value == 1.0):
        raise _Unread(MALFORMED, f"{key} must be a whole percent, 0 to 100; got {value!r}")
    return _within(found, key, value, 100) / 100


def _number(found: dict[str, Any], key: str, wanted: str) -> float:
    value = found.get(key)
    endless = isinstance(value, float) and math.isinf(value)  # 1e999
    if isinstance(value, bool) or not isinstance(value, int | float) or endless:
        raise _Unread(MALFORMED, _lacks(found, key, wanted))
    return value


def _within(found: dict[str, Any], key: str, value: float, most: float) -> float:
    if not 0 <= value <= most:
        raise _Unread(OUT_OF_RANGE, f"{key} must be from 0 to {most:g}; got {short(value)}")
    return float(value) + 0.0  # no negative zero


def _lacks(found: dict[str, Any], key: str, wanted: str) -> str:
    return f"{key} must be {wanted}; got {short(found[key])}" if key in found else f"{key} is missing"
