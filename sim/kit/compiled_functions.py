"""The functions of one number (sim/kit/scalar_functions.py), compiled, and loops of them over arrays."""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import Any

from numba import njit, vectorize

from sim.kit import scalar_functions

_WRITTEN_OUT = ("series", "finite_log", "horner", "depth")  # where they are called, before the machine sees it


def _compiled() -> dict[str, Any]:
    """Each by name, calling the others as they are compiled."""
    found = dict(vars(scalar_functions)) | {"__name__": __name__}
    for name, one in vars(scalar_functions).items():
        if isinstance(one, FunctionType):
            inline = "always" if name in _WRITTEN_OUT else "never"
            found[name] = njit(error_model="numpy", inline=inline, cache=True)(FunctionType(one.__code__, found, name))
    return found


_ALL = _compiled()
exp, log, expit, logit, ndtri = (_ALL[name] for name in scalar_functions.BY_NAME)
middle, near_tail, mix, uniform = (_ALL[name] for name in ("middle", "near_tail", "mix", "uniform"))


@cache
def over_keys() -> tuple[Any, Any]:
    """Functions that fill an array (m, s, r) with keys, and with draws, from keys (m, r) and steps (s,).

    They are no gufuncs, whose code is kept in two files that hang on each other: processes that make them at a time may
    each leave one, and the next crashes. What is kept is of the file in which a function stands, so that all that these
    call stands there, too.
    """
    kinds = (("next_keys", "uint64"), ("uniforms", "float64"))
    keys, draws = (
        njit([f"void(uint64[:, ::1], uint64[::1], {one}[:, :, ::1])"], error_model="numpy", cache=True)(
            _ALL[name].py_func
        )
        for name, one in kinds
    )
    return keys, draws


@cache
def over_arrays(name: str) -> Any:
    """The function of that name over arrays."""
    return vectorize(["float64(float64)"], cache=True)(_ALL[name])
