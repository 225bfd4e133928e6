"""What a job of a sweep keeps of an arm: sums over its replications from which every estimate follows.

Index convention: B jobs played together, R replications of them all, T tasks, n agents, Q rows. Rows are those of
`rows_of(quantities, agents)` in that order, the paired differences last. A job keeps for each of them

    noise_*, main_*      `Moments` over replications, and over the clusters of the interval where these are not tasks
    by                   place in BYS of these clusters; a difference has the coarser ones of the two arms
    more, less           auctions that only the arm, and only its baseline, solved (or left unfilled)
    task_num, task_den   (T,) totals by task, on a recorded table only
    groups, by_task      sums by group of a statistic (analysis/quantities/grouped.py), where one is asked for

All of these add up over jobs (`merge`). The top of a quantity has no sums: it is one of that quantity's rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from analysis.built import built_of
from analysis.inference import By, Clustered, Estimate, difference_of, estimate_of
from analysis.moments import Moments
from analysis.observed import Observed
from analysis.quantities import Mean, Quantity, Statistic, Top, quantity
from analysis.quantities.declared import Context, Level
from analysis.quantities.grouped import GROUPS, Sums, found, sums_of
from analysis.quantities.registered import of_plugins
from analysis.quantities.swept import Counted, Key, chosen, difference_of_parts, is_statistic
from analysis.quantities.view import View
from analysis.ranking_interval import share_interval
from analysis.sweep_cells import Cells
from analysis.sweep_sums import BYS, Added, added_up, by_job, columns_of
from sim.experiment.job import Played
from sim.kit.arrays import BoolArray, FloatArray

_ADDED, _GROUPED = ("more", "less", "task_num", "task_den"), ("groups", "by_task")


class Row(NamedTuple):
    """One number of an arm. agent: "" where it is of all of them. paired: the difference to the baseline arm."""

    metric: str
    agent: str
    paired: bool

    @property
    def level(self) -> Level:
        """Of an arm or of an agent."""
        return "agent" if self.agent else "arm"

    @property
    def of(self) -> Quantity:
        """Its quantity."""
        return quantity(self.metric, self.level)


def rows_of(of: Iterable[Quantity], agents: Sequence[str]) -> list[Row]:
    """Every number that a sweep keeps of an arm, in order."""
    each = [(one, agent) for one in of for agent in (agents if one.level == "agent" else [""])]
    own = [Row(one.name, agent, False) for one, agent in each]
    return own + [Row(one.name, agent, True) for one, agent in each if one.paired]


@dataclass(frozen=True, eq=False)
class Measure:
    """What is kept of an arm until its rows are made. own: columns of the rows that are not paired, (Q, B, ...)."""

    counted: Counted
    own: dict[str, NDArray[Any]]
    jobs: int


@dataclass(frozen=True)
class Reducer:
    """Makes the sums. asked: (level, name) of the quantities wanted beside those that every sweep keeps."""

    asked: tuple[Key, ...] = ()

    @property
    def of(self) -> list[Quantity]:
        """The quantities in order."""
        return chosen(self.asked)

    @property
    def whole(self) -> bool:
        """Some quantity needs more than the attempts."""
        return any(each.needs for each in self.of)

    @property
    def alone(self) -> bool:
        """Jobs are read one by one: sums by group are of one job, and so is a ledger."""
        return self.whole or any(is_statistic(each) for each in self.of)

    def about(self, agents: Sequence[str]) -> list[Row]:
        """What the rows are of."""
        return rows_of(self.of, agents)

    def measure(self, played: Played) -> Measure:
        """The arm's own quantities."""
        view = cast(View, built_of(played) if self.whole else Cells(played, everybody=self.alone or bool(of_plugins())))
        found_of, recorded = Counted(view), view.world.from_table
        counted = [each for each in self.of if not is_statistic(each) and not isinstance(each.how, Top)]
        plugins, rows = set(of_plugins()), []
        for each in counted:
            by = view.by_claims if each.claims else view.by
            add_up = partial(_added_up, found_of, each, by, recorded, played.jobs)
            shared = each.claims and each.key not in plugins
            rows.append(
                _CLAIMS.of(view.observed, (each.key, by, recorded, played.jobs), add_up) if shared else add_up()
            )
        columns = columns_of(rows, played.jobs)
        if len(counted) == len(self.of):
            return Measure(found_of, columns, played.jobs)
        sizes = [1 if each.level == "arm" else view.world.n_agents for each in self.of]
        return Measure(found_of, _with_statistics(self.of, sizes, columns, view, played.first), played.jobs)

    def rows(self, measured: Measure, baseline: Measure) -> dict[str, NDArray[Any]]:
        """The columns of one arm's rows, its paired differences last."""
        own, other = alike(measured.counted, baseline.counted)
        view, base = own.view, other.view
        auctions = view.n_markets == base.n_markets  # the same, whoever is there to bid
        same = auctions and np.array_equal(view.present, base.present)
        jobs = measured.jobs
        kept, more, less = [], [np.zeros((0, jobs))], [np.zeros((0, jobs))]
        for each in (one for one in self.of if one.paired):
            num, den, apart = difference_of_parts(each, own, other, auctions if isinstance(each.how, Mean) else same)
            by = max(view.by, base.by, key=BYS.index)
            kept.append(of_all(added_up((num, den), each.rate, by, view.world.from_table, jobs), view))
            count = kept[-1].noise.shape[1]
            more.append(by_job(apart > 0, count, jobs) if each.rate else np.zeros((count, jobs)))
            less.append(by_job(apart < 0, count, jobs) if each.rate else np.zeros((count, jobs)))
        paired = columns_of(kept, jobs) | {"more": np.concatenate(more), "less": np.concatenate(less)}
        for name in _GROUPED:
            if name in measured.own:
                paired[name] = _empty(len(paired["more"]))
        return {name: np.concatenate([measured.own[name], paired[name]]) for name in measured.own}


