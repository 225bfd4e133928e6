"""Plays an ecology, generation after generation.

In each generation of L replications side by side: every living agent pays its ticket; the market is played, which pays
what passes and costs tokens; prices follow the solve rate; who has been below zero for `grace` generations leaves, and
its debt is written off; the richest have children. At every one of these events the energy of all that live changes by
what comes in less what goes out.

Events of a generation, by number: START (of the first alone), TICKET, WORKED, LEFT, then each turn of births.

A generation's market is the house's own, of the agents that live, under the scenario's rule. T tasks come one a tick,
each of a family drawn by demand. Value and reserve of a task are its family's price. An agent makes one attempt at a
time. Its ability is expit(skill_f + level - difficulty_f); it believes expit of that plus its bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.everybody import Bidders
from sim.economies.ecology.ecology_settings import EcologySettings
from sim.economies.ecology.roster import Births, Roster, breed, founded, total
from sim.economies.economy import ACCOUNTS
from sim.experiment.engine import Engine, play
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray, Status
from sim.kit.portable import exp, expit
from sim.market.rules import Rules
from sim.standing.sources import ExpectedCost
from sim.world.formula import Formula
from sim.world.world import World

START, TICKET, WORKED, LEFT, BORN = range(5)
_OUTSIDE = -1
GENERATION = np.uint64(32)  # a word of (replication, generation) is r + 2^32 g


def words_at(r: draws.Words, generation: int) -> draws.Words:
    """Words of (replication, generation)."""
    return r + (np.uint64(generation) << GENERATION)


class Epoch(NamedTuple):
    """paid, spent (L, N) dollars; jobs (L, N, F) attempts that passed; posted, solved (L, F) tasks."""

    paid: FloatArray
    spent: FloatArray
    jobs: IntArray
    posted: IntArray
    solved: IntArray


class EpochMarket:
    """The markets of L replications; r (L,): their words."""

    def __init__(self, settings: EcologySettings, seed: int, r: draws.Words, engine: Engine = "auto") -> None:
        self._settings, self._seed, self._r, self._engine = settings, seed, r, engine
        lanes, n, tasks = len(r), settings.slots, settings.tasks
        self._agents = tuple(f"slot {place}" for place in range(n))
        self._tasks = tuple(f"task {place}" for place in range(tasks))
        self._rules = _rules(settings)
        each, tries = (lanes, tasks, n), (lanes, tasks, n, 1)
        self._fixed = {
            "family": ("",) * tasks,
            "block": ("",) * tasks,
            "from_table": False,
            "repeats": False,
            "arrival": np.broadcast_to(np.arange(tasks), (lanes, tasks)),
            "latency": np.broadcast_to(0, each),
            "infra": np.broadcast_to(np.False_, tries),
            "duration": np.broadcast_to(settings.duration, tries),
            "silent": None,
            "exploration": None,
            "choice": None,
            "shared": ("generation",),
        }
        self._level = np.array([kind.level for kind in settings.builds])
        self._cost = settings.cost * np.array([kind.tokens for kind in settings.builds])
        self._difficulty = np.zeros(settings.families) if settings.difficulty is None else np.array(settings.difficulty)
        self._shock = np.zeros((lanes, settings.families))

    def ability_logits(self, roster: Roster) -> FloatArray:
        """(L, N, F), without bias."""
        return np.asarray(roster.skill + self._level[roster.kind][..., None] - self._difficulty, np.float64)

    def demand(self, generation: int) -> FloatArray:
        """(L, F) shares of the generation's families; generations must be asked for in order."""
        settings = self._settings
        if settings.shock_sd > 0:
            f = draws.words_range(settings.families)
            fresh = draws.normal(self._seed, "ecology shock", words_at(self._r, generation), f)
            left = settings.shock_memory
            if generation == 0:
                self._shock = settings.shock_sd * fresh
            else:
                self._shock = left * self._shock + settings.shock_sd * np.sqrt(1.0 - left * left) * fresh
        weight = exp(self._shock)
        return np.asarray(weight / total(weight)[:, None], np.float64)

    def worth(
        self, lanes: IntArray, skill: FloatArray, kind: IntArray, *, demand: FloatArray, price: FloatArray
    ) -> FloatArray:
        """(B,) dollars that agents of this skill (B, F) and kind (B,) earn of a task by themselves, in these lanes."""
        logits = skill + self._level[kind][:, None] - self._difficulty
        gain = expit(logits) * price[lanes] - self._cost[kind][:, None]
        return total(demand[lanes] * np.maximum(0.0, gain))

    def play(self, generation: int, roster: Roster, demand: FloatArray, price: FloatArray) -> Epoch:
        """One generation; demand, price (L, F)."""
        world, family = self.world(generation, roster, demand, price)
        attempts = play(self._engine, world, self._rules, detail="attempts")["attempts"]
        lanes, n, families = len(self._r), self._settings.slots, self._settings.families
        lane, task, agent = (attempts[name].astype(np.int64) for name in ("replication", "task", "agent"))
        who = lane * n + agent
        passed = attempts["status"] == Status.PASS
        solved = np.zeros(family.shape, np.bool_)
        solved[lane[passed], task[passed]] = True
        kind = np.arange(lanes)[:, None] * families + family

        def dollars(name: str) -> FloatArray:
            return np.asarray(np.bincount(who, attempts[name], lanes * n), np.float64).reshape(lanes, n)

        def number(place: IntArray, *shape: int) -> IntArray:
            return np.bincount(place.ravel(), minlength=lanes * int(np.prod(shape))).reshape(lanes, *shape)

        return Epoch(
            paid=dollars("payment"),
            spent=dollars("cost"),
            jobs=number((who * families + family[lane, task])[passed], n, families),
            posted=number(kind, families),
            solved=number(kind[solved], families),
        )

    def world(self, generation: int, roster: Roster, demand: FloatArray, price: FloatArray) -> tuple[World, IntArray]:
        """The generation's World, and the family of each of its tasks (L, T)."""
        settings, seed = self._settings, self._seed
        r, t = words_at(self._r, generation), draws.words_range(settings.tasks)
        i = draws.words_range(settings.slots)
        upper, drawn = demand[:, 0].copy(), draws.uniform(seed, "ecology family", r, t)
        family = np.zeros(drawn.shape, np.int64)
        for place in range(1, settings.families):
            family += drawn >= upper[:, None]
            upper = upper + demand[:, place]
        lane = np.arange(len(r))[:, None]
        logits = self.ability_logits(roster)
        ability = expit(logits).transpose(0, 2, 1)[lane, family]  # (L, T, N)
        belief = ability
        if settings.bias_sd > 0 or settings.belief_sd > 0:
            belief = expit(logits + roster.bias[..., None]).transpose(0, 2, 1)[lane, family]
        success = (draws.uniform(seed, "ecology success", r, t, i) < ability)[..., None]
        paid, cost = price[lane, family], np.broadcast_to(self._cost[roster.kind][:, None], ability.shape)
        one = draws.words_range(1)
        lottery = Formula(
            {"r": r, "t": t, "p": one, "i": i},
            lambda *words: draws.uniform(seed, "ecology lottery", *words),
            ("ecology lottery", seed),
        )
        world = World(
            agents=self._agents,
            tasks=self._tasks,
            value=paid,
            reserve=paid,
            present=np.broadcast_to(roster.alive[:, None], ability.shape),
            belief=belief,
            cost_belief=cost,
            cost=cost[..., None],
            ability=ability,
            success=success,
            verified=success,
            lottery=lottery,  # type: ignore[arg-type]
            **self._fixed,  # type: ignore[arg-type]
        )
        return world, family


