"""Assignment of several tasks at once: an agent takes at most one, a task goes to at most one.

    worth     w_ti = q_ti V_t - a_ti, a_ti the cost of an attempt
    floor     V_t - r_t, what a task left unfilled counts for, so that it is filled only at w_ti >= V_t - r_t
    W*        the largest total of worth where filled and floor where not; W*_{-i} the same without agent i
    d_i       W*_{-i} - (W* - w_ti), what agent i's task costs everybody else; at least V_t - r_t
    contract  V_t - d_i on success, -d_i on failure

This is the Vickrey-Clarke-Groves rule on contracts contingent on success: the agent's expected gain is p V_t - c - d_i
whatever it claims, and d_i is made of its rivals' bids alone. The principal is left d_i in both states. With one task
d_i = max(V - r, best rival worth).

Truth is dominant given the bids of this clearing, whatever the rivals bid. It is one-shot: an agent that may be
cleared again later can gain by keeping its place in a round free. Sources: [Leonard1983], [IEMAS2026].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.mechanisms.base import Capabilities, Mechanism, Promises, Terms, best_rival, contract, select
from sim.mechanisms.matching import NOBODY, best_matching, luckiest_matching, total
from sim.mechanisms.payment_text import SHARE, paragraph, pays
from sim.mechanisms.registry import register


@register("assignment_vcg")
@dataclass(frozen=True)
class AssignmentVCG(Mechanism):
    """The open tasks of a round go to the agents so that total worth is largest; each pays what it costs the others.

    Ties as in `sim.mechanisms.matching`. Sources: [Leonard1983], [IEMAS2026].
    """

    summary: ClassVar[str] = "all open tasks at once, largest total of claim x value - cost, contingent VCG contracts"
    promises: ClassVar[Promises] = Promises(
        ask=True, claim=True, rational=True, efficient=True, no_deficit=True, ask_at_true_claim=True
    )
    source: ClassVar[str] = "Leonard1983, IEMAS2026"
    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value"}), asks_for="cost", couples_tasks=True)

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        value = np.asarray(tender.value)[..., None]
        ask = np.where(bids.active, bids.ask, np.nan)  # an abstaining agent's ask is infinite
        return {"claim x value": bids.claim * value, "-ask": -ask}

    def threshold(self, tender: Tender) -> FloatArray:
        return np.asarray(tender.value) - np.asarray(tender.reserve)

    def told_to_bidders(self) -> str:
        return paragraph(
            "cost",
            "Here score is claim * value - ask. All open tasks are given out together so that the total of scores is "
            "highest, at most one task to an agent; a task with no score of at least value - reserve goes to nobody. "
            "Here bar is what your being hired costs the others: with one task the larger of value - reserve and the "
            "best score of the others.",
            pays("value - bar", "-bar"),
            f"A higher claim raises your score. {SHARE}",
        )

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        worth, floor = self.scores(bids, tender, standing), self.threshold(tender)[..., None]
        chosen = select(worth, bids.active & (worth >= floor), lottery)
        charge = np.maximum(floor, best_rival(chosen))
        return contract(chosen.hired, np.asarray(tender.value)[..., None] - charge, 0.0 - charge, chosen.by_tie)

    def assign(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        """The tasks' awards, (m, n)."""
        worth, floor = self.scores(bids, tender, standing), self.threshold(tender)
        able = bids.active & (worth >= floor[:, None])
        worth = np.where(able, worth, -np.inf)
        agent, by_tie = luckiest_matching(worth, floor, lottery)
        hired = (np.arange(worth.shape[1]) == agent[:, None]) & (agent[:, None] != NOBODY)
        charge = _charges(worth, floor, agent)[:, None]
        return contract(hired, np.asarray(tender.value)[:, None] - charge, 0.0 - charge, by_tie & hired.any(axis=-1))


def _charges(worth: FloatArray, floor: FloatArray, agent: IntArray) -> FloatArray:
    """d_i of the agent of each task, (m,); the floor where the task is unfilled."""
    charge = floor.copy()
    for task in np.flatnonzero(agent != NOBODY).tolist():
        others: BoolArray = np.arange(len(floor)) != task
        rest = total(worth[others], floor[others], agent[others])
        absent = worth.copy()
        absent[:, agent[task]] = -np.inf
        found = best_matching(absent, floor)
        if found is not None:
            # never below the floor but for rounding
            charge[task] = max(floor[task], total(absent, floor, found) - rest)
    return charge
