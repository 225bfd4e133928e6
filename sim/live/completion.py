"""Reads what a chat completion endpoint sends: answers, how much was used, and what it says of errors. Pure functions.

Source: the OpenAI chat completions format, as compatible servers speak it.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

_LENGTH = ("length", "max_tokens", "model_length")
_REFUSED = ("content_filter", "refusal", "safety")


class Completion(NamedTuple):
    """finish: "stop", "length" or "refused". Tokens are None where the server does not count them."""

    text: str
    finish: str
    input_tokens: int | None
    output_tokens: int | None


def read_completion(content: bytes) -> Completion:
    """The first choice of a response; raises ValueError where it holds none.

    Whatever else a server says ended an answer is "stop": the answer is whole as far as the server goes.
    """
    try:
        whole = json.loads(content)
        choice = whole["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        text, refusal = _text(message.get("content")), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"is no chat completion: {type(error).__name__}") from None
    if finish == "error":
        raise ValueError("says that the model failed")
    tokens = _usage(whole.get("usage"))
    if refusal or finish in _REFUSED:
        return Completion(_valid(text or str(refusal or "")), "refused", *tokens)
    return Completion(_valid(text), "length" if finish in _LENGTH else "stop", *tokens)


def said(content: bytes) -> str:
    """What an error response says, on one line."""
    text = content.decode("utf-8", "replace")
    try:
        found = json.loads(text)
        for name in ("error", "message", "detail"):
            found = found.get(name, found) if isinstance(found, Mapping) else found
        text = found if isinstance(found, str) else json.dumps(found)
    except (ValueError, RecursionError):
        pass
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a response asks to wait, None where it does not say.

    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "250"}), retry_after({"retry-after": "soon"})
    (2.0, 0.25, None)
    """
    if (wait := _seconds(headers.get("retry-after-ms"))) is not None:
        return wait / 1000
    if (wait := _seconds(headers.get("retry-after"))) is not None:
        return wait
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        now = datetime.datetime.now(until.tzinfo)
    except (ValueError, TypeError):
        return None
    return max((until - now).total_seconds(), 0.0)


def _seconds(raw: str | None) -> float | None:
    try:
        value = float(raw or "")
    except ValueError:
        return None
    return max(value, 0.0) if math.isfinite(value) else None


def _text(content: Any) -> str:
    """A message's content: text, parts of text, or nothing."""
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    if not isinstance(content, str):
        raise TypeError
    return content


def _valid(text: str) -> str:
    """The text without halves of letters, which no file can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _usage(usage: Any) -> tuple[int | None, int | None]:
    """Tokens read and written. Some servers count reasoning apart, and only in the total."""
    if not isinstance(usage, Mapping):
        return None, None
    given, made, total = (_count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if given is None or made is None:
        return None, None
    details = usage.get("completion_tokens_details")
    reasoning = _count(details.get("reasoning_tokens")) if isinstance(details, Mapping) else None
    return given, max(made, (total or 0) - given, reasoning or 0)


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
