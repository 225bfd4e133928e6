"""Verifiers that read the work alone: exactly a text, a number, a pattern. judge, program and inspect stand beside.

exact: the work is the text expected. number: the last number in the work is the one expected, to within a tolerance.
pattern: the regular expression that is expected is found in the work.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Annotated, Any

from annotated_types import Ge, Le

from sim.kit.distribution import MOST
from sim.live.inspect_scorer import InspectScorer
from sim.live.judge import Judge
from sim.live.program import Program
from sim.live.question import Verdict
from sim.live.verifier import FAIL, PASS, VERIFIERS, Case, blank, register_verifier
from sim.tables.table_file import short

__all__ = ["VERIFIERS", "Exact", "InspectScorer", "Number", "Pattern", "last_number", "register_verifier"]

_WHOLE = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
_NUMBER = re.compile(rf"(?<![\w.])[-+\u2212]?(?:{_WHOLE}(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


@register_verifier("exact")
@dataclass(frozen=True)
class Exact:
    """The work is the text expected; strip: but for blanks around it; casefold: in small or capital letters."""

    strip: bool = True
    casefold: bool = False

    def fault_of(self, expected: Any) -> str:
        """A text that is not blank, or a number, which stands for its digits."""
        if isinstance(expected, bool) or not isinstance(expected, str | int | float):
            return f"must be a text; got {short(expected)}"
        return "must not be blank" if blank(str(expected)) else ""

    def verify(self, expected: Any, text: str) -> Verdict:
        """PASS where they are the same."""
        if blank(text):
            return Verdict(FAIL, "is blank")
        same = self._plain(text) == self._plain(str(expected))
        return Verdict(PASS) if same else Verdict(FAIL, f"is not {short(str(expected))}")

    def cases(self) -> tuple[Case, ...]:
        """One that passes whatever the options, and one that does not."""
        return (("Paris", "Paris", PASS), ("Paris", "Paris, I think", FAIL))

    def _plain(self, text: str) -> str:
        text = text.strip() if self.strip else text
        return text.casefold() if self.casefold else text


@register_verifier("number")
@dataclass(frozen=True)
class Number:
    """The last number in the work is the one expected.

    tolerance, relative: how far it may be off, in itself and as a share of what is expected; the wider holds. field:
    the work must be one JSON object, and the number is the value of that key; absent: the last number in the text,
    whatever stands around it ("1/2" ends in 2, "10 %" in 10; 1,234.5 is one number).
    """

    tolerance: Annotated[float, Ge(0), Le(MOST)] = 0.0
    relative: Annotated[float, Ge(0), Le(1)] = 0.0
    field: str | None = None

    def fault_of(self, expected: Any) -> str:
        """A number."""
        return "" if _decimal(expected) is not None else f"must be a number; got {short(expected)}"

    def verify(self, expected: Any, text: str) -> Verdict:
        """PASS where the number is near enough."""
        wanted, found = _decimal(expected), self._found(text)
        if wanted is None:
            raise ValueError(self.fault_of(expected))
        if found is None:
            return Verdict(FAIL, "holds no number" if self.field is None else f"holds no number {self.field!r}")
        room = max(Decimal(repr(self.tolerance)), Decimal(repr(self.relative)) * abs(wanted))
        near = abs(found - wanted) <= room
        return Verdict(PASS) if near else Verdict(FAIL, f"{short(str(found))} is not {short(str(wanted))}")

    def cases(self) -> tuple[Case, ...]:
        """One that passes whatever the tolerance, and one that holds no number."""
        work = "It is 42." if self.field is None else json.dumps({self.field: 42})
        return ((42, work, PASS), ("42", work, PASS), (42, "forty-two", FAIL))

    def _found(self, text: str) -> Decimal | None:
        if self.field is None:
            return last_number(text)
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return _decimal(read.get(self.field)) if isinstance(read, dict) else None


@register_verifier("pattern")
@dataclass(frozen=True)
class Pattern:
    """The regular expression expected is found in the work; whole: it is all of it, but for blanks around."""

    whole: bool = False
    ignore_case: bool = False

    def fault_of(self, expected: Any) -> str:
        """A regular expression, as Python writes them."""
        if not isinstance(expected, str) or not expected:
            return f"must be a regular expression; got {short(expected)}"
        try:
            re.compile(expected)
        except (re.error, RecursionError, OverflowError) as error:
            return f"must be a regular expression; got {short(expected)}: {error}"
        return ""

    def verify(self, expected: Any, text: str) -> Verdict:
        """PASS where it is found."""
        if blank(text):
            return Verdict(FAIL, "is blank")
        pattern = re.compile(expected, re.IGNORECASE if self.ignore_case else 0)
        found = pattern.fullmatch(text.strip()) if self.whole else pattern.search(text)
        return Verdict(PASS) if found else Verdict(FAIL, f"has no {short(expected)}")

    def cases(self) -> tuple[Case, ...]:
        """One that passes whatever the options, and one that does not."""
        return ((r"[0-9]+ km", "42 km", PASS), (r"[0-9]+ km", "far", FAIL))


def last_number(text: str) -> Decimal | None:
    """The last number in a text, None where it holds none.

    >>> last_number("3 - 5 = -2, or so"), last_number("costs $1,234.50."), last_number("none in x2")
    (Decimal('-2'), Decimal('1234.50'), None)
    """
    found = _NUMBER.findall(text)
    return _decimal(found[-1].replace(",", "").replace("\u2212", "-")) if found else None


def _decimal(value: Any) -> Decimal | None:
    """A number, or a text that is one, as an exact decimal; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = Decimal(str(value).strip())
    except (DecimalException, ValueError):
        return None
    return found if found.is_finite() and abs(found.adjusted()) < 1000 else None


VERIFIERS.add("program", Program)
VERIFIERS.add("judge", Judge)
VERIFIERS.add("inspect", InspectScorer)
VERIFIERS.seal()
