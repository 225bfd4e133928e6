"""The jobs of a sweep: a block of replications with every cell and arm, reduced at once to sums that add up over jobs.

Small jobs are played together, and reduced one by one. Cells that share Worlds are played one after the other, a World
lives no longer than it is needed, and an arm that is the same in several cells is played once for all of them. A cell
that fails, for whatever reason, is reported by its error and costs the others nothing.

Index convention: B jobs played together, Q quantities; sums are (Q, B) or (Q, B, number of sums).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from sim.experiment.batch import Batch
from sim.experiment.engine import Engine, choose, play_alone
from sim.experiment.engine import play as play_market
from sim.experiment.format import FORMAT
from sim.experiment.job_file import job_table
from sim.experiment.parts import part_bytes
from sim.experiment.run_folder import draw_base
from sim.kit import draws
from sim.kit.arrays import IntArray
from sim.kit.errors import SimError
from sim.kit.remembered import Remembered
from sim.ledger.ledger import arrow_table, categories
from sim.market.coupling import coupling, replayed
from sim.market.rows import Columns
from sim.market.rules import Rules
from sim.market.simulate import Tables
from sim.scenario.scenario import Arm
from sim.world.history import Base, with_records
from sim.world.origin import Origin
from sim.world.world import World

Tick = Callable[[int], None]  # number of the cell that is done
_Key = tuple[int, int, int]  # what tells an arm of a cell from others
_BUDGET = 256 * 2**20  # bytes of measures that are kept
_BYTES = 128  # of a measure, for each agent and auction


@dataclass(frozen=True, eq=False)
class Played:
    """One arm of one cell over the replications of one job, or of several, as many each.

    attempts: columns of the ledger's table, replications numbered from 0 within the block. tables: all of the ledger's
        tables where the reducer asks for them, else none.
    counts: n_clearings, n_bids, n_awards, n_ties, n_exits, fees, (R, T, m) each; m markets, one for each agent where
        they are alone; none beside `tables`. coupled, replayed: as sim/market/coupling.py has them.
    first: number of the first replication.
    jobs: how many there are.
    """

    arm: Arm
    first: int

    world: World
    rules: Rules
    alone: bool
    attempts: Columns
    tables: Tables
    counts: dict[str, IntArray]
    coupled: tuple[str, ...]
    replayed: bool
    jobs: int = 1


class Reducer(Protocol):
    """Sums of what was played; a worker is handed it."""

    @property
    def whole(self) -> bool:
        """It reads the whole ledger, not the attempts alone."""

    @property
    def alone(self) -> bool:
        """It is handed one job at a time."""

    def about(self, agents: Sequence[str]) -> Any:
        """What the rows are of, as a job's file tells it (JSON)."""

    def measure(self, played: Played) -> Any:
        """Of one arm, whatever `rows` needs of it."""

    def rows(self, measured: Any, baseline: Any) -> Columns:
        """Of one arm, from its measure and its baseline's: columns of sums, as the head of the module says."""


@dataclass(frozen=True, eq=False)
class CellWork:
    """A cell as a worker needs it."""

    number: int
    arms: tuple[Arm, ...]
    worlds: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, eq=False)
class Work:
    """All that a worker needs for any job of a sweep. experiment: its hash, which every part states.

    together: how many jobs are played together at most.
    """

    cells: tuple[CellWork, ...]
    baselines: tuple[int, ...]
    seed: int
    ledger: bool
    engine: str
    reducer: Reducer
    experiment: str
    together: int = 1


@dataclass(frozen=True, eq=False)
class Done:
    """A finished job. table: bytes of its Parquet file. attempts: (cell, arm) -> bytes of a file of the ledger."""

    number: int
    table: bytes
    attempts: dict[tuple[int, int], bytes]
    seconds: float


class _Made(NamedTuple):
    """What a job makes of a cell. digests: of the decisions of its arms. attempts: arm -> bytes of a file."""

    columns: Columns
    digests: list[str]
    attempts: dict[int, bytes]


def run_jobs(work: Work, batch: Batch, tick: Tick | None = None) -> list[Done]:
    """Play the replications of these jobs in every cell and arm."""
    begun = time.perf_counter()
    player, found = _Player(work, batch), [dict[int, _Made | str]() for _ in batch.numbers]
    for cell in in_order_of_worlds(work.cells):
        for job, made in zip(found, player.cell(cell), strict=True):
            job[cell.number] = made
            if tick is not None:
                tick(cell.number)
    seconds = (time.perf_counter() - begun) / len(found)
    return [_done(work, job, made, seconds) for job, made in zip(batch.each, found, strict=True)]


