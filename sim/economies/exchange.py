"""Money, barter, informed barter and a planner of swaps, as processes on a virtual clock.

Agent i of N holds good i and wants good want[i], a uniformly random derangement: nobody wants what it holds. In each
round every agent that does not hold what it wants sends one message; then the messages of the round are dealt with, in
random order, and each agent takes part in at most one trade a round. Who holds what it wants is done and leaves.

    money       an exchange buys every good for a dollar, which it issues, and sells every good for a dollar: in round 1
                all sell, in round 2 all buy. So 2 rounds and 2 N messages, whatever the derangement.
    barter      an agent writes to one other, uniformly at random and with no memory, and asks for what it wants. Who
                holds that good, and has not traded this round, takes the asker's good for it: its own is no use to it.
    informed    the same, but an agent knows who holds what it wants, and writes there.
    planner     all report to a planner, which swaps the goods of two agents that hold what the other wants, and does
                nothing else; it answers both of a pair. Expected share of agents served, D the number of derangements:

                    (N - 1) D(N - 2) / D(N)

satisfied = agents that hold what they want / N; a run ends when it is 1, or after `rounds`. Messages are those sent; a
trade needs no further one. Where barter is informed, each trade takes an agent out of its cycle, and of a long cycle
the share (1 - e^-2) / 2 = .43 is taken in a round (dimers placed at random along a line), so that messages tend to
2.3 N and rounds grow as log N; up to N = 40 they are about log2 N.

Index convention: R replications; rounds are steps. Accounts: each trade is an event of two amounts, one good for
another or for a dollar; agents are "agent 3", goods "good 3". Luck is shared by all institutions. Source: [BM].
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import simpy
from pydantic import Field

from sim.economies.economy import ACCOUNTS, Measure, Played, register_economy
from sim.kit.arrays import FloatArray, IntArray
from sim.kit.draws import uniform, words_range
from sim.kit.section import Section

_HUB = "exchange"
_ROUND = 2  # ticks: messages are sent at the first, dealt with at the second
Row = tuple[int, int, int, str, str, str, str, float]


class ExchangeSettings(Section):
    """Agents that each hold a good and want another (sim/economies/exchange.py)."""

    agents: Annotated[int, Field(ge=2, le=1000)] = Field(8, description="agents, each with a good of its own")
    rounds: Annotated[int, Field(ge=1, le=1000)] = Field(8, description="rounds after which it ends at the latest")
    institution: Literal["money", "barter", "informed", "planner"] = Field(
        "barter", description="how goods change hands"
    )


@dataclass(eq=False)
class Room:
    """One replication as it goes on. asks, order: uniforms (rounds, N): whom an agent writes to, when it is dealt with.

    hold, money: by agent. letters: (sender, addressee) of this round. satisfied: share after each round.
    """

    settings: ExchangeSettings
    number: int
    want: list[int]
    asks: FloatArray
    order: FloatArray
    hold: list[int] = field(default_factory=list)
    money: list[float] = field(default_factory=list)
    letters: list[tuple[int, int]] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)
    messages: int = 0
    events: int = 0
    rows: list[Row] = field(default_factory=list)
    satisfied: list[float] = field(default_factory=list)

    def done(self, agent: int) -> bool:
        """It holds what it wants."""
        return self.hold[agent] == self.want[agent]

    def move(self, step: int, kind: str, *amounts: tuple[str, str, str]) -> None:
        """An event: (giver, taker, unit) of each amount of one."""
        self.rows += [(self.number, step, self.events, giver, taker, kind, unit, 1.0) for giver, taker, unit in amounts]
        self.events += 1

    def swap(self, step: int, one: int, other: int) -> None:
        """Two agents change goods."""
        goods = f"good {self.hold[one]}", f"good {self.hold[other]}"
        self.move(step, "swap", (_name(one), _name(other), goods[0]), (_name(other), _name(one), goods[1]))
        self.hold[one], self.hold[other] = self.hold[other], self.hold[one]
        self.busy |= {one, other}


def _name(agent: int) -> str:
    return f"agent {agent}"


def trader(env: simpy.Environment, room: Room, agent: int) -> Generator[simpy.Event, None, None]:
    """An agent: while it does not hold what it wants, a message a round."""
    count = len(room.want)
    for step in range(room.settings.rounds):
        if room.done(agent):
            return
        if room.settings.institution == "barter":
            to = (agent + 1 + int(room.asks[step, agent] * (count - 1))) % count
        else:
            to = room.hold.index(room.want[agent]) if room.settings.institution == "informed" else -1
        room.letters.append((agent, to))
        room.messages += 1
        yield env.timeout(_ROUND)


def clerk(env: simpy.Environment, room: Room) -> Generator[simpy.Event, None, None]:
    """Deals with the messages of each round, in random order, until all are satisfied."""
    deal = {"money": _trade_with_hub, "planner": _plan}.get(room.settings.institution, _trade)
    yield env.timeout(1)
    for step in range(room.settings.rounds):
        room.busy = set()
        deal(room, step, sorted(room.letters, key=lambda letter: room.order[step, letter[0]]))
        room.letters = []
        room.satisfied.append(sum(map(room.done, range(len(room.want)))) / len(room.want))
        if room.satisfied[-1] == 1.0:
            return
        yield env.timeout(_ROUND)


def _trade(room: Room, step: int, letters: list[tuple[int, int]]) -> None:
    """Who is asked for what it holds swaps, where neither has traded this round."""
    for asker, holder in letters:
        if not room.busy & {asker, holder} and room.hold[holder] == room.want[asker]:
            room.swap(step, asker, holder)


def _trade_with_hub(room: Room, step: int, letters: list[tuple[int, int]]) -> None:
    """Who has no dollar sells, who has one buys."""
    for agent, _ in letters:
        if room.money[agent]:
            room.hold[agent] = room.want[agent]
            good = f"good {room.want[agent]}"
            room.move(step, "buy", (_HUB, _name(agent), good), (_name(agent), _HUB, "$"))
        else:
            good = f"good {room.hold[agent]}"
            room.hold[agent] = -1
            room.move(step, "sell", (_name(agent), _HUB, good), (_HUB, _name(agent), "$"))
        room.money[agent] = 1.0 - room.money[agent]


def _plan(room: Room, step: int, letters: list[tuple[int, int]]) -> None:
    """Swap the goods of those who hold what the other wants."""
    holder = {room.hold[agent]: agent for agent, _ in letters}
    for agent, _ in letters:
        other = holder.get(room.want[agent], agent)
        if agent not in room.busy and room.want[other] == room.hold[agent]:
            room.swap(step, agent, other)
            room.messages += 2


def play_room(room: Room) -> Room:
    """Play one replication to its end."""
    count = len(room.want)
    room.hold, room.money = list(range(count)), [0.0] * count
    env = simpy.Environment()
    for agent in range(count):
        env.process(trader(env, room, agent))
    env.process(clerk(env, room))
    env.run()
    return room


def derangements(seed: int, replications: range, count: int) -> IntArray:
    """(R, N): for each replication the first of its permutations that leaves nothing in its place."""
    number, agent = words_range(len(replications), replications.start), words_range(count)
    found, open_, attempt = np.zeros((len(replications), count), np.int64), np.ones(len(replications), np.bool_), 0
    while open_.any():
        drawn = np.argsort(uniform(seed, "wants", number[open_], words_range(1, attempt), agent)[:, 0], axis=1)
        good = (drawn != np.arange(count)).all(axis=1)
        at = np.flatnonzero(open_)[good]
        found[at], open_[at], attempt = drawn[good], False, attempt + 1
    return found


@register_economy("exchange")
@dataclass(frozen=True)
class Exchange:
    """Agents that each hold a good and want another."""

    summary = "each of N agents holds a good and wants another: money, barter, a planner of swaps"
    source = "BM"
    block = 100
    Settings = ExchangeSettings
    measures = (
        Measure("satisfied", "share of agents", "agents that hold what they want at the end"),
        Measure("messages", "messages per agent", "messages sent, per agent"),
        Measure("rounds", "rounds", "rounds until all are satisfied, or to the limit"),
        Measure("cleared", "share of runs", "all are satisfied", rate=True),
        Measure("satisfied_by", "share of agents", "agents that hold what they want after this round", steps=True),
    )

    def play(self, settings: ExchangeSettings, seed: int, replications: range) -> Played:
        """The replications one by one."""
        number = words_range(len(replications), replications.start)
        step, agent = words_range(settings.rounds), words_range(settings.agents)
        asks, order = (uniform(seed, what, number, step, agent) for what in ("whom to ask", "order"))
        wants = derangements(seed, replications, settings.agents)
        rooms = [
            play_room(Room(settings, replications.start + k, wants[k].tolist(), asks[k], order[k]))
            for k in range(len(replications))
        ]
        last = settings.rounds
        shares = [[*room.satisfied, *[room.satisfied[-1]] * (last - len(room.satisfied))] for room in rooms]
        by = np.array(shares, np.float64).reshape(len(rooms), last)
        return Played(
            {
                "satisfied": by[:, -1],
                "messages": np.array([room.messages / settings.agents for room in rooms], np.float64),
                "rounds": np.array([float(len(room.satisfied)) for room in rooms], np.float64),
                "cleared": (by[:, -1] == 1.0).astype(np.float64),
            },
            {"satisfied_by": by},
            _accounts([row for room in rooms for row in room.rows]),
        )


def _accounts(rows: list[Row]) -> dict[str, Any]:
    columns = list(zip(*rows, strict=True)) or [()] * len(ACCOUNTS)
    kinds = (np.int64, np.int64, np.int64, object, object, object, object, np.float64)
    return {name: np.array(column, kind) for name, column, kind in zip(ACCOUNTS, columns, kinds, strict=True)}
