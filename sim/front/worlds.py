"""Worlds without a scenario: of a recorded table, or drawn from a population; `World.recorded` and its like.

Every setting that reaches a draw can be given by its key in a scenario: those of [world]; value, reserve, postings,
exclude, timeout and principals of [tender]; card, on_retry and policies, some of which draw, of [bidders]; advice and
expected_cost of [standing].
Where they are not given, a success is worth 1 dollar and the reserve is that value.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.bundled import find_table
from sim.experiment.run_folder import draw_world
from sim.front.arguments import arguments
from sim.front.keys import checked, sections
from sim.specs.settings import Settings
from sim.tables.table import found_columns, read_sheet
from sim.tables.table_file import Sheet, read_file, sheet_of
from sim.world.origin import TableOrigin, load_origin
from sim.world.second_names import everybody
from sim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["World", "drawn", "from_frame", "recorded", "sheet_of_source"]

_NOT_DRAWN = {
    "world": ("table", "columns", "profile", "tasks", "bid_cost"),
    "tender": ("penalty", "public", "escalation", "budget"),
    "market": (
        *("alone", "window", "capacity", "repost_delay", "overhead", "round", "assignment", "concurrency"),
        *("max_bids_per_worker", "bid_cost_per"),
    ),
    "bidders": ("bankroll", "fallback", "plans"),
    "standing": ("reputation",),
}


@arguments("World.recorded")
def recorded(
    table: str | Path = "marketbench",
    columns: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
    replications: int = 1,
    **settings: Any,
) -> World:
    """The World of a recorded table: a bundled one by name, or a .csv, .parquet or .jsonl file.

    columns: our name -> the table's; those it does not name are found by their own names. seed: of all that is drawn;
    replications: R. settings: see above. Raises TableError where the table cannot be read, ScenarioError where a
    setting is wrong.

    >>> World.recorded("marketbench", seed=1)
    World of 1 replication x 93 tasks x 6 agents, from a table
    """
    return _of_sheet(read_file(find_table(table)), columns, seed, replications, settings)


@arguments("World.from_frame")
def from_frame(
    frame: pd.DataFrame,
    columns: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
    replications: int = 1,
    **settings: Any,
) -> World:
    """The World of a recorded table held as a DataFrame, one row per (task, agent, trial); as `recorded`."""
    return _of_sheet(sheet_of(frame), columns, seed, replications, settings, "World.from_frame")


@arguments("World.drawn")
def drawn(
    profile: str | Path = "marketbench", tasks: int = 100, *, seed: int = 0, replications: int = 1, **settings: Any
) -> World:
    """A World of `tasks` tasks drawn from a population: a bundled profile by name, or a .toml file.

    settings: as in `recorded`, and the keys of [world] that belong to a profile; parameters: "point" where not given.

    >>> World.drawn("marketbench", tasks=3, seed=1, replications=2)
    World of 2 replications x 3 tasks x 6 agents, drawn from a population
    """
    own = {"profile": str(profile), "tasks": tasks, "parameters": settings.pop("parameters", "point")}
    found = _settings(own, settings, "World.drawn")
    return _drawn(found, load_origin(found.world, Path()), seed, replications)


def sheet_of_source(table: str | Path | pd.DataFrame) -> Sheet:
    """A table as it was read: of a bundled name, a file, or a DataFrame."""
    return read_file(find_table(table)) if isinstance(table, str | Path) else sheet_of(table)


def _of_sheet(
    sheet: Sheet,
    columns: Mapping[str, str] | None,
    seed: int,
    replications: int,
    settings: dict[str, Any],
    where: str = "World.recorded",
) -> World:
    mapped = found_columns(sheet, columns or {}, "in columns")
    found = _settings({"table": str(sheet.path), "columns": mapped}, settings, where)
    read = read_sheet(sheet, mapped)
    kept = found.world.agents
    origin = TableOrigin(read, everybody(tuple(kept) if isinstance(kept, list) else read.agents, found.world))
    return _drawn(found, origin, seed, replications)


def _settings(world: Mapping[str, Any], given: Mapping[str, Any], where: str) -> Settings:
    found = sections(given, where, _NOT_DRAWN)
    found["world"] |= world
    found["tender"] = {"value": 1.0, "reserve": "value", "penalty": 0.0} | found["tender"]
    found["tender"]["public"] = ["value", "penalty", "asks"]  # what a Market shows is its own to say
    return checked(found, where)


def _drawn(settings: Settings, origin: Any, seed: int, replications: int) -> World:
    return draw_world(settings.spec, origin, seed, replications)


World.recorded, World.from_frame, World.drawn = recorded, from_frame, drawn
