"""The section [tender] of a scenario: what a posting offers, and what becomes of a task that nobody solves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.agents.bankroll import parse_amount
from sim.kit.distribution import MOST, MOST_TICKS, Distribution, parse_distribution
from sim.kit.invalid import written
from sim.kit.names import SHILL, alike, look_alike, second_name
from sim.kit.section import SAID, Money, Rate, Section, parsed_by
from sim.specs.principal import PrincipalSettings
from sim.specs.reserve_price import Raising, Reserve, parse_raising, parse_reserve

Public = Literal["value", "reserve", "penalty", "asks"]
Factor = Annotated[float, Field(ge=1, le=1e6)]

_PUBLIC: tuple[Public, ...] = ("value", "penalty")


class EscalationSettings(Section):
    """How the reserve rises when a task is posted again (sim/market/escalation.py), by factors or by a policy."""

    unfilled_factor: Factor = Field(1.15, description="factor after a posting nobody cleared")
    failed_factor: Factor = Field(1.10, description="factor after every `every`-th failure")
    every: Annotated[int, Field(ge=1, le=MOST_TICKS)] = Field(2, description="failures of a task between two raises")
    cap: Factor = Field(2.0, description="limit, as a multiple of the first reserve")
    credits_per_dollar: Annotated[float, Field(ge=1e-6, le=MOST)] | None = Field(
        None, description="raise in whole credits, as the live engine does"
    )
    above_value: bool | None = Field(
        None,
        description="whether the reserve may rise above the task's value, where one is stated; absent: only under "
        "rules that announce it as a bounty (the live ones)",
    )
    policy: Annotated[Raising | None, parsed_by(parse_raising)] = Field(
        None, description="a reserve policy in place of these factors, see `bidlab list reserve_policies`; absent: none"
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        fields = type(self).model_fields.items()
        others = [name for name, field in fields if name != "policy" and getattr(self, name) != field.default]
        if self.policy is not None and others:
            yield f"{', '.join(others)}: no meaning with a policy, which says itself how the reserve rises"


class TenderSpec(Section):
    """What a posting offers."""

    no_luck = frozenset({"penalty", "public", "escalation", "deadline", "budget", "posting_cost"})

    value: Annotated[Distribution | None, parsed_by(parse_distribution)] = Field(
        None, description="dollars a success is worth; absent: none is stated, surplus and welfare are NaN"
    )
    reserve: Annotated[Reserve, parsed_by(parse_reserve)] = Field(
        description='the cap or bounty: dollars, a distribution, "value", {share_of_value = x} or '
        "{best_reserve = law}, what earns the principal most where break-even prices follow {uniform = [low, high]}, "
        "{power = {low, high, shape}} or {exponential = mean}; or a plugin's reserve policy"
    )
    penalty: Money = Field(description="dollars a failed agent pays under price and score rules")
    budget: Annotated[float | None, parsed_by(parse_amount)] = Field(
        None,
        description="dollars a principal may spend in a replication: a posting with a reserve it cannot cover at the "
        "clearing is withdrawn (sim/market/wealth.py); absent: no limit",
        json_schema_extra={SAID: "The principal can spend {:dollars} in a replication."},
    )
    own: str | None = Field(
        None,
        description="the agent as which the principal works itself: its ability, belief and cost; it bids for nobody, "
        "and the principal makes what is worth more to it than the award (sim/mechanisms/make_or_buy.py); absent: "
        "it has no hands",
        json_schema_extra={
            SAID: "The principal has a hand of its own, {}: it makes a task itself where, as it believes, that is "
            "worth more than the award by the claims. The hand bids for nobody."
        },
    )
    posting_cost: Money = Field(
        0.0,
        description="dollars that asking for bids costs the principal, a posting",
        json_schema_extra={SAID: "Asking for bids costs the principal {:dollars} a posting."},
    )
    autarky: Rate = Field(
        0.0,
        description="chance that the principal does not ask for bids on a task: its own hand does it, or nobody",
        json_schema_extra={SAID: "It does not ask for bids on {:percent} of tasks, by a draw for each."},
    )
    principals: list[PrincipalSettings] | None = Field(
        None,
        description="several principals, [[tender.principals]] each (sim/world/principals.py); absent: one, unnamed",
    )
    public: list[Public] = Field(
        default_factory=lambda: list(_PUBLIC),
        description="what bidders see; asks: of a clearing, once it is over; the rest is sealed",
    )
    postings: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="times a task may be offered")
    exclude: Literal["none", "failed", "hired"] | None = Field(
        None,
        description='who may not bid again on a task: "none", "failed" (those that verified FAIL) or "hired"; must be '
        "stated where postings > 1",
        json_schema_extra={SAID: ""},  # what postings says names it
    )
    escalation: EscalationSettings | None = Field(None, description="how the reserve rises; absent: it does not")
    deadline: Annotated[int, Field(ge=1, le=MOST_TICKS)] | None = Field(
        None, description="ticks after arrival at which a task closes"
    )
    timeout: Literal["FAIL", "INFRA"] | None = Field(
        None,
        description="status of an attempt the deadline ends; must be stated with a deadline",
        json_schema_extra={SAID: ""},  # what the deadline says names it
    )

    @property
    def staff(self) -> tuple[str, ...]:
        """Names of the agents that are the principal's own."""
        return () if self.own is None else (self.own,)

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.postings > 1 and self.exclude is None:
            yield 'exclude must be stated where postings > 1: "none", "failed" or "hired"'
        if self.deadline is not None and self.timeout is None:
            yield 'timeout must be stated with a deadline: "FAIL" or "INFRA"'
        if self.principals == []:
            yield "principals must not be empty: name at least one"
        named = [one.name for one in self.principals or []]
        for name, count in Counter(named).items():
            if count > 1:
                yield f"principals: two are named {written(name)}"
        if two := look_alike(dict.fromkeys(named)):
            yield f"principals: {alike(*two)}"
        if self.own is None:
            stated = [key for key in ("posting_cost", "autarky") if getattr(self, key) > 0]
            yield from (f"{key}: has no meaning without tender.own, the principal's own hand" for key in stated)
        elif self.budget is not None or self.principals is not None:
            key = "budget" if self.principals is None else "principals"
            yield f"own: cannot be combined with {key}: what is made is paid for by one principal, whatever it costs"
        if "penalty" not in self.public:
            yield 'public must hold "penalty": bidders are bound by it'

    def against(self, settings: Any) -> Iterator[str]:
        """What its own hand cannot be combined with."""
        if self.own is not None:
            yield from _against_own_hand(settings, self.own)


