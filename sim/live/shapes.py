"""The JSON that questions of a shape want, as JSON Schema, for endpoints that can be held to one.

Claims are whole percents: models that are asked for a number in [0, 1] often give one outside.
"""

from __future__ import annotations

from typing import Any

_PERCENT = {"type": "integer", "minimum": 0, "maximum": 100}


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


SHAPES: dict[str, dict[str, Any]] = {
    "bid": _object(abstain={"type": "boolean"}, ask={"type": "number", "minimum": 0}, claim=_PERCENT),
    "claim": _object(claim=_PERCENT),
    "advice": _object(advice={"type": "object", "additionalProperties": _PERCENT}),
    "verdict": _object(**{"pass": {"type": "boolean"}}),
}
_OPEN = ("advice",)  # names of agents are its keys, which "strict" does not know


def response_format(shape: str, output: str) -> dict[str, Any] | None:
    """What a chat completion says of the form of its answer; None: nothing.

    output: "schema", "object" or "text", as far as the endpoint goes. Raises KeyError where there is no such shape.

    >>> response_format("claim", "object"), response_format("", "schema")
    ({'type': 'json_object'}, None)
    """
    if not shape or output == "text":
        return None
    if output == "object":
        return {"type": "json_object"}
    schema = {"name": shape, "strict": shape not in _OPEN, "schema": SHAPES[shape]}
    return {"type": "json_schema", "json_schema": schema}
