"""Repeated trials of an agent at a task: what a replication makes of a table that holds several.

Index convention: R replications, T tasks, n agents, K trials, of which a cell (task, agent) may hold fewer.

    exchangeable   trials are samples of one attempt: each replication draws the order of a cell's trials, named by
                   (replication, task, agent, trial). What became of a trial (success, loss, cost, duration) moves
                   together, and the claim and cost belief are those stated before the trial that is first: a bid rests
                   on one sample of the claim, not on their mean, which would be a better forecaster than any of them
    in_order       trials follow on each other: the first try is the first trial, in every replication

A try beyond a cell's trials repeats its last, in the order drawn. A rerun draws another order of outcomes, and keeps
the claims. Recorded outcomes of exchangeable trials are all observations of the agent; of trials in order only the
first is one of what was claimed. An attempt that was lost observes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.specs.world_settings import WorldSettings
from sim.tables.table import Recorded
from sim.world.luck import Identities


@dataclass(frozen=True, eq=False)
class Played:
    """The trials of a table as the replications of a World meet them; what does not vary is broadcast.

    belief, cost_belief (R, T, n); success, infra, cost (R, T, n, K); duration and score likewise, None where the table
    has none. Of a table of scores a success is a score of the world's mark at least.
    observed (R, T, n, K): the try is a recorded trial, and no copy, with a known outcome; None: the first try is.
    """

    belief: FloatArray
    cost_belief: FloatArray
    success: BoolArray
    infra: BoolArray
    cost: FloatArray
    duration: IntArray | None
    observed: BoolArray | None
    score: FloatArray | None


def played(recorded: Recorded, world: WorldSettings, seed: int, ids: Identities) -> Played:
    """The trials in the order in which each replication meets them."""
    exchangeable = world.trials != "in_order"
    order = _order(recorded, seed, ids, ids.k) if exchangeable else None
    stated = order
    if order is not None and world.rerun:
        stated = _order(recorded, seed, ids, draws.words_range(len(ids.k)))

    def tries(values: NDArray[Any] | None) -> Any:
        if values is None or order is None:
            return None if values is None else np.broadcast_to(values, ids.per_try)
        return np.take_along_axis(values[None], order, axis=-1)

    def first(each: FloatArray | None, same: FloatArray) -> FloatArray:
        if each is None or stated is None:
            return np.broadcast_to(same, ids.per_agent)
        return np.take_along_axis(each[None], stated[..., :1], axis=-1)[..., 0]

    infra = np.broadcast_to(np.False_, ids.per_try) if recorded.infra is None else tries(recorded.infra)
    score = tries(recorded.score)
    return Played(
        belief=first(recorded.trial_belief, recorded.belief),
        cost_belief=first(recorded.trial_cost_belief, recorded.cost_belief),
        success=tries(recorded.success) if world.graded is None else score >= world.graded.mark,
        infra=infra,
        cost=tries(recorded.cost),
        duration=tries(recorded.duration),
        observed=_observed(recorded, infra, exchangeable),
        score=score,
    )


def _order(recorded: Recorded, seed: int, ids: Identities, names: draws.Words) -> IntArray | None:
    """(R, T, n, K) place in the table of the trial met at each try; None where nobody has two. names: of the trials."""
    if recorded.trials.max(initial=0) < 2:
        return None
    chance = draws.uniform(seed, "trial order", ids.r, ids.t, ids.i, names)
    if recorded.trial_name is not None:
        chance = np.take_along_axis(chance, recorded.trial_name[None], axis=-1)
    place = np.arange(len(names))
    drawn = np.argsort(np.where(place < recorded.trials[..., None], chance, np.inf), axis=-1)
    last = np.maximum(recorded.trials, 1)[..., None] - 1
    return np.take_along_axis(drawn, np.minimum(place, last)[None], axis=-1)


def _observed(recorded: Recorded, infra: BoolArray, exchangeable: bool) -> BoolArray | None:
    several = exchangeable and recorded.trials.max(initial=0) > 1
    if not several and recorded.infra is None:
        return None
    here = recorded.trials[..., None] if several else np.minimum(recorded.trials, 1)[..., None]
    lost = infra[:1] if infra.strides[0] == 0 else infra
    return np.broadcast_to((np.arange(infra.shape[-1]) < here) & ~lost, infra.shape)
