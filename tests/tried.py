"""How many drawn examples a property is tried on: a quarter of them in `make test`, all in `make test-all`."""

from __future__ import annotations

import math
import os

from hypothesis import settings

_ALL = os.environ.get("EXAMPLES") == "all"


def tried(number: int) -> settings:
    """Settings of a property test with `number` examples; the same ones in every run."""
    count = number if _ALL else math.ceil(number / 4)
    return settings(max_examples=count, deadline=None, derandomize=True, database=None)
