"""The fields of a population's World as formulas: an array is drawn when it is read, and what it follows from is kept.

A market in compiled code draws by the same formulas what it comes to need, and reads no array
(sim/compiled/drawing.py).
"""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws
from sim.kit.remembered import Remembered
from sim.population.population import LazyPopulation, family_of
from sim.population.profile import Profile
from sim.world.formula import Axis, Formula
from sim.world.luck import Identities

_DESCRIBED = Remembered(256)
_PER_AGENT = ("claim", "cost_belief", "ability")
_PER_TRY = ("success", "cost")
Names = tuple[draws.Words, ...]


class _Group:
    """A population, kept as it was last drawn: what reads one array reads others soon, which share draws."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self._profile, self._seed = profile, seed
        self.of = _DESCRIBED.of(profile, None, lambda: repr(profile)), seed
        self._agents = draws.words_of(tuple(profile.agents))
        self._last: tuple[Names, LazyPopulation] | None = None

    def array(self, name: str, r: draws.Words, t: draws.Words, i: draws.Words, k: draws.Words) -> NDArray[Any]:
        """One array of the replications, tasks, agents and tries of these words."""
        whole = self._drawn(r, t, k).array(name)
        if np.array_equal(i, self._agents):
            return whole
        return whole[:, :, [int(np.flatnonzero(self._agents == word)[0]) for word in i]]

    def _drawn(self, *words: draws.Words) -> LazyPopulation:
        same = self._last is not None and all(map(np.array_equal, self._last[0], words))
        if self._last is None or not same:
            self._last = words, LazyPopulation(self._profile, self._seed, *words)
        return self._last[1]

    def formula(self, name: str, ids: Identities) -> Formula:
        """The field of that name."""
        axes: dict[Axis, draws.Words] = {"r": ids.r, "t": ids.t, "i": ids.i}
        tries = ids.k  # those of claims and costs alike, so that they are drawn together
        if name in _PER_TRY:
            axes["k"] = ids.k

        def make(r: Any, t: Any, i: Any, k: Any = tries) -> Any:
            if isinstance(r, np.ndarray):
                return self.array(name, r, t, i, k)
            return getattr(r.piece(self._profile, self._seed, (r, t, i, k)), name)

        return Formula(axes, make, (name, self.of), self._families(ids.t))

    def _families(self, t: draws.Words) -> draws.Words | None:
        profile = self._profile
        return family_of(profile, self._seed, t).astype(np.uint64) if profile.sigma_f > 0 else None


def drawn_as_read(profile: Profile, seed: int, ids: Identities) -> dict[str, Any]:
    """Fields of `Population`, each a formula; while a World has it others have the same, and its array is made once."""
    group, words = _Group(profile, seed), blake2b(b"".join(one.tobytes() for one in ids)).digest()

    def formula(name: str) -> Formula:
        key = name, group.of, *map(len, ids), words
        found = _ALIVE.get(key)
        if found is None:
            found = _ALIVE[key] = group.formula(name, ids)
        return found

    return {name: formula(name) for name in (*_PER_AGENT, *_PER_TRY)}


_ALIVE: WeakValueDictionary[Hashable, Formula] = WeakValueDictionary()
