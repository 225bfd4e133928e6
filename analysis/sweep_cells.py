"""What a sweep counts of a played arm, task by task, as numerators and denominators.

Index convention: R replications, T tasks, n agents, m markets. A part is a pair num, den of arrays (q, R, T), one row
for each quantity of its kind; den may be broadcast.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from analysis.arm import clusters_of
from analysis.inference import By
from sim.arrays import FloatArray, IntArray, Status, thin
from sim.sweep.job import Played

PER_AUCTION = (
    "solve_rate",
    "unfilled_rate",
    "cost",
    "payment",
    "overhead",
    "bid_cost",
    "surplus",
    "utility",
    "welfare",
)
PER_ARM = (*PER_AUCTION, "tie_rate", "exit_rate")
PER_AGENT = (
    "share",
    "hired_rate",
    "cash_profit",
    "success_rate_hired",
    "claim_minus_success_hired",
    "negative_utility_rate",
    "rivals_profit",
)
OF_AGENT_PAIRED = ("cash_profit", "rivals_profit")  # metrics of PER_AGENT that are compared to the baseline arm too
Part = tuple[FloatArray, FloatArray]


class Cells:
    """Sums of one played arm's rows by task."""

    def __init__(self, played: Played) -> None:
        self.played, self.world = played, played.world
        n_replications, n_tasks, self.n_agents = played.world.present.shape
        self.shape = n_replications, n_tasks
        self.n_markets = self.n_agents if played.alone else 1
        self.by: By = "none" if played.replayed else clusters_of(played.world, played.coupled)
        rows = played.attempts
        # (replication, task), and with the agent before it, as one number.
        self._auction = rows["replication"].astype(np.int64) * n_tasks + rows["task"]
        self._at_agent = rows["agent"].astype(np.int64) * (n_replications * n_tasks) + self._auction

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

    @cached_property
    def auctions(self) -> dict[str, FloatArray]:
        """Each of PER_AUCTION, (m, R, T)."""
        rows, rules = self.played.attempts, self.played.rules
        cost, payment = self._per_auction(rows["cost"]), self._per_auction(rows["payment"])
        solved = (self._per_auction(rows["success"]) > 0).astype(np.float64)
        overhead = rules.overhead * self._counts("n_clearings")
        bid_cost = rules.bid_cost * self._counts("n_bids")
        gain, paid = self.world.value * solved, payment - self._counts("fees")
        return {
            "solve_rate": solved,
            "unfilled_rate": (self._per_auction() == 0).astype(np.float64),
            "cost": cost,
            "payment": payment,
            "overhead": overhead,
            "bid_cost": bid_cost,
            "surplus": gain - paid - overhead,
            "utility": paid - cost - bid_cost,
            "welfare": gain - cost - bid_cost - overhead,
        }

    @cached_property
    def attempts(self) -> FloatArray:
        """(n, R, T) attempts of each agent."""
        return self._per_agent()

    @cached_property
    def wins(self) -> FloatArray:
        """(n, R, T) those of them that truly succeeded."""
        return self._per_agent(self.played.attempts["success"])

    @cached_property
    def profit(self) -> FloatArray:
        """(n, R, T) payments less costs of attempts."""
        rows = self.played.attempts
        return self._per_agent(rows["payment"] - rows["cost"])

    @cached_property
    def rivals_profit(self) -> FloatArray:
        """(n, R, T) for each agent what all the others have."""
        return np.asarray(self.profit.sum(axis=0, keepdims=True) - self.profit)

    @cached_property
    def chances(self) -> FloatArray:
        """(n, R, T) opportunities of each agent."""
        here = thin(self.world.present)
        if here.all():
            return self._each(1.0)
        return np.broadcast_to(np.moveaxis(here.astype(np.float64), 2, 0), (self.n_agents, *self.shape))

    @property
    def held(self) -> FloatArray:
        """(n, R, T) auctions held, for each agent."""
        return self._each(self.n_markets)

    def _each(self, number: float) -> FloatArray:
        return np.broadcast_to(np.float64(number), (self.n_agents, *self.shape))

    def markets(self, values: FloatArray) -> Part:
        """A quantity of (m, R, T) auctions."""
        total = values.sum(axis=0, keepdims=True) if len(values) > 1 else values
        return total, np.broadcast_to(np.float64(self.n_markets), (1, *self.shape))

    def arm(self) -> list[Part]:
        """Each of PER_ARM, a row each."""
        ties, awards = (self._counts(name).sum(axis=0, keepdims=True) for name in ("n_ties", "n_awards"))
        return [*(self.markets(self.auctions[name]) for name in PER_AUCTION), (ties, awards), self._exits()]

    def _exits(self) -> Part:
        """Agents that left / agents, where accounts are kept: one observation a replication, at its first task."""
        left, agents = np.zeros((2, 1, *self.shape))
        kept = self.played.rules.bankroll is not None
        left[0, :, 0] = self._counts("n_exits").sum(axis=(0, 2))
        agents[0, :, 0] = float(self.n_agents * kept)
        return left, agents

    def agents(self) -> list[Part]:
        """Each of PER_AGENT, n rows each."""
        rows = self.played.attempts
        judged = (rows["status"] <= Status.PASS).astype(np.float64)
        gap = np.where(judged > 0, rows["claim"] - rows["success"], 0.0)
        attempts, wins = self.attempts, self.wins
        total = np.broadcast_to(attempts.sum(axis=0, keepdims=True), attempts.shape)
        hired = attempts if self.played.rules.postings == 1 else (attempts > 0).astype(np.float64)
        return [
            (attempts, total),
            (hired, self.chances),
            (self.profit, self.chances),
            (wins, attempts),
            (self._per_agent(gap), self._per_agent(judged)),
            (self._per_agent(rows["payment"] < rows["cost"]), attempts),
            (self.rivals_profit, self.held),
        ]
