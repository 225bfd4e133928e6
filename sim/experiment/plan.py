"""One plan of every experiment: its cells, its arms, and the blocks of replications it is cut into.

A run is one cell, played at once, and its ledger is kept. In a sweep every cell plays the same replications of the same
seed, so that luck is common to all of them. A job is a block of replications with every cell and every arm; its size
depends on the scenario alone, never on who works on it:

    block = min(2048, replications / 8, 256 MiB / bytes of one replication), at least 1
    bytes of one replication = tasks x agents x (300 + 40 tries + 24 postings) x worlds of a cell + tasks x 400

Small jobs are played together (sim/experiment/batch.py), as many as hold 2^23 auctions, which are lost where a process
is killed, and fit with their sums into 256 MiB, or into a quarter of what memory there is for each process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sim.experiment.cell import Cell, Cells
from sim.experiment.engine import Engine, choose
from sim.experiment.format import FORMAT
from sim.experiment.run_folder import scenario_origin
from sim.experiment.run_memory import check_memory
from sim.experiment.soundness import check_alike, check_arms, check_some_playable
from sim.experiment.versions import versions
from sim.kit.collector import all_kept
from sim.kit.errors import MOST_LISTED, RunError, ScenarioError, capped
from sim.kit.memory import available
from sim.live_market.questioner import templates_of
from sim.scenario.axes import Factor, asked_for, levels
from sim.scenario.figure_spec import of_runs, of_sweeps, stated
from sim.scenario.file import key_path
from sim.scenario.reach import states
from sim.scenario.scenario import Arm, Scenario
from sim.tables.sparse import left_out
from sim.world.origin import LiveOrigin, Origin, TableOrigin
from sim.world.principals import principal_names

MOST_BLOCK = 2048
LEAST_JOBS = 8
_BUDGET = 256 * 2**20
_SUMS = 300  # bytes of a row of sums
_AUCTIONS = 2**23  # some ten seconds
_OF_AN_ARM = 2**20  # auctions, beyond which memory is asked for more often than it is used again


@dataclass(frozen=True)
class Options:
    """What decides a sweep's result besides its scenario.

    precision: share of its mean that the 95% half-width of each arm may have; None: the scenario's replications.
    most: replications at which precision is given up. ledger: the attempts are kept too. engine: as
    `sim.experiment.engine` names them; it changes no number.
    """

    precision: float | None = None
    most: int | None = None
    ledger: bool = False
    engine: str = "auto"


@dataclass(frozen=True, eq=False)
class Plan:
    """An experiment that was found sound: cells x arms x blocks of replications.

    swept: the cells are those of the scenario's factors, and sums are kept of them; else there is one cell,
    and its ledger is kept: a run. plugins: file name -> SHA-256. quantities: names of those asked for beside what every
    sweep keeps.
    """

    scenario: Scenario
    cells: tuple[Cell, ...]
    options: Options
    plugins: Mapping[str, str] = field(default_factory=dict)
    swept: bool = False
    quantities: tuple[str, ...] = ()

    @property
    def origin(self) -> Origin:
        """Where agents and tasks come from; those of the first cell."""
        return self.cells[0].origin

    @property
    def path(self) -> Path:
        """The file that a sweep's scenario stands in."""
        return self.scenario.path or self.scenario.folder

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What is swept."""
        return self.scenario.factors if self.swept else ()

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the agents, the same in every cell."""
        return self.cells[0].origin.agents

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms of the first cell; every cell has arms of these names."""
        return self.cells[0].arms

    @property
    def baselines(self) -> tuple[int, ...]:
        """For each arm the number of the arm its differences are taken to."""
        names = [arm.name for arm in self.arms]
        return tuple(names.index(self.scenario.baseline_of(arm)) for arm in self.arms)

    @property
    def recorded(self) -> bool:
        """Outcomes come from a table, which all replications share."""
        return self.scenario.arms[0].settings.world.table is not None

    @property
    def live(self) -> bool:
        """Agents are asked, not drawn."""
        return isinstance(self.origin, LiveOrigin)

    @cached_property
    def block(self) -> int:
        """Replications of a job; a run plays all at once."""
        if not self.swept:
            return self.scenario.replications
        most = max(1, self.scenario.replications // LEAST_JOBS)
        return max(1, min(MOST_BLOCK, most, _BUDGET // max(cell.bytes for cell in self.cells)))

    def together(self, rows: int, processes: int) -> int:
        """How many jobs of a sweep one of these processes plays together at most. rows: of sums a job keeps of an arm.

        It changes no number.
        """
        if self.block * len(self.origin.tasks) == 1:
            return 1  # one auction has no spread, which its sums alone can tell
        sums = rows * len(self.arms) * len(self.cells) * _SUMS
        bytes_of_job = self.block * max(cell.bytes for cell in self.cells) + sums
        room = max(_BUDGET, available() // (4 * processes))
        of_an_arm = self.block * max(len(cell.origin.tasks) for cell in self.cells)
        most = room // bytes_of_job, _AUCTIONS // self.auctions(self.block), _OF_AN_ARM // of_an_arm
        return max(1, min(most))

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
    def digest(self) -> str:
        """SHA-256 of all that decides the numbers; of a run that of its scenario."""
        whole = self.scenario.digest(self.plugins)
        if not self.swept:
            return whole
        options = [self.options.precision, self.most, self.options.ledger]
        factors = [[factor.keys, factor.values] for factor in self.factors]
        paths = [key_path(key) for factor in self.factors for key in factor.keys]
        reached = [[not states(entry, path) for path in paths] for entry in self.scenario.written["arm"]]
        known = json.dumps(["sweep", whole, factors, reached, options, *self.quantities], sort_keys=True, default=str)
        return hashlib.sha256(known.encode()).hexdigest()

    @cached_property
    def engines(self) -> dict[str, Engine]:
        """Arm -> the engine that plays it, in the first cell; raises RunError where one cannot, in any cell."""
        _ = self._any_engine
        return {arm.name: choose(self.options.engine, arm.settings.terms) for arm in self.arms}

    @cached_property
    def _any_engine(self) -> list[Engine]:
        """The engines that play an arm of a cell."""
        found: dict[tuple[int, int], Engine] = {}  # a choice hangs on these two sections, which cells share
        for cell in self.cells:
            for arm in cell.arms:
                known = id(arm.settings.market), id(arm.settings.bidders)
                if known not in found:
                    found[known] = choose(self.options.engine, arm.settings.terms)
        return sorted(set(found.values()))

    @property
    def info(self) -> dict[str, Any]:
        """What run.json says."""
        shared = {
            "hash": self.digest,
            "seed": self.scenario.seed,
            "plugins": dict(self.plugins),
            "versions": versions(),
            "agents": list(self.agents),
            "tasks": list(self.origin.tasks),
        }
        if isinstance(self.origin, TableOrigin) and (counts := left_out(self.origin.recorded, self.agents)):
            shared["left_out"] = counts
        if isinstance(self.origin, LiveOrigin):
            prompts = templates_of(self.origin.respondents)
            shared["prompts"] = {purpose: prompt.sha256 for purpose, prompt in prompts.items()}
        if drawn := (of_sweeps if self.swept else of_runs)(self.scenario.figures):
            shared["figures"] = stated(drawn)
        own = self._of_sweep() if self.swept else self._of_run()
        return {"format": FORMAT, **shared, **own}

    def _of_run(self) -> dict[str, Any]:
        return {"engine": dict(self.engines), "scenario": self.scenario.resolved}

    def _of_sweep(self) -> dict[str, Any]:
        options = {"precision": self.options.precision, "most": self.most, "ledger": self.options.ledger}
        arms = zip(self.arms, self.baselines, strict=True)
        return {
            "kind": "sweep",
            "engine": self._any_engine,
            "recorded": self.recorded,
            "scenario": {key: value for key, value in self.scenario.resolved.items() if key != "arms"},
            "arms": [
                {"name": arm.name, "mechanism": arm.label, "panel": arm.panel, "baseline": self.arms[base].name}
                | self._stated_by(arm)
                for arm, base in arms
            ],
            "factors": [{"keys": list(one.keys), "values": list(map(list, one.values))} for one in self.factors],
            "block": self.block,
            "options": options,
        }

    def _stated_by(self, arm: Arm) -> dict[str, list[str]]:
        """The swept keys that the arm states itself, which are the same in all of its cells; nothing where none is."""
        keys = [key for factor in self.factors for key in factor.keys]
        stated_keys = [key for key in keys if ".".join(key_path(key)[:2]) in arm.own]
        return {"states": stated_keys} if stated_keys else {}

    @property
    def principals(self) -> list[str]:
        """Names of the principals of all arms."""
        return list(dict.fromkeys(name for arm in self.arms for name in principal_names(arm.settings.tender)))

    def n_auctions(self, arm: Arm) -> int:
        """Tasks that one arm of a run auctions off, each agent's own market counted apart."""
        return self.cells[0].auctions_of(arm, self.scenario.replications)


