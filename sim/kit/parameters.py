"""Builds a registered dataclass (a mechanism, a reputation) from what a scenario writes, checking every parameter.

A scenario names a rule by a string, or by a table of one key: `{ name = { parameter = value } }`. Parameters are
checked against the dataclass' own annotations, strictly: no coercion, no unknown name, no infinity unless the
annotation allows it (pydantic's AllowInfNan).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Container, Mapping
from typing import Annotated, Any, TypeGuard, TypeVar, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from sim.kit.errors import ONES_OWN, closest
from sim.kit.invalid import below, fault_lines, written
from sim.kit.kinds import KINDS

Built = TypeVar("Built")


def split(raw: Any) -> tuple[str, dict[str, Any]]:
    """Name and parameters of a rule as written; raises ValueError where `raw` has neither form.

    >>> split({"always": {"agent": "a"}})
    ('always', {'agent': 'a'})
    """
    if isinstance(raw, str):
        return raw, {}
    if isinstance(raw, dict) and len(raw) == 1:
        name, parameters = next(iter(raw.items()))
        if isinstance(parameters, dict):
            return name, parameters
    raise ValueError(f'must be "name" or {{name = {{parameter = value}}}}; got {written(raw)}')


def build(cls: type[Built], parameters: dict[str, Any]) -> Built:
    """`cls(**parameters)` after a strict check; raises ValueError naming parameter, rule and value."""
    model = _model(cls)
    try:
        checked = model.model_validate(parameters)
    except ValidationError as error:
        raise ValueError("\n".join(fault_lines("", error, model))) from None
    return cls(**{name: getattr(checked, name) for name in parameters})


def read_back(cls: type[Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters as a run wrote them to JSON, which has no infinity: "inf" is one where `cls` takes a number."""
    hints = get_type_hints(cls)

    def number(name: str) -> bool:
        return hints.get(name) is float or float in getattr(hints.get(name), "__args__", ())

    return {name: math.inf if value == "inf" and number(name) else value for name, value in parameters.items()}


def names_one(raw: Any, among: Container[str]) -> TypeGuard[str | dict[str, Any]]:
    """Whether `raw` is written as one of these parts is.

    >>> names_one({"always": {"agent": "a"}}, ["always"]), names_one("never", ["always"]), names_one(0.5, ["always"])
    (True, False, False)
    """
    try:
        return split(raw)[0] in among
    except ValueError:
        return False


def choose(raw: Any, among: Mapping[str, type[Any]]) -> Any:
    """The instance `raw` asks for among the classes named; raises ValueError."""
    name, parameters = split(raw)
    if name not in among:
        own = ONES_OWN if any(among is kind for kind in KINDS.values()) else ""
        raise ValueError(f"unknown name {name!r}{closest(name, among)}; allowed: {', '.join(among)}{own}")
    try:
        return build(among[name], parameters)
    except ValueError as error:
        raise ValueError(below(f"{name}.", error)) from None


def check_annotations(cls: type[Any]) -> None:
    """Raise ValueError where `build` could not check the parameters of `cls`."""
    try:
        _model(cls)
    except Exception as error:
        reason = str(error).split(". ")[0]
        raise ValueError(f"parameters must be annotated int, float, str, bool or Literal: {reason}") from None


_models: dict[type[Any], type[BaseModel]] = {}


def _model(cls: type[Any]) -> type[BaseModel]:
    if cls not in _models:
        _models[cls] = _make_model(cls)
    return _models[cls]


def _from_list(hint: Any) -> Any:
    """A tuple may be written as a list, which is what files have."""
    plain = hint.__origin__ if hasattr(hint, "__metadata__") else hint
    if get_origin(plain) is not tuple:
        return hint
    return Annotated[hint, BeforeValidator(lambda raw: tuple(raw) if isinstance(raw, list) else raw)]


def _make_model(cls: type[Any]) -> type[BaseModel]:
    hints = get_type_hints(cls, include_extras=True)
    definitions: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        definitions[field.name] = (_from_list(hints[field.name]), ... if required else None)
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())
    return create_model(cls.__name__, __config__=config, **definitions)
