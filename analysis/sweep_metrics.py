"""What a job of a sweep keeps of an arm: sums over its replications from which every estimate follows.

Index convention: R replications of the job, T tasks, n agents, Q quantities. Quantities are those of
`quantities(agents)` in that order, the paired differences last. A job keeps for each of them

    noise_*, main_*      `Moments` over replications, and over the clusters of the interval where these are not tasks
    by                   place in BYS of these clusters; a difference has the coarser ones of the two arms
    more, less           auctions that only the arm, and only its baseline, solved (or left unfilled)
    task_num, task_den   (T,) totals by task, on a recorded table only

All of these add up over jobs (`merge`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.inference import By, Clustered, Estimate, difference_of, estimate_of, gap
from analysis.moments import Moments
from analysis.sweep_cells import OF_AGENT_PAIRED, PER_AGENT, PER_ARM, PER_AUCTION, Cells, Part
from sim.arrays import BoolArray, FloatArray
from sim.experiment.job import Played, Reducer

BYS: tuple[By, ...] = ("task", "pair", "replication", "none")  # from fine to coarse
RATES = frozenset(
    {
        "solve_rate",
        "unfilled_rate",
        "tie_rate",
        "exit_rate",
        "share",
        "hired_rate",
        "success_rate_hired",
        "negative_utility_rate",
    }
)
_SET = frozenset({"overhead", "bid_cost"})  # known to be 0 where a scenario states none
_ADDED = ("more", "less", "task_num", "task_den")


class Quantity(NamedTuple):
    """One number of an arm. agent: "" where it is of all of them. paired: the difference to the baseline arm."""

    metric: str
    agent: str
    paired: bool


def quantities(agents: Sequence[str]) -> list[Quantity]:
    """Every number that a sweep keeps of an arm, in order."""
    own = [Quantity(metric, "", False) for metric in PER_ARM]
    own += [Quantity(metric, agent, False) for metric in PER_AGENT for agent in agents]
    paired = [Quantity(metric, "", True) for metric in PER_AUCTION]
    return own + paired + [Quantity(metric, agent, True) for metric in OF_AGENT_PAIRED for agent in agents]


@dataclass(frozen=True, eq=False)
class Measure:
    """What is kept of an arm until its rows are made. own: columns of the quantities that are not paired."""

    cells: Cells
    own: dict[str, NDArray[Any]]


def measure(played: Played) -> Measure:
    """The arm's own quantities."""
    cells = Cells(played)
    parts = [*cells.arm(), *cells.agents()]
    rates = [name in RATES for name in (*PER_ARM, *PER_AGENT)]
    return Measure(cells, _columns(parts, rates, cells.by, played.world.from_table))


def rows(measured: Measure, baseline: Measure) -> dict[str, NDArray[Any]]:
    """The columns of one arm's quantities, its paired differences last."""
    cells, base = measured.cells, baseline.cells
    same = cells.n_markets == base.n_markets and np.array_equal(cells.chances, base.chances)
    by = max(cells.by, base.by, key=BYS.index)
    parts, counts = [], []
    for name in PER_AUCTION:
        own, other = cells.auctions[name], base.auctions[name]
        apart = gap(own, other) if same else np.full(own.shape, np.nan)
        parts.append(cells.markets(apart))
        counts.append((float((apart > 0).sum()), float((apart < 0).sum())) if name in RATES else (0.0, 0.0))
    for values, others, den in (
        (cells.profit, base.profit, cells.chances),
        (cells.rivals_profit, base.rivals_profit, cells.held),
    ):
        parts.append((gap(values, others) if same else np.full(values.shape, np.nan), den))
        counts += [(0.0, 0.0)] * cells.n_agents
    rates = [name in RATES for name in (*PER_AUCTION, *OF_AGENT_PAIRED)]
    paired = _columns(parts, rates, by, cells.world.from_table)
    paired |= {"more": np.array([one for one, _ in counts]), "less": np.array([one for _, one in counts])}
    return {name: np.concatenate([measured.own[name], paired[name]]) for name in measured.own}


