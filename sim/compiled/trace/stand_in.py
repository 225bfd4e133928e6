"""What a rule's module sees as NumPy while the rule is traced.

Functions that make arrays make arrays of symbols of the shape of one clearing. NumPy itself stays as it is: libraries,
and code that is compiled, go on to get arrays; and so does every other thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sim.compiled.trace.graph import UntraceableError
from sim.compiled.trace.stacked import Stacked
from sim.compiled.trace.traced import Traced, filled

_OURS = Path(__file__).parents[1]
_LIBRARIES = Path(np.__file__).parents[1], Path(threading.__file__).parent
_NAMES = ("np", "numpy")


class StandIn:
    """NumPy, but for some functions, for the thread that traces."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._functions, self._thread = functions, threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        if threading.get_ident() == self._thread:
            if name in self._functions:
                return self._functions[name]
            if name == "random":
                raise UntraceableError("np.random: a rule has no draws but the lottery it is handed")
        return getattr(np, name)


@contextmanager
def numpy_in_symbols(own: str) -> Iterator[None]:
    """Have modules of rules see NumPy as it is traced. own: the rule's module, which may be an installed one."""
    made: dict[str, Callable[..., Any]] = {"zeros": _maker("zeros", 0), "ones": _maker("ones", 1)}
    made |= {"empty": _maker("empty", 0), "full": _full}
    made |= {name: _kept(name) for name in ("asarray", "ascontiguousarray", "array")}
    stand_in = StandIn(made)
    modules = {*_seen(own.partition(".")[0], len(sys.modules)), sys.modules["__main__"], sys.modules.get(own, np)}
    seen = [(module, name) for module in modules for name in _NAMES if vars(module).get(name) is np]
    try:
        for module, name in seen:
            setattr(module, name, stand_in)
        yield
    finally:
        for module, name in seen:
            setattr(module, name, np)


@lru_cache(maxsize=8)
def _seen(package: str, loaded: int) -> tuple[ModuleType, ...]:
    """Modules with NumPy in them that may hold a rule, or what it calls. loaded: how many modules there are now."""
    found = []
    for module in list(sys.modules.values()):
        held = getattr(module, "__dict__", {})
        named = any(held.get(name) is np for name in _NAMES)
        if named and _may_hold(held.get("__name__", ""), held.get("__file__"), package):
            found.append(module)
    return tuple(found)


def _may_hold(name: str, file: str | None, package: str) -> bool:
    if file is None or name.partition(".")[0] == package:
        return file is None or not Path(file).is_relative_to(_OURS)
    return not any(Path(file).is_relative_to(place) for place in (*_LIBRARIES, _OURS))


def _kept(name: str) -> Callable[..., Any]:
    def make(value: Any, dtype: Any = None, *given: Any, **how: Any) -> Any:
        if not isinstance(value, Traced | Stacked):
            return getattr(np, name)(value, dtype, *given, **how)
        same = value.copy() if name == "array" else value
        return same if dtype is None else same.astype(dtype)

    return make


def _maker(name: str, fill: int) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = float, **how: Any) -> Any:
        made = filled(shape, fill, dtype)
        return getattr(np, name)(shape, dtype, **how) if made is None else made

    return make


def _full(shape: Any, fill: Any, dtype: Any = None, **how: Any) -> Any:
    if isinstance(fill, Traced):
        return np.broadcast_to(fill, shape)
    made = filled(shape, fill, np.asarray(fill).dtype if dtype is None else dtype)
    return np.full(shape, fill, dtype, **how) if made is None else made
