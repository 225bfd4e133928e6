"""Versions of what decides a result, and what made which part of a folder."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

_PACKAGES = ("bidlab", "simpy", "numpy", "scipy", "pandas", "pyarrow", "matplotlib", "pydantic")


@cache
def _installed() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide what a run gives."""
    return dict(_installed())


def made_by(parts: Iterable[tuple[Any, Mapping[str, str]]]) -> list[dict[str, Any]]:
    """Parts by the versions that made them, in the order in which these come first.

    >>> made_by([(0, {"numpy": "2.0"}), (1, {"numpy": "2.1"}), (2, {"numpy": "2.0"})])
    [{'versions': {'numpy': '2.0'}, 'parts': [0, 2]}, {'versions': {'numpy': '2.1'}, 'parts': [1]}]
    """
    found: list[dict[str, Any]] = []
    for part, by in parts:
        for entry in found:
            if entry["versions"] == dict(by):
                entry["parts"].append(part)
                break
        else:
            found.append({"versions": dict(by), "parts": [part]})
    return found


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, str]:
    """What each of two sets of versions has where they differ.

    >>> differing({"python": "3.12", "numpy": "2.0"}, {"python": "3.12", "numpy": "2.1"})
    ('numpy 2.0', 'numpy 2.1')
    """
    names = [name for name in dict.fromkeys([*one, *other]) if one.get(name) != other.get(name)]
    first, second = (", ".join(f"{name} {by.get(name, 'unknown')}" for name in names) for by in (one, other))
    return first, second


def mixture(info: Mapping[str, Any], what: str) -> str:
    """A line that says which parts of a folder other versions made, as run.json has it; "" where one set made all.

    what: the parts in one word, "arms" or "jobs".
    """
    groups = info.get("mixed", [])
    if not groups:
        return ""
    names = [n for n in groups[0]["versions"] if len({group["versions"].get(n) for group in groups}) > 1]
    lines = []
    for group in groups:
        by = ", ".join(f"{name} {group['versions'].get(name)}" for name in names)
        lines.append(f"{what} {', '.join(map(str, group['parts']))} by {by}")
    return f"mixed: made under several versions: {'; '.join(lines)}\n"
