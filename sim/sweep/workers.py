"""Who does the jobs of a sweep: this process, processes of this machine (joblib's loky), or a Dask cluster.

All of them get the same jobs and give back the same bytes, in whatever order; nothing but this process writes files,
so a cluster needs no common disk. A worker loads the plugins by their paths.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import importlib
import os
import pickle
import re
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from sim.errors import RunError
from sim.plugins import plugins
from sim.sweep.job import Done, Tick, Work, run_job

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
        """The jobs one after the other."""
        for job in jobs:
            yield run_job(self.work, *job, tick=self.tick)


class Processes:
    """`count` processes of this machine, with one thread of linear algebra each."""

    def __init__(self, work: Work, count: int, paths: Sequence[Path]) -> None:
        from joblib.externals import loky

        self._executor = loky.ProcessPoolExecutor(
            max_workers=count,
            initializer=_prepare,
            initargs=(os.getpid(), pickle.dumps(work), [str(path.resolve()) for path in paths]),
            env={f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
        )

    def run(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """The jobs as they are finished; raises RunError where a process was killed."""
        futures = [self._executor.submit(_prepared_job, *job) for job in jobs]
        try:
            for future in concurrent.futures.as_completed(futures):
                yield future.result()
        except concurrent.futures.BrokenExecutor as error:
            raise RunError(
                "a worker process was killed, for want of memory most likely; finished jobs are kept: go on with "
                f"fewer --jobs ({type(error).__name__})"
            ) from None

    def close(self) -> None:
        """Stop the processes, whatever they do."""
        self._executor.shutdown(wait=True, kill_workers=True)


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
        self._paths = [str(path.resolve()) for path in paths]
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
        futures = [self._client.submit(_job_of, self._payload, self._paths, *job, pure=False) for job in jobs]
        try:
            for future in self._as_completed(futures, loop=self._client.loop):
                yield future.result()
                future.release()
        except (OSError, RuntimeError, ImportError, concurrent.futures.CancelledError) as error:
            reason = " ".join(str(error).split())
            raise RunError(f"--scheduler: a job failed on the cluster: {type(error).__name__}: {reason}") from None
        finally:
            self._client.cancel(futures)

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close(timeout=5)


@contextlib.contextmanager
def workers_for(
    work: Work, count: int, scheduler: str | None, paths: Sequence[Path], tick: Tick | None = None
) -> Iterator[Workers]:
    """`count` workers of this machine, or those of the Dask cluster at `scheduler`; closed at the end."""
    if scheduler is None and count == 1:
        yield Here(work, tick)
        return
    pool = Processes(work, count, paths) if scheduler is None else Cluster(work, scheduler, paths)
    try:
        yield pool
    finally:
        pool.close()


_work: list[Work] = []


def _prepare(parent: int, content: bytes, paths: Sequence[str]) -> None:
    """Make this process ready for jobs. Ctrl-C is for the one that gives them, and it ends when that one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _work[:] = [_unpacked(content, tuple(paths))]


def _end_with(parent: int) -> None:
    """End this process soon after its parent, which may be killed without a word."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _prepared_job(number: int, first: int, count: int) -> Done:
    return run_job(_work[0], number, first, count)


def _job_of(content: bytes, paths: Sequence[str], number: int, first: int, count: int) -> Done:
    return run_job(_unpacked(content, tuple(paths)), number, first, count)


_loaded: dict[str, Any] = {}


@lru_cache(maxsize=1)
def _unpacked(content: bytes, paths: tuple[str, ...]) -> Work:
    """The work, once the rules that it names are registered here, for as long as the worker lives."""
    for path in paths:
        if path not in _loaded:
            context = plugins([Path(path)])
            context.__enter__()
            _loaded[path] = context
    work: Work = pickle.loads(content)
    return work
