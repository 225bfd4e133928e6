"""Second names of agents, and a shill of the principal's: further agents of a World, after all others.

    [world.names]
    gpt-5-mini = 2          # it appears as "gpt-5-mini" and as "gpt-5-mini (2)"

An agent of m names is one body. Every name has its type at each task: presence, ability, belief, cost belief, records,
a planner's estimate, latency and silence are the agent's own. Tries are the body's: the k-th try under name j, both
counted from 1, is the agent's own try j + (k - 1) m at the task, with its outcome, cost and duration. So first tries
under names 1 ... m are tries 1 ... m of one agent, no two attempts of it share a draw, and what is done under the first
name at a first try is what is done without names. Lotteries, and draws of advisors and of policies, are each name's
own. Nothing of any other agent moves.

A recorded table must hold m trials for each try that a name may make; with `beyond_tries = "repeat"` a try beyond them
repeats the last, so that of one trial all names have the same outcome. Claims are those of the first name: what is met
under a further one is no observation (`observed`).

    world.shill = "gpt-5-mini"

adds an agent "shill" that stands as that one does, with its type and records. What it is hired for is not done: its
tries are lost to the system (INFRA), take no time, cost nothing and are paid nothing.

Index convention: n agents before, n' after; R replications, T tasks, K tries of each name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws
from sim.kit.errors import ScenarioError, closest
from sim.kit.names import SHILL, second_name
from sim.world.formula import Formula, Later, made

if TYPE_CHECKING:
    from sim.kit.arrays import IntArray
    from sim.specs.tender import TenderSpec
    from sim.specs.world_settings import WorldSettings
    from sim.world.world import World

_AT_ONCE = ("spread", "retry_belief", "pilot", "uncarded", "present")  # fields that may be no formula
_LATER = ("belief", "cost_belief", "latency", "ability", "silent", "record_advice", "record_cost")
_PER_TRY = ("success", "verified", "infra", "cost", "duration", "score")
_OWN = ("lottery", "exploration", "choice")
_OF_SHILL: dict[str, Any] = {
    "ability": 0.0,
    "silent": False,
    "success": False,
    "verified": False,
    "infra": True,
    "cost": 0.0,
    "duration": 0,
    "score": 0.0,
}


class _Seat(NamedTuple):
    """A name in the market. body: the agent's place; number: of its names before this one; of: how many it has."""

    name: str
    body: int
    number: int
    of: int
    shill: bool = False


def most_names(world: WorldSettings) -> int:
    """The most names that an agent has."""
    return max((world.names or {}).values(), default=1)


def everybody(agents: Sequence[str], world: WorldSettings) -> tuple[str, ...]:
    """Names of all agents of the World, further ones after these; raises ScenarioError where one is not to be."""
    return tuple(seat.name for seat in _seats(agents, world))


def _seats(agents: Sequence[str], world: WorldSettings) -> list[_Seat]:
    names, listed = world.names or {}, ", ".join(agents)
    stated = [("world.names", name) for name in names]
    stated += [] if world.shill is None else [("world.shill", world.shill)]
    for key, name in stated:
        if name not in agents:
            raise ScenarioError(f"{key}: no agent {name!r}{closest(name, agents)}; allowed: {listed}")
    found = [_Seat(name, place, 0, names.get(name, 1)) for place, name in enumerate(agents)]
    found += list(_further(found))
    if world.shill is not None:
        found.append(_Seat(SHILL, list(agents).index(world.shill), 0, 1, True))
    for seat in found[len(agents) :]:
        if seat.name in agents:
            raise ScenarioError(f"world.{'shill' if seat.shill else 'names'}: an agent is called {seat.name!r} already")
    return found


def _further(agents: Sequence[_Seat]) -> Iterator[_Seat]:
    for first in agents:
        for number in range(1, first.of):
            yield first._replace(name=second_name(first.name, number + 1), number=number)


def check_trials(needed: int, world: WorldSettings, trials: IntArray, present: NDArray[np.bool_], agents: Any) -> None:
    """Raise ScenarioError where a table holds too few trials for all names of an agent.

    needed: tries that a name may make; trials (T, n): held; agents: their names.
    """
    if world.beyond_tries == "repeat":
        return
    for place, name in enumerate(agents):
        count = (world.names or {}).get(name, 1)
        held = trials[present[:, place], place]
        if count > 1 and len(held) and needed * count > held.min():
            raise ScenarioError(
                f"world.names: {count} names of {name!r} may try a task {needed * count} times, and the table holds "
                f'{held.min()} trial(s) of it at some task; map columns.trial, or set world.beyond_tries = "repeat", '
                "with which further names have the outcome of the last trial"
            )


