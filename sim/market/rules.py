"""The rules an arm's market runs by, resolved once from its settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

from sim.agents.agent import Agent, processes_of
from sim.agents.bankroll import bankrolls
from sim.agents.bidding import POLICIES, Bidder, Fallback, Truthful
from sim.agents.bidding_entry import Enters
from sim.agents.bidding_names import Shill, Sybil
from sim.agents.bidding_ring import sharing
from sim.agents.bidding_under_names import HandOver, Knowing, Whitewash
from sim.agents.everybody import Bidders
from sim.agents.production import Plans
from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Status, Tender, require_fee
from sim.kit.errors import MarketError, ScenarioError
from sim.market.agreement import check_agreement
from sim.market.arranged import arranged
from sim.market.escalation import Escalation, escalation_of
from sim.market.unknown import check_known
from sim.mechanisms import Mechanism
from sim.mechanisms.award_fault import award_fault, undeclared
from sim.mechanisms.registry import MECHANISMS
from sim.specs.bidders import BidderSpec
from sim.specs.reserve_price import Raising
from sim.specs.settings import MarketSpec, StandingSpec, Terms
from sim.standing.advisors import Advisor
from sim.standing.reputation import Learner, OneName
from sim.standing.sources import ExpectedCost, reputation_of
from sim.world.card import PastCard
from sim.world.principals import budgets_of, penalties_of
from sim.world.world import World

_OF_NAMES = (Sybil, Shill, Whitewash, HandOver)  # policies that say who bids
Order = Literal["in_order", "greedy"]  # in which the postings of a round are given to the agents


@dataclass(frozen=True)
class Rules:
    """One arm's market. Ticks are whole; money is in dollars; capacity may be infinite; no deadline is None.

    advice: where it comes from if it is not learned ("planner", "record": the World's); advisor: who gives it if it is;
    router: the respondent that a live market asks for it.
    bankroll: of each agent; None: no account is kept. penalties, budgets: of each of the World's principals; None: all
    have `penalty`, nobody has a budget.

    card: what agents read of their own past in the market before they bid; one read before it opens is in the World.
    assignment, concurrency: as in sim/market/rounds.py. max_bids: tasks of a round that an agent may bid on.
    bid_cost_per: bid_cost is what one bid costs, or all bids of an agent in a round.
    plans: how a bid becomes a menu of budgets, for rules that take one; None: it does not.
    market, bidders, standing: the sections as they are stated, for whatever is read as it stands.
    processes: classes or factories of agents with processes of their own, by place (sim/agents/agent.py).
    """

    mechanism: Mechanism
    bidder: Bidder
    public: tuple[str, ...]
    penalty: float
    bid_cost: float = 0.0
    overhead: float = 0.0
    window: int = 0
    capacity: float = math.inf
    postings: int = 1
    exclude: str = "none"
    escalation: Raising | None = None
    deadline: int | None = None
    timeout: Status = Status.FAIL
    reputation: Learner | None = None
    expected_cost: ExpectedCost = field(default_factory=lambda: ExpectedCost("unknown"))
    advice: str | None = None
    advisor: Advisor | None = None
    router: str | None = None
    card: PastCard | None = None
    assignment: Order = "in_order"
    concurrency: float = math.inf
    max_bids: float = math.inf
    bid_cost_per: Literal["bid", "round"] = "bid"
    plans: Plans | None = None
    bankroll: tuple[float, ...] | None = None
    penalties: tuple[float, ...] | None = None
    budgets: tuple[float, ...] | None = None
    market: MarketSpec = field(default_factory=lambda: MarketSpec())
    bidders: BidderSpec = field(default_factory=lambda: BidderSpec())
    standing: StandingSpec = field(default_factory=lambda: StandingSpec())
    processes: Mapping[int, Callable[[], Agent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A bounty that is announced may rise above the value unless the escalation says otherwise."""
        if isinstance(self.escalation, Escalation) and self.escalation.above_value is None:
            above = replace(self.escalation, above_value=self.mechanism.capabilities.announces_reserve)
            object.__setattr__(self, "escalation", above)

    def excluded(self, tries: IntArray, failures: IntArray) -> BoolArray | None:
        """(..., n): kept out by its own tries or failures (..., n) at the task; None where nobody can be."""
        if self.postings == 1 or self.exclude == "none":
            return None
        return np.asarray(tries > 0) if self.exclude == "hired" else np.asarray(failures > 0)

    @property
    def staff(self) -> tuple[int, ...]:
        """Places of the agents that are the principal's own, as the mechanism says."""
        return self.mechanism.staff

    @property
    def learners(self) -> Bidders | None:
        """The bidders, where some of them learn."""
        bidder = self.bidder
        return bidder if isinstance(bidder, Bidders) and bidder.learns else None

    def ask(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        """The mechanism's award; raises MarketError or ArrayError where nobody can owe what it promises or charges."""
        award = self.mechanism(bids, tender, standing, lottery)
        if self.examined and (fault := award_fault(award, bids) or undeclared(self.mechanism, award)):
            raise MarketError(f"{self.mechanism.name}: {fault}")
        if award.fee is not None:
            require_fee(award.fee)
            if np.any(np.where(bids.active, 0.0, award.fee)):
                raise MarketError(
                    f"{self.mechanism.name}: charges a fee for a bid that does not count; it must be 0 there"
                )
        return award

    @cached_property
    def examined(self) -> bool:
        """Every award is: the rule, or one that it is around, may not be the package's own."""
        return bool(MECHANISMS.added()) or not type(self.mechanism).__module__.startswith("sim.")

    def menus(self, bids: Bids) -> Bids:
        """The bids with a menu each, where there are any."""
        if self.plans is None:
            return bids
        return Bids.trusted(**vars(bids) | {"menu": self.plans.menu(bids.ask, bids.claim)})

    @classmethod
    def of(cls, mechanism: Mechanism, settings: Terms, world: World) -> Self:
        """The rules of an arm; raises ScenarioError where the mechanism needs what the scenario does not provide."""
        tender, market, standing = settings.tender, settings.market, settings.standing
        check_known(mechanism, settings, world)
        check_agreement(mechanism, settings, world)
        mechanism = arranged(mechanism.for_agents(world.agents), settings, world)
        forced = settings.bidders.fallback
        fallback = None if forced is None else Fallback(forced.ask, forced.claim)
        announced = ("reserve",) if mechanism.capabilities.announces_reserve else ()
        advice = standing.advice
        reputation = reputation_of(standing.reputation, world.agents, alone=market.alone, body=world.body)
        made = cls(
            mechanism=mechanism,
            bidder=Bidders.of(
                mechanism,
                _knowing(settings.bidders.policy, reputation),
                settings.bidders.agents | ({world.agents[place]: Truthful() for place in mechanism.staff}),
                world.agents,
                alone=settings.market.alone,
                fallback=fallback,
            ),
            public=(*tender.public, *announced),
            penalty=tender.penalty,
            bid_cost=settings.bid_cost
            if mechanism.capabilities.solicits_bids or _asked_by(advice.advisor, mechanism)
            else 0.0,
            overhead=market.overhead,
            window=market.window,
            capacity=market.capacity,
            postings=tender.postings,
            exclude=tender.exclude or "none",
            escalation=escalation_of(tender.escalation),
            deadline=tender.deadline,
            timeout=Status[tender.timeout or "FAIL"],
            reputation=_of_names(reputation, settings.bidders.policy, world.agents),
            expected_cost=standing.expected_cost,
            advice=advice.kind if advice.kind not in ("unknown", "learned") else None,
            advisor=advice.advisor,
            router=None if advice.router is None else advice.router.respondent,
            card=past_card(settings),
            assignment=market.assignment or "in_order",
            concurrency=math.inf if market.concurrency is None else market.concurrency,
            max_bids=math.inf if market.max_bids_per_worker is None else market.max_bids_per_worker,
            bid_cost_per=market.bid_cost_per or "bid",
            plans=production_plans(settings),
            bankroll=bankrolls(settings.bidders.bankroll, world.agents, alone=market.alone, body=world.body),
            penalties=penalties_of(tender),
            budgets=budgets_of(tender),
            market=market,
            bidders=settings.bidders,
            standing=standing,
            processes=processes_of(settings.bidders.process, world.agents, alone=market.alone),
        )
        _check_asked(made, world)
        _check_shared(made)
        return made

    def penalty_in(self, world: World) -> FloatArray:
        """(R, T) dollars that a failure on the task costs under price rules."""
        if self.penalties is None:
            return np.broadcast_to(np.float64(self.penalty), world.reserve.shape)
        return np.array(self.penalties)[world.owner]


def past_card(settings: Terms) -> PastCard | None:
    """The card of their own past in the market that agents read; None where they read none, or one before it."""
    card = settings.bidders.card
    return PastCard(card) if card is not None and card.record == "past" else None


def _asked_by(advisor: Advisor | None, mechanism: Mechanism) -> bool:
    """Bids are made for the sake of the advice on them."""
    return advisor is not None and advisor.reads_claims and "advice" in mechanism.capabilities.needs


def production_plans(settings: Terms) -> Plans | None:
    """The budgets agents are asked about; None where they make one bid without a limit."""
    plans = settings.bidders.plans
    return None if plans is None else Plans(tuple(plans.budgets), plans.cost_sd)


def _knowing(policy: Any, reputation: Learner | None) -> Any:
    """The policy, knowing by which rule its names are judged where it asks."""
    return policy.under(reputation) if isinstance(policy, Whitewash | HandOver) else policy


def _of_names(reputation: Learner | None, policy: Any, agents: Sequence[str]) -> Learner | None:
    """The rule, with one standing for the agents that work under one name."""
    if reputation is None or not isinstance(policy, HandOver) or len(agents) < 2:
        return reputation
    named = policy.for_agents(agents)
    return OneName(reputation, ((int(named.agent), int(named.to[0])),))


def _shows_prize(rules: Rules, world: World) -> bool:
    return "reserve" in rules.public or ("value" in rules.public and not bool(np.isnan(world.value).all()))


def _check_asked(rules: Rules, world: World) -> None:
    """Raise ScenarioError where further names or a shill bid and nobody asks for bids, or entry has no prize."""
    bidder = rules.bidder
    own = [bidder.everybody, *bidder.own.values()] if isinstance(bidder, Bidders) else []
    for policy in own:
        policy = policy.policy if isinstance(policy, Knowing) else policy
        if isinstance(policy, Enters) and not _shows_prize(rules, world):
            raise ScenarioError(
                "bidders.policy: enters needs a prize to weigh a bid's cost against: a reserve or a value in "
                "tender.public, and stated"
            )
        if isinstance(policy, _OF_NAMES) and not rules.mechanism.capabilities.solicits_bids:
            name = POLICIES.name_of(policy)
            raise ScenarioError(
                f"bidders.policy: {name} has no meaning with {rules.mechanism.name}, which asks for no bids"
            )


def _check_shared(rules: Rules) -> None:
    """Raise ScenarioError where what a ring gains is not of one posting, or is paid out of an account of the market."""
    if not any(sharing(rules.bidder)):
        return
    name, has = rules.mechanism.name, rules.mechanism.capabilities
    stated = {
        f"{name}, which hires in turns": has.in_turns,
        f"{name}, which takes menus": has.takes_menu,
        "market.round, which clears several postings together": rules.market.round is not None,
        "market.bid_price, which who stands down saves and who stays does not": rules.market.bid_price > 0,
        "market.capacity: who stood down may have had no slot": not math.isinf(rules.capacity),
        "bidders.bankroll: side payments are no part of the market's accounts": rules.bankroll is not None,
    }
    if faults := [key for key, is_stated in stated.items() if is_stated]:
        raise ScenarioError(*(f'bidders.policy: ring.share = "equal" cannot be combined with {key}' for key in faults))
