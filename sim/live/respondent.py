"""Who answers questions: an endpoint, a program, a simulated agent or a recording. A respondent makes single sends.

When to send again, what a send may cost and what is kept of it is `sim.live.calls`' affair.
"""

from __future__ import annotations

from typing import Protocol

from sim.kit.errors import RunError
from sim.live.question import Answer, Question


class Failed(Exception):  # noqa: N818  # it ends no run
    """A send brought no answer.

    word: why, as the journal keeps it ("429", "timeout"). usd: what it may have cost. again: it may be asked again.
    wait: seconds to wait before, where the server says so. finish: of the answer that the question ends with when it
    is not asked again, by default `word` where the send is charged; "" where it is free: then the run stops instead.
    note: one line of what the server said.
    """

    def __init__(
        self,
        word: str,
        usd: float = 0.0,
        again: bool = True,
        wait: float | None = None,
        *,
        finish: str | None = None,
        note: str = "",
    ) -> None:
        super().__init__(word)
        self.word, self.usd, self.again, self.wait, self.note = word, usd, again, wait, note
        self.finish = finish if finish is not None else word if usd > 0 else ""


class Stopped(RunError):  # noqa: N818  # its name in live runs
    """No further question has a meaning until the user mends something; the run can be resumed.

    usd: what the send that met it may have cost.
    """

    def __init__(self, line: str, usd: float = 0.0) -> None:
        super().__init__(line)
        self.usd = usd


class Respondent(Protocol):
    """One agent that answers.

    fingerprint: canonical JSON of what its answers depend on, without secrets; part of every key. A respondent that
    can take only so many questions at a time has a further attribute `at_once`.
    """

    @property
    def fingerprint(self) -> str:
        """As above."""

    def most_usd(self, question: Question) -> float:
        """The most that one send of the question can cost."""

    async def answer(self, question: Question) -> Answer:
        """Send it once; raises Failed, or Stopped where the run cannot go on."""

    async def close(self) -> None:
        """Free what it holds; it is asked nothing more."""
