"""How reputations move: a panel for each agent, over the ticks of the market.

Bold, replication 0; thin, the mean over replications; shaded, where the middle 80 % of them lie. A reputation is what
the arm's rule makes of the verified outcomes in the ledger, one after the other, as the allocator learns them. Of many
agents those at both ends of the reputation at the end. One arm is shown, the first that keeps reputations where none is
asked for; all of them are in the CSV.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.arm import ArmData
from analysis.few_agents import both_ends
from analysis.figures.look import Look
from analysis.figures.style import MOST_ROWS, faint, legend_columns, muted, short, thin
from analysis.figures.timeline import shown_arm
from sim.kit.arrays import FloatArray, IntArray, Status
from sim.ledger.ledger import Ledger
from sim.standing.reputation import Learner, Outcome

POINTS = 60  # ticks at which reputations are read
_BAND = (0.1, 0.9)
_COLUMNS = {False: 4, True: 2}
_NONE = int(Status.NONE)


def table(arms: Sequence[ArmData], ledger: Callable[[str], Ledger]) -> pd.DataFrame:
    """One row per (arm, agent, tick): the reputation of replication 0, its mean over replications, and low and high."""
    return pd.concat([_paths(arm, ledger(arm.name)) for arm in arms], ignore_index=True)


def shown_agents(own: pd.DataFrame) -> list[str]:
    """The agents drawn."""
    end = own.groupby("agent", sort=False)["mean"].last()
    return [end.index[place] for place in sorted(both_ends(end.to_numpy(), MOST_ROWS))]


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    own = data[data["arm"] == shown_arm(data, look)]
    agents = look.ordered(shown_agents(own))
    columns = min(_COLUMNS[look.narrow], len(agents))
    n_rows = -(-len(agents) // columns)
    figure = look.figure(1.25 * n_rows + 0.6)
    grid = figure.subplots(n_rows, columns, sharex=True, sharey=True, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(agents):
            axes.set_axis_off()
            continue
        _panel(axes, own[own["agent"] == agents[place]], look)
        if place + columns >= len(agents):
            axes.set_xlabel(look.words("x", "time", "ticks"))
            axes.tick_params(labelbottom=True)
    figure.supylabel(look.words("reputation", "reputation", own["unit"].iloc[0]))
    handles = [
        Line2D([], [], color=muted(), lw=thin(1.6)),
        Line2D([], [], color=muted(), lw=thin(0.7)),
        Patch(fc=faint()),
    ]
    labels = ["replication 0", "mean of replications", "middle 80 % of them"][
        : 3 if own["replications"].iloc[0] > 1 else 1
    ]
    figure.legend(handles[: len(labels)], labels, loc="outside upper left", ncols=legend_columns(labels, look.width))
    return figure


def about(data: pd.DataFrame, look: Look) -> str:
    """What is shown, for the footer."""
    name = shown_arm(data, look)
    own = data[data["arm"] == name]
    agents = own["agent"].nunique()
    few = f"; of {agents} agents those at both ends of the mean at the end" if agents > MOST_ROWS else ""
    return f"arm {name!r}{few}"


def _panel(axes: Axes, own: pd.DataFrame, look: Look) -> None:
    agent = str(own["agent"].iloc[0])
    pen = look.pen(agent)
    if own["replications"].iloc[0] > 1:
        axes.fill_between(own["tick"], own["low"], own["high"], step="post", color=pen.colour, alpha=0.2, lw=0)
        axes.plot(own["tick"], own["mean"], color=pen.colour, lw=thin(0.7), drawstyle="steps-post")
    axes.plot(own["tick"], own["reputation"], color=pen.colour, lw=thin(1.6), drawstyle="steps-post")
    axes.set_title(short(look.name(agent), 22), loc="left")
    axes.grid(axis="y")
    axes.locator_params(nbins=4)


def _paths(arm: ArmData, ledger: Ledger) -> pd.DataFrame:
    rule = arm.rules.reputation if arm.rules is not None else None
    if rule is None:
        raise ValueError(f"arm {arm.name!r}: keeps no reputations")
    rows = ledger.attempts[ledger.attempts["status"] != "CANCELLED"]
    last = int(rows["finish"].max()) if len(rows) else 1
    ticks = np.unique(np.linspace(0, last, POINTS).round().astype(np.int64))
    paths = np.stack([_read(rule, rows, arm, r, ticks) for r in range(arm.world.n_replications)])
    low, high = np.quantile(paths, _BAND, axis=0)
    parts = []
    for place, agent in enumerate(arm.agents):
        own = {"reputation": paths[0, :, place], "mean": paths[:, :, place].mean(axis=0)}
        parts.append(pd.DataFrame({"agent": agent, "tick": ticks, **own, "low": low[:, place], "high": high[:, place]}))
    bounded = paths.min() >= 0 and paths.max() <= 1
    made = pd.concat(parts, ignore_index=True)
    return made.assign(arm=arm.name, replications=len(paths), unit="in [0, 1]" if bounded else "by the arm's rule")


def _read(rule: Learner, rows: pd.DataFrame, arm: ArmData, replication: int, ticks: IntArray) -> FloatArray:
    """(ticks, n) reputations at each tick, all that had ended by then learned."""
    own = rows[rows["replication"] == replication].sort_values(["finish", "task", "posting", "agent"], kind="stable")
    n = len(arm.agents)
    state, found, at = rule.init(n), np.empty((len(ticks), n)), 0
    finish, agent = own["finish"].to_numpy(), own["agent"].cat.codes.to_numpy()
    status, cost = [int(Status[name]) for name in own["status"].astype(str)], own["cost"].to_numpy()
    for place, tick in enumerate(ticks):
        while at < len(own) and finish[at] <= tick:
            seen, paid = np.full(n, _NONE, np.int8), np.zeros(n)
            seen[agent[at]], paid[agent[at]] = status[at], cost[at]
            state, at = rule.step(state, Outcome(seen, paid)), at + 1
        found[place] = rule.read(state)
    return found
