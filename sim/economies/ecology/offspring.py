"""Who has children, and what they are like.

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
from typing import NamedTuple

import numpy as np

from sim.economies.ecology.ecology_settings import EcologySettings
from sim.economies.ecology.roster import Roster, fitted, total
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray

Worth = Callable[[IntArray, FloatArray, IntArray], FloatArray]


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
