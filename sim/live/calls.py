"""Asks many questions at once: each is sent once at a time, within the budget, and its answer kept before it is used.

Sends run in the event loop of a thread of their own; whoever asks gets a future and joins it when the answer matters.

    nothing of it is billed  (429, 5xx, connection refused): sent again with back-off, `tries` times in all
    perhaps billed           (time-out, cut body, unreadable): charged at its reserve, sent again once at most
    the user must mend it    (401, 404, ...): everything stops, and can be resumed

A question that is given up has an answer whose finish says why, so that a replay is the same.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Self

from sim.kit.errors import RunError, closest
from sim.live.answers import Answers
from sim.live.meter import Meter
from sim.live.purse import Purse
from sim.live.question import Answer, Question
from sim.live.respondent import Respondent
from sim.live.sender import Sender

_GRACE = 5.0  # seconds that sends under way have where the user stopped the command


class Unknown(RunError):  # noqa: N818  # its name in live runs
    """An answer is not held, and nobody may be asked."""


class Calls:
    """Questions to `respondents` by name of agent, their answers kept in `answers`.

    budget_usd: ceiling of all that the journal has cost, earlier runs included. concurrency: most sends under way.
    offline: nobody is asked; what `answers` do not hold is Unknown, and is in `unknown`. tries: of a question that
    nothing is billed for. back_off: seconds before the second, doubled each time. Raises ValueError where a number is
    none. Use it as a context manager, or close it.
    """

    def __init__(
        self,
        respondents: Mapping[str, Respondent],
        answers: Answers,
        *,
        budget_usd: float,
        concurrency: int = 16,
        offline: bool = False,
        tries: int = 8,
        back_off: float = 0.5,
    ) -> None:
        if concurrency < 1 or tries < 1:
            raise ValueError(f"concurrency and tries must be >= 1; got {concurrency} and {tries}")
        self._respondents, self._answers, self._offline = dict(respondents), answers, offline
        self.meter = Meter(Purse(budget_usd, answers.spent))
        self.unknown: list[Question] = []
        self._futures: dict[str, Future[Answer]] = {}
        self._lock, self._closed = threading.Lock(), False
        self._sender = Sender(self._respondents, answers, self.meter, concurrency, tries, back_off)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def ask(self, question: Question) -> Future[Answer]:
        """The answer to come; those who ask the same share it.

        The future raises Unknown, BudgetSpent, Stopped or another RunError; CancelledError where `close` came first.
        Raises RunError where there is no such agent, or after `close`.
        """
        with self._lock:
            future = self._futures.get(question.key)
            if future is None:
                future = self._futures[question.key] = self._asked(question)
            return future

    def close(self, grace: float | None = None) -> None:
        """Cancel what waits; let sends under way come back and be kept, for `grace` seconds or as long as they take.

        What is still under way then counts at its reserve, and is asked again by the next run.
        """
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        closing = asyncio.run_coroutine_threadsafe(self._sender.close(grace), loop)
        try:
            closing.result()
        except KeyboardInterrupt:
            asyncio.run_coroutine_threadsafe(self._sender.close(0.0), loop).result()
            closing.result()  # which has nothing to wait for any more
            raise
        finally:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def __enter__(self) -> Self:
        """Itself, closed at the end."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Close it; in haste where the user stopped the command."""
        self.close(_GRACE if kind is not None and issubclass(kind, KeyboardInterrupt) else None)

    def _asked(self, question: Question) -> Future[Answer]:
        """A future for a question that was not asked before."""
        if self._closed:
            raise RunError("no more questions can be asked: the calls are closed")
        future: Future[Answer] = Future()
        future.set_running_or_notify_cancel()  # several may share it, so that none can cancel it
        meter = self.meter.of(question.agent)
        meter.asked += 1
        answer = self._answers.find(question.key)
        if answer is not None:
            meter.held += 1
            future.set_result(answer)
        elif self._offline:
            self.unknown.append(question)
            future.set_exception(Unknown(_unknown(question)))
        else:
            self._check(question)
            self._running().call_soon_threadsafe(self._sender.start, question, future)
        return future

    def _check(self, question: Question) -> None:
        respondent = self._respondents.get(question.agent)
        if respondent is None:
            near = closest(question.agent, self._respondents)
            raise RunError(f"agent {question.agent!r}: nobody answers for it{near}")
        if question.model and question.model != respondent.fingerprint:
            raise RunError(f"agent {question.agent!r}: its question names another model than answers it")

    def _running(self) -> asyncio.AbstractEventLoop:
        """The loop, started where none runs yet."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="bidlab calls", daemon=True)
            self._thread.start()
        return self._loop


def _unknown(question: Question) -> str:
    which = f"{question.purpose} of task {question.task!r} by agent {question.agent!r}"
    return f"{which}, sample {question.sample}: the answers do not hold it, and nobody is asked offline"
