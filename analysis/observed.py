"""What every agent would claim at the first posting, beside what is known of how it does: the rows of calibration.

Index convention: R' distinct replications, T tasks, n agents, J outcomes of a cell (replication, task, agent).

A claim is stated wherever an agent is present: also where it abstains, is late or silent, or nobody asks it. So tables
of claims are about what agents know, and equal for all arms that share beliefs and policies, whoever bids or is hired.
Outcomes are those of `World.observed`: all known trials of an agent at a task, or its first try. A cell counts once, so
each of its outcomes weighs 1 / their number; a cell of which no outcome is known is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from analysis.calibration import bin_of, ece_null
from sim.agents.bidding import BidderState, see
from sim.kit.arrays import BoolArray, FloatArray, IntArray, Notice
from sim.market.rules import Rules
from sim.world.world import World


def stated_claims(world: World, rules: Rules | None, belief: FloatArray, cost_belief: FloatArray) -> FloatArray:
    """(R, T, n) claim of each agent at the first posting, through the policies of the rules; NaN where absent.

    belief, cost_belief: held then, (R, T, n). rules: None where everybody claims its belief.
    """
    claim = belief
    if rules is not None:
        none_yet = np.broadcast_to(np.int64(0), world.present.shape)
        claim = rules.bidder(belief, cost_belief, _first_notice(world, rules), BidderState(none_yet, none_yet))[1]
    return np.where(world.present, claim, np.nan)


def honest_asks(world: World, rules: Rules | None, belief: FloatArray, cost_belief: FloatArray) -> FloatArray:
    """(R, T, n) dollars: the rule's truthful ask at the first posting; NaN where absent, or without rules."""
    if rules is None:
        return np.full(world.present.shape, np.nan)
    return np.where(
        world.present, rules.mechanism.truthful_ask(belief, cost_belief, _first_notice(world, rules)), np.nan
    )


def _first_notice(world: World, rules: Rules) -> Notice:
    posting = np.broadcast_to(np.int64(0), world.reserve.shape)
    return see(rules.public, world.value, world.reserve, rules.penalty_in(world), posting)


@dataclass(frozen=True, eq=False)
class Observed:
    """Claims and the outcomes known of them.

    claim (R', T, n): NaN where the agent is absent or no outcome is known. success, counted (R', T, J, n): the outcome
    is a success; it is known. copies: equal replications that each one stands for.
    """

    claim: FloatArray
    success: BoolArray
    counted: BoolArray
    copies: int

    @classmethod
    def of(cls, world: World, stated: FloatArray) -> Self:
        """Of the replications that differ in who is present, claims or succeeds; the first one where all are the same.

        A recorded table's claims and outcomes are copied into every replication; copies are not observations.
        """
        success, known = world.success[..., :1], world.present[..., None]
        if world.observed is not None:
            success, known = world.success, known & world.observed
        count = known.sum(axis=3, keepdims=True)
        share = (success & known).sum(axis=3, keepdims=True) / np.maximum(count, 1)
        claim = np.where(count[..., 0] > 0, stated, np.nan)
        same = all(_constant(array) for array in (count, share, claim))
        success, known = np.moveaxis(success, 3, 2), np.moveaxis(known, 3, 2)
        if same:
            return cls(claim[:1].copy(), success[:1].copy(), known[:1].copy(), world.n_replications)
        return cls(claim, success, known, 1)

    def same(self, other: Observed) -> bool:
        """Equal claims and outcomes."""
        arrays = ((getattr(self, name), getattr(other, name)) for name in ("claim", "success", "counted"))
        return self.copies == other.copies and all(np.array_equal(*pair, equal_nan=True) for pair in arrays)

    @cached_property
    def known(self) -> BoolArray:
        """(R', T, n): an outcome of this cell is known."""
        return ~np.isnan(self.claim)

    @cached_property
    def tenth(self) -> NDArray[np.int8]:
        """(R', T, n): tenth of [0, 1] that each claim is in, from 0; -1 where no outcome is known."""
        return np.where(self.known, bin_of(np.nan_to_num(self.claim)), -1).astype(np.int8)

    @cached_property
    def share(self) -> FloatArray:
        """(R', T, n): share of its outcomes that are successes; 0 where none is known."""
        return np.asarray((self.success & self.counted).sum(axis=2) / np.maximum(self.counted.sum(axis=2), 1))

    @cached_property
    def weight(self) -> FloatArray:
        """(R', T, J, n): 1 / number of known outcomes of the cell; 0 where this one is not known."""
        return np.asarray(self.counted / np.maximum(self.counted.sum(axis=2, keepdims=True), 1))

    @property
    def cell(self) -> IntArray:
        """(N,) number of the (replication, task) of each row."""
        n_replications, n_tasks, n_outcomes, _ = self.success.shape
        return np.repeat(np.arange(n_replications * n_tasks), n_outcomes)

    @property
    def rows(self) -> tuple[FloatArray, BoolArray, BoolArray, FloatArray]:
        """Claim, success, whether it is known, and weight, (N, n) each; a row is one outcome, N = R' T J.

        A claim stands in all rows of its cell: others may have more outcomes there than the agent itself.
        """
        n_agents = self.success.shape[3]
        claim = np.broadcast_to(self.claim[:, :, None], self.success.shape).reshape(-1, n_agents)
        success, counted = self.success.reshape(-1, n_agents), self.counted.reshape(-1, n_agents)
        return claim, success, counted, self.weight.reshape(-1, n_agents)

    def by_cell(self, rows: FloatArray) -> FloatArray:
        """(R', T, k): sums of rows (N, k) over the outcomes of a cell."""
        return np.asarray(rows.reshape(*self.success.shape[:3], rows.shape[1]).sum(axis=2))

    def only(self, agent: int) -> Observed:
        """The claims of one agent."""
        one = slice(agent, agent + 1)
        return Observed(self.claim[..., one], self.success[..., one], self.counted[..., one], self.copies)

    def at(self, cells: BoolArray) -> Observed:
        """The claims at these (R', T), as tasks of one replication."""
        return Observed(self.claim[cells][None], self.success[cells][None], self.counted[cells][None], self.copies)

    def claimed(self, stated: FloatArray) -> Observed:
        """The same cells with other claims (R, T, n)."""
        return replace(self, claim=np.where(self.known, stated[: len(self.claim)], np.nan))

    def null(self) -> float:
        """Expected ECE of calibrated agents with these claims, outcomes independent; NaN without claims.

        Exact with one outcome a cell, else simulated.
        """
        from analysis.calibration_null import simulated_null

        if self.success.shape[2] == 1:
            return ece_null(self.claim)
        in_order = Observed(self.claim, self.success, np.sort(self.counted, axis=2), 1)  # however they are ordered
        claim, _, _, weight = in_order.rows
        return simulated_null(claim, 0.0, self.cell, weight)[0]


def groups_of(world: World, seen: Observed) -> IntArray | None:
    """(N,) within what claims compare: a replication, or a half of one, where a card shifts them; None: everywhere."""
    if world.uncarded is None:
        return None
    replication = seen.cell // seen.claim.shape[1]
    if world.half is None:
        return np.asarray(replication)
    return np.asarray(2 * replication + world.half[: len(seen.claim)].reshape(-1).astype(np.int64)[seen.cell])


def _constant(array: NDArray[Any]) -> bool:
    """All replications (axis 0) are equal; NaN equals NaN."""
    if array.strides[0] == 0 or array.shape[0] == 1:
        return True
    return bool(((array == array[:1]) | ((array != array) & (array[:1] != array[:1]))).all())
