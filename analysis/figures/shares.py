"""Shares of attempts as stacked bars, a bar for each arm, agents in their own colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.look import Look, fold
from analysis.figures.style import MOST_AGENTS, faint, short
from sim.kit.arrays import FloatArray

Part = tuple[str, FloatArray, str]  # name, share of each arm, colour


def shares(axes: Axes, agents: Sequence[str], shown: pd.DataFrame, at: FloatArray, look: Look, inches: float) -> None:
    """Past MOST_AGENTS the agents hired least are one grey part. at: heights of bars. inches: room for the label."""
    start = np.zeros(len(shown))
    for name, width, shade in _parts(agents, shown, look):
        axes.barh(at, width, left=start, height=0.85, color=shade, label=name)
        start = start + width
    axes.set_xlim(0, 1)
    axes.set_xticks([0.0, 0.5, 1.0], ["0", ".5" if look.narrow else "0.5", "1"])
    axes.set_xlabel(fold(look.words("share", "attempts", "share by agent"), inches))


def names_of(agents: Sequence[str], shown: pd.DataFrame, look: Look) -> list[str]:
    """What has a colour: the agents that try anything in an arm that is drawn."""
    return [name for name, _, _ in _parts(agents, shown, look)]


def _parts(agents: Sequence[str], shown: pd.DataFrame, look: Look) -> list[Part]:
    share = np.nan_to_num(shown[[f"share {name}" for name in agents]].to_numpy(np.float64))
    largest = np.sort(np.argsort(-share.sum(axis=0), kind="stable")[:MOST_AGENTS])
    parts = [(short(look.name(agents[i]), 20), share[:, i], look.pen(agents[i]).colour) for i in largest.tolist()]
    if len(agents) > MOST_AGENTS:
        parts.append(("others", np.delete(share, largest, axis=1).sum(axis=1), faint()))
    return [part for part in parts if part[1].any()]
