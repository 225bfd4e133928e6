"""Plays a scenario of an economy, into a folder or into memory.

A job is a block of replications of one arm; its size is the economy's, whoever plays it. Each is kept in `DIR.partial`
as soon as it is finished, so that a run that was killed goes on from there, with the same bytes. In the folder:

    run.json                    kind "economy": resolved scenario, hash, seed, versions, measures, figures
    replications.parquet        arm, replication, and each measure
    steps.parquet               arm, replication, step, and each measure of steps; where there are any
    accounts.parquet            arm and ACCOUNTS (sim/economies/economy.py); where there are any
    summary.csv, differences.csv, steps.csv, figures/       what the analysis makes of them
"""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.economies.economy import ACCOUNTS, BLOCK, ECONOMIES, Economy, Measure, Played, faults_in
from sim.economies.economy_file import EconomyScenario
from sim.experiment.folder import Say, making, say_who_made, warned, write_clock
from sim.experiment.format import FORMAT
from sim.experiment.local_workers import Processes
from sim.experiment.parts import DamagedPartError, part_bytes, read_part
from sim.experiment.stored import Stored
from sim.experiment.versions import versions
from sim.experiment.written_scenario import write_as_given
from sim.kit.at_once import replacing, write_at_once
from sim.kit.errors import RunError, SimError
from sim.ledger.ledger import write_table
from sim.scenario.figure_spec import stated
from sim.scenario.plugins import plugins

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

KIND = "economy"
TABLES = ("replications", "steps", "accounts")
Progress = Callable[[str, int], None]  # arm, replications done since the last call
_KEPT = r"job-\d{6}\.[a-z]+\.parquet"


@dataclass(frozen=True)
class EconomyPlan:
    """What is to be played. plugins: file name -> SHA-256. files: those files, for other processes."""

    scenario: EconomyScenario
    plugins: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Path] = ()

    @cached_property
    def digest(self) -> str:
        """The hash by which the run is known."""
        return self.scenario.digest(self.plugins)

    @cached_property
    def jobs(self) -> list[tuple[int, range]]:
        """(place of the arm, its replications), in order."""
        count = self.scenario.replications
        block = int(getattr(self.scenario.economy, "block", BLOCK))
        starts = range(0, count, block)
        return [(k, range(at, min(at + block, count))) for k in range(len(self.scenario.arms)) for at in starts]

    @property
    def info(self) -> dict[str, Any]:
        """run.json."""
        return {
            "format": FORMAT,
            "kind": KIND,
            "hash": self.digest,
            "seed": self.scenario.resolved["seed"],
            "plugins": dict(self.plugins),
            "versions": versions(),
            "agents": [],
            "tasks": [],
            "measures": [asdict(one) for one in self.scenario.economy.measures],
            "figures": stated(self.scenario.figures),
            "scenario": self.scenario.resolved,
        }


