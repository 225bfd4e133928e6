"""How many examples a property is tried on: a sixth or an eighth of them in `make test`, all in `make test-all`."""

from __future__ import annotations

import math
import os

from hypothesis import settings

_ALL = os.environ.get("EXAMPLES") == "all"


def of_all(number: int, share: int = 6) -> int:
    """`number` in `make test-all`, one in `share` of them in `make test`."""
    return number if _ALL else math.ceil(number / share)


def tried(number: int) -> settings:
    """Settings of a property test with `number` examples; the same ones in every run."""
    return settings(max_examples=of_all(number), deadline=None, derandomize=True, database=None)


def tried_on_each(number: int) -> settings:
    """As `tried`, of a property that every rule is tried on, and so a rule as good as its like: an eighth."""
    return settings(tried(number), max_examples=of_all(number, 8))
