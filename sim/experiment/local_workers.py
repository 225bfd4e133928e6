"""Processes of this machine that do jobs (joblib's loky).

They take as long to load what a job needs as the command that starts them, so they are started first: this module
loads next to nothing.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sim.kit.memory import KEPT
from sim.kit.threads import ONE_THREAD

Result = TypeVar("Result")
_MANAGER = "ExecutorManagerThread"  # thread of a pool, in which joblib 1.6 raises that KeyError


def no_preparation() -> None:
    """Load what a job needs when it comes."""


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes:
    """`count` processes with one thread of linear algebra each. load: called in each as it starts."""

    def __init__(self, count: int, load: Callable[[], None] = no_preparation) -> None:
        from joblib.externals import loky

        self.count = count
        with _uninterrupted(), _quiet_tracker():
            self._executor = loky.ProcessPoolExecutor(
                max_workers=count,
                initializer=_prepare,
                initargs=(os.getpid(), load),
                env=ONE_THREAD | KEPT,
            )
            self._executor.submit(os.getpid)  # starts all of them

    def each(self, function: Callable[..., Result], given: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
        """The function's result for each set of arguments, as they are finished; BrokenExecutor if one is killed."""
        queue = iter(given)

        def submit(count: int) -> set[Any]:
            return {self._executor.submit(function, *arguments) for arguments in itertools.islice(queue, count)}

        # Few are handed over at a time: what waits inside the pool could not be taken back at Ctrl-C.
        running = submit(2 * self.count)
        while running:
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            running |= submit(len(done))
            for future in done:
                yield future.result()

    def close(self) -> None:
        """Stop the processes, whatever they do."""
        with _stopped_quietly():
            self._executor.shutdown(wait=True, kill_workers=True)


@contextlib.contextmanager
def _stopped_quietly() -> Iterator[None]:
    """Say nothing of jobs that were handed over and not taken up: the pool, its processes gone, looks for them once."""
    said = threading.excepthook

    def unless_gone(fault: threading.ExceptHookArgs) -> None:
        if not (fault.exc_type is KeyError and fault.thread is not None and fault.thread.name == _MANAGER):
            said(fault)

    threading.excepthook = unless_gone
    try:
        yield
    finally:
        threading.excepthook = said


@contextlib.contextmanager
def _quiet_tracker() -> Iterator[None]:
    """The process that clears up after a pool, if it starts now, warns of nothing that a stopped pool left to it."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [before, "ignore:resource_tracker"]))
    try:
        yield
    finally:
        del os.environ["PYTHONWARNINGS"]
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the end; a process that starts meanwhile never gets one, not even while it loads."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare(parent: int, load: Callable[[], None]) -> None:
    """Make this process ready for jobs. Ctrl-C is for the one that gives them, and it ends when that one does.

    Its pool would end it, too, and start another in its place, once it holds 300 MB more than at its start, which would
    be a leak; here it is numba, and what one job leaves for the next.
    """
    from joblib.externals.loky import process_executor

    process_executor._MAX_MEMORY_LEAK_SIZE = math.inf
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    load()


def _end_with(parent: int) -> None:
    """End this process soon after its parent, which may be killed without a word."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
