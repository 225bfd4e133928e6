"""A quantity as a sweep counts it, from any `View`.

Index convention: R replications, T tasks, q numbers of a quantity: 1 of an arm, n of its agents. Parts are (q, R, T).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from analysis.arm import ArmData
from analysis.inference import gap
from analysis.quantities.declared import Level, Mean, Quantity, Ratio, Statistic
from analysis.quantities.registered import blamed, of_plugins, quantities
from analysis.quantities.view import View
from sim.kit.arrays import FloatArray

Sides = tuple[FloatArray, FloatArray]
Key = tuple[str, str]


def chosen(asked: Iterable[Key]) -> list[Quantity]:
    """The quantities of a sweep in order: those that every sweep keeps, and those asked for by (level, name)."""
    wanted = {(level, name) for level, name in asked} | set(of_plugins())
    return [each for each in quantities() if each.swept or each.key in wanted]


def find(name: str) -> list[Key]:
    """Keys of the quantities of this name, of either level; raises ValueError where there is none."""
    levels: Sequence[Level] = ("arm", "agent")
    found = [each.key for level in levels for each in quantities(level) if each.name == name]
    if not found:
        names = list(dict.fromkeys(each.name for each in quantities()))
        from sim.kit.errors import closest

        raise ValueError(f"unknown quantity {name!r}{closest(name, names)}; allowed: {', '.join(names)}")
    return found


def part_of(of: Quantity, view: View) -> Sides:
    """num and den of a Mean or a Ratio."""
    with blamed(of):
        return _part_of(of, view)


def _part_of(of: Quantity, view: View) -> Sides:
    if isinstance(of.how, Mean):
        return _over_markets(view, values_of(of, view))
    if not isinstance(of.how, Ratio):
        raise TypeError(f"{of.name}: is no Mean and no Ratio")
    num, den = of.how.part(view)
    return _sides(view, num), _sides(view, den)


class Counted:
    """A view, and what was made of it: a paired quantity is read twice, and that of a baseline once for every arm."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._sides: dict[Key, Sides] = {}
        self._values: dict[Key, FloatArray] = {}

    def values(self, of: Quantity) -> FloatArray:
        """(m, R, T) of a Mean."""
        if of.key not in self._values:
            self._values[of.key] = values_of(of, self.view)
        return self._values[of.key]

    def sides(self, of: Quantity) -> Sides:
        """`part_of`."""
        if not of.paired:
            return part_of(of, self.view)
        if isinstance(of.how, Mean):
            with blamed(of):
                return _over_markets(self.view, self.values(of))
        if of.key not in self._sides:
            self._sides[of.key] = part_of(of, self.view)
        return self._sides[of.key]


def difference_of_parts(of: Quantity, own: Counted, base: Counted, same: bool) -> tuple[FloatArray, ...]:
    """Paired differences of num, den, and the differences themselves, of every auction; NaN unless `same` auctions."""
    if isinstance(of.how, Mean):
        values, others = own.values(of), base.values(of)
        apart = gap(values, others) if same else np.full(values.shape, np.nan)
        return *_over_markets(own.view, apart), apart
    (num, den), (other, _) = own.sides(of), base.sides(of)
    apart = gap(num, other) if same else np.full(num.shape, np.nan)
    return apart, den, apart


def values_of(of: Quantity, view: View) -> FloatArray:
    """(m, R, T) of a Mean."""
    if not isinstance(of.how, Mean):
        raise TypeError(f"{of.name}: is no Mean over auctions")
    return _sides(view, of.how.values(view))


def _over_markets(view: View, values: FloatArray) -> Sides:
    total = values.sum(axis=0, keepdims=True) if len(values) > 1 else values
    return total, np.broadcast_to(np.float64(view.n_markets), total.shape)


def _sides(view: View, array: ArrayLike) -> FloatArray:
    """(q, R, T) of what a quantity made of the view."""
    found = np.asarray(array)
    if isinstance(view, ArmData):
        found = np.moveaxis(found.reshape(*found.shape[:2], -1), 2, 0)
        if found.shape[1] == 1:  # of all replications, which are copies
            found = np.broadcast_to(found, (len(found), view.world.n_replications, found.shape[2]))
        if found.shape[2] != view.world.n_tasks:  # one observation a replication, at its first task
            found = np.pad(found, ((0, 0), (0, 0), (0, view.world.n_tasks - 1)))
    return found if found.dtype == np.float64 else found.astype(np.float64)


def is_statistic(of: Quantity) -> bool:
    """It is kept as sums by group."""
    return isinstance(of.how, Statistic)
