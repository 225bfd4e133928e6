"""One arm of an experiment as dense arrays: what every metric, table and figure is computed from.

Index convention: R replications, T tasks, n agents, m markets. Where each agent is alone, m = n and market i is agent
i's own; elsewhere m = 1. An opportunity is a (replication, task, agent) at which the agent is present. An auction is a
(replication, task, market), and there are R T m of them, also where nobody present could bid. A task may be posted
several times in one auction. Money in dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.inference import CLUSTERS, REPLAYED, By
from analysis.observed import Observed, stated_claims
from analysis.wealth import exit_ticks
from sim.arrays import BoolArray, FloatArray, IntArray, frozen
from sim.coupling import coupling, hires_by_record, replayed
from sim.errors import ArrayError
from sim.ledger import Ledger
from sim.rules import Rules
from sim.world import World


@dataclass(frozen=True, eq=False)
class ArmData:
    """Sums of one arm's ledger rows over postings and tries, beside the World they came from.

    name, mechanism: as the scenario writes them. alone: each agent has a market of its own.
    reserve_bounds: (low, high) dollars where the reserve is drawn uniformly, else None.
    reposted: some task was posted a second time.
    coupled: what couples the tasks of a replication (sim/coupling.py). replayed: on a recorded table, whom it hires
        follows from a record of the same tasks.
    present, success (R, T, n): the agent can bid; it truly succeeds at its first try.
    belief, cost_belief (R, T, n): held at the first posting, after a card where agents read one; NaN where absent.
    claim, ask (R, T, n): of the first posting's bid, NaN where none was made.
    stated (R, T, n): what each agent would claim at the first posting, whether it bids or not; NaN where absent.
    attempts, wins (R, T, n): attempts made, and those that truly succeeded.
    payment, cost, bid_cost, fee (R, T, n) dollars, summed over attempts or bids.
    expected, published (R, T, n) dollars: sums over attempts of the profit the agent expected, by the belief and
        cost belief it held at that try, and of [verified PASS] x (payment - ask).
    judged (R, T, n): attempts that were neither lost to the system nor cancelled. claim_gap (R, T, n): sum over
        them of claim - success.
    value, reserve, penalty (R, T, m) dollars, of the first posting. overhead (R, T, m) dollars.
    n_ties, n_awards (R, T, m): clearings that hired, by a tie and at all.
    losses (R, T, n): attempts paid less than they cost. exit_tick (R, n): when each agent's wealth was found to have
        run out, NaN where it stayed. no_budget (R, T, m): the task closed for want of budget.
    bankroll (n), budgets (one for each principal) dollars; None where no account is kept.
    replays: what the arm does on redrawn tables (analysis/resampled.py); None where its error does not need them, or
        none can be had. seed: of the redrawn tables.
    uncarded (R, T, n): what agents would claim had they not read a card before the market opens; None without one.
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
    payment: FloatArray
    cost: FloatArray
    bid_cost: FloatArray
    fee: FloatArray
    expected: FloatArray
    published: FloatArray
    judged: IntArray
    claim_gap: FloatArray
    value: FloatArray
    reserve: FloatArray
    penalty: FloatArray
    overhead: FloatArray
    n_ties: IntArray
    n_awards: IntArray
    losses: IntArray
    no_budget: BoolArray
    exit_tick: FloatArray
    bankroll: tuple[float, ...] | None = None
    budgets: tuple[float, ...] | None = None
    replays: Mapping[str, FloatArray] | None = None
    seed: int = 0
    uncarded: FloatArray | None = None

    @classmethod
    def build(
        cls,
        name: str,
        mechanism: str,
        world: World,
        ledger: Ledger,
        alone: bool,
        reserve_bounds: tuple[float, float] | None = None,
        bankroll: tuple[float, ...] | None = None,
        budgets: tuple[float, ...] | None = None,
        priced: bool = True,
        rules: Rules | None = None,
    ) -> Self:
        """The arrays of the arm whose rows, and no others, `ledger` holds.

        bankroll, budgets: of agents and principals, where accounts were kept. priced: an ask is a price on
        success; where it is the cost of an attempt, the published profit is undefined. rules: the arm's, whose
        policies say what an agent would claim (None: its belief) and what couples its tasks (None: nothing).

        Raises ArrayError where the ledger's names or replications are not the World's.
        """
        postings = [table["posting"].to_numpy() for table in (ledger.attempts, ledger.bids, ledger.clearings)]
        arrays = _of_attempts(world, ledger.attempts) | _of_bids(world, ledger.bids)
        arrays |= _of_clearings(world, ledger.clearings, alone)
        arrays |= {"present": world.present, "success": world.success[..., 0]}
        arrays |= {"exit_tick": exit_ticks(ledger, world.agents, world.n_replications)}
        belief, cost_belief = arrays["belief"], arrays["cost_belief"]
        arrays |= {"stated": stated_claims(world, rules, belief, cost_belief)}
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
        """Clusters of what agents claim and can do, which no market changes, but for what a card has told them."""
        told = tuple(name for name in self.coupled if name in self.world.shared or name.startswith("bidders.card"))
        return clusters_of(self.world, told)

    @property
    def hired(self) -> BoolArray:
        """(R, T, n): the agent made at least one attempt."""
        return self.attempts > 0

    @property
    def solved(self) -> BoolArray:
        """(R, T, m): some attempt truly succeeded; the value counts once."""
        return self.per_auction(self.wins) > 0

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

    @cached_property
    def observed(self) -> Observed:
        """What every agent would claim, beside what is known of how it does; equal replications once."""
        return Observed.of(self.world, self.stated)


