"""Arrays of a function's own, which nothing else can point to: compiled code may keep them in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def own(context: Any, count: Any) -> Any:
    """Memory for so many floats, a plain number, until the function returns; nothing is in it yet."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    memory = types.CPointer(types.float64)

    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        array = cgutils.alloca_once(builder, ir.ArrayType(ir.DoubleType(), count.literal_value))
        return builder.bitcast(array, context.get_value_type(memory))

    return memory(count), made
