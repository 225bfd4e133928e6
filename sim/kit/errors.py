"""Errors a user can cause. Each subclasses `SimError` and the nearest built-in, and says name, rule, value, place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MOST_FAULTS = 500  # that one error lists
MOST_LISTED = 20  # rows, cells or names, of which there may be any number
ONES_OWN = "; for one of your own give --plugin FILE"  # after the names that are allowed
_LONGEST = 100  # letters of a word that is compared with others


class SimError(Exception):
    """Base of every error that bidlab raises on purpose; the command line prints it and exits with 2.

    Its arguments are faults, one line each.
    """

    def __str__(self) -> str:
        """The faults, one a line."""
        return "\n".join(map(str, self.args))


class ArrayError(SimError, ValueError):
    """An array given to a public constructor breaks a rule (shape, range, finiteness)."""


class ScenarioError(SimError, ValueError):
    """A scenario file, an override or a parameter is wrong."""


class TableError(SimError, ValueError):
    """A recorded table is wrong: missing column, bad cell, duplicate row."""


class RunError(SimError, RuntimeError):
    """A run cannot be made, written or read as asked."""


class MarketError(SimError, RuntimeError):
    """The market was asked for something its World does not hold."""


class StoppedError(SimError):
    """The user stopped the command; the text says what is kept of its work."""


@contextmanager
def kept(what: str) -> Iterator[None]:
    """Have Ctrl-C raise StoppedError, which says that finished ones of these are kept."""
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError(f"interrupted; finished {what} are kept, the same command goes on from there") from None


def closest(word: str, allowed: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the nearest allowed spelling, or an empty string.

    >>> closest("penatly", ["penalty", "reserve"])
    " (did you mean 'penalty'?)"
    """
    if len(word) > _LONGEST:
        return ""
    near = difflib.get_close_matches(word, [name for name in allowed if len(name) <= _LONGEST], n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


def capped(faults: Iterable[str], count: int | None = None, most: int = MOST_FAULTS) -> list[str]:
    """The first `most` different faults, and a line that says how many more there are of `count`, if there are.

    >>> capped(["a is 1", "a is 1", "b is 2"], 9)
    ['a is 1', 'b is 2', 'and 7 more']
    """
    found = list(dict.fromkeys(faults))
    shown = found[:most]
    left = (len(found) if count is None else count) - len(shown)
    return [*shown, f"and {left:,} more"] if left > 0 else shown


def several(names: Iterable[str]) -> str:
    """Names for a sentence, the first MOST_LISTED of them.

    >>> several("abc")
    'a, b, c'
    """
    listed = list(names)
    left = len(listed) - MOST_LISTED
    shown = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..." for name in listed[:MOST_LISTED]]
    return ", ".join(shown) + (f" and {left:,} more" if left > 0 else "")


@contextmanager
def collected(faults: list[str]) -> Iterator[None]:
    """Add the faults of a ScenarioError raised inside to `faults`, and go on."""
    try:
        yield
    except ScenarioError as error:
        faults += error.args
