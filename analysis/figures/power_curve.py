"""Power against tasks, and dollars along the top: two arms told apart by who solves which task.

Lines are the mid-p form of McNemar's test after the last task, the e-value that may be looked at after each, and the
test of two rates where each arm has tasks of its own. Dots are where each reaches the power asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.anytime_power import Stops
from analysis.figures.look import Look
from analysis.figures.style import dot, reference, tone
from analysis.paired_outcomes import PairedOutcomes
from analysis.sample_size import mid_p_power, mid_p_tasks, unpaired_power, unpaired_rates

MID_P, LOOKED, UNPAIRED = "paired, McNemar mid-p", "paired, e-value after every task", "not paired, other tasks each"
ONCE, EACH = "dollars, shared outcomes paid once", "dollars of both arms"
_PENS = {MID_P: (0, "-"), LOOKED: (1, "--"), UNPAIRED: (5, ":")}  # place in the palette, dash
_POINTS = 120
_ROOM = 1.35  # of the tasks of the paired test or the e-value, whichever needs more


class _Line(NamedTuple):
    test: str
    power: Callable[[int], float]
    reached: float


def curve(pair: PairedOutcomes, power: float = 0.8, alpha: float = 0.05) -> pd.DataFrame:
    """What is drawn. pair: b and c differ.

    Columns: test, tasks, power there, asked (the power), reached (tasks at which it is; inf: never), dollars of so many
    tasks (NaN where unknown) and what these are, dollars_are.
    """
    lines = _lines(pair, power, alpha)
    most = int(_ROOM * max(line.reached for line in lines[:2] if math.isfinite(line.reached)))
    tasks = np.unique(np.linspace(2, most, min(_POINTS, most - 1)).round().astype(int))
    shared = pair.shared > 0
    money = {
        "dollars": tasks * (pair.dollars - (pair.shared if shared else 0.0)),
        "dollars_are": ONCE if shared else EACH,
    }
    parts = []
    for line in lines:
        chance = [line.power(int(n)) for n in tasks]
        own = {"test": line.test, "tasks": tasks, "power": chance, "asked": power, "reached": line.reached}
        parts.append(pd.DataFrame(own | money))
    return pd.concat(parts, ignore_index=True)


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure. data: of `curve`."""
    figure = look.figure(2.3 + 4 * look.line)
    axes, most = figure.subplots(), int(data["tasks"].max())
    for test, own in data.groupby("test", sort=False):
        place, style = _PENS[str(test)]
        colour = tone(place)
        reached = float(own["reached"].iloc[0])
        label = f"{test}: {reached:,.0f}" if math.isfinite(reached) else str(test)
        axes.plot(own["tasks"], own["power"], style, color=colour, label=label)
        if reached <= most:
            axes.plot(reached, np.interp(reached, own["tasks"], own["power"]), "o", ms=dot(), color=colour)
    _frame(axes, float(data["asked"].iloc[0]), most, look)
    if data["dollars"].gt(0).any():
        _dollars(axes, float(data["dollars"].iloc[0] / data["tasks"].iloc[0]), str(data["dollars_are"].iloc[0]))
    figure.legend(loc="outside upper left", ncols=1, handlelength=1.8, labelspacing=0.3)
    return figure


def _lines(pair: PairedOutcomes, power: float, alpha: float) -> list[_Line]:
    """Those that are known; the first two always are."""
    stops, (p, q) = Stops.of(pair.b, pair.c, alpha), pair.rates
    tasks = mid_p_tasks(pair.b, pair.c, power, alpha)
    lines = [
        _Line(MID_P, lambda n: mid_p_power(n, pair.b, pair.c, alpha), tasks),
        _Line(LOOKED, stops.by, stops.least(power)),
    ]
    if not math.isnan(p):
        own = float(np.ceil(unpaired_rates(p, q, power, alpha)))
        lines.append(_Line(UNPAIRED, lambda n: float(unpaired_power(n, p, q, alpha)), own))
    return lines


def _frame(axes: Axes, asked: float, most: int, look: Look) -> None:
    reference(axes, y=asked)
    axes.set_xlim(0, most)
    axes.set_ylim(0, 1)
    axes.set_yticks(np.arange(0.0, 1.01, 0.2))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel(look.words("tasks", "tasks", "number an arm"))
    axes.set_ylabel(look.words("power", "power", "probability"))
    axes.grid()


def _dollars(axes: Axes, each: float, what: str) -> None:
    """An axis along the top. each: dollars of a task."""
    top = axes.secondary_xaxis("top", functions=(partial(np.multiply, each), partial(np.multiply, 1 / each)))
    top.set_xlabel(what)
    top.xaxis.set_major_locator(MaxNLocator(5))
    top.xaxis.set_major_formatter("{x:,.6g}")
    top.spines["top"].set_visible(True)
