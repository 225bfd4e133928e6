"""A respondent without network: what each send does is told it beforehand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from sim.live.question import Answer, Question
from sim.live.respondent import Failed

Step = Answer | Exception


def plain(question: Question, nth: int) -> Step:
    """Its prompt, for 10 cents."""
    return Answer(question.prompt, "stop", 3, 4, 0.1)


class Fake:
    """step(question, nth): what its nth send comes to. seconds: how long one takes."""

    fingerprint = ""

    def __init__(
        self,
        step: Callable[[Question, int], Step] = plain,
        *,
        most: float | Callable[[Question], float] = 0.65,
        seconds: float | Callable[[Question], float] = 0.0,
    ) -> None:
        self.step, self.most, self.seconds = step, most, seconds
        self.sends: Counter[str] = Counter()
        self.now = self.together = 0
        self.closed = False

    def most_usd(self, question: Question) -> float:
        return self.most(question) if callable(self.most) else self.most

    async def answer(self, question: Question) -> Answer:
        self.sends[question.key] += 1
        self.now += 1
        self.together = max(self.together, self.now)
        try:
            await asyncio.sleep(self.seconds if isinstance(self.seconds, float) else self.seconds(question))
            found = self.step(question, self.sends[question.key])
        finally:
            self.now -= 1
        if isinstance(found, Exception):
            raise found
        return found

    async def close(self) -> None:
        self.closed = True


def works(count: int, agent: str = "a") -> list[Question]:
    """Different questions."""
    return [Question("work", f"t{place}", agent, f"prompt {place}", most_tokens=20) for place in range(count)]


def timeout() -> Failed:
    """A send that was given up."""
    return Failed("timeout", 0.65)
