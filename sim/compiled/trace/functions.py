"""What NumPy's functions, beside its operations, make of arrays of symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.compiled.trace.graph import Kind, Node, UntraceableError
from sim.compiled.trace.stacked import stacked
from sim.compiled.trace.traced import Traced, as_kind, chosen, kind_of, length_of, lifted, reduced, spread


def _placed(name: str, value: Any, axis: Any) -> Traced:
    array = lifted(value)
    if axis not in (-1, 1) or array.node.length is None:
        raise UntraceableError(f"np.{name} over axis {axis} of an array {array.shape}")
    return Traced(Node(name, (array.node,), "i"))


def _accumulated(array: Traced, axis: Any) -> Traced:
    if axis not in (-1, 1) or (array.node.length is None and not array.column):
        raise UntraceableError(f"a running sum over axis {axis} of an array {array.shape}")
    kind: Kind = "f" if array.node.kind == "f" else "i"
    if array.node.length is None:
        return Traced(as_kind(array.node, kind), column=True)
    return Traced(Node("running_sum", (as_kind(array.node, kind),), kind, array.node.length))


def _sorted(keys: Any, axis: Any = -1) -> Traced:
    """np.lexsort: the last key counts first; equal ones stand in the order of agents."""
    nodes = [lifted(key).node for key in keys]
    length = length_of(*nodes)
    if axis not in (-1, 1) or length is None:
        raise UntraceableError(f"np.lexsort over axis {axis}")
    return Traced(Node("argsort", tuple(spread(node, length) for node in reversed(nodes)), "i", length))


def _argsorted(value: Any, axis: Any = -1, kind: Any = None, **how: Any) -> Traced:
    if kind != "stable":
        raise UntraceableError('np.argsort that is not kind="stable", whose order of equal ones NumPy does not state')
    return _sorted((value,), axis)


def _taken(value: Any, places: Any, axis: Any = -1) -> Traced:
    array, at = lifted(value), lifted(places)
    if axis not in (-1, 1) or array.node.length is None:
        raise UntraceableError(f"np.take_along_axis over axis {axis} of an array {array.shape}")
    if at.node.length is None:
        return Traced(Node("element_at", (array.node, at.node), array.node.kind), column=True)
    return Traced(Node("take", (array.node, at.node), array.node.kind, at.node.length))


def _put(array: Any, places: Any, values: Any, axis: Any = -1) -> None:
    length = array.node.length if isinstance(array, Traced) else None
    if not isinstance(array, Traced) or axis not in (-1, 1) or (length is None and not array.column):
        raise UntraceableError(f"np.put_along_axis over axis {axis}")
    at, given = lifted(places).node, lifted(values)
    if length is None:
        array.hold(chosen(Traced(at) == 0, given, array))
    elif at.length is None:
        array.hold(chosen(Traced(Node("is_place", (at,), "b", length)), given, array))
    else:
        parts = (array.node, at, spread(as_kind(given.node, array.node.kind), at.length))
        array.node = Node("scatter", parts, array.node.kind, length)


def _like(value: Any, fill: Any, dtype: Any = None) -> Traced:
    array = lifted(value)
    kind = array.node.kind if dtype is None else kind_of(np.dtype(dtype))
    made = Traced(as_kind(lifted(fill).node, kind), array.column)
    return made if array.node.length is None else Traced(spread(made.node, array.node.length))


def _broadcast(value: Any, shape: Any) -> Traced:
    array = lifted(value)
    last = shape if isinstance(shape, int) else tuple(shape)[-1]
    if array.node.length is None and last != 1:
        return Traced(spread(array.node, last))
    return array


OURS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.where: chosen,
    np.any: lambda value, axis=None, keepdims=False: reduced("logical_or", value, axis, keepdims),
    np.all: lambda value, axis=None, keepdims=False: reduced("logical_and", value, axis, keepdims),
    np.sum: lambda value, axis=None, dtype=None, keepdims=False: reduced("add", value, axis, keepdims),
    np.max: lambda value, axis=None, keepdims=False, **how: reduced("maximum", value, axis, keepdims, **how),
    np.min: lambda value, axis=None, keepdims=False, **how: reduced("minimum", value, axis, keepdims, **how),
    np.count_nonzero: lambda value, axis=None, keepdims=False: reduced("add", lifted(value) != 0, axis, keepdims),
    np.argmin: lambda value, axis=None: _placed("argmin", value, axis),
    np.argmax: lambda value, axis=None: _placed("argmax", value, axis),
    np.cumsum: lambda value, axis=None: _accumulated(lifted(value), axis),
    np.lexsort: _sorted,
    np.argsort: _argsorted,
    np.take_along_axis: _taken,
    np.put_along_axis: _put,
    np.expand_dims: stacked,
    np.zeros_like: lambda value, dtype=None, **how: _like(value, 0, dtype),
    np.ones_like: lambda value, dtype=None, **how: _like(value, 1, dtype),
    np.empty_like: lambda value, dtype=None, **how: _like(value, 0, dtype),
    np.full_like: lambda value, fill, dtype=None, **how: _like(value, fill, dtype),
    np.broadcast_to: _broadcast,
    np.shape: lambda value: value.shape,
    np.ndim: lambda value: value.ndim,
    np.copy: lambda value: value.copy(),
}
