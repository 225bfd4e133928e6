"""A fit beside its table: each moment as observed (dot) against tables drawn from the fit (mean and 95% range).

One panel per moment of the agents, with the agents as rows, and one for the moments of all agents together. The win
rate was not fitted. Definitions in `analysis.fit_moments`.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import BLUE, GREY, INK, LIGHT, RED, WIDE, new_figure, rows, styled
from analysis.fit_moments import EVERYBODY, PER_AGENT

_COLUMNS = 4
_AREA = 11  # square points of a dot
MOST = 20  # agents drawn; the CSV has every agent
_TITLES = {
    "success": "success rate",
    "mean_claim": "mean claim",
    "brier": "Brier score",
    "auc": "AUC on own tasks",
    "mean_cost": "mean cost, dollars",
    "win_rate": "win rate (not fitted)",
}
_POOLED = {
    "brier": "Brier score",
    "ece": "ECE",
    "outcome_phi": "outcome correlation",
    "claim_correlation": "claim correlation",
    "none_solve": "none solves",
    "all_solve": "all solve",
}


@styled
def draw(moments: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """The figure, and the table of `analysis.fit_moments.moments` that it shows."""
    agents = list(dict.fromkeys(moments.loc[moments["agent"] != EVERYBODY, "agent"]))[:MOST]
    height = 0.5 + 0.17 * max(len(agents), len(_POOLED))
    figure = new_figure(WIDE, 2 * height + 0.45)
    grid = figure.add_gridspec(2, _COLUMNS)
    panels = [figure.add_subplot(grid[divmod(k, _COLUMNS)]) for k in range(len(PER_AGENT))]
    for k, (axes, name) in enumerate(zip(panels, PER_AGENT, strict=True)):
        part = moments[(moments["moment"] == name) & moments["agent"].isin(agents)]
        _panel(axes, part, agents if k % _COLUMNS == 0 else [""] * len(agents))
        axes.set_title(_TITLES[name], loc="left")
    together = figure.add_subplot(grid[1, len(PER_AGENT) - _COLUMNS :])
    pooled = moments[moments["agent"] == EVERYBODY].set_index("moment").loc[list(_POOLED)]
    _panel(together, pooled, list(_POOLED.values()))
    together.set_title(EVERYBODY, loc="left", fontweight="bold")
    together.tick_params(axis="y", labelleft=False, labelright=True, pad=2)
    outside = (moments["observed"] < moments["low"]) | (moments["observed"] > moments["high"])
    _key(figure, panels[0], bool(outside.any()))
    return figure, moments


def _panel(axes: Axes, part: pd.DataFrame, names: list[str]) -> None:
    """One row per line of `part`, in its order; an observed value outside its range is red."""
    observed = part["observed"].to_numpy()
    low, high = part["low"].to_numpy(), part["high"].to_numpy()
    y = range(len(part))
    rows(axes, names)
    axes.hlines(y, low, high, color=BLUE, lw=4.5, alpha=0.28)
    axes.plot(part["simulated"], y, "|", color=BLUE, ms=6, mew=1.0)
    outside = (observed < low) | (observed > high)
    axes.scatter(observed, y, s=_AREA, color=[RED if out else INK for out in outside], lw=0, zorder=3)
    axes.margins(x=0.06)
    axes.spines["left"].set_color(LIGHT)


def _key(figure: Figure, axes: Axes, outside: bool) -> None:
    """What the marks mean; red only where there is some."""
    marks = {
        "table": axes.scatter([], [], s=_AREA, color=INK, lw=0),
        "table, outside the range": axes.scatter([], [], s=_AREA, color=RED, lw=0),
        "mean of simulated tables": axes.plot([], [], "|", color=BLUE, ms=6, mew=1.0)[0],
        "95% range of simulated tables": axes.plot([], [], color=BLUE, lw=4.5, alpha=0.28)[0],
    }
    shown = {word: mark for word, mark in marks.items() if outside or mark is not marks["table, outside the range"]}
    figure.legend([*shown.values()], [*shown], loc="outside upper left", ncols=4, labelcolor=GREY, handlelength=1.2)
