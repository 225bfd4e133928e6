"""Branches on data that a traced rule may have: those that save time, and those that end in an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def shortcut(condition: Any) -> bool:
    """Whether a branch is taken that gives, number for number, what the general path gives, only sooner.

    condition: of arrays, e.g. `mask.all()`. A rule that is being traced (sim/compiled/trace) takes the general path,
    whatever the data; any other `if` on its data cannot be traced.

    >>> import numpy as np
    >>> shortcut(np.array([True, True]).all())
    True
    """
    return False if hasattr(condition, "node") else bool(condition)


def unless(good: Any, error: Callable[[], Exception]) -> None:
    """Raise the error where not all of `good` is true.

    A rule that is being traced goes on: where it is run, what is not good is given to the rule itself, which raises.

    >>> unless(np.array([True]), lambda: ValueError("never"))
    """
    if hasattr(good, "demand"):
        good.demand()
    elif not np.all(good):
        raise error()
