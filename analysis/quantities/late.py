"""Quantities of agents late in the market: where those that learn have come to.

Late is the last quarter of a replication's tasks, by the order in which they arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from analysis.quantities.declared import Part, Quantity, Ratio
from analysis.quantities.view import View
from sim.kit.arrays import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from analysis.arm import ArmData


def last_quarter(arrival: IntArray) -> BoolArray:
    """(R, T): the task is among the last quarter to arrive, of those at one tick the later in the order of tasks.

    >>> last_quarter(np.array([[3, 0, 1, 2], [0, 0, 0, 0]])).tolist()
    [[True, False, False, False], [False, False, False, True]]
    """
    place = arrival.argsort(axis=1, kind="stable").argsort(axis=1)
    return np.asarray(4 * place >= 3 * arrival.shape[1])


def _late(view: View, array: FloatArray) -> tuple[ArmData, FloatArray, BoolArray]:
    arm = cast("ArmData", view)
    made = np.isfinite(arm.ask) & last_quarter(arm.world.arrival)[..., None]
    return arm, np.where(made, array, 0.0), made


def _claim(view: View) -> Part:
    _, claim, made = _late(view, cast("ArmData", view).claim)
    return claim, made


def _mark_up(view: View) -> Part:
    arm = cast("ArmData", view)
    _, above, made = _late(view, arm.ask - arm.honest)
    return above, np.where(made, arm.honest, 0.0)


def _hired(view: View) -> Part:
    arm = cast("ArmData", view)
    late = last_quarter(arm.world.arrival)[..., None]
    return arm.hired & late, arm.present & late


def _of_agent(name: str, meaning: str, how: Ratio, within: tuple[float, float] = (-np.inf, np.inf)) -> Quantity:
    needs = frozenset({"bids"})
    return Quantity(name, "agent", "", meaning, how, needs=needs, swept=False, table=None, within=within)


LATE = (
    _of_agent(
        "late_claim",
        "claims, mean over bids at first postings of the last quarter of tasks to arrive",
        Ratio(_claim),
        within=(0.0, 1.0),
    ),
    _of_agent(
        "late_mark_up",
        "dollars asked above the truthful ask, of bids at first postings of the last quarter of tasks to arrive / "
        "truthful asks of these",
        Ratio(_mark_up),
    ),
    _of_agent(
        "late_hired_rate",
        "opportunities with at least one attempt / opportunities, of the last quarter of tasks to arrive",
        Ratio(_hired, rate=True),
    ),
)
