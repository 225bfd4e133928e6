"""An agent's own past in the market as a prompt shows it: past attempts alone, in the order they ended."""

from __future__ import annotations

from sim.kit.arrays import Status
from sim.market.source import Outcome

_DONE = (int(Status.PASS), int(Status.FAIL))


class Cards:
    """The cards of all agents: how many of their attempts passed, and how many there were, by (replication, agent)."""

    def __init__(self) -> None:
        self._past: dict[tuple[int, int], tuple[int, int]] = {}

    def add(self, replication: int, agent: int, outcome: Outcome) -> None:
        """An attempt ended."""
        if outcome.status in _DONE:
            passed, done = self._past.get((replication, agent), (0, 0))
            self._past[replication, agent] = passed + (outcome.status == int(Status.PASS)), done + 1

    def record(self, replication: int, agent: int) -> str:
        """The agent's past as a router reads it.

        >>> Cards().record(0, 0)
        'no task done in this market yet'
        """
        passed, done = self._past.get((replication, agent), (0, 0))
        tasks = f"{done} task{'s' if done != 1 else ''}"
        return f"{tasks} done in this market, {passed} passed" if done else "no task done in this market yet"

    def text(self, replication: int, agent: int) -> str | None:
        """Of one agent; None where it has no past.

        >>> cards = Cards()
        >>> cards.add(0, 0, Outcome(int(Status.PASS), True, 0.1))
        >>> cards.text(0, 0)
        'You have done 1 task in this market so far: 1 passed.'
        """
        passed, done = self._past.get((replication, agent), (0, 0))
        if not done:
            return None
        return f"You have done {done} task{'s' if done != 1 else ''} in this market so far: {passed} passed."
