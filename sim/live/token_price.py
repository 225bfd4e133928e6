"""What tokens cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Self


class Price(NamedTuple):
    """Dollars per million tokens read (input) and written (output, reasoning included)."""

    input: float
    output: float

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From one number for both, or {input = x, output = y}; raises ValueError.

        >>> Price.of({"input": 0.25, "output": 2})
        Price(input=0.25, output=2.0)
        """
        both = raw if isinstance(raw, Mapping) else {"input": raw, "output": raw}
        if set(both) != {"input", "output"} or not all(map(_dollars, both.values())):
            raise ValueError(f"usd_per_million must be dollars >= 0, or {{input = x, output = y}}; got {raw!r}")
        return cls(float(both["input"]), float(both["output"]))

    def usd(self, input_tokens: int, output_tokens: int) -> float:
        """Dollars of so many."""
        return (self.input * input_tokens + self.output * output_tokens) / 1e6


def _dollars(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
