"""Make or buy: a principal with hands of its own compares what it would make with what the market offers it.

    make     p V - c, by its own belief p and cost belief c
    buy      V (1 - prod (1 - q_j)) - sum_j (q_j w_j + (1 - q_j) l_j), over whom the rule would hire, by their claims q
             and the payments w on success and l on failure that it promises; 0 where it would hire nobody
    makes    make > buy and make > 0

It asks before it compares, so that what asking costs is spent by then and no part of the comparison. Its own hand bids
for nobody's task: what it would make is no bid that the rule reads, sets no price and can neither win nor lose one. An
award that is not taken up hires nobody. Sources: [Coase1937], [Myerson1981] for an outside option that is worth
something to the one who asks.

What stays of the rule's promises. The comparison goes by claims: a loud claim may get an award taken up, so that no
claim is promised. Of a rule that hires one, and clears a task alone, the truthful ask stays dominant: since it is, what
the winner is promised does not change with its own ask while it wins, so neither does `buy`, nor whether the award is
taken up. Where several are hired one's ask may change what others are promised, and with it whether the award of all is
taken up; where tasks are cleared together a lie may leave an award that will not be taken up for one that will. There
no ask is promised.

Index convention: the last axis is agents (n), the own hand among them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Notice, Standing, Tender
from sim.kit.digits import alone
from sim.mechanisms.around import Around, without
from sim.mechanisms.base import Capabilities, Promises, Terms


def makes(make: FloatArray, buy: FloatArray) -> BoolArray:
    """Whether the principal does the task itself, (...), from what making and buying are worth to it, dollars (...).

    >>> makes(np.array([0.4, 0.2, -0.1]), np.array([0.3, 0.2, -0.5])).tolist()
    [True, False, False]
    """
    return np.asarray((make > buy) & (make > 0.0))


def worth_of_award(award: Award, claim: FloatArray, value: FloatArray) -> FloatArray:
    """What the principal expects of an award by the claims (..., n) of whom it hires, dollars (..., 1). value (..., 1).

    >>> award = Award([True, True], [0.2, 0.3], [0.0, -0.1], np.False_)
    >>> worth_of_award(award, np.array([0.5, 0.5]), np.array([1.0])).round(6).tolist()
    [0.55]
    """
    nobody, paid = np.ones(np.shape(value)), np.zeros(np.shape(value))
    for agent in range(claim.shape[-1]):
        one = slice(agent, agent + 1)
        hired = award.hired[..., one]
        chance = np.where(hired, claim[..., one], 0.0)
        owed = chance * award.pay_success[..., one] + (1.0 - chance) * award.pay_failure[..., one]
        nobody, paid = nobody * (1.0 - chance), paid + np.where(hired, owed, 0.0)
    return value * (1.0 - nobody) - paid


@dataclass(frozen=True)
class MakeOrBuy(Around):
    """The rule buys, unless the principal would rather make. own: the place of its hand among the agents.

    posting_cost: dollars that asking for bids costs it, a posting. The hand's ask is what it thinks that an attempt
    costs, whatever the rule asks for. A task that is made is paid for by no contract: the principal bears its cost.
    """

    own: int
    posting_cost: float = field(default=0.0, compare=False)  # rules that clear alike are compiled once

    @property
    def promises(self) -> Promises:
        """Those of the rule that hold for the two together; see the module."""
        inner, has = self.rule.promises, self.rule.capabilities
        one = not (has.hires_several or has.couples_tasks)
        return replace(
            inner,
            ask=inner.ask and one,
            ask_at_true_claim=inner.ask_at_true_claim and one,
            claim=False,
            claim_ignored=False,
            efficient=False,
            equilibrium=False,
        )

    @property
    def capabilities(self) -> Capabilities:
        inner = self.rule.capabilities
        return replace(inner, needs=inner.needs | {"value"})

    @property
    def staff(self) -> tuple[int, ...]:
        return (*self.rule.staff, self.own)

    def hand(self, shape: tuple[int, ...]) -> BoolArray:
        """The principal's own hand among the agents, (n,)."""
        return np.asarray(np.arange(shape[-1]) == self.own)

    def truthful_ask(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice) -> FloatArray:
        return np.where(self.hand(belief.shape), cost_belief, self.rule.truthful_ask(belief, cost_belief, notice))

    def overhead(self, unasked: BoolArray | None) -> FloatArray | float:
        asking = self.posting_cost if unasked is None else np.where(unasked, 0.0, self.posting_cost)
        return self.rule.overhead(unasked) + asking

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        hand = self.hand(bids.ask.shape)
        return {name: np.where(hand, np.nan, term) for name, term in self.rule.terms(bids, tender, standing).items()}

    def scores(self, bids: Bids, tender: Tender, standing: Standing) -> FloatArray:
        return np.where(self.hand(bids.ask.shape), np.nan, self.rule.scores(bids, tender, standing))

    def said(
        self, agent: int, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray, award: Award
    ) -> str:
        made = bool(award.hired[self.own])
        if agent == self.own:
            worth = float(bids.claim[agent] * tender.value - bids.ask[agent])
            verdict = "made: worth" if made else "not made: worth"
            return f"{verdict} {alone(worth)} to the principal, by its own belief"
        said = super().said(agent, bids, tender, standing, lottery, award)
        return said or ("the principal makes the task itself" if made else "")

    def handed(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Bids:
        return without(bids, self.hand(bids.ask.shape))

    def answered(self, award: Award, handed: Bids, bids: Bids, tender: Tender) -> Award:
        value, one = np.asarray(tender.value)[..., None], slice(self.own, self.own + 1)
        make = np.where(bids.active[..., one], bids.claim[..., one] * value - bids.ask[..., one], -np.inf)
        own = makes(make, worth_of_award(award, bids.claim, value))
        changes = {
            "hired": np.where(own, self.hand(bids.ask.shape), award.hired),
            "pay_success": np.where(own, 0.0, award.pay_success),
            "pay_failure": np.where(own, 0.0, award.pay_failure),
            "by_tie": award.by_tie & ~own[..., 0],
        }
        return Award.trusted(**vars(award) | changes)
