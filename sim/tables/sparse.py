"""What a recorded table leaves out: cells (task, agent) without a row, at which the agent can neither bid nor work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.tables.table import Recorded


def left_out(recorded: Recorded, agents: Sequence[str]) -> dict[str, int]:
    """Counts of what is missing of those of these agents that are the table's; empty where nothing is.

    filled, cells: of the table; nobody, single: tasks without any of the agents, and with only one; least, most: tasks
    of the agent that has fewest, and most; absent: agents without any.
    """
    present = recorded.present[:, [recorded.agents.index(name) for name in agents if name in recorded.agents]]
    if present.all():
        return {}
    able, own = present.sum(axis=1), present.sum(axis=0)
    return {
        "filled": int(present.sum()),
        "cells": int(present.size),
        "nobody": int(np.count_nonzero(able == 0)),
        "single": int(np.count_nonzero(able == 1)),
        "least": int(own.min()),
        "most": int(own.max()),
        "absent": int(np.count_nonzero(own == 0)),
    }


def about_left_out(info: Mapping[str, Any]) -> str:
    """What run.json says is left out, a line; "" where nothing is.

    >>> counts = {"filled": 12, "cells": 100, "nobody": 0, "single": 8, "least": 1, "most": 3, "absent": 0}
    >>> print(about_left_out({"left_out": counts, "tasks": ["t"] * 10}), end="")
    the table fills 12 of 100 cells (12.0%): 8 of 10 tasks have one agent only; agents have 1 to 3 tasks
    """
    counts, n_tasks = info.get("left_out"), len(info["tasks"])
    if not counts:
        return ""
    said = {
        f"{counts['nobody']:,} of {n_tasks:,} tasks have no agent": counts["nobody"],
        f"{counts['single']:,} of {n_tasks:,} tasks have one agent only": counts["single"],
        f"{counts['absent']:,} agents have no task": counts["absent"],
        f"agents have {counts['least']:,} to {counts['most']:,} tasks": True,
    }
    cells = f"{counts['filled']:,} of {counts['cells']:,} cells ({counts['filled'] / counts['cells']:.1%})"
    return f"the table fills {cells}: {'; '.join(part for part, holds in said.items() if holds)}\n"