def joint(arm: ArmData, baseline: ArmData) -> By:
    """Clusters of the difference of two arms of one World: the coarser ones of the two."""
    order: tuple[By, ...] = ("task", "pair", "replication", "none")
    return max(arm.by, baseline.by, key=order.index)


def over(arm: ArmData, baseline: ArmData) -> str:
    """What the clusters of the difference of two arms are, in words."""
    by, known = joint(arm, baseline), arm.replays is not None and baseline.replays is not None
    return REPLAYED if by == "none" and known else CLUSTERS[by]


def clusters_of(world: World, coupled: tuple[str, ...]) -> By:
    """Clusters of a World in which these things couple the tasks of a replication."""
    return "task" if world.recorded else "replication" if coupled else "pair"


def _codes(rows: pd.DataFrame, column: str, names: tuple[str, ...]) -> IntArray:
    """Position of each row's name in `names`; the category's own codes where its order is the World's."""
    values = rows[column]
    if len(values) == 0:
        return np.zeros(0, np.int64)
    if isinstance(values.dtype, pd.CategoricalDtype) and tuple(values.cat.categories) == names:
        codes = values.cat.codes.to_numpy().astype(np.int64)
    else:
        codes = pd.Index(names).get_indexer(pd.Index(values)).astype(np.int64)
    if (codes < 0).any():
        raise ArrayError(f"{column} must be one of the World's; got {values.iloc[int(np.argmin(codes))]!r}")
    return codes


def _replication(rows: pd.DataFrame, world: World) -> IntArray:
    replication = rows["replication"].to_numpy().astype(np.int64)
    if len(replication) and not 0 <= replication.min() <= replication.max() < world.n_replications:
        raise ArrayError(f"replication must lie in [0, {world.n_replications}); got up to {replication.max()}")
    return replication


def _index(rows: pd.DataFrame, world: World) -> tuple[IntArray, IntArray, IntArray]:
    """(replication, task, agent) of each row."""
    return _replication(rows, world), _codes(rows, "task", world.tasks), _codes(rows, "agent", world.agents)


def _sum(at: tuple[IntArray, ...], shape: tuple[int, ...], values: ArrayLike) -> FloatArray:
    """Sum of `values` over the rows of each cell."""
    flat = np.ravel_multi_index(at, shape) if len(at[0]) else at[0]
    sums = np.bincount(flat, np.asarray(values, np.float64), minlength=int(np.prod(shape)))
    return np.asarray(sums.reshape(shape), np.float64)


def _of_attempts(world: World, rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
    at, shape = _index(rows, world), world.present.shape
    success, ask = rows["success"].to_numpy().astype(bool), rows["ask"].to_numpy()
    payment, cost, claim = (rows[name].to_numpy() for name in ("payment", "cost", "claim"))
    win, lose = rows["pay_success"].to_numpy(), rows["pay_failure"].to_numpy()
    belief, cost_belief = rows["belief"].to_numpy(), rows["cost_belief"].to_numpy()
    status = rows["status"].to_numpy(dtype=object)
    judged = (status != "INFRA") & (status != "CANCELLED")
    return {
        "attempts": _sum(at, shape, np.ones(len(rows))).astype(np.int64),
        "wins": _sum(at, shape, success).astype(np.int64),
        "payment": _sum(at, shape, payment),
        "cost": _sum(at, shape, cost),
        "expected": _sum(at, shape, belief * win + (1 - belief) * lose - cost_belief),
        "published": _sum(at, shape, np.where(status == "PASS", payment - ask, 0.0)),
        "losses": _sum(at, shape, payment < cost).astype(np.int64),
        "judged": _sum(at, shape, judged).astype(np.int64),
        "claim_gap": _sum(at, shape, np.where(judged, claim - success, 0.0)),
    }


def _of_bids(world: World, rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
    at, shape = _index(rows, world), world.present.shape
    first = rows["posting"].to_numpy() == 0
    cell = tuple(axis[first] for axis in at)
    held = {name: np.full(shape, np.nan) for name in ("ask", "claim", "belief", "cost_belief")}
    for name, array in held.items():
        array[cell] = rows[name].to_numpy()[first]
    return {
        **held,
        "bid_cost": _sum(at, shape, rows["bid_cost"]),
        "fee": _sum(at, shape, rows["fee"]),
    }


def _of_clearings(world: World, rows: pd.DataFrame, alone: bool) -> dict[str, NDArray[Any]]:
    market = _codes(rows, "alone", world.agents) if alone else np.zeros(len(rows), np.int64)
    at = (_replication(rows, world), _codes(rows, "task", world.tasks), market)
    shape = (world.n_replications, world.n_tasks, world.n_agents if alone else 1)
    first = rows["posting"].to_numpy() == 0
    cell = tuple(axis[first] for axis in at)
    terms = {
        "value": np.broadcast_to(world.value[..., None], shape).copy(),
        "reserve": np.broadcast_to(world.reserve[..., None], shape).copy(),
        "penalty": np.full(shape, np.nan),
    }
    for name, array in terms.items():
        array[cell] = rows[name].to_numpy()[first]
    no_budget = (rows["closed"] == "no budget").to_numpy()
    hires = rows["n_hired"].to_numpy() > 0
    return {
        **terms,
        "overhead": _sum(at, shape, rows["overhead"]),
        "no_budget": _sum(at, shape, no_budget) > 0,
        "n_awards": _sum(at, shape, hires).astype(np.int64),
        "n_ties": _sum(at, shape, hires & rows["by_tie"].to_numpy().astype(bool)).astype(np.int64),
    }
