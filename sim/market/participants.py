"""Agents with processes of their own, in one replication: their bids join those of the source."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import simpy
from simpy.events import Event

from sim.agents.agent import Abstain, Agent, Bid, News, Posting, is_process
from sim.kit import draws
from sim.kit.arrays import MOST_PAID, Notice, Status
from sim.kit.errors import MarketError, SimError
from sim.ledger.ledger import OUTCOME
from sim.market.moment import WAKE, Clock
from sim.market.open_task import Hire
from sim.market.source import ABSTAINED, BID, LATE, Offers, Outcome, checked
from sim.market.tasks import Tasks

_LEAVES = {"abstained": ABSTAINED, "exited": OUTCOME.index("exited")}


class Place:
    """One agent's place in the market: what `Agent` asks for."""

    def __init__(self, place: int, clock: Clock, tasks: Tasks, replication: int, shared: dict[str, Any]) -> None:
        self.place, self.name, self.shared = place, tasks.agents[place], shared
        self._clock, self._tasks, self._replication = clock, tasks, replication
        self.task = self.posting = 0
        self._honest: dict[tuple[int, int], Bid | Abstain] = {}
        self._drawn: dict[tuple[str, int, int], int] = {}

    @property
    def now(self) -> int:
        return self._clock.now

    def stand_at(self, task: int, posting: int, honest: Bid | Abstain) -> None:
        """A posting went out on which the agent would honestly answer this."""
        self.task, self.posting = task, posting
        self._honest[task, posting] = honest

    def honest(self) -> Bid | Abstain:
        return self._honest[self.task, self.posting]

    def wait(self, ticks: int) -> Event:
        if isinstance(ticks, bool) or not isinstance(ticks, int | np.integer) or ticks < 0:
            raise MarketError(f"agent {self.name}: waits a whole number of ticks, 0 or more; got {ticks!r}")
        return self._clock.at(self.now + int(ticks), WAKE, self.task, self.posting, self.place)

    def draw(self, purpose: str) -> float:
        """The lottery of the posting, itself a named draw, names the seed and the replication."""
        at = purpose, self.task, self.posting
        self._drawn[at] = self._drawn.get(at, 0) + 1
        luck = self._tasks.lottery[self._replication, self.task, self.posting, self.place]
        names = draws.words_of([self._tasks.names[self.task]]), draws.words_of([self.name])
        words = (
            np.array([luck]).view(np.uint64),
            draws.words_range(1, self.posting),
            draws.words_range(1, self._drawn[at]),
        )
        return float(draws.uniform(0, f"agent, {purpose}", *names, *words).item())


