"""One arm of an experiment as dense arrays: what every metric, table and figure is computed from.

Index convention: R replications, T tasks, n agents, m markets. Where each agent is alone, m = n and market i is agent
i's own; elsewhere m = 1. An opportunity is a (replication, task, agent) at which the agent is present. An auction is a
(replication, task, market), and there are R T m of them, also where nobody present could bid. A task may be posted
several times in one auction. Money in dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.clusters import clusters_of, clusters_of_claims
from analysis.final_wealth import exit_ticks
from analysis.inference import CLUSTERS, REPLAYED, By
from analysis.ledger_rows import Rows
from analysis.observed import Observed, groups_of, honest_asks, stated_claims
from analysis.summed_rows import charged_attempts, dollars_of_attempts, of_attempts, of_bids, of_clearings
from sim.kit.arrays import BoolArray, FloatArray, IntArray, frozen
from sim.ledger.ledger import Ledger
from sim.market.coupling import coupling, hires_by_record, replayed
from sim.market.rules import Rules
from sim.world.world import World


@dataclass(frozen=True, eq=False)
class ArmData:
    """Sums of one arm's ledger rows over postings and tries, beside the World they came from.

    name, mechanism: as the scenario writes them. alone: each agent has a market of its own.
    reserve_bounds: (low, high) dollars where the reserve is drawn uniformly, else None.
    reposted: some task was posted a second time.
    coupled: what couples the tasks of a replication (sim/market/coupling.py). replayed: on a recorded table, whom it
        hires follows from a record of the same tasks.
    present, success (R, T, n): the agent can bid; it truly succeeds at its first try.
    belief, cost_belief (R, T, n): held at the first posting, after a card where agents read one; NaN where absent.
    claim, ask (R, T, n): of the first posting's bid, NaN where none was made.
    stated (R, T, n): what each agent would claim at the first posting, whether it bids or not; NaN where absent, and of
        a live agent where it was not asked or made no bid.
    attempts, wins, scores (R, T, n): attempts made, those that truly succeeded, and the best score, NaN if not graded.
    of_attempts: (R, T, n) dollars summed over attempts, by column: payment, cost and the others of the ledger's
        ATTEMPT_DOLLARS, and cost_of_last. bid_cost, fee (R, T, n) dollars, summed over bids.
    expected, published (R, T, n) dollars: sums over attempts of the profit expected, by belief and cost belief at that
        try, and of [verified PASS] x (payment - ask).
    judged, claim_gap (R, T, n): attempts neither lost to the system nor cancelled; their sum of claim - success.
    done (R, T, n): those judged that no deadline ended. charged: (R, T, n) attempts with such dollars, by column of the
        ledger's BESIDE.
    value, reserve, penalty (R, T, m) dollars, of the first posting. overhead (R, T, m) dollars.
    n_ties, n_awards (R, T, m): clearings that hired, by a tie and at all.
    losses (R, T, n): attempts paid less than they cost, NaN where unknown. exit_tick (R, n): when each agent's wealth
        had run out, NaN where it stayed. no_budget (R, T, m): the task closed for want of budget.
    bankroll (n), budgets (one for each principal) dollars; None where no account is kept.
    replays: what the arm does on redrawn tables (analysis/resampled.py); None where its error does not need them, or
        none can be had. seed: of the redrawn tables.
    uncarded (R, T, n): what agents would claim had they not read a card before the market opens; None without one.
    rules: the arm's, None where they are not known. in_world: plays it in another World of these agents and tasks.
    """

    name: str
    mechanism: str
    world: World
    alone: bool
    reserve_bounds: tuple[float, float] | None
    reposted: bool
    coupled: tuple[str, ...]
    replayed: bool
    present: BoolArray
    success: BoolArray
    belief: FloatArray
    cost_belief: FloatArray
    claim: FloatArray
    ask: FloatArray
    stated: FloatArray
    attempts: IntArray
    wins: IntArray
    scores: FloatArray
    of_attempts: Mapping[str, FloatArray]
    bid_cost: FloatArray
    fee: FloatArray
    expected: FloatArray
    published: FloatArray
    judged: IntArray
    claim_gap: FloatArray
    done: IntArray
    charged: Mapping[str, IntArray]
    value: FloatArray
    reserve: FloatArray
    penalty: FloatArray
    overhead: FloatArray
    n_ties: IntArray
    n_awards: IntArray
    losses: FloatArray
    no_budget: BoolArray
    exit_tick: FloatArray
    bankroll: tuple[float, ...] | None = None
    budgets: tuple[float, ...] | None = None
    replays: Mapping[str, FloatArray] | None = None
    seed: int = 0
    uncarded: FloatArray | None = None
    rules: Rules | None = None
    in_world: Callable[[World], ArmData] | None = None

    @classmethod
    def build(
        cls,
        name: str,
        mechanism: str,
        world: World,
        ledger: Ledger | Rows,
        alone: bool,
        reserve_bounds: tuple[float, float] | None = None,
        bankroll: tuple[float, ...] | None = None,
        budgets: tuple[float, ...] | None = None,
        priced: bool = True,
        rules: Rules | None = None,
    ) -> Self:
        """The arrays of the arm; `ledger` holds its rows, and no others.

        bankroll, budgets: of agents and principals, where accounts were kept. priced: an ask is a price on
        success; where it is the cost of an attempt, the published profit is undefined. rules: the arm's, whose
        policies say what an agent would claim (None: its belief) and what couples its tasks (None: nothing).

        Raises ArrayError where the ledger's names or replications are not the World's.
        """
        rows = ledger if isinstance(ledger, Rows) else Rows.of(ledger, world)
        postings = [table["posting"] for table in (rows.attempts, rows.bids, rows.clearings)]
        arrays = of_attempts(world, rows.attempts) | of_bids(world, rows.bids)
        arrays |= of_clearings(world, rows.clearings, alone)
        arrays |= {"present": world.present, "success": world.success[..., 0]}
        arrays |= {"exit_tick": exit_ticks(rows, world)}
        belief, cost_belief = arrays["belief"], arrays["cost_belief"]
        stated = arrays["claim"] if world.live else stated_claims(world, rules, belief, cost_belief)
        arrays |= {"stated": stated}
        uncarded = world.uncarded
        if uncarded is not None:
            uncarded = frozen(stated_claims(world, rules, uncarded, cost_belief))
        if not priced:
            arrays["published"] = np.full(world.present.shape, np.nan)
        return cls(
            name=name,
            mechanism=mechanism,
            world=world,
            alone=alone,
            reserve_bounds=reserve_bounds,
            reposted=any(bool((posting > 0).any()) for posting in postings),
            coupled=() if rules is None else coupling(rules, world),
            replayed=rules is not None and replayed(rules, world),
            bankroll=bankroll,
            budgets=budgets,
            uncarded=uncarded,
            rules=rules,
            of_attempts=dollars_of_attempts(world, rows.attempts, alone),
            charged=charged_attempts(world, rows.attempts),
            **{field: frozen(array) for field, array in arrays.items()},  # type: ignore[arg-type]
        )

    @property
    def agents(self) -> tuple[str, ...]:
        """The n names."""
        return self.world.agents

    @property
    def by(self) -> By:
        """Clusters of what happened in the market."""
        return "none" if self.replayed else clusters_of(self.world, self.coupled)

    @property
    def by_record(self) -> bool:
        """Whom it hires follows from a record."""
        return hires_by_record(self.coupled)

    @property
    def over(self) -> str:
        """What the clusters are, in words."""
        return REPLAYED if self.by == "none" and self.replays is not None else CLUSTERS[self.by]

    @property
    def by_claims(self) -> By:
        """Clusters of what agents claim and can do, which no market changes, except by a card."""
        return clusters_of_claims(self.world, self.coupled)

    @property
    def payment(self) -> FloatArray:
        """(R, T, n) dollars."""
        return self.of_attempts["payment"]

    @property
    def cost(self) -> FloatArray:
        """(R, T, n) dollars of attempts."""
        return self.of_attempts["cost"]

    @property
    def hired(self) -> BoolArray:
        """(R, T, n): the agent made at least one attempt."""
        return self.attempts > 0

    @property
    def solved(self) -> BoolArray:
        """(R, T, m): some attempt truly succeeded; the value counts once."""
        return self.per_auction(self.wins) > 0

    @property
    def score(self) -> FloatArray:
        """(R, T, m) best score of the attempts; NaN where outcomes are not graded."""
        return self.scores if self.alone else self.scores.max(axis=2, keepdims=True, initial=0.0)

    @property
    def filled(self) -> BoolArray:
        """(R, T, m): some attempt was made."""
        return self.per_auction(self.attempts) > 0

    def per_auction(self, array: NDArray[Any]) -> NDArray[Any]:
        """Sum (R, T, n) over the agents of each market: (R, T, m)."""
        return array if self.alone else array.sum(axis=2, keepdims=True)

    def per_agent(self, array: NDArray[Any]) -> NDArray[Any]:
        """What each agent sees of a (R, T, m) array: (R, T, n)."""
        return np.broadcast_to(array, self.present.shape)

    @property
    def n_markets(self) -> int:
        """m."""
        return int(self.value.shape[2])

    @property
    def exited(self) -> BoolArray:
        """(R, n): the agent's wealth was found to have run out."""
        return np.asarray(~np.isnan(self.exit_tick))

    @property
    def exits(self) -> IntArray:
        """(R,) agents that left."""
        return np.asarray(self.exited.sum(axis=1))

    @property
    def accounts(self) -> bool:
        """Accounts of the agents are kept."""
        return self.bankroll is not None

    @property
    def utilities(self) -> FloatArray:
        """(R, T, n) dollars: each agent's payments net of fees, less its costs of attempts and bids.

        0 of the principal's own, whose costs are in the principal's surplus.
        """
        found = np.asarray(self.payment - self.fee - self.cost - self.bid_cost)
        staff = () if self.rules is None else self.rules.staff
        return np.where(np.isin(np.arange(found.shape[2]), staff), 0.0, found) if staff else found

    def terms(self, name: Literal["value", "reserve"]) -> FloatArray:
        """(R, T, m) dollars of the first posting."""
        return self.value if name == "value" else self.reserve

    def dollars(self, **signs: int) -> FloatArray:
        """(R, T, m): sum of fee, bid_cost and dollars of attempts, each times its sign."""
        given = {**self.of_attempts, "fee": self.fee, "bid_cost": self.bid_cost}
        parts = [sign * given[name] for name, sign in signs.items()]
        return np.asarray(self.per_auction(reduce(np.add, parts)))

    def with_dollars(self, column: str) -> IntArray:
        """(R, T, n) attempts with dollars of this column of the ledger's BESIDE."""
        return self.charged[column]

    def profits(self) -> FloatArray:
        """(R, T, n) payments less costs of attempts."""
        return np.asarray(self.payment - self.cost)

    def over_agents(self, array: NDArray[Any]) -> NDArray[Any]:
        """(R, T, 1) sums over the agents."""
        return np.asarray(array.sum(axis=2, keepdims=True))

    def over_markets(self, array: NDArray[Any]) -> NDArray[Any]:
        """(R, T) sums over the markets."""
        return np.asarray(array.sum(axis=2))

    def once(self, array: ArrayLike) -> NDArray[Any]:
        """(R, 1) or (R, 1, n): one observation a replication."""
        return np.asarray(array)[:, None]

    def of_world(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array, as its axes are those of the World."""
        return array

    def to_world(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array, as its axes are those of the World."""
        return array

    @cached_property
    def honest(self) -> FloatArray:
        """(R, T, n) dollars: the truthful ask by the beliefs behind the first posting's bid; NaN without a bid."""
        return honest_asks(self.world, self.rules, self.belief, self.cost_belief)

    @cached_property
    def observed(self) -> Observed:
        """What every agent would claim, beside what is known of how it does; equal replications once."""
        return Observed.of(self.world, self.stated)

    @property
    def before_card(self) -> Observed | None:
        """The same had the agents not read a card before the market opens; None without one."""
        return None if self.uncarded is None else self.observed.claimed(self.uncarded)

    @property
    def claim_groups(self) -> IntArray | None:
        """(N,) within what claims compare; None: everywhere."""
        return groups_of(self.world, self.observed)
