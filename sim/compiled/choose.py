"""A choice between two values at hand, without a branch, so that the processor makes several at a time."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic
def choose(context: Any, condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition is true, else `no`; both are worked out, as np.where does."""
    kind = context.unify_types(types.unliteral(yes), types.unliteral(no))
    if condition != types.boolean or kind is None:
        return None

    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        first, *values = given
        kinds = signature.args[1:]
        chosen = (context.cast(builder, value, of, kind) for value, of in zip(values, kinds, strict=True))
        return builder.select(first, *chosen)

    return kind(types.boolean, types.unliteral(yes), types.unliteral(no)), made