def _columns(parts: Sequence[Part], rates: Sequence[bool], by: By, recorded: bool) -> dict[str, NDArray[Any]]:
    """The columns of some quantities; nobody solved more or less. rates: of each part, whether it is one."""
    noise = _moments(parts, rates, lambda side: side.sum(axis=2))
    main = _moments(parts, rates, lambda side: side.reshape(len(side), -1)) if by == "pair" else noise
    count = len(noise.num)
    columns = noise.columns("noise") | main.columns("main")
    columns |= {"by": np.full(count, BYS.index(by), np.int8), "more": np.zeros(count), "less": np.zeros(count)}
    if recorded:
        for name, place in (("task_num", 0), ("task_den", 1)):
            columns[name] = np.concatenate([part[place].sum(axis=1) for part in parts])
    return columns


def _moments(parts: Sequence[Part], rates: Sequence[bool], clusters: Callable[[FloatArray], FloatArray]) -> Moments:
    """Of all rows of the parts, in their order; those with the same den everywhere are added up together, and so are
    the others. clusters: (q, R, T) -> (q, G)."""
    found: list[Moments] = []
    order: list[int] = []
    sizes = [len(num) for num, _ in parts]
    first = np.cumsum([0, *sizes])
    for same in (True, False):
        chosen = [at for at, (_, den) in enumerate(parts) if (den.strides[1:] == (0, 0)) == same]
        if not chosen:
            continue
        num = np.concatenate([clusters(parts[at][0]) for at in chosen])
        if same:
            cells = parts[0][0].shape[1] * parts[0][0].shape[2] // num.shape[1]  # in a cluster
            den = np.concatenate([parts[at][1][:, 0, :1] * cells for at in chosen])
        else:
            den = np.concatenate([clusters(parts[at][1]) for at in chosen])
        found.append(Moments.of(num, den, np.repeat([rates[at] for at in chosen], [sizes[at] for at in chosen])))
        order.extend(place for at in chosen for place in range(first[at], first[at + 1]))
    return Moments.joined(found).rows(np.argsort(order))


REDUCER = Reducer(measure, rows)


def merge(total: dict[str, NDArray[Any]], job: Mapping[str, NDArray[Any]]) -> None:
    """Add a job's columns to the total of the jobs before it, in place; rows of both are the same quantities."""
    for level in ("noise", "main"):
        total |= Moments.read(total, level).plus(Moments.read(job, level)).columns(level)
    for name in _ADDED:
        if name in total:
            total[name] = total[name] + job[name]


def estimate(total: Mapping[str, NDArray[Any]], kinds: Sequence[Quantity], itself: BoolArray) -> Estimate:
    """Every row's estimate, as `inference` has it of a run. kinds: of the rows. itself: the arm is its own baseline."""
    found = _by_clusters(total)
    noise = Moments.read(total, "noise").clustered("pair").se
    rate, paired, fixed = (
        np.array(column)
        for column in zip(*((k.metric in RATES, k.paired, k.metric in _SET) for k in kinds), strict=True)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        more, less = total["more"] / total["noise_den"], total["less"] / total["noise_den"]
    exact = np.where(paired, itself, fixed & (found.value == 0))
    made = {
        (False, False): estimate_of(found, noise),
        (False, True): estimate_of(found, noise, rate=True),
        (True, False): difference_of(found, noise, more, less),
        (True, True): difference_of(found, noise, more, less, rate=True),
    }
    certain = estimate_of(found, noise, exact=True)
    fields: dict[str, Any] = {}
    for name in vars(certain):
        fields[name] = np.array(getattr(certain, name))
        for (is_paired, is_rate), one in made.items():
            at = (paired == is_paired) & (rate == is_rate) & ~exact
            fields[name][at] = getattr(one, name)[at]
    return Estimate(**fields)


def _by_clusters(total: Mapping[str, NDArray[Any]]) -> Clustered:
    """Value, standard error and clusters of every row."""
    by, main = total["by"], Moments.read(total, "main")
    if "task_num" in total:
        found = Clustered.of(total["task_num"].T, total["task_den"].T)
    else:
        found, coarse = main.clustered("pair"), by == BYS.index("replication")
        found = replace(found, se=np.where(coarse, main.clustered("replication").se, found.se))
    unknown = by == BYS.index("none")
    se: FloatArray = np.where(unknown, np.nan, found.se)
    return replace(found, se=se, clusters=np.where(unknown, 0, found.clusters))
