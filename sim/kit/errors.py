"""Errors a user can cause. Each subclasses `SimError` and the nearest built-in, and says name, rule, value, place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SimError(Exception):
    """Base of every error that bidlab raises on purpose; the command line prints it in one line and exits with 2."""


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


def closest(word: str, allowed: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the nearest allowed spelling, or an empty string.

    >>> closest("penatly", ["penalty", "reserve"])
    " (did you mean 'penalty'?)"
    """
    near = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
