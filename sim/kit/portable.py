"""exp, log, logit, expit and the normal quantile, the same to the last bit on every machine and under every library.

What decides a draw, a bid or an award uses these, so that a run is the same on another machine: libraries differ in the
last bit, between versions and between processors. Each is written once, for one number (sim/kit/scalar_functions.py).
Largest errors on the grids of tests/unit/test_portable.py, in units in the last place: exp and log 1, expit 2, logit 4;
of the normal quantile, relative, 1e-15.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np

from sim.kit.arrays import FloatArray
from sim.kit.scalar_functions import BY_NAME, PARTS

_FEW = 64  # numbers, for which passes over all of them are not worth it
_PIECE = 1 << 14  # numbers that are looked at together, so that they stay in the processor's cache
_LEFT = [20_000]  # numbers that Python goes through one by one, before it is worth it to load numba
_NEAR = 2e-11  # from 0 and 1; the near tail ends a little beyond


@cache
def _loop(name: str) -> Any:
    """The function over arrays, compiled where that can be."""
    try:
        from sim.kit.compiled_functions import over_arrays  # numba is slow to load
    except ImportError:
        return _plain(name)
    return over_arrays(name)


@cache
def _plain(name: str) -> Any:
    one = (BY_NAME | PARTS)[name]
    return np.frompyfunc(lambda x: one(np.float64(x)), 1, 1)  # its 1 / 0 is infinite, Python's an error


def _of(name: str, x: Any) -> FloatArray:
    if hasattr(x, "node"):  # a symbol (sim/compiled/trace)
        found: FloatArray = x.special(name)
        return found
    array = np.asarray(x, np.float64)
    if "numba" in sys.modules or array.size > _LEFT[0]:
        loop = _loop(name)
    else:
        _LEFT[0] -= array.size
        loop = _plain(name)
    with np.errstate(all="ignore"):
        return np.asarray(loop(array), np.float64)


def exp(x: Any) -> FloatArray:
    """e^x.

    >>> exp([0.0, 1.0]).tolist()
    [1.0, 2.7182818284590455]
    """
    return _of("exp", x)


def log(x: Any) -> FloatArray:
    """The natural logarithm; -inf at 0, NaN below.

    >>> log([1.0, 2.0]).tolist()
    [0.0, 0.6931471805599453]
    """
    return _of("log", x)


def expit(x: Any) -> FloatArray:
    """1 / (1 + e^-x).

    >>> expit([0.0, 2.0]).round(6).tolist()
    [0.5, 0.880797]
    """
    return _of("expit", x)


def logit(p: Any) -> FloatArray:
    """log(p / (1 - p)); infinite at 0 and 1, NaN outside [0, 1].

    >>> logit([0.25, 0.5]).round(6).tolist()
    [-1.098612, 0.0]
    """
    return _of("logit", p)


def ndtri(p: Any) -> FloatArray:
    """The standard normal quantile of p; infinite at 0 and 1, NaN outside [0, 1].

    >>> ndtri([0.5, 0.975]).round(6).tolist()
    [0.0, 1.959964]
    """
    if hasattr(p, "node"):
        return _of("ndtri", p)
    p = np.asarray(p, np.float64)
    found: FloatArray = np.empty_like(p)
    flat, of = found.ravel(order="K"), p.ravel(order="K")
    if p.size < _FEW or not np.shares_memory(flat, found):
        return _of("ndtri", p)
    for start in range(0, p.size, _PIECE):
        part = slice(start, start + _PIECE)
        _ndtri(of[part], flat[part])
    return found


def _ndtri(p: FloatArray, found: FloatArray) -> None:
    """All by the formula of the middle, then the tails by theirs, which are too dear for all."""
    found[:] = _of("middle", p)
    outer = np.flatnonzero(~(np.abs(p - 0.5) <= 0.425))
    tails = p[outer]
    found[outer] = _of("near_tail", tails)
    beyond = ~((tails > _NEAR) & (tails < 1.0 - _NEAR))
    if beyond.any():
        found[outer[beyond]] = _of("ndtri", tails[beyond])


def power(x: Any, n: int) -> Any:
    """x^n for a whole n >= 0, by multiplication in a stated order.

    >>> power(np.array([1.5]), 3).tolist()
    [3.375]
    """
    found, square = None, x
    while n:
        if n & 1:
            found = square if found is None else found * square
        n >>= 1
        square = square * square if n else square
    return np.ones_like(x) if found is None else found