def _done(work: Work, job: Batch, found: Mapping[int, _Made | str], seconds: float) -> Done:
    (number,) = job.numbers
    made = {cell: one for cell, one in found.items() if not isinstance(one, str)}
    info = {
        "format": FORMAT,
        "job": number,
        "first": job.first,
        "count": job.count,
        "errors": {str(cell): one for cell, one in found.items() if isinstance(one, str)},
        "digests": {str(cell): one.digests for cell, one in made.items()},
        "rows": work.reducer.about(work.cells[0].origin.agents),
    }
    table = job_table({cell: one.columns for cell, one in made.items()}, info)
    attempts = {(cell, arm): content for cell, one in made.items() for arm, content in one.attempts.items()}
    return Done(number, part_bytes(table, work.experiment, {"job": number}), attempts, seconds)


def in_order_of_worlds(cells: Sequence[CellWork]) -> list[CellWork]:
    """The cells with those of the same Worlds together, otherwise in their order."""
    seen: dict[frozenset[str], int] = {}
    places = [seen.setdefault(frozenset(cell.worlds), len(seen)) for cell in cells]
    return [cells[at] for at in sorted(range(len(cells)), key=places.__getitem__)]


def play(world: World, arm: Arm, engine: Engine, first: int = 0, whole: bool = False, jobs: int = 1) -> Played:
    """Play one arm in its World. first: number of its first replication. whole: keep the whole ledger."""
    if whole:
        return _play_whole(world, arm, engine, first)
    rules_of = [world.only(agent) for agent in range(world.n_agents)] if arm.settings.market.alone else [world]
    attempts: list[Columns] = []
    counts: list[Columns] = []
    found: list[Rules] = []
    for agent, market in enumerate(rules_of):
        rules = Rules.of(arm.mechanism, arm.settings.terms, market)
        found.append(rules)
        tables = play_market(engine, market, rules, detail="auctions")
        tables["attempts"]["agent"] = tables["attempts"]["agent"] + agent
        attempts.append(tables["attempts"])
        counts.append(tables["auctions"])
    if not found:
        raise SimError("a market needs at least one agent")
    shape = world.n_replications, world.n_tasks
    return Played(
        arm,
        first,
        world,
        found[-1],
        arm.settings.market.alone,
        {name: np.concatenate([part[name] for part in attempts]) for name in attempts[0]},
        {},
        {
            name: np.stack([part[name].reshape(shape) for part in counts], axis=-1)
            for name in ("n_clearings", "n_bids", "n_awards", "n_ties", "n_exits", "fees")
        },
        tuple(dict.fromkeys(reason for each in found for reason in coupling(each, world))),
        any(replayed(each, world) for each in found),
        jobs,
    )


def _play_whole(world: World, arm: Arm, engine: Engine, first: int) -> Played:
    def rules_of(market: World) -> Rules:
        return Rules.of(arm.mechanism, arm.settings.terms, market)

    alone, rules = arm.settings.market.alone, rules_of(world)
    tables = play_alone(engine, world, rules_of) if alone else play_market(engine, world, rules)
    coupled, again = coupling(rules, world), replayed(rules, world)
    return Played(arm, first, world, rules, alone, tables["attempts"], tables, {}, coupled, again)


