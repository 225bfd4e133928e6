"""A number of ours beside the published one, and the rule by which they agree.

Each kind of number has its own rule, stated where the number is shown: what is computed from the same table must have
the same digits; what was drawn, or is simulated, must lie where such a draw does 95 times of 100. A rule of 95 % calls
one of twenty numbers outside that is right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.paper.published_numbers import Published, find, shown
from analysis.paper_table import PaperTable

DIGITS, RESERVES, TASKS, TABLES, RUNS, TRIALS, THEORY, NONE = range(8)
_SLACK = 1e-9  # of rounding itself
RULES = {
    DIGITS: ("digits", "the published number is ours, rounded as it is"),
    RESERVES: ("reserves", "it lies in the 95% interval of a mean over 100 reserves drawn, around our closed form"),
    TASKS: ("tasks", "it lies in our 95% interval for another draw of tasks"),
    TABLES: ("tables", "it lies where 95% of simulated tables of as many tasks do"),
    RUNS: ("runs", "the count lies where 95% of simulated runs of as many tasks do"),
    TRIALS: ("trials", "the count lies where 95% of as many independent trials at our rate do"),
    THEORY: ("theory", "our 95% interval does not lie below what is proved"),
    NONE: ("", "nothing is published"),
}


@dataclass(frozen=True)
class Beside:
    """ours: the number; low, high: what the rule says the published one may be, NaN where it names no range.

    decimals: ours is shown to, where nothing is published. why: a word on a number that is outside, or not ours.
    """

    table: str
    of: str
    quantity: str
    ours: float
    low: float = math.nan
    high: float = math.nan
    rule: int = NONE
    why: str = ""
    decimals: int = 4
    setting: str = ""

    @property
    def published(self) -> Published | None:
        """The published number."""
        return find(self.table, self.of, self.quantity)

    @property
    def deviation(self) -> float:
        """Ours less the published one; NaN where there is none."""
        return self.ours - self.published.value if self.published is not None else math.nan

    @property
    def within(self) -> bool | None:
        """Whether the rule holds; None where there is nothing to hold it to."""
        one = self.published
        if one is None or math.isnan(self.ours):
            return None
        if self.rule == THEORY:
            return bool(self.high >= one.value)
        if self.rule == DIGITS:
            return bool(abs(self.deviation) <= 0.5 * 0.1**one.decimals + _SLACK)
        return bool(self.low - _SLACK <= one.value <= self.high + _SLACK)

    @property
    def verdict(self) -> str:
        """The rule and whether it holds, in words."""
        if self.within is None:
            return "-"
        return f"{'within' if self.within else 'outside'} ({RULES[self.rule][0]})"

    @property
    def cells(self) -> list[str]:
        """As a row: of, quantity, published, ours, range, deviation, verdict."""
        one = self.published
        places = self.decimals if one is None or not one.decimals else one.decimals
        text, gap = (
            "" if one is None else f"{one.text} of {one.n}" if one.n else one.text,
            shown(self.deviation, places),
        )
        if self.rule == THEORY:
            text, gap = f"{text} at least", ""
        gap = f"+{gap}" if gap and self.deviation > 0 and float(gap) else gap
        name = f"{self.of}, {self.setting}" if self.setting else self.of
        return [
            name,
            self.quantity,
            text or "-",
            shown(self.ours, places) or "-",
            self._range(places),
            gap,
            self.verdict,
        ]

    def _range(self, places: int) -> str:
        if math.isnan(self.low):
            return ""
        whole = float(self.low).is_integer() and float(self.high).is_integer()
        return f"[{shown(self.low, 0 if whole else places)}, {shown(self.high, 0 if whole else places)}]"


HEADS = ("of", "quantity", "published", "ours", "range", "deviation", "rule")


def of_counts(numbers: Iterable[Beside]) -> tuple[int, int]:
    """How many are within, and how many there is a rule for."""
    known = [one.within for one in numbers if one.within is not None]
    return sum(bool(one) for one in known), len(known)


def beside_table(numbers: Sequence[Beside], caption: str, label: str, notes: Sequence[str] = ()) -> PaperTable:
    """The numbers as a table for a paper; its notes state the rules, and why what is outside is."""
    import pandas as pd

    used = dict.fromkeys(one.rule for one in numbers if one.within is not None)
    rules = "; ".join(f"{RULES[rule][0]}: {RULES[rule][1]}" for rule in used)
    whys = [f"{one.cells[0]}, {one.quantity}: {one.why}" for one in numbers if one.why and one.within is False]
    agreed = [f"Within by the rule: {rules}."] if rules else []
    data = pd.DataFrame(
        {
            "of": one.of,
            "setting": one.setting,
            "quantity": one.quantity,
            "published": math.nan if one.published is None else one.published.value,
            "ours": one.ours,
            "low": one.low,
            "high": one.high,
            "deviation": one.deviation,
            "rule": RULES[one.rule][0],
            "within": "" if one.within is None else str(one.within),
            "source": "" if one.published is None else one.published.source,
        }
        for one in numbers
    )
    rows = [one.cells for one in numbers]
    return PaperTable(HEADS, rows, caption, label, n_left=2, notes=[*agreed, *notes, *whys], wide=True, data=data)
