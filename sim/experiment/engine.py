"""Which engine plays a market: the event market of SimPy processes, or the compiled engine wherever it can.

Both give the same ledger, row by row, so the choice is one of speed. "auto" compiles what can be compiled: a market
that the compiled engine refuses, a rule or policy of which a line cannot be traced, and every market where numba is
not installed are played by the processes.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from sim.agents.bidding import POLICIES
from sim.agents.everybody import Bidders
from sim.compiled.refusal import refusal
from sim.compiled.trace import UntraceableError
from sim.kit.errors import MarketError, RunError, closest
from sim.kit.kinds import Registry
from sim.market.accounts import recode
from sim.market.rules import Rules
from sim.market.simulate import Detail, Tables, simulate
from sim.specs.reserve_price import RESERVES
from sim.specs.settings import Terms
from sim.standing.advisors import ADVISORS
from sim.standing.reputation import COST_LEARNERS, REPUTATIONS
from sim.world.world import World

Engine = Literal["market", "compiled", "auto"]
ENGINES = ("auto", "market", "compiled")
NO_NUMBA = "numba is not installed, so every market is played by SimPy processes: slower, with the same numbers"
FEW = 1 << 12  # bids of an arm that processes have played before code for it is compiled, or read from disk
UNTRACED: dict[str, str] = {}  # part -> the line that kept its market from being compiled, until a command reports it


def check_engine(wanted: str) -> None:
    """Raise RunError where no engine has that name."""
    if wanted not in ENGINES:
        raise RunError(f"--engine {wanted}: unknown{closest(wanted, ENGINES)}; allowed: {', '.join(ENGINES)}")


def refused(terms: Terms) -> str | None:
    """Why the compiled engine cannot play a market of these terms, None where it can, as far as they say."""
    if find_spec("numba") is None:
        return NO_NUMBA
    return refusal(terms)


def slower() -> list[str]:
    """What has kept this process from compiling markets since it was last asked, a line for each part."""
    if find_spec("numba") is None:
        return [NO_NUMBA]
    lines = [
        f"{part} is not compiled, so it runs slower, with the same numbers: {line}" for part, line in UNTRACED.items()
    ]
    UNTRACED.clear()
    return lines


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
            stopped = _untraced(rules, error.part)
            if engine == "compiled":
                raise MarketError(f"--engine compiled: {stopped} cannot be compiled: {error}") from None
            UNTRACED.setdefault(stopped, str(error))
    return simulate(world, rules, detail=detail, progress=progress)


def _untraced(rules: Rules, part: str) -> str:
    """What a part of a market that cannot be traced is: those of the user's that are in it, or the rule."""
    bidder, learners = rules.bidder, (rules.reputation, rules.expected_cost.learner)
    own = [bidder.everybody, *bidder.own.values()] if isinstance(bidder, Bidders) else []
    inside: dict[str, list[tuple[Registry[Any, Any], Any]]] = {
        "bid": [(POLICIES, policy) for policy in own],
        "read": [*zip((REPUTATIONS, COST_LEARNERS), learners, strict=True), (ADVISORS, rules.advisor)],
        "unfilled": [(RESERVES, rules.escalation)],
    }
    inside |= {"learn": inside["read"], "failed": inside["unfilled"]}
    users = [f"{of.kind} {of.name_of(one)}" for of, one in inside.get(part, []) if of.name_of(one) in of.added()]
    return ", ".join(dict.fromkeys(users)) or rules.mechanism.name


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
