"""The hand of a block of postings that are cleared side by side: which row holds what."""

from __future__ import annotations

from sim.compiled.trace.tracing import NUMBERS, VECTORS

WIDE = 40  # clearings of a block; a multiple of what the processor takes at a time
GIVEN = tuple(VECTORS)  # vectors of the hand, in order: what is given, then what is made
MADE = ("hired", "pay_success", "pay_failure", "turn", "budget", "fee")
SINGLE = (*NUMBERS, "by_tie")  # then numbers
ROOM = 8  # agents of a vector's rows, or a multiple


def rows(room: int) -> int:
    """Rows of the hand, where each vector has so many."""
    return len(GIVEN + MADE) * room + len(SINGLE)


def place(name: str, room: int) -> int:
    """The first row of a vector, or the row of a number, where each vector has so many."""
    if name in SINGLE:
        return len(GIVEN + MADE) * room + SINGLE.index(name)
    return (GIVEN + MADE).index(name) * room
