"""Sums over clusters, each read twice: for their ratio, and for what lies about it (analysis/moments.py names them).

Index convention: q rows, B jobs, G clusters of a job; num and den are (q, B, G), what is found is (15, q, B).

numba compiles the loop, since a sweep would spend as long here as in its markets; where it is not installed NumPy does
the same, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from sim.kit.arrays import FloatArray

Sums = Callable[[FloatArray, FloatArray, bool, FloatArray], None]
COUNT = 15


def sums_of(num: FloatArray, den: FloatArray, rate: bool) -> FloatArray:
    """The sums (15, q, B). rate: whether nums are whole is asked of rates only.

    What is found of a row and a job is the same without the others.
    """
    found = np.empty((COUNT, *num.shape[:2]))
    add_up()(np.ascontiguousarray(num), den, rate, found)
    return found


@cache
def add_up() -> Sums:
    """The function that fills found from the others."""
    try:
        from numba import njit, types  # slow to load
    except ImportError:
        return arrays

    def array(of: Any, axes: int, layout: str) -> Any:
        return types.Array(of, axes, layout, readonly=True)

    kinds = array(types.float64, 3, "C"), array(types.float64, 3, "A"), types.boolean, types.float64[:, :, ::1]
    loop: Sums = njit([types.void(*kinds)], error_model="numpy", cache=True)(loops)
    return loop


def loops(num: Any, den: Any, rate: Any, found: Any) -> None:
    """One cluster after the other, in their order."""
    for q in range(num.shape[0]):
        for b in range(num.shape[1]):
            count, first_num, first_den = num.shape[2], num[q, b, 0], den[q, b, 0]
            total = size = most = 0.0
            least = np.inf
            empty = unlike = broken = 0
            for g in range(count):
                n, d = num[q, b, g], den[q, b, g]
                total += n
                size += d
                empty += d == 0.0
                most = max(most, d)
                least = min(least, d if d != 0.0 else np.inf)
                unlike += (n != first_num) | (d != first_den)
            if rate:
                for g in range(count):
                    n = num[q, b, g]
                    broken += (n != 0.0) & (abs(n) != den[q, b, g])
            theta = total / size if size > 0.0 else 0.0
            vv = vd = dd = vvv = vvd = vdd = ddd = 0.0
            if empty == 0 and least == most:  # then v sums to 0
                for g in range(count):
                    v = num[q, b, g] - theta * most
                    vv += v * v
                    vvv += v * v * v
                dd = most * most * count
                vvd, ddd = vv * most, dd * most
            else:
                for g in range(count):
                    d = den[q, b, g]
                    v = num[q, b, g] - theta * d
                    vv += v * v
                    vd += v * d
                    dd += d * d
                    vvv += v * v * v
                    vvd += v * v * d
                    vdd += v * d * d
                    ddd += d * d * d
            unit = most if empty == count or least == most else np.nan
            same, whole = 1.0 if unlike == 0 else 0.0, 1.0 if rate and broken == 0 else 0.0
            one = (
                total, size, vv, vd, dd, vvv, vvd, vdd, ddd,
                float(count - empty), first_num, first_den, same, unit, whole,
            )  # fmt: skip
            for place, value in enumerate(one):
                found[place, q, b] = value


def arrays(num: FloatArray, den: FloatArray, rate: bool, found: FloatArray) -> None:
    """As `loops`, bit for bit, of all clusters at once."""
    den = np.broadcast_to(den, num.shape)
    total, size, observed, most = _sum(num), _sum(den), np.count_nonzero(den, axis=2), den.max(axis=2)
    theta = np.divide(total, size, out=np.zeros(size.shape), where=size > 0.0)
    fixed = den.min(axis=2) == most
    v = num - theta[..., None] * den
    vv, dd = _sum(v * v), np.where(fixed, most * most * num.shape[2], _sum(den * den))
    about = [
        vv,
        np.where(fixed, 0.0, _sum(v * den)),
        dd,
        _sum(v * v * v),
        np.where(fixed, vv * most, _sum(v * v * den)),
        np.where(fixed, 0.0, _sum(v * den * den)),
        np.where(fixed, dd * most, _sum(den * den * den)),
    ]
    unit = np.where(np.all((den == 0) | (den == most[..., None]), axis=2), most, np.nan)
    same = np.all((num == num[..., :1]) & (den == den[..., :1]), axis=2)
    whole = rate & np.all((num == 0) | (np.abs(num) == den), axis=2)
    found[:] = np.stack([total, size, *about, observed, num[..., 0], den[..., 0], same, unit, whole])


def _sum(each: FloatArray) -> FloatArray:
    """(q, B) sums over the clusters, one after the other."""
    return np.asarray(each.cumsum(axis=2)[..., -1] + 0.0)
