"""An array of symbols with an axis after that of agents, (1, n, m), such as a menu: m arrays side by side.

What is done to it is done to each of the m; what goes along its last axis goes through them one after the other. It
is made by an index that ends in None, and joins others of its kind, numbers, and arrays of numbers of shape (m,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from sim.compiled.trace.graph import UntraceableError
from sim.compiled.trace.traced import Traced, chosen, lifted
from sim.kit.arrays import thin


class Stacked(NDArrayOperatorsMixin):
    """m arrays over agents, or numbers of the clearing, side by side."""

    __array_priority__ = 1001

    def __init__(self, parts: Sequence[Traced]) -> None:
        self.parts = tuple(parts)

    @property
    def node(self) -> Any:
        """What it holds now, an array after the other."""
        return tuple(part.node for part in self.parts)

    @property
    def shape(self) -> tuple[int, ...]:
        """As NumPy would say it of one clearing."""
        lengths = [part.node.length for part in self.parts if part.node.length is not None]
        return (1, lengths[0] if lengths else 1, len(self.parts))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return 3

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its elements."""
        return np.result_type(*(part.dtype for part in self.parts))

    def __array__(self, *given: Any, **how: Any) -> Any:
        raise UntraceableError("an array of numbers is made of it")

    def __bool__(self) -> bool:
        raise UntraceableError("a branch hangs on data; where it only saves time, write it as shortcut(...)")

    def __iter__(self) -> Any:
        raise UntraceableError("it is gone through one by one")

    def __getitem__(self, key: Any) -> Traced:
        keys = key if isinstance(key, tuple) else (key,)
        if len(keys) == 2 and keys[0] is Ellipsis and isinstance(keys[1], int | np.integer):
            part = self.parts[keys[1]]
            return Traced(part.node, column=True)
        raise UntraceableError(f"the index {key!r} of an array {self.shape}")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **how: Any) -> Any:
        out = how.pop("out", None)
        if method == "reduce":
            return _reduced(ufunc, inputs[0], **{"axis": 0} | how)
        if method != "__call__" or how:
            raise UntraceableError(f"np.{ufunc.__name__}.{method} of an array {self.shape}")
        found = _each(ufunc, inputs)
        if out is None:
            return found
        (held,) = out
        if not isinstance(held, Stacked) or len(held.parts) != len(found.parts):
            raise UntraceableError(f"np.{ufunc.__name__} into an array of another shape")
        held.parts = found.parts
        return held

    def __array_function__(self, function: Callable[..., Any], types: Any, given: Any, how: Any) -> Any:
        if function not in _FUNCTIONS:
            raise UntraceableError(f"np.{function.__name__} of an array {self.shape}")
        return _FUNCTIONS[function](*given, **how)

    def demand(self) -> None:
        """Refuse clearings at which it is not true of everything (sim/kit/shortcut.py)."""
        for part in self.parts:
            part.demand()

    def special(self, name: str) -> Stacked:
        """A function of sim/kit/portable.py, element by element."""
        return Stacked([part.special(name) for part in self.parts])

    def astype(self, dtype: Any, **how: Any) -> Stacked:
        """Its elements as that type."""
        return Stacked([part.astype(dtype) for part in self.parts])

    def copy(self) -> Stacked:
        """An array of its own."""
        return Stacked(self.parts)


def stacked(value: Any, axis: Any) -> Stacked:
    """np.expand_dims: the array with an axis of length 1 after its last."""
    array = lifted(value)
    if axis != -1 or (array.node.length is None and not array.column):
        raise UntraceableError(f"np.expand_dims along axis {axis} of an array {array.shape}")
    return Stacked([array])


def _each(function: Callable[..., Any], inputs: Sequence[Any]) -> Stacked:
    """The function of the first of each input, of the second of each, and so on."""
    most = max(_count(value) for value in inputs)
    if any(_count(value) not in (1, most) for value in inputs):
        counts = " and ".join(str(_count(value)) for value in inputs)
        raise UntraceableError(f"arrays of {counts} along the last axis together")
    return Stacked([function(*(_part(value, place) for value in inputs)) for place in range(most)])


def _count(value: Any) -> int:
    if isinstance(value, Stacked):
        return len(value.parts)
    if isinstance(value, Traced):
        raise UntraceableError(f"an array {value.shape} together with one that has an axis more; index it [..., None]")
    return np.shape(value)[-1] if np.ndim(value) else 1


def _part(value: Any, place: int) -> Traced:
    place = 0 if _count(value) == 1 else place
    if isinstance(value, Stacked):
        return value.parts[place]
    array = np.asarray(value)
    if array.ndim == 0:
        return lifted(array)
    one = thin(array[..., place])
    if one.size != 1:
        raise UntraceableError(f"an array of numbers {array.shape}")
    return lifted(one.reshape(1))


def _along(value: Any, axis: Any) -> tuple[Traced, ...]:
    if not isinstance(value, Stacked) or axis not in (-1, 2):
        raise UntraceableError(f"axis {axis} of an array {np.shape(value)}")
    return value.parts


def _reduced(ufunc: np.ufunc, value: Any, axis: Any, **how: Any) -> Any:
    if ufunc not in (np.maximum, np.minimum, np.logical_or, np.logical_and) or set(how) - {"keepdims"}:
        raise UntraceableError(f"np.{ufunc.__name__}.reduce of an array {np.shape(value)}")
    first, *others = _along(value, axis)
    found: Any = first
    for other in others:
        found = ufunc(found, other)
    return Stacked([found]) if how.get("keepdims") else Traced(found.node, column=True)


def _placed(value: Any, axis: Any, better: np.ufunc) -> Traced:
    """The first place of what is better than all others; NaN is better than all numbers, as NumPy has it."""
    best, *others = _along(value, axis)
    place: Any = 0
    for at, other in enumerate(others, 1):
        is_better = better(other, best) | (np.isnan(other) & ~np.isnan(best))
        place, best = chosen(is_better, at, place), chosen(is_better, other, best)
    return Traced(lifted(place).node, column=True)


def _taken(value: Any, places: Any, axis: Any = -1) -> Stacked:
    (at,) = _along(places, axis)
    found = _part(value, 0)
    for place in range(1, _count(value)):
        found = chosen(at == place, _part(value, place), found)
    return Stacked([found])


_FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.where: lambda *given: _each(chosen, given),
    np.argmax: lambda value, axis=None: _placed(value, axis, np.greater),
    np.argmin: lambda value, axis=None: _placed(value, axis, np.less),
    np.max: lambda value, axis=None, **how: _reduced(np.maximum, value, axis, **how),
    np.min: lambda value, axis=None, **how: _reduced(np.minimum, value, axis, **how),
    np.any: lambda value, axis=None, **how: _reduced(np.logical_or, value, axis, **how),
    np.all: lambda value, axis=None, **how: _reduced(np.logical_and, value, axis, **how),
    np.take_along_axis: _taken,
    np.shape: lambda value: value.shape,
    np.ndim: lambda value: value.ndim,
    np.copy: lambda value: value.copy(),
}
