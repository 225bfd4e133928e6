"""Tasks solved of 50 under each rule: where 95 % of simulated runs lie, and the one count that was published."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.style import BLUE, RED, WIDE, new_figure, rows, styled, whisker
from analysis.paper.beside import Beside

ROW = 0.27  # inches that a rule takes


def counted(numbers: Sequence[Beside]) -> pd.DataFrame:
    """The rules of which counts of solved tasks are simulated: mean, ends of the range, the published count."""
    chosen = [one for one in numbers if one.quantity == "solved" and one.ours == one.ours and not _of_attempts(one)]
    return pd.DataFrame(
        {
            "rule": [one.of for one in chosen],
            "solved": [one.ours for one in chosen],
            "solved_low": [one.low for one in chosen],
            "solved_high": [one.high for one in chosen],
            "published": [np.nan if one.published is None else one.published.value for one in chosen],
        }
    )


def _of_attempts(one: Beside) -> bool:
    return one.of.startswith(("first attempt", "rescue"))


@styled
def draw(numbers: Sequence[Beside]) -> tuple[Figure, pd.DataFrame]:
    """The figure with its data."""
    data = counted(numbers)
    figure = new_figure(WIDE, 0.75 + ROW * len(data))
    axes, at = figure.add_subplot(), np.arange(len(data))
    whisker(axes, data, "solved", at, color=BLUE, label="simulated: mean, and where 95% of runs lie")
    axes.plot(data["published"], at, "D", ms=4.0, mfc="none", mec=RED, label="published, one run")
    rows(axes, list(data["rule"]))
    axes.set_xlabel("tasks solved of 50")
    figure.legend(loc="outside upper center", ncols=2)
    return figure, data