def _rules(settings: EcologySettings) -> Rules:
    rule = settings.rule
    announced = ("reserve",) if rule.capabilities.announces_reserve else ()
    return Rules(
        mechanism=rule,
        bidder=Bidders.truthful(rule),
        public=("value", "penalty", *announced),
        penalty=0.0,
        capacity=1,
        expected_cost=ExpectedCost("actual"),
        advice="ability" if "advice" in rule.capabilities.needs else None,
    )


@dataclass(frozen=True, eq=False)
class Season:
    """One generation. alive, kind, lineage (L, N) and skill (L, N, F): of those who lived in it.

    ticket, energy (L, N): paid at its start, had after its market; price, demand (L, F); left (L, N): who went at its
    end; births: turn by turn. after: who lives once it is over; the next generation changes it.
    """

    alive: BoolArray
    kind: IntArray
    lineage: IntArray
    skill: FloatArray
    ticket: FloatArray
    energy: FloatArray
    price: FloatArray
    demand: FloatArray
    market: Epoch
    left: BoolArray
    births: list[Births]
    after: Roster


class Books:
    """Every amount that agents get or give, of replications first, first + 1, ...; whoever is no agent is "outside"."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._rows: list[tuple[int, int, str, IntArray, IntArray, IntArray, FloatArray]] = []

    def note(
        self, generation: int, event: int, kind: str, name: IntArray, amount: FloatArray, *, to_agent: bool
    ) -> None:
        """Amounts (L, N) of the agents that are called name (L, N); those of 0 are left out."""
        lane, slot = np.nonzero(amount > 0)
        who, outside = name[lane, slot], np.full(len(lane), _OUTSIDE)
        ends = (outside, who) if to_agent else (who, outside)
        self._rows.append((generation, event, kind, lane, *ends, amount[lane, slot]))

    def note_gift(
        self, generation: int, event: int, lane: IntArray, giver: IntArray, taker: IntArray, amount: float
    ) -> None:
        """What a parent gives its child, in each of these lanes."""
        if amount > 0:
            row = lane, giver, taker, np.full(len(lane), amount)
            self._rows.append((generation, event, "endowment", *row))

    def columns(self) -> dict[str, NDArray[Any]]:
        """As `sim.economies.economy.Played` wants them."""
        size = [len(row[3]) for row in self._rows]
        lane, giver, taker, amount = (np.concatenate([row[at] for row in self._rows]) for at in range(3, 7))
        step, event, kind = (np.repeat([row[at] for row in self._rows], size) for at in range(3))
        order = np.lexsort((event, step, lane))
        made = lane + self._first, step, event, _called(giver), _called(taker), kind, np.full(len(lane), "$"), amount
        return {name: column[order] for name, column in zip(ACCOUNTS, made, strict=True)}


def _called(number: IntArray) -> NDArray[Any]:
    words = np.array([*(f"agent {one}" for one in range(int(number.max(initial=-1)) + 1)), "outside"])
    return words[number]


def seasons(
    settings: EcologySettings, seed: int, replications: range, *, engine: Engine = "auto", books: Books | None = None
) -> Iterator[Season]:
    """Play these replications, until nobody lives in any. books: what notes every amount."""
    r = draws.words_range(len(replications), replications.start)
    roster, market = founded(settings, seed, r), EpochMarket(settings, seed, r, engine)
    upkeep = np.array([kind.upkeep for kind in settings.builds]) * settings.ticket
    rate = settings.price.first((len(r), settings.families))
    if books is not None:
        books.note(0, START, "start", roster.name, np.where(roster.alive, settings.start, 0.0), to_agent=True)
    for g in range(settings.generations):
        if not roster.alive.any():
            return
        price, demand = settings.price.of(rate), market.demand(g)
        lived = {name: getattr(roster, name).copy() for name in ("alive", "kind", "lineage", "skill")}
        ticket = np.where(roster.alive, upkeep[roster.kind], 0.0)
        roster.energy = roster.energy - ticket
        played = market.play(g, roster, demand, price)
        roster.energy = roster.energy + played.paid - played.spent
        rate = settings.price.learned(rate, played.solved, played.posted)
        left, energy = roster.mark_strikes(settings.grace), roster.energy.copy()
        if books is not None:
            books.note(g, TICKET, "ticket", roster.name, ticket, to_agent=False)
            books.note(g, WORKED, "pay", roster.name, played.paid, to_agent=True)
            books.note(g, WORKED, "tokens", roster.name, played.spent, to_agent=False)
            books.note(g, LEFT, "write-off", roster.name, np.where(left, -energy, 0.0), to_agent=True)
        roster.remove(left)
        births = []
        for born in breed(roster, settings, seed, words_at(r, g), partial(market.worth, demand=demand, price=price)):
            births.append(born)
            if books is not None:
                at = born.lane, born.parent
                names = roster.name[at], roster.name[born.lane, born.child]
                books.note_gift(g, BORN + len(births), born.lane, *names, settings.endowment)
        yield Season(**lived, ticket=ticket, energy=energy, price=price, demand=demand, market=played, left=left,
                     births=births, after=roster)  # fmt: skip
