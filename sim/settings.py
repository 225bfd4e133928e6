"""The sections of a scenario and what each key may hold.

Every key has one line here; `bidlab list settings` prints them. Unknown keys are refused. A value that a model cannot
express as a type (a reserve, arrivals, a distribution) is checked by its own parser and kept as it was written.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from sim.bankroll import parse_amount, parse_bankroll
from sim.bidding import parse_policy
from sim.distribution import MOST, MOST_TICKS, parse_arrivals, parse_distribution, parse_reserve, parse_ticks
from sim.errors import closest
from sim.invalid import written
from sim.knobs import Knobs, Shock
from sim.principals import PrincipalSettings
from sim.retry import parse_on_retry
from sim.section import Section, parsed_by
from sim.sources import parse_expected_cost, parse_reputation
from sim.table import OPTIONAL, REQUIRED

Money = Annotated[float, Field(ge=0, le=MOST)]
Rate = Annotated[float, Field(ge=0, le=1)]
Ticks = Annotated[int, Field(ge=0, le=MOST_TICKS)]
Public = Literal["value", "reserve", "penalty"]
Factor = Annotated[float, Field(ge=1, le=1e6)]

# Keys that go with a table, and with a profile; True where they must be stated.
_OF_TABLE = {"columns": True, "beyond_tries": False}
_OF_PROFILE = {"tasks": True, "parameters": True, "sigma_u": False, "sigma_d": False, "shocks": False}
_PUBLIC: tuple[Public, ...] = ("value", "penalty")


def _capacity(raw: Any) -> Any:
    if raw == math.inf or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1):
        return raw
    raise ValueError(f"must be a whole number >= 1, or inf; got {written(raw)}")


def _columns(raw: dict[str, str]) -> dict[str, str]:
    allowed = (*REQUIRED, *OPTIONAL)
    for name in raw:
        if name not in allowed:
            raise ValueError(f"unknown key {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}")
    for name in REQUIRED:
        if name not in raw:
            raise ValueError(f"{name!r} must be mapped to a column of the table")
    if raw["agent"] == raw["task"]:
        raise ValueError(f"agent and task must be two columns; got {raw['agent']!r} for both")
    costs = {"cost_belief", "tokens", "usd_per_token"} & set(raw)
    if costs not in ({"cost_belief"}, {"tokens", "usd_per_token"}):
        raise ValueError("map either 'cost_belief', or both 'tokens' and 'usd_per_token'")
    return raw


class Verifier(Section):
    """Error rates of the verifier, each drawn per (replication, task, agent, try)."""

    false_pass: Rate = Field(0.0, description="share of failures the verifier passes")
    false_fail: Rate = Field(0.0, description="share of successes the verifier fails")


class WorldSettings(Section):
    """What luck decides."""

    table: str | None = Field(
        None, description="recorded table, relative to the scenario: .csv, .parquet or .jsonl; this or profile"
    )
    columns: Annotated[dict[str, str], AfterValidator(_columns)] | None = Field(
        None, description="our column names mapped to the table's; must be stated with a table"
    )
    profile: str | None = Field(
        None, description="population to draw tasks and agents from: a bundled profile's name, or a .toml file"
    )
    tasks: Annotated[int, Field(ge=1, le=10**12)] | None = Field(
        None, description="tasks of a replication; must be stated with a profile"
    )
    parameters: Literal["point", "bootstrap"] | None = Field(
        None,
        description='"point": the profile\'s own; "bootstrap": one of its draws for each replication; must be stated '
        "with a profile",
    )
    sigma_u: Annotated[float, Field(ge=0, le=20)] | None = Field(
        None,
        description="sd of the private fit, at which a table fits the profile as well; a list makes a panel of each",
    )
    sigma_d: Annotated[float, Field(ge=0, le=20)] | None = Field(
        None,
        description="sd of the tasks' difficulty, with sigma_u: both then stand instead of the profile's, and skills "
        "stay, so that the share of private fit in ability can be swept",
    )
    agents: list[str] | dict[str, Knobs] | None = Field(
        None,
        description='agents to keep, or a table of knobs for each agent of a profile that is changed; "*": for all',
    )
    shocks: list[Shock] | None = Field(None, description="changes in the middle of a run; of a profile's agents only")
    rerun: Annotated[int, Field(ge=0, le=10**6)] = Field(
        0,
        description="number of the rerun: same tasks, agents, beliefs and lotteries; outcomes and costs drawn anew",
    )
    nonresponse: Rate = Field(
        0.0, description="share of (task, agent) at which no bid comes; an agent's own goes first"
    )
    beyond_tries: Literal["refuse", "repeat"] | None = Field(
        None, description='a try beyond the recorded trials: "refuse" (where absent), or "repeat" the last'
    )
    order: Literal["table", "shuffled"] = Field("table", description="order in which tasks arrive")
    arrivals: Annotated[Any, parsed_by(parse_arrivals)] | None = Field(
        None,
        description='"together" (where absent), {every = ticks} or {poisson = tasks per tick}; must be stated where '
        "standing is learned",
    )
    latency: Annotated[Any, parsed_by(parse_ticks)] = Field(
        0, description="ticks from posting to bid, a number or a distribution; an agent's own goes first"
    )
    duration: Annotated[Any, parsed_by(parse_ticks)] | None = Field(
        None,
        description="ticks an attempt takes, a number or a distribution; absent: the table's own where it has them, "
        "else 1; an agent's own goes first",
    )
    infra: Rate = Field(0.0, description="share of attempts lost to the system")
    verifier: Verifier = Field(default_factory=lambda: Verifier(), description="the verifier's error rates")
    bid_cost: Money = Field(0.0, description="dollars each submitted bid costs the agent, won or lost")

    @model_validator(mode="after")
    def _one_origin(self) -> WorldSettings:
        if (self.table is None) == (self.profile is None):
            raise ValueError("must hold either table (a recorded one) or profile (a population to draw from)")
        own, other = (_OF_TABLE, _OF_PROFILE) if self.table is not None else (_OF_PROFILE, _OF_TABLE)
        kind = "a table" if self.table is not None else "a profile"
        for key, required in own.items():
            if required and getattr(self, key) is None:
                raise ValueError(f"world.{key} is missing; it must be stated with {kind}")
        for key in other:
            if getattr(self, key) is not None:
                raise ValueError(f"world.{key} has no meaning with {kind}")
        if self.agents is not None and not self.agents:
            raise ValueError("world.agents must not be empty: name at least one agent")
        if self.sigma_d is not None and self.sigma_u is None:
            raise ValueError("world.sigma_d must be stated with world.sigma_u: both replace the profile's")
        if self.table is not None and isinstance(self.agents, dict):
            raise ValueError("world.agents: knobs belong to a profile; with a table, list the agents to keep")
        return self


class EscalationSettings(Section):
    """How the reserve rises when a task is posted again (sim/escalation.py)."""

    unfilled_factor: Factor = Field(1.15, description="factor after a posting nobody cleared")
    failed_factor: Factor = Field(1.10, description="factor after every `every`-th failure")
    every: Annotated[int, Field(ge=1)] = Field(2, description="failures of a task between two raises")
    cap: Factor = Field(2.0, description="limit, as a multiple of the first reserve")
    credits_per_dollar: Annotated[float, Field(ge=1e-6, le=MOST)] | None = Field(
        None, description="raise in whole credits, as the live engine does"
    )


class TenderSettings(Section):
    """What a posting offers."""

    value: Annotated[Any, parsed_by(parse_distribution)] | None = Field(
        None, description="dollars a success is worth; absent: none is stated, surplus and welfare are NaN"
    )
    reserve: Annotated[Any, parsed_by(parse_reserve)] = Field(
        description='the cap or bounty: dollars, a distribution, "value" or {share_of_value = x}'
    )
    penalty: Money = Field(description="dollars a failed agent pays under price and score rules")
    budget: Annotated[Any, parsed_by(parse_amount)] | None = Field(
        None,
        description="dollars a principal may spend in a replication: a posting whose reserve it does not cover at the "
        "clearing is withdrawn (sim/wealth.py); absent: no limit",
    )
    principals: list[PrincipalSettings] | None = Field(
        None, description="several principals, [[tender.principals]] each (sim/principals.py); absent: one, unnamed"
    )
    public: list[Public] = Field(
        default_factory=lambda: list(_PUBLIC), description="what bidders see; the rest is sealed"
    )
    postings: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="times a task may be offered")
    exclude: Literal["none", "failed", "hired"] | None = Field(
        None,
        description='who may not bid again on a task: "none", "failed" (those that verified FAIL) or "hired"; must be '
        "stated where postings > 1",
    )
    escalation: EscalationSettings | None = Field(None, description="how the reserve rises; absent: it does not")
    deadline: Annotated[int, Field(ge=1, le=MOST_TICKS)] | None = Field(
        None, description="ticks after arrival at which a task closes"
    )
    timeout: Literal["FAIL", "INFRA"] | None = Field(
        None, description="status of an attempt the deadline ends; must be stated with a deadline"
    )

    @model_validator(mode="after")
    def _stated(self) -> TenderSettings:
        if self.postings > 1 and self.exclude is None:
            raise ValueError('exclude must be stated where postings > 1: "none", "failed" or "hired"')
        if self.deadline is not None and self.timeout is None:
            raise ValueError('timeout must be stated with a deadline: "FAIL" or "INFRA"')
        if self.principals == []:
            raise ValueError("principals must not be empty: name at least one")
        named = [one.name for one in self.principals or []]
        for name in named:
            if named.count(name) > 1:
                raise ValueError(f"principals: two are named {written(name)}")
        if "penalty" not in self.public:
            raise ValueError('public must hold "penalty": bidders are bound by it')
        return self


class MarketSettings(Section):
    """How auctions run."""

    alone: bool = Field(False, description="each agent faces every task in a market of its own")
    window: Ticks = Field(0, description="ticks from posting to clearing; a later bid does not count")
    capacity: Annotated[Any, AfterValidator(_capacity)] = Field(
        math.inf, description="attempts one agent can run at a time"
    )
    repost_delay: Ticks = Field(0, description="ticks from a posting's end to the next posting")
    overhead: Money = Field(0.0, description="dollars one clearing costs the allocator")


class Card(Section):
    """A self-history card: an agent is told its own record and leans on it (sim/card.py)."""

    record: Literal["others", "past"] = Field(
        description='"others": its first tries at all other tasks of the replication; "past": its own attempts in the '
        "running market that had ended when the posting went out"
    )
    weight: Rate = Field(description="0 ignores the record of successes, 1 moves the mean claim to it")
    cost_weight: Rate = Field(description="0 ignores the record of costs, 1 moves the mean cost belief to it")
    history: Annotated[int, Field(ge=1)] | None = Field(
        None, description="tasks, or past attempts, on the card: the first so many; all where absent"
    )


class FallbackBid(Section):
    """The bid put in for an agent from which none comes."""

    ask: Money = Field(description="dollars asked")
    claim: Rate = Field(description="success probability claimed")


class BidderSettings(Section):
    """How agents bid."""

    policy: Annotated[Any, parsed_by(parse_policy)] = Field(
        "truthful",
        description='"truthful", {mark_up = {rate}}, {shaded = {n_bidders}}, {overclaim = {logits}}, '
        "{fixed_claim = {claim}} or {clipped_claim = {low, high}}",
    )
    agents: dict[str, Annotated[Any, parsed_by(parse_policy)]] = Field(
        default_factory=dict, description="policies of agents that have one of their own"
    )
    bankroll: Annotated[Any, parsed_by(parse_bankroll)] | None = Field(
        None,
        description='dollars each agent starts with, or {agent = dollars, "*" = dollars}; an agent whose wealth runs '
        "out leaves, and nobody is hired under a bond it cannot post (sim/wealth.py); inf: without limit; absent: no "
        "account is kept",
    )
    fallback: FallbackBid | None = Field(
        None, description="the bid put in where non-response leaves none; absent: the agent abstains"
    )
    card: Card | None = Field(None, description="a self-history card; absent: none")
    on_retry: Annotated[Any, parsed_by(parse_on_retry)] | None = Field(
        None,
        description='what an agent that failed a task claims on it again: "same", or "update" (what its own failures '
        "leave of its claim), or {update = {spread = logits}} (required with a table), the sd of what its claim leaves "
        'unknown; must be stated where postings > 1 and exclude = "none"',
    )


class StandingSettings(Section):
    """What the allocator knows."""

    reputation: Annotated[Any, parsed_by(parse_reputation)] = Field(
        "none", description='"none", "agent_economy" or {agent_economy = {start, up, down, low, high}}'
    )
    expected_cost: Annotated[Any, parsed_by(parse_expected_cost)] = Field(
        None,
        description='"leave_one_task_out", "actual", {fixed = dollars} or {running_mean = {prior, weight}}',
    )
    advice: Literal["outcome", "ability", "leave_one_task_out"] | None = Field(
        None, description="a planner's estimate of each ability"
    )


class Settings(Section):
    """Everything about an arm but its name and mechanism."""

    world: WorldSettings
    tender: TenderSettings
    market: MarketSettings = Field(default_factory=lambda: MarketSettings())
    bidders: BidderSettings = Field(default_factory=lambda: BidderSettings())
    standing: StandingSettings = Field(default_factory=lambda: StandingSettings())

    @model_validator(mode="after")
    def _in_time_to_learn(self) -> Settings:
        reputation, cost = parse_reputation(self.standing.reputation), parse_expected_cost(self.standing.expected_cost)
        card = self.bidders.card
        if self.world.arrivals is not None:
            return self
        if reputation is not None or cost.learner is not None:
            raise ValueError(
                "world.arrivals must be stated where standing is learned: together, every first posting clears "
                "before any attempt has ended; e.g. world.arrivals = {every = 1}"
            )
        if self.bidders.bankroll is not None:
            raise ValueError(
                "world.arrivals must be stated where wealth is limited (bidders.bankroll): together, every first "
                "posting clears before any attempt has ended; e.g. world.arrivals = {every = 1}"
            )
        if card is not None and card.record == "past":
            raise ValueError(
                'world.arrivals must be stated where a card holds the "past": together, every first posting goes out '
                "before any attempt has ended; e.g. world.arrivals = {every = 1}"
            )
        return self

    @model_validator(mode="after")
    def _on_retry_stated(self) -> Settings:
        if self.tender.postings > 1 and self.tender.exclude == "none" and self.bidders.on_retry is None:
            raise ValueError(
                'bidders.on_retry must be stated where an agent may try a task again (postings > 1, exclude = "none"): '
                '"same" or "update"'
            )
        update = parse_on_retry(self.bidders.on_retry)
        if update is not None and update.spread is None and self.world.table is not None:
            raise ValueError(
                "bidders.on_retry: a table does not say what its claims leave unknown; state {update = {spread = "
                "logits}}"
            )
        return self
