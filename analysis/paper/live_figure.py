"""Tasks solved of 50 under each rule: where 95 % of simulated runs lie, and the one count that was published."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.figure_registry import Drawable
from analysis.figures.style import Look, dot, legend_columns, rows, tone, whisker
from analysis.paper.beside import Beside

_SIMULATED, _STATED = "simulated: mean, and where 95% of runs lie", "published, one run"


def live_figure(numbers: Sequence[Beside], stamp: str) -> Drawable:
    """How it is drawn. stamp: seed, scenario and version, for the footer."""
    data = counted(numbers)

    def words(_: pd.DataFrame, __: Look) -> str:
        return f"n = 50 tasks a run; {stamp}"

    return Drawable(lambda: data, paint, words)


def counted(numbers: Sequence[Beside]) -> pd.DataFrame:
    """The rules of which counts of solved tasks are simulated: mean, ends of the range, the published count."""
    chosen = [one for one in numbers if one.quantity == "solved" and not math.isnan(one.ours) and not _of_attempts(one)]
    return pd.DataFrame(
        {
            "rule": [one.of for one in chosen],
            "solved": [one.ours for one in chosen],
            "solved_low": [one.low for one in chosen],
            "solved_high": [one.high for one in chosen],
            "published": [np.nan if one.published is None else one.published.value for one in chosen],
        }
    )


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    figure = look.figure((1.25 * len(data) + 6.0) * look.line)
    axes, at = figure.add_subplot(), np.arange(len(data))
    whisker(axes, data, "solved", at, color=tone(0), label=_SIMULATED)
    axes.plot(data["published"], at, "D", ms=dot(1.2), mfc="none", mec=tone(5), label=_STATED)
    rows(axes, list(data["rule"]))
    axes.set_xlabel(look.words("solved", "solved", "tasks of 50"))
    columns = legend_columns([_SIMULATED, _STATED], look.width)
    figure.legend(loc="outside upper left", ncols=columns)
    return figure


def _of_attempts(one: Beside) -> bool:
    return one.of.startswith(("first attempt", "rescue"))
