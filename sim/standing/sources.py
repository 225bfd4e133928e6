"""Where each field of `Standing` comes from, as a scenario states it.

reputation      none (always 1), or a rule that learns from verified outcomes; its start may differ by agent
expected_cost   {fixed = dollars}; {record = ...} (the agent's mean actual cost on other tasks:
                sim/standing/records.py); actual (what the next try will cost: an oracle's); {running_mean = {...}}
                (learned as attempts end)
advice          outcome (whether the next try succeeds: an oracle's); ability; {record = ...} (the agent's smoothed
                success rate on other tasks: sim/standing/records.py); {planner = {...}} (pilot attempts before the
                market opens: sim/standing/pilots.py); an advisor, which learns as attempts end
                (sim/standing/advisors); or {router = {respondent = name}}, of live markets: a model asked once a
                posting (sim/live_market/live_source.py)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim.kit.arrays import IntArray
from sim.kit.distribution import MOST, is_number
from sim.kit.errors import ONES_OWN, ScenarioError, closest
from sim.kit.invalid import number, written
from sim.kit.names import EVERYBODY
from sim.kit.parameters import choose, names_one, split
from sim.standing.advisors import ADVISORS, Advisor
from sim.standing.pilots import Planner
from sim.standing.records import Record, check_not_gone, is_record, parse_record
from sim.standing.reputation import COST_LEARNERS, REPUTATIONS, Learner, LiveReputation, OwnStarts


class ExpectedCost(NamedTuple):
    """kind: "unknown", "fixed", "record", "actual" or "learned"."""

    kind: str
    dollars: float = math.nan
    learner: Learner | None = None
    record: Record | None = None


ORACLES = ("outcome", "ability")


@dataclass(frozen=True, kw_only=True)
class Router:
    """A model of a live market, asked once a posting how likely each agent is to succeed. respondent: its name."""

    respondent: str


class Advice(NamedTuple):
    """kind: "unknown", one of ORACLES, "record", "planner", "router" or "learned"."""

    kind: str
    planner: Planner | None = None
    advisor: Advisor | None = None
    record: Record | None = None
    router: Router | None = None

    @property
    def explores(self) -> bool:
        """It needs a uniform draw of its own at every posting."""
        return self.advisor is not None and self.advisor.explores


def parse_advice(raw: Any) -> Advice:
    """The source of advice asked for; raises ValueError saying what is allowed."""
    if raw is None:
        return Advice("unknown")
    check_not_gone(raw)
    if is_record(raw):
        return Advice("record", record=parse_record(raw))
    name, parameters = split(raw)
    if name in ORACLES:
        if parameters:
            raise ValueError(f"{name} has no parameters; got {written(raw)}")
        return Advice(name)
    allowed = (*ORACLES, "{record = ...}", "planner", "router", *ADVISORS)
    if name not in allowed:
        raise ValueError(f"unknown name {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}{ONES_OWN}")
    found = choose(raw, {"planner": Planner, "router": Router, **ADVISORS})
    if isinstance(found, Router):
        return Advice("router", router=found)
    return Advice("planner", planner=found) if isinstance(found, Planner) else Advice("learned", advisor=found)


class Reputation(NamedTuple):
    """A reputation rule as stated. learner: of everybody, None for none; with own starts: the rule with one of them.

    own: the rule with each start of its own, by agent's name, "*" for all others; None: all start alike.
    """

    learner: Learner | None
    own: dict[str, Learner] | None = None


def parse_reputation(raw: Any) -> Reputation:
    """The reputation rule asked for; raises ValueError saying what is allowed."""
    starts = _own_starts(raw)
    if starts is None:
        return Reputation(_reputation(raw))
    if not starts:
        raise ValueError('start: must be a number, or name an agent or "*"; got an empty table')
    found = {name: _started(raw, name, start) for name, start in starts.items()}
    return Reputation(next(iter(found.values())), found)


def reputation_of(
    stated: Reputation, agents: Sequence[str], *, alone: bool = False, body: Sequence[int] | None = None
) -> Learner | None:
    """The reputation rule of a market of these agents.

    body: place of the agent that each is a name of; a name that has no start of its own has that agent's.

    Raises ScenarioError where an agent has no start, or a name is nobody's, unless each is alone.
    """
    starts = stated.own
    if starts is None:
        return stated.learner
    for name in starts:
        if name != EVERYBODY and name not in agents and not alone:
            allowed = ", ".join(agents)
            raise ScenarioError(
                f"standing.reputation: start: no agent {name!r}{closest(name, agents)}; allowed: {allowed}"
            )
    of = agents if body is None else [agents[place] for place in body]
    named = [name if name in starts else first for name, first in zip(agents, of, strict=True)]
    for name in named:
        if name not in starts and EVERYBODY not in starts:
            raise ScenarioError(f'standing.reputation: start: {name!r} has none; name it, or state "*" for all others')
    return OwnStarts(tuple(starts[name] if name in starts else starts[EVERYBODY] for name in named))


def _own_starts(raw: Any) -> dict[str, Any] | None:
    """Starts by agent's name, None where all start alike."""
    if not isinstance(raw, dict) or len(raw) != 1:
        return None
    (parameters,) = raw.values()
    start = parameters.get("start") if isinstance(parameters, dict) else None
    return start if isinstance(start, dict) else None


