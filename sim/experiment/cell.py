"""A cell of an experiment: its scenario at one setting of the factors. A run has one cell, and no factor."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.importing.mapping import ImportSpec
from sim.kit.errors import ScenarioError
from sim.kit.invalid import written
from sim.scenario.file import key_path, set_key
from sim.scenario.scenario import Arm, Scenario, resolve
from sim.scenario.varied import Varied
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import reaches_draws
from sim.world.origin import Origin, load_origin

_ORIGIN = ("table", "columns", "profile", "tasks", "parameters")


@dataclass(frozen=True, eq=False)
class Cell:
    """One setting of the factors. parameters: swept key -> value; none in a run, which has one cell.

    whole: the scenario of all cells. bytes: memory that one replication of the cell takes in a job.
    """

    number: int
    parameters: Mapping[str, Any]
    arms: tuple[Arm, ...]
    origin: Origin
    whole: Scenario
    bytes: int = 0

    @property
    def scenario(self) -> Scenario:
        """The cell as a scenario of its own, made anew each time."""
        if not self.parameters:
            return self.whole
        return self.whole.with_arms(self.arms, cell_raw(self.whole.written, self.parameters))

    @property
    def worlds(self) -> tuple[str, ...]:
        """For each arm, what decides its World."""
        return tuple(arm.settings.spec.key for arm in self.arms)

    @property
    def label(self) -> str:
        """The cell in words, e.g. "cell 3 (tender.penalty = 1.0)"."""
        return label_of_cell(self.number, self.parameters)

    def auctions(self, count: int) -> int:
        """Auctions of `count` replications of all arms, each agent's own market counted apart."""
        return sum(self.auctions_of(arm, count) for arm in self.arms)

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


class Cells:
    """Makes the cells of a sweep."""

    def __init__(self, scenario: Scenario) -> None:
        self._whole = scenario
        keys = [key for factor in scenario.factors for key in factor.keys]
        self._varied = Varied(scenario, keys)
        self._drawing = [key for key in keys if reaches_draws(*key_path(key)[:2])]
        self._n_worlds: dict[tuple[int, ...], int] = {}
        self._origins: dict[str, Origin] = {}
        self._origin_of: dict[int, tuple[WorldSettings, Origin]] = {}  # by identity of [world], which cells share

    def cell(self, number: int, parameters: Mapping[str, Any]) -> Cell:
        """The cell with these parameters; raises ScenarioError naming it."""
        arms = self._varied.at(parameters)
        if arms is None:
            arms = self._anew(number, parameters)
        world = arms[0].settings.world
        if id(world) not in self._origin_of:
            self._origin_of[id(world)] = world, self._origin(world)  # kept, so that its identity stays its own
        _, origin = self._origin_of[id(world)]
        return Cell(number, parameters, arms, origin, self._whole, self._bytes(parameters, arms, origin))

    def _anew(self, number: int, parameters: Mapping[str, Any]) -> tuple[Arm, ...]:
        path = self._whole.path or self._whole.folder
        where = f"{path}: sweep: {label_of_cell(number, parameters)}"
        try:
            return resolve(path, cell_raw(self._whole.written, parameters)).arms
        except ScenarioError as error:
            raise ScenarioError(*(f"{where}: {line.removeprefix(f'{path}: ')}" for line in error.args)) from None
        except ValueError as error:  # a key inside what is no table
            raise ScenarioError(f"{where}: {error}") from None

    def _origin(self, world: WorldSettings) -> Origin:
        """One origin for all cells that have the same."""
        known = json.dumps(
            [getattr(world, name) for name in _ORIGIN] + [world.agents if isinstance(world.agents, list) else None],
            default=ImportSpec.model_dump,
        )
        if known not in self._origins:
            self._origins[known] = load_origin(world, self._whole.folder)
        return self._origins[known]

    def _bytes(self, parameters: Mapping[str, Any], arms: Sequence[Arm], origin: Origin) -> int:
        level = tuple(id(parameters[key]) for key in self._drawing)
        if level not in self._n_worlds:
            self._n_worlds[level] = len({arm.settings.spec.key for arm in arms})
        postings = max([arm.settings.tender.postings for arm in arms])
        per_agent = 300 + 40 * origin.n_tries + 24 * postings
        return len(origin.tasks) * len(origin.agents) * per_agent * self._n_worlds[level] + 400 * len(origin.tasks)
