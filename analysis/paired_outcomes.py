"""What two arms do at the same tasks: who solves it, how other quantities differ, what the attempts cost.

    b, c        share of tasks that only the first, and only the second arm solves;  both: that both solve
    dollars     of all attempts of both arms, a task
    shared      dollars of attempts that both make, an agent's same try at the same task: live arms buy them once

From a run the shares are means over its replications. A run of tasks bought live holds each task once, so that the
variance of a task is that of all (replication, task) pairs about their mean, and not that of means of tasks. Shares,
means and variances are redrawn by a bootstrap over the clusters of the run: tasks of a recorded table, (replication,
task) pairs, or replications. Of published counts the tasks are redrawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from analysis.clusters import joint
from analysis.inference import CLUSTERS, LEAST, By
from analysis.quantities import Quantity
from analysis.quantities.of_run import per_auction
from sim.kit.arrays import FloatArray

RESAMPLES = 2000
_KEYS = ["replication", "task", "agent", "try"]
_NAN = float("nan")


@dataclass(frozen=True)
class Differs:
    """A quantity that is no rate: mean difference, sd of a task's, sd of one arm's, and redrawn (B,) means and sds."""

    mean: float
    sd: float
    sd_of_one: float
    redrawn_mean: FloatArray
    redrawn_sd: FloatArray


@dataclass(frozen=True)
class PairedOutcomes:
    """Of two arms, a task. first, second: their names. n: tasks behind it. clusters: what is redrawn.

    redrawn (B, 2): b and c of redrawn clusters. both, dollars, shared: NaN where unknown. differs: by quantity.
    """

    first: str
    second: str
    b: float
    c: float
    n: int
    clusters: str
    redrawn: FloatArray
    both: float = _NAN
    dollars: float = _NAN
    shared: float = _NAN
    differs: Mapping[str, Differs] = field(default_factory=dict)

    @property
    def rates(self) -> tuple[float, float]:
        """Of tasks solved by the first and the second; NaN where unknown."""
        return self.both + self.b, self.both + self.c

    @property
    def psi(self) -> float:
        """Share of discordant tasks."""
        return self.b + self.c

    @property
    def delta(self) -> float:
        """Share solved by the first less that by the second."""
        return round(self.b - self.c, 12)

    @property
    def saved(self) -> float:
        """Share of the variance of the difference that pairing takes away; NaN where rates are unknown."""
        p, q = self.rates
        apart = p * (1 - p) + q * (1 - q)
        return 1.0 - (self.psi - self.delta**2) / apart if apart > 0 else _NAN


def of_counts(name: str, only_first: int, only_second: int, tasks: int, both: int | None = None) -> PairedOutcomes:
    """Of published counts, by the name of the pair. both: tasks that both solved, where known."""
    b, c = only_first / tasks, only_second / tasks
    drawn = np.random.default_rng(0).multinomial(tasks, [b, c, max(0.0, 1 - b - c)], RESAMPLES)[:, :2] / tasks
    known = _NAN if both is None else both / tasks
    return PairedOutcomes(name, "", b, c, tasks, CLUSTERS["task"], drawn, known)


def of_arms(
    first: ArmData,
    second: ArmData,
    attempts: Sequence[pd.DataFrame],
    quantities: Sequence[Quantity],
    seed: int,
) -> PairedOutcomes:
    """Of two arms of a run that played the same auctions in one market, m = 1. attempts: the ledger's rows of each."""
    mine, theirs = (arm.solved.astype(np.float64) for arm in (first, second))
    parts = [mine * (1 - theirs), theirs * (1 - mine), mine * theirs]
    by = joint(first, second)
    b, c, both = (float(part.mean()) for part in parts)
    spent = [float(arm.per_auction(arm.cost).mean()) for arm in (first, second)]
    return PairedOutcomes(
        first.name,
        second.name,
        b,
        c,
        first.world.n_tasks if by in ("task", "none") else mine.size,
        CLUSTERS["task" if by == "none" else by],
        _redrawn(parts[:2], by, seed).T,
        both,
        sum(spent),
        shared_dollars(attempts) / mine.size,
        {of.name: _differs(per_auction(of, first), per_auction(of, second), by, seed) for of in quantities},
    )


def shared_dollars(attempts: Sequence[pd.DataFrame]) -> float:
    """Dollars of attempts that both arms make; where one was stopped earlier, of the cheaper."""
    one, other = (table[[*_KEYS, "cost"]].astype({"task": str, "agent": str}) for table in attempts)
    common = one.merge(other, on=_KEYS)
    return float(common[["cost_x", "cost_y"]].min(axis=1).sum())


def _by_cluster(values: FloatArray, by: By) -> FloatArray:
    """(G,) means of (R, T, 1) values in clusters, which all are of one size."""
    if by == "pair":
        return values.ravel()
    return np.asarray(values[..., 0].mean(axis=1 if by == "replication" else 0))


def _redrawn(values: Sequence[FloatArray], by: By, seed: int) -> FloatArray:
    """(k, B) means of k times (R, T, 1) values in RESAMPLES redrawn runs, each of the same clusters.

    NaN under so few clusters that nothing has an interval, and where the rule would have to be replayed.
    """
    of = np.stack([_by_cluster(each, by) for each in values])
    if by == "none" or of.shape[1] < LEAST[by]:
        return np.full((len(values), RESAMPLES), np.nan)
    stream, count = np.random.default_rng(seed), of.shape[1]
    drawn = (np.bincount(stream.integers(count, size=count), minlength=count) for _ in range(RESAMPLES))
    return np.asarray(np.stack([of @ weights for weights in drawn], axis=1) / count)


def _differs(mine: FloatArray, theirs: FloatArray, by: By, seed: int) -> Differs:
    apart = mine - theirs
    mean, square = _redrawn([apart, apart**2], by, seed)
    if apart.size < 2:
        return Differs(float(apart.mean()), _NAN, _NAN, mean, np.full(mean.shape, np.nan))
    one = math.sqrt((mine.var(ddof=1) + theirs.var(ddof=1)) / 2)
    spread = np.sqrt(np.maximum(square - mean**2, 0.0) * apart.size / (apart.size - 1))
    return Differs(float(apart.mean()), float(apart.std(ddof=1)), one, mean, spread)
