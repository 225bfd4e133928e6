"""A cell of an experiment: its scenario at one setting of the factors. A run has one cell, and no factor."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.kit.errors import ScenarioError
from sim.kit.invalid import written
from sim.scenario.file import key_path, set_key
from sim.scenario.scenario import Arm, Scenario, resolve
from sim.specs.settings import Settings
from sim.world.origin import Origin, load_origin

_ORIGIN = ("table", "columns", "profile", "tasks", "parameters")


@dataclass(frozen=True, eq=False)
class Cell:
    """One setting of the factors. parameters: swept key -> value; none in a run, which has one cell."""

    number: int
    parameters: Mapping[str, Any]
    scenario: Scenario
    origin: Origin

    @property
    def worlds(self) -> tuple[str, ...]:
        """For each arm, what decides its World."""
        return tuple(arm.settings.spec.key for arm in self.scenario.arms)

    @property
    def label(self) -> str:
        """The cell in words, e.g. "cell 3 (tender.penalty = 1.0)"."""
        return label_of_cell(self.number, self.parameters)

    def auctions(self, count: int) -> int:
        """Auctions of `count` replications of all arms, each agent's own market counted apart."""
        return sum(self.auctions_of(arm, count) for arm in self.scenario.arms)

    def auctions_of(self, arm: Arm, count: int) -> int:
        """As `auctions`, of one arm."""
        markets = len(self.origin.agents) if arm.settings.market.alone else 1
        return count * len(self.origin.tasks) * markets


def label_of_cell(number: int, parameters: Mapping[str, Any]) -> str:
    """A cell in words.

    >>> label_of_cell(3, {"tender.penalty": 1.0})
    'cell 3 (tender.penalty = 1.0)'
    """
    setting = ", ".join(f"{key} = {written(value)}" for key, value in parameters.items())
    return f"cell {number} ({setting})"


def cell_raw(raw: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The scenario of one cell as written: the factors set in the sections that every arm starts from."""
    changed = copy.deepcopy({key: value for key, value in raw.items() if key not in ("sweep", "figure")})
    for key, value in parameters.items():
        set_key(changed, key_path(key), copy.deepcopy(value))
    return changed


class Origins:
    """One origin for all cells that have the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Origin] = {}

    def of(self, settings: Settings) -> Origin:
        world = settings.world
        key = json.dumps(
            [getattr(world, name) for name in _ORIGIN] + [world.agents if isinstance(world.agents, list) else None]
        )
        if key not in self.known:
            self.known[key] = load_origin(world, self.folder)
        return self.known[key]


def cell_of(path: Path, raw: Mapping[str, Any], number: int, parameters: Mapping[str, Any], origins: Origins) -> Cell:
    """The cell with these parameters; raises ScenarioError naming it."""
    where = f"{path}: sweep: {label_of_cell(number, parameters)}"
    try:
        scenario = resolve(path, cell_raw(raw, parameters))
    except ScenarioError as error:
        raise ScenarioError(*(f"{where}: {line.removeprefix(f'{path}: ')}" for line in error.args)) from None
    except ValueError as error:  # a key inside what is no table
        raise ScenarioError(f"{where}: {error}") from None
    return Cell(number, parameters, scenario, origins.of(scenario.arms[0].settings))


def bytes_of(cell: Cell) -> int:
    """Memory that one replication of the cell takes in a job."""
    postings = max(arm.settings.tender.postings for arm in cell.scenario.arms)
    per_agent = 300 + 40 * cell.origin.n_tries + 24 * postings
    n_tasks, n_agents = len(cell.origin.tasks), len(cell.origin.agents)
    return n_tasks * n_agents * per_agent * len(set(cell.worlds)) + 400 * n_tasks
