"""Turns a pydantic error into the one line a user reads: file, key, rule, value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.errors import ScenarioError, closest


def invalid(where: str, prefix: str, error: ValidationError, model: type[BaseModel] | None) -> ScenarioError:
    """`where`: the file. prefix: dotted key of the validated table. model: used to list the keys allowed."""
    return ScenarioError(f"{where}: {fault_line(prefix, error, model)}")


def fault_line(prefix: str, error: ValidationError, model: type[BaseModel] | None) -> str:
    """Key, rule and value of the fault to mend first, and how many more there are."""
    faults = error.errors(include_url=False)
    # An unknown key is most often the cause of whatever else is wrong, so it is told first.
    first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    others = {tuple(part for part in fault["loc"] if not _is_branch(part)) for fault in faults}
    more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
    return _line(prefix, first, model) + more


def _line(prefix: str, fault: Any, model: type[BaseModel] | None) -> str:
    place = [part for part in fault["loc"] if not _is_branch(part)]
    key = ".".join(filter(None, (prefix, *(str(part) for part in place))))
    if fault["type"] == "extra_forbidden":
        allowed = list(_keys(model, place[:-1]))
        return f"{key}: unknown key{closest(str(place[-1]), allowed)}; allowed: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"{key}: is missing"
    text = fault["msg"].removeprefix("Value error, ")
    got = "" if "got " in text or isinstance(fault["input"], dict) else f"; got {fault['input']!r}"
    return f"{key}: {text[:1].lower()}{text[1:]}{got}"


def _is_branch(part: object) -> bool:
    """Pydantic adds the names of union members and validators to a location; they are no keys of the user's."""
    text = str(part)
    return "[" in text or text in ("str", "int", "float", "constrained-float", "constrained-int", "is-instance")


def _keys(model: type[BaseModel] | None, place: Iterable[object]) -> Iterable[str]:
    for part in place:
        if model is None or isinstance(part, int):
            continue
        field = model.model_fields.get(str(part))
        model = _model_in(field.annotation) if field else None
    return model.model_fields if model else ()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    nested = [inner for outer in candidates for inner in getattr(outer, "__args__", ())]
    for candidate in (*candidates, *nested):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
