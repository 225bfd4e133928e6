"""A sweep that was found sound: its factors, its cells, and the jobs it is cut into.

Every cell plays the same replications of the same seed, so that luck is common to all of them. A job is a block of
replications with every cell and every arm; its size depends on the scenario alone, never on who works on it:

    block = min(2048, replications / 8, 256 MiB / bytes of one replication), at least 1
    bytes of one replication = tasks x agents x (300 + 40 tries + 24 postings) x worlds of a cell + tasks x 400
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sim.engine import choose
from sim.errors import ArrayError, RunError, ScenarioError
from sim.experiment.execute import check_arms, versions
from sim.experiment.format import FORMAT
from sim.experiment.run_memory import check_memory
from sim.invalid import written
from sim.origin import Origin, load_origin
from sim.scenario.axes import Factor, levels
from sim.scenario.figure import FigureFile
from sim.scenario.file import key_path, set_key
from sim.scenario.scenario import Arm, Scenario, digest_of, resolve
from sim.scenario.settings import Settings

MOST_BLOCK = 2048
LEAST_JOBS = 8
_BUDGET = 256 * 2**20
_ORIGIN = ("table", "columns", "profile", "tasks", "parameters")


@dataclass(frozen=True, eq=False)
class Cell:
    """One setting of the factors. parameters: swept key -> value. worlds: for each arm, what decides its World."""

    number: int
    parameters: Mapping[str, Any]
    scenario: Scenario
    origin: Origin
    worlds: tuple[str, ...]

    @property
    def label(self) -> str:
        """The cell in words, e.g. "cell 3 (tender.penalty = 1.0)"."""
        return label_of_cell(self.number, self.parameters)

    def auctions(self, count: int) -> int:
        """Auctions of `count` replications of all arms, each agent's own market counted apart."""
        markets = (len(self.origin.agents) if arm.settings.market.alone else 1 for arm in self.scenario.arms)
        return count * len(self.origin.tasks) * sum(markets)


@dataclass(frozen=True)
class Options:
    """What decides a sweep's result besides its scenario.

    precision: share of its mean that the 95% half-width of each arm may have; None: the scenario's replications.
    most: replications at which precision is given up. ledger: the attempts are kept too. engine: as `sim.engine` names
    them; it changes no number.
    """

    precision: float | None = None
    most: int | None = None
    ledger: bool = False
    engine: str = "auto"