def decisions(played: Played) -> list[int]:
    """For each job a number that equal decisions share: who was hired for which task at which posting and tick, on what
    budget.

    It is the sum, modulo 2^64, of a hash of every attempt, so neither the order of rows nor of jobs matters.
    """
    rows = played.attempts
    found = np.zeros(played.jobs, np.uint64)
    with np.errstate(over="ignore"):
        key = draws.mix((rows["replication"] + played.first).astype(np.uint64) + np.uint64(1))
        for name in ("task", "posting", "agent", "start"):
            key = draws.mix(key + draws.GAMMA * (rows[name].astype(np.uint64) + np.uint64(1)))
        limited = ~np.isnan(rows["budget"])
        if limited.any():
            bits = np.where(limited, rows["budget"], 0.0).view(np.uint64)
            key = np.where(limited, draws.mix(key + draws.GAMMA * (bits + np.uint64(1))), key)
        np.add.at(found, rows["replication"] * played.jobs // played.world.n_replications, key)
    return [int(one) for one in found]


class _Player:
    """Plays the cells of a batch, one after the other, and keeps what later cells may have in common with them."""

    def __init__(self, work: Work, batch: Batch) -> None:
        self._work, self._batch = work, batch
        held = Counter(key for cell in work.cells for key in _keys(cell))
        self._shared = frozenset(key for key, count in held.items() if count > 1 and not work.ledger)
        origin = work.cells[0].origin
        size = _BYTES * len(batch.numbers) * batch.count * len(origin.tasks) * len(origin.agents)
        self._measured = Remembered(max(1, _BUDGET // size))
        self._worlds: dict[str, World] = {}
        self._bases: dict[str, Base] = {}  # of the cell in hand
        self._digests: dict[_Key, list[str]] = {}
        self._rows: dict[tuple[_Key, _Key], Columns] = {}
        self._attempts: dict[int, bytes] = {}

    def cell(self, cell: CellWork) -> list[_Made | str]:
        """For each job what it makes of the cell, or the error in one line."""
        try:
            return self._cell(cell)
        except Exception as error:  # of any kind: the other cells must not be lost
            if len(self._batch.numbers) == 1:
                return [_in_one_line(error)]
            return [made for job in self._batch.each for made in _Player(self._work, job).cell(cell)]

    def _cell(self, cell: CellWork) -> list[_Made | str]:
        self._worlds = {key: world for key, world in self._worlds.items() if key in cell.worlds}
        self._bases = {}
        self._attempts = {}
        keys = _keys(cell)
        pairs = [(keys[place], keys[baseline]) for place, baseline in enumerate(self._work.baselines)]
        missing = {pair: place for place, pair in enumerate(pairs) if pair not in self._rows}
        baselines = {
            keys[place]: self._measure(cell, place)
            for place in sorted({self._work.baselines[place] for place in missing.values()})
        }
        rows = dict(self._rows)
        for (own, baseline), place in missing.items():
            measured = baselines[own] if own in baselines else self._measure(cell, place)
            rows[own, baseline] = self._work.reducer.rows(measured, baselines[baseline])
        self._rows = {pair: one for pair, one in rows.items() if self._shared.issuperset(pair)}
        columns = _in_order([rows[pair] for pair in pairs])
        return [
            _Made(
                {name: values[:, job] if values.ndim > 1 else values for name, values in columns.items()},
                [self._digests[key][job] for key in keys],
                self._attempts,
            )
            for job in range(len(self._batch.numbers))
        ]

    def _measure(self, cell: CellWork, place: int) -> Any:
        """The reducer's measure of an arm; one that several cells hold is played once, if there is room to keep it."""
        key = _keys(cell)[place]
        if key not in self._shared:
            return self._play(cell, place)
        return self._measured.of(self._work, key, lambda: self._play(cell, place))

    def _play(self, cell: CellWork, place: int) -> Any:
        work, batch, arm = self._work, self._batch, cell.arms[place]
        engine = choose(work.engine, arm.settings.terms)
        played = play(self._world(cell, place), arm, engine, batch.first, work.reducer.whole, len(batch.numbers))
        self._digests[_keys(cell)[place]] = [f"{one:016x}" for one in decisions(played)]
        if work.ledger:
            of = {"cell": cell.number, "arm": place, "job": batch.numbers[0]}
            self._attempts[place] = part_bytes(_attempts(cell, place, played), work.experiment, of)
        return work.reducer.measure(played)

    def _world(self, cell: CellWork, place: int) -> World:
        """Of an arm; one that several arms have is drawn once, and so is what several make their records from."""
        batch, key, spec = self._batch, cell.worlds[place], cell.arms[place].settings.spec
        if key not in self._worlds:
            if spec.base not in self._bases:
                count = len(batch.numbers) * batch.count
                self._bases[spec.base] = draw_base(spec, cell.origin, self._work.seed, count, batch.first)
            self._worlds[key] = with_records(*self._bases[spec.base], spec)
        return self._worlds[key]


def _keys(cell: CellWork) -> list[_Key]:
    """What tells the cell's arms from others: cells that no swept factor tells apart hold the same ones."""
    return [(id(arm.settings), id(arm.mechanism), id(cell.origin)) for arm in cell.arms]


def _in_order(rows: Sequence[Columns]) -> Columns:
    """The columns of all arms, one after the other; arm: its number, quantity: its place."""
    count = len(rows[0]["by"])
    return {
        "arm": np.repeat(np.arange(len(rows), dtype=np.int32), count),
        "quantity": np.tile(np.arange(count, dtype=np.int32), len(rows)),
        **{name: np.concatenate([one[name] for one in rows]) for name in rows[0]},
    }


def _attempts(cell: CellWork, place: int, played: Played) -> pa.Table:
    names = categories([arm.name for arm in cell.arms], cell.origin.agents, cell.origin.tasks)
    columns = {**played.attempts, "replication": played.attempts["replication"] + played.first}
    columns["arm"] = np.full(len(columns["task"]), place)
    return arrow_table("attempts", columns, names)


def _in_one_line(error: Exception) -> str:
    """An error in one line, with its kind where it is none of ours."""
    text = " ".join(str(error).split())
    return text if isinstance(error, SimError) else f"{type(error).__name__}: {text}"
