"""Shares of attempts as stacked bars, a bar for each arm, agents in their own colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.look import Look, fold
from analysis.figures.style import MOST_AGENTS, faint, short
from sim.kit.arrays import FloatArray


def shares(axes: Axes, agents: Sequence[str], shown: pd.DataFrame, at: FloatArray, look: Look, inches: float) -> None:
    """Past MOST_AGENTS the agents hired least are one grey part. at: heights of bars. inches: room for the label."""
    share = shown[[f"share {name}" for name in agents]].to_numpy(np.float64)
    largest = np.sort(np.argsort(-np.nansum(share, axis=0), kind="stable")[:MOST_AGENTS])
    parts = [(look.name(agents[i]), share[:, i], look.pen(agents[i]).colour) for i in largest]
    if len(agents) > MOST_AGENTS:
        parts.append(("others", np.delete(share, largest, axis=1).sum(axis=1), faint()))
    start = np.zeros(len(shown))
    for name, width, shade in parts:
        axes.barh(at, np.nan_to_num(width), left=start, height=0.85, color=shade, label=short(name, 20))
        start = start + np.nan_to_num(width)
    axes.set_xlim(0, 1)
    axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
    axes.set_xlabel(fold(look.words("share", "attempts", "share by agent"), inches))
