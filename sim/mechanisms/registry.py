"""The registry of mechanisms: a name for every rule, the package's own and a plugin's."""

from __future__ import annotations

from typing import Any

from sim.kit.kinds import Registry, check_subclass
from sim.mechanisms.base import Capabilities, Mechanism, Promises


def _check(name: str, rule: Any) -> None:
    at = f"mechanism {name!r}"
    check_subclass(at, rule, Mechanism, "sim.mechanisms.Mechanism")
    if rule.promises is Mechanism.promises:
        raise TypeError(f"{at} must define the class attribute 'promises'")
    for attribute, kind in (("promises", Promises), ("capabilities", Capabilities)):
        if not isinstance(getattr(rule, attribute), (kind, property)):
            raise TypeError(f"{at}: {attribute} must be a {kind.__name__}, or a property that gives one")


MECHANISMS: Registry[str, type[Mechanism]] = Registry(
    "mechanism", "decorate a class with @register('name')", check=_check, named=True
)
register = MECHANISMS.register


def names() -> list[str]:
    """Names of all registered mechanisms, in order of registration."""
    return list(MECHANISMS)


def lookup(name: str) -> type[Mechanism]:
    """The class registered as `name`; raises `ScenarioError` with the closest spelling."""
    return MECHANISMS.lookup(name)


def unregister(name: str) -> None:
    """Forget a plugin's rule."""
    MECHANISMS.unregister(name)