class Participants:
    """The agents and what they have answered so far."""

    def __init__(
        self, factories: Mapping[int, Callable[[], Agent]], clock: Clock, tasks: Tasks, replication: int
    ) -> None:
        self._clock, self._tasks = clock, tasks
        self._agents: dict[int, Agent] = {}
        shared: dict[str, Any] = {}
        for place, make in sorted(factories.items()):
            self._agents[place] = make()
            self._agents[place]._place = Place(place, clock, tasks, replication, shared)
        self._answers: dict[tuple[int, int], tuple[int, Bid | Abstain]] = {}  # task, agent -> tick it came, answer
        self._thinking: dict[tuple[int, int], simpy.Process] = {}
        self._posted: dict[int, int] = {}

    def find(self, place: int) -> Agent | None:
        """The agent at that place; None where it has no process of its own."""
        return self._agents.get(place)

    def post(self, task: int, posting: int, notice: Notice, offers: Offers) -> None:
        """A posting goes out: have every agent start to answer. offers: what the source would answer for them."""
        terms = float(notice.value), float(notice.reserve), float(notice.penalty)
        self._posted[task] = self._clock.now
        seen = Posting(self._tasks.names[task], posting, *terms)
        for place, agent in self._agents.items():
            made = offers.reason[place] == BID
            honest = Bid(float(offers.ask[place]), float(offers.claim[place])) if made else Abstain()
            agent._place.stand_at(task, posting, honest)
            self._answers.pop((task, place), None)
            answer = self._call(place, agent.bid, seen)
            if is_process(answer):
                bidding = self._bidding(task, posting, place, answer)
                self._thinking[task, place] = self._clock.env.process(bidding)
            else:
                self._answers[task, place] = self._clock.now, answer

    def _bidding(
        self, task: int, posting: int, place: int, answer: Generator[Event, Any, Any]
    ) -> Generator[Event, Any, None]:
        """One agent's answer in the making; `_place` stands at the posting whenever the agent is awake."""
        desk, value = self._agents[place]._place, None
        try:
            while True:
                desk.task, desk.posting = task, posting
                event = self._call(place, answer.send, value)
                self._check_moment(place, "bid", event)
                value = yield event
        except StopIteration as end:
            self._answers[task, place] = self._clock.now, end.value
        except simpy.Interrupt:
            answer.close()

    def offers(self, task: int, posting: int, offers: Offers) -> Offers:
        """The source's offers with the agents' own answers in their places, at the clearing."""
        arrays: dict[str, Any] = {
            name: np.array(getattr(offers, name)) for name in ("ask", "claim", "latency", "reason")
        }
        for place in self._agents:
            thinking = self._thinking.pop((task, place), None)
            if thinking is not None and thinking.is_alive:
                thinking.interrupt()
            tick, answer = self._answers.pop((task, place), (self._clock.now, None))
            arrays["latency"][place] += 0 if answer is None else tick - self._posted[task]
            arrays["reason"][place], arrays["ask"][place], arrays["claim"][place] = self._read(place, answer)
        return checked(replace(offers, **arrays))

    def _read(self, place: int, answer: Any) -> tuple[int, float, float]:
        """Reason, ask and claim."""
        if answer is None:
            return LATE, np.nan, np.nan
        if isinstance(answer, Abstain) and answer.reason in _LEAVES:
            return _LEAVES[answer.reason], np.nan, np.nan
        name = self._tasks.agents[place]
        if isinstance(answer, Bid):
            numbers = (int, float, np.integer, np.floating)
            if not all(isinstance(part, numbers) and not isinstance(part, bool) for part in answer):
                raise MarketError(f"agent {name}: ask and claim of a Bid must be numbers; got {answer!r}")
            if abs(answer.ask) > MOST_PAID and not np.isinf(answer.ask):
                raise MarketError(f"agent {name}: an ask must be from -{MOST_PAID:g} to {MOST_PAID:g}; got {answer!r}")
            return BID, float(answer.ask), float(answer.claim)
        raise MarketError(f"agent {name}: bid must return a Bid or Abstain; got {answer!r}")

    def hear_award(self, hire: Hire) -> None:
        """Tell every agent what the clearing means for it."""
        for place, agent in self._agents.items():
            row = (*hire.row, place)
            contract = float(hire.award.pay_success[row]), float(hire.award.pay_failure[row])
            self._call(place, agent.heard, self._news(hire, bool(hire.award.hired[row]), *contract))

    def hear_outcome(self, hire: Hire, place: int, outcome: Outcome, payment: float) -> None:
        """Tell the agent what came of its attempt."""
        agent = self._agents.get(place)
        if agent is None:
            return
        agent.last_status = outcome.status
        awarded = self._news(hire, True, hire.pay(place, int(Status.PASS)), hire.pay(place, int(Status.FAIL)))
        news = replace(awarded, status=Status(outcome.status), payment=payment, cost=outcome.cost)
        self._call(place, agent.heard, news)

    def _call(self, place: int, method: Callable[[Any], Any], what: Any) -> Any:
        """What the agent's method gives back; MarketError in one line where it fails."""
        try:
            return method(what)
        except (SimError, StopIteration):
            raise
        except (Exception, SystemExit) as error:
            raise self._fault(place, error) from error

    def working(self, place: int, attempt: Generator[Event, Any, Any]) -> Generator[Event, Any, None]:
        """The agent at work on an award in its own way; MarketError in one line where it fails."""
        try:
            yield from self._moments(place, "work", self._agents[place].work(attempt))
        except (SimError, simpy.Interrupt):
            raise
        except (Exception, SystemExit) as error:
            raise self._fault(place, error) from error

    def _moments(self, place: int, method: str, process: Generator[Event, Any, Any]) -> Generator[Event, Any, Any]:
        """What the agent's process waits for, one after the other; MarketError where that is nothing to wait for."""
        value: Any = None
        fault: BaseException | None = None
        while True:
            try:
                event = process.send(value) if fault is None else process.throw(fault)
            except StopIteration as end:
                return end.value
            self._check_moment(place, method, event)
            value = fault = None
            try:
                value = yield event
            except GeneratorExit:
                process.close()
                raise
            except simpy.Interrupt as interrupt:
                fault = interrupt

    def _check_moment(self, place: int, method: str, event: Any) -> None:
        if not isinstance(event, simpy.Event):
            name = self._tasks.agents[place]
            raise MarketError(f"agent {name}: {method} may yield what self.wait(ticks) gives, no {event!r}")

    def _fault(self, place: int, error: BaseException) -> MarketError:
        return MarketError(f"agent {self._tasks.agents[place]}: {type(error).__name__}: {error}")

    def _news(self, hire: Hire, hired: bool, won: float, lost: float) -> News:
        return News(self._tasks.names[hire.task], hire.posting, self._clock.now, hired, won, lost)
