"""How numbers stand in tables: one number of decimals and one unit a column. Builds text, never prints.

A column of estimates has the decimals in which its largest half-width has two significant digits, but at least three;
a column of numbers without intervals those in which its largest number has two, but at least four. Where more than
five are needed the column is counted in thousandths, millionths ..., which its head says ("x 1e-3").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

LEVEL = 0.05  # of p values that are called small: none is rounded across it
_MOST = 5  # decimals; beyond, the unit changes
_SIGNIFICANT = 2
_NOISE = 1e-9  # of the largest number: what rounding leaves of nothing
_NOTHING = 1e-12  # and of a column that is nothing


class Digits(NamedTuple):
    """places: decimals. power: numbers are shown divided by 10**power, 0 or a negative multiple of 3."""

    places: int
    power: int = 0

    @property
    def unit(self) -> str:
        """What the head says of the unit; "" for 1.

        >>> Digits(3, -3).unit, Digits(3).unit
        ('x 1e-3', '')
        """
        return f"x 1e{self.power}" if self.power else ""

    def text(self, value: float) -> str:
        """The value in this unit, a dash where undefined.

        >>> Digits(3).text(0.25), Digits(3, -3).text(0.00042), Digits(2).text(-0.001), Digits(2).text(float("nan"))
        ('.250', '.420', '.00', '-')
        """
        if math.isnan(value):
            return "-"
        return short(value * 10.0**-self.power, self.places)

    def number(self, value: float, error: float) -> str:
        """`value ± error`; the value alone where there is no error."""
        return (
            self.text(value) if math.isnan(value) or math.isnan(error) else f"{self.text(value)} ± {self.text(error)}"
        )

    def estimated(self, value: float, low: float, high: float) -> str:
        """`value [low, high]`; the value alone where there is no interval."""
        if math.isnan(value) or math.isnan(low) or math.isnan(high):
            return self.text(value)
        return f"{self.text(value)} [{self.text(low)}, {self.text(high)}]"


def decimals(sizes: Iterable[float], least: int) -> int:
    """Decimals in which the largest of `sizes` has two significant digits, at least `least`.

    >>> decimals([0.25, 0.0001], 2), decimals([0.00042], 2), decimals([], 2)
    (2, 5, 2)
    """
    largest = max((abs(size) for size in sizes if math.isfinite(size)), default=0.0)
    if largest == 0.0:
        return least
    return max(least, _SIGNIFICANT - 1 - int(f"{largest:.{_SIGNIFICANT - 1}e}".partition("e")[2]))


def digits(sizes: Iterable[float], least: int, values: Iterable[float] = ()) -> Digits:
    """Decimals and unit in which the largest of `sizes`, e.g. half-widths, has two significant digits.

    least: decimals there are at any rate. values: what else stands in the column; the unit changes only where all of
    it is small, and a half-width that is too small beside it has fewer digits.

    >>> digits([0.05, 0.0001], 3), digits([0.00012], 3), digits([0.000012], 3), digits([], 4)
    (Digits(places=3, power=0), Digits(places=5, power=0), Digits(places=3, power=-3), Digits(places=4, power=0))
    >>> digits([1e-16], 3, [-1.6])
    Digits(places=3, power=0)
    """
    shown = [abs(value) for value in values if math.isfinite(value)]
    largest = max(shown, default=0.0)
    large = [size for size in sizes if abs(size) > max(_NOISE * largest, _NOTHING)]
    needed, power = decimals(large, 0), 0
    while needed > _MOST and largest < 10.0**power:
        needed, power = needed - 3, power - 3
    return Digits(max(least, min(needed, _MOST)), power)


def of_numbers(values: Sequence[float]) -> Digits:
    """Those of a column of numbers without intervals.

    >>> of_numbers([0.00042, 0.0]), of_numbers([0.25])
    (Digits(places=5, power=0), Digits(places=4, power=0))
    """
    return digits(values, 4)


def of_estimates(rows: Iterable[Sequence[float]]) -> Digits:
    """Those of a column of (value, low, high); of the values where nothing has an interval that is not a point.

    >>> of_estimates([(0.241, 0.2042, 0.2809)]), of_estimates([(0.0004, float("nan"), float("nan"))])
    (Digits(places=3, power=0), Digits(places=5, power=0))
    """
    rows = list(rows)
    values = [value for value, _, _ in rows]
    halves = [(high - low) / 2 for _, low, high in rows if high > low]
    return digits(halves, 3, values) if halves else digits(values, 3)


def of_errors(rows: Iterable[Sequence[float]], least: int = 3) -> Digits:
    """Those of a column of (value, error).

    >>> of_errors([(0.25, 0.0125)])
    Digits(places=3, power=0)
    """
    rows = list(rows)
    values, errors = [value for value, _ in rows], [error for _, error in rows if error > 0]
    return digits(errors, least, values) if errors else of_numbers(values)


def number(value: float, error: float | None = None) -> str:
    """`value ± error` to four places, or three beside an error, more where both are small; a dash where undefined.

    >>> number(0.25, 0.0125), number(0.0004), number(0.00021, 0.00002), number(float("nan"))
    ('.250 ± .013', '.00040', '.000210 ± .000020', '-')
    """
    if error is None or math.isnan(error):
        return _in_ones(of_numbers([value])).text(value)
    return _in_ones(of_errors([(value, error)])).number(value, error)


def estimated(value: float, low: float, high: float) -> str:
    """`value [low, high]` of a number that stands alone; the value where there is no interval, a dash where undefined.

    >>> estimated(0.241, 0.2042, 0.2809), estimated(2e-5, 1e-5, 3e-5), estimated(1.5, float("nan"), float("nan"))
    ('.241 [.204, .281]', '.000020 [.000010, .000030]', '1.500')
    """
    return _in_ones(of_estimates([(value, low, high)])).estimated(value, low, high)


def _in_ones(shown: Digits) -> Digits:
    """The same digits without a unit, for a number that has no head to say one."""
    return Digits(shown.places - shown.power)


def alone(value: float) -> str:
    """A number in a sentence: four decimals, or as many as its first two digits need.

    >>> alone(0.25), alone(0.00042), alone(3e-7), alone(float("inf"))
    ('0.2500', '0.00042', '0.00000030', 'inf')
    """
    return f"{value:.{decimals([value], 4)}f}"


def p_value(p: float) -> str:
    """A p value to three places, more where fewer would put it on the other side of .05; a dash where undefined.

    >>> p_value(0.0312), p_value(0.0004), p_value(1.0), p_value(0.0503), p_value(0.05)
    ('.031', '<.001', '1.000', '.0503', '.050')
    """
    if math.isnan(p):
        return "-"
    if p < 0.001:
        return "<.001"
    return short(p, next((n for n in range(3, 8) if (round(p, n) <= LEVEL) == (p <= LEVEL)), 8))


def short(value: float, places: int) -> str:
    """A number to so many places, without the 0 before the point of a fraction and without a sign before 0.

    >>> short(0.25, 2), short(-0.25, 2), short(20.46, 2), short(-10.04, 2), short(-0.0001, 2), short(0.999, 2)
    ('.25', '-.25', '20.46', '-10.04', '.00', '1.00')
    """
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text
