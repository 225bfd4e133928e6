"""The section [bidders] of a scenario: how agents bid, what they read of their past, what they start with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sim.agents.agent import parse_process
from sim.agents.bankroll import parse_bankroll
from sim.agents.bidding import POLICIES, Policy, parse_policy
from sim.agents.bidding_ring import Ring
from sim.agents.bidding_under_names import HandOver, Whitewash
from sim.agents.learning import LearningPolicy
from sim.agents.retry import Update, parse_on_retry
from sim.kit.distribution import MOST_TICKS
from sim.kit.invalid import written
from sim.kit.section import COUPLES, OF_BIDS, ONLY_EVENTS, SAID, Money, Rate, Section, parsed_by
from sim.standing.records import GONE, Record, check_not_gone, made_record


def _kept_record(raw: Any) -> Any:
    """The record of a card as written; raises ValueError where it is one that is gone, saying what to write instead."""
    check_not_gone(raw)
    if raw == "others":
        raise ValueError(f'"others" {GONE}, or "published", the same record for comparison with [MB]')
    return raw


class Card(Section):
    """A self-history card: an agent sees its own record and adjusts to it (sim/world/card.py)."""

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

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.history is not None and self.record != "past":
            yield f'history has a meaning with record = "past" only; record is "{self.record}"'
        if self.record == "past" and self.tasks is not None:
            yield 'tasks has a meaning with record = "redrawn" only; record is "past"'
        try:
            _ = self.before_market
        except ValueError as error:  # tasks is missing, or out of place
            yield str(error)

    def against(self, settings: Any) -> Iterator[str]:
        """A past that is not there, or is not one agent's; a record of what is a record already."""
        if self.record == "past" and settings.world.arrivals is None:
            yield (
                'world.arrivals must be stated where a card holds the "past": together, every first posting goes out '
                "before any attempt has ended; e.g. world.arrivals = {every = 1}"
            )
        if self.record == "past" and settings.world.names is not None:
            yield (
                'bidders.card: record = "past" cannot be combined with world.names: each name would have a past of its '
                "own"
            )
        if self.before_market is not None and settings.world.claim is not None:
            yield (
                f'bidders.card: record = "{self.record}" has no meaning with world.claim, which is a record '
                "already: a card moves claims to what it holds"
            )

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
    """Production plans: every agent states its chances for each of several budgets (sim/agents/production.py)."""

    budgets: Annotated[list[Any], Field(min_length=1, max_length=100), AfterValidator(_budgets)] = Field(
        description="dollars at which an attempt is stopped, ascending; inf: it is not"
    )
    cost_sd: Annotated[float, Field(ge=0, le=10)] = Field(
        description="log-sd, as agents believe, of what a try costs; its mean is the cost belief"
    )


class FallbackBid(Section):
    """The bid put in for an agent from which none comes."""

    ask: Money = Field(description="dollars asked")
    claim: Rate = Field(description="success probability claimed")


