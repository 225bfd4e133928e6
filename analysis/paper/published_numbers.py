"""The published numbers, read from published.csv, the one place where they stand.

table, of, quantity name a number; value: as printed, so that it says its own decimals; n: trials that a count is of;
source: a key of REFERENCES.md.
"""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("published.csv")


class Published(NamedTuple):
    """One number. n: 0 where it is no count."""

    table: str
    of: str
    quantity: str
    text: str
    n: int
    source: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)

    @property
    def decimals(self) -> int:
        """Digits behind its point."""
        return len(self.text.partition(".")[2])


@cache
def published() -> tuple[Published, ...]:
    """All of them, in the file's order."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Published(row["table"], row["of"], row["quantity"], row["value"], int(row["n"] or 0), row["source"])
            for row in csv.DictReader(file)
        )


def find(table: str, of: str, quantity: str) -> Published | None:
    """The number of that name, None where the study states none.

    >>> find("calibration", "gpt-5-mini", "success rate").value
    0.7527
    """
    return next((one for one in published() if one[:3] == (table, of, quantity)), None)


def shown(value: float, decimals: int) -> str:
    """A number as the study prints them, without a zero before the point; "" where undefined.

    >>> shown(0.80645, 4), shown(-0.267, 3), shown(29.0, 0), shown(-0.00001, 3)
    ('.8065', '-.267', '29', '.000')
    """
    if math.isnan(value):
        return ""
    text = f"{value:.{decimals}f}"
    text = text if float(text) else text.removeprefix("-")
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text
