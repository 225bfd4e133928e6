"""A rule of a market set around another rule: it decides which bids the inner rule is handed, and may change its award.

    around(bids, ...) = award(inner(bids handed on, ...))

What is around a rule is stated by the scenario's market, not by the arm's mechanism, and so has no name of its own: it
is listed, scored and described to bidders as the rule inside. Its promises are those of the rule inside, as that made
them, and need not hold for the two together, unless a subclass says which of them do (`MakeOrBuy`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Notice, Standing, Tender
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms


@dataclass(frozen=True)
class Around(Mechanism):
    """Does what the inner `rule` does; a subclass changes what it is handed, or its answer."""

    rule: Mechanism

    def __getattr__(self, name: str) -> Any:
        """What the inner rule alone states: its name, summary and source."""
        if name.startswith("__") or name == "rule":
            raise AttributeError(name)
        return getattr(self.rule, name)

    def handed(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Bids:
        """The bids that the inner rule is handed; as they are."""
        return bids

    def answered(self, award: Award, handed: Bids, bids: Bids, tender: Tender) -> Award:
        """The award, from that of the inner rule on what it was handed; as it is."""
        return award

    def said(
        self, agent: int, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray, award: Award
    ) -> str:
        """What became of a bid that counts, (n,) each, for a reason that is none of the inner rule's; "" elsewhere."""
        rule = self.rule
        if not isinstance(rule, Around):
            return ""
        return rule.said(agent, self.handed(bids, tender, standing, lottery), tender, standing, lottery, award)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        handed = self.handed(bids, tender, standing, lottery)
        return self.answered(self.rule(handed, tender, standing, lottery), handed, bids, tender)

    def assign(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        handed = self.handed(bids, tender, standing, lottery)
        return self.answered(self.rule.assign(handed, tender, standing, lottery), handed, bids, tender)

    @property
    def promises(self) -> Promises:
        return self.rule.promises

    @property
    def capabilities(self) -> Capabilities:
        return self.rule.capabilities

    @property
    def staff(self) -> tuple[int, ...]:
        return self.rule.staff

    def truthful_ask(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice) -> FloatArray:
        return self.rule.truthful_ask(belief, cost_belief, notice)

    def told_to_bidders(self) -> str:
        return self.rule.told_to_bidders()

    def told_names(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Terms:
        return self.rule.told_names(bids, tender, standing, lottery)

    def binding(self, bids: Bids, tender: Tender, standing: Standing, award: Award) -> BoolArray:
        return self.rule.binding(bids, tender, standing, award)

    def overhead(self, unasked: BoolArray | None) -> FloatArray | float:
        return self.rule.overhead(unasked)

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        return self.rule.terms(bids, tender, standing)

    def scores(self, bids: Bids, tender: Tender, standing: Standing) -> FloatArray:
        return self.rule.scores(bids, tender, standing)

    def precedence(self, bids: Bids, tender: Tender, standing: Standing) -> tuple[FloatArray, ...]:
        return self.rule.precedence(bids, tender, standing)

    def threshold(self, tender: Tender) -> FloatArray:
        return self.rule.threshold(tender)


def without(bids: Bids, out: BoolArray) -> Bids:
    """The bids but for those of agents in `out` (..., n), which do not count."""
    return Bids.trusted(**vars(bids) | {"active": bids.active & ~out})
