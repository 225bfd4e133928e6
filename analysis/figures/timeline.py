"""One replication of a market as it went: who worked when, at which ticks tasks were posted and cleared.

A row for each agent with its attempts as bars from award to completion, attempts at the same time below one another. A
full bar passed, a hatched one failed, an empty one was lost or cancelled. Above them, the ticks at which tasks were
posted and cleared, a full mark where somebody was hired. Shown is replication 0 of one arm, the first where none is
asked for, from its first posting to the start of its attempt number WINDOW; the agents are those that try most there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from analysis.arm import ArmData
from analysis.figures.look import Look
from analysis.figures.style import MOST_ROWS, dot, faint, ground, ink, legend_columns, muted, rows, short, thin
from sim.kit.arrays import IntArray
from sim.ledger.ledger import Ledger

WINDOW = 40
MOST = MOST_ROWS - 2  # agents
_BAR, _LANES = 0.78, 6  # height of all bars of a row, and of the row; lanes that are told apart
_KINDS = {"PASS": "passed", "FAIL": "failed", "INFRA": "lost or cancelled", "CANCELLED": "lost or cancelled"}
_ATTEMPT, _POSTED, _CLEARED = "attempt", "posted", "cleared"


def table(arms: Sequence[ArmData], ledger: Callable[[str], Ledger]) -> pd.DataFrame:
    """Of each arm the events of its window: attempts (start, finish, status), postings and clearings (start)."""
    return pd.concat([_events(arm, ledger(arm.name)) for arm in arms], ignore_index=True)


def happens_over_time(ledger: Ledger) -> bool:
    """The attempts that would be shown do not all start at one tick."""
    start = ledger.attempts.loc[ledger.attempts["replication"] == 0, "start"].sort_values().head(WINDOW)
    return bool(len(start) and start.min() < start.max())


def shown_arm(data: pd.DataFrame, look: Look) -> str:
    """The arm drawn: the first of those asked for."""
    names = list(dict.fromkeys(data["arm"]))
    stated = [name for name in names if look.own and look.own.arms and name.partition(" [")[0] in look.own.arms]
    return str(look.ordered(stated or names)[0])


def shown_agents(own: pd.DataFrame) -> list[str]:
    """The agents drawn: of those that try in the window the ones that try most, and these first."""
    count = own.loc[own["event"] == _ATTEMPT, "agent"].value_counts(sort=False)
    return [str(name) for name in count.sort_values(ascending=False, kind="stable").index[:MOST]]


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    own = data[data["arm"] == shown_arm(data, look)]
    agents = look.ordered(shown_agents(own))
    figure = look.figure((len(agents) + 2) * 1.7 * look.line + 0.75)
    axes = figure.subplots()
    _marks(axes, own, dot(0.55) if look.narrow else dot(0.9))
    for place, agent in enumerate(agents, 2):
        _attempts(axes, own[(own["agent"] == agent) & (own["event"] == _ATTEMPT)], place, look.pen(agent).colour)
    rows(axes, [_POSTED, _CLEARED, *(short(look.name(agent), 24) for agent in agents)])
    start, end = own["start"].min(), own["window"].iloc[0]
    axes.set_xlim(start - 0.02 * (end - start) - 0.5, end + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel(look.words("x", "time", "ticks"))
    ended = {_KINDS[status] for status in own.loc[own["agent"].isin(agents), "status"] if status}
    handles = [Patch(label=label, **style) for label, style in _styles(ink()).items() if label in ended]
    labels = [str(handle.get_label()) for handle in handles]
    columns = legend_columns(labels, look.width)
    figure.legend(handles, labels, loc="outside upper left", ncols=columns, handlelength=1.2, columnspacing=1.2)
    return figure


def about(data: pd.DataFrame, look: Look) -> str:
    """What is shown, for the footer."""
    name = shown_arm(data, look)
    own = data[data["arm"] == name]
    attempts, all_of = int((own["event"] == _ATTEMPT).sum()), int(own["attempts"].iloc[0])
    window = f"from its first posting to the start of attempt {WINDOW}" if attempts < all_of else "all of it"
    agents = own.loc[own["event"] == _ATTEMPT, "agent"].nunique()
    cut = f"; the {MOST} of {agents} agents that try most" if agents > MOST else ""
    full = "full triangle: somebody hired; " if (own["hired"] > 0).any() else ""
    marks = f"{full}agents without a row try nothing there"
    most = max(_at_once(own, agent) for agent in shown_agents(own))
    hidden = f"; of up to {most} attempts of an agent at a time {_LANES} are told apart" if most > _LANES else ""
    return f"arm {name!r}, replication 0, {window}: {attempts} of {all_of} attempts{cut}{hidden}; {marks}"


def _at_once(own: pd.DataFrame, agent: str) -> int:
    """The most attempts of an agent at one time."""
    tried = own[(own["agent"] == agent) & (own["event"] == _ATTEMPT)]
    start, finish = (tried[name].to_numpy(np.float64) for name in ("start", "finish"))
    return int(lanes(start, finish).max(initial=-1)) + 1


def _events(arm: ArmData, ledger: Ledger) -> pd.DataFrame:
    attempts, clearings = (rows[rows["replication"] == 0] for rows in (ledger.attempts, ledger.clearings))
    attempts = attempts.sort_values(["start", "task", "posting", "agent"], kind="stable")
    kept = attempts.head(WINDOW)
    window = int(kept["start"].max()) if len(kept) < len(attempts) else _end(attempts, clearings)
    worked = kept[["task", "agent", "start", "finish", "status"]].assign(event=_ATTEMPT)
    posted = clearings[["task"]].assign(event=_POSTED, start=clearings["posted"], finish=clearings["posted"])
    cleared = clearings[["task"]].assign(event=_CLEARED, start=clearings["tick"], finish=clearings["tick"])
    cleared["hired"] = clearings["n_hired"]
    found = pd.concat([part.astype({"task": str}) for part in (worked, posted, cleared)], ignore_index=True)
    found = found[found["start"] <= window]
    agent, status = (found[name].astype(object).where(found[name].notna(), "") for name in ("agent", "status"))
    found = found.assign(agent=agent.astype(str), status=status.astype(str), hired=found["hired"].fillna(0).astype(int))
    head: dict[str, Any] = {"arm": arm.name, "window": window, "attempts": len(attempts)}
    return found.assign(**head)[
        ["arm", "event", "task", "agent", "start", "finish", "status", "hired", "window", "attempts"]
    ]


def _end(attempts: pd.DataFrame, clearings: pd.DataFrame) -> int:
    """The last tick at which anything happens."""
    ends = [frame[name].max() for frame, name in ((attempts, "finish"), (clearings, "tick")) if len(frame)]
    return int(max(ends, default=0))


def _marks(axes: Axes, own: pd.DataFrame, size: float) -> None:
    posted, cleared = (own.loc[own["event"] == event] for event in (_POSTED, _CLEARED))
    axes.plot(posted["start"], np.zeros(len(posted)), "|", color=ink(), ms=dot(1.4), mew=thin())
    for some, face in ((cleared["hired"] > 0, ink()), (cleared["hired"] == 0, ground())):
        at = cleared.loc[some, "start"]
        axes.plot(at, np.ones(len(at)), "^", color=ink(), mfc=face, ms=size, mew=thin(), ls="")
    axes.axhline(1.5, color=faint(), lw=thin())


def _attempts(axes: Axes, own: pd.DataFrame, row: int, colour: str) -> None:
    start, finish = own["start"].to_numpy(np.float64), own["finish"].to_numpy(np.float64)
    lane = lanes(start, finish)
    n_lanes = min(_LANES, int(lane.max(initial=0)) + 1)
    height = _BAR / n_lanes
    styles = _styles(colour)
    for place, (begun, ended, status) in enumerate(zip(start, finish, own["status"], strict=True)):
        y = row - _BAR / 2 + height * (lane[place] % n_lanes)
        axes.barh(y, max(ended - begun, 0.15), left=begun, height=0.9 * height, align="edge", **styles[_KINDS[status]])


def lanes(start: np.ndarray, finish: np.ndarray) -> IntArray:
    """(attempts,): the first lane that is free when each starts, in order of start.

    >>> lanes(np.array([0.0, 1.0, 3.0]), np.array([3.0, 2.0, 4.0])).tolist()
    [0, 1, 0]
    """
    free: list[float] = []
    found = np.zeros(len(start), np.int64)
    for place in np.argsort(start, kind="stable").tolist():
        lane = next((k for k, until in enumerate(free) if until <= start[place]), len(free))
        free[lane : lane + 1] = [max(finish[place], start[place] + 1e-9)]
        found[place] = lane
    return found


def _styles(colour: str) -> dict[str, dict[str, Any]]:
    edge: dict[str, Any] = {"edgecolor": colour, "lw": thin()}
    return {
        "passed": {"facecolor": colour, **edge, "edgecolor": ground()},
        "failed": {"facecolor": ground(), "hatch": "//////", **edge},
        "lost or cancelled": {"facecolor": ground(), **edge, "edgecolor": muted(), "ls": (0, (2, 1))},
    }
