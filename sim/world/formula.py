"""Fields of a World that are made when they are read: what nobody reads is never drawn.

A formula is a function of words, which name draws (sim/kit/draws.py), so that it says of any replication, task, agent
and try the same numbers, whether all of them are made at once or one of them where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws

Axis = Literal["r", "t", "p", "i", "k"]  # replication, task, posting, agent, try


@dataclass(frozen=True, eq=False)
class Formula:
    """An array to be made. words: names of the elements along each axis, in order; make: from these, the array."""

    words: Mapping[Axis, draws.Words]
    make: Callable[..., NDArray[Any]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""
        return tuple(len(words) for words in self.words.values())

    def array(self) -> NDArray[Any]:
        """The array, as its words lie in memory."""
        return np.broadcast_to(self.make(*self.words.values()), self.shape)

    def cut(self, index: tuple[Any, ...]) -> Formula:
        """The formula of array[index], a slice for each of the first axes."""
        kept = [slice(None)] * len(self.words)
        kept[: len(index)] = index
        words = {axis: names[part] for (axis, names), part in zip(self.words.items(), kept, strict=True)}
        return replace(self, words=words)


def made(field: NDArray[Any] | Formula) -> NDArray[Any]:
    """The array, made now if it is yet to be."""
    return field.array() if isinstance(field, Formula) else field