def with_names(world: World, settings: WorldSettings, tender: TenderSpec, tries: int) -> World:
    """The World with the further names that its settings state. tries: that a name may make where they are drawn."""
    seats = _seats(world.agents, settings)
    if len(seats) == world.n_agents:
        return world
    return _Named(world, seats, max(tries, tender.postings if settings.shill else 1)).world()


class _Named:
    """Makes the World of these seats, K tries each."""

    def __init__(self, world: World, seats: Sequence[_Seat], tries: int) -> None:
        self._world, self._seats = world, seats
        self._body = np.array([seat.body for seat in seats])
        number, of = (np.array([getattr(seat, name) for seat in seats])[:, None] for name in ("number", "of"))
        self._further = np.array([seat.shill or seat.number > 0 for seat in seats])
        self._try = np.minimum(number + np.arange(tries) * of, world.n_tries - 1)
        self._made: dict[int, Later] = {}

    def world(self) -> World:
        world, n = self._world, self._world.n_agents
        changes: dict[str, Any] = {
            name: self._per_agent(name).array for name in _AT_ONCE if getattr(world, name) is not None
        }
        changes |= {name: self._per_agent(name) for name in _LATER if world.has(name)}
        changes |= {name: self._per_try(name) for name in _PER_TRY if name != "score"}
        if world.score is not None:
            changes["score"] = self._per_try("score").array
        further = draws.words_of([seat.name for seat in self._seats[n:]])
        changes |= {name: _with_words(world, name, further) for name in _OWN if world.has(name)}
        bodies = tuple(place if seat.shill else seat.body for place, seat in enumerate(self._seats))
        return world.changed(
            agents=tuple(seat.name for seat in self._seats), body=bodies, observed=self._observed(), **changes
        )

    def _per_agent(self, name: str) -> Later:
        return self._gathered(name, (self._body,))

    def _per_try(self, name: str) -> Later:
        return self._gathered(name, (self._body[:, None], self._try))

    def _gathered(self, name: str, at: tuple[IntArray, ...]) -> Later:
        """A field of the World at places `at` along the axes from agents on; one of equal fields for all of them."""
        field = vars(self._world).get(name, self._world.formulas.get(name))
        assert field is not None
        if id(field) not in self._made:
            shape = (*field.shape[:2], *np.broadcast_shapes(*(one.shape for one in at)), *field.shape[2 + len(at) :])
            self._made[id(field)] = Later(shape, lambda: self._taken(name, made(field), at))
        return self._made[id(field)]

    def _taken(self, name: str, array: NDArray[Any], at: tuple[IntArray, ...]) -> NDArray[Any]:
        for axis in (0, 1):  # what does not vary is held once
            array = array.take([0], axis) if array.strides[axis] == 0 and array.shape[axis] else array
        index: tuple[Any, ...] = (slice(None), slice(None), *at)
        found: NDArray[Any] = array[index]
        if name in _OF_SHILL and not (name == "cost" and np.isnan(found).all()):  # costs that nobody knows stay so
            found[:, :, [seat.shill for seat in self._seats]] = _OF_SHILL[name]
        return found

    def _observed(self) -> NDArray[np.bool_]:
        world = self._world
        if world.observed is not None:
            seen = world.observed[:, :, self._body[:, None], self._try]
            copied = np.diff(self._try, axis=1, prepend=-1) == 0
            return np.asarray(seen & ~copied & ~self._further[:, None])
        first = (np.arange(self._try.shape[1]) == 0) & ~self._further[:, None]
        return np.broadcast_to(first, (*world.present.shape[:2], *first.shape))


def _with_words(world: World, name: str, further: draws.Words) -> Formula:
    """Draws of each name's own."""
    field = world.formulas[name]
    assert isinstance(field, Formula)
    words = {**field.words, "i": np.concatenate([field.words["i"], further])}
    return Formula(words, field.make, field.of, field.families)
