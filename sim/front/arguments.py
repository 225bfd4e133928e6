"""What the functions of the front door take: every argument of a wrong type or size is said at once, a line each."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

from sim.kit.errors import RunError
from sim.kit.invalid import number, written
from sim.mechanisms import Mechanism
from sim.world.world import World

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class _Allowed(NamedTuple):
    """words: what an argument must be. holds: whether it is. absent: None is allowed, too."""

    words: str
    holds: Callable[[Any], bool]
    absent: bool = False


def _whole(least: int, absent: bool = False) -> _Allowed:
    return _Allowed(f"a whole number >= {least}", lambda x: _is_whole(x) and x >= least, absent)


def _number(least: float, most: float, absent: bool = False) -> _Allowed:
    words = f"a number from {number(least)} to {number(most)}"
    return _Allowed(words, lambda x: _is_number(x) and least <= x <= most, absent)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_frame(value: Any) -> bool:
    return hasattr(value, "iloc") and hasattr(value, "columns")


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


_PATH = _Allowed("a path", lambda x: isinstance(x, str | Path) and str(x) not in ("", "."), absent=True)
_TABLE = _Allowed("a dict with names as keys", _is_table, absent=True)
_LIST = _Allowed("a list, [...]", lambda x: isinstance(x, list | tuple))
_FLAG = _Allowed("True or False", lambda x: isinstance(x, bool))
_ALLOWED: dict[str, _Allowed] = {
    "seed": _Allowed("a whole number from 0 to 2**63 - 1", lambda x: _is_whole(x) and 0 <= x < 2**63, absent=True),
    "replications": _whole(1, absent=True),
    "jobs": _whole(1),
    "most": _whole(1, absent=True),
    "types": _whole(2),
    "draws": _whole(4),
    "resamples": _whole(2),
    "precision": _Allowed("a number above 0, up to 10", lambda x: _is_number(x) and 0 < x <= 10, absent=True),
    "tolerance": _number(0, 1),
    "false_pass": _number(0, 1),
    "false_fail": _number(0, 1),
    "sigma_u": _number(0, 100, absent=True),
    "value": _Allowed("dollars above 0, up to 1e12", lambda x: _is_number(x) and 0 < x <= 1e12),
    "mark": _Allowed("a number above 0, up to 1", lambda x: _is_number(x) and 0 < x <= 1, absent=True),
    "epsilon": _Allowed("a number above 0 and below .5", lambda x: _is_number(x) and 0 < x < 0.5, absent=True),
    "settings": _TABLE,
    "factors": _TABLE,
    "columns": _Allowed(
        "a dict of our names to the table's",
        lambda x: _is_table(x) and all(isinstance(name, str) for name in x.values()),
        absent=True,
    ),
    "agents": _TABLE,
    "mechanisms": _LIST,
    "plugins": _LIST,
    "engine": _Allowed("text", lambda x: isinstance(x, str)),
    "source": _Allowed("text", lambda x: isinstance(x, str)),
    "out": _PATH,
    "folder": _PATH._replace(absent=False),
    "table": _Allowed("a name, a path or a DataFrame", lambda x: isinstance(x, str | Path) or _is_frame(x)),
    "frame": _Allowed("a pandas DataFrame", lambda x: _is_frame(x)),
    "rule": _Allowed("a rule, e.g. bl.SecondPrice()", lambda x: isinstance(x, Mechanism)),
    "world": _Allowed("a World, e.g. bl.World.recorded(NAME)", lambda x: isinstance(x, World)),
    "figures": _FLAG,
    "style": _PATH._replace(absent=False),
    "coalitions": _FLAG,
    "ring": _whole(2),
    "names": _whole(2),
    "force": _FLAG,
    "allow_plugins": _FLAG,
    "path": _PATH._replace(absent=False),
}


def arguments(name: str) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Check the arguments of a function of the front door by their names. name: what it is called in errors.

    NumPy's numbers become Python's. Raises RunError with a line for each argument that is wrong.
    """

    def checked(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            bound = signature.bind(*args, **kwargs)
            faults = []
            for key, value in bound.arguments.items():
                plain = bound.arguments[key] = value.item() if isinstance(value, np.generic) else value
                allowed = _ALLOWED.get(key)
                if signature.parameters[key].kind is inspect.Parameter.VAR_KEYWORD or allowed is None:
                    continue
                if not (allowed.holds(plain) or (plain is None and allowed.absent)):
                    faults.append(f"{name}: {key}: must be {allowed.words}; got {_shown(plain)}")
            if faults:
                raise RunError(*faults)
            return function(*bound.args, **bound.kwargs)

        return call

    return checked


def _shown(value: Any) -> str:
    return written(value) if isinstance(value, str | int | float | dict | list) else repr(value)[:80]
