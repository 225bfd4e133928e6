"""Parts of a user's own, known by a name from then on: in scenarios, in `bidlab.run`, in lists.

A registration lasts as long as the process. Workers of a sweep with several jobs do not have it: give them the file
with `plugins`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import sim.world.importers  # noqa: F401 -- it registers the formats, whose names are taken
from sim.agents.bidding import POLICIES
from sim.importing.importer_registry import importer_class, importers, register_importer
from sim.mechanisms.registry import register as register_mechanism

Kind = TypeVar("Kind", bound=type)

__all__ = ["importer_class", "importers", "register_importer", "register_mechanism", "register_policy"]


def register_policy(name: str) -> Callable[[Kind], Kind]:
    """Class decorator: make a frozen dataclass with a method `bid(ask, belief, notice)` known as a bidding policy.

    Raises TypeError where the class is none, ValueError where the name is taken or is no word.
    """

    def add(policy: Kind) -> Kind:
        parameters = vars(policy).get("__dataclass_params__")
        if parameters is None or not parameters.frozen:
            raise TypeError(f"policy {name!r} must be a dataclass with frozen=True, and the decorator stand above it")
        if not callable(getattr(policy, "bid", None)):
            raise TypeError(f"policy {name!r} must define bid(self, ask, belief, notice)")
        if not name.isidentifier() or name in POLICIES:
            raise ValueError(f"policy {name!r} is {'registered already' if name in POLICIES else 'no word'}")
        POLICIES[name] = policy
        return policy

    return add
