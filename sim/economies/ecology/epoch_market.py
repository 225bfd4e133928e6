"""A generation's market: the house's own, of the agents that live, under the scenario's rule.

T tasks come one a tick, each of a family drawn by demand. Value and reserve of a task are its family's price. An agent
makes one attempt at a time. Its ability is expit(skill_f + level - difficulty_f); it believes expit of that plus its
bias.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.agents.everybody import Bidders
from sim.economies.ecology.ecology_settings import EcologySettings
from sim.economies.ecology.roster import Roster, total
from sim.experiment.engine import Engine, play
from sim.kit import draws
from sim.kit.arrays import FloatArray, IntArray, Status
from sim.kit.portable import exp, expit
from sim.market.rules import Rules
from sim.standing.sources import ExpectedCost
from sim.world.formula import Formula
from sim.world.world import World

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
