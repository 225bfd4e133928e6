"""Arrays as pointers to their memory: what compiled code is handed, so that nothing is counted as it is handed on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import NativeValue, typeof_impl, unbox
from numpy.typing import NDArray

_NAMES = ("float64", "int64", "int32", "int16", "int8", "uint64")
_KINDS = {np.dtype(name): types.CPointer(getattr(types, name)) for name in _NAMES}
_KINDS[np.dtype(np.bool_)] = _KINDS[np.dtype(np.int8)]  # a truth value is a byte, 0 or 1


class Pointer:
    """The memory of an array, which it keeps alive. strided: who reads it knows the step along each axis.

    Raises ValueError where it is not and the array is no line of elements, the last axis closest.
    """

    __slots__ = ("address", "array", "kind")

    def __init__(self, array: NDArray[Any], *, strided: bool = False) -> None:
        if not strided and not array.flags.c_contiguous:
            raise ValueError(f"an array {array.shape} with steps {array.strides} is no line of elements")
        self.array, self.address = array, array.__array_interface__["data"][0]
        self.kind = _KINDS[array.dtype]


def pointers(arrays: Any) -> Any:
    """A named tuple of arrays as one of their pointers."""
    return type(arrays)(*map(Pointer, arrays))


@typeof_impl.register(Pointer)
def _kind(pointer: Pointer, context: Any) -> Any:
    return pointer.kind


@unbox(types.CPointer)
def _address(kind: Any, pointer: Any, c: Any) -> NativeValue:
    held = c.pyapi.object_getattr_string(pointer, "address")
    address = c.pyapi.long_as_longlong(held)
    c.pyapi.decref(held)
    return NativeValue(c.builder.inttoptr(address, c.context.get_value_type(kind)))
