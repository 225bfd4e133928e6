"""The arms that one entry makes: one for each combination of what it lists."""

from __future__ import annotations

import itertools
import math
from typing import Any

MOST_ARMS = 1_000


def combinations_of(parameters: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """One set of parameters for each combination of the lists in `parameters`, with what it adds to the arm's name."""
    lists = [key for key, value in parameters.items() if isinstance(value, list)]
    for key in lists:
        if not parameters[key]:
            raise ValueError(f"{key}: an empty list makes no arm")
    count = math.prod(len(parameters[key]) for key in lists)
    if count > MOST_ARMS:
        raise ValueError(f"{lists[0]}: lists of parameters make {count:,} arms; at most {MOST_ARMS:,}")
    combinations = itertools.product(*(parameters[key] for key in lists))
    expanded = []
    for values in combinations:
        chosen = dict(zip(lists, values, strict=True))
        suffix = f" {', '.join(map(str, values))}" if values else ""
        expanded.append((suffix, {**parameters, **chosen}))
    return expanded
