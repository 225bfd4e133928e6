"""The JSON objects that are asked for: the schema for endpoints that take one, and the sentence for all.

The sentence stands in every prompt, whatever the endpoint takes, so that all agents read the same. Claims are asked for
as whole percents: of numbers in [0, 1] small models make 12, or 1.32. In a schema all keys are required and no others
allowed, which is what strict endpoints want.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """schema: JSON schema. sentence: what asks for it. What comes of it is read by sim/live/replies.py."""

    schema: Mapping[str, Any]
    sentence: str


_PERCENT = {"type": "integer", "minimum": 0, "maximum": 100}
_DOLLARS = {"type": "number", "minimum": 0}
_ALONE = "Answer with one JSON object and nothing else"


def _object(**keys: Any) -> dict[str, Any]:
    return {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}


SHAPES: Mapping[str, Shape] = {
    "bid": Shape(
        _object(claim=_PERCENT, ask=_DOLLARS, abstain={"type": "boolean"}),
        f'{_ALONE}: {{"claim": P, "ask": A, "abstain": false}}. P is the chance that your work would pass, in percent: '
        "a whole number from 0 to 100. A is your ask in dollars: a number, 0 or more. "
        'If you do not want the task, write "abstain": true; P and A are then ignored.',
    ),
    "claim": Shape(
        _object(claim=_PERCENT, cost={"type": ["number", "null"], "minimum": 0}),
        f'{_ALONE}: {{"claim": P, "cost": C}}. P is the chance that your work would pass, in percent: a whole number '
        "from 0 to 100. C is what you expect the attempt to cost in dollars, or null if you do not know.",
    ),
    "verdict": Shape(
        _object(reason={"type": "string"}, **{"pass": {"type": "boolean"}}),
        f'{_ALONE}: {{"reason": "...", "pass": true}}, where "reason" is one short sentence, and "pass" is true if the '
        "work does the task and false if it does not.",
    ),
    "advice": Shape(
        _object(advice={"type": "array", "items": _object(agent={"type": "string"}, percent=_PERCENT)}),
        f'{_ALONE}: {{"advice": [{{"agent": "NAME", "percent": P}}, ...]}}, with one entry for each agent. P is the '
        "chance that its work would pass, in percent: a whole number from 0 to 100.",
    ),
}
