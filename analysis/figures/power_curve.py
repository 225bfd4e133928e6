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
from analysis.figures.style import BLUE, DOT, GREY, HAIR, INK, LIGHT, NARROW, ORANGE, RED, new_figure, styled
from analysis.paired_outcomes import PairedOutcomes
from analysis.sample_size import connor, mid_p_power, unpaired_power, unpaired_rates

_POINTS = 120
_ROOM = 1.35  # of the tasks of the paired test or the e-value, whichever needs more


class _Line(NamedTuple):
    name: str
    colour: str
    style: str
    power: Callable[[int], float]
    reached: float


@styled
def draw(pair: PairedOutcomes, power: float = 0.8, alpha: float = 0.05) -> tuple[Figure, pd.DataFrame]:
    """The figure, one column wide, and its data: test, tasks, power. pair: b and c differ."""
    lines = _lines(pair, power, alpha)
    most = int(_ROOM * max(line.reached for line in lines[:2] if math.isfinite(line.reached)))
    tasks = np.unique(np.linspace(2, most, min(_POINTS, most - 1)).round().astype(int))
    figure = new_figure(NARROW, 2.9)
    axes = figure.subplots()
    parts = []
    for line in lines:
        chance = [line.power(int(n)) for n in tasks]
        axes.plot(tasks, chance, line.style, color=line.colour, label=line.name)
        if line.reached <= most:
            axes.plot(line.reached, line.power(int(line.reached)), "o", ms=DOT, color=line.colour)
        parts.append(pd.DataFrame({"test": line.name, "tasks": tasks, "power": chance}))
    _frame(axes, pair, power, most)
    figure.legend(loc="outside upper left", ncols=1, handlelength=1.8, labelspacing=0.3)
    return figure, pd.concat(parts, ignore_index=True)


def _lines(pair: PairedOutcomes, power: float, alpha: float) -> list[_Line]:
    """Those that are known; the first two always are."""
    stops, (p, q) = Stops.of(pair.b, pair.c, alpha), pair.rates
    paired, looked = math.ceil(float(connor(pair.b, pair.c, power, alpha))), stops.least(power)
    lines = [
        _Line(_at("paired, McNemar mid-p", paired), BLUE, "-", lambda n: mid_p_power(n, pair.b, pair.c, alpha), paired),
        _Line(_at("paired, e-value after every task", looked), ORANGE, "--", stops.by, looked),
    ]
    if not math.isnan(p):
        own = float(np.ceil(unpaired_rates(p, q, power, alpha)))
        chance = lambda n: float(unpaired_power(n, p, q, alpha))  # noqa: E731 -- of this line alone
        lines.append(_Line(_at("not paired, tasks of its own for each arm", own), RED, ":", chance, own))
    return lines


def _at(name: str, tasks: float) -> str:
    return f"{name}: {tasks:,.0f}" if math.isfinite(tasks) else name


def _frame(axes: Axes, pair: PairedOutcomes, power: float, most: int) -> None:
    axes.axhline(power, color=GREY, lw=HAIR, zorder=1)
    axes.set_xlim(0, most)
    axes.set_ylim(0, 1)
    axes.set_yticks(np.arange(0.0, 1.01, 0.2))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("tasks an arm")
    axes.set_ylabel("power")
    axes.grid(color=LIGHT, lw=HAIR)
    axes.set_axisbelow(True)
    each = pair.dollars - (0.0 if math.isnan(pair.shared) else pair.shared)
    if each > 0:
        top = axes.secondary_xaxis("top", functions=(partial(np.multiply, each), partial(np.multiply, 1 / each)))
        top.set_xlabel("dollars, shared outcomes paid once" if pair.shared > 0 else "dollars of both arms")
        top.xaxis.set_major_locator(MaxNLocator(5))
        top.xaxis.set_major_formatter("{x:,.6g}")
        top.spines["top"].set_visible(True)
        top.tick_params(colors=INK)