def plan(scenario: Scenario, plugins: Mapping[str, str] | None = None, engine: str = "auto") -> Plan:
    """The plan of a run, once all is checked that can be without running it. engine: as `sim.experiment.engine` has it.

    Raises ScenarioError, TableError or RunError in one line.
    """
    n_tasks = scenario.arms[0].settings.world.tasks
    if n_tasks is not None:
        check_memory(scenario, n_tasks, 1, 1)  # before as many names are made
    origin = scenario_origin(scenario)
    made = Plan(scenario, (Cell(0, {}, scenario.arms, origin, scenario),), Options(engine=engine), plugins or {})
    _ = made.engines
    check_memory(scenario, len(origin.tasks), len(origin.agents), origin.n_tries)
    check_arms(scenario, origin)
    return made


def plan_sweep(scenario: Scenario, options: Options | None = None, plugins: Mapping[str, str] | None = None) -> Plan:
    """The plan of a sweep over the scenario's factors, checked likewise; where one cell is at fault the line names it.

    Raises ScenarioError, TableError or RunError in one line.
    """
    if scenario.path is None:
        raise RunError(f"{scenario.name}: was read back from a run and cannot be swept; sweep its file")
    path = scenario.path
    if scenario.arms[0].settings.world.live is not None:
        raise ScenarioError(f"{path}: world.live: cannot be swept: every cell would have to be asked for")
    if not scenario.factors:
        raise ScenarioError(f'{path}: sweep: is missing; add [sweep], e.g. "tender.penalty" = [0.0, 1.0]')
    maker = Cells(scenario)
    with all_kept():
        cells = tuple(_cells(maker, scenario.factors))
    check_alike(path, cells)
    check_some_playable(path, cells)
    asked = asked_for((scenario.written or {}).get("sweep", {}))
    made = Plan(scenario, cells, options or Options(), plugins or {}, swept=True, quantities=asked)
    if made.most < scenario.replications:
        raise RunError(f"--most {made.most}: must be at least the scenario's {scenario.replications} replications")
    _ = made.engines
    biggest = max(cells, key=lambda cell: cell.bytes)
    smaller = replace(biggest.scenario, replications=made.block)
    check_memory(smaller, len(biggest.origin.tasks), len(made.agents), biggest.origin.n_tries)
    return made


def _cells(maker: Cells, factors: Sequence[Factor]) -> Iterator[Cell]:
    """The cells; raises ScenarioError with the faults of the first cells that have any."""
    faults: list[str] = []
    for number, parameters in enumerate(levels(factors)):
        try:
            yield maker.cell(number, parameters)
        except ScenarioError as error:
            faults += error.args
        if len(faults) >= MOST_LISTED:
            break
    if faults:
        raise ScenarioError(*capped(faults, most=MOST_LISTED))
