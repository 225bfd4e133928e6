"""Bankrolls and budgets as a scenario writes them.

    bankroll   dollars of every agent, or {agent = dollars, "*" = dollars}, in which every agent must have its own or
               fall under "*"
    budget     dollars

An amount without limit is written inf.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.kit.distribution import MOST, is_number
from sim.kit.errors import ScenarioError, closest
from sim.kit.invalid import number, written
from sim.kit.names import EVERYBODY


def parse_amount(raw: Any) -> float:
    """Dollars from 0 on, or inf; raises ValueError saying what is allowed.

    >>> parse_amount(2), parse_amount(math.inf)
    (2.0, inf)
    """
    if is_number(raw) or raw == math.inf:
        return float(raw)
    raise ValueError(f"must be dollars from 0 to {number(MOST)}, or inf; got {written(raw)}")


def parse_bankroll(raw: Any) -> dict[str, float]:
    """Dollars by agent's name, "*" for all others; raises ValueError saying what is allowed.

    >>> parse_bankroll(1.5)
    {'*': 1.5}
    """
    if not isinstance(raw, dict):
        return {EVERYBODY: parse_amount(raw)}
    if not raw:
        raise ValueError('must name an agent or "*"; got an empty table')
    found = {}
    for name, dollars in raw.items():
        try:
            found[name] = parse_amount(dollars)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return found


def bankrolls(
    stated: Mapping[str, float] | None,
    agents: Sequence[str],
    *,
    alone: bool = False,
    body: Sequence[int] | None = None,
) -> tuple[float, ...] | None:
    """Dollars of each agent, None where no account is kept. stated: as `parse_bankroll` gives it.

    body: place of the agent that each is a name of. Names that have nothing of their own stated, and the agent they are
    of, have equal shares of what that agent has. Every name has an account of its own.

    Raises ScenarioError where an agent has none, or a name is nobody's, unless each is alone.
    """
    if stated is None:
        return None
    for name in stated:
        if name != EVERYBODY and name not in agents and not alone:
            allowed = ", ".join(agents)
            raise ScenarioError(f"bidders.bankroll: no agent {name!r}{closest(name, agents)}; allowed: {allowed}")
    for name in agents:
        if name not in stated and EVERYBODY not in stated:
            raise ScenarioError(f'bidders.bankroll: {name!r} has none; name it, or state "*" for all others')
    whole = [stated.get(name, stated.get(EVERYBODY, math.inf)) for name in agents]
    if body is None:
        return tuple(whole)
    names = enumerate(zip(agents, body, strict=True))
    purse = [own if name in stated else place for own, (name, place) in names]
    return tuple(whole[place] / purse.count(place) for place in purse)
