"""Jobs of a sweep that are played together.

What is played costs some milliseconds for each arm, whatever its size, so that small jobs are dear one by one. They
stay jobs of their own in all that is kept: who plays how many of them together changes no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Batch:
    """Jobs played together: their numbers, one after the other, the first replication of all, and how many of each."""

    numbers: tuple[int, ...]
    first: int
    count: int

    @property
    def each(self) -> Iterator[Batch]:
        """The jobs by themselves."""
        for place, number in enumerate(self.numbers):
            yield Batch((number,), self.first + place * self.count, self.count)


def batches(jobs: Sequence[tuple[int, int, int]], most: int) -> list[Batch]:
    """The jobs, each (number, first replication, count), in batches of at most so many.

    >>> [batch.numbers for batch in batches([(1, 4, 4), (2, 8, 4), (3, 12, 4), (5, 20, 4), (6, 24, 1)], 2)]
    [(1, 2), (3,), (5,), (6,)]
    """
    found: list[Batch] = []
    for number, first, count in jobs:
        last = found[-1] if found else Batch((), 0, 0)
        if 0 < len(last.numbers) < most and (number, count) == (last.numbers[-1] + 1, last.count):
            found[-1] = replace(last, numbers=(*last.numbers, number))
        else:
            found.append(Batch((number,), first, count))
    return found
