"""What a job of a sweep counts of a played arm: the `View` of quantities that needs no ledger.

Index convention: R replications, T tasks, n agents, m markets. Arrays of markets are (m, R, T), of agents (n, R, T),
where agents that are nowhere present may be one row. Sums are made when a quantity reads them. Bids, and what was
believed at each attempt, are not here: a job that is asked for a quantity that needs them plays the whole ledger
(analysis/built.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.clusters import clusters_of, clusters_of_claims
from analysis.inference import By
from analysis.ledger_rows import cell_max, counted_alone, lost_money
from analysis.observed import Observed, groups_of, stated_claims
from sim.experiment.job import Played
from sim.kit.arrays import BoolArray, FloatArray, IntArray, Status, thin
from sim.ledger.ledger import ATTEMPT_DOLLARS
from sim.market.overheads import overheads
from sim.market.rules import Rules
from sim.world.world import World


def rows_of_agents(world: World) -> tuple[IntArray, IntArray]:
    """Agents that have a row each, and (n,) the row of each agent: those that are nowhere present have one together."""
    here = np.broadcast_to(thin(world.present).any(axis=(0, 1)), world.n_agents)
    alike = np.flatnonzero(~here)
    kept = np.arange(world.n_agents)
    if 1 < len(alike) < world.n_agents:
        kept = np.setdiff1d(kept, alike[1:])
    place = np.full(world.n_agents, np.searchsorted(kept, alike[0]) if len(alike) else 0)
    place[kept] = np.arange(len(kept))
    return kept, place


class Cells:
    """Sums of one played arm's rows by task.

    place: (n,) row of each agent in arrays of agents. kept: those that have one each.
    """

    def __init__(self, played: Played, *, everybody: bool = True) -> None:
        """everybody: agents that are nowhere present have a row each, not one together."""
        self.played, self.world, self.alone = played, played.world, played.alone
        n_replications, n_tasks, n_agents = played.world.present.shape
        self.shape = n_replications, n_tasks
        self.n_markets = n_agents if played.alone else 1
        self.kept = self.place = np.arange(n_agents)
        if not everybody and not played.alone:
            self.kept, self.place = rows_of_agents(self.world)
        self.n_agents = len(self.kept)
        self.by: By = "none" if played.replayed else clusters_of(played.world, played.coupled)
        self.by_claims: By = clusters_of_claims(played.world, played.coupled)
        rows = played.attempts
        # (replication, task), and with the agent before it, as one number.
        self._auction = rows["replication"].astype(np.int64) * n_tasks + rows["task"]
        self._at_agent = self.place[rows["agent"]] * (n_replications * n_tasks) + self._auction

    @property
    def rules(self) -> Rules:
        """The arm's."""
        return self.played.rules

    def _per_auction(self, weights: ArrayLike | None = None) -> FloatArray:
        """(m, R, T) sums over each auction's attempts."""
        return self._sum(self._at_agent if self.n_markets > 1 else self._auction, weights, self.n_markets)

    def _per_agent(self, weights: ArrayLike | None = None) -> FloatArray:
        """(n, R, T) sums over each agent's attempts."""
        return self._sum(self._at_agent, weights, self.n_agents)

    def _sum(self, at: IntArray, weights: ArrayLike | None, count: int) -> FloatArray:
        shape = count, *self.shape
        given = None if weights is None else np.asarray(weights, np.float64)
        return np.asarray(np.bincount(at, given, minlength=int(np.prod(shape))), np.float64).reshape(shape)

    def _counts(self, name: str) -> FloatArray:
        """(m, R, T) of the counts that came with the arm."""
        return np.moveaxis(self.played.counts[name], 2, 0).astype(np.float64)

    @property
    def value(self) -> FloatArray:
        """(R, T) dollars."""
        return self.world.value

    def terms(self, name: Literal["value", "reserve"]) -> FloatArray:
        """(R, T, 1) dollars of the first posting."""
        return (self.world.value if name == "value" else self.world.reserve)[..., None]

    @cached_property
    def overhead(self) -> FloatArray:
        """(m, R, T) dollars."""
        return overheads(self.rules, self.world.unasked, self._counts("n_clearings"), self.n_awards)

    @cached_property
    def solved(self) -> BoolArray:
        """(m, R, T): some attempt truly succeeded."""
        return self._per_auction(self.played.attempts["success"]) > 0

    @cached_property
    def score(self) -> FloatArray:
        """(m, R, T) best score of the attempts; NaN where outcomes are not graded."""
        shape = self.n_markets, *self.shape
        if self.world.score is None:
            return np.broadcast_to(np.nan, shape)
        at = self._at_agent if self.n_markets > 1 else self._auction
        return cell_max((at,), (int(np.prod(shape)),), self.played.attempts["score"]).reshape(shape)

    @cached_property
    def filled(self) -> BoolArray:
        """(m, R, T): some attempt was made."""
        return self._per_auction() > 0

    @property
    def n_ties(self) -> FloatArray:
        """(m, R, T) clearings that hired by a tie."""
        return self._counts("n_ties")

    @property
    def n_awards(self) -> FloatArray:
        """(m, R, T) clearings that hired."""
        return self._counts("n_awards")

    @cached_property
    def _dollars(self) -> dict[str, FloatArray]:
        attempts = {name: self.played.attempts[name] for name in ATTEMPT_DOLLARS}
        none = np.broadcast_to(0.0, (self.n_markets, *self.shape))
        return {
            **{name: self._per_auction(column) if column.any() else none for name, column in attempts.items()},
            "fee": self._counts("fees"),
            "bid_cost": np.asarray(self.played.rules.bid_cost * self._counts("n_bids")),
        }

    def _with_last(self, names: Mapping[str, int]) -> None:
        """Have the cost of the one attempt of each auction that counts at hand, where it is asked for."""
        if "cost_of_last" in names and "cost_of_last" not in self._dollars:
            rows, at = self.played.attempts, self._at_agent if self.n_markets > 1 else self._auction
            size = self.n_markets * self.shape[0] * self.shape[1]
            last = counted_alone((at,), (size,), rows["status"] == Status.PASS)
            self._dollars["cost_of_last"] = self._per_auction(np.where(last, rows["cost"], 0.0))

    def dollars(self, **signs: int) -> FloatArray:
        """(m, R, T): sum of fee, bid_cost and dollars of attempts, each times its sign."""
        self._with_last(signs)
        (name, sign), *others = signs.items()
        total = self._dollars[name] if sign > 0 else -self._dollars[name]
        for name, sign in others:
            total = total + self._dollars[name] if sign > 0 else total - self._dollars[name]
        return total

    @cached_property
    def attempts(self) -> FloatArray:
        """(n, R, T) attempts of each agent."""
        return self._per_agent()

    @property
    def hired(self) -> NDArray[Any]:
        """(n, R, T): there was one."""
        return self.attempts if self.played.rules.postings == 1 else self.attempts > 0

    @cached_property
    def wins(self) -> FloatArray:
        """(n, R, T) those of them that truly succeeded."""
        return self._per_agent(self.played.attempts["success"])

    @cached_property
    def _judged(self) -> BoolArray:
        return np.asarray(self.played.attempts["status"] <= Status.PASS)

    @property
    def judged(self) -> FloatArray:
        """(n, R, T) those that were not lost to the system."""
        return self._per_agent(self._judged)

    @property
    def claim_gap(self) -> FloatArray:
        """(n, R, T) sum over these of claim - success."""
        rows = self.played.attempts
        return self._per_agent(np.where(self._judged, rows["claim"] - rows["success"], 0.0))

    @property
    def done(self) -> FloatArray:
        """(n, R, T) of those judged the ones that no deadline ended."""
        return self._per_agent(self._judged & ~self.played.attempts["timed_out"].astype(bool))

    def with_dollars(self, column: str) -> FloatArray:
        """(n, R, T) attempts with dollars of this column of the ledger's BESIDE."""
        return self._per_agent(self.played.attempts[column] > 0)

    @property
    def losses(self) -> FloatArray:
        """(n, R, T) attempts paid less than they cost; NaN where that is unknown."""
        return self._per_agent(lost_money(self.played.attempts["payment"], self.played.attempts["cost"]))

    @property
    def published(self) -> FloatArray:
        """(n, R, T) dollars, [verified PASS] x (payment - ask); NaN where an ask is the cost of an attempt."""
        rows = self.played.attempts
        if self.played.rules.mechanism.capabilities.asks_for != "price":
            return self._each(np.nan)
        return self._per_agent(np.where(rows["status"] == Status.PASS, rows["payment"] - rows["ask"], 0.0))

    @cached_property
    def _profit(self) -> FloatArray:
        return self._per_agent(self.played.attempts["payment"] - self.played.attempts["cost"])

    def profits(self) -> FloatArray:
        """(n, R, T) payments less costs of attempts."""
        return self._profit

    @cached_property
    def present(self) -> FloatArray:
        """(n, R, T) opportunities of each agent."""
        here = thin(self.world.present)
        if here.all():
            return self._each(1.0)
        return np.broadcast_to(self.of_world(here.astype(np.float64)), (self.n_agents, *self.shape))

    def _each(self, number: float) -> FloatArray:
        return np.broadcast_to(np.float64(number), (self.n_agents, *self.shape))

    @property
    def exits(self) -> IntArray:
        """(R,) agents that left."""
        return np.asarray(self._counts("n_exits").sum(axis=(0, 2)), np.int64)

    @property
    def accounts(self) -> bool:
        """Accounts of the agents are kept."""
        return self.played.rules.bankroll is not None

    def over_agents(self, array: NDArray[Any]) -> NDArray[Any]:
        """(1, R, T) sums over the agents."""
        return np.asarray(array.sum(axis=0, keepdims=True))

    def over_markets(self, array: NDArray[Any]) -> NDArray[Any]:
        """(1, R, T) sums over the markets."""
        return self.over_agents(array)

    def once(self, array: ArrayLike) -> FloatArray:
        """(1, R, T): one observation a replication, at its first task."""
        found = np.zeros((1, *self.shape))
        found[0, :, 0] = array
        return found

    def of_world(self, array: NDArray[Any]) -> NDArray[Any]:
        """(k, R, T) of (R', T, k)."""
        if array.shape[2] == len(self.place) != self.n_agents:
            array = array[..., : self.n_agents] if self.kept[-1] == self.n_agents - 1 else array[..., self.kept]
        return np.broadcast_to(np.moveaxis(array, 2, 0), (array.shape[2], *self.shape))

    def to_world(self, array: NDArray[Any]) -> NDArray[Any]:
        """(R, T, k) of (k, R, T)."""
        if len(array) == self.n_agents != len(self.place):
            array = array[self.place]
        return np.moveaxis(array, 0, 2)

    @cached_property
    def _whole(self) -> Rules:
        """The arm's rules for all agents together, which say what each would claim."""
        arm = self.played.arm
        return Rules.of(arm.mechanism, arm.settings.terms, self.world) if self.alone else self.played.rules

    @cached_property
    def observed(self) -> Observed:
        """What every agent would claim, beside what is known of how it does; equal replications once."""
        return Observed.of(self.world, self._stated(self.world.belief))

    def _stated(self, belief: FloatArray) -> FloatArray:
        return stated_claims(self.world, self._whole, belief, self.world.cost_belief)

    @property
    def before_card(self) -> Observed | None:
        """The same had the agents not read a card before the market opens; None without one."""
        before = self.world.uncarded
        return None if before is None else self.observed.claimed(self._stated(before))

    @property
    def claim_groups(self) -> IntArray | None:
        """(N,) within what claims compare; None: everywhere."""
        return groups_of(self.world, self.observed)
