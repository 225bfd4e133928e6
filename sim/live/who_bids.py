"""Who of the respondents bids: all but those that are asked for something else, where a scenario does not list them.

A router (standing.advice) plans who does what, and a judge (a task's verifier) says how it was done; neither is an
agent of the market, unless world.agents names it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sim.live.judge import Judge
from sim.live.respondents import Respondents
from sim.live.task_file import LiveTask


def judges_of(tasks: Sequence[LiveTask]) -> list[Judge]:
    """The judges that tasks name, each once."""
    checks = [task.verify.verifier for task in tasks if task.verify is not None]
    return list(dict.fromkeys(one for one in checks if isinstance(one, Judge)))


def bidders(respondents: Respondents, tasks: Sequence[LiveTask], routers: Collection[str] = ()) -> tuple[str, ...]:
    """Names of those that bid, in the order of the file."""
    aside = {*routers, *(judge.respondent for judge in judges_of(tasks))}
    return tuple(name for name in respondents.names if name not in aside)
