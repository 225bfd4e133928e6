"""Who gets which tasks: for each group of tasks, the share of them at which each agent was hired.

Groups are the families of the tasks where there are several; else tasks by how many of the agents would solve them at
their first try, so that the matrix says whether hard tasks go to others than easy ones. A panel for each of the first
MOST arms, or of those asked for, the baseline among them. An agent that was hired twice at a task counts once; rows may
add up to more than 1 where several agents try, and to less where nobody was hired.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.few_agents import both_ends
from analysis.figures.look import Look, fold
from analysis.figures.style import MOST_ROWS, ground, ink, short, small, tone
from sim.kit.arrays import IntArray

MOST = {False: 4, True: 2}  # panels, in two columns and in one
MOST_AGENTS = 12
_NUMBERS = 7  # agents up to which the shares are written into the cells
_DARK = 0.6  # share above which they are written in the colour of the ground


def table(arms: Sequence[ArmData]) -> pd.DataFrame:
    """One row per (arm, group, agent): tasks of the group, over replications, and the share at which it was hired."""
    return pd.concat([_shares(arm) for arm in arms], ignore_index=True)


def shown_arms(data: pd.DataFrame, look: Look, baseline: str = "") -> list[str]:
    """The arms drawn: the first, and of more than there is room for the baseline in the place of the last."""
    names = list(dict.fromkeys(data["arm"]))
    stated = [name for name in names if look.own and look.own.arms and name.partition(" [")[0] in look.own.arms]
    ordered, most = look.ordered(stated or names), MOST[look.narrow]
    return [*ordered[: most - 1], baseline] if baseline in ordered[most:] else ordered[:most]


def shown_agents(data: pd.DataFrame) -> list[str]:
    """The agents drawn: of many, those hired most and least over all arms."""
    hired = (data["share"] * data["tasks"]).groupby(data["agent"], sort=False).sum()
    return [hired.index[place] for place in sorted(both_ends(hired.to_numpy(), MOST_AGENTS))]


def shown_groups(data: pd.DataFrame) -> list[str]:
    """The groups drawn: of many, the largest and the smallest."""
    size = data.drop_duplicates(["arm", "group"]).groupby("group", sort=False)["tasks"].max()
    return [size.index[place] for place in sorted(both_ends(size.to_numpy(), MOST_ROWS))]


def paint(data: pd.DataFrame, look: Look, baseline: str = "") -> Figure:
    """The figure of that table."""
    arms, agents, groups = shown_arms(data, look, baseline), look.ordered(shown_agents(data)), shown_groups(data)
    columns = 1 if look.narrow else min(2, len(arms))
    n_rows = -(-len(arms) // columns)
    tall = max(map(len, agents)) if len(agents) > 1 else 6
    room = 0.2 + 0.07 * min(tall, 18)
    figure = look.figure(n_rows * (len(groups) * 1.5 * look.line + 0.35) + room + 0.5)
    grid = figure.subplots(n_rows, columns, squeeze=False, sharex=True, sharey=True)
    shades = LinearSegmentedColormap.from_list("share", [ground(), tone(0)])
    drawn = None
    for place, axes in enumerate(grid.flat):
        if place >= len(arms):
            axes.set_axis_off()
            continue
        own = data[data["arm"] == arms[place]].pivot(index="group", columns="agent", values="share")
        cells = own.reindex(index=groups, columns=agents).to_numpy()
        drawn = axes.pcolormesh(np.nan_to_num(cells), cmap=shades, vmin=0.0, vmax=1.0, edgecolors=ground(), lw=0.5)
        _numbers(axes, cells, len(agents))
        axes.set_title(fold(look.name(arms[place]), 0.8 * look.width / columns), loc="left")
        axes.set_xticks(np.arange(len(agents)) + 0.5, [short(look.name(name), 18) for name in agents], rotation=90)
        axes.set_yticks(np.arange(len(groups)) + 0.5, [_head(data, group, look) for group in groups])
        axes.set_ylim(len(groups), 0)
        axes.tick_params(length=0)
        if place + columns >= len(arms):
            axes.tick_params(labelbottom=True)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=grid, shrink=0.7, pad=0.02, aspect=25)
        bar.set_label(look.words("share", "hired", "share of tasks"))
        bar.outline.set_visible(False)
    return figure


def about(data: pd.DataFrame, look: Look, baseline: str = "") -> str:
    """What is shown, for the footer."""
    n_arms, n_agents, n_groups = (data[key].nunique() for key in ("arm", "agent", "group"))
    cuts = []
    if n_arms > len(shown := shown_arms(data, look, baseline)):
        cuts.append(f"{len(shown)} of {n_arms} arms{', the baseline among them' if baseline in shown else ''}")
    if n_agents > MOST_AGENTS:
        cuts.append(f"the {MOST_AGENTS} of {n_agents} agents that are hired most and least")
    if n_groups > MOST_ROWS:
        cuts.append(f"the {MOST_ROWS} of {n_groups} groups that are largest and smallest")
    rest = f"{'; '.join(cuts)}; all of them in allocation.csv\n" if cuts else ""
    what = "families of tasks" if data["by"].iloc[0] == "family" else "tasks by how many agents would solve them"
    return f"{rest}{what}, in brackets their number over all replications"


def _head(data: pd.DataFrame, group: str, look: Look) -> str:
    count = int(data.loc[data["group"] == group, "tasks"].iloc[0])
    return f"{short(look.name(group), 20)} ({count:,})"


def _numbers(axes: Axes, cells: np.ndarray, n_agents: int) -> None:
    if n_agents > _NUMBERS:
        return
    for (row, column), share in np.ndenumerate(cells):
        if not np.isnan(share):
            text = f"{share:.2f}"
            colour = ground() if share > _DARK else ink()
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center_baseline", fontsize=small(), color=colour)


def groups_of(arm: ArmData) -> tuple[IntArray, list[str], str]:
    """(R, T) number of the group of each task, their names, and what they are by."""
    world = arm.world
    names = list(dict.fromkeys(world.family))
    shape = world.n_replications, world.n_tasks
    if len(names) > 1:
        of = np.array([names.index(name) for name in world.family])
        return np.broadcast_to(of, shape), [name or "none" for name in names], "family"
    able = (world.success[..., 0] & world.present).sum(axis=2)
    n = world.n_agents
    return np.asarray(able), [f"solved by {k} of {n}" for k in range(n + 1)], "solvers"


def _shares(arm: ArmData) -> pd.DataFrame:
    group, names, by = groups_of(arm)
    rows = []
    for place, name in enumerate(names):
        inside = group == place
        if not inside.any():
            continue
        shares = arm.hired[inside].mean(axis=0)
        own = {"arm": arm.name, "by": by, "group": name, "tasks": int(inside.sum())}
        rows += [
            {**own, "agent": agent, "share": float(share)} for agent, share in zip(arm.agents, shares, strict=True)
        ]
    return pd.DataFrame(rows)
