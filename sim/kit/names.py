"""Names that a user gives to agents, tasks, arms and principals: what one may hold, and which two look alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST = 200  # letters of a name
EVERYBODY = "*"  # stands for all agents wherever agents are named
SHILL = "shill"  # the agent that is nobody's (sim/world/second_names.py)
NAME = f"one line of text, not empty, of at most {LONGEST} letters, without control or invisible characters"
_BANNED = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, invisible, half a letter, other ends of lines


def is_name(text: str) -> bool:
    """Whether `text` may be a name.

    >>> is_name("gpt-5.2"), is_name("gpt\\u200b-5.2"), is_name(" ")
    (True, False, False)
    """
    if not text.strip() or len(text) > LONGEST:
        return False
    return (text.isascii() and text.isprintable()) or not any(unicodedata.category(c) in _BANNED for c in text)


def printable(text: str) -> bool:
    """Whether a text, of several lines perhaps, holds no other control characters than ends of lines and tabs."""
    return all(c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cs") for c in text)


def second_name(name: str, number: int) -> str:
    """What an agent calls itself under its second, third, ... name.

    >>> second_name("gpt-5-mini", 2)
    'gpt-5-mini (2)'
    """
    return f"{name} ({number})"


def look_alike(names: Iterable[str]) -> tuple[str, str] | None:
    """Two different names that look the same: an accent written in two ways, or another kind of space.

    >>> look_alike(["caf\\u00e9", "cafe", "cafe\\u0301"]) is not None
    True
    """
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(_as_seen(name), name)
        if first != name:
            return first, name
    return None


def alike(one: str, other: str) -> str:
    """What an error says of two names that look alike."""
    return f"{one!a} and {other!a} look alike; write one name in one way"


def _as_seen(name: str) -> str:
    """The name as it is seen: composed, with plain spaces, one at a time."""
    return name if name.isascii() and "  " not in name else " ".join(unicodedata.normalize("NFC", name).split())
