"""Named values as one piece of memory: what the loop is given, so that a function in it is handed one address for all.

Every value takes eight bytes: a whole number, a float, a truth value, the address of an array or of compiled code. What
is packed does not change while the loop runs, which compiled code may rely on; what stands in the arrays may.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import (
    NativeValue,
    intrinsic,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from sim.compiled.pointer import Pointer

_WORD, _FLOAT, _BYTES = ir.IntType(64), ir.DoubleType(), ir.IntType(8).as_pointer()


class Packed:
    """A named tuple of numbers, arrays (`Pointer`) and other such tuples. Who packs arrays keeps them alive.

    All that is packed of one class has the same kinds in the same places.
    """

    __slots__ = ("_memory", "_places", "address", "kind")

    def __init__(self, values: Any) -> None:
        if type(values) not in _PACKED:  # to look at hundreds of fields takes a millisecond
            _PACKED[type(values)] = _kind(values)
        self.kind = _PACKED[type(values)]
        self._places = {name: 8 * place for name, (_, place) in self.kind.fields.items()}
        self._memory = bytearray(8 * len(_leaves(values)))
        self.address = np.frombuffer(self._memory, np.uint8).__array_interface__["data"][0]
        self.put(**values._asdict())

    def put(self, **changed: Any) -> None:
        """Put other values in the place of some, of the same kinds as they were."""
        for name, values in changed.items():
            _form(values).pack_into(self._memory, self._places[name], *_leaves(values))


_PACKED: dict[type, PackedType] = {}
_FORMS: dict[type, struct.Struct] = {}  # of the named tuples: what each field is follows from its name


def _form(values: Any) -> struct.Struct:
    kind = type(values)
    if kind not in _FORMS:
        _FORMS[kind] = struct.Struct("".join("d" if isinstance(one, float) else "q" for one in _leaves(values)))
    return _FORMS[kind]


def _leaves(values: Any) -> list[Any]:
    found: list[Any] = []
    for one in values if isinstance(values, tuple) else (values,):
        if isinstance(one, tuple):
            found += _leaves(one)
        else:
            found.append(one.address if isinstance(one, Pointer) else one)
    return found


class PackedType(types.Type):
    """The names of fields, and of each its kind and its place, counted in words."""

    def __init__(self, fields: tuple[tuple[str, Any, int], ...]) -> None:
        self.fields = {name: (kind, place) for name, kind, place in fields}
        super().__init__(f"Packed({', '.join(f'{name} {kind} {place}' for name, kind, place in fields)})")


register_model(PackedType)(models.OpaqueModel)


def _kind(values: Any) -> PackedType:
    fields, place = [], 0
    for name, one in zip(values._fields, values, strict=True):
        kind, words = types.int64, 1
        if isinstance(one, Pointer):
            kind = one.kind
        elif isinstance(one, tuple):
            kind, words = _kind(one), len(_leaves(one))
        elif isinstance(one, bool):
            kind = types.boolean
        elif isinstance(one, float):
            kind = types.float64
        fields.append((name, kind, place))
        place += words
    return PackedType(tuple(fields))


@typeof_impl.register(Packed)
def _typeof(packed: Packed, context: Any) -> PackedType:
    return packed.kind


@unbox(PackedType)
def _address(kind: PackedType, packed: Any, c: Any) -> NativeValue:
    held = c.pyapi.object_getattr_string(packed, "address")
    address = c.pyapi.long_as_longlong(held)
    c.pyapi.decref(held)
    return NativeValue(c.builder.inttoptr(address, _BYTES))


@infer_getattr
class _Fields(AttributeTemplate):
    key = PackedType

    def generic_resolve(self, kind: PackedType, name: str) -> Any:
        """The kind of a field."""
        return kind.fields[name][0] if name in kind.fields else None


@lower_getattr_generic(PackedType)
def _load(context: Any, builder: Any, kind: PackedType, packed: Any, name: str) -> Any:
    of, place = kind.fields[name]
    here = builder.gep(builder.bitcast(packed, _WORD.as_pointer()), [_WORD(place)])
    if isinstance(of, PackedType):
        return builder.bitcast(here, _BYTES)
    if of == types.float64:
        here = builder.bitcast(here, _FLOAT.as_pointer())
    value = builder.load(here)
    value.set_metadata("invariant.load", builder.module.add_metadata([]))
    if of == types.boolean:
        return builder.icmp_unsigned("!=", value, _WORD(0))
    if isinstance(of, types.CPointer):
        return builder.inttoptr(value, context.get_value_type(of))
    return value


@intrinsic
def shifted(typing: Any, pointer: Any, elements: Any) -> Any:
    """The pointer so many elements on."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.gep(values[0], [values[1]])

    return pointer(pointer, types.int64), generate


@intrinsic
def call(typing: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, n: Any, width: Any) -> Any:
    """What the compiled code at an address returns, given five pointers and two whole numbers."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in signature.args[1:]]
        code = builder.inttoptr(values[0], ir.FunctionType(_WORD, kinds).as_pointer())
        return builder.call(code, values[1:])

    return types.int64(types.int64, a, b, c, d, e, types.int64, types.int64), generate