def _added_up(counted: Counted, of: Quantity, by: By, recorded: bool, jobs: int) -> Added:
    return of_all(added_up(counted.sides(of), of.rate, by, recorded, jobs), counted.view)


def of_all(added: Added, view: View) -> Added:
    """The same with a row for each agent, where agents that are nowhere present have one together."""
    if not isinstance(view, Cells) or not added.noise.shape[1] == view.n_agents != len(view.place):
        return added
    by_task = tuple(side[view.place] for side in added.by_task)
    return Added(added.by, added.noise[:, view.place], added.main[:, view.place], by_task)


def alike(own: Counted, base: Counted) -> tuple[Counted, Counted]:
    """The same with the same rows of agents."""
    views = own.view, base.view
    cells = [view for view in views if isinstance(view, Cells)]
    if len(cells) < len(views) or np.array_equal(cells[0].kept, cells[1].kept):
        return own, base
    one, other = (Counted(cast(View, Cells(each.played))) for each in cells)
    return one, other


class _Claims:
    """Sums over what the last arm claimed, which most arms of a cell claim alike."""

    def __init__(self) -> None:
        self._seen: Observed | None = None
        self._found: dict[Hashable, Added] = {}

    def of(self, seen: Observed, key: Hashable, make: Callable[[], Added]) -> Added:
        """What `make` gave for these claims and this key."""
        if self._seen is not seen:
            if self._seen is None or not self._seen.same(seen):
                self._found = {}
            self._seen = seen
        if key not in self._found:
            self._found[key] = make()
        return self._found[key]


_CLAIMS = _Claims()


def _empty(count: int) -> NDArray[Any]:
    """(count, 1): no sums, of one job."""
    array = np.empty((count, 1), object)
    array[:, 0] = [np.zeros(0)] * count
    return array


def _with_statistics(
    of: Sequence[Quantity], sizes: Sequence[int], columns: dict[str, NDArray[Any]], view: View, first: int
) -> dict[str, NDArray[Any]]:
    """The columns with rows of nothing where a quantity is no ratio, and the sums by group of statistics."""
    counted = np.repeat([not is_statistic(each) and not isinstance(each.how, Top) for each in of], sizes)
    place = np.where(counted, np.cumsum(counted) - 1, 0)
    made = {
        name: np.where(np.expand_dims(counted, tuple(range(1, values.ndim))), values[place], 0)
        for name, values in columns.items()
    }
    made = {name: values.astype(columns[name].dtype) for name, values in made.items()}
    groups, by_task, at = _empty(len(counted)), _empty(len(counted)), 0
    for each, size in zip(of, sizes, strict=True):
        if isinstance(each.how, Statistic):
            sums = sums_of(each.how, view, first)
            by = view.by_claims if each.claims else view.by
            for row in range(size):
                groups[at + row, 0], by_task[at + row, 0] = sums.noise[row].ravel(), sums.tasks[row].ravel()
            made["by"][at : at + size] = BYS.index(by)
        at += size
    return made | {"groups": groups, "by_task": by_task}


def merge(total: dict[str, NDArray[Any]], job: Mapping[str, NDArray[Any]]) -> None:
    """Add a job's columns to the total of the jobs before it, in place; rows of both are the same quantities."""
    for level in ("noise", "main"):
        total |= Moments.read(total, level).plus(Moments.read(job, level)).columns(level)
    for name in _ADDED:
        if name in total:
            total[name] = total[name] + job[name]
    for name in _GROUPED:
        if name in total:
            total[name] = _added(total[name], job[name])


