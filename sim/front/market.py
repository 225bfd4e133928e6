"""`bidlab.Market`: one rule in one World, without a scenario.

Settings are those of a scenario by their keys, e.g. penalty, window, capacity, policy, reputation. What a World decides
(value, reserve, arrivals, records, ...) is given where the World is drawn.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.agent import Agent
from sim.experiment.engine import choose, play, play_alone
from sim.front.arguments import arguments
from sim.front.html import notebook
from sim.front.keys import checked, sections
from sim.front.worlds import World
from sim.kit.errors import RunError, ScenarioError, closest
from sim.kit.names import EVERYBODY
from sim.ledger.ledger import Ledger, arrow_table, categories
from sim.market.rules import Rules
from sim.mechanisms import Mechanism
from sim.scenario.scenario import label_of
from sim.specs.settings import Settings, Terms
from sim.specs.world_settings import WorldSettings
from sim.world.luck import most_tries

if TYPE_CHECKING:
    import pandas as pd

    from analysis.arm import ArmData

_DRAWN = {
    "world": tuple(name for name in WorldSettings.model_fields if name != "bid_cost"),
    "tender": ("value", "reserve"),
    "bidders": ("card",),
}
_COLUMNS = ("agent", "task", "claim", "success", "cost", "cost_belief")
_OF_TABLE = {"table": "World", "columns": {name: name for name in _COLUMNS}}  # placeholders: it is drawn already
_OF_PROFILE = {"profile": "World", "tasks": 1, "parameters": "point"}


class Market:
    """A market of the World's agents under `rule`.

    agents: those with a process of their own, by name ("*": all others), each an `Agent`, a class of agents or a
    function that makes one; every replication has an agent of its own. Without one an agent bids by its policy. engine:
    "auto", "market" or "compiled"; same numbers. Raises ScenarioError where a setting is wrong, or needs what the World
    does not hold, RunError where the engine cannot play such agents.

    >>> from sim.mechanisms.price import SecondPrice
    >>> played = Market(World.recorded("marketbench", seed=1), SecondPrice()).run()
    >>> len(played.clearings), len(played.bids)
    (93, 558)
    """

    @arguments("Market")
    def __init__(
        self,
        world: World,
        rule: Mechanism,
        *,
        agents: Mapping[str, Any] | None = None,
        engine: str = "auto",
        **settings: Any,
    ) -> None:
        self.agents = _factories(agents or {}, world.agents)
        found = sections(settings, "Market", _DRAWN)
        valued = {"value": 1.0} if not np.isnan(world.value).any() else {}  # says only that the World holds values
        found["tender"] = {"penalty": 0.0, **valued, "reserve": 1.0} | found["tender"]
        self.world, self.rule = world, rule
        held = {**(_OF_TABLE if world.from_table else _OF_PROFILE), "arrivals": {"every": 1}}
        self.settings = checked({**found, "world": found["world"] | held}, "Market")
        _check_held(world, self.settings)
        if self.agents and engine == "compiled":
            raise RunError("engine = compiled: cannot play agents with processes of their own")
        self.engine = "market" if self.agents else choose(engine, self.settings.terms)

    def run(self) -> Played:
        """Play every replication of the World."""
        if self.settings.market.alone:
            tables = play_alone(self.engine, self.world, self.rules)
        else:
            tables = play(self.engine, self.world, self.rules(self.world))
        names = categories([self.rule.name], self.world.agents, self.world.tasks, self.world.principals)
        for columns in tables.values():
            columns["arm"] = np.zeros(len(columns["task"]), np.int64)
        ledger = Ledger.of([{name: arrow_table(name, columns, names) for name, columns in tables.items()}])
        return Played(self, ledger)

    def rules(self, world: World) -> Rules:
        """The rules in `world`: the market's own, or that of one agent alone."""
        rules = Rules.of(self.rule, self.terms, world)
        own = {place: self.agents[name] for place, name in enumerate(world.agents) if name in self.agents}
        return replace(rules, processes={**(rules.processes or {}), **own}) if own else rules

    def in_world(self, world: World) -> ArmData:
        """What the same market makes of another World, of the same agents and tasks."""
        other = copy.copy(self)
        other.world = world
        return other.run().arm

    @property
    def terms(self) -> Terms:
        """What the market runs by."""
        return self.settings.terms


