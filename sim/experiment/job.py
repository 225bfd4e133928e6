"""One job of a sweep: a block of replications with every cell and arm, reduced at once to sums that add up over jobs.

Cells that share Worlds are played one after the other, and a World lives no longer than it is needed. A cell that
fails, for whatever reason, is reported by its error and costs the others nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.experiment.engine import Engine, choose, play_alone
from sim.experiment.engine import play as play_market
from sim.experiment.format import FORMAT, check_format
from sim.experiment.parts import part_bytes
from sim.experiment.run_folder import draw_world
from sim.kit import draws
from sim.kit.arrays import IntArray
from sim.kit.errors import SimError
from sim.ledger.ledger import arrow_table, categories
from sim.market.coupling import coupling, replayed
from sim.market.rows import Columns
from sim.market.rules import Rules
from sim.market.simulate import Tables
from sim.scenario.scenario import Arm
from sim.world.origin import Origin
from sim.world.world import World

_METADATA = b"bidlab.job"
_SAME = "_of"  # of a column of sums: the row that holds them
Tick = Callable[[int], None]  # number of the cell that is done


@dataclass(frozen=True, eq=False)
class Played:
    """One arm of one cell over a block of replications.

    attempts: columns of the ledger's table, replications numbered from 0 within the block. tables: all of the ledger's
        tables where the reducer asks for them, else none.
    counts: n_clearings, n_bids, n_awards, n_ties, n_exits, fees, (R, T, m) each; m markets, one for each agent where
        they are alone; none beside `tables`. coupled, replayed: as sim/market/coupling.py has them.
    first: number of the block's first replication.
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


class Reducer(Protocol):
    """Sums of what was played; a worker is handed it."""

    @property
    def whole(self) -> bool:
        """It reads the whole ledger, not the attempts alone."""

    def about(self, agents: Sequence[str]) -> Any:
        """What the rows are of, as a job's file tells it (JSON)."""

    def measure(self, played: Played) -> Any:
        """Of one arm, whatever `rows` needs of it."""

    def rows(self, measured: Any, baseline: Any) -> Columns:
        """Of one arm, from its measure and its baseline's: columns, a row for each quantity."""


@dataclass(frozen=True, eq=False)
class CellWork:
    """A cell as a worker needs it."""

    number: int
    arms: tuple[Arm, ...]
    worlds: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, eq=False)
class Work:
    """All that a worker needs for any job of a sweep. experiment: its hash, which every part states."""

    cells: tuple[CellWork, ...]
    baselines: tuple[int, ...]
    seed: int
    ledger: bool
    engine: str
    reducer: Reducer
    experiment: str


@dataclass(frozen=True, eq=False)
class Done:
    """A finished job. table: bytes of its Parquet file. attempts: (cell, arm) -> bytes of a file of the ledger."""

    number: int
    table: bytes
    attempts: dict[tuple[int, int], bytes]
    seconds: float


def run_job(work: Work, number: int, first: int, count: int, tick: Tick | None = None) -> Done:
    """Play replications first, ..., first + count - 1 of every cell and arm."""
    begun = time.perf_counter()
    worlds: dict[str, World] = {}
    columns: dict[int, Columns] = {}
    errors: dict[str, str] = {}
    digests: dict[str, list[str]] = {}
    attempts: dict[tuple[int, int], bytes] = {}
    for cell in in_order_of_worlds(work.cells):
        worlds = {key: world for key, world in worlds.items() if key in cell.worlds}
        name = str(cell.number)
        try:
            columns[cell.number], digests[name], kept = _play_cell(work, cell, worlds, number, first, count)
            attempts |= {(cell.number, place): content for place, content in kept.items()}
        except Exception as error:  # of any kind: the other cells must not be lost
            errors[name] = _in_one_line(error)
        if tick is not None:
            tick(cell.number)
    about = work.reducer.about(work.cells[0].origin.agents)
    info = {"format": FORMAT, "job": number, "first": first, "count": count, "errors": errors, "digests": digests}
    info["rows"] = about
    content = part_bytes(_table(columns, info), work.experiment, {"job": number})
    return Done(number, content, attempts, time.perf_counter() - begun)


def in_order_of_worlds(cells: Sequence[CellWork]) -> list[CellWork]:
    """The cells with those of the same Worlds together, otherwise in their order."""
    seen: dict[frozenset[str], int] = {}
    places = [seen.setdefault(frozenset(cell.worlds), len(seen)) for cell in cells]
    return [cells[at] for at in sorted(range(len(cells)), key=places.__getitem__)]


def play(world: World, arm: Arm, engine: Engine, first: int = 0, whole: bool = False) -> Played:
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
    )


def _play_whole(world: World, arm: Arm, engine: Engine, first: int) -> Played:
    def rules_of(market: World) -> Rules:
        return Rules.of(arm.mechanism, arm.settings.terms, market)

    alone, rules = arm.settings.market.alone, rules_of(world)
    tables = play_alone(engine, world, rules_of) if alone else play_market(engine, world, rules)
    coupled, again = coupling(rules, world), replayed(rules, world)
    return Played(arm, first, world, rules, alone, tables["attempts"], tables, {}, coupled, again)


