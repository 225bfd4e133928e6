"""Which engine plays a market: the event market, or the batch engine wherever it can.

Both give the same ledger, row by row, so the choice is one of speed. "auto" takes the batch engine unless it refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from sim.kit.errors import RunError, closest
from sim.market.accounts import recode
from sim.market.rules import Rules, past_card
from sim.market.simulate import Detail, Tables, simulate
from sim.replay import refusal, replay
from sim.specs.settings import Terms
from sim.world.world import World

Engine = Literal["market", "replay"]
ENGINES = ("auto", "market", "replay")


def check_engine(wanted: str) -> None:
    """Raise RunError where no engine has that name."""
    if wanted not in ENGINES:
        raise RunError(f"--engine {wanted}: unknown{closest(wanted, ENGINES)}; allowed: {', '.join(ENGINES)}")


def choose(wanted: str, settings: Terms) -> Engine:
    """The engine that plays an arm with these settings; raises RunError where the one wanted cannot."""
    check_engine(wanted)
    reason = refusal(settings.market, past_card(settings), settings.market.round, settings.bidders.process)
    if wanted == "replay" and reason is not None:
        raise RunError(f"--engine replay: cannot play this market: {reason}")
    return "market" if wanted == "market" or reason is not None else "replay"


def play(
    engine: Engine,
    world: World,
    rules: Rules,
    *,
    detail: Detail = "all",
    progress: Callable[[int], None] | None = None,
) -> Tables:
    """The columns of each ledger table, as `sim.market.simulate.simulate` says."""
    return (replay if engine == "replay" else simulate)(world, rules, detail=detail, progress=progress)


def play_alone(
    engine: Engine,
    world: World,
    rules_of: Callable[[World], Rules],
    *,
    progress: Callable[[int], None] | None = None,
) -> Tables:
    """As `play`, with each agent in a market of its own; the clearings' `alone` names it."""
    parts = []
    for agent in range(world.n_agents):
        alone = world.only(agent)
        tables = play(engine, alone, rules_of(alone), progress=progress)
        tables["attempts"]["agent"] = tables["attempts"]["agent"] + agent
        tables["bids"]["agent"] = tables["bids"]["agent"] + agent
        for name in ("clearings", "accounts"):
            tables[name]["alone"] = np.full(len(tables[name]["task"]), agent)
        for name in ("from", "to"):
            tables["accounts"][name] = recode(tables["accounts"][name], [agent], world.n_agents)
        parts.append(tables)
    joined: Tables = {}
    for name in parts[0]:
        columns = {column: np.concatenate([part[name][column] for part in parts]) for column in parts[0][name]}
        order = np.argsort(columns["replication"], kind="stable")
        joined[name] = {column: values[order] for column, values in columns.items()}
    return joined
