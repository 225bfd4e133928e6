"""Planners: the allocator decides alone and bids change nothing.

    always           hires one named agent
    route_by_advice  hires argmax advice V - expected cost, if that is > 0

Both pay the expected cost in both states, or the reserve on success. With advice = outcome and the actual cost the
router is the outcome oracle; with advice = ability it is the ability oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.kit.errors import ScenarioError, closest
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms, contract, select
from sim.mechanisms.payment_text import paragraph, pays
from sim.mechanisms.registry import register

_PLANS = Capabilities(needs=frozenset({"expected_cost"}), solicits_bids=False, asks_for="cost")


@dataclass(frozen=True, kw_only=True)
class _Planner(Mechanism):
    """Payment of the planners. pay: "expected_cost" in both states, or the "reserve" on success."""

    pay: Literal["expected_cost", "reserve"] = "expected_cost"

    @property
    def capabilities(self) -> Capabilities:
        return _PLANS

    @property
    def promises(self) -> Promises:
        bounded = self.pay == "reserve"
        return Promises(ask=True, claim=True, rational=False, efficient=False, no_deficit=bounded, claim_ignored=True)

    def _told_pays(self) -> str:
        if self.pay == "reserve":
            return pays("reserve", "0")
        known = "Here expected_cost is what the principal expects the attempt to cost."
        return f"{pays('expected_cost', 'expected_cost')} {known}"

    def _contract(self, hired: BoolArray, tender: Tender, standing: Standing, by_tie: BoolArray) -> Award:
        if self.pay == "reserve":
            return contract(hired, np.asarray(tender.reserve)[..., None], np.zeros(1), by_tie)
        return contract(hired, standing.expected_cost, standing.expected_cost, by_tie)


@register("always")
@dataclass(frozen=True, kw_only=True)
class Always(_Planner):
    """One named agent does every task it can be given; where its pay is an expected cost nobody knows, none.

    then: the agent for every posting after the first; the same one where absent. beside: another that does the same
    tasks at the same time.
    """

    agent: str | int
    then: str | int | None = None
    beside: str | int | None = None

    summary: ClassVar[str] = "one named agent for every task (another after it, or beside it), paid its expected cost"

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(agent=0, pay="expected_cost"), cls(agent=0, pay="reserve"))

    @property
    def capabilities(self) -> Capabilities:
        return replace(_PLANS, hires_several=self.beside is not None)

    @property
    def promises(self) -> Promises:
        bounded = self.pay == "reserve" and self.beside is None
        return replace(super().promises, no_deficit=bounded)

    def for_agents(self, agents: Sequence[str]) -> Self:
        """Names resolved to positions; raises `ScenarioError` where nobody has that name."""

        def place(key: str, name: str | int | None) -> int | None:
            return None if name is None else _position(key, name, agents)

        then, beside = place("then", self.then), place("beside", self.beside)
        return replace(self, agent=_position("agent", self.agent, agents), then=then, beside=beside)

    def told_to_bidders(self) -> str:
        return paragraph("nothing", "The principal has chosen beforehand who does the tasks.", self._told_pays())

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        if any(isinstance(name, str) for name in (self.agent, self.then, self.beside)):
            raise ScenarioError(f"always.agent: {self.agent!r} is a name; for_agents turns it into a position")
        later = self.agent if self.then is None else self.then
        who = np.where(np.asarray(tender.posting) == 0, self.agent, later)[..., None]
        places = np.arange(bids.active.shape[-1])
        hired = bids.active & ((places == who) | (places == (-1 if self.beside is None else self.beside)))
        if self.pay == "expected_cost":
            hired = hired & ~np.isnan(standing.expected_cost)
        return self._contract(hired, tender, standing, np.zeros(hired.shape[:-1], np.bool_))


def _position(key: str, agent: str | int, agents: Sequence[str]) -> int:
    """The agent's place among `agents`; raises ScenarioError where it has none."""
    if isinstance(agent, int):
        if not 0 <= agent < len(agents):
            raise ScenarioError(f"always.{key}: must be a name or lie in 0 ... {len(agents) - 1}; got {agent}")
        return agent
    if agent not in agents:
        allowed = ", ".join(agents)
        raise ScenarioError(f"always.{key}: no agent {agent!r}{closest(agent, agents)}; allowed: {allowed}")
    return list(agents).index(agent)


@register("route_by_advice")
@dataclass(frozen=True, kw_only=True)
class RouteByAdvice(_Planner):
    """The planner's best guess does the task: argmax advice V - expected cost, if positive.

    Efficient only where the advice is exact; individually rational only where the expected cost covers the cost.
    """

    summary: ClassVar[str] = "the agent with the best advice x value - expected cost, paid its expected cost"
    capabilities: ClassVar[Capabilities] = replace(
        _PLANS, needs=frozenset({"value", "expected_cost", "advice"}), takes_index=True
    )

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(pay="expected_cost"), cls(pay="reserve"))

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        value = np.asarray(tender.value)[..., None]
        return {"advice x value": standing.advice * value, "-expected cost": -standing.expected_cost}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.zeros(np.shape(tender.reserve))

    def told_to_bidders(self) -> str:
        score = (
            "Here score is advice * value - expected_cost. Here advice is what the principal itself thinks an agent's "
            "chance is. The highest score is hired, if it is above 0."
        )
        return paragraph("nothing", score, self._told_pays())

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        scores = self.scores(bids, tender, standing)
        chosen = select(scores, bids.active & (scores > 0), lottery)
        return self._contract(chosen.hired, tender, standing, chosen.by_tie)
