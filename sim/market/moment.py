"""Moments: what happens at a tick, in one total order.

The order is (tick, kind, task, posting, agent), with completion < wake < clearing < posting < round. A moment made
while another happens joins at once. SimPy's own order within a tick is that of scheduling, so a moment is an event of a
priority of its own: its place in the order as one number. SimPy's own events have the priorities 0 and 1, so what a
moment triggers (processes that start, end or are interrupted) comes before the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

from simpy import Environment
from simpy.events import Event

COMPLETION, WAKE, CLEARING, POSTING, ROUND = range(5)
_AFTER_SIMPY = 2


class Moment(Event):
    """An event at a tick, in the place that `key` gives it there. The only use of SimPy's scheduling internals."""

    def __init__(self, env: Environment, tick: int, key: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, key + _AFTER_SIMPY, tick - env.now)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Clock:
    """Makes moments of a market with these many tasks, postings and agents."""

    env: Environment
    n_tasks: int
    postings: int
    n_agents: int

    @property
    def now(self) -> int:
        """The tick it is."""
        return self.env.now  # type: ignore[return-value]

    def at(self, tick: int, kind: int, task: int = 0, posting: int = 0, agent: int = 0) -> Moment:
        """The moment of this kind at `tick`."""
        key = ((kind * self.n_tasks + task) * self.postings + posting) * self.n_agents + agent
        return Moment(self.env, tick, key)
