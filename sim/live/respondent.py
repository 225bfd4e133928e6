"""Who answers questions: an endpoint, a program, a simulated agent or a recording. A respondent makes single sends.

When to send again and what is kept of a send is `sim.live.calls`' affair. A failure's word says whether the send may be
billed: a status ("429", "503") and "refused" are words of sends that nobody worked on; all others may be.
"""

from __future__ import annotations

from typing import Protocol

from sim.kit.errors import RunError
from sim.live.question import Answer, Question


class Failed(Exception):  # noqa: N818  # it ends no run
    """A send brought no answer.

    word: why, as the journal keeps it ("429", "timeout"). usd: what it may have cost. again: it may be asked again.
    wait: seconds to wait before, where the server says so. ends: where it is not asked again, its question ends with
    `ending(word)` as its answer, by default where the send may be billed; else the run stops. note: one line of what
    the server said.
    """

    def __init__(
        self,
        word: str,
        usd: float = 0.0,
        again: bool = True,
        wait: float | None = None,
        *,
        ends: bool | None = None,
        note: str = "",
    ) -> None:
        super().__init__(word)
        self.word, self.usd, self.again, self.wait, self.note = word, usd, again, wait, note
        self.ends = billed(word) if ends is None else ends


def billed(word: str) -> bool:
    """Whether a send that failed with that word may be billed.

    >>> billed("429"), billed("refused"), billed("timeout")
    (False, False, True)
    """
    return not word.isdigit() and word != "refused"


def ending(word: str) -> str:
    """The finish of a question whose last send failed with that word.

    >>> ending("503"), ending("timeout")
    ('server error', 'timeout')
    """
    return "server error" if len(word) == 3 and word.startswith("5") else word


class Stopped(RunError):  # noqa: N818  # its name in live runs
    """No further question has a meaning until the user mends something; the run can be resumed.

    word: as of a failure. usd: what the send that met it may have cost.
    """

    def __init__(self, line: str, word: str = "refused", usd: float = 0.0) -> None:
        super().__init__(line)
        self.word, self.usd = word, usd


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
