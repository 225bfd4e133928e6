"""The sections of a scenario and what each key may hold; [world] is in sim/specs/world_settings.py.

Every key has one line here; `bidlab list settings` prints them. Unknown keys are refused. A value that a model cannot
express as a type (a reserve, arrivals, a distribution) is parsed by its own parser, and the section holds the result.
What a key says in words, who cannot play it, and what it cannot be combined with stand with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from sim.kit.amounts_in_words import dollars, percent
from sim.kit.distribution import MOST, MOST_TICKS
from sim.kit.invalid import written
from sim.kit.section import (
    COUPLES,
    NOT_LIVE,
    OF_BIDS,
    ONLY_EVENTS,
    SAID,
    Money,
    Rate,
    Section,
    Ticks,
    parsed_by,
    without_none,
)
from sim.specs.bidders import BidderSpec
from sim.specs.tender import TenderSpec
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import WorldSpec
from sim.standing.records import Record
from sim.standing.sources import Advice, ExpectedCost, Reputation, parse_advice, parse_expected_cost, parse_reputation


def _capacity(raw: Any) -> Any:
    if raw == math.inf or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1):
        return raw
    raise ValueError(f"must be a whole number >= 1, or inf; got {written(raw)}")


class Inspection(Section):
    """Whether work that its agent calls done is looked at before it is paid for (sim/market/inspection.py)."""

    rate: Rate = Field(description="share of attempts that are inspected; the others are accepted as they are claimed")
    cost: Money = Field(description="dollars one inspection costs the allocator")
    harm: Money = Field(0.0, description="dollars an accepted failure costs its principal, beside what is paid for it")

    def against(self, settings: Any) -> Iterator[str]:
        """Work that is not claimed to be done, or whose worth is known."""
        if settings.bidders.plans is not None:
            yield (
                "market.inspection: cannot be combined with bidders.plans: an attempt stopped at its budget is not "
                "claimed to be done"
            )
        if settings.world.graded is not None:
            yield "market.inspection: cannot be combined with world.graded: a score is known, and paid for"


class Entry(Section):
    """What a name owes for being new (sim/market/entry.py)."""

    fee: Money = Field(
        0.0,
        description="dollars it pays the principal with its first bid that counts",
        json_schema_extra={OF_BIDS: True},
    )
    bond: Money = Field(
        0.0,
        description="dollars it posts with that bid, and has back at the end, or forfeits",
        json_schema_extra={OF_BIDS: True},
    )
    least: Annotated[float, Field(ge=0, le=1e6)] = Field(
        0.0, description="reputation at the end with which it has its bond back; 0: it has it back in any case"
    )

    def against(self, settings: Any) -> Iterator[str]:
        """What a name's fee or bond could not be paid from, or judged by."""
        if settings.bidders.bankroll is not None:
            yield (
                "market.entry: cannot be combined with bidders.bankroll: what a name owes would have to be there "
                "before it bids"
            )
        tender = settings.tender
        if any(one.budget is not None for one in (tender, *(tender.principals or ()))):
            yield (
                "market.entry: cannot be combined with tender.budget: what names owe would have to be there to spend "
                "at the next clearing"
            )
        if self.least > 0 and settings.standing.reputation.learner is None:
            yield "market.entry: least has no meaning where no reputation is kept; state standing.reputation"


class Escrow(Section):
    """Payments that are set aside at the award until their work is accepted or rejected (sim/market/escrow.py)."""

    fee: Money = Field(0.0, description="dollars each award costs the allocator")
    holdback: Rate = Field(
        0.0, description="share of each payment that stays aside until all tasks of its principal have closed"
    )

    def in_words(self) -> str:
        """A sentence."""
        later = f", {percent(self.holdback)} of it once all tasks of the principal have closed" if self.holdback else ""
        return (
            f"What a contract may pay is set aside at the award, which costs the allocator {dollars(self.fee)}; work "
            f"that is accepted is paid from it{later}, and the rest goes back to the principal."
        )

    def against(self, settings: Any) -> Iterator[str]:
        """What is held back where wealth is read."""
        if self.holdback > 0 and settings.bidders.bankroll is not None:
            yield (
                "market.escrow.holdback: cannot be combined with bidders.bankroll: what is held back is no wealth yet, "
                "and wealth is read at every clearing"
            )


