"""Makes the records that a scenario asks for (sim/standing/records.py says what they are) and puts them into the World.

    record_advice   smoothed success rate      (S + 1/2) / (N + 1)
    record_cost     mean cost                  NaN where there is none
    belief          smoothed success rate, where agents claim what they did (world.claim)
    cost_belief     mean cost, likewise (world.cost_belief)
    card            one shift of claims and one factor of cost beliefs for each agent (sim/world/card.py)

All follow from sums over an agent's trials. Index convention: R replications, T tasks, n agents, K tries, and G, the
number of records a replication has: 1 redrawn, 2 of the halves (record g serves the tasks of half g, so it is of the
other half's), T published.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.retry import after_each
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray, thin
from sim.kit.errors import ScenarioError
from sim.specs.world_spec import WorldSpec
from sim.standing.records import Record
from sim.world.card import Means, with_card
from sim.world.formula import Later
from sim.world.second_names import most_names, with_names
from sim.world.staff import with_staff
from sim.world.world import World

Sums = dict[str, FloatArray]  # by name: what is summed over an agent's trials
Fresh = Callable[[int, Collection[str]], Sums]  # sums (R, 1, n) over so many fresh tasks

OF_RATE = ("trials", "passed")
OF_COST = ("priced", "cost")
OF_CARD = (*OF_RATE, "claim", *OF_COST, "cost_belief")

_PIECE = 1 << 20  # draws made at a time


class Base(NamedTuple):
    """A World without records, and what they are made from."""

    world: World
    histories: Histories


def with_records(world: World, histories: Histories, spec: WorldSpec) -> World:
    """The World with the records that the spec asks for, and all its agents.

    Raises ScenarioError where there are too few tasks.
    """
    asked = spec.records
    made: dict[str, Any] = {}
    for key, record in asked.items():
        if record.kind == "split":
            if world.n_tasks < 2:
                raise ScenarioError(f'{key}: record = "split" needs at least two tasks; there is {world.n_tasks}')
            made["half"] = histories.half
    for key, name, names, mean in _KNOWN:
        if key in asked:
            _check_costs(key, names, world)
            made[name] = _record(histories, asked[key], names, mean, world.present.shape)
    if own := tuple(name for name in ("belief", "cost_belief") if name in made):
        made |= {"by_record": own, **_retried(world, made.get("belief"))}
    world = world.changed(**made) if made else world
    named = with_names(_carded(world, histories, spec), spec.world, spec.tender, _tries(world, spec))
    return with_staff(named, spec.tender, histories.chance)


def _tries(world: World, spec: WorldSpec) -> int:
    """Of a name; a World that is drawn has as many more as its agents have names."""
    return world.n_tries if world.from_table else world.n_tries // most_names(spec.world)


def _carded(world: World, histories: Histories, spec: WorldSpec) -> World:
    """The World once every agent has read its card, where one is read before the market opens."""
    asked, card = spec.records, spec.card
    if card is None or "bidders.card" not in asked:
        return world
    read = asked["bidders.card"]
    means = card_means(histories.sums(read, OF_CARD), smooth=read.kind != "published")
    return with_card(world, card, means, lambda each: histories.serve(read, each))


def _record(
    histories: Histories, record: Record, names: Collection[str], mean: Callable[[Sums], FloatArray], shape: Any
) -> Later:
    """(R, T, n): what the record says, made when it is read."""
    return Later(shape, lambda: histories.serve(record, mean(histories.sums(record, names))))


def _check_costs(key: str, names: Collection[str], world: World) -> None:
    """Raise ScenarioError where a record is of costs and there are none."""
    if "cost" in names and not world.knows("cost"):
        raise ScenarioError(f"{key}: a record of costs, and the table holds none; map columns.cost")


def _retried(world: World, belief: Later | None) -> dict[str, FloatArray]:
    """What failures leave of beliefs that follow from a record; nothing where beliefs stay."""
    later, spread = world.retry_belief, world.spread
    if later is None or spread is None or belief is None:
        return {}
    return {"retry_belief": after_each(belief.array, spread, later.shape[-1])}


def smoothed(sums: Sums) -> FloatArray:
    """(S + 1/2) / (N + 1), 1/2 where nothing was observed."""
    return (sums["passed"] + 0.5) / (sums["trials"] + 1.0)


def mean_cost(sums: Sums) -> FloatArray:
    """Mean cost of a trial; NaN where there is none."""
    return _ratio(sums["cost"], sums["priced"])


_KNOWN = (
    ("standing.advice", "record_advice", OF_RATE, smoothed),
    ("standing.expected_cost", "record_cost", OF_COST, mean_cost),
    ("world.claim", "belief", OF_RATE, smoothed),
    ("world.cost_belief", "cost_belief", OF_COST, mean_cost),
)


def card_means(sums: Sums, *, smooth: bool) -> Means:
    """What a card says; the claim is the mean over the same trials as the rate, the cost belief as the cost."""
    return Means(
        success=smoothed(sums) if smooth else _ratio(sums["passed"], sums["trials"]),
        claim=_ratio(sums["claim"], sums["trials"]),
        cost=mean_cost(sums),
        cost_belief=_ratio(sums["cost_belief"], sums["priced"]),
    )


def _ratio(total: FloatArray, count: FloatArray) -> FloatArray:
    return total / np.where(count > 0, count, np.nan)


@dataclass(frozen=True, eq=False)
class Histories:
    """What the records of a World are made from.

    words: that name its replications and its tasks. observed: trials that are on record, broadcast to (R, T, n, K).
    fresh: draws tasks that nobody plays; None: a table is the population, and its own tasks are drawn again.
    """

    world: World
    seed: int
    words: tuple[draws.Words, draws.Words]
    observed: BoolArray
    fresh: Fresh | None = None
    _drawn: dict[int, IntArray] = field(default_factory=dict)
    _summed: dict[tuple[Record, tuple[str, ...]], Sums] = field(default_factory=dict)

    def chance(self, purpose: str) -> FloatArray:
        """(R, T): a uniform draw of this purpose for each task."""
        return draws.uniform(self.seed, purpose, *self.words)

    @cached_property
    def half(self) -> NDArray[np.int8]:
        """(R, T): which half of the tasks each is in."""
        rank = self.chance("half").argsort(axis=1).argsort(axis=1)
        return (rank >= self.world.n_tasks // 2).astype(np.int8)

    def sums(self, record: Record, names: Collection[str]) -> Sums:
        """Sums (R, G, n) over the trials in the record; those of few groups are made once for all who ask."""
        if record.kind not in ("redrawn", "split"):
            return self._sums(record, names)
        key = record, tuple(sorted(names))
        if key not in self._summed:
            self._summed[key] = self._sums(record, names)
        return self._summed[key]

    def _sums(self, record: Record, names: Collection[str]) -> Sums:
        if record.kind == "redrawn" and self.fresh is not None:
            return self.fresh(record.tasks or 0, names)
        return {name: self._within(record, values) for name, values in self._by_task(names).items()}

    def serve(self, record: Record, each: FloatArray) -> FloatArray:
        """(R, T, n) of (R, G, n): what each task's own record says."""
        if record.kind == "split":
            return np.where(self.half[..., None] == 0, each[:, :1], each[:, 1:])
        return np.broadcast_to(each, self.world.present.shape)

    def _within(self, record: Record, values: FloatArray) -> FloatArray:
        if record.kind == "redrawn":
            return _total(values, self._counts(record.tasks or 0))[:, None]
        if record.kind == "split":
            return np.stack([_total(values, self.half != half) for half in (0, 1)], axis=1)
        everything = _total(values, np.broadcast_to(1, (len(values), values.shape[1])))
        return everything[:, None] - values

    def _counts(self, tasks: int) -> IntArray:
        if tasks not in self._drawn:
            self._drawn[tasks] = drawn_counts(self.seed, *self.words, tasks)
        return self._drawn[tasks]

    def _by_task(self, names: Collection[str]) -> Sums:
        """Sums over each agent's trials at each task, (R, T, n), R = 1 where replications are alike."""
        world = self.world
        seen = thin(world.present)[..., None] & thin(self.observed)
        known = seen & ~thin(world.infra)
        one = np.ones((1, 1, 1, 1))
        values: dict[str, Callable[[], FloatArray | BoolArray]] = {  # some of which are yet to be drawn
            "trials": lambda: one,
            "passed": lambda: thin(world.success),
            "claim": lambda: thin(world.belief)[..., None],
            "priced": lambda: one,
            "cost": lambda: thin(world.cost),
            "cost_belief": lambda: thin(world.cost_belief)[..., None],
        }
        of_every_trial = ("priced", "cost", "cost_belief")
        shape = *world.present.shape, world.n_tries
        return {name: _over_trials(seen if name in of_every_trial else known, values[name](), shape) for name in names}


