"""A fit beside its table: each moment as observed (dot) against tables drawn from the fit (mean and 95% range).

One panel per moment of the agents, with the agents as rows, and one for the moments of all agents together. The win
rate was not fitted. Definitions in `analysis.fit_moments`.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.look import Look, fold
from analysis.figures.style import dot, ink, legend_columns, muted, rows, short, thin, tone
from analysis.fit_moments import EVERYBODY, PER_AGENT

_ACROSS = {True: 2, False: 4}  # panels side by side, in one column and in two
MOST = 12  # agents drawn; the CSV has every agent
_TITLES = {
    "success": ("success rate", "share of tasks"),
    "mean_claim": ("mean claim", "probability"),
    "brier": ("Brier score", "squared probability"),
    "auc": ("AUC on own tasks", "share of pairs"),
    "mean_cost": ("mean cost", "$"),
    "win_rate": ("win rate (not fitted)", "share of tasks"),
}
_POOLED = {
    "brier": "Brier score",
    "ece": "ECE",
    "outcome_phi": "outcome correlation",
    "claim_correlation": "claim correlation",
    "none_solve": "none solves",
    "all_solve": "all solve",
}


def paint(moments: pd.DataFrame, look: Look) -> Figure:
    """The figure of the table of `analysis.fit_moments.moments`."""
    agents = list(dict.fromkeys(moments.loc[moments["agent"] != EVERYBODY, "agent"]))[:MOST]
    across = _ACROSS[look.narrow]
    down = -(-(len(PER_AGENT) + (1 if look.narrow else 2)) // across)
    figure = look.figure((1.25 * look.line * max(len(agents), len(_POOLED)) + 0.55) * down + 0.2)
    grid = figure.add_gridspec(down, across)
    panels = [figure.add_subplot(grid[divmod(k, across)]) for k in range(len(PER_AGENT))]
    for k, (axes, name) in enumerate(zip(panels, PER_AGENT, strict=True)):
        part = moments[(moments["moment"] == name) & moments["agent"].isin(agents)]
        _panel(axes, part, [short(look.name(agent), 20) if k % across == 0 else "" for agent in agents])
        axes.set_xlabel(fold(look.words(name, *_TITLES[name]), look.width / across - (0.75 if look.narrow else 0.4)))
    row, column = divmod(len(PER_AGENT), across)
    together = figure.add_subplot(grid[row, column:])
    pooled = moments[moments["agent"] == EVERYBODY].set_index("moment").loc[list(_POOLED)]
    _panel(together, pooled, list(_POOLED.values()))
    together.set_title(EVERYBODY, loc="left", fontweight="bold")
    together.set_xlabel(look.words("pooled", "moment", "in its own unit"))
    if column:
        together.tick_params(axis="y", labelleft=False, labelright=True, pad=2)
    outside = (moments["observed"] < moments["low"]) | (moments["observed"] > moments["high"])
    _key(figure, panels[0], bool(outside.any()), look)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, names: list[str]) -> None:
    """One row per line of `part`, in its order; an observed value outside its range is red."""
    observed = part["observed"].to_numpy()
    low, high = part["low"].to_numpy(), part["high"].to_numpy()
    y = range(len(part))
    rows(axes, names)
    axes.hlines(y, low, high, color=tone(0), lw=thin(4.0), alpha=0.28)
    axes.plot(part["simulated"], y, "|", color=tone(0), ms=dot(1.6), mew=thin())
    outside = (observed < low) | (observed > high)
    axes.scatter(observed, y, s=dot(0.9) ** 2, color=[tone(5) if out else ink() for out in outside], lw=0, zorder=3)
    axes.margins(x=0.06)
    axes.locator_params(axis="x", nbins=3)
    axes.spines["left"].set_visible(False)


def _key(figure: Figure, axes: Axes, outside: bool, look: Look) -> None:
    """What the marks mean; red only where there is some."""
    area = dot(0.9) ** 2
    marks = {
        "table": axes.scatter([], [], s=area, color=ink(), lw=0),
        "table, outside the range": axes.scatter([], [], s=area, color=tone(5), lw=0),
        "mean of simulated tables": axes.plot([], [], "|", color=tone(0), ms=dot(1.6), mew=thin())[0],
        "95% range of simulated tables": axes.plot([], [], color=tone(0), lw=thin(4.0), alpha=0.28)[0],
    }
    shown = {word: mark for word, mark in marks.items() if outside or mark is not marks["table, outside the range"]}
    columns = legend_columns([*shown], look.width)
    how = {"labelcolor": muted(), "handlelength": 1.2}
    figure.legend([*shown.values()], [*shown], loc="outside upper left", ncols=columns, **how)