class MarketSpec(Section):
    """How auctions run."""

    alone: bool = Field(False, description="each agent faces every task in a market of its own")
    window: Ticks = Field(0, description="ticks from posting to clearing; a later bid does not count")
    capacity: Annotated[Any, AfterValidator(_capacity)] = Field(
        math.inf, description="attempts one agent can run at a time"
    )
    first_success_cancels: bool = Field(
        False,
        json_schema_extra={ONLY_EVENTS: "it knows when an attempt ends as it starts"},
        description="where several try at a time, the first success ends the others' attempts: unpaid, at the share of "
        "their cost that is spent",
    )
    inspection: Inspection | None = Field(
        None,
        json_schema_extra={
            ONLY_EVENTS: "a status is what the verifier says",
            NOT_LIVE: "the tasks' verifiers look at all work",
        },
        description="{rate, cost, harm}: agents claim every attempt to be done, and the verifier looks at a share of "
        "them; absent: at all of them, at no cost",
    )
    entry: Entry | None = Field(
        None,
        json_schema_extra={COUPLES: True},  # a name owes once, for whatever it bid on first
        description="{fee, bond, least}: what a name owes with its first bid, and a bond that it forfeits if it stands "
        "badly at the end; absent: nothing",
    )
    escrow: Escrow | None = Field(
        None,
        description="{fee, holdback}: payments are set aside at the award, released where the work is accepted and "
        "returned where it is rejected; absent: they are paid when due",
    )
    approval_delay: Ticks = Field(
        0,
        description="ticks from an award to the start of work, for which the agent's slot is taken",
        json_schema_extra={SAID: "Work starts {:ticks} after an award."},
    )
    attention: Annotated[int, Field(ge=1, le=MOST_TICKS)] | None = Field(
        None,
        description="bids on a posting that the allocator reads, of those that count, in an order drawn for each "
        "posting (sim/mechanisms/gates.py); the others have lost; absent: all",
        json_schema_extra={SAID: "The allocator reads {} of the bids on a posting, in random order.", OF_BIDS: True},
    )
    bid_price: Money = Field(
        0.0,
        description="dollars that every bid that counts pays its principal, read or not; world.bid_cost is paid to "
        "nobody",
        json_schema_extra={SAID: "Every bid that counts pays its principal {:dollars}.", OF_BIDS: True},
    )
    repost_delay: Ticks = Field(0, description="ticks from a posting's end to the next posting")
    overhead: Money = Field(
        0.0,
        description="dollars one clearing costs the allocator",
        json_schema_extra={SAID: "Every clearing costs the allocator {:dollars}."},
    )
    round: Annotated[int, Field(ge=1, le=MOST_TICKS)] | None = Field(
        None,
        description="ticks between rounds, in which all open postings are cleared together and an agent takes at most "
        "one task; must be stated where the rule assigns several tasks at once; absent: each posting by itself",
        json_schema_extra={
            SAID: "All open postings are cleared together every {:ticks}.",
            ONLY_EVENTS: "it clears postings one by one, not all that are open at a tick together",
        },
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

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.round is None:
            for key in ("assignment", "concurrency", "max_bids_per_worker", "bid_cost_per"):
                if getattr(self, key) is not None:
                    yield f"{key} has no meaning without market.round"
        elif self.alone:
            yield "round has no meaning where agents are alone: nobody competes for a task"

    def against(self, settings: Any) -> Iterator[str]:
        """Agents that are alone and act together."""
        if self.alone and settings.bidders.of_several:
            yield "market.alone: cannot be combined with a policy of several agents: each is in a market of its own"


class StandingSpec(Section):
    """What the allocator knows."""

    least_reputation: Annotated[float, Field(gt=0, le=MOST)] | None = Field(
        None,
        description="nobody below this reputation can be hired; absent: everybody can",
        json_schema_extra={SAID: "Nobody with a reputation below {:g} can be hired."},
    )
    reputation: Annotated[Reputation, parsed_by(parse_reputation)] = Field(
        "none",
        validate_default=True,
        description='"none", {agent_economy = {start, up, down, low, high}}, {exponential = {weight, start}} or '
        '{beta = {a, b, decay}}; learned from verified outcomes; start: a number, or {agent = number, "*" = number}',
    )
    expected_cost: Annotated[ExpectedCost, parsed_by(parse_expected_cost, absent=True)] = Field(
        None,
        validate_default=True,
        description='"actual", {fixed = dollars}, {record = "redrawn", tasks = number} or {record = "split"} (mean '
        "cost on other tasks: sim/standing/records.py), or {running_mean = {prior, weight}}",
    )
    advice: Annotated[Advice, parsed_by(parse_advice, absent=True)] = Field(
        None,
        validate_default=True,
        description='a planner\'s estimate of each ability: "outcome" or "ability" (oracles), {record = "redrawn", '
        'tasks = number} or {record = "split"} (smoothed success rate on other tasks: sim/standing/records.py), '
        "{planner = {budget, prior, bias, noise}}, or an advisor that learns: {base_rate = {prior, mean}}, "
        "{beta = {prior, mean, decay}}, {platt_online = {eta, eps}}, {platt_batch = {eps, memory}}, "
        "{thompson = {}} or {ucb1 = {}}, each also with by_family; see `bidlab list advisors`; of live runs also "
        "{router = {respondent = NAME}}, a model asked once a posting",
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.least_reputation is not None and self.reputation.learner is None:
            yield "least_reputation: has no meaning without standing.reputation, which is then 1 for everybody"

    def against(self, settings: Any) -> Iterator[str]:
        """What needs attempts that have ended, where all tasks arrive together."""
        learned = self.reputation.learner, self.expected_cost.learner, self.advice.advisor
        if settings.world.arrivals is None and any(one is not None for one in learned):
            yield (
                "world.arrivals must be stated where standing is learned: together, every first posting clears "
                "before any attempt has ended; e.g. world.arrivals = {every = 1}"
            )


class Terms(NamedTuple):
    """What an arm's market runs by, beside its mechanism. bid_cost: dollars that a bid costs the agent."""

    tender: TenderSpec
    market: MarketSpec
    bidders: BidderSpec
    standing: StandingSpec
    bid_cost: float = 0.0


_OF_ARMS = ("tender", "market", "bidders", "standing")


class Settings(Section):
    """Everything about an arm but its name and mechanism."""

    world: WorldSettings
    tender: TenderSpec
    market: MarketSpec = Field(default_factory=lambda: MarketSpec())
    bidders: BidderSpec = Field(default_factory=lambda: BidderSpec())
    standing: StandingSpec = Field(default_factory=lambda: StandingSpec())

    @model_validator(mode="before")
    @classmethod
    def _taken_back(cls, raw: Any) -> Any:
        """An arm, or a level of a sweep, takes back what its scenario states: "none" is as if the key were absent."""
        if not isinstance(raw, Mapping):
            return raw
        own = {key: without_none(cls.model_fields[key].annotation, raw[key]) for key in _OF_ARMS if key in raw}
        return {**raw, **own}

    @property
    def terms(self) -> Terms:
        """What its market runs by."""
        return Terms(self.tender, self.market, self.bidders, self.standing, self.world.bid_cost)

    @property
    def explores(self) -> bool:
        """Its advice needs a uniform draw of its own at every posting."""
        return self.standing.advice.explores

    @cached_property
    def spec(self) -> WorldSpec:
        """All of it that a World is drawn by."""
        return WorldSpec.of(self.world, self.tender, self.bidders, self.standing.advice, self.records)

    @property
    def records(self) -> dict[str, Record]:
        """The records that are made before the market opens, by the key that asks for each."""
        card = self.bidders.card
        asked = {
            "standing.advice": self.standing.advice.record,
            "standing.expected_cost": self.standing.expected_cost.record,
            "bidders.card": None if card is None else card.before_market,
            "world.claim": self.world.claim,
            "world.cost_belief": self.world.cost_belief,
        }
        return {key: record for key, record in asked.items() if record is not None}

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        for section in self.within():
            yield from section.against(self)
