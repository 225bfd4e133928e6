"""Who lives, who has children and what they are like: L replications side by side, N slots each.

An agent is in one slot from its birth to its exit. Its skill is F logits with mean 0: what is learned for one family
is lost for the others. Their root mean square is at most `focus`: the best specialist of one family has focus
sqrt(F - 1) there, and -focus / sqrt(F - 1) elsewhere.

The `parents` richest agents with at least `threshold` of energy have children in turn, the richest first, until
`children` are born, slots are full, or nobody has the threshold left. A child is its parent, or the average of its
parent and a mate, with mutations; it takes the first empty slot, and its endowment from its parent.

The mate is drawn from the other agents that may have children; complementary mates have opposed skills, a negative
inner product. What a merge is worth is how much the average earns of a task by itself, before mutation, over the mean
of its parents:

    worth = sum over families of share_f max(0, p_f price_f - cost)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.economies.ecology.ecology_settings import EcologySettings
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray

_MORE = 1000.0  # logits, beyond any focus
Worth = Callable[[IntArray, FloatArray, IntArray], FloatArray]


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


class Births(NamedTuple):
    """Children of one turn, at most one of each replication: where they are born, slots of parent and child.

    mate: its slot, -1 where there is none. gain: worth of the average over the mean of both; opposed: their skills are.
    """

    lane: IntArray
    parent: IntArray
    child: IntArray
    mate: IntArray
    gain: FloatArray
    opposed: BoolArray


class _Turn(NamedTuple):
    """lanes (B,) where a child is born; rank, may (L, mu): slots of those that may have children, and whether one does.

    number: of the turn; place: of its parent in `rank`.
    """

    lanes: IntArray
    rank: IntArray
    may: BoolArray
    number: int
    place: int

    @property
    def parent(self) -> IntArray:
        """(B,)."""
        return np.asarray(self.rank[self.lanes, self.place])


class _Luck(NamedTuple):
    """(L, children, ...) draws of a generation."""

    skill: FloatArray
    bias: FloatArray
    merge: FloatArray
    mate: FloatArray


def breed(roster: Roster, settings: EcologySettings, seed: int, r: draws.Words, worth: Worth) -> Iterator[Births]:
    """Let the generation's children be born, turn by turn. r (L,): words of (replication, generation).

    worth: of agents in lanes (B,), with skill (B, F) and of kind (B,).
    """
    able = roster.alive & (roster.energy >= settings.threshold)
    if not able.any() or settings.parents == 0 or settings.children == 0:
        return
    rank = np.argsort(np.where(able, -roster.energy, np.inf), axis=1, kind="stable")[:, : settings.parents]
    may = np.take_along_axis(able, rank, axis=1)
    luck: _Luck | None = None
    for turn in range(settings.children):
        if roster.alive.all():
            return
        place = turn % settings.parents
        lanes = _ready(roster, settings, rank[:, place], may[:, place])
        if len(lanes) == 0:
            continue
        luck = luck or _drawn(settings, seed, r)
        yield _born(roster, settings, luck, worth, _Turn(lanes, rank, may, turn, place))


def _ready(roster: Roster, settings: EcologySettings, parent: IntArray, may: BoolArray) -> IntArray:
    """Lanes in which the parent (L,) has the threshold and a slot is empty."""
    energy = roster.energy[np.arange(len(parent)), parent]
    return np.flatnonzero(may & (energy >= settings.threshold) & ~roster.alive.all(axis=1))


def _drawn(settings: EcologySettings, seed: int, r: draws.Words) -> _Luck:
    turns, f = draws.words_range(settings.children), draws.words_range(settings.families)
    none = np.zeros((len(r), settings.children))
    merges = settings.merging != "none"
    return _Luck(
        skill=draws.normal(seed, "ecology mutation", r, turns, f) if settings.skill_sd > 0 else none[..., None],
        bias=draws.normal(seed, "ecology belief", r, turns) if settings.belief_sd > 0 else none,
        merge=draws.uniform(seed, "ecology merge", r, turns) if merges else none,
        mate=draws.uniform(seed, "ecology mate", r, turns) if merges else none,
    )


def _born(
    roster: Roster,
    settings: EcologySettings,
    luck: _Luck,
    worth: Worth,
    turn: _Turn,
) -> Births:
    lanes, parent = turn.lanes, turn.parent
    child = np.argmin(roster.alive[lanes], axis=1)
    mate, opposed = _mates(roster, settings, luck, turn)
    gain = np.full(len(lanes), np.nan)
    skill, bias = roster.skill[lanes, parent], roster.bias[lanes, parent]
    merged = mate >= 0
    if merged.any():
        other, other_bias = roster.skill[lanes, mate], roster.bias[lanes, mate]
        average = (skill + other) / 2.0
        kind = roster.kind[lanes, parent]
        one, two, both = (worth(lanes, of, kind) for of in (skill, other, average))
        gain = np.where(merged, both - (one + two) / 2.0, np.nan)
        skill = np.where(merged[:, None], average, skill)
        bias = np.where(merged, (bias + other_bias) / 2.0, bias)
    roster.alive[lanes, child] = True
    roster.skill[lanes, child] = fitted(skill + settings.skill_sd * luck.skill[lanes, turn.number], settings.focus)
    roster.bias[lanes, child] = bias + settings.belief_sd * luck.bias[lanes, turn.number]
    roster.energy[lanes, parent] -= settings.endowment
    roster.energy[lanes, child] = settings.endowment
    roster.strikes[lanes, child] = 0
    roster.kind[lanes, child] = roster.kind[lanes, parent]
    roster.lineage[lanes, child] = roster.lineage[lanes, parent]
    roster.name[lanes, child] = roster.named[lanes]
    roster.named[lanes] += 1
    return Births(lanes, parent, child, mate, gain, opposed)


def _mates(roster: Roster, settings: EcologySettings, luck: _Luck, turn: _Turn) -> tuple[IntArray, BoolArray]:
    """Slot of each child's second parent (B,), -1 where it has none, and whether the two have opposed skills."""
    lanes = turn.lanes
    none = np.full(len(lanes), -1)
    if settings.merging == "none":
        return none, none >= 0
    rank, skill = turn.rank[lanes], roster.skill
    others = skill[lanes[:, None], rank]  # (B, mu, F)
    opposed = total(others * skill[lanes, turn.parent][:, None]) < 0
    found = turn.may[lanes] & (np.arange(rank.shape[1]) != turn.place)
    if settings.merging == "complementary":
        found &= opposed
    count = found.sum(axis=1)
    wanted = np.floor(luck.mate[lanes, turn.number] * count)
    chosen = np.argmax(found & (np.cumsum(found, axis=1) == (wanted + 1)[:, None]), axis=1)
    merged = (count > 0) & (luck.merge[lanes, turn.number] < settings.merge_rate)
    row = np.arange(len(lanes))
    return np.where(merged, rank[row, chosen], -1), merged & opposed[row, chosen]
