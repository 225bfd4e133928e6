"""Organisations: further agents of a World that are made of others, after all others.

    [world.organisations.NAME]        scaffold, solo or hub; keys in sim/specs/organisation.py

Their outcomes follow from their members' own draws (sim/world/organisation_kinds.py), so that an organisation and its
member share their luck.

An organisation bids what its agent, or planner, would: it has that agent's belief and cost belief (knows = false), or
what follows from its members' by the same formulas. It is there where all its members are; it answers when its first
member does. Lotteries are its own. Nothing of any other agent moves, and it takes no slot of its members.

Index convention: n agents before; R replications, T tasks, K tries of each agent, k of them within an attempt.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.errors import ScenarioError, closest
from sim.kit.names import EVERYBODY, NAME, alike, is_name, look_alike
from sim.specs.organisation import Organisation
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import WorldSpec
from sim.world.formula import Formula, Later
from sim.world.luck import Identities
from sim.world.world import World

_PER_AGENT = ("belief", "cost_belief", "latency", "ability", "silent")
_PER_TRY = ("success", "verified", "infra", "cost", "duration")
_OWN = ("lottery", "exploration", "choice")
_KEY = "world.organisations"


class Drawn(NamedTuple):
    """What organisations follow from. ids: names of the World's draws; sigma_u (R,), families: of its population."""

    spec: WorldSpec
    seed: int
    ids: Identities
    sigma_u: FloatArray
    families: int


class Made(ABC):
    """An organisation: a method for each field of a World, (R, T) or (R, T, K)."""

    def __init__(self, world: World, drawn: Drawn, name: str, organisation: Organisation, tries: int) -> None:
        self._name, self._organisation, self._tries = name, organisation, tries
        self._world, self._drawn = world, drawn
        self._places = [world.agents.index(member) for member in organisation.kind.members]
        verifier = drawn.spec.world.verifier
        self._wrong = verifier.false_pass, verifier.false_fail

    def _member(self, name: str, place: int | None = None) -> NDArray[Any]:
        """A field of the first member, or of one at another place: (R, T), or (R, T, K)."""
        array = getattr(self._world, name)[:, :, self._places[0] if place is None else place]
        return np.asarray(array if array.ndim < 3 else array[..., : self._tries])

    def _uniform(self, purpose: str) -> FloatArray:
        """(R, T, K) draws named as the first member's."""
        ids, first = self._drawn.ids, self._places[0]
        own = ids.i[first : first + 1]
        return draws.uniform(self._drawn.seed, purpose, ids.r, ids.t, own, ids.k[: self._tries])[:, :, 0]

    def _judged(self, success: BoolArray) -> BoolArray:
        """What the verifier says, with the luck of the first member."""
        false_pass, false_fail = self._wrong
        if not any(self._wrong):
            return success
        chance = self._uniform("verifier")
        return np.where(success, chance >= false_fail, chance < false_pass)

    def present(self) -> BoolArray:
        return np.asarray(self._world.present[:, :, self._places].all(axis=2))

    def latency(self) -> NDArray[Any]:
        return self._member("latency")

    def silent(self) -> BoolArray:
        return self._member("silent")

    def ability(self) -> FloatArray:
        return self._chance(lambda place: self._member("ability", place))

    def belief(self) -> FloatArray:
        if not self._organisation.knows:
            return self._member("belief")
        return self._chance(lambda place: self._member("belief", place), of_beliefs=True)

    @abstractmethod
    def _chance(self, of: Callable[[int], FloatArray], *, of_beliefs: bool = False) -> FloatArray:
        """(R, T) chance of success, from that of the members at these places."""


def with_organisations(agents: Sequence[str], world: WorldSettings) -> tuple[str, ...]:
    """Names of all agents of the World, organisations last; raises ScenarioError where one is not to be."""
    names = world.organisations or {}
    for name, organisation in names.items():
        if not is_name(name) or name == EVERYBODY:
            raise ScenarioError(f'{_KEY}: a name must be {NAME}, and not "{EVERYBODY}"; got {name!r}')
        if name in agents:
            raise ScenarioError(f"{_KEY}: an agent is called {name!r} already")
        for member in organisation.kind.members:
            if member not in agents:
                missing = f"no agent {member!r}{closest(member, agents)}; allowed: {', '.join(agents)}"
                raise ScenarioError(f"{_KEY}.{name}: {missing}")
    if two := look_alike([*agents, *names]):
        raise ScenarioError(f"{_KEY}: {alike(*two)}")
    return (*agents, *names)


def tries_within(world: WorldSettings) -> int:
    """The most tries of an agent that one attempt of an organisation takes."""
    return max((one.kind.tries_within for one in (world.organisations or {}).values()), default=1)


def joined(world: World, drawn: Drawn, kinds: Mapping[type, Callable[..., Made]]) -> World:
    """The World with the organisations that its settings state; raises ScenarioError where one cannot be made.

    kinds: the class of each kind in the settings.
    """
    organisations = drawn.spec.world.organisations
    if organisations is None:
        return world
    _check_known(drawn.spec)
    tries = world.n_tries // tries_within(drawn.spec.world)
    made = [kinds[type(one.kind)](one.kind, world, drawn, name, one, tries) for name, one in organisations.items()]
    fields = [name for name in _PER_AGENT if world.has(name)]
    changes: dict[str, Any] = {name: _joined(world, name, made) for name in fields}
    changes |= {name: _joined(world, name, made, tries) for name in _PER_TRY}
    if _of(world, "verified") is _of(world, "success"):
        changes["verified"] = changes["success"]
    changes["present"] = _joined(world, "present", made).array
    further = draws.words_of(tuple(organisations))
    changes |= {name: _with_words(_of(world, name), further) for name in _OWN if world.has(name)}
    return world.changed(agents=(*world.agents, *organisations), **changes)


def _check_known(spec: WorldSpec) -> None:
    """Raise ScenarioError where something is to be known of an organisation that nobody can know."""
    stated = {
        **dict.fromkeys(spec.records, "no record holds an organisation"),
        **({"standing.advice": "no pilot was made with an organisation"} if spec.planner is not None else {}),
        **({"bidders.on_retry": 'state "same": "update" is for one agent'} if spec.on_retry is not None else {}),
    }
    for key, why in stated.items():
        raise ScenarioError(f"{_KEY}: cannot be combined with {key} as it is stated: {why}")


def _of(world: World, name: str) -> Any:
    """A field, made or not."""
    return vars(world).get(name, world.formulas.get(name))


def _joined(world: World, name: str, made: Sequence[Made], tries: int | None = None) -> Later:
    """A field of all agents: of those before, and of each organisation; of so many tries where it has them."""
    replications, tasks, n = world.present.shape
    shape = (replications, tasks, n + len(made)) if tries is None else (replications, tasks, n + len(made), tries)

    def join() -> NDArray[Any]:
        before = getattr(world, name)
        before = before if tries is None else before[..., :tries]
        return np.concatenate([before, *(getattr(one, name)()[:, :, None] for one in made)], axis=2)

    return Later(shape, join)


def _with_words(field: Formula, further: draws.Words) -> Formula:
    """Draws of each agent's own."""
    words = {**field.words, "i": np.concatenate([field.words["i"], further])}
    return Formula(words, field.make, field.of, field.families)
