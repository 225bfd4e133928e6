"""Brings questions to their ends within one event loop: slots, reserves, sends, back-off, and how all of it stops.

A question waits (for its turn, a slot, money, or the end of a back-off) or is under way. Stopping cancels all that
wait; what is under way comes back and is kept, since it is paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future

from sim.live.answers import Answers
from sim.live.meter import Meter
from sim.live.question import Answer, Question
from sim.live.respondent import Failed, Respondent, Stopped, billed, ending

CHARGED = 2  # sends of a question that may be billed without an answer
_LONGEST = 60.0  # seconds of back-off
_PATIENCE = 600.0  # seconds that a server may ask to wait


class Sender:
    """As above. `start` and `close` are called in the event loop."""

    def __init__(
        self,
        respondents: Mapping[str, Respondent],
        answers: Answers,
        meter: Meter,
        concurrency: int,
        tries: int,
        back_off: float,
    ) -> None:
        self._respondents, self._answers, self._meter = respondents, answers, meter
        self._tries, self._back_off = tries, back_off
        self._slots = asyncio.Semaphore(concurrency)
        at_once = {name: getattr(each, "at_once", None) or concurrency for name, each in respondents.items()}
        self._turns = {name: asyncio.Semaphore(most) for name, most in at_once.items()}
        self._until = dict.fromkeys(respondents, 0.0)  # when a server that asked for a pause may be asked again
        self._waiting: set[asyncio.Task[Answer]] = set()
        self._under_way: set[asyncio.Task[Answer]] = set()
        self._end: BaseException | None = None

    def start(self, question: Question, future: Future[Answer]) -> None:
        """Bring the question to its end, which the future gets."""
        if self._end is not None:
            future.set_exception(self._end)
            return
        task = asyncio.get_running_loop().create_task(self._answer(question))
        self._waiting.add(task)
        task.add_done_callback(lambda ended: self._deliver(ended, question, future))

    async def close(self, grace: float | None) -> None:
        """End all that wait, then all that are under way after `grace` seconds, then the respondents."""
        self._stop(CancelledError())
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=grace)
        left = self._under_way | self._waiting
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.gather(*(each.close() for each in self._respondents.values()), return_exceptions=True)

    def _stop(self, why: BaseException) -> None:
        """Nothing is sent from now on; all that wait get `why`, or what stopped them before."""
        self._end = self._end or why
        for task in self._waiting - {asyncio.current_task()}:
            task.cancel()

    def _deliver(self, task: asyncio.Task[Answer], question: Question, future: Future[Answer]) -> None:
        """Give the future what the task came to; one that was cancelled may never have begun."""
        self._waiting.discard(task)
        if task.cancelled():
            future.set_exception(self._end or CancelledError())
        elif (error := task.exception()) is not None:
            future.set_exception(error)
        else:
            self._meter.of(question.agent).answered += 1
            future.set_result(task.result())

    async def _answer(self, question: Question) -> Answer:
        """Send until there is an answer, or none is to be expected."""
        free = 0
        while len(charged := self._answers.charged(question.key)) < CHARGED:
            try:
                return await self._in_turn(question)
            except Failed as failed:
                free += not billed(failed.word)
                if self._end is not None:
                    raise self._end from None
                if not failed.again or free >= self._tries or (failed.wait or 0) > _PATIENCE:
                    return self._given_up(question, failed)
                await self._pause(question, failed, free)
        return self._ended(question, charged[-1])

    def _given_up(self, question: Question, failed: Failed) -> Answer:
        if failed.ends:
            return self._ended(question, failed.word)
        said = f": {failed.note}" if failed.note else ""
        stopped = Stopped(f"agent {question.agent!r}: {failed.word} again and again{said}; run again to go on")
        self._stop(stopped)
        raise stopped from None

    def _ended(self, question: Question, word: str) -> Answer:
        """The answer of a question that has none."""
        answer = Answer("", ending(word))
        self._answers.got(self._answers.last_send(question.key), answer)
        return answer

    async def _pause(self, question: Question, failed: Failed, free: int) -> None:
        """Wait as long as the server says, and hold all else for it as long; or ever longer, no two the same."""
        if failed.wait is not None:
            until = asyncio.get_running_loop().time() + failed.wait
            self._until[question.agent] = max(until, self._until[question.agent])
            return
        spread = 0.75 + 0.5 * int(question.key[:8], 16) / 2**32
        await asyncio.sleep(min(self._back_off * 2.0 ** max(free - 1, 0), _LONGEST) * spread)

    async def _in_turn(self, question: Question) -> Answer:
        """Send when its agent, a slot and the purse allow it."""
        clock = asyncio.get_running_loop().time
        respondent = self._respondents[question.agent]
        while True:
            await asyncio.sleep(max(self._until[question.agent] - clock(), 0.0))
            async with self._turns[question.agent], self._slots:
                if self._until[question.agent] > clock():
                    continue
                most = respondent.most_usd(question)
                await self._meter.purse.reserve(most)
                return await self._send(question, respondent, most)

    async def _send(self, question: Question, respondent: Respondent, most: float) -> Answer:
        """One send, with what it may cost on the disk before, and its end after."""
        task, meter, usd = asyncio.current_task(), self._meter.of(question.agent), most
        assert task is not None
        self._waiting.discard(task)
        self._under_way.add(task)
        self._meter.in_flight += 1
        meter.sends += 1
        try:
            n = self._answers.sent(question, most)
            try:
                answer = await respondent.answer(question)
            except (Failed, Stopped) as failed:
                usd = failed.usd
                self._answers.failed(n, failed.word, usd)
                raise
            except Exception as error:
                self._answers.failed(n, type(error).__name__, most)
                raise
            usd = answer.usd
            self._answers.got(n, answer)
            self._check_cap(question, answer, most)
        except Failed:
            raise
        except Exception as error:
            self._stop(error)
            raise
        finally:
            self._meter.purse.settle(most, usd)
            meter.dollars += usd
            self._meter.in_flight -= 1
            self._under_way.discard(task)
            self._waiting.add(task)
        return answer

    def _check_cap(self, question: Question, answer: Answer, most: float) -> None:
        """Stop the others where an answer, which is kept, has passed its cap and so its reserve."""
        over = question.most_tokens and (answer.output_tokens or 0) > question.most_tokens
        if over and answer.usd > most and question.purpose != "check":
            cost = f"${answer.usd:,.4f} where it could cost ${most:,.4f}"
            tokens = f"{answer.output_tokens} tokens where its cap was {question.most_tokens}"
            self._stop(Stopped(f"agent {question.agent!r}: answered {tokens}, for {cost}; no budget can hold so"))
