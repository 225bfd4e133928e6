"""Plays an ecology, generation after generation.

In each generation of L replications side by side: every living agent pays its ticket; the market is played, which pays
what passes and costs tokens; prices follow the solve rate; who has been below zero for `grace` generations leaves, and
its debt is written off; the richest have children. At every one of these events the energy of all that live changes by
what comes in less what goes out.

Events of a generation, by number: START (of the first alone), TICKET, WORKED, LEFT, then each turn of births.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.economies.ecology.ecology_settings import EcologySettings
from sim.economies.ecology.epoch_market import Epoch, EpochMarket, words_at
from sim.economies.ecology.offspring import Births, breed
from sim.economies.ecology.roster import Roster, founded
from sim.economies.economy import ACCOUNTS
from sim.experiment.engine import Engine
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray

START, TICKET, WORKED, LEFT, BORN = range(5)
_OUTSIDE = -1


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
