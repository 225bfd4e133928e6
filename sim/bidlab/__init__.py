"""bidlab, under its own name: every name and every module is that of `sim`.

    import bidlab as bl
    from bidlab.mechanisms import Mechanism     # the class of sim.mechanisms, and one registry

The documentation of the names is in `sim`.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

TYPE_CHECKING = False  # of typing, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_OWN: dict[str, ModuleSpec | None] = {}  # by the name under bidlab, while a module is being found


class _SameModule:
    """Finds `bidlab.x` by importing `sim.x`, so that both names mean one module."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """A spec for every module below `bidlab` but the command; None for all others."""
        below = fullname.startswith(f"{__name__}.") and fullname != f"{__name__}.__main__"
        loader: Any = self
        return ModuleSpec(fullname, loader) if below else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module of `sim`. Its own spec is kept aside, since importlib is about to replace it."""
        _sim()
        module = importlib.import_module(f"sim{spec.name.removeprefix(__name__)}")
        _OWN[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It ran already; it gets its own spec back."""
        alias = module.__spec__
        if alias is not None:
            module.__spec__ = _OWN.pop(alias.name)


def _sim() -> ModuleType:
    """Our package `sim`; raises ImportError where a module of the user's own stands in its place."""
    found = importlib.import_module("sim")
    if not hasattr(found, "_HOME"):
        where = found.__file__ or ", ".join(found.__path__)
        raise ImportError(
            f"{where} stands in the place of bidlab's own package `sim`; rename it, or start Python in another folder"
        )
    return found


def __getattr__(name: str) -> Any:
    """The name of the front door, as `sim` has it."""
    if name.startswith("_") and name not in ("__version__", "__all__"):
        raise AttributeError(f"module 'bidlab' has no attribute {name!r}")
    return getattr(_sim(), name)


def __dir__() -> list[str]:
    """The names of the front door."""
    return dir(_sim())


sys.meta_path.insert(0, _SameModule())
