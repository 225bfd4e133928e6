"""The rules an arm's market runs by, resolved once from its settings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from sim.arrays import FloatArray, Status
from sim.bankroll import bankrolls
from sim.bidding import Bidder, Bidders, Fallback
from sim.card import PastCard
from sim.errors import ScenarioError
from sim.escalation import Escalation
from sim.mechanisms import Mechanism
from sim.principals import budgets_of, penalties_of, states_values
from sim.settings import Settings
from sim.sources import ExpectedCost, parse_expected_cost, parse_reputation
from sim.standing import Learner
from sim.world import World


@dataclass(frozen=True)
class Rules:
    """One arm's market. Ticks are whole; money is in dollars; capacity may be infinite; no deadline is None.

    bankroll: of each agent; None: no account is kept. penalties, budgets: of each of the World's principals; None: all
    have `penalty`, nobody has a budget.

    card: what agents read of their own past in the market before they bid; a card of other tasks is in the World.
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
    repost_delay: int = 0
    exclude: str = "none"
    escalation: Escalation | None = None
    deadline: int | None = None
    timeout: Status = Status.FAIL
    reputation: Learner | None = None
    expected_cost: ExpectedCost = field(default_factory=lambda: ExpectedCost("unknown"))
    advice: str | None = None
    card: PastCard | None = None
    bankroll: tuple[float, ...] | None = None
    penalties: tuple[float, ...] | None = None
    budgets: tuple[float, ...] | None = None

    @classmethod
    def of(cls, mechanism: Mechanism, settings: Settings, world: World) -> Self:
        """The rules of an arm; raises ScenarioError where the mechanism needs what the scenario does not provide."""
        tender, market, standing = settings.tender, settings.market, settings.standing
        _check_needs(mechanism, settings, world)
        mechanism = mechanism.for_agents(world.agents)
        escalation = None if tender.escalation is None else Escalation(**tender.escalation.model_dump())
        forced = settings.bidders.fallback
        fallback = None if forced is None else Fallback(forced.ask, forced.claim)
        announced = ("reserve",) if mechanism.announces_reserve else ()
        return cls(
            mechanism=mechanism,
            bidder=Bidders.of(
                mechanism,
                settings.bidders.policy,
                settings.bidders.agents,
                world.agents,
                alone=settings.market.alone,
                fallback=fallback,
            ),
            public=(*tender.public, *announced),
            penalty=tender.penalty,
            bid_cost=settings.world.bid_cost if mechanism.solicits_bids else 0.0,
            overhead=market.overhead,
            window=market.window,
            capacity=market.capacity,
            postings=tender.postings,
            repost_delay=market.repost_delay,
            exclude=tender.exclude or "none",
            escalation=escalation,
            deadline=tender.deadline,
            timeout=Status[tender.timeout or "FAIL"],
            reputation=parse_reputation(standing.reputation),
            expected_cost=parse_expected_cost(standing.expected_cost),
            advice=standing.advice,
            card=past_card(settings),
            bankroll=bankrolls(settings.bidders.bankroll, world.agents, alone=market.alone),
            penalties=penalties_of(tender),
            budgets=budgets_of(tender),
        )

    def penalty_in(self, world: World) -> FloatArray:
        """(R, T) dollars that a failure on the task costs under price rules."""
        if self.penalties is None:
            return np.broadcast_to(np.float64(self.penalty), world.reserve.shape)
        return np.array(self.penalties)[world.whose]


def past_card(settings: Settings) -> PastCard | None:
    """The card of their own past in the market that agents read; None where they read none, or one of other tasks."""
    card = settings.bidders.card
    return PastCard(card) if card is not None and card.record == "past" else None


def _check_needs(mechanism: Mechanism, settings: Settings, world: World) -> None:
    given = {
        "value": states_values(settings.tender),
        "expected_cost": settings.standing.expected_cost is not None,
        "advice": settings.standing.advice is not None,
    }
    place = {"value": "tender.value", "expected_cost": "standing.expected_cost", "advice": "standing.advice"}
    for need in sorted(mechanism.needs):
        if not given[need]:
            raise ScenarioError(f"{mechanism.name} needs {place[need]}, which the scenario does not state")
    if settings.standing.advice == "ability" and bool((world.present & (world.ability != world.ability)).any()):
        raise ScenarioError('standing.advice: "ability" needs every ability, and this world does not hold them')
    deadline, window = settings.tender.deadline, settings.market.window
    if deadline is not None and deadline <= window:
        raise ScenarioError(f"tender.deadline: must exceed market.window ({window}), or nothing clears; got {deadline}")
    out_of_one = settings.standing.expected_cost, settings.standing.advice
    if "leave_one_task_out" in out_of_one:
        alone = np.argwhere(world.present.sum(axis=1) == 1)
        if len(alone):
            name = world.agents[alone[0][1]]
            raise ScenarioError(f'standing: "leave_one_task_out" needs two tasks of every agent; {name!r} has one')
