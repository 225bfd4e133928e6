"""How a field is written: a dotted path with quotes around what holds dots, or a text with several fields in braces."""

from __future__ import annotations

import re

from sim.kit.invalid import written

_PART = r"""\s*("[^"]+"|'[^']+'|[^."'\s](?:[^."']*[^."'\s])?)\s*"""
_PARTS, _PATH = re.compile(_PART), re.compile(rf"{_PART}(?:\.{_PART})*")
_HOLES = re.compile(r"\{([^{}]+)\}")


def is_path(text: str) -> bool:
    """It is a dotted path: no part is empty, and quotes stand around whole parts.

    >>> is_path("a.b"), is_path("a..b"), is_path("Prob."), is_path("it's")
    (True, False, False, False)
    """
    return _PATH.fullmatch(text) is not None


def parts_of(path: str) -> list[str]:
    """The parts of a dotted path; raises ValueError where it is none.

    >>> parts_of('usage."gpt-5.2".cost')
    ['usage', 'gpt-5.2', 'cost']
    """
    if not is_path(path):
        raise ValueError(f"{written(path)} is no dotted path, e.g. doc.level; quotes keep dots together")
    return [part[1:-1] if part[0] in "\"'" else part for part in _PARTS.findall(path)]


def quoted(name: str) -> str:
    """A name as one part of a dotted path.

    >>> quoted("f1"), quoted("pass.at.1")
    ('f1', '"pass.at.1"')
    """
    if is_path(name) and parts_of(name) == [name]:
        return name
    return f"'{name}'" if '"' in name else f'"{name}"'


def fields_of(text: str) -> list[str]:
    """The fields that a text names: itself, or those in its braces.

    >>> fields_of("{suite}:{id}"), fields_of("a.b")
    (['suite', 'id'], ['a.b'])
    """
    return _HOLES.findall(text) or [text]


def joins(text: str) -> bool:
    """It joins fields in braces."""
    return _HOLES.search(text) is not None


def between(text: str) -> list[str]:
    """What stands before, between and behind the fields that a text joins.

    >>> between("{suite}:{id}")
    ['', ':', '']
    """
    return _HOLES.split(text)[::2]


def brace_fault(text: str) -> str:
    """What is wrong with the braces of a text that joins fields; "" where nothing is.

    >>> brace_fault("{suite}:{id"), brace_fault("{suite}:{id}"), brace_fault("{odd")
    ('must have each field in its own braces, as {suite}:{id}; got "{suite}:{id"', '', '')
    """
    if not joins(text) or not re.search(r"[{}]", "".join(between(text))):
        return ""
    return f"must have each field in its own braces, as {{suite}}:{{id}}; got {written(text)}"
