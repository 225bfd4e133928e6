"""The economy `ecology`: its measures, and the replications that they are of.

Measures are of the last `window` generations where they are not of the end; those of agents are of all living agents
of these generations together. The return of an agent in a generation is (paid - ticket - tokens) / (ticket + tokens),
at most `most_return`. The effective number of niches is exp(entropy) of the shares of living agents by the family that
each is best at, the first of several: that of m equal shares is m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.economies.ecology.ecology_settings import EcologySettings
from sim.economies.ecology.generations import Books, Season, seasons
from sim.economies.ecology.roster import total
from sim.economies.economy import Measure, Played, register_economy
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.portable import exp, log

_OF_NOBODY = ("population", "lineages", "solve_rate")  # are 0 where nobody lives; what else there is of a step is NaN
Sums = dict[str, FloatArray]


@register_economy("ecology")
@dataclass(frozen=True)
class Ecology:
    """See the modules of this room."""

    summary: ClassVar[str] = "agents that pay to live, earn in a market, have children and leave"
    source: ClassVar[str] = "EV"
    block: ClassVar[int] = 64
    Settings: ClassVar[type[EcologySettings]] = EcologySettings
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("extinct", "share", "replications in which nobody lives at the end", rate=True),
        Measure("mean_return", "share", "return of an agent in a generation"),
        Measure("mean_niches", "niches", "effective number of niches of a generation in which somebody lives"),
        Measure("low_upkeep_share", "share", "living agents of the kind with the least upkeep; NaN of one kind"),
        Measure("mean_population", "agents", "living agents a generation"),
        Measure("income", "$", "paid less tokens, of an agent in a generation"),
        Measure("solved", "share", "tasks that pass"),
        Measure("mean_price", "$", "price of a task, over families, of a generation in which somebody lives"),
        Measure("last_lineages", "lineages", "founders with living descendants at the end"),
        Measure(
            "overlap",
            "share",
            "common share of the jobs of two pools, descendants of the first half of founders and of the others",
        ),
        Measure("births", "agents", "children, of all generations"),
        Measure("merges", "agents", "children of two parents, of all generations"),
        Measure("exits", "agents", "agents that left, of all generations"),
        Measure("merge_gain_opposed", "$", "worth of a task to the average over its parents' mean, opposed skills"),
        Measure("merge_gain_alike", "$", "the same where parents' skills are not opposed"),
        Measure("population", "agents", "living agents", steps=True),
        Measure("lineages", "lineages", "founders with living descendants", steps=True),
        Measure("niches", "niches", "effective number of niches", steps=True),
        Measure("niche_share", "share", "living agents in the largest niche", steps=True),
        Measure("lineage_share", "share", "living agents of the largest lineage", steps=True),
        Measure("energy", "$", "energy of a living agent after the market", steps=True),
        Measure("solve_rate", "share", "tasks that pass", steps=True),
        Measure("price", "$", "price of a task, over families", steps=True),
        Measure("returned", "share", "return of a living agent", steps=True),
        Measure("low_upkeep", "share", "living agents of the kind with the least upkeep; NaN of one kind", steps=True),
    )

    def play(self, settings: EcologySettings, seed: int, replications: range) -> Played:
        """What these replications come to."""
        lanes, books = len(replications), Books(replications.start) if settings.accounts else None
        sums, steps = dict[str, FloatArray](), _nothing(lanes, settings)
        last: Season | None = None
        for g, last in enumerate(seasons(settings, seed, replications, books=books)):
            step = _of_step(last, settings)
            for name, values in step.items():
                steps[name][:, g] = values
            _add(sums, _of_births(last))
            if g >= settings.generations - settings.counted:
                _add(sums, _of_agents(last, settings, step))
        assert last is not None  # founders live
        if "living" not in sums:  # nobody did, in the generations that count
            sums |= {
                name: 0.0 * values for name, values in _of_agents(last, settings, _of_step(last, settings)).items()
            }
        rows = _rows(sums, last, settings)
        return Played(rows, steps, None if books is None else books.columns())


def _nothing(lanes: int, settings: EcologySettings) -> dict[str, FloatArray]:
    """(L, S) of each measure of steps, as it is where nobody lives."""
    names, shape = [one.name for one in Ecology.measures if one.steps], (lanes, settings.generations)
    return {name: np.full(shape, 0.0 if name in _OF_NOBODY else np.nan) for name in names}


def _add(sums: Sums, more: Sums) -> None:
    for name, values in more.items():
        sums[name] = sums[name] + values if name in sums else values


def _returns(season: Season, settings: EcologySettings) -> tuple[FloatArray, BoolArray]:
    """(L, N) returns, and which of them there are."""
    spent = season.ticket + season.market.spent
    there = season.alive & (spent > 0)
    made = (season.market.paid - spent) / np.where(there, spent, 1.0)
    return np.where(there, np.minimum(made, settings.most_return), 0.0), there


def _least_upkeep(season: Season, settings: EcologySettings) -> BoolArray | None:
    upkeep = np.array([kind.upkeep for kind in settings.builds])
    return (upkeep == upkeep.min())[season.kind] & season.alive if np.ptp(upkeep) > 0 else None


def _ratio(upper: FloatArray | IntArray, lower: FloatArray | IntArray) -> FloatArray:
    return np.asarray(np.where(lower > 0, upper / np.where(lower > 0, lower, 1), np.nan), np.float64)


def _members(group: IntArray, alive: BoolArray, groups: int) -> IntArray:
    """(L, groups) living agents in each group; group, alive (L, N)."""
    return np.asarray(((group[..., None] == np.arange(groups)) & alive[..., None]).sum(axis=1))


def _of_step(season: Season, settings: EcologySettings) -> Sums:
    """(L,) of each measure of a step."""
    living = season.alive.sum(axis=1)
    returned, there = _returns(season, settings)
    least = _least_upkeep(season, settings)
    niches = _members(np.argmax(season.skill, axis=-1), season.alive, settings.families)
    lineages = _members(season.lineage, season.alive, settings.founders)
    return {
        "population": living.astype(np.float64),
        "lineages": (lineages > 0).sum(axis=1).astype(np.float64),
        "niches": effective_number(niches),
        "niche_share": _ratio(niches.max(axis=1), living),
        "lineage_share": _ratio(lineages.max(axis=1), living),
        "energy": _ratio(total(season.energy), living),
        "solve_rate": season.market.solved.sum(axis=1) / settings.tasks,
        "price": np.where(living > 0, total(season.price) / settings.families, np.nan),
        "returned": _ratio(total(returned), there.sum(axis=1)),
        "low_upkeep": np.full(len(living), np.nan) if least is None else _ratio(least.sum(axis=1), living),
    }


def _of_births(season: Season) -> Sums:
    """(L,) counts of a generation's children and exits, and sums of what merges gained."""
    lanes = len(season.alive)
    zero = np.zeros(lanes)
    found = {name: zero.copy() for name in ("births", "merges", "opposed", "gain_opposed", "gain_alike")}
    for born in season.births:  # at most one of each lane
        merged = born.mate >= 0
        found["births"][born.lane] += 1
        found["merges"][born.lane] += merged
        found["opposed"][born.lane] += born.opposed
        found["gain_opposed"][born.lane] += np.where(born.opposed, born.gain, 0.0)
        found["gain_alike"][born.lane] += np.where(merged & ~born.opposed, born.gain, 0.0)
    return found | {"exits": season.left.sum(axis=1).astype(np.float64)}


