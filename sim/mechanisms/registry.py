"""The registry of mechanisms: a name for every rule, the package's own and a plugin's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sim.kit.kinds import Registry, is_frozen
from sim.mechanisms.base import Capabilities, Mechanism, Promises

Rule = TypeVar("Rule", bound=type[Mechanism])


def _check(name: str, rule: Any) -> None:
    at = f"mechanism {name!r}"
    if not isinstance(rule, type) or not issubclass(rule, Mechanism):
        raise TypeError(f"{at} must be a subclass of sim.mechanisms.Mechanism")
    if not is_frozen(rule):
        raise TypeError(f"{at} must be a dataclass with frozen=True (put @register above @dataclass)")
    if not isinstance(getattr(rule, "summary", None), str):
        raise TypeError(f"{at} must define the class attribute 'summary'")
    if rule.promises is Mechanism.promises:
        raise TypeError(f"{at} must define the class attribute 'promises'")
    for attribute, kind in (("promises", Promises), ("capabilities", Capabilities)):
        if not isinstance(getattr(rule, attribute), (kind, property)):
            raise TypeError(f"{at}: {attribute} must be a {kind.__name__}, or a property that gives one")


MECHANISMS: Registry[str, type[Mechanism]] = Registry(
    "mechanism", "decorate a class with @register('name')", check=_check
)


def register(name: str) -> Callable[[Rule], Rule]:
    """Class decorator: make a frozen dataclass of a `Mechanism` known as `name`.

    Raises TypeError where the class is no `Mechanism`, no frozen dataclass or lacks `summary` or `promises`, ValueError
    where the name is taken or no word.
    """

    def add(rule: Rule) -> Rule:
        MECHANISMS.add(name, rule)
        rule.name = name
        return rule

    return add


def names() -> list[str]:
    """Names of all registered mechanisms, in order of registration."""
    return list(MECHANISMS)


def lookup(name: str) -> type[Mechanism]:
    """The class registered as `name`; raises `ScenarioError` with the closest spelling."""
    return MECHANISMS.lookup(name)


def unregister(name: str) -> None:
    """Forget a plugin's rule."""
    MECHANISMS.unregister(name)