def _over_trials(counted: BoolArray, values: FloatArray | BoolArray, shape: tuple[int, ...]) -> FloatArray:
    """Sum over the last axis of the values counted, one after the other; (R or 1, T, n) of shape (R, T, n, K)."""
    total: FloatArray = np.zeros((1, 1, 1))
    for trial in range(shape[3]):
        mask, value = (array[..., min(trial, array.shape[3] - 1)] for array in (counted, values))
        total = total + np.where(mask, value, 0.0)
    return np.broadcast_to(total, (total.shape[0], *shape[1:3]))


def _total(values: FloatArray, weight: NDArray[Any]) -> FloatArray:
    """Sum (R, n) over tasks of weight (R, T) x values (R or 1, T, n), one task after the other.

    In this order whatever the number of replications, so that a block of them gives what all together give.
    """
    total = np.zeros((len(weight), values.shape[2]))
    for task in range(values.shape[1]):
        total += weight[:, task, None] * values[:, task]
    return total


def drawn_counts(seed: int, r: draws.Words, t: draws.Words, tasks: int) -> IntArray:
    """How often each task was drawn in `tasks` slots, (R, T); a task more takes the slots at which its draw is least.

    >>> drawn_counts(7, draws.words_range(2), draws.words_of(["a", "b", "c"]), 5).sum(axis=1).tolist()
    [5, 5]
    """
    count = np.zeros((len(r), len(t)), np.int64)
    lanes = max(1, _PIECE // max(1, len(t)))
    for start in range(0, len(r), lanes):
        part = slice(start, start + lanes)
        count[part] = _drawn_piece(seed, r[part], t, tasks)
    return count


def _drawn_piece(seed: int, r: draws.Words, t: draws.Words, tasks: int) -> IntArray:
    count = np.zeros(len(r) * len(t), np.int64)
    first_cell = np.arange(len(r))[:, None] * len(t)
    size = max(1, _PIECE // (len(r) * len(t)))
    for slot in range(0, tasks, size):
        slots = draws.words_range(min(size, tasks - slot), slot)
        taken = draws.uniform(seed, "record", r, slots, t).argmin(axis=2)
        count += np.bincount((first_cell + taken).ravel(), minlength=len(count))
    return count.reshape(len(r), len(t))
