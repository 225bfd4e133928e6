"""Turns a pydantic error into the one line a user reads: file, key, rule, value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.kit.errors import ScenarioError, capped, closest


def invalid(where: str, prefix: str, error: ValidationError, model: type[BaseModel] | None) -> ScenarioError:
    """`where`: the file. prefix: dotted key of the validated table. model: used to list the keys allowed."""
    return ScenarioError(*capped(f"{where}: {line}" for line in fault_lines(prefix, error, model)))


def fault_lines(prefix: str, error: ValidationError, model: type[BaseModel] | None) -> list[str]:
    """Key, rule and value of each fault, the one to mend first ahead."""
    return [line for fault in faults_of(error) for line in lines_of(prefix, fault, model)]


def below(key: str, error: Exception) -> str:
    """The faults that `error` tells, one a line, of what stands at `key`; key ends in "." or ": "."""
    return "\n".join(f"{key}{line}" for line in str(error).split("\n"))


def written(value: Any) -> str:
    """`value` as a scenario would write it, shortened where it is long.

    >>> written({"uniform": [1, 0], "on": True})
    '{uniform = [1, 0], on = true}'
    """
    text = _toml(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def number(value: float) -> str:
    """A limit as a person writes it.

    >>> number(1e12), number(0.5), number(10**9)
    ('1e12', '0.5', '1e9')
    """
    return f"{value:g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    if isinstance(value, str):
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in json.dumps(value, ensure_ascii=False))
    if isinstance(value, int) and abs(value) >= 10**80:
        return "an integer of more than 80 digits"
    return str(value)


def faults_of(error: ValidationError) -> list[Any]:
    """Its faults; unknown keys first, for they are most often the cause of whatever else is wrong.

    Of a value that may be of several types, the branch that got furthest is the one that was meant.
    """
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for fault in error.errors(include_url=False):
        groups.setdefault(_before_branch(fault["loc"]), []).append(fault)
    kept = [fault for place, faults in groups.items() for fault in _meant(place, faults)]
    return sorted(kept, key=lambda fault: fault["type"] != "extra_forbidden")


def _before_branch(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """The keys that lead to the value that may be of several types; all where there is none."""
    branch = next((place for place, part in enumerate(loc) if _is_branch(part)), len(loc))
    return loc[:branch]


def _meant(place: tuple[Any, ...], faults: list[Any]) -> list[Any]:
    """Of the faults below one value, those of the branch that got furthest."""
    best = max(faults, key=lambda f: (sum(not _is_branch(part) for part in f["loc"]), f["type"] == "value_error"))
    if len(best["loc"]) == len(place):
        return faults
    same = [fault for fault in faults if fault["loc"][: len(place) + 1] == best["loc"][: len(place) + 1]]
    return list({tuple(part for part in fault["loc"] if not _is_branch(part)): fault for fault in same}.values())


def lines_of(prefix: str, fault: Any, model: type[BaseModel] | None) -> list[str]:
    """The fault in one line; a check of ours may have found several, one a line of its message."""
    if fault["type"] != "value_error":
        return [_line(prefix, fault, model)]
    return [_line(prefix, {**fault, "msg": text}, model) for text in fault["msg"].split("\n")]


def _line(prefix: str, fault: Any, model: type[BaseModel] | None) -> str:
    place = [part for part in fault["loc"] if not _is_branch(part)]
    key = _key(prefix, place)
    if fault["type"] == "extra_forbidden":
        allowed = list(_keys(model, place[:-1]))
        return f"{key}: unknown key{closest(str(place[-1]), allowed)}; allowed: {', '.join(allowed) or 'none'}"
    if fault["type"] == "missing":
        return f"{key}: is missing"
    if place == ["arm"] and fault["type"] == "list_type":
        return "arm: must be written [[arm]], in double brackets, once for each arm"
    each = "each " if place and isinstance(place[-1], int) and not _numbered(place[:-1]) else ""
    # A check of ours says itself what it got.
    got = "" if fault["type"] == "value_error" else f"; got {written(fault['input'])}"
    return ": ".join(filter(None, (key, f"{each}{_rule(fault)}{got}")))


def _key(prefix: str, place: list[Any]) -> str:
    """The dotted key, with arms and figures named by number and no number for an element of another list."""
    if len(place) > 1 and _numbered(place[:1]):
        return f"{place[0]} number {place[1] + 1}: {_key('', place[2:])}".removesuffix(": ")
    return ".".join(filter(None, (prefix, *(part for part in place if isinstance(part, str)))))


def _numbered(place: list[Any]) -> bool:
    """It holds tables that are written in double brackets, once for each."""
    return place in (["arm"], ["figure"])


# What a value must be, by pydantic's type of fault; the rest of its wording is for programmers.
_RULES = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "list_type": "must be a list, [...]",
    "too_short": "must not be empty",
    "dict_type": "must be a table, {{key = value}}",
    "model_type": "must be a table, {{key = value}}",
    "greater_than": "must be > {gt}",
    "greater_than_equal": "must be >= {ge}",
    "less_than": "must be < {lt}",
    "less_than_equal": "must be <= {le}",
    "literal_error": "must be {expected}",
}


def _rule(fault: Any) -> str:
    if fault["type"] in _RULES:
        limits = {key: number(x) if isinstance(x, int | float) else x for key, x in fault.get("ctx", {}).items()}
        return _RULES[fault["type"]].format(**limits).replace("'", '"')
    text = str(fault["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{text[:1].lower()}{text[1:]}"


def _is_branch(part: object) -> bool:
    """Pydantic adds the names of union members and validators to a location; they are no keys of the user's."""
    text = str(part)
    return "[" in text or text in ("str", "int", "float", "constrained-float", "constrained-int", "is-instance")


def _keys(model: type[BaseModel] | None, place: Iterable[object]) -> Iterable[str]:
    for part in place:
        if model is None or isinstance(part, int):
            continue
        field = model.model_fields.get(str(part))
        if field is not None:  # else it is a key of the user's own, as an agent's name
            model = _model_in(field.annotation)
    return [field.alias or name for name, field in model.model_fields.items()] if model else ()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model in a type, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = map(_model_in, getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)