class Played:
    """What happened in a market; tables as DataFrames, with the columns of a run's."""

    def __init__(self, market: Market, ledger: Ledger) -> None:
        self.market, self.ledger = market, ledger

    @property
    def attempts(self) -> pd.DataFrame:
        """One row per attempt."""
        return self.ledger.attempts

    @property
    def bids(self) -> pd.DataFrame:
        """One row per bid, whatever became of it."""
        return self.ledger.bids

    @property
    def clearings(self) -> pd.DataFrame:
        """One row per clearing."""
        return self.ledger.clearings

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row: what the market did per auction, with 95% intervals."""
        from analysis.tables import summary_table

        return summary_table([self.arm])

    @cached_property
    def agents(self) -> pd.DataFrame:
        """One row per agent."""
        from analysis.tables import agents_table

        return agents_table([self.arm])

    @cached_property
    def arm(self) -> ArmData:
        """What every table and figure of it is computed from."""
        from analysis.built import arm_data

        market, rule = self.market, self.market.rule
        rules = market.rules(market.world)
        held = market.terms, market.world, self.ledger, rules
        return arm_data(rule.name, label_of(rule), rule, *held, in_world=market.in_world)

    def __repr__(self) -> str:
        """The summary in short."""
        return str(self._short.to_string(index=False))

    def _repr_html_(self) -> str:
        """The summary in short, as a notebook shows it."""
        return notebook(self._short)

    @property
    def _short(self) -> pd.DataFrame:
        names = [name for name in ("solve_rate", "cost", "payment", "welfare") if self.summary[name].notna().any()]
        return self.summary[["mechanism", *names]]


def _factories(agents: Mapping[str, Any], names: Sequence[str]) -> dict[str, Callable[[], Agent]]:
    """What makes the agent of each name that has a process; raises ScenarioError where there is no such agent."""
    for name, given in agents.items():
        if name not in names and name != EVERYBODY:
            raise ScenarioError(f"agents: no agent {name!r}{closest(name, names)}; the World has {', '.join(names)}")
        if not callable(given) and not isinstance(given, Agent):
            raise ScenarioError(f"agents: {name}: must be an Agent, a class of agents or a function that makes one")
    stated = {name: agents.get(name, agents.get(EVERYBODY)) for name in names}
    return {name: _factory(given) for name, given in stated.items() if given is not None}


def _factory(given: Any) -> Callable[[], Agent]:
    return partial(copy.deepcopy, given) if isinstance(given, Agent) else given


def _check_held(world: World, settings: Settings) -> None:
    """Raise ScenarioError where the settings need what was not drawn into the World."""
    postings, tries = settings.tender.postings, most_tries(settings.tender, bool(world.infra.any()))
    records = settings.records
    lacks = {
        f"postings = {postings}": postings > world.lottery.shape[2],
        f"exclude = {settings.tender.exclude!r}": tries > world.n_tries and not world.repeats,
        "on_retry": settings.bidders.on_retry is not None and world.retry_belief is None,
        "advice": "standing.advice" in records and not world.has("record_advice"),
        "expected_cost": "standing.expected_cost" in records and not world.has("record_cost"),
        "an advice that explores": settings.explores and not world.has("exploration"),
        "a policy that draws its bids": settings.bidders.chooses and not world.has("choice"),
    }
    for what in (name for name, missing in lacks.items() if missing):
        raise ScenarioError(f"Market: {what}: the World was drawn without it; give it where the World is drawn too")