class BidderSpec(Section):
    """How agents bid."""

    no_luck = frozenset({"policy", "agents", "fallback", "bankroll", "most_bids"})

    @property
    def chooses(self) -> bool:
        """Some policy draws its bids."""
        return any(isinstance(one, LearningPolicy) and one.draws for one in self._policies)

    @property
    def reads_asks(self) -> bool:
        """Some policy learns from the rivals' asks."""
        return any(getattr(one, "reads_asks", False) for one in self._policies)

    def names(self, agent: str) -> bool:
        """Some policy is one of several agents, this one among them."""
        stated = [(getattr(one, "agent", None), getattr(one, "to", None)) for one in self._policies]
        members = [getattr(one, "members", ()) for one in self._policies]
        return any(agent in one for one in (*stated, *members))

    @property
    def of_several(self) -> bool:
        """Some policy is one of several agents."""
        return any(hasattr(one, "agent") or hasattr(one, "members") for one in self._policies)

    @property
    def _policies(self) -> tuple[Policy | LearningPolicy, ...]:
        return (self.policy, *self.agents.values())

    policy: Annotated[Policy | LearningPolicy, parsed_by(parse_policy)] = Field(
        "truthful",
        validate_default=True,
        description='"truthful", {mark_up = {rate}}, {shaded = {n_bidders}}, {overclaim = {logits}}, '
        '{enters = {bid_cost, chance, prize}}, {fixed_claim = {claim}}, {clipped_claim = {low, high}}, "silent", '
        "or one that learns: "
        "{exp3 = {low, high, rounds, mark_ups, shifts}}, {hedge = {low, high, rounds, mark_ups}}, "
        "{recalibrate = {rate, mark_up}}, {imitate = {mark_ups, rate, decay}} (sim/agents/learners.py), "
        "or of several agents: {ring = {members, stays, share}}, {sybil = {agent, uses, mark_ups, shifts}}, "
        "{shill = {beside, ask, claim, margin}}, {whitewash = {agent, below, mark_up, shift}}, "
        "{hand_over = {agent, to, attempts, above}}",
    )
    agents: dict[str, Annotated[Policy | LearningPolicy, parsed_by(parse_policy)]] = Field(
        default_factory=dict, description="policies of agents that have one of their own"
    )
    bankroll: Annotated[dict[str, float] | None, parsed_by(parse_bankroll)] = Field(
        None,
        description='dollars each agent starts with, or {agent = dollars, "*" = dollars}; an agent without wealth '
        "left leaves, and nobody is hired under a bond it cannot post (sim/market/wealth.py); inf: without limit; "
        "absent: no account is kept",
    )
    process: Annotated[dict[str, str] | None, parsed_by(parse_process)] = Field(
        None,
        description='agents with a process of their own (sim/agents/agent.py): the name of a registered one, "honest" '
        'or a plugin\'s, or {agent = name, "*" = name}; absent: nobody has one',
    )
    fallback: FallbackBid | None = Field(
        None, description="the bid put in where non-response leaves none; absent: the agent abstains"
    )
    most_bids: Annotated[int, Field(ge=1, le=MOST_TICKS)] | None = Field(
        None,
        description="bids that an agent may make in a replication, all postings together, as they clear; absent: no "
        "limit",
        json_schema_extra={
            SAID: "An agent makes at most {} bids in a replication.",
            ONLY_EVENTS: "it keeps no count of the bids of an agent",
            OF_BIDS: True,
            COUPLES: True,  # those on the one task are missing at the other
        },
    )
    card: Card | None = Field(None, description="a self-history card; absent: none")
    plans: PlansSettings | None = Field(
        None, description="menus of budgets, for a mechanism that takes them; absent: one bid without a limit"
    )
    on_retry: Annotated[Update | None, parsed_by(parse_on_retry)] = Field(
        None,
        description='what an agent that failed a task claims on it again: "same", or "update" (what its own failures '
        "leave of its claim), or {update = {spread = logits}} (required with a table), the sd of what its claim leaves "
        'unknown; must be stated where postings > 1 and exclude = "none"',
        json_schema_extra={
            SAID: {
                "same": "An agent that failed a task claims the same on it again.",
                "*": "An agent that failed a task claims on it again what its own failures leave of its claim.",
            }
        },
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        for agent, one in self.agents.items():
            if isinstance(one, Whitewash | HandOver):
                name = POLICIES.name_of(one)
                yield f"agents: {agent}: {name} says how several agents bid; state it as policy"
        for ring in dict.fromkeys(one for one in self._policies if isinstance(one, Ring)):
            for member in ring.members:
                if self.agents.get(str(member), self.policy) != ring:
                    yield (
                        f"agents: {member}: is a member of a ring and bids by another policy, so that the ring may "
                        "send nobody; state the ring for it too, or leave it out of members"
                    )

    def against(self, settings: Any) -> Iterator[str]:
        """What its keys need of what is offered, and of the world."""
        world, tender = settings.world, settings.tender
        if self.bankroll is not None and world.arrivals is None:
            yield (
                "world.arrivals must be stated where wealth is limited (bidders.bankroll): together, every first "
                "posting clears before any attempt has ended; e.g. world.arrivals = {every = 1}"
            )
        if self.reads_asks and "asks" not in tender.public:
            yield 'tender.public: must name "asks" where a policy learns from its rivals\' asks, as hedge does'
        past = self.card is not None and self.card.record == "past"
        if self.plans is not None and (self.on_retry is not None or past):
            yield (
                "bidders.plans: an attempt stopped at its budget is no evidence against a claim, so neither on_retry = "
                '"update" nor a card of the "past" goes with plans'
            )
        if tender.postings > 1 and tender.exclude == "none" and self.stated("on_retry") is None:
            yield (
                'bidders.on_retry must be stated where an agent may try a task again (postings > 1, exclude = "none"): '
                '"same" or "update"'
            )
        if self.on_retry is not None and world.names is not None:
            yield (
                'bidders.on_retry: "update" cannot be combined with world.names: what an agent fails under one name it '
                'would not know under another; state "same"'
            )
        if self.on_retry is not None and self.on_retry.spread is None and world.table is not None:
            yield (
                "bidders.on_retry: a table does not say what its claims leave unknown; state {update = {spread = "
                "logits}}"
            )