def _added(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Sums of arrays; rows that share both share their sum."""
    made: dict[tuple[int, int], FloatArray] = {}
    found = np.empty(len(one), object)
    for row, (left, right) in enumerate(zip(one, other, strict=True)):
        key = id(left), id(right)
        if key not in made:
            made[key] = left + right
        found[row] = made[key]
    return found


def estimate(
    total: Mapping[str, NDArray[Any]], kinds: Sequence[Row], itself: BoolArray, tasks: tuple[str, ...], seed: int
) -> Estimate:
    """Every row's estimate, as `inference` has it of a run.

    kinds: of the rows of one arm, which repeat. itself: the arm is its own baseline. tasks, seed: of the sweep.
    """
    times = len(itself) // len(kinds)
    of = [kind.of for kind in kinds]
    made = _ratios(total, kinds, of, itself, times)
    for place, one in enumerate(of):
        rows = range(place, len(itself), len(kinds))
        if isinstance(one.how, Statistic):
            for row in rows:
                _set(made, row, _statistic(one.how, total, row, tasks, seed))
        elif isinstance(one.how, Top):
            _take_top(made, total, one.how, kinds, place, rows)
    ends = np.array([(-np.inf, np.inf) if kind.paired else kind.of.within for kind in kinds])
    made["low"] = np.maximum(made["low"], np.tile(ends[:, 0], times))
    made["high"] = np.minimum(made["high"], np.tile(ends[:, 1], times))
    return Estimate(**made)


def _ratios(
    total: Mapping[str, NDArray[Any]], kinds: Sequence[Row], of: Sequence[Quantity], itself: BoolArray, times: int
) -> dict[str, Any]:
    clustered = _by_clusters(total)
    noise = Moments.read(total, "noise").clustered("pair").se
    flags = [(one.rate, kind.paired, one.stated, one.of_pairs) for kind, one in zip(kinds, of, strict=True)]
    rate, paired, stated, of_pairs = (np.tile(column, times) for column in np.array(flags, np.bool_).T)
    with np.errstate(invalid="ignore", divide="ignore"):
        more, less = total["more"] / total["noise_den"], total["less"] / total["noise_den"]
    exact = np.where(paired, itself, stated & (clustered.value == 0))
    variants = {
        (False, False): estimate_of(clustered, noise),
        (False, True): estimate_of(clustered, noise, rate=True),
        (True, False): difference_of(clustered, noise, more, less),
        (True, True): difference_of(clustered, noise, more, less, rate=True),
    }
    certain = estimate_of(clustered, noise, exact=True)
    fields: dict[str, Any] = {}
    for name in vars(certain):
        fields[name] = np.array(getattr(certain, name))
        for (is_paired, is_rate), one in variants.items():
            at = (paired == is_paired) & (rate == is_rate) & ~exact
            fields[name][at] = getattr(one, name)[at]
    if of_pairs.any():
        own = variants[False, False]
        own = own.between(*share_interval(own.value, own.se, own.clusters))
        for name in ("low", "high"):
            fields[name][of_pairs] = getattr(own, name)[of_pairs]
    return fields


def _statistic(how: Statistic, total: Mapping[str, NDArray[Any]], row: int, tasks: tuple[str, ...], seed: int) -> Any:
    sums = _sums_at(how, total, row, len(tasks))
    return found(how, sums.noise, sums.tasks, Context(BYS[total["by"][row]], tasks, seed))


def _sums_at(how: Statistic, total: Mapping[str, NDArray[Any]], row: int, n_tasks: int) -> Sums:
    noise, by_task = total["groups"][row].reshape(GROUPS, -1), total["by_task"][row]
    if by_task.size:
        by_task = by_task.reshape(n_tasks if how.by_task else min(GROUPS, n_tasks), -1)
    return Sums(noise, by_task)


def _set(made: dict[str, Any], row: int, values: Any) -> None:
    for name in ("value", "se", "se_mc", "low", "high", "clusters"):
        made[name][row] = getattr(values, name)


def _take_top(
    made: dict[str, Any],
    total: Mapping[str, NDArray[Any]],
    how: Top,
    kinds: Sequence[Row],
    place: int,
    rows: Sequence[int],
) -> None:
    own = np.array([at for at, kind in enumerate(kinds) if kind.metric == how.of and kind.agent and not kind.paired])
    for row in rows:
        there = own + row - place
        top = int(there[np.argmax(total["noise_num"][there])])
        total["by"][row] = total["by"][top]
        for values in made.values():
            values[row] = values[top]


def _by_clusters(total: Mapping[str, NDArray[Any]]) -> Clustered:
    """Value, standard error and clusters of every row."""
    by, main = total["by"], Moments.read(total, "main")
    if "task_num" in total:
        clustered = Clustered.of(total["task_num"].T, total["task_den"].T)
    else:
        clustered, coarse = main.clustered("pair"), by == BYS.index("replication")
        clustered = replace(clustered, se=np.where(coarse, main.clustered("replication").se, clustered.se))
    unknown = by == BYS.index("none")
    se: FloatArray = np.where(unknown, np.nan, clustered.se)
    return replace(clustered, se=se, clusters=np.where(unknown, 0, clustered.clusters))
