"""Who lives: L replications side by side, N slots each; an agent is in one slot from its birth to its exit.

An agent's skill is F logits with mean 0: what is learned for one family is lost for the others. Its root mean square
is at most `focus`: the best specialist of one family has focus sqrt(F - 1) there, and -focus / sqrt(F - 1) elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.economies.ecology.ecology_settings import EcologySettings
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray

_MORE = 1000.0  # logits, beyond any focus


@dataclass(eq=False)
class Roster:
    """alive (L, N); energy (L, N) dollars, 0 where nobody is; skill (L, N, F) and bias (L, N) logits; strikes (L, N)
    generations in a row below zero; kind (L, N) its place among kinds; lineage (L, N) number of its founder; name
    (L, N) its own number, by birth; named (L,) agents so far.
    """

    alive: BoolArray
    energy: FloatArray
    skill: FloatArray
    bias: FloatArray
    strikes: IntArray
    kind: IntArray
    lineage: IntArray
    name: IntArray
    named: IntArray

    def mark_strikes(self, grace: float) -> BoolArray:
        """Count a generation's end; (L, N): who leaves."""
        self.strikes = np.where(self.alive & (self.energy < 0), self.strikes + 1, 0)
        return self.strikes >= grace

    def remove(self, who: BoolArray) -> None:
        """Take agents (L, N) out; what they owe is written off."""
        self.alive &= ~who
        self.energy[who] = 0.0
        self.strikes[who] = 0


def founded(settings: EcologySettings, seed: int, r: draws.Words) -> Roster:
    """The founders of replications r (L,), in slots 0, 1, ..."""
    n, families, founders = settings.slots, settings.families, settings.founders
    shape, slot = (len(r), n), np.arange(n)
    there = slot < founders
    i, f = draws.words_range(founders), draws.words_range(families)
    skill, bias = np.zeros((*shape, families)), np.zeros(shape)
    if settings.founding == "random":
        skill[:, :founders] = settings.founder_sd * draws.normal(seed, "ecology founder skill", r, i, f)
    elif settings.founding == "specialists":
        skill[:, :founders] = _MORE * (np.arange(families) == (slot[:founders] % families)[:, None])
    if settings.bias_sd > 0:
        bias[:, :founders] = settings.bias_sd * draws.normal(seed, "ecology founder bias", r, i)

    def each(values: IntArray) -> IntArray:
        return np.broadcast_to(np.where(there, values, 0), shape).copy()

    return Roster(
        alive=np.broadcast_to(there, shape).copy(),
        energy=np.broadcast_to(np.where(there, settings.start, 0.0), shape).copy(),
        skill=fitted(skill, settings.focus),
        bias=bias,
        strikes=np.zeros(shape, np.int64),
        kind=each(slot % len(settings.builds)),
        lineage=each(slot),
        name=each(slot),
        named=np.full(len(r), founders),
    )


def fitted(skill: FloatArray, focus: float) -> FloatArray:
    """(..., F) logits with mean 0, and a root mean square of at most `focus`."""
    count = skill.shape[-1]
    centred = skill - (total(skill) / count)[..., None]
    size = np.sqrt(total(centred * centred) / count)
    scale: FloatArray = np.where(size > focus, focus / np.where(size > focus, size, 1.0), 1.0)
    return np.asarray(centred * scale[..., None], np.float64)


def total(values: FloatArray) -> FloatArray:
    """The sum over the last axis, from the first to the last, so that a loop over numbers gives the same."""
    found = values[..., 0].copy()
    for place in range(1, values.shape[-1]):
        found = found + values[..., place]
    return found
