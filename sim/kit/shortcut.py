"""Branches that change nothing but the time a rule takes."""

from __future__ import annotations

from typing import Any


def shortcut(condition: Any) -> bool:
    """Whether a branch is taken that gives, number for number, what the general path gives, only sooner.

    condition: of arrays, e.g. `mask.all()`. A rule that is being traced (sim/compiled/trace) takes the general path,
    whatever the data; any other `if` on its data cannot be traced.

    >>> import numpy as np
    >>> shortcut(np.array([True, True]).all())
    True
    """
    return False if hasattr(condition, "node") else bool(condition)
