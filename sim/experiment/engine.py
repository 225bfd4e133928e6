"""Which engine plays a market: the event market of SimPy processes, or the compiled engine wherever it can.

Both give the same ledger, row by row, so the choice is one of speed. "auto" compiles what can be compiled: a market
that the compiled engine refuses, a rule or policy of which a line cannot be traced, and every market where numba is
not installed are played by the processes.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

import numpy as np

from sim.compiled.refusal import refusal
from sim.compiled.trace import UntraceableError
from sim.kit.errors import MarketError, RunError, closest
from sim.market.accounts import recode
from sim.market.rules import Rules, past_card
from sim.market.simulate import Detail, Tables, simulate
from sim.specs.settings import Terms
from sim.world.world import World

Engine = Literal["market", "compiled", "auto"]
ENGINES = ("auto", "market", "compiled")
NO_NUMBA = "numba is not installed, so every market is played by SimPy processes: slower, with the same numbers"
FEW = 1 << 12  # bids of an arm that processes have played before code for it is compiled, or read from disk
UNTRACED: dict[str, str] = {}  # rule -> the line that kept it from being compiled, in this process


def check_engine(wanted: str) -> None:
    """Raise RunError where no engine has that name."""
    if wanted not in ENGINES:
        raise RunError(f"--engine {wanted}: unknown{closest(wanted, ENGINES)}; allowed: {', '.join(ENGINES)}")


def refused(terms: Terms) -> str | None:
    """Why the compiled engine cannot play a market of these terms, None where it can, as far as they say."""
    if find_spec("numba") is None:
        return NO_NUMBA
    advisor = terms.standing.advice.advisor
    return refusal(terms.market, past_card(terms), terms.market.round, terms.bidders.process, advisor)


def slower() -> list[str]:
    """What kept this process from compiling a market, a line for each rule."""
    if find_spec("numba") is None:
        return [NO_NUMBA]
    return [
        f"{rule} is not compiled, so it runs slower, with the same numbers: {line}" for rule, line in UNTRACED.items()
    ]


def choose(wanted: str, settings: Terms) -> Engine:
    """The engine that plays an arm with these settings; raises RunError where the one wanted cannot.

    "auto" is the compiled engine where the arm's rule, policies and learners can be traced.
    """
    check_engine(wanted)
    reason = refused(settings)
    if wanted == "compiled" and reason is not None:
        raise RunError(f"--engine compiled: cannot play this market: {reason}")
    return "market" if wanted == "market" or reason is not None else "compiled" if wanted == "compiled" else "auto"


def for_run(engine: Engine, world: World) -> Engine:
    """The engine of an arm that a run plays once: of few bids it is the processes, where nobody says otherwise."""
    bids = world.n_replications * world.n_tasks * world.n_agents
    return "market" if engine == "auto" and bids < FEW else engine


def play(
    engine: Engine,
    world: World,
    rules: Rules,
    *,
    detail: Detail = "all",
    progress: Callable[[int], None] | None = None,
) -> Tables:
    """The columns of each ledger table, as `sim.market.simulate.simulate` says.

    Raises MarketError where the compiled engine is wanted and a line cannot be traced.
    """
    if engine != "market":
        from sim.compiled.lanes import play_compiled  # numba is slow to load, and may not be there

        try:
            return play_compiled(world, rules, detail=detail, progress=progress)
        except UntraceableError as error:
            if engine == "compiled":
                raise MarketError(f"--engine compiled: {rules.mechanism.name} cannot be compiled: {error}") from None
            UNTRACED.setdefault(rules.mechanism.name, str(error))
    return simulate(world, rules, detail=detail, progress=progress)


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
