"""One replication of an ecology in plain Python, written from the definition; its market posts fixed prices.

A task goes to the idle agent of the highest belief among those whose cost / belief is at most the price; of several to
the one of the lowest lottery. It is paid the price if it succeeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from sim.economies.ecology.ecology_settings import EcologySettings
from sim.kit import draws
from sim.kit.portable import exp, expit


@dataclass
class Creature:
    """One agent."""

    name: int
    lineage: int
    kind: int
    energy: float
    skill: list[float]
    bias: float
    strikes: int = 0


@dataclass
class Naive:
    """What one replication came to, generation by generation."""

    prices: list[list[float]] = field(default_factory=list)
    solved: list[list[int]] = field(default_factory=list)
    energies: list[dict[int, float]] = field(default_factory=list)  # after the market, by name
    skills: list[dict[int, list[float]]] = field(default_factory=list)  # after births, by name
    names: list[list[int | None]] = field(default_factory=list)  # after births, by slot
    parents: list[tuple[int, int, int | None]] = field(default_factory=list)  # parent, child, mate


def drawn(kind: str, seed: int, purpose: str, *words: int) -> float:
    """One named draw."""
    made = getattr(draws, kind)(seed, purpose, *(draws.words_range(1, word) for word in words))
    return float(made.reshape(()))


def summed(values: list[float]) -> float:
    found = values[0]
    for one in values[1:]:
        found = found + one
    return found


def fit(skill: list[float], focus: float) -> list[float]:
    mean = summed(skill) / len(skill)
    centred = [one - mean for one in skill]
    size = math.sqrt(summed([one * one for one in centred]) / len(skill))
    return [one * (focus / size) for one in centred] if size > focus else [one * 1.0 for one in centred]


def price_of(s: EcologySettings, rate: float) -> float:
    return min(max(s.price.base + s.price.gain * (s.price.target - rate), s.price.low), s.price.high)


def play(s: EcologySettings, seed: int, replication: int) -> Naive:
    """Play it."""
    made, families = Naive(), range(s.families)
    slots: list[Creature | None] = [None] * s.slots
    for j in range(s.founders):
        skill = [0.0 for _ in families]
        if s.founding == "random":
            skill = [s.founder_sd * drawn("normal", seed, "ecology founder skill", replication, j, f) for f in families]
        elif s.founding == "specialists":
            skill = [1000.0 * (f == j % s.families) for f in families]
        bias = s.bias_sd * drawn("normal", seed, "ecology founder bias", replication, j) if s.bias_sd > 0 else 0.0
        slots[j] = Creature(j, j, j % len(s.builds), s.start, fit(skill, s.focus), bias)
    named, rate, shock = s.founders, [s.price.target] * s.families, [0.0] * s.families
    for g in range(s.generations):
        word = replication + (g << 32)
        price = [
            min(max(s.price.base + s.price.gain * (s.price.target - one), s.price.low), s.price.high) for one in rate
        ]
        if s.shock_sd > 0:
            fresh = [drawn("normal", seed, "ecology shock", word, f) for f in families]
            left = s.shock_memory
            shock = [
                s.shock_sd * new if g == 0 else left * old + s.shock_sd * math.sqrt(1.0 - left * left) * new
                for old, new in zip(shock, fresh, strict=True)
            ]
        weights = [float(exp(one)) for one in shock]
        demand = [one / summed(weights) for one in weights]
        for one in slots:
            if one is not None:
                one.energy = one.energy - s.ticket * s.builds[one.kind].upkeep
        posted, solved = market(s, seed, word, slots, price, demand)
        rate = [
            old + s.price.weight * (won / n - old) if n else old
            for old, won, n in zip(rate, solved, posted, strict=True)
        ]
        made.prices.append(price)
        made.solved.append(solved)
        made.energies.append({one.name: one.energy for one in slots if one is not None})
        for place, one in enumerate(slots):
            if one is not None:
                one.strikes = one.strikes + 1 if one.energy < 0 else 0
                if one.strikes >= s.grace:
                    slots[place] = None
        named = births(s, seed, word, slots, named, made)
        made.names.append([None if one is None else one.name for one in slots])
        made.skills.append({one.name: one.skill for one in slots if one is not None})
    return made


def market(
    s: EcologySettings, seed: int, word: int, slots: list[Creature | None], price: list[float], demand: list[float]
) -> tuple[list[int], list[int]]:
    posted, solved = [0] * s.families, [0] * s.families
    paid, spent, free = ([0.0] * s.slots for _ in range(3))
    for t in range(s.tasks):
        u, family, upper = drawn("uniform", seed, "ecology family", word, t), 0, demand[0]
        for f in range(1, s.families):
            family += u >= upper
            upper = upper + demand[f]
        posted[family] += 1
        best: tuple[Any, ...] | None = None
        for place, one in enumerate(slots):
            if one is None or free[place] > t:
                continue
            kind = s.builds[one.kind]
            logit = one.skill[family] + kind.level - (0.0 if s.difficulty is None else s.difficulty[family])
            belief, cost = float(expit(logit + one.bias)), s.cost * kind.tokens
            if cost / belief <= price[family]:
                offer = -belief, drawn("uniform", seed, "ecology lottery", word, t, 0, place), place, logit, cost
                best = offer if best is None or offer < best else best
        if best is not None:
            place, logit, cost = best[2:]
            free[place], spent[place] = t + s.duration, spent[place] + cost
            if drawn("uniform", seed, "ecology success", word, t, place) < float(expit(logit)):
                paid[place], solved[family] = paid[place] + price[family], solved[family] + 1
    for place, one in enumerate(slots):
        if one is not None:
            one.energy = one.energy + paid[place] - spent[place]
    return posted, solved


def births(s: EcologySettings, seed: int, word: int, slots: list[Creature | None], named: int, made: Naive) -> int:
    able = [one for one in slots if one is not None and one.energy >= s.threshold]
    able = sorted(able, key=lambda one: -one.energy)[: s.parents]
    for turn in range(s.children if able else 0):
        place = turn % s.parents
        if place >= len(able) or able[place].energy < s.threshold or None not in slots:
            continue
        parent, mate = able[place], None
        skill, bias = parent.skill, parent.bias
        mates = [one for one in able if one is not parent]
        if s.merging == "complementary":
            mates = [m for m in mates if summed([a * b for a, b in zip(m.skill, parent.skill, strict=True)]) < 0]
        if s.merging != "none" and mates and drawn("uniform", seed, "ecology merge", word, turn) < s.merge_rate:
            mate = mates[math.floor(drawn("uniform", seed, "ecology mate", word, turn) * len(mates))]
            skill = [(a + b) / 2.0 for a, b in zip(parent.skill, mate.skill, strict=True)]
            bias = (parent.bias + mate.bias) / 2.0
        if s.skill_sd > 0:
            mutation = [drawn("normal", seed, "ecology mutation", word, turn, f) for f in range(s.families)]
            skill = [a + s.skill_sd * b for a, b in zip(skill, mutation, strict=True)]
        if s.belief_sd > 0:
            bias = bias + s.belief_sd * drawn("normal", seed, "ecology belief", word, turn)
        parent.energy -= s.endowment
        child = Creature(named, parent.lineage, parent.kind, s.endowment, fit(skill, s.focus), bias)
        slots[slots.index(None)] = child
        made.parents.append((parent.name, child.name, None if mate is None else mate.name))
        named += 1
    return named
