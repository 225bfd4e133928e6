"""What a job of a sweep keeps of an arm: sums over its replications from which every estimate follows.

Index convention: R replications of the job, T tasks, n agents, m markets, Q quantities. Quantities are those of
`quantities(agents)` in that order, the paired differences last. Each is a ratio of sums, num / den, as in
`inference.py`; a job keeps for each of them

    num, den             totals over the job's replications
    vv, vd, dd           sums over replications of v^2, v d and d^2, with d = den and v = num - theta d in a replication
                         and theta = num / den of the job, so that nothing cancels
    observed             replications that hold an observation (den > 0)
    first_num, first_den of the job's first replication; same: all its replications equal it bit for bit
    task_num, task_den   (T,) totals by task, on a recorded table only

All of these add up over jobs, after vv and vd are moved to the common theta (`merge`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.inference import Estimate
from sim.arrays import FloatArray, Status
from sim.sweep.job import Played, Reducer

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
_SUMS = ("num", "den", "vv", "vd", "dd")


class Quantity(NamedTuple):
    """One number of an arm. agent: "" where it is of all of them. paired: the difference to the baseline arm."""

    metric: str
    agent: str
    paired: bool


def quantities(agents: Sequence[str]) -> list[Quantity]:
    """Every number that a sweep keeps of an arm, in order."""
    own = [Quantity(metric, "", False) for metric in PER_ARM]
    own += [Quantity(metric, agent, False) for metric in PER_AGENT for agent in agents]
    return own + [own[place]._replace(paired=True) for place in _paired(len(agents))]


def _paired(n_agents: int) -> list[int]:
    """Places of the quantities that have a paired difference, among those that are none."""
    of_agent = [
        len(PER_ARM) + PER_AGENT.index(metric) * n_agents + i for metric in OF_AGENT_PAIRED for i in range(n_agents)
    ]
    return [*range(len(PER_AUCTION)), *of_agent]


@dataclass(frozen=True, eq=False)
class Measure:
    """num, den (R, Q') by replication, and (T, Q') by task on a recorded table; Q' quantities that are not paired."""

    num: FloatArray
    den: FloatArray
    task_num: FloatArray | None
    task_den: FloatArray | None


def measure(played: Played) -> Measure:
    """The arm's own quantities."""
    sums = _Sums(played)
    parts = [*_per_auction(sums), _ties(sums), _exits(sums), *_per_agent(sums)]
    num, den = (np.concatenate([part[side][0] for part in parts], axis=1) for side in (0, 1))
    if not played.world.recorded:
        return Measure(num, den, None, None)
    task_num, task_den = (np.concatenate([part[side][1] for part in parts], axis=1) for side in (0, 1))
    return Measure(num, den, task_num, task_den)


def sums(measures: Sequence[Measure], baselines: Sequence[int]) -> dict[str, NDArray[Any]]:
    """Columns of (arms x Q) rows for one cell; arm is the arm's number and quantity its place in `quantities`."""
    rows = [_rows(one, measures[base]) for one, base in zip(measures, baselines, strict=True)]
    columns = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    count = len(rows[0]["num"])
    return {
        "arm": np.repeat(np.arange(len(rows), dtype=np.int32), count),
        "quantity": np.tile(np.arange(count, dtype=np.int32), len(rows)),
        **columns,
    }


REDUCER = Reducer(measure, sums)


def merge(total: dict[str, NDArray[Any]], job: Mapping[str, NDArray[Any]]) -> None:
    """Add a job's columns to the total of the jobs before it, in place; rows of both are the same quantities."""
    num, den = total["num"] + job["num"], total["den"] + job["den"]
    theta = _theta(num, den)
    moved = [_moved(part, theta) for part in (total, job)]
    for name, one, other in zip(("vv", "vd"), *moved, strict=True):
        total[name] = one + other
    total["dd"] = total["dd"] + job["dd"]
    equal = (total["first_num"] == job["first_num"]) & (total["first_den"] == job["first_den"])
    total["same"] = total["same"] & job["same"] & equal
    total["num"], total["den"] = num, den
    for name in ("observed", "task_num", "task_den"):
        if name in total:
            total[name] = total[name] + job[name]


