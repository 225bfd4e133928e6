"""An agent with a process of its own: it can wait, adapt, walk away, or act together with others.

    class Patient(Agent):
        def bid(self, notice):
            yield self.wait(3)
            return self.honest()

        def heard(self, news): ...

The market gives every agent its place before the first posting: a name, the clock, the bid it would make by belief and
policy. One instance plays one replication of one arm, so its attributes are its memory; `shared` is one dictionary for
all agents of the replication that have processes. The base class bids and works as an agent without a process does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sim.kit.arrays import Status
from sim.kit.errors import ScenarioError, closest
from sim.kit.kinds import Registry
from sim.kit.names import EVERYBODY

if TYPE_CHECKING:
    from simpy.events import Event

    Process = Generator[Event, Any, Any]


class Seat(Protocol):
    """What the market gives an agent: `sim.market.participants.Place`. task, posting: those it is asked about."""

    task: int
    posting: int

    @property
    def name(self) -> str: ...
    @property
    def now(self) -> int: ...
    @property
    def shared(self) -> dict[str, Any]: ...
    def stand_at(self, task: int, posting: int, honest: Bid | Abstain) -> None: ...
    def honest(self) -> Bid | Abstain: ...
    def wait(self, ticks: int) -> Event: ...
    def draw(self, purpose: str) -> float: ...


class Bid(NamedTuple):
    """An answer to a posting: dollars, as the mechanism means them, and the stated chance of success."""

    ask: float
    claim: float


class Abstain(NamedTuple):
    """No bid. reason: "abstained", or "exited" for an agent that has left the market."""

    reason: str = "abstained"


@dataclass(frozen=True)
class Posting:
    """What an agent sees of a posting: the task's name, 0 for its first offering, dollars, NaN where sealed."""

    task: str
    posting: int
    value: float
    reserve: float
    penalty: float


@dataclass(frozen=True)
class News:
    """What an agent learns of a posting: at its clearing (status None), or when its attempt has ended.

    hired: the agent was; pay_success, pay_failure: its contract, 0 where not hired. status: PASS, FAIL, INFRA or
    CANCELLED; payment, cost: dollars of the attempt.
    """

    task: str
    posting: int
    tick: int
    hired: bool
    pay_success: float = 0.0
    pay_failure: float = 0.0
    status: Status | None = None
    payment: float = 0.0
    cost: float = 0.0


class Agent:
    """Bids honestly and works at once. A subclass changes what it likes; all three methods are optional."""

    _place: Seat
    last_status: int = int(Status.NONE)

    def bid(self, notice: Posting) -> Process | Bid | Abstain:
        """Answer a posting: a generator that may wait and returns a Bid or Abstain, or the answer itself.

        A bid that is not back at the clearing is late.
        """
        return self.honest()

    def work(self, attempt: Process) -> Process:
        """Work on an award: `yield from attempt`, once; before it the agent may wait, its slot taken.

        Without it the award is CANCELLED: no cost, no pay, the try used up.
        """
        return (yield from attempt)

    def heard(self, news: News) -> None:
        """Learn what became of a posting that was cleared, or of an own attempt."""

    # What the market gives.

    @property
    def name(self) -> str:
        """The agent's."""
        return self._place.name

    @property
    def now(self) -> int:
        """The tick it is."""
        return self._place.now

    @property
    def shared(self) -> dict[str, Any]:
        """One dictionary for all agents with processes of this replication."""
        return self._place.shared

    def honest(self) -> Bid | Abstain:
        """The bid by belief and policy on the posting being answered, as it was when that went out."""
        return self._place.honest()

    def wait(self, ticks: int) -> Event:
        """A moment these many whole ticks from now: after completions of its tick and before clearings."""
        return self._place.wait(ticks)

    def draw(self, purpose: str) -> float:
        """A uniform number in (0, 1), by the purpose, this agent, the posting being answered, and how many before."""
        return self._place.draw(purpose)


def _check(name: str, factory: Any) -> None:
    if not callable(factory):
        raise TypeError(f"agent {name!r} must be a class of agents, or a function that makes one")


AGENTS: Registry[str, Callable[[], Agent]] = Registry(
    "agent", "decorate a class of agents with @register_agent('name')", check=_check, own={"honest": Agent}
)
register_agent = AGENTS.register  # lets scenarios name a class of agents, or a function that makes one, as a process


def parse_process(raw: Any) -> dict[str, str]:
    """Names of registered agents by agent, "*" for all others; raises ValueError saying what is allowed.

    >>> parse_process("honest")
    {'*': 'honest'}
    """
    named = raw if isinstance(raw, dict) else {EVERYBODY: raw}
    for name in named.values():
        if not isinstance(name, str):
            raise ValueError(f"must be the name of a registered agent, or {{agent = name}}; got {name!r}")
        AGENTS.lookup(name)
    return dict(named)


def processes_of(
    raw: dict[str, str] | None, agents: Sequence[str], *, alone: bool = False
) -> Mapping[int, Callable[[], Agent]]:
    """The classes or factories by place of those that have processes of their own.

    Raises ScenarioError where a name is no agent's, unless each is alone.
    """
    stated = raw or {}
    for name in stated:
        if name != EVERYBODY and name not in agents and not alone:
            allowed = ", ".join(agents)
            raise ScenarioError(f"bidders.process: no agent {name!r}{closest(name, agents)}; allowed: {allowed}")
    named = {place: stated.get(name, stated.get(EVERYBODY)) for place, name in enumerate(agents)}
    return {place: AGENTS[name] for place, name in named.items() if name is not None}


def is_process(answer: Any) -> bool:
    """The answer is still to come."""
    return inspect.isgenerator(answer)
