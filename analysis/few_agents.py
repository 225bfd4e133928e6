"""Which agents stand in tables and figures where there are many: those that earn most and those that earn least.

Up to MOST_AGENTS all are shown. Of more, the END of the greatest and the END of the smallest value of one quantity,
in this order, ties by name order of the run; captions and lines below tables say so. The CSV files hold all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

END = 20  # shown at either end
MOST_AGENTS = 2 * END


def ends(size: npt.ArrayLike) -> list[int]:
    """Places of those shown: all in their order, or of many those of the greatest and of the smallest size.

    Undefined sizes count as 0.

    >>> ends([3.0, 1.0]), ends(range(41))[:3], ends(range(41))[-2:]
    ([0, 1], [40, 39, 38], [1, 0])
    """
    sizes = np.nan_to_num(np.asarray(size, dtype=np.float64))
    if len(sizes) <= MOST_AGENTS:
        return list(range(len(sizes)))
    order = np.argsort(-sizes, kind="stable").tolist()
    return [*order[:END], *order[-END:]]


def few(names: Sequence[Any], size: npt.ArrayLike) -> list[Any]:
    """The names of those shown.

    >>> few(["a", "b"], [1.0, 2.0])
    ['a', 'b']
    """
    return [names[place] for place in ends(size)]


def said(count: int, by: str, where: str) -> str:
    """What a caption or a line says where not all of `count` agents are shown; "" where they are. by: the quantity.

    >>> said(100, "cash profit", "agents.csv")
    'of 100 agents the 20 of the greatest and the 20 of the smallest cash profit; all of them in agents.csv'
    >>> said(2, "cash profit", "agents.csv")
    ''
    """
    if count <= MOST_AGENTS:
        return ""
    return f"of {count:,} agents the {END} of the greatest and the {END} of the smallest {by}; all of them in {where}"
