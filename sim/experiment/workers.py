"""Who does the jobs of a sweep: this process, processes of this machine (joblib's loky), or a Dask cluster.

All of them get the same jobs and give back the same bytes, in whatever order; nothing but this process writes files,
so a cluster needs no common disk. A worker loads the plugins by their paths.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import importlib
import pickle
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from sim.experiment.batch import Batch, batches
from sim.experiment.job import Done, Tick, Work, run_jobs
from sim.experiment.local_workers import Processes
from sim.kit.errors import RunError
from sim.scenario.plugins import plugins

PATIENCE = "5s"  # for a scheduler to answer
Job = tuple[int, int, int]  # number, first replication, count


class Workers(Protocol):
    """Does jobs, in any order."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """The jobs done, as they are finished."""


class Here:
    """This process. tick: called with each cell of a job that is done."""

    def __init__(self, work: Work, tick: Tick | None = None) -> None:
        self.work, self.tick = work, tick

    def run(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """The jobs, as many together as the work says."""
        for batch in batches(jobs, self.work.together):
            yield from run_jobs(self.work, batch, self.tick)


class Cluster:
    """A running Dask cluster."""

    def __init__(self, work: Work, address: str, paths: Sequence[Path]) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError:
            raise RunError("--scheduler: needs the package distributed; pip install 'bidlab[dask]'") from None
        if not re.fullmatch(r"([a-z]+://)?[^\s/]+:[0-9]+", address):
            raise RunError(f"--scheduler {address}: must be a scheduler's address, e.g. tcp://host:8786")
        self._as_completed = distributed.as_completed
        self._paths, self._together = [str(path.resolve()) for path in paths], work.together
        try:
            self._client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise RunError(f"--scheduler {address}: no Dask scheduler answers: {reason}") from None
        self._payload = self._client.scatter(pickle.dumps(work), broadcast=False, hash=False)

    @property
    def count(self) -> int:
        """Threads of the cluster."""
        return sum(self._client.nthreads().values())

    def run(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """The jobs as they are finished; raises RunError where the cluster cannot do them."""
        given = _shared_out(jobs, self._together, self.count)
        futures = [self._client.submit(_jobs_of, self._payload, self._paths, batch, pure=False) for batch in given]
        try:
            for future in self._as_completed(futures, loop=self._client.loop):
                yield from future.result()
                future.release()
        except (OSError, RuntimeError, ImportError, concurrent.futures.CancelledError) as error:
            reason = " ".join(str(error).split())
            raise RunError(f"--scheduler: a job failed on the cluster: {type(error).__name__}: {reason}") from None
        finally:
            self._client.cancel(futures)

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close(timeout=5)


class OnThisMachine:
    """Processes of this machine."""

    def __init__(self, work: Work, processes: Processes, paths: Sequence[Path]) -> None:
        self._processes, self._together = processes, work.together
        self._given = pickle.dumps(work), [str(path.resolve()) for path in paths]

    def run(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """The jobs as they are finished; raises RunError where a process was killed."""
        try:
            given = _shared_out(jobs, self._together, self._processes.count)
            for done in self._processes.each(_jobs_of, [(*self._given, batch) for batch in given]):
                yield from done
        except concurrent.futures.BrokenExecutor as error:
            raise RunError(
                "a worker process was killed, for want of memory most likely; finished jobs are kept: go on with "
                f"fewer --jobs ({type(error).__name__})"
            ) from None


@dataclass(frozen=True)
class Crew:
    """Who is to do the jobs: `count` processes of this machine, or the Dask cluster at `scheduler`.

    processes: those of this machine, where they run already.
    """

    count: int = 1
    scheduler: str | None = None
    plugin_paths: Sequence[Path] = ()
    processes: Processes | None = None

    @property
    def here(self) -> bool:
        """This process does the jobs itself."""
        return self.scheduler is None and self.count == 1


HERE = Crew()


@contextlib.contextmanager
def workers_for(work: Work, crew: Crew, tick: Tick | None = None) -> Iterator[Workers]:
    """The crew's workers, closed at the end unless they ran already. tick: as in `Here`."""
    if crew.scheduler is not None:
        with contextlib.closing(Cluster(work, crew.scheduler, crew.plugin_paths)) as cluster:
            yield cluster
    elif crew.here:
        yield Here(work, tick)
    elif crew.processes is not None:
        yield OnThisMachine(work, crew.processes, crew.plugin_paths)
    else:
        with contextlib.closing(Processes(crew.count)) as started:
            yield OnThisMachine(work, started, crew.plugin_paths)


def _shared_out(jobs: Sequence[Job], most: int, count: int) -> list[Batch]:
    """The jobs in batches, so that each of `count` workers has as many."""
    return batches(jobs, min(most, -(-len(jobs) // max(1, count))))


def _jobs_of(content: bytes, paths: Sequence[str], batch: Batch) -> list[Done]:
    return run_jobs(_unpacked(content, tuple(paths)), batch)


_loaded: dict[str, Any] = {}


@lru_cache(maxsize=1)
def _unpacked(content: bytes, paths: tuple[str, ...]) -> Work:
    """The work, once the rules that it names are registered here, for as long as the worker lives."""
    for path in paths:
        if path not in _loaded:
            context = plugins([Path(path)], tried=True)
            context.__enter__()
            _loaded[path] = context
    work: Work = pickle.loads(content)
    return work
