"""What stands in for an array while a rule is traced: one clearing, its agents along the last axis.

A vector has the shape (1, n), a number of the clearing (1,), or (1, 1) where an axis was kept. NumPy hands every
operation to `__array_ufunc__` and `__array_function__`; assignments into an array make a new node of the same array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from sim.compiled.trace.graph import Kind, Node, UntraceableError, constant

_DTYPES: dict[Kind, np.dtype[Any]] = {"f": np.dtype(np.float64), "i": np.dtype(np.int64), "b": np.dtype(np.bool_)}
_COMPARED = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_LOGICAL = {f"logical_{name}": f"bitwise_{name}" for name in ("and", "or", "xor")} | {"logical_not": "invert"}
_BITWISE = ("bitwise_and", "bitwise_or", "bitwise_xor", "invert")
_SAME_KIND = ("add", "subtract", "multiply", "maximum", "minimum", "negative", "absolute", "positive")
_FLOAT = ("divide", "sqrt", "rint", "floor", "ceil", "trunc")
_ASKED = ("isnan", "isfinite", "isinf")
LIBRARY = ("betaincinv", "ndtr", "xlogy")  # functions of scipy that compiled code calls as they are
_PORTABLE = ("exp", "log", "expit", "logit", "ndtri", "power")
_REDUCED = {"maximum": "largest", "minimum": "smallest", "logical_or": "any", "logical_and": "every"}

HELD: list[Node] = []  # by the rule that is being traced
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}  # NumPy's function -> ours, in functions.py


class Traced(NDArrayOperatorsMixin):
    """An array of symbols. node: what it holds now. column: a number with its last axis kept."""

    __array_priority__ = 1000

    def __init__(self, node: Node, column: bool = False) -> None:
        self.node, self.column = node, column and node.length is None

    @property
    def shape(self) -> tuple[int, ...]:
        """As NumPy would say it of one clearing."""
        if self.node.length is not None:
            return (1, self.node.length)
        return (1, 1) if self.column else (1,)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.shape[-1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its elements."""
        return _DTYPES[self.node.kind]

    def __array__(self, *given: Any, **how: Any) -> Any:
        raise UntraceableError("an array of numbers is made of it")

    def __bool__(self) -> bool:
        raise UntraceableError("a branch hangs on data; where it only saves time, write it as shortcut(...)")

    def _number(self) -> Any:
        raise UntraceableError("a Python number is made of it")

    __int__ = __float__ = __index__ = __complex__ = item = tolist = _number

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Any:
        raise UntraceableError("it is gone through one by one")

    def __getitem__(self, key: Any) -> Traced:
        keys = [part for part in (key if isinstance(key, tuple) else (key,)) if part is not Ellipsis]
        if len(keys) == 2 and keys[0] == slice(None):
            keys = keys[1:]
        if not keys or keys == [slice(None)]:
            return Traced(self.node, self.column)
        if len(keys) == 2 and keys[1] is None and isinstance(keys[0], int):
            return self[..., keys[0]][..., None]
        if keys == [None, None] and isinstance(key, tuple) and self.node.length is None and not self.column:
            return self[..., None][..., None]
        (last,) = keys if len(keys) == 1 else (None,)
        length = self.node.length
        if len(keys) == 1 and isinstance(key, tuple) and key[0] is Ellipsis:
            if last is None and length is None and not self.column:
                return Traced(self.node, column=True)
            if last is None:
                found: Traced = FUNCTIONS[np.expand_dims](self, -1)
                return found
            if isinstance(last, int | np.integer) and not isinstance(last, bool):
                return self._element(int(last))
            if isinstance(last, slice) and (length is not None or self.column):
                return Traced(spread(self.node, self.size))._part(*last.indices(self.size))
        raise UntraceableError(f"the index {key!r} of an array {self.shape}")

    def _element(self, place: int) -> Traced:
        if self.node.length is None:
            if not self.column or place not in (0, -1):
                raise UntraceableError(f"element {place} of an array {self.shape}")
            return Traced(self.node)
        if not -self.node.length <= place < self.node.length:
            raise IndexError(f"index {place} is out of bounds for axis 1 with size {self.node.length}")
        return Traced(Node("element", (self.node, place % self.node.length), self.node.kind))

    def _part(self, first: int, last: int, step: int) -> Traced:
        length = len(range(first, last, step))
        if length == 1:
            return Traced(self._element(first).node, column=True)
        return Traced(Node("slice", (self.node, first, step), self.node.kind, length))

    def __setitem__(self, key: Any, value: Any) -> None:
        keys = key if isinstance(key, tuple) else (key,)
        place = keys[1] if len(keys) == 2 and keys[0] is Ellipsis and isinstance(keys[1], int | np.integer) else None
        length = self.node.length
        if len(keys) == 2 and keys[0] is Ellipsis and isinstance(keys[1], slice):
            places = range(*keys[1].indices(self.size))
            place = places[0] if len(places) == 1 else None
            if len(places) > 1 and places.step == 1 and len(places) < self.size:
                self._put(places, lifted(value))
                return
        if place is not None and length is not None:
            here = Traced(Node("is_place", (constant(int(place) % length),), "b", length))
            self.hold(chosen(here, value, self))
        elif isinstance(key, Traced) and key.node.kind == "b":
            self.hold(chosen(key, value, self))
        elif (place in (0, -1) and self.column) or keys in ((Ellipsis,), (slice(None),), (Ellipsis, slice(None))):
            self.hold(lifted(value))
        else:
            raise UntraceableError(f"an assignment to the index {key!r} of an array {self.shape}")

    def _put(self, places: range, value: Traced) -> None:
        count = length_of(spread(value.node, len(places)), spread(constant(0), len(places)))
        node = as_kind(value.node, self.node.kind)
        self.node = Node("put", (self.node, node, places[0], count), self.node.kind, self.node.length)

    def hold(self, other: Traced) -> None:
        """Hold what `other` does, as elements of this array."""
        node = as_kind(other.node, self.node.kind)
        if self.node.length is not None and node.length is None:
            node = Node("spread", (node,), node.kind, self.node.length)
        self.node = node

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **how: Any) -> Any:
        out = how.pop("out", None)
        if _has_more_axes(inputs):
            return NotImplemented
        if method == "reduce":
            return reduced(ufunc.__name__, inputs[0], **how)
        if method == "accumulate" and ufunc is np.add:
            return FUNCTIONS[np.cumsum](inputs[0], how.get("axis", 0))
        if method != "__call__":
            raise UntraceableError(f"np.{ufunc.__name__}.{method}")
        found = _operation(ufunc.__name__, [lifted(x) for x in inputs])
        if how.get("where", True) is not True:
            raise UntraceableError(f"np.{ufunc.__name__}(..., where=...)")
        if out is None:
            return found
        (held,) = out
        if not isinstance(held, Traced):
            raise UntraceableError(f"np.{ufunc.__name__} into an array of numbers")
        held.hold(found)
        return held

    def __array_function__(self, function: Callable[..., Any], types: Any, given: Any, how: Any) -> Any:
        if _has_more_axes([*given, *how.values()]):
            return NotImplemented
        if function not in FUNCTIONS:
            raise UntraceableError(f"np.{function.__name__}")
        return FUNCTIONS[function](*given, **how)

    def demand(self) -> None:
        """Refuse clearings at which it is not true of everything (sim/kit/shortcut.py)."""
        HELD.append(self.node if self.node.length is None else Node("every", (self.node,), "b"))

    def special(self, name: str) -> Traced:
        """A function of sim/kit/portable.py, element by element."""
        node = as_kind(self.node, "f")
        return Traced(Node("special", (name, node), "f", node.length), self.column)

    def astype(self, dtype: Any, **how: Any) -> Traced:
        """Its elements as that type."""
        return Traced(as_kind(self.node, kind_of(np.dtype(dtype))), self.column)

    def copy(self, order: str = "C") -> Traced:
        """An array of its own."""
        return Traced(self.node, self.column)

    def any(self, axis: Any = None, keepdims: bool = False) -> Traced:
        """As NumPy's."""
        return reduced("logical_or", self, axis=axis, keepdims=keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> Traced:
        """As NumPy's."""
        return reduced("logical_and", self, axis=axis, keepdims=keepdims)

    def sum(self, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Traced:
        """As NumPy's, of truth values and whole numbers."""
        return reduced("add", self, axis=axis, keepdims=keepdims, dtype=dtype)

    def max(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Traced:
        """As NumPy's."""
        return reduced("maximum", self, axis=axis, keepdims=keepdims, **how)

    def min(self, axis: Any = None, keepdims: bool = False, **how: Any) -> Traced:
        """As NumPy's."""
        return reduced("minimum", self, axis=axis, keepdims=keepdims, **how)

    def argmin(self, axis: Any = None) -> Traced:
        """As NumPy's."""
        found: Traced = FUNCTIONS[np.argmin](self, axis)
        return found

    def argmax(self, axis: Any = None) -> Traced:
        """As NumPy's."""
        found: Traced = FUNCTIONS[np.argmax](self, axis)
        return found


def _has_more_axes(values: Iterable[Any]) -> bool:
    """Whether there is one of stacked.py among them, which knows what to do."""
    return any(isinstance(value, NDArrayOperatorsMixin) and not isinstance(value, Traced) for value in values)


def lifted(value: Any) -> Traced:
    """A number or a small array as an array of symbols."""
    if isinstance(value, Traced):
        return value
    array = np.asarray(value)
    kind = kind_of(array.dtype)
    if array.size == 1:
        return Traced(constant(array.reshape(-1)[0].item()), column=array.ndim > 1)
    if array.size != array.shape[-1]:
        raise UntraceableError(f"an array of numbers {array.shape}")
    return Traced(Node("vector", tuple(array.ravel().tolist()), kind, array.size))


def chosen(condition: Any, yes: Any, no: Any) -> Traced:
    """np.where."""
    parts = [lifted(part) for part in (condition, yes, no)]
    kind = max((part.node.kind for part in parts[1:]), key="bif".index)
    nodes = [parts[0].node, *(as_kind(part.node, kind) for part in parts[1:])]
    if nodes[0].op == "constant":
        node, length = nodes[1] if nodes[0].args[0] else nodes[2], length_of(*nodes)
        return Traced(node if length is None else spread(node, length), _column(*parts))
    return Traced(Node("where", tuple(nodes), kind, length_of(*nodes)), _column(*parts))


def reduced(name: str, value: Any, axis: Any = None, keepdims: bool = False, **how: Any) -> Traced:
    """The reduction over agents; over the whole array it is a symbol that only `shortcut` may take."""
    initial = how.get("initial")
    array = lifted(value)
    if axis is None:
        return Traced(Node("whole", (array.node,), array.node.kind))
    if axis not in (-1, array.ndim - 1) or (axis == 0 and array.ndim == 1):
        raise UntraceableError(f"np.{name}.reduce over axis {axis} of an array {array.shape}")
    if name == "add":
        if array.node.kind == "f":
            raise UntraceableError("a sum of floats over agents, whose order NumPy does not state; add them in a loop")
        found = Node("count", (as_kind(array.node, "i"),), "i")
    elif name in _REDUCED:
        found = Node(_REDUCED[name], (array.node,), array.node.kind)
    else:
        raise UntraceableError(f"np.{name}.reduce")
    node = array.node if array.node.length is None else found
    whole = Traced(node, column=keepdims)
    return whole if initial is None else _operation(name, [whole, lifted(initial)])


def filled(shape: Any, fill: Any, dtype: Any) -> Any:
    """np.full of one clearing as an array of symbols; of any other shape as NumPy makes it."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if not sizes or len(sizes) > 2 or any(size != 1 for size in sizes[:-1]) or sizes[-1] == 0:
        return None
    node = as_kind(constant(fill), kind_of(np.dtype(dtype)))
    return Traced(node if sizes[-1] == 1 else spread(node, sizes[-1]), column=len(sizes) > 1)


def _operation(name: str, parts: list[Traced]) -> Traced:
    name = _LOGICAL.get(name, name)
    nodes = [part.node for part in parts]
    kinds = [node.kind for node in nodes]
    if all(kind == "b" for kind in kinds):  # NumPy adds and multiplies truth values as it joins and meets them
        name = {"add": "bitwise_or", "multiply": "bitwise_and"}.get(name, name)
    if name in _BITWISE and any(kind == "f" for kind in kinds):
        raise UntraceableError(f"np.{name} of floats")
    if name in _COMPARED or name in _ASKED:
        kind: Kind = "b"
    elif name in _BITWISE:
        kind = "i" if "i" in kinds else "b"
    elif name in _SAME_KIND:
        kind = max(kinds, key="bif".index)
        if kind == "b" and name not in ("maximum", "minimum"):
            raise UntraceableError(f"np.{name} of truth values")
    elif name == "remainder" and kinds == ["i", "i"] and nodes[1].op == "constant" and nodes[1].args[0] > 0:
        kind = "i"  # of a number that is not 0, where NumPy and Python agree
    elif name in LIBRARY:
        return Traced(Node("library", (name, *(as_kind(node, "f") for node in nodes)), "f", length_of(*nodes)))
    elif name in _FLOAT:
        kind, nodes = "f", [as_kind(node, "f") for node in nodes]
    else:
        say = f"; use sim.kit.portable.{name}" if name in _PORTABLE else ""
        raise UntraceableError(f"np.{name}, which is not the same to the last bit everywhere{say}")
    if name == "invert" and kind == "i":
        raise UntraceableError("~ of whole numbers")
    return Traced(Node(name, tuple(nodes), kind, length_of(*nodes)), _column(*parts))


def as_kind(node: Node, kind: Kind) -> Node:
    """The node as floats, whole numbers or truth values."""
    return node if node.kind == kind else Node("cast", (node,), kind, node.length)


def spread(node: Node, length: int) -> Node:
    """A number of the clearing as a vector over so many agents; a vector as it is."""
    return Node("spread", (node,), node.kind, length) if node.length is None else node


def length_of(*nodes: Node) -> int | None:
    """How many agents the nodes are over; None: over none. Raises UntraceableError where they differ."""
    lengths = {node.length for node in nodes if node.length is not None}
    if len(lengths) > 1:
        raise UntraceableError(f"arrays of {' and '.join(map(str, sorted(lengths)))} agents together")
    return next(iter(lengths), None)


def _column(*parts: Traced) -> bool:
    return any(part.column for part in parts)


def kind_of(dtype: np.dtype[Any]) -> Kind:
    """Kind of the elements; raises UntraceableError where there is none for them."""
    kinds: dict[str, Kind] = {"f": "f", "i": "i", "u": "i", "b": "b"}
    if dtype.kind not in kinds:
        raise UntraceableError(f"elements of type {dtype}")
    return kinds[dtype.kind]