def _of_agents(season: Season, settings: EcologySettings, step: Sums) -> Sums:
    """(L, ...) sums over a generation's agents, tasks and families. step: measures of it."""
    returned, there = _returns(season, settings)
    least, niches = _least_upkeep(season, settings), step["niches"]
    first = (season.lineage < settings.founders / 2)[..., None]
    return {
        "living": season.alive.sum(axis=1).astype(np.float64),
        "returned": total(returned),
        "with_return": there.sum(axis=1).astype(np.float64),
        "income": total(season.market.paid - season.market.spent),
        "solved": step["solve_rate"],
        "price": np.where(np.isnan(niches), 0.0, step["price"]),
        "niches": np.where(np.isnan(niches), 0.0, niches),
        "with_niches": (~np.isnan(niches)).astype(np.float64),
        "least": np.full(len(niches), np.nan) if least is None else least.sum(axis=1).astype(np.float64),
        "one_pool": np.where(first, season.market.jobs, 0).sum(axis=1).astype(np.float64),
        "other_pool": np.where(first, 0, season.market.jobs).sum(axis=1).astype(np.float64),
    }


def _rows(sums: Sums, last: Season, settings: EcologySettings) -> Sums:
    end, counted = last.after, settings.counted
    shares = [_ratio(sums[name], sums[name].sum(axis=1, keepdims=True)) for name in ("one_pool", "other_pool")]
    return {
        "extinct": (~end.alive.any(axis=1)).astype(np.float64),
        "mean_population": sums["living"] / counted,
        "mean_return": _ratio(sums["returned"], sums["with_return"]),
        "income": _ratio(sums["income"], sums["living"]),
        "solved": sums["solved"] / counted,
        "mean_price": _ratio(sums["price"], sums["with_niches"]),
        "mean_niches": _ratio(sums["niches"], sums["with_niches"]),
        "last_lineages": (_members(end.lineage, end.alive, settings.founders) > 0).sum(axis=1).astype(np.float64),
        "low_upkeep_share": _ratio(sums["least"], sums["living"]),
        "overlap": np.minimum(*shares).sum(axis=1),
        "births": sums["births"],
        "merges": sums["merges"],
        "exits": sums["exits"],
        "merge_gain_opposed": _ratio(sums["gain_opposed"], sums["opposed"]),
        "merge_gain_alike": _ratio(sums["gain_alike"], sums["merges"] - sums["opposed"]),
    }


def effective_number(count: IntArray) -> FloatArray:
    """(...): exp of the entropy of shares `count` (..., K); NaN where there is nothing."""
    whole = count.sum(axis=-1, keepdims=True)
    share = np.where(count > 0, count / np.maximum(whole, 1), 1.0)
    return np.asarray(np.where(whole[..., 0] > 0, exp(-total(share * log(share))), np.nan), np.float64)
