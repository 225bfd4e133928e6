"""A scenario's sections as JSON keeps them in a run: infinities as text, inputs where the run holds them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from sim.world.origin import IMPORTED


def limitless(sections: dict[str, Any]) -> None:
    """Turn "inf", as JSON has it, back into the number where a key may hold it."""
    tender, bidders = sections["tender"], sections["bidders"]
    places = [(sections["market"], "capacity"), (tender, "budget"), (bidders, "bankroll")]
    places += [(one, "budget") for one in tender.get("principals") or []]
    if isinstance(bidders.get("bankroll"), dict):
        places += [(bidders["bankroll"], name) for name in bidders["bankroll"]]
    for table, key in places:
        if table.get(key) == "inf":
            table[key] = math.inf
    plans = bidders["plans"]
    if plans is not None:
        plans["budgets"] = [math.inf if budget == "inf" else budget for budget in plans["budgets"]]


def relocate(world: dict[str, Any], folder: Path) -> None:
    """Point [world] to its inputs where a run keeps them, in `folder`."""
    if isinstance(world["table"], dict):
        with (folder / IMPORTED).open(encoding="utf-8") as table:
            headings = table.readline().rstrip("\n").split(",")
        world |= {"table": IMPORTED, "columns": dict(zip(headings, headings, strict=True))}
    elif world.get("live") is not None:
        world["live"] = Path(world["live"]).name
    elif world["table"] is not None:
        world["table"] = Path(world["table"]).name
    else:
        world["profile"] = f"{Path(world['profile']).name.removesuffix('.toml')}.toml"


def finite(value: Any) -> Any:
    """`value` with infinities written as "inf", which JSON has no number for."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return "inf" if value == math.inf else value
