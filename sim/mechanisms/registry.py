"""The registry of mechanisms: a name for every rule, the package's own and a plugin's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sim.kit.errors import ScenarioError, closest
from sim.mechanisms.base import Capabilities, Mechanism, Promises

_RULES: dict[str, type[Mechanism]] = {}

Rule = TypeVar("Rule", bound=type[Mechanism])


def register(name: str) -> Callable[[Rule], Rule]:
    """Class decorator: make a frozen dataclass of a `Mechanism` known as `name`.

    Raises TypeError where the class is no `Mechanism`, no frozen dataclass or lacks `summary` or `promises`, ValueError
    where the name is taken.
    """

    def add(rule: Rule) -> Rule:
        if not issubclass(rule, Mechanism):
            raise TypeError(f"mechanism {name!r} must be a subclass of sim.mechanisms.Mechanism")
        if "__dataclass_params__" not in vars(rule) or not rule.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            raise TypeError(f"mechanism {name!r} must be a dataclass with frozen=True (put @register above @dataclass)")
        if not isinstance(getattr(rule, "summary", None), str):
            raise TypeError(f"mechanism {name!r} must define the class attribute 'summary'")
        if rule.promises is Mechanism.promises:
            raise TypeError(f"mechanism {name!r} must define the class attribute 'promises'")
        for attribute, kind in (("promises", Promises), ("capabilities", Capabilities)):
            if not isinstance(getattr(rule, attribute), (kind, property)):
                raise TypeError(
                    f"mechanism {name!r}: {attribute} must be a {kind.__name__}, or a property that gives one"
                )
        if name in _RULES:
            raise ValueError(f"mechanism {name!r} is registered already")
        rule.name = name
        _RULES[name] = rule
        return rule

    return add


def names() -> list[str]:
    """Names of all registered mechanisms, in order of registration."""
    return list(_RULES)


def lookup(name: str) -> type[Mechanism]:
    """The class registered as `name`; raises `ScenarioError` with the closest spelling."""
    if name not in _RULES:
        allowed = ", ".join(_RULES)
        raise ScenarioError(f"unknown mechanism {name!r}{closest(name, _RULES)}; allowed: {allowed}")
    return _RULES[name]


def unregister(name: str) -> None:
    """Forget a plugin's rule."""
    _RULES.pop(name, None)