@dataclass(frozen=True, eq=False)
class EconomyRun:
    """A finished run. folder: what holds it; None: it is in memory alone. tables: those that are in memory."""

    folder: Path | None
    info: dict[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> EconomyRun:
        """The run in `folder`; raises RunError where it holds none of an economy, or one that is not as written."""
        stored = Stored.open(folder)
        if stored.info.get("kind") != KIND:
            raise RunError(f"{folder}: holds no run of an economy; `bidlab show {folder}` shows it")
        return cls(folder, stored.info)

    @property
    def measures(self) -> list[Measure]:
        """What the economy gave."""
        return [Measure(**one) for one in self.info["measures"]]

    @property
    def arms(self) -> list[dict[str, Any]]:
        """The arms as run.json has them: name, group, baseline, vary, published, settings."""
        return list(self.info["scenario"]["arms"])

    def table(self, name: str) -> pd.DataFrame:
        """One of TABLES, without rows where the economy gives none."""
        if name in self.tables or self.folder is None:
            return self.tables[name]
        import pandas as pd

        path = self.folder / f"{name}.parquet"
        if (self.folder / "SHA256SUMS").exists():
            stored = Stored.open(self.folder)
            return pd.read_parquet(stored.path(path.name)) if path.name in stored else pd.DataFrame()
        return pd.read_parquet(path) if path.exists() else pd.DataFrame()


def in_memory_economy(plan: EconomyPlan, progress: Progress | None = None) -> EconomyRun:
    """Play the plan and keep its tables in memory; nothing is written."""
    parts = []
    for place, replications in plan.jobs:
        parts.append(_tables(plan.scenario, place, replications))
        if progress is not None:
            progress(plan.scenario.arms[place].name, len(replications))
    joined = {name: _joined([part[name] for part in parts]) for name in TABLES}
    info = json.loads(json.dumps(plan.info))
    return EconomyRun(None, info, {name: table.to_pandas() for name, table in joined.items()})


def execute_economy(
    plan: EconomyPlan,
    folder: Path,
    *,
    force: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
    finish: Callable[[EconomyRun], None] | None = None,
    say: Say = warned,
) -> Path:
    """Play the plan and put its results into `folder`; returns it. jobs: processes of this machine.

    finish, say, force: as `sim.experiment.execute.execute` takes them. Raises RunError as that does.
    """
    clock: dict[str, Any] = {"started": time.time()}
    with making(folder, plan.info, (), _KEPT, force, joined=True) as partial:
        for place, count in _played(plan, partial, jobs, say):
            if progress is not None:
                progress(plan.scenario.arms[place].name, count)
        _join(plan, partial)
        write_as_given(partial, plan.scenario.path, plan.scenario.written)
        if finish is not None:
            finish(EconomyRun(partial, json.loads(json.dumps(plan.info))))
        write_clock(partial, clock)
    return folder


def _played(plan: EconomyPlan, partial: Path, jobs: int, say: Say) -> Iterator[tuple[int, int]]:
    """Play what is not kept yet; yields the place of the arm and the replications of each job that is done."""
    left = []
    for number, (place, replications) in enumerate(plan.jobs):
        if _whole(plan, number, partial, say):
            yield place, len(replications)
        else:
            left.append((number, place, replications))
    if jobs == 1 or len(left) < 2:
        for number, place, replications in left:
            _keep(plan, number, partial)
            yield place, len(replications)
        return
    processes = Processes(min(jobs, len(left)))
    try:
        raw, files = dict(plan.scenario.written), [str(path.resolve()) for path in plan.files]
        given = [(plan.scenario.path, raw, files, dict(plan.plugins), number, partial) for number, _, _ in left]
        for number in processes.each(_keep_elsewhere, given):
            place, replications = plan.jobs[number]
            yield place, len(replications)
    except concurrent.futures.BrokenExecutor as error:
        why = "a worker process was killed, for want of memory most likely; finished jobs are kept"
        raise RunError(f"{why}: go on with fewer --jobs ({type(error).__name__})") from None
    finally:
        processes.close()


def _keep_elsewhere(
    path: Path, raw: dict[str, Any], files: Sequence[str], digests: dict[str, str], number: int, partial: Path
) -> int:
    """As `_keep`, in another process, which reads the scenario again; returns the job's number."""
    from sim.economies.economy_file import resolve_economy

    with plugins([Path(file) for file in files], tried=True):
        _keep(EconomyPlan(resolve_economy(path, raw), digests), number, partial)
    return number


def _keep(plan: EconomyPlan, number: int, partial: Path) -> None:
    """Play one job and write its tables, that of replications last."""
    place, replications = plan.jobs[number]
    made = _tables(plan.scenario, place, replications)
    for name in reversed(TABLES):
        write_at_once(_file_of(partial, number, name), part_bytes(made[name], plan.digest, _part(number, name)))


def _file_of(partial: Path, number: int, name: str) -> Path:
    return partial / f"job-{number:06d}.{name}.parquet"


def _part(number: int, name: str) -> dict[str, int | str]:
    return {"job": number, "table": name}


def _whole(plan: EconomyPlan, number: int, partial: Path, say: Say) -> bool:
    """The job's tables are all there and as they were written; a damaged one is said."""
    if not _file_of(partial, number, TABLES[0]).exists():
        return False
    try:
        for name in TABLES:
            read_part(_file_of(partial, number, name), plan.digest, _part(number, name))
    except DamagedPartError as damage:
        say(f"{damage}; job {number} is played again")
        return False
    return True


def _join(plan: EconomyPlan, partial: Path) -> None:
    """One file of each table out of one of each job; none of a table without rows."""
    made: dict[int, dict[str, str]] = {}
    for name in TABLES:
        parts = []
        for number in range(len(plan.jobs)):
            table, made[number] = read_part(_file_of(partial, number, name), plan.digest, _part(number, name))
            parts.append(table)
        joined = _joined(parts)
        if joined.num_rows:
            with replacing(partial / f"{name}.parquet") as unfinished:
                write_table(joined, unfinished)
    say_who_made(partial, plan.info, made.items())


def _joined(parts: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(parts).combine_chunks()


def _tables(scenario: EconomyScenario, place: int, replications: range) -> dict[str, pa.Table]:
    """Play replications of one arm; their rows of each table."""
    arm = scenario.arms[place]
    name = str(scenario.resolved["economy"])
    own = name in ECONOMIES.added()
    try:
        played = scenario.economy.play(arm.settings, int(scenario.resolved["seed"]), replications)
    except SimError:
        raise
    except Exception as error:
        if not own:
            raise
        raise RunError(f"economy {name!r}: {type(error).__name__}: {' '.join(str(error).split())}") from None
    if faults := list(faults_in(scenario.economy, played, replications)):
        raise RunError(*(f"economy {name!r}: {line}" for line in faults))
    return tables_of(arm.name, scenario.economy, played, replications)


def tables_of(arm: str, economy: Economy, played: Played, replications: range) -> dict[str, pa.Table]:
    """TABLES of what was played."""
    number = np.arange(replications.start, replications.stop)
    alone = [one.name for one in economy.measures if not one.steps]
    over = [one.name for one in economy.measures if one.steps]
    count = len(next(iter(played.steps.values()))[0]) if over and len(number) else 0
    accounts = {} if played.accounts is None else dict(played.accounts)
    length = len(accounts.get("amount", ()))
    return {
        "replications": _table(arm, len(number), {"replication": number, **{k: played.rows[k] for k in alone}}),
        "steps": _table(
            arm,
            len(number) * count,
            {"replication": np.repeat(number, count), "step": np.tile(np.arange(count), len(number))}
            | {k: played.steps[k].ravel() for k in over},
        ),
        "accounts": _table(arm, length, {name: accounts.get(name, np.zeros(0)) for name in ACCOUNTS}),
    }


_WHOLE, _WORDS = ("replication", "step", "event"), ("arm", "from", "to", "kind", "unit")


def _table(arm: str, length: int, columns: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa

    def column(name: str, values: Any) -> pa.Array:
        if name in _WORDS:
            return pa.array([str(one) for one in values], pa.string())
        return pa.array(np.asarray(values), pa.int64() if name in _WHOLE else pa.float64(), from_pandas=False)

    return pa.table({"arm": pa.array([arm] * length, pa.string())} | {k: column(k, v) for k, v in columns.items()})
