"""The sections of a scenario and what each key may hold; [world] is in sim/world_settings.py.

Every key has one line here; `bidlab list settings` prints them. Unknown keys are refused. A value that a model cannot
express as a type (a reserve, arrivals, a distribution) is checked by its own parser and kept as it was written.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sim.bankroll import parse_amount, parse_bankroll
from sim.bidding import parse_policy
from sim.distribution import MOST, MOST_TICKS, parse_distribution
from sim.invalid import written
from sim.market.agent import parse_process
from sim.principals import PrincipalSettings
from sim.records import GONE, Record, check_not_gone, made_record
from sim.reserve import parse_reserve
from sim.retry import parse_on_retry
from sim.section import Money, Rate, Section, Ticks, parsed_by
from sim.sources import parse_advice, parse_expected_cost, parse_reputation
from sim.world_settings import WorldSettings

Public = Literal["value", "reserve", "penalty"]
Factor = Annotated[float, Field(ge=1, le=1e6)]

_PUBLIC: tuple[Public, ...] = ("value", "penalty")


def _capacity(raw: Any) -> Any:
    if raw == math.inf or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1):
        return raw
    raise ValueError(f"must be a whole number >= 1, or inf; got {written(raw)}")


class EscalationSettings(Section):
    """How the reserve rises when a task is posted again (sim/escalation.py)."""

    unfilled_factor: Factor = Field(1.15, description="factor after a posting nobody cleared")
    failed_factor: Factor = Field(1.10, description="factor after every `every`-th failure")
    every: Annotated[int, Field(ge=1)] = Field(2, description="failures of a task between two raises")
    cap: Factor = Field(2.0, description="limit, as a multiple of the first reserve")
    credits_per_dollar: Annotated[float, Field(ge=1e-6, le=MOST)] | None = Field(
        None, description="raise in whole credits, as the live engine does"
    )
    above_value: bool | None = Field(
        None,
        description="whether the reserve may rise above the task's value, where one is stated; absent: only under "
        "rules that announce it as a bounty (the live ones)",
    )


class TenderSettings(Section):
    """What a posting offers."""

    value: Annotated[Any, parsed_by(parse_distribution)] | None = Field(
        None, description="dollars a success is worth; absent: none is stated, surplus and welfare are NaN"
    )
    reserve: Annotated[Any, parsed_by(parse_reserve)] = Field(
        description='the cap or bounty: dollars, a distribution, "value", {share_of_value = x} or '
        "{best_reserve = law}, what earns the principal most where break-even prices follow {uniform = [low, high]}, "
        "{power = {low, high, shape}} or {exponential = mean}"
    )
    penalty: Money = Field(description="dollars a failed agent pays under price and score rules")
    budget: Annotated[Any, parsed_by(parse_amount)] | None = Field(
        None,
        description="dollars a principal may spend in a replication: a posting whose reserve it does not cover at the "
        "clearing is withdrawn (sim/market/wealth.py); absent: no limit",
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
    first_success_cancels: bool = Field(
        False,
        description="where several try at a time, the first success ends the others' attempts: unpaid, at the share of "
        "their cost that is spent",
    )
    repost_delay: Ticks = Field(0, description="ticks from a posting's end to the next posting")
    overhead: Money = Field(0.0, description="dollars one clearing costs the allocator")
    round: Annotated[int, Field(ge=1, le=MOST_TICKS)] | None = Field(
        None,
        description="ticks between rounds, in which all open postings are cleared together and an agent takes at most "
        "one task; must be stated where the rule assigns several tasks at once; absent: each posting by itself",
    )
    assignment: Literal["in_order", "greedy"] | None = Field(
        None,
        description='how a rule for one task clears those of a round: "in_order" of the tasks (where absent) or '
        '"greedy", the best score first',
    )
    concurrency: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="tasks that may be worked on at a time; of a round's awards the best scores start (in_order: the "
        "first tasks) and the other tasks are posted again; absent: no limit",
    )
    max_bids_per_worker: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="tasks of a round that an agent may bid on: the first, in task order, that it would bid on (2 in "
        "the live engine, where nothing is said); absent: no limit",
    )
    bid_cost_per: Literal["bid", "round"] | None = Field(
        None,
        description='what world.bid_cost is for: each "bid" (where absent), or an agent\'s bids of a whole "round"',
    )

    @model_validator(mode="after")
    def _in_rounds(self) -> MarketSettings:
        if self.round is None:
            for key in ("assignment", "concurrency", "max_bids_per_worker", "bid_cost_per"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} has no meaning without market.round")
        elif self.alone:
            raise ValueError("round has no meaning where agents are alone: nobody competes for a task")
        return self


def _kept_record(raw: Any) -> Any:
    """The record of a card as written; raises ValueError where it is one that is gone, saying what to write instead."""
    check_not_gone(raw)
    if raw == "others":
        raise ValueError(f'"others" {GONE}, or "published", the same record for comparison with [MB]')
    return raw


class Card(Section):
    """A self-history card: an agent is told its own record and leans on it (sim/card.py)."""

    record: Annotated[Literal["redrawn", "split", "past", "published"], BeforeValidator(_kept_record)] = Field(
        description='"redrawn": tasks independent of those played; "split": the other half of the tasks; "past": its '
        'own attempts in the running market that had ended when the posting went out; "published": all other tasks, '
        "unsmoothed, which lowers AUC, for comparison with [MB]"
    )
    tasks: Annotated[int, Field(ge=1)] | None = Field(
        None, description='tasks of the history, required with record = "redrawn", and of no other'
    )
    weight: Rate = Field(description="0 ignores the record of successes, 1 moves the mean claim to it")
    cost_weight: Rate = Field(description="0 ignores the record of costs, 1 moves the mean cost belief to it")
    history: Annotated[int, Field(ge=1)] | None = Field(
        None, description='past attempts on the card, with record = "past" only: the first so many; all where absent'
    )

    @model_validator(mode="after")
    def _of_its_record(self) -> Card:
        if self.history is not None and self.record != "past":
            raise ValueError(f'history has a meaning with record = "past" only; record is "{self.record}"')
        if self.record == "past" and self.tasks is not None:
            raise ValueError('tasks has a meaning with record = "redrawn" only; record is "past"')
        _ = self.before_market  # raises where tasks is missing or out of place
        return self

    @property
    def before_market(self) -> Record | None:
        """The record that is read before the market opens; None where the card is of the past in it."""
        return None if self.record == "past" else made_record(self.record, self.tasks)


def _budgets(raw: list[Any]) -> list[Any]:
    for place, budget in enumerate(raw):
        number = isinstance(budget, int | float) and not isinstance(budget, bool) and budget > 0
        if not number or (place and budget <= raw[place - 1]):
            raise ValueError(f"must be dollars > 0 that ascend, the last may be inf; got {written(budget)}")
    return [float(budget) for budget in raw]


class PlansSettings(Section):
    """Production plans: every agent states its chances for each of several budgets (sim/plans.py)."""

    budgets: Annotated[list[Any], Field(min_length=1, max_length=100), AfterValidator(_budgets)] = Field(
        description="dollars at which an attempt is stopped, ascending; inf: it is not"
    )
    cost_sd: Annotated[float, Field(ge=0, le=10)] = Field(
        description="log-sd, in agents' eyes, of what a try costs, whose mean is the cost belief"
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
        "out leaves, and nobody is hired under a bond it cannot post (sim/market/wealth.py); inf: without limit; "
        "absent: no account is kept",
    )
    process: Annotated[Any, parsed_by(parse_process)] | None = Field(
        None,
        description='agents with a process of their own (sim/market/agent.py): the name of a registered one, "honest" '
        'or a plugin\'s, or {agent = name, "*" = name}; absent: nobody has one',
    )
    fallback: FallbackBid | None = Field(
        None, description="the bid put in where non-response leaves none; absent: the agent abstains"
    )
    card: Card | None = Field(None, description="a self-history card; absent: none")
    plans: PlansSettings | None = Field(
        None, description="menus of budgets, for a mechanism that takes them; absent: one bid without a limit"
    )
    on_retry: Annotated[Any, parsed_by(parse_on_retry)] | None = Field(
        None,
        description='what an agent that failed a task claims on it again: "same", or "update" (what its own failures '
        "leave of its claim), or {update = {spread = logits}} (required with a table), the sd of what its claim leaves "
        'unknown; must be stated where postings > 1 and exclude = "none"',
    )


class StandingSettings(Section):
    """What the allocator knows."""

    reputation: Annotated[Any, parsed_by(parse_reputation)] = Field(
        "none",
        description='"none", {agent_economy = {start, up, down, low, high}}, {exponential = {weight, start}} or '
        '{beta = {a, b, decay}}; learned from verified outcomes; start: a number, or {agent = number, "*" = number}',
    )
    expected_cost: Annotated[Any, parsed_by(parse_expected_cost)] = Field(
        None,
        description='"actual", {fixed = dollars}, {record = "redrawn", tasks = number} or {record = "split"} (mean '
        "cost on other tasks: sim/records.py), or {running_mean = {prior, weight}}",
    )
    advice: Annotated[Any, parsed_by(parse_advice)] | None = Field(
        None,
        description='a planner\'s estimate of each ability: "outcome" or "ability" (oracles), {record = "redrawn", '
        'tasks = number} or {record = "split"} (smoothed success rate on other tasks: sim/records.py), '
        "{planner = {budget, prior, bias, noise}}, or an advisor that learns: {base_rate = {prior, mean}}, "
        "{beta = {prior, mean, decay}}, {platt_online = {eta, eps}}, {platt_batch = {eps, memory}}, "
        "{thompson = {}} or {ucb1 = {}}, each also with by_family; see `bidlab list advisors`",
    )


class Settings(Section):
    """Everything about an arm but its name and mechanism."""

    world: WorldSettings
    tender: TenderSettings
    market: MarketSettings = Field(default_factory=lambda: MarketSettings())
    bidders: BidderSettings = Field(default_factory=lambda: BidderSettings())
    standing: StandingSettings = Field(default_factory=lambda: StandingSettings())

    @property
    def records(self) -> dict[str, Record]:
        """The records that are made before the market opens, by the key that asks for each."""
        card = self.bidders.card
        asked = {
            "standing.advice": parse_advice(self.standing.advice).record,
            "standing.expected_cost": parse_expected_cost(self.standing.expected_cost).record,
            "bidders.card": None if card is None else card.before_market,
        }
        return {key: record for key, record in asked.items() if record is not None}

    @model_validator(mode="after")
    def _in_time_to_learn(self) -> Settings:
        reputation, cost = parse_reputation(self.standing.reputation), parse_expected_cost(self.standing.expected_cost)
        card, advisor = self.bidders.card, parse_advice(self.standing.advice).advisor
        if self.world.arrivals is not None:
            return self
        if reputation is not None or cost.learner is not None or advisor is not None:
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
    def _stopped_is_no_evidence(self) -> Settings:
        card, update = self.bidders.card, parse_on_retry(self.bidders.on_retry)
        if self.bidders.plans is not None and (update is not None or (card is not None and card.record == "past")):
            raise ValueError(
                "bidders.plans: an attempt stopped at its budget is no evidence against a claim, so neither on_retry = "
                '"update" nor a card of the "past" goes with plans'
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
