"""Fields of a World that are made when they are read: what nobody reads is never drawn.

A formula is a function of words, which name draws (sim/kit/draws.py), so that it says of any replication, task, agent
and try the same numbers, whether all of them are made at once or one of them where it is needed. Other fields that wait
are made as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws

Axis = Literal["r", "t", "p", "i", "k"]  # replication, task, posting, agent, try


class Later:
    """An array that is made once it is read. shape: of it; make: the array."""

    def __init__(self, shape: tuple[int, ...], make: Callable[[], NDArray[Any]]) -> None:
        self.shape, self._whole = shape, make

    @cached_property
    def array(self) -> NDArray[Any]:
        """The array."""
        return np.broadcast_to(self._whole(), self.shape)

    def cut(self, index: tuple[Any, ...]) -> Later:
        """What array[index] will be, a slice for each of the first axes."""
        shape = np.broadcast_to(np.False_, self.shape)[index].shape
        return Later(shape, lambda: self.array[index])


class Formula(Later):
    """An array that follows from words. words: names of the elements along each axis, in order; make: from these.

    of: what `make` was made from; formulas of equal `of` make the same from the same words. None: nobody knows.
    families: the word of the family that each task is of, where draws go by it.
    """

    def __init__(
        self,
        words: Mapping[Axis, draws.Words],
        make: Callable[..., NDArray[Any]],
        of: Hashable = None,
        families: draws.Words | None = None,
    ) -> None:
        super().__init__(tuple(map(len, words.values())), lambda: make(*words.values()))
        self.words, self.make, self.of, self.families = words, make, of, families

    def cut(self, index: tuple[Any, ...]) -> Formula:
        """The formula of array[index]."""
        kept = [*index, *[slice(None)] * (len(self.words) - len(index))]
        words = {axis: names[part] for (axis, names), part in zip(self.words.items(), kept, strict=True)}
        families = None if self.families is None else self.families[dict(zip(self.words, kept, strict=True))["t"]]
        return Formula(words, self.make, self.of, families)


def made(field: NDArray[Any] | Later) -> NDArray[Any]:
    """The array, made now if it is yet to be."""
    return field.array if isinstance(field, Later) else field