@dataclass(frozen=True, eq=False)
class SweepPlan:
    """A sweep ready to be run. raw: the scenario as written, with the command line's changes."""

    path: Path
    raw: dict[str, Any]
    scenario: Scenario
    factors: tuple[Factor, ...]
    cells: tuple[Cell, ...]
    options: Options
    figures: tuple[FigureFile, ...] = ()
    plugins: Mapping[str, str] = field(default_factory=dict)

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the agents, the same in every cell."""
        return self.cells[0].origin.agents

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms of the first cell; every cell has arms of these names."""
        return self.cells[0].scenario.arms

    @property
    def baselines(self) -> tuple[int, ...]:
        """For each arm the number of the arm its differences are taken to."""
        names = [arm.name for arm in self.arms]
        return tuple(names.index(self.scenario.baseline_of(arm)) for arm in self.arms)

    @property
    def recorded(self) -> bool:
        """Outcomes come from a table, which all replications share."""
        return self.scenario.arms[0].settings.world.table is not None

    @cached_property
    def block(self) -> int:
        """Replications of a job."""
        most = max(1, self.scenario.replications // LEAST_JOBS)
        return max(1, min(MOST_BLOCK, most, _BUDGET // max(map(bytes_of, self.cells))))

    @property
    def most(self) -> int:
        """Replications that are never exceeded."""
        if self.options.precision is None:
            return self.scenario.replications
        stated = self.options.most
        return 100 * self.scenario.replications if stated is None else stated

    def job(self, number: int) -> tuple[int, int]:
        """First replication and count of a job; the last one may be short."""
        first = number * self.block
        limit = self.scenario.replications if self.options.precision is None else self.most
        return first, min(self.block, limit - first)

    def jobs_for(self, replications: int) -> int:
        """Whole jobs that hold at least so many replications."""
        return -(-replications // self.block)

    def auctions(self, count: int) -> int:
        """Auctions of `count` replications of all cells and arms."""
        return sum(cell.auctions(count) for cell in self.cells)

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """Hash of each cell, as `bidlab run` of that cell alone has it."""
        inputs = [path.read_bytes() for path in self.scenario.inputs]
        return tuple(digest_of(cell.scenario.resolved, inputs, self.plugins) for cell in self.cells)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides the sweep's numbers."""
        options = [self.options.precision, self.most, self.options.ledger]
        factors = [[factor.keys, factor.values] for factor in self.factors]
        whole = json.dumps(["sweep", self.hashes, factors, options], sort_keys=True, default=str)
        return hashlib.sha256(whole.encode()).hexdigest()

    @property
    def engines(self) -> list[str]:
        """The engines that play some cell."""
        arms = (arm for cell in self.cells for arm in cell.scenario.arms)
        return sorted({choose(self.options.engine, arm.settings.terms) for arm in arms})

    @property
    def info(self) -> dict[str, Any]:
        """What run.json says."""
        return {
            "format": FORMAT,
            "kind": "sweep",
            "hash": self.digest,
            "seed": self.scenario.seed,
            "engine": self.engines,
            "plugins": dict(self.plugins),
            "versions": versions(),
            "agents": list(self.agents),
            "tasks": list(self.cells[0].origin.tasks),
            "recorded": self.recorded,
            "scenario": {key: value for key, value in self.scenario.resolved.items() if key != "arms"},
            "arms": [
                {"name": arm.name, "mechanism": arm.label, "panel": arm.panel, "baseline": self.arms[base].name}
                for arm, base in zip(self.arms, self.baselines, strict=True)
            ],
            "factors": [
                {"keys": list(factor.keys), "values": list(map(list, factor.values))} for factor in self.factors
            ],
            "block": self.block,
            "options": {"precision": self.options.precision, "most": self.most, "ledger": self.options.ledger},
        }


def plan_sweep(
    path: Path, raw: dict[str, Any], options: Options | None = None, plugins: Mapping[str, str] | None = None
) -> SweepPlan:
    """Check everything about the sweep that can be checked without running it.

    Raises ScenarioError, TableError or RunError in one line; where one cell is at fault the line names it.
    """
    scenario = resolve(path, raw)
    factors = scenario.factors
    if not factors:
        raise ScenarioError(f'{path}: sweep: is missing; add [sweep], e.g. "tender.penalty" = [0.0, 1.0]')
    origins = _Origins(scenario.folder)
    cells = tuple(_cell(path, raw, number, parameters, origins) for number, parameters in enumerate(levels(factors)))
    _check_alike(path, cells)
    _check_some_playable(path, cells)
    plan = SweepPlan(path, raw, scenario, factors, cells, options or Options(), scenario.figures, plugins or {})
    if plan.most < scenario.replications:
        raise RunError(f"--most {plan.most}: must be at least the scenario's {scenario.replications} replications")
    _ = plan.engines  # raises where the engine asked for cannot play some cell
    biggest = max(cells, key=bytes_of)
    smaller = Scenario(**{**vars(biggest.scenario), "replications": plan.block})
    check_memory(smaller, len(biggest.origin.tasks), len(plan.agents), biggest.origin.n_tries)
    return plan


def label_of_cell(number: int, parameters: Mapping[str, Any]) -> str:
    """A cell in words.

    >>> label_of_cell(3, {"tender.penalty": 1.0})
    'cell 3 (tender.penalty = 1.0)'
    """
    told = ", ".join(f"{key} = {written(value)}" for key, value in parameters.items())
    return f"cell {number} ({told})"


def cell_raw(raw: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The scenario of one cell as written: the factors set in the sections that every arm starts from."""
    changed = copy.deepcopy({key: value for key, value in raw.items() if key not in ("sweep", "figure")})
    for key, value in parameters.items():
        set_key(changed, key_path(key), copy.deepcopy(value))
    return changed


class _Origins:
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


def _cell(path: Path, raw: dict[str, Any], number: int, parameters: dict[str, Any], origins: _Origins) -> Cell:
    where = f"{path}: sweep: {label_of_cell(number, parameters)}"
    try:
        scenario = resolve(path, cell_raw(raw, parameters))
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {str(error).removeprefix(f'{path}: ')}") from None
    except ValueError as error:  # a key inside what is no table
        raise ScenarioError(f"{where}: {error}") from None
    worlds = tuple(arm.settings.spec.key for arm in scenario.arms)
    return Cell(number, parameters, scenario, origins.of(scenario.arms[0].settings), worlds)


def _check_alike(path: Path, cells: tuple[Cell, ...]) -> None:
    first = cells[0]
    for cell in cells[1:]:
        for what, one, other in (
            ("agents", first.origin.agents, cell.origin.agents),
            ("arms", _arm_names(first), _arm_names(cell)),
        ):
            if one != other:
                raise ScenarioError(
                    f"{path}: sweep: {cell.label}: all cells must have the same {what}; got {', '.join(other)}, "
                    f"where cell 0 has {', '.join(one)}"
                )


def _check_some_playable(path: Path, cells: tuple[Cell, ...]) -> None:
    """Raise the first cell's error where not a single cell can be played; a cell of several that cannot is reported."""
    first: Exception | None = None
    for cell in cells:
        try:
            check_arms(cell.scenario, cell.origin)
        except (ScenarioError, ArrayError) as error:
            first = first or ScenarioError(f"{path}: sweep: {cell.label}: {error}")
        else:
            return
    if first is not None:
        raise first


def _arm_names(cell: Cell) -> tuple[str, ...]:
    return tuple(arm.name for arm in cell.scenario.arms)


def bytes_of(cell: Cell) -> int:
    """Memory that one replication of the cell takes in a job."""
    postings = max(arm.settings.tender.postings for arm in cell.scenario.arms)
    per_agent = 300 + 40 * cell.origin.n_tries + 24 * postings
    n_tasks, n_agents = len(cell.origin.tasks), len(cell.origin.agents)
    return n_tasks * n_agents * per_agent * len(set(cell.worlds)) + 400 * n_tasks
