"""What a chat completion says of the form of its answer, for endpoints that can be held to one."""

from __future__ import annotations

from typing import Any

from sim.live.prompts.shapes import SHAPES


def response_format(shape: str, output: str) -> dict[str, Any] | None:
    """The key of that name in a request; None: nothing is said.

    output: "schema", "object" or "text", as far as the endpoint goes. Raises KeyError where there is no such shape.

    >>> response_format("claim", "object"), response_format("", "schema")
    ({'type': 'json_object'}, None)
    """
    if not shape or output == "text":
        return None
    if output == "object":
        return {"type": "json_object"}
    schema = {"name": shape, "strict": True, "schema": SHAPES[shape].schema}
    return {"type": "json_schema", "json_schema": schema}
