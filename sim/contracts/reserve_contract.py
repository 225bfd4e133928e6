"""What a reserve policy must do, in the roles it has: dollars >= 0 of the shape it is given, task by task.

Many tasks at once give what each gives alone, a plain number what an array of it gives, and the same again for the same
again; nothing that is given is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sim.contracts.trial import dollars, first, floats_of, grid, same
from sim.kit.arrays import frozen

_SHAPES = ((4,), (2, 3))


def dollars_fault(given: tuple[Any, ...], made: Any) -> str:
    """What is wrong with reserves, or nothing. given: the first argument has their shape."""
    return first(floats_of("it", np.asarray(made, np.float64), np.shape(given[0])), dollars("it", made))


def reserve_faults(policy: Any) -> Iterator[str]:
    """All that is wrong with a reserve policy."""
    for shape in _SHAPES:
        value = frozen(0.1 + 5.0 * grid(shape))
        if hasattr(policy, "opening"):
            uniform = grid(shape, 11) if getattr(policy, "draws", True) else None
            yield from _of(policy.opening, "opening", (value, uniform), shape)
        if hasattr(policy, "after_unfilled"):
            unstated = frozen(np.where(grid(shape, 3) < 0.5, np.nan, value))
            reserve, start = frozen(value / 2), frozen(value / 4)
            yield from _of(policy.after_unfilled, "after_unfilled", (reserve, start, unstated), shape)
            failures = np.arange(1, 1 + int(np.prod(shape))).reshape(shape)
            yield from _of(policy.after_failure, "after_failure", (reserve, start, failures, unstated), shape)


def _of(method: Callable[..., Any], name: str, given: tuple[Any, ...], shape: tuple[int, ...]) -> Iterator[str]:
    made = method(*given)
    if wrong := dollars_fault(given, made):
        yield f"{name}: {wrong}"
        return
    if not same(made, method(*given)):
        yield f"{name}: gives other dollars when it is asked again; what is drawn is handed to it"
    for at in np.ndindex(*shape):
        alone = method(*(None if x is None else x[at] for x in given))
        if float(np.asarray(made)[at]) != float(alone):
            yield f"{name}: gives many tasks other dollars than each alone"