def estimate(total: Mapping[str, NDArray[Any]]) -> Estimate:
    """Value and standard errors of every row, as `inference.ratio` has them."""
    den, observed = total["den"], total["observed"]
    value = np.where(den > 0, _theta(total["num"], den), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(observed > 1, observed / (observed - 1.0), np.nan)
        se_mc = np.sqrt(factor * total["vv"]) / den
    se_mc = np.where(total["same"] & ~np.isnan(se_mc), 0.0, se_mc)
    if "task_num" not in total:
        return Estimate(value, se_mc, se_mc)
    return Estimate(value, _by_task(total["task_num"], total["task_den"], value, den), se_mc)


def _by_task(num: FloatArray, den: FloatArray, value: FloatArray, total: FloatArray) -> FloatArray:
    """Standard error clustered by task, from (rows, T) sums."""
    observed = (den > 0).sum(axis=1)
    same = ((num == num[:, :1]) & (den == den[:, :1])).all(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        influence = (num - value[:, None] * den) / total[:, None]
        factor = np.where(observed > 1, observed / (observed - 1.0), np.nan)
        se = np.sqrt(factor * (influence**2).sum(axis=1))
    return np.where(same & ~np.isnan(se), 0.0, se)


def _theta(num: FloatArray, den: FloatArray) -> FloatArray:
    return np.divide(num, den, out=np.zeros(num.shape), where=den > 0)


def _moved(part: Mapping[str, NDArray[Any]], theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """vv and vd about another theta."""
    shift = _theta(part["num"], part["den"]) - theta
    vv = part["vv"] + 2 * shift * part["vd"] + shift**2 * part["dd"]
    return vv, part["vd"] + shift * part["dd"]


def _rows(own: Measure, base: Measure) -> dict[str, NDArray[Any]]:
    """The columns of one arm's quantities, its paired differences last."""
    places = _paired((own.num.shape[1] - len(PER_ARM)) // len(PER_AGENT))
    same = (own.den == base.den).all(axis=0)
    paired = same[places] & same[: len(PER_AUCTION)].all()  # else they did not hold the same auctions

    def with_gap(one: FloatArray, other: FloatArray) -> FloatArray:
        return np.concatenate([one, np.where(paired, one[:, places] - other[:, places], np.nan)], axis=1)

    num, den = with_gap(own.num, base.num), np.concatenate([own.den, own.den[:, places]], axis=1)
    totals = num.sum(axis=0), den.sum(axis=0)
    v = num - _theta(*totals) * den
    columns: dict[str, NDArray[Any]] = dict(
        zip(_SUMS, (*totals, (v**2).sum(axis=0), (v * den).sum(axis=0), (den**2).sum(axis=0)), strict=True)
    )
    columns["observed"] = (den > 0).sum(axis=0)
    columns |= {"first_num": num[0].copy(), "first_den": den[0].copy()}
    columns["same"] = ((num == num[:1]) & (den == den[:1])).all(axis=0)
    if own.task_num is not None and own.task_den is not None and base.task_num is not None:
        columns["task_num"] = np.ascontiguousarray(with_gap(own.task_num, base.task_num).T)
        columns["task_den"] = np.ascontiguousarray(np.concatenate([own.task_den, own.task_den[:, places]], axis=1).T)
    return columns


Side = tuple[FloatArray, FloatArray | None]  # (R, q) by replication, (T, q) by task on a recorded table
Part = tuple[Side, Side]  # num, den


class _Sums:
    """Sums of one played arm's rows."""

    def __init__(self, played: Played) -> None:
        self.played, self.world = played, played.world
        self.n_replications, self.n_tasks, self.n_agents = played.world.present.shape
        self.n_markets = self.n_agents if played.alone else 1
        rows = played.attempts
        self.agent = rows["agent"].astype(np.int64)
        # (replication, task) as one number.
        self.auction = rows["replication"].astype(np.int64) * self.n_tasks + rows["task"]

    def cells(self, weights: ArrayLike | None = None) -> FloatArray:
        """(R, T, m) sums over each auction's attempts."""
        at = self.auction * self.n_markets + self.agent if self.n_markets > 1 else self.auction
        return self.count(at, weights, (self.n_replications, self.n_tasks, self.n_markets))

    def agents(self, weights: ArrayLike | None = None) -> Side:
        """Sums over each agent's attempts."""
        replication, task = np.divmod(self.auction, self.n_tasks)
        n, shape = self.n_agents, (self.n_replications, self.n_agents)
        by_replication = self.count(replication * n + self.agent, weights, shape)
        if not self.world.recorded:
            return by_replication, None
        return by_replication, self.count(task * n + self.agent, weights, (self.n_tasks, n))

    def side(self, values: ArrayLike) -> Side:
        """(R, T, q) values summed over tasks, and over replications on a recorded table."""
        array = np.asarray(values, np.float64)
        return array.sum(axis=1), array.sum(axis=0) if self.world.recorded else None

    @staticmethod
    def count(at: NDArray[np.int64], weights: ArrayLike | None, shape: tuple[int, ...]) -> FloatArray:
        """Sums of `weights`, or counts, over the rows at each place of `shape`."""
        given = None if weights is None else np.asarray(weights, np.float64)
        counts = np.bincount(at, given, minlength=int(np.prod(shape)))
        return np.asarray(counts, np.float64).reshape(shape)


def _per_auction(sums: _Sums) -> list[Part]:
    """Each of PER_AUCTION over all auctions."""
    rows, counts, rules = sums.played.attempts, sums.played.counts, sums.played.rules
    cost, payment = sums.cells(rows["cost"]), sums.cells(rows["payment"])
    solved = (sums.cells(rows["success"]) > 0).astype(np.float64)
    overhead = rules.overhead * counts["n_clearings"]
    bid_cost = rules.bid_cost * counts["n_bids"]
    gain = sums.world.value[..., None] * solved
    values = {
        "solve_rate": solved,
        "unfilled_rate": (sums.cells() == 0).astype(np.float64),
        "cost": cost,
        "payment": payment,
        "overhead": overhead,
        "bid_cost": bid_cost,
        "surplus": gain - payment - overhead,
        "utility": payment - cost - bid_cost,
        "welfare": gain - cost - bid_cost - overhead,
    }
    per_replication = np.full((sums.n_replications, 1), float(sums.n_tasks * sums.n_markets))
    per_task = np.full((sums.n_tasks, 1), float(sums.n_replications * sums.n_markets)) if sums.world.recorded else None
    den: Side = per_replication, per_task
    return [(sums.side(values[name].sum(axis=2, keepdims=True)), den) for name in PER_AUCTION]


def _ties(sums: _Sums) -> Part:
    counts = sums.played.counts
    ties, awards = (sums.side(counts[name].sum(axis=2, keepdims=True)) for name in ("n_ties", "n_awards"))
    return ties, awards


def _exits(sums: _Sums) -> Part:
    """Agents that left / agents, where accounts are kept; a replication is one observation, whatever its tasks."""
    kept = sums.played.rules.bankroll is not None
    exits = sums.played.counts["n_exits"].sum(axis=(1, 2), keepdims=False)[:, None].astype(np.float64)
    agents = np.full(exits.shape, float(sums.n_agents * kept))
    return _as_one_task(sums, exits), _as_one_task(sums, agents)


def _as_one_task(sums: _Sums, by_replication: FloatArray) -> Side:
    """A side told by replication alone: on a recorded table all of it is the first task's."""
    if not sums.world.recorded:
        return by_replication, None
    by_task = np.zeros((sums.n_tasks, by_replication.shape[1]))
    by_task[0] = by_replication.sum(axis=0)
    return by_replication, by_task


def _per_agent(sums: _Sums) -> list[Part]:
    """Each of PER_AGENT, n columns each."""
    rows, present = sums.played.attempts, sums.world.present
    judged = rows["status"] != Status.INFRA
    gap = np.where(judged, rows["claim"] - rows["success"], 0.0)
    attempts, wins, profit = sums.agents(), sums.agents(rows["success"]), sums.agents(rows["payment"] - rows["cost"])
    chances = _chances(sums)
    if sums.played.rules.postings == 1:
        hired = attempts
    else:
        tried = sums.count(sums.auction * sums.n_agents + sums.agent, None, present.shape) > 0
        hired = sums.side(tried)
    return [
        (attempts, _of_all(attempts)),
        (hired, chances),
        (profit, chances),
        (wins, attempts),
        (sums.agents(gap), sums.agents(judged)),
        (sums.agents(rows["payment"] < rows["cost"]), attempts),
        (_of_rivals(profit), _auctions(sums)),
    ]


def _chances(sums: _Sums) -> Side:
    """Opportunities of each agent; summed once where all replications share them."""
    present = sums.world.present
    if present.strides[0] != 0:
        return sums.side(present)
    by_agent = np.broadcast_to(present[0].sum(axis=0, dtype=np.float64), (sums.n_replications, sums.n_agents))
    return by_agent, present[0] * float(sums.n_replications) if sums.world.recorded else None


def _of_rivals(profit: Side) -> Side:
    """For each agent what all the others have."""
    by_replication, by_task = profit
    return _repeated(by_replication) - by_replication, None if by_task is None else _repeated(by_task) - by_task


def _auctions(sums: _Sums) -> Side:
    """Auctions held, a column for each agent."""
    whole: Side = np.full((sums.n_replications, sums.n_agents), float(sums.n_tasks * sums.n_markets)), None
    if not sums.world.recorded:
        return whole
    return whole[0], np.full((sums.n_tasks, sums.n_agents), float(sums.n_replications * sums.n_markets))


def _of_all(attempts: Side) -> Side:
    by_replication, by_task = attempts
    return _repeated(by_replication), None if by_task is None else _repeated(by_task)


def _repeated(array: FloatArray) -> FloatArray:
    return np.broadcast_to(array.sum(axis=1, keepdims=True), array.shape)
