"""How intervals are computed, in words: of the kinds of numbers that a figure draws, and of no others."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.basis import Number
from analysis.quantities import quantities

GAP = "_minus_baseline"  # ends the name of a run's difference to its baseline
_SIGNS = ("difference:", "lead:")  # and begin those of a sweep's


def method(found: Iterable[Number]) -> str:
    """How the intervals of these numbers are computed.

    >>> method([Number("a", "welfare", "tasks", 93, 0.1, True), Number("a", "solve_rate", "tasks", 93, 0.1, True)])
    'Student t corrected for skewness; rates: Wilson'
    >>> method([Number("a", "difference:solve_rate", "tasks", 93, 0.1, True)])
    'differences of rates: Tango'
    """
    rates = {each.name for each in quantities() if each.rate}
    kinds = {(_of(number.name) in rates, _is_gap(number.name)) for number in found if number.known}
    means = {gap for rate, gap in kinds if not rate}
    t = "Student t, of levels corrected for skewness" if len(means) > 1 else "Student t corrected for skewness"
    said = [t if False in means else "Student t"] if means else []
    said += ["rates: Wilson"] if (True, False) in kinds else []
    if (True, True) in kinds:
        said.append("their differences: Tango" if (True, False) in kinds else "differences of rates: Tango")
    return "; ".join(said)


def _is_gap(name: str) -> bool:
    return name.endswith(GAP) or name.startswith(_SIGNS)


def _of(name: str) -> str:
    """The quantity, without what it is compared to and its agent."""
    for sign in _SIGNS:
        name = name.removeprefix(sign)
    return name.removesuffix(GAP).partition(":")[0]
