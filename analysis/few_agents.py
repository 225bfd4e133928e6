"""Which agents stand in tables and figures where there are many: those of the greatest and of the smallest quantity.

Up to MOST agents all are shown in their order. Of more, the first half is those of the greatest value of one quantity
and the second half those of the smallest, in this order; ties by the order of the run. Captions and lines above
tables say so. The CSV files hold all agents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

MOST = 40  # agents in a table, and rows in a figure


def both_ends(size: npt.ArrayLike, most: int = MOST) -> list[int]:
    """Places of those shown: all in their order, or of many those of the greatest and of the smallest size.

    Undefined sizes count as 0. Of an odd number one more is of the greatest.

    >>> both_ends([3.0, 1.0]), both_ends([1.0, 4.0, 3.0, 2.0], most=3)
    ([0, 1], [1, 2, 0])
    """
    sizes = np.nan_to_num(np.asarray(size, dtype=np.float64))
    if len(sizes) <= most:
        return list(range(len(sizes)))
    order = np.argsort(-sizes, kind="stable").tolist()
    return [*order[: -(-most // 2)], *order[len(order) - most // 2 :]]


def few(names: Sequence[Any], size: npt.ArrayLike) -> list[Any]:
    """The names of those shown.

    >>> few(["a", "b"], [1.0, 2.0])
    ['a', 'b']
    """
    return [names[place] for place in both_ends(size)]


def selection_note(count: int, by: str, where: str, most: int = MOST) -> str:
    """What a caption or a line says where not all of `count` agents are shown; "" where they are. by: the quantity.

    >>> selection_note(100, "cash profit", "agents.csv")
    'of 100 agents the 20 of the greatest and the 20 of the smallest cash profit; all of them in agents.csv'
    >>> selection_note(2, "cash profit", "agents.csv")
    ''
    """
    if count <= most:
        return ""
    greatest, smallest = -(-most // 2), most // 2
    which = f"the {greatest} of the greatest and the {smallest} of the smallest {by}"
    return f"of {count:,} agents {which}; all of them in {where}"
