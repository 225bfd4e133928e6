"""What a quantity may read of an arm: the same names for a run's arrays and for a job of a sweep.

Index convention: R replications, T tasks, n agents, m markets (n where agents are alone, else 1). Arrays "of markets"
are (R, T, m) in a run (analysis/arm.py) and (m, R, T) in a sweep (analysis/sweep_cells.py), arrays "of agents"
(R, T, n) and (n, R, T). Write a quantity with what broadcasts and with the methods below, and it holds for both. Arrays
of the World are (R, T, ...) everywhere; `of_world` turns what is made of them. Money in dollars.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from numpy.typing import ArrayLike, NDArray

from analysis.inference import By
from analysis.observed import Observed
from sim.kit.arrays import FloatArray, IntArray
from sim.market.rules import Rules
from sim.world.world import World


class View(Protocol):
    """Sums of one arm's attempts over postings and tries, by market or by agent, beside its World.

    rules: the arm's, None where they are not known. alone: each agent has a market of its own. by, by_claims: clusters
    of what happened, and of what agents claim.
    Of markets: value; overhead; score, the best of an attempt; solved, filled (some attempt succeeded, was made);
    n_ties, n_awards (clearings that hired, by a tie and at all). Of agents: present; attempts; wins, those that truly
    succeeded; hired, whether there were any; judged, those not lost to the system, and claim_gap, claim - success
    summed over them; losses, those paid less than they cost; published, [verified PASS] x (payment - ask); done, those
    that their agent calls done: neither lost nor cancelled nor ended by the deadline.
    exits: (R,) agents found without wealth left. accounts: accounts are kept.
    observed: what every agent would claim. claim_groups: (N,) within what claims compare, None: everywhere.
    before_card: `observed` before agents read a card, None without one.
    """

    @property
    def rules(self) -> Rules | None: ...
    @property
    def alone(self) -> bool: ...
    @property
    def world(self) -> World: ...
    @property
    def n_markets(self) -> int: ...
    @property
    def by(self) -> By: ...
    @property
    def by_claims(self) -> By: ...
    @property
    def value(self) -> FloatArray: ...
    @property
    def overhead(self) -> FloatArray: ...
    @property
    def solved(self) -> NDArray[Any]: ...
    @property
    def filled(self) -> NDArray[Any]: ...
    @property
    def n_ties(self) -> NDArray[Any]: ...
    @property
    def n_awards(self) -> NDArray[Any]: ...
    @property
    def present(self) -> NDArray[Any]: ...
    @property
    def attempts(self) -> NDArray[Any]: ...
    @property
    def wins(self) -> NDArray[Any]: ...
    @property
    def score(self) -> FloatArray: ...
    @property
    def hired(self) -> NDArray[Any]: ...
    @property
    def judged(self) -> NDArray[Any]: ...
    @property
    def claim_gap(self) -> FloatArray: ...
    @property
    def done(self) -> NDArray[Any]: ...
    @property
    def losses(self) -> NDArray[Any]: ...
    @property
    def published(self) -> FloatArray: ...
    @property
    def exits(self) -> IntArray: ...
    @property
    def accounts(self) -> bool: ...
    @property
    def observed(self) -> Observed: ...
    @property
    def before_card(self) -> Observed | None: ...
    @property
    def claim_groups(self) -> IntArray | None: ...

    def terms(self, name: Literal["value", "reserve"]) -> FloatArray:
        """Of the first posting, (R, T, m) or (R, T, 1)."""

    def dollars(self, **signs: int) -> FloatArray:
        """Of markets: sum of fee, bid_cost and dollars of attempts, each times its sign, 1 or -1.

        Of attempts: ATTEMPT_DOLLARS, and cost_of_last, the cost of the attempt that passed, else of the last one.
        """

    def with_dollars(self, column: str) -> NDArray[Any]:
        """Of agents: attempts with dollars of this column of the ledger's BESIDE."""

    def profits(self) -> FloatArray:
        """Of agents: payments less costs of attempts."""

    def over_agents(self, array: NDArray[Any]) -> NDArray[Any]:
        """Of agents: for each what all agents have together."""

    def over_markets(self, array: NDArray[Any]) -> NDArray[Any]:
        """A sum of markets over all markets."""

    def once(self, array: ArrayLike) -> NDArray[Any]:
        """(R,), or (R, n) of agents: one observation a replication."""

    def of_world(self, array: NDArray[Any]) -> NDArray[Any]:
        """What was made of the World's arrays, (R', T, k) with R' = R or 1, in this view's order of axes."""

    def to_world(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array of markets or agents in the World's order of axes, (R, T, k)."""