def _against_own_hand(settings: Any, own: str) -> Iterator[str]:
    """What a principal that may work itself, by this name, cannot be combined with."""
    stated: dict[str, object] = {
        "bidders.bankroll: what is made costs the principal, whose wealth is no agent's": settings.bidders.bankroll,
        "world.bid_cost: its own hand makes no bid; state tender.posting_cost": settings.world.bid_cost or None,
        "market.alone: there is nobody to buy from": settings.market.alone or None,
        "market.round, which clears several postings together": settings.market.round,
        "market.escrow, of which nobody has need with itself": settings.market.escrow,
        "market.entry, which it would pay to itself": settings.market.entry,
        f"a policy of {own!r} in bidders.agents: it bids for nobody": settings.bidders.agents.get(own),
        f"a policy of several agents that names {own!r}: it bids for nobody": settings.bidders.names(own) or None,
        "bidders.process, by which agents bid: it bids for nobody": settings.bidders.process,
        f"several names of {own!r} in world.names: it bids for nobody": (settings.world.names or {}).get(own),
        f"world.names, in which {own!r} is another name of an agent that bids": _is_further(settings, own) or None,
        'world.shill where it is the "shill", which never works': settings.world.shill if own == SHILL else None,
    }
    if settings.tender.autarky > 0:
        stated["bidders.fallback, put in where nobody was asked"] = settings.bidders.fallback
    yield from (f"tender.own: cannot be combined with {key}" for key, one in stated.items() if one is not None)


def _is_further(settings: Any, own: str) -> bool:
    """It is a further name of an agent."""
    names = settings.world.names or {}
    return any(own == second_name(name, number) for name in names for number in range(2, names[name] + 1))
