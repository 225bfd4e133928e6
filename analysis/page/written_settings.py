"""Every setting of every arm as run.json keeps it: its key, its value, its default, and what the key means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from analysis.page.page_tables import grid
from sim.kit.amounts_in_words import sentence
from sim.kit.invalid import written
from sim.kit.section import SAID, Section, noted
from sim.specs.settings import Settings

TOPICS = {
    "world": "The world",
    "tender": "What is offered",
    "market": "How auctions run",
    "bidders": "How agents bid",
    "standing": "What the allocator knows",
}
_LONG = 300  # letters of a value


def flat(arm: Mapping[str, Any]) -> dict[str, Any]:
    """section.key -> value as written, of one arm."""
    return {f"{section}.{key}": value for section in TOPICS for key, value in arm[section].items()}


@cache
def described(key: str) -> tuple[str, Any]:
    """What a key means, and its default as one would write it; None where it must be stated."""
    kind, name = _place(key)
    field = kind.model_fields.get(name)
    if field is None:
        return "", None
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        default = default.model_dump()
    return field.description or "", "inf" if default == float("inf") else default


def said(key: str, value: Any) -> str | None:
    """What the key's Field, or the section there, says of this value; None where it has no words of its own."""
    kind, name = _place(key)
    if name not in kind.model_fields:
        return None
    found, words = noted(kind, SAID).get(name), _in_words(kind.model_fields[name].annotation, value)
    if isinstance(found, dict):
        found = found.get(value if isinstance(value, str) else "*", found.get("*"))
    return words or None if found is None else sentence(found, words or value)


def _in_words(kind: Any, value: Any) -> str:
    """What a section, or several by their names, says of a value as it is written; "" where it says nothing itself."""
    if not isinstance(value, dict):
        return ""
    if isinstance(kind, type) and issubclass(kind, Section):
        return "" if kind.in_words is Section.in_words else kind.model_validate(value).in_words()
    if get_origin(kind) is dict:
        found = {name: _in_words(get_args(kind)[1], one) for name, one in value.items()}
        return "; ".join(f"{name} ({words})" for name, words in found.items() if words)
    return next(filter(None, (_in_words(one, value) for one in get_args(kind))), "")


def settings_table(arms: Sequence[Mapping[str, Any]]) -> str:
    """A row for each key; where arms differ, a line for each value with the arms that have it."""
    rows = []
    for key in flat(arms[0]):
        meaning, default = described(key)
        shown = "must be stated" if default is None and _required(key) else _written(default)
        rows.append([key, _values(arms, key), shown, meaning])
    return grid("every setting", ["key", "value", "default", "meaning"], rows, left=4)


def rules_table(arms: Sequence[Mapping[str, Any]]) -> str:
    """The mechanism of each arm with its parameters."""
    rows = [
        [arm["name"], arm["mechanism"], ", ".join(f"{key} = {_written(v)}" for key, v in arm["parameters"].items())]
        for arm in arms
    ]
    return grid("the rule of each arm", ["arm", "mechanism", "parameters"], rows, left=3)


def _values(arms: Sequence[Mapping[str, Any]], key: str) -> str:
    of: dict[str, list[str]] = {}
    for arm in arms:
        of.setdefault(_written(flat(arm).get(key)), []).append(arm["name"])
    if len(of) == 1:
        return next(iter(of))
    return "; ".join(f"{value} in {', '.join(names)}" for value, names in of.items())


def _written(value: Any) -> str:
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else written(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def _required(key: str) -> bool:
    kind, name = _place(key)
    return bool(kind.model_fields[name].is_required())


def _place(key: str) -> tuple[type[BaseModel], str]:
    """The section of a key, and its name there."""
    section, _, name = key.partition(".")
    kind: Any = Settings.model_fields[section].annotation
    return kind, name