def _started(raw: Any, agent: str, start: Any) -> Learner:
    """The rule with this agent's start."""
    ((name, parameters),) = raw.items()
    try:
        found = _reputation({name: {**parameters, "start": start}})
    except ValueError as error:
        raise ValueError(f"{error} (start of {agent})") from None
    if found is None:
        raise ValueError(f"{name} has no start")
    return found


def _reputation(raw: Any) -> Learner | None:
    if raw == "none":
        return None
    name, _ = split(raw)
    if name not in REPUTATIONS:
        allowed = ("none", *REPUTATIONS)
        raise ValueError(f"unknown name {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}{ONES_OWN}")
    rule: Learner = choose(raw, REPUTATIONS)
    if isinstance(rule, LiveReputation) and not rule.low <= rule.start <= rule.high <= MOST:
        got = f"{rule.low:g}, {rule.start:g}, {rule.high:g}"
        raise ValueError(f"{name}: must have low <= start <= high <= {number(MOST)}; got {got}")
    return rule


def parse_expected_cost(raw: Any) -> ExpectedCost:
    """The source of expected cost asked for; raises ValueError saying what is allowed."""
    if raw is None:
        return ExpectedCost("unknown")
    check_not_gone(raw)
    if raw == "actual":
        return ExpectedCost("actual")
    if is_record(raw):
        return ExpectedCost("record", record=parse_record(raw))
    match raw:
        case {"fixed": dollars} if len(raw) == 1 and is_number(dollars):
            return ExpectedCost("fixed", float(dollars))
        case {"running_mean": {**parameters}} if not all(is_number(value) for value in parameters.values()):
            pass
        case str() | {} if names_one(raw, COST_LEARNERS):
            return ExpectedCost("learned", learner=choose(raw, COST_LEARNERS))
    others = "".join(f", or {name}" for name in COST_LEARNERS.added())
    raise ValueError(
        f'must be "actual", {{fixed = dollars from 0 to {number(MOST)}}}, {{record = "redrawn", tasks = number}}, '
        f'{{record = "split"}} or {{running_mean = {{prior = dollars, weight = attempts}}}}{others}; got {written(raw)}'
    )


def family_codes(family: Sequence[str], *, by_family: bool) -> tuple[IntArray, int]:
    """Number (T,) of each task's family in order of first appearance, and how many there are; one if not by_family."""
    if not by_family:
        return np.zeros(len(family), np.int64), 1
    known = {name: place for place, name in enumerate(dict.fromkeys(family))}
    return np.array([known[name] for name in family], np.int64), max(1, len(known))