def decisions(played: Played, first: int) -> int:
    """A number that equal decisions share: who was hired for which task at which posting and tick, on what budget.

    It is the sum, modulo 2^64, of a hash of every attempt, so neither the order of rows nor of jobs matters.
    """
    rows = played.attempts
    with np.errstate(over="ignore"):
        key = draws.mix((rows["replication"] + first).astype(np.uint64) + np.uint64(1))
        for name in ("task", "posting", "agent", "start"):
            key = draws.mix(key + draws.GAMMA * (rows[name].astype(np.uint64) + np.uint64(1)))
        limited = ~np.isnan(rows["budget"])
        if limited.any():
            bits = np.where(limited, rows["budget"], 0.0).view(np.uint64)
            key = np.where(limited, draws.mix(key + draws.GAMMA * (bits + np.uint64(1))), key)
        return int(key.sum(dtype=np.uint64))


def read_info(path: Path) -> dict[str, Any]:
    """What a job's file says of the job: its replications, the errors of cells that failed, the others' decisions."""
    info: dict[str, Any] = json.loads(pq.read_schema(path).metadata[_METADATA])
    check_format(path, info)
    return info


def read_sums(path: Path) -> Columns:
    """The columns of sums in a job's file."""
    table = pq.read_table(path, page_checksum_verification=True)
    columns: dict[str, Any] = {}
    for name in table.column_names:
        if name.endswith(_SAME):
            continue
        column = table.column(name).combine_chunks()
        if pa.types.is_list(column.type):
            columns[name] = _ragged(column, table.column(f"{name}{_SAME}").to_numpy())
        elif pa.types.is_fixed_size_list(column.type):
            columns[name] = column.flatten().to_numpy().reshape(len(column), -1)
        else:
            columns[name] = column.to_numpy(zero_copy_only=False)
    return columns


def _ragged(column: Any, same: IntArray) -> NDArray[Any]:
    """(Q,) arrays of sums; rows that have the same share one."""
    found = np.empty(len(column), object)
    ends, values = column.offsets.to_numpy(), column.values.to_numpy()
    for row, at in enumerate(same.tolist()):
        found[row] = values[ends[row] : ends[row + 1]] if row == at else found[at]
    return found


def _play_cell(
    work: Work, cell: CellWork, worlds: dict[str, World], job: int, first: int, count: int
) -> tuple[Columns, list[str], dict[int, bytes]]:
    digests, kept = [""] * len(cell.arms), {}

    def measured(place: int) -> Any:
        arm, key = cell.arms[place], cell.worlds[place]
        if key not in worlds:
            worlds[key] = draw_world(arm.settings.spec, cell.origin, work.seed, count, first)
        played = play(worlds[key], arm, choose(work.engine, arm.settings.terms), first, work.reducer.whole)
        digests[place] = f"{decisions(played, first):016x}"
        if work.ledger:
            of = {"cell": cell.number, "arm": place, "job": job}
            kept[place] = part_bytes(_attempts(cell, place, played, first), work.experiment, of)
        return work.reducer.measure(played)

    baselines = {place: measured(place) for place in sorted(set(work.baselines))}
    rows = []
    for place, baseline in enumerate(work.baselines):
        own = baselines[place] if place in baselines else measured(place)
        rows.append(work.reducer.rows(own, baselines[baseline]))
    return _in_order(rows), digests, kept


def _in_order(rows: Sequence[Columns]) -> Columns:
    """The columns of all arms, one after the other; arm: its number, quantity: its place."""
    count = len(rows[0]["by"])
    return {
        "arm": np.repeat(np.arange(len(rows), dtype=np.int32), count),
        "quantity": np.tile(np.arange(count, dtype=np.int32), len(rows)),
        **{name: np.concatenate([one[name] for one in rows]) for name in rows[0]},
    }


def _attempts(cell: CellWork, place: int, played: Played, first: int) -> pa.Table:
    names = categories([arm.name for arm in cell.arms], cell.origin.agents, cell.origin.tasks)
    columns = {**played.attempts, "replication": played.attempts["replication"] + first}
    columns["arm"] = np.full(len(columns["task"]), place)
    return arrow_table("attempts", columns, names)


def _table(columns: dict[int, Columns], info: dict[str, Any]) -> pa.Table:
    """The job's file: one row for each (cell, arm, quantity) in that order."""
    cells = sorted(columns)
    arrays: dict[str, Any] = {}
    if cells:
        rows = len(next(iter(columns[cells[0]].values())))
        arrays["cell"] = pa.array(np.repeat(np.array(cells, np.int32), rows))
        for name in columns[cells[0]]:
            values = np.concatenate([columns[cell][name] for cell in cells])
            if values.dtype == object:
                arrays[name], arrays[f"{name}{_SAME}"] = _sums(values)
            else:
                arrays[name] = _column(values)
    return pa.table(arrays).replace_schema_metadata({_METADATA: json.dumps(info, sort_keys=True).encode()})


def _column(values: NDArray[Any]) -> Any:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _sums(values: NDArray[Any]) -> tuple[Any, Any]:
    """Arrays of any lengths, those of an earlier row left out; and for each row the row that holds its own.

    What agents claim is the same in most arms.
    """
    first: dict[bytes, int] = {}
    same = np.array([first.setdefault(row.tobytes(), place) for place, row in enumerate(values)], np.int32)
    kept = [row if same[place] == place else row[:0] for place, row in enumerate(values)]
    return pa.array(kept, pa.list_(pa.float64())), pa.array(same)


def _in_one_line(error: Exception) -> str:
    """An error in one line, with its kind where it is none of ours."""
    text = " ".join(str(error).split())
    return text if isinstance(error, SimError) else f"{type(error).__name__}: {text}"
